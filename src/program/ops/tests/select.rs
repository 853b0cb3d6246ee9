use super::{gives, refusal};

#[test]
fn concat_adds_along_one_dimension() {
    gives(
        "concat",
        &[
            (
                &["[N, 3, 4]", "[N, 5, 4]", "[N, 1, 4]"],
                "dim: 1",
                "[N, 9, 4]",
            ),
            (&["[N, A]", "[N, B]"], "dim: -1", "[N, ?]"),
            (&["[N, A]"], "", "[N, A]"),
            (
                &["[N, 3]", "[N, 3, 1]"],
                "dim: 1",
                "`concat` cannot join `[N, 3]` and `[N, 3, 1]`",
            ),
            (
                &["[N, 3]", "bool[N, 3]"],
                "dim: 1",
                "`concat` cannot join real numbers and truth values",
            ),
            (
                &["[N, 18446744073709551615]", "[N, 1]"],
                "dim: 1",
                "the output of `concat` is too large to count",
            ),
        ],
    );
    assert_eq!(
        refusal("concat", &["[N, 3, 4]", "[N, 3, 4]", "[N, 3, 5]"], "dim: 1"),
        "E0302: `concat` cannot join `[N, 3, 4]` and `[N, 3, 5]`\n\
         Input(2): this is [N, 3, 5]\n\
         all dimensions but 1 must be equal"
    );
}

#[test]
fn stack_makes_a_dimension() {
    gives(
        "stack",
        &[
            (&["[N]", "[N]"], "dim: 1", "[N, 2]"),
            (&["[N, 3]", "[N, 3]", "[N, 3]"], "", "[3, N, 3]"),
            (
                &["[N, 3]", "[N, 4]"],
                "",
                "`stack` cannot join `[N, 3]` and `[N, 4]`",
            ),
        ],
    );
}

#[test]
fn pick_takes_one_entry_for_each_label() {
    gives(
        "pick",
        &[
            (&["[N, 10]", "class(10)[N]"], "dim: 1", "[N]"),
            (&["[N, C]", "class(C)[N]"], "dim: 1", "[N]"),
            (&["[N, L, C]", "class(C)[N, L]"], "dim: -1", "[N, L]"),
            (&["[N, C]", "probability[N, C]"], "dim: 1", "[N]"),
            (&["[N, 10]", "id(7)[N]"], "dim: 1", "[N]"),
            (
                &["[N, L, C]", "class(C)[N]"],
                "dim: 2",
                "`pick` from `[N, L, C]` needs an index of `[N, L]`, but gets `[N]`",
            ),
        ],
    );
    assert_eq!(
        refusal("pick", &["[N, 100]", "class(10)[N]"], "dim: 1"),
        "E0306: labels of 10 classes cannot choose among 100 entries\n\
         Input(1): this is class(10)[N]"
    );
}

#[test]
fn lookup_has_a_number_for_each_class() {
    gives(
        "lookup",
        &[
            (&["class(3)[N]"], "numbers: [0.5, 2, 1]", "[N]"),
            (&["id(2)[N, L]"], "numbers: [0.5, 2, 1]", "[N, L]"),
            (&["class(3)[N]"], "numbers: ?", "[N]"),
            (&["probability[N, 3]"], "numbers: [0.5, 2, 1]", "[N]"),
            (
                &["class(3)[N]"],
                "numbers: [0.5, 2]",
                "labels of 3 classes cannot choose among 2 entries",
            ),
            (
                &["probability[N, 3]"],
                "numbers: [0.5, 2]",
                "a distribution over 3 classes cannot choose among 2 entries",
            ),
        ],
    );
}

#[test]
fn one_hot_knows_the_classes() {
    gives(
        "one_hot",
        &[
            (&["class(10)[N]"], "", "[N, 10]"),
            (&["class(C)[N]"], "classes: C", "[N, C]"),
            (&["id(7)[N, L]"], "classes: 9", "[N, L, 9]"),
            (
                &["class(10)[N]"],
                "classes: 9",
                "labels of 10 classes cannot be marked in 9 entries",
            ),
        ],
    );
}

#[test]
fn arange_gives_ids() {
    gives(
        "arange",
        &[(&[], "count: 7", "id(7)[7]"), (&[], "count: L", "id(L)[L]")],
    );
    gives("float", &[(&["bool[N, L]"], "", "[N, L]")]);
}
