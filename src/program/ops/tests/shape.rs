use super::{gives, output, refusal};

#[test]
fn flatten() {
    gives(
        "flatten",
        &[
            (&["[N, 32, 8, 8]"], "", "[N, 2048]"),
            (&["[N, 3, 4, 5]"], "from: 2", "[N, 3, 20]"),
            (&["[N, 3, 4]"], "from: 0", "[12*N]"),
            (&["[N, C, H, W]"], "", "[N, ?]"),
            (&["[N, C, 4]"], "", "[N, 4*C]"),
            (&["class(10)[N, L]"], "", "class(10)[N, L]"),
            (&["[N]"], "", "`flatten` finds no dimension 1 in `[N]`"),
            (
                &["[N, 18446744073709551615, 2]"],
                "",
                "the output of `flatten` is too large to count",
            ),
        ],
    );
}

#[test]
fn reshape() {
    gives(
        "reshape",
        &[
            (&["[N, 12]"], "shape: [N, 3, 4]", "[N, 3, 4]"),
            (&["[N, 12]"], "shape: [12*N]", "[12*N]"),
            (&["[N, L, D]"], "shape: [N, L, 4, ?]", "[N, L, 4, ?]"),
            (&["[]"], "shape: [1, 1]", "[1, 1]"),
            (
                &["[N, 4]"],
                "shape: [4]",
                "cannot reshape `[N, 4]` to `[4]`",
            ),
        ],
    );
    assert_eq!(
        refusal("reshape", &["[N, 16, 8, 8]"], "shape: [N, 1000]"),
        "E0302: cannot reshape `[N, 16, 8, 8]` to `[N, 1000]`\n\
         Argument(\"shape\"): the number of values must stay the same\n\
         N*16*8*8 = 1024*N\n\
         N*1000 = 1000*N\n\
         Say(\"`flatten` gives a sample's values one dimension, whatever their number\")"
    );
}

#[test]
fn transpose_and_permute() {
    gives(
        "transpose",
        &[
            (&["[N, L, D]"], "", "[N, D, L]"),
            (&["[N, L, D]"], "a: 0, b: -1", "[D, L, N]"),
            (&["[N]"], "", "`transpose` finds no dimension -2 in `[N]`"),
        ],
    );
    gives(
        "permute",
        &[
            (&["[N, L, D]"], "order: [2, 0, -2]", "[D, N, L]"),
            (
                &["[N, L, D]"],
                "order: [0, 1]",
                "`permute` gets an order of 2 dimensions for `[N, L, D]`, which has 3",
            ),
            (
                &["[N, L]"],
                "order: [0, 0]",
                "`order` of `permute` names dimension 0 twice",
            ),
        ],
    );
}

#[test]
fn dimensions_of_1_come_and_go() {
    gives(
        "unsqueeze",
        &[
            (&["[N, C]"], "dim: 1", "[N, 1, C]"),
            (&["[N, C]"], "dim: -1", "[N, C, 1]"),
            (&["[]"], "dim: 0", "[1]"),
        ],
    );
    gives(
        "squeeze",
        &[
            (&["[N, 1, C]"], "dim: 1", "[N, C]"),
            (&["[N, ?]"], "dim: 1", "[N]"),
            (
                &["[N, 8]"],
                "dim: 1",
                "`squeeze` leaves out dimensions of 1, but dimension 1 of `[N, 8]` is 8",
            ),
        ],
    );
    gives(
        "expand",
        &[
            (&["[1, 1, 192]"], "shape: [N, 1, 192]", "[N, 1, 192]"),
            (&["[192]"], "shape: [N, 192]", "[N, 192]"),
        ],
    );
    assert_eq!(
        output("expand", &["[2, 192]"], "shape: [N, 192]"),
        "cannot expand `[2, 192]` to `[N, 192]`"
    );
    assert_eq!(
        output("expand", &["[1, 192]"], "shape: [192]"),
        "cannot expand `[1, 192]` to `[192]`"
    );
}
