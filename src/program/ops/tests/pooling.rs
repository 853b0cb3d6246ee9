//! Expected shapes were printed by PyTorch 2.11.

use super::{gives, refusal};

const MAP: &[&str] = &["[2, 6, 9, 7]"];

#[test]
fn pools_give_pytorchs_shapes() {
    for op in ["max_pool2d", "avg_pool2d"] {
        gives(
            op,
            &[
                (MAP, "kernel: 2", "[2, 6, 4, 3]"),
                (MAP, "kernel: 3, stride: 2, padding: 1", "[2, 6, 5, 4]"),
                (MAP, "kernel: (2, 3)", "[2, 6, 4, 2]"),
                (
                    MAP,
                    "kernel: (3, 2), stride: (1, 2), padding: 1",
                    "[2, 6, 9, 4]",
                ),
                (&["[N, C, H, W]"], "kernel: 2", "[N, C, ?, ?]"),
            ],
        );
    }
    gives(
        "avg_pool1d",
        &[
            (&["[N, 2048]"], "kernel: 2", "[N, 1024]"),
            (
                &["[2, 4, 9]"],
                "kernel: 3, stride: 2, padding: 1",
                "[2, 4, 5]",
            ),
            (&["[N, D]"], "kernel: 2", "[N, ?]"),
        ],
    );
}

#[test]
fn sizes_may_be_given_by_symbols() {
    for op in ["adaptive_avg_pool2d", "resize_nearest", "resize_bilinear"] {
        gives(
            op,
            &[
                (MAP, "size: 4", "[2, 6, 4, 4]"),
                (MAP, "size: (4, W)", "[2, 6, 4, W]"),
                (
                    MAP,
                    "size: 0",
                    &format!("`size` of `{op}` must be at least 1, not 0"),
                ),
            ],
        );
    }
    gives("global_avg_pool", &[(&["[N, 512, 7, 7]"], "", "[N, 512]")]);
}

#[test]
fn a_window_must_fit() {
    assert_eq!(
        refusal("max_pool2d", &["[N, 16, 1, 1]"], "kernel: 2"),
        "E0303: `max_pool2d` would have an empty output\n\
         Argument(\"kernel\"): a 2x2 kernel does not fit in a 1x1 input\n\
         the input is [N, 16, 1, 1]\n\
         height = (1 + 2*0 - 1*(2 - 1) - 1) / 2 + 1 = 0\n\
         Set { text: \"use `kernel: 1`\", argument: \"kernel\", value: \"1\" }"
    );
    assert_eq!(
        refusal("avg_pool1d", &["[N, 10]"], "kernel: 16"),
        "E0303: `avg_pool1d` would have an empty output\n\
         Argument(\"kernel\"): a window of 16 does not fit in a length of 10\n\
         the input is [N, 10]\n\
         length = (10 + 2*0 - 16) / 16 + 1 = 0\n\
         Set { text: \"use `kernel: 10`\", argument: \"kernel\", value: \"10\" }"
    );
}

#[test]
fn padding_is_at_most_half_the_kernel() {
    assert_eq!(
        refusal("max_pool2d", MAP, "kernel: 3, padding: 2"),
        "E0223: `padding` of `max_pool2d` must be at most half its kernel of 3, not 2\n\
         Argument(\"padding\"): must be at most 1\n\
         Set { text: \"use `padding: 1`\", argument: \"padding\", value: \"1\" }"
    );
}

#[test]
fn a_pool_along_a_line_refuses_feature_maps() {
    assert_eq!(
        refusal("avg_pool1d", &["[N, 32, 8, 8]"], "kernel: 2"),
        "E0302: `avg_pool1d` takes `[N, L] or [N, C, L]`, but gets `[N, 32, 8, 8]`\n\
         Input(0): this is [N, 32, 8, 8]\n\
         Say(\"use `avg_pool2d` on a feature map, or put `flatten` before it\")"
    );
}
