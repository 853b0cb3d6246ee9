//! Expected shapes, parameters and bounds were printed by PyTorch 2.11.

use super::{gives, infer, output, refusal, weights};
use crate::plan::Init;

const MAP: &[&str] = &["[2, 6, 9, 7]"];

#[test]
fn conv2d_gives_pytorchs_shapes() {
    gives(
        "conv2d",
        &[
            (MAP, "channels: 12, kernel: 3", "[2, 12, 7, 5]"),
            (MAP, "channels: 12, kernel: 3, padding: 1", "[2, 12, 9, 7]"),
            (
                MAP,
                "channels: 12, kernel: (3, 5), stride: (2, 1), padding: (0, 2)",
                "[2, 12, 4, 7]",
            ),
            (
                MAP,
                "channels: 12, kernel: 3, dilation: 2, padding: 2",
                "[2, 12, 9, 7]",
            ),
            (
                MAP,
                "channels: 12, kernel: 3, dilation: (2, 3), stride: 2, padding: 3, groups: 3",
                "[2, 12, 6, 4]",
            ),
            (MAP, "channels: 12, kernel: (9, 7)", "[2, 12, 1, 1]"),
        ],
    );
}

#[test]
fn conv2d_owns_pytorchs_parameters() {
    assert_eq!(
        weights("conv2d", MAP, "channels: 12, kernel: (3, 5), groups: 3"),
        ["weight [12, 2, 3, 5]", "bias [12]"]
    );
    assert_eq!(
        weights("conv2d", MAP, "channels: 12, kernel: 3, bias: false"),
        ["weight [12, 6, 3, 3]"]
    );
    assert_eq!(
        weights("depthwise_conv2d", MAP, "kernel: 3"),
        ["weight [6, 1, 3, 3]", "bias [6]"]
    );
    assert_eq!(
        weights(
            "conv_transpose2d",
            MAP,
            "channels: 12, kernel: (3, 4), groups: 3"
        ),
        ["weight [6, 4, 3, 4]", "bias [12]"]
    );
}

#[test]
fn bounds_of_the_first_weights_are_pytorchs_to_the_last_bit() {
    let bounds = |channels: &str, arguments: &str| {
        let inferred = infer("conv2d", &[channels], arguments).unwrap();
        let bound = |i: usize| match inferred.weights[i].init {
            Init::Uniform { bound } => bound,
            ref other => panic!("{other:?}"),
        };
        (bound(0), bound(1))
    };
    assert_eq!(
        bounds("[N, 3, 32, 32]", "channels: 16, kernel: 3"),
        (0.19245008972987523, 0.19245008972987526)
    );
    assert_eq!(
        bounds("[N, 4, 32, 32]", "channels: 12, kernel: 3, groups: 2"),
        (0.23570226039551584, 0.23570226039551587)
    );
}

#[test]
fn conv_transpose2d_gives_pytorchs_shapes() {
    gives(
        "conv_transpose2d",
        &[
            (MAP, "channels: 12, kernel: 2, stride: 2", "[2, 12, 18, 14]"),
            (
                MAP,
                "channels: 12, kernel: 3, stride: 2, padding: 1, output_padding: 1",
                "[2, 12, 18, 14]",
            ),
            (
                MAP,
                "channels: 12, kernel: (3, 4), stride: (1, 3), padding: (2, 0), groups: 3",
                "[2, 12, 7, 22]",
            ),
            (
                MAP,
                "channels: 12, kernel: 3, dilation: 2, output_padding: 1",
                "[2, 12, 14, 12]",
            ),
        ],
    );
}

#[test]
fn multiply_adds_are_those_of_one_sample() {
    let cost = |op, arguments| {
        infer(op, &["[N, 6, 9, 7]"], arguments)
            .unwrap()
            .multiply_adds
    };
    assert_eq!(
        cost("conv2d", "channels: 12, kernel: 3, padding: 1"),
        12 * 9 * 7 * 6 * 9
    );
    assert_eq!(
        cost("conv2d", "channels: 12, kernel: 3, padding: 1, groups: 3"),
        12 * 9 * 7 * 2 * 9
    );
    assert_eq!(
        cost("depthwise_conv2d", "kernel: 3, padding: 1"),
        6 * 9 * 7 * 9
    );
    assert_eq!(
        cost("conv_transpose2d", "channels: 12, kernel: 2, stride: 2"),
        6 * 9 * 7 * 12 * 4
    );
}

#[test]
fn symbols_pass_where_nothing_is_surely_wrong() {
    let map: &[&str] = &["[N, C, H, W]"];
    gives(
        "conv2d",
        &[
            (map, "channels: 16, kernel: 3", "[N, 16, ?, ?]"),
            (map, "channels: 16, kernel: 3, padding: 1", "[N, 16, H, W]"),
            (map, "channels: D, kernel: 1", "[N, D, H, W]"),
            (map, "channels: 16, kernel: ?", "[N, 16, ?, ?]"),
            (
                &["[N, 16, 8, 8]"],
                "channels: 16, kernel: 3, groups: ?",
                "[N, 16, 6, 6]",
            ),
        ],
    );
    assert_eq!(
        weights("conv2d", map, "channels: 16, kernel: 3"),
        ["weight [16, C, 3, 3]", "bias [16]"]
    );
}

#[test]
fn a_kernel_that_does_not_fit_shows_the_arithmetic() {
    assert_eq!(
        refusal("conv2d", &["[N, 64, 3, 3]"], "channels: 64, kernel: 5"),
        "E0303: `conv2d` would have an empty output\n\
         Argument(\"kernel\"): a 5x5 kernel does not fit in a 3x3 input\n\
         the input is [N, 64, 3, 3]\n\
         height = (3 + 2*0 - 1*(5 - 1) - 1) / 1 + 1 = -1\n\
         Set { text: \"use `kernel: 3`, or keep the size with `padding: 2`\", \
         argument: \"kernel\", value: \"3\" }"
    );
    // Only the width is too small, and the window is spread out.
    assert_eq!(
        refusal(
            "conv2d",
            &["[N, 64, 32, 4]"],
            "channels: 64, kernel: 3, stride: 2, dilation: 2"
        ),
        "E0303: `conv2d` would have an empty output\n\
         Argument(\"kernel\"): a 3x3 kernel does not fit in a 32x4 input\n\
         the input is [N, 64, 32, 4]\n\
         width = (4 + 2*0 - 2*(3 - 1) - 1) / 2 + 1 = 0\n\
         Set { text: \"use `kernel: 2`, or keep the size with `padding: 2`\", \
         argument: \"kernel\", value: \"2\" }"
    );
    assert_eq!(
        output(
            "conv2d",
            &["[N, 64, 32, 4]"],
            "channels: 64, kernel: 2, stride: 2, dilation: 2"
        ),
        "[N, 64, 15, 1]"
    );
}

#[test]
fn a_flattened_tensor_is_no_feature_map() {
    assert_eq!(
        refusal("conv2d", &["[N, 2048]"], "channels: 32, kernel: 3"),
        "E0302: `conv2d` takes `[N, C, H, W]`, but gets `[N, 2048]`\n\
         Input(0): this is [N, 2048]\n\
         Say(\"a flattened tensor has no height and width any more: \
         take the feature map from before `flatten`\")"
    );
}

#[test]
fn groups_must_divide_both_sides() {
    assert_eq!(
        refusal(
            "conv2d",
            &["[N, 16, 8, 8]"],
            "channels: 20, kernel: 3, groups: 5"
        ),
        "E0223: `conv2d` cannot split 16 channels into 5 equal groups\n\
         Argument(\"groups\"): does not divide 16\n\
         16 / 5 = 3, remainder 1\n\
         Set { text: \"use `groups: 4`\", argument: \"groups\", value: \"4\" }"
    );
    assert_eq!(
        output(
            "conv2d",
            &["[N, 16, 8, 8]"],
            "channels: 18, kernel: 3, groups: 4"
        ),
        "`conv2d` cannot split 18 channels into 4 equal groups"
    );
}

#[test]
fn huge_numbers_are_refused_and_nothing_overflows() {
    gives(
        "conv2d",
        &[
            (
                &["[N, 3, 32, 32]"],
                "channels: 1000000000000, kernel: 3",
                "`channels` of `conv2d` must be at most 1000000, not 1000000000000",
            ),
            (
                &["[N, 3, 32, 32]"],
                "channels: -1, kernel: 3",
                "`channels` of `conv2d` must be at least 1, not -1",
            ),
            (
                &["[N, 3, 32, 32]"],
                "channels: 16, kernel: 9223372036854775807",
                "`kernel` of `conv2d` must be at most 1000000, not 9223372036854775807",
            ),
            (
                &["[N, 3, 32, 32]"],
                "channels: 16, kernel: 3, padding: (1, -1)",
                "`padding` of `conv2d` must be at least 0, not -1",
            ),
            (
                &["[N, 1000000, 32, 32]"],
                "channels: 1000000, kernel: 1",
                "`conv2d` would own a `weight` of [1000000, 1000000, 1, 1], \
                 more than 10000000000 parameters",
            ),
            (
                &["[N, 1, 18446744073709551615, 8]"],
                "channels: 1, kernel: 1",
                "`conv2d` would give [N, 1, 2305843009213693951, 8], \
                 more than 1000000000000 values for each sample",
            ),
        ],
    );
    assert_eq!(
        output(
            "conv_transpose2d",
            &["[N, 1, 18446744073709551615, 8]"],
            "channels: 1, kernel: 1, stride: 1000000"
        ),
        "the output of `conv_transpose2d` is too large to count"
    );
}

#[test]
fn a_transposed_convolution_says_what_is_wrong_with_its_paddings() {
    assert_eq!(
        refusal(
            "conv_transpose2d",
            &["[N, 8, 4, 4]"],
            "channels: 8, kernel: 2, stride: 2, output_padding: 2"
        ),
        "E0223: `output_padding` of `conv_transpose2d` must be less than its stride or its dilation, not 2\n\
         Argument(\"output_padding\"): must be at most 1\n\
         Set { text: \"use `output_padding: 1`\", argument: \"output_padding\", value: \"1\" }"
    );
    assert_eq!(
        refusal(
            "conv_transpose2d",
            &["[N, 8, 1, 4]"],
            "channels: 8, kernel: 2, padding: 1"
        ),
        "E0303: `conv_transpose2d` would have an empty output\n\
         Argument(\"padding\"): cuts off more than there is\n\
         height = (1 - 1)*1 - 2*1 + 1*(2 - 1) + 0 + 1 = 0\n\
         Set { text: \"use `padding: 0`\", argument: \"padding\", value: \"0\" }"
    );
}
