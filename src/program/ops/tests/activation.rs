//! Activations, normalisation, dropout and the like: they keep the shape.

use super::{gives, infer, output, refusal, weights};
use crate::plan::Init;

#[test]
fn activations_keep_the_shape() {
    for op in [
        "relu", "gelu", "prelu", "softplus", "dropout", "nothing", "exp",
    ] {
        for shape in ["[]", "[N, 10]", "[N, C, H, W]"] {
            assert_eq!(output(op, &[shape], ""), shape, "{op}");
        }
    }
}

#[test]
fn what_is_passed_on_keeps_its_type() {
    gives("detach", &[(&["class(10)[N]"], "", "class(10)[N]")]);
    gives(
        "nothing",
        &[(&["probability[N, C]"], "", "probability[N, C]")],
    );
    gives("dropout", &[(&["probability[N, C]"], "", "[N, C]")]);
}

#[test]
fn probabilities_are_no_logits() {
    gives(
        "softmax",
        &[
            (&["[N, C]"], "dim: 1", "probability[N, C]"),
            (&["[N, C]"], "dim: -2", "probability[N, C]"),
            (
                &["[N, C]"],
                "dim: 2",
                "`softmax` finds no dimension 2 in `[N, C]`",
            ),
        ],
    );
    assert_eq!(
        refusal("log_softmax", &["probability[N, 10]"], "dim: 1"),
        "E0402: `log_softmax` takes logits, but gets probabilities\n\
         Input(0): this is probability[N, 10]\n\
         Say(\"leave out the `softmax` before it\")"
    );
}

#[test]
fn only_numbers_are_computed_with() {
    assert_eq!(
        refusal("relu", &["class(10)[N]"], ""),
        "E0307: `relu` takes real numbers, but gets labels of 10 classes\n\
         Input(0): this is class(10)[N]"
    );
    assert_eq!(
        refusal("mul", &["[N, L]", "bool[N, L]"], ""),
        "E0307: `mul` takes real numbers, but gets truth values\n\
         Input(1): this is bool[N, L]\n\
         StepBefore { text: \"make them 0 and 1 with `float`\", step: \"float\" }"
    );
}

#[test]
fn prelu_starts_at_a_quarter() {
    assert_eq!(weights("prelu", &["[N, 8]"], ""), ["weight [1]"]);
    assert_eq!(
        weights("prelu", &["[N, 8, 4, 4]"], "per_channel: true"),
        ["weight [8]"]
    );
    assert_eq!(
        infer("prelu", &["[N, 8]"], "").unwrap().weights[0].init,
        Init::Constant(0.25)
    );
}

#[test]
fn probabilities_of_dropping_lie_between_0_and_1() {
    assert_eq!(
        refusal("dropout", &["[N, 8]"], "p: 1.5"),
        "E0223: `p` of `dropout` must be at most 1, not 1.5\n\
         Argument(\"p\"): must be at most 1"
    );
    assert_eq!(
        output("dropout", &["[N, 8]"], "p: nan"),
        "`p` of `dropout` must be at most 1, not NaN"
    );
}

#[test]
fn batch_norm_owns_four_things() {
    for shape in ["[N, 8]", "[N, 8, L]", "[N, 8, 4, 4]"] {
        assert_eq!(output("batch_norm", &[shape], ""), shape);
        assert_eq!(
            weights("batch_norm", &[shape], ""),
            [
                "weight [8]",
                "bias [8]",
                "running_mean [8]",
                "running_var [8]"
            ]
        );
    }
    let weights = infer("batch_norm", &["[N, 8]"], "").unwrap().weights;
    let starts: Vec<_> = weights.iter().map(|w| (&w.init, w.buffer)).collect();
    assert_eq!(
        starts,
        [
            (&Init::Constant(1.0), false),
            (&Init::Constant(0.0), false),
            (&Init::Constant(0.0), true),
            (&Init::Constant(1.0), true)
        ]
    );
    assert_eq!(
        output("batch_norm", &["[N]"], ""),
        "`batch_norm` takes `[N, C] or [N, C, L] or [N, C, H, W]`, but gets `[N]`"
    );
}

#[test]
fn other_norms() {
    assert_eq!(
        weights("layer_norm", &["[N, L, 192]"], ""),
        ["weight [192]", "bias [192]"]
    );
    assert_eq!(
        weights("group_norm", &["[N, 12, 4, 4]"], "groups: 3"),
        ["weight [12]", "bias [12]"]
    );
    assert_eq!(
        refusal("group_norm", &["[N, 12, 4, 4]"], "groups: 5"),
        "E0223: `group_norm` cannot split 12 channels into 5 equal groups\n\
         Argument(\"groups\"): does not divide 12\n\
         12 / 5 = 2, remainder 2\n\
         Set { text: \"use `groups: 4`\", argument: \"groups\", value: \"4\" }"
    );
    assert_eq!(
        output("l2norm", &["[N]"], ""),
        "`l2norm` finds no dimension 1 in `[N]`"
    );
}
