use super::{gives, output, refusal};

#[test]
fn reductions_leave_out_or_keep() {
    for op in [
        "sum",
        "mean",
        "std",
        "var",
        "norm",
        "logsumexp",
        "amax",
        "amin",
    ] {
        gives(
            op,
            &[
                (&["[N, C, H]"], "", "[]"),
                (&["[N, C, H]"], "keep: true", "[1, 1, 1]"),
                (&["[N, C, H]"], "dim: 1", "[N, H]"),
                (&["[N, C, H]"], "dim: -1, keep: true", "[N, C, 1]"),
                (&["[N, C, H]"], "dim: [0, -1]", "[C]"),
                (&["[]"], "", "[]"),
            ],
        );
    }
}

#[test]
fn dimensions_are_checked() {
    assert_eq!(
        refusal("sum", &["[N, 10]"], "dim: 2"),
        "E0223: `sum` finds no dimension 2 in `[N, 10]`\n\
         Argument(\"dim\"): must be -2 to 1"
    );
    assert_eq!(
        refusal("mean", &["[N, 10]"], "dim: [1, -1]"),
        "E0223: `dim` of `mean` names dimension 1 twice\n\
         Argument(\"dim\"): dimension 1 of [N, 10] stands twice"
    );
    assert_eq!(
        refusal("sum", &["[]"], "dim: 0"),
        "E0223: `sum` finds no dimension 0 in `[]`\n\
         Argument(\"dim\"): a single number has no dimensions"
    );
    assert_eq!(
        output("sum", &["[N]"], "dim: -9223372036854775808"),
        "`sum` finds no dimension -9223372036854775808 in `[N]`"
    );
}

#[test]
fn argmax_makes_labels() {
    gives(
        "argmax",
        &[
            (&["[N, 10]"], "dim: 1", "class(10)[N]"),
            (&["[N, C, L]"], "dim: -2", "class(C)[N, L]"),
        ],
    );
}

#[test]
fn smooth_l1_compares_equal_shapes() {
    gives(
        "smooth_l1",
        &[
            (&["[N, N]", "[N, N]"], "", "[]"),
            (
                &["[N, 4]", "[N, 1]"],
                "",
                "`smooth_l1` compares tensors of one shape, but gets `[N, 4]` and `[N, 1]`",
            ),
            (
                &["[N]", "[N]"],
                "beta: 0.0",
                "`beta` of `smooth_l1` must be at least 0.000000000001, not 0",
            ),
        ],
    );
}
