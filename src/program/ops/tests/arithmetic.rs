//! Arithmetic, comparison and choice.

use super::{gives, output, refusal};

#[test]
fn operands_are_broadcast() {
    gives(
        "add",
        &[
            (&["[N, 32, 8, 8]", "[N, 32, 8, 8]"], "", "[N, 32, 8, 8]"),
            (&["[N, 10]", "[]"], "", "[N, 10]"),
            (&["[]", "[N, 10]"], "", "[N, 10]"),
            (&["[10]", "[N, 1]"], "", "[N, 10]"),
            (&["[1, N, D]", "[N, 1, D]"], "", "[N, N, D]"),
            (&["[N, ?]", "[N, 7]"], "", "[N, 7]"),
            (&["[N, ?]", "[N, D]"], "", "[N, D]"),
            (&["probability[N, C]", "probability[N, C]"], "", "[N, C]"),
        ],
    );
}

#[test]
fn only_the_number_1_is_stretched() {
    assert_eq!(
        refusal("sub", &["[N, 16, 8, 8]", "[N, 32, 8, 8]"], ""),
        "E0302: cannot subtract `[N, 32, 8, 8]` from `[N, 16, 8, 8]`\n\
         Input(1): this is [N, 32, 8, 8]\n\
         aligned at their last dimensions, 16 stands against 32; they must be equal, or one of them 1\n\
         Say(\"lead one to the channels of the other: `-> conv2d(16, kernel: 1)` or `-> conv2d(32, kernel: 1)`\")"
    );
    gives(
        "mul",
        &[
            (
                &["[N, A]", "[N, B]"],
                "",
                "cannot multiply `[N, A]` by `[N, B]`",
            ),
            (
                &["[N, A]", "[N, 5]"],
                "",
                "cannot multiply `[N, A]` by `[N, 5]`",
            ),
            (&["[N, 4]", "[N]"], "", "cannot multiply `[N, 4]` by `[N]`"),
        ],
    );
    assert_eq!(
        output("max", &["[N, 4]", "[N, 5]"], ""),
        "`max` cannot combine `[N, 4]` and `[N, 5]`"
    );
}

#[test]
fn comparisons_give_truth_values() {
    gives(
        "eq",
        &[
            (&["[N, C]", "[]"], "", "bool[N, C]"),
            (&["class(10)[N]", "class(10)[N]"], "", "bool[N]"),
            (&["class(10)[N]", "[]"], "", "bool[N]"),
            (
                &["class(10)[N]", "[N]"],
                "",
                "cannot compare labels of 10 classes with real numbers",
            ),
            (
                &["bool[N]", "[N]"],
                "",
                "cannot compare truth values with real numbers",
            ),
        ],
    );
    gives("gt", &[(&["[N, 3]", "[N, 1]"], "", "bool[N, 3]")]);
    gives("or", &[(&["bool[N]", "bool[N]"], "", "bool[N]")]);
    assert_eq!(
        refusal("and", &["bool[N]", "[N]"], ""),
        "E0307: `and` takes truth values, but gets real numbers\n\
         Input(1): this is [N]\n\
         Say(\"compare them first, as in `x > 0`\")"
    );
}

#[test]
fn where_broadcasts_all_three() {
    gives(
        "where",
        &[
            (
                &["bool[N, 1, 1, L]", "[N, 8, L, L]", "[]"],
                "",
                "[N, 8, L, L]",
            ),
            (&["bool[N, C]", "[]", "[]"], "", "[N, C]"),
            (
                &["bool[N, 3]", "[N, 4]", "[]"],
                "",
                "`where` cannot choose from `[N, 4]` by a condition of `[N, 3]`",
            ),
            (
                &["bool[N, 4]", "[N, 4]", "[N, 5]"],
                "",
                "`where` cannot combine `[N, 4]` and `[N, 5]`",
            ),
        ],
    );
}
