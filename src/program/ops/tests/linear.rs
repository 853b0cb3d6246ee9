use super::{gives, infer, output, refusal, weights};
use crate::plan::Init;

#[test]
fn linear_acts_on_the_last_dimension() {
    gives(
        "linear",
        &[
            (&["[N, 2048]"], "features: 512", "[N, 512]"),
            (&["[N, L, 768]"], "features: 3", "[N, L, 3]"),
            (&["[7]"], "features: 3", "[3]"),
            (&["[N, D]"], "features: D", "[N, D]"),
        ],
    );
    assert_eq!(
        weights("linear", &["[N, 2048]"], "features: 512"),
        ["weight [512, 2048]", "bias [512]"]
    );
    let inferred = infer("linear", &["[N, 1024]"], "features: 256, bias: false").unwrap();
    assert_eq!(inferred.weights.len(), 1);
    assert_eq!(inferred.multiply_adds, 1024 * 256);
    // Printed by PyTorch 2.11.
    assert_eq!(
        inferred.weights[0].init,
        Init::Uniform {
            bound: 0.031249999999999997
        }
    );
}

#[test]
fn linear_on_a_feature_map_misses_a_flatten() {
    assert_eq!(
        refusal("linear", &["[N, 16, 8, 8]"], "features: 256"),
        "E0304: `linear` gets the feature map `[N, 16, 8, 8]`, a `flatten` is missing before it\n\
         Input(0): this is [N, 16, 8, 8]\n\
         `linear` acts on the last dimension, which is the width 8 here\n\
         16*8*8 = 1024 features when flattened\n\
         StepBefore { text: \"put `flatten` before it\", step: \"flatten\" }"
    );
    assert_eq!(
        output("linear", &["[]"], "features: 2"),
        "`linear` takes `[.., D]`, but gets `[]`"
    );
}

#[test]
fn a_layer_beyond_any_memory_is_refused() {
    assert_eq!(
        refusal("linear", &["[N, 2048]"], "features: 1000000000"),
        "E0223: `linear` would own a `weight` of [1000000000, 2048], more than 10000000000 parameters\n\
         Call: too large to compute"
    );
}

#[test]
fn embedding_has_a_vector_for_each_id() {
    gives(
        "embedding",
        &[
            (&["id(100)[N, L]"], "count: 100, features: 8", "[N, L, 8]"),
            (&["id(L)[L]"], "count: 512, features: 8", "[L, 8]"),
            (&["class(10)[N]"], "count: 10, features: 8", "[N, 8]"),
            (
                &["[N, 8]"],
                "count: 10, features: 8",
                "`embedding` takes labels or ids, but gets real numbers",
            ),
        ],
    );
    assert_eq!(
        infer("embedding", &["id(9)[N]"], "count: 9, features: 4")
            .unwrap()
            .weights[0]
            .init,
        Init::Normal {
            mean: 0.0,
            std: 1.0
        }
    );
    assert_eq!(
        refusal(
            "embedding",
            &["id(30522)[N, L]"],
            "count: 1000, features: 8"
        ),
        "E0302: `embedding` has vectors for 1000 ids, but gets ids below 30522\n\
         Argument(\"count\"): must be at least 30522\n\
         Set { text: \"use `count: 30522`\", argument: \"count\", value: \"30522\" }"
    );
}

#[test]
fn matmul_follows_pytorch() {
    gives(
        "matmul",
        &[
            (&["[2, 3, 4]", "[2, 4, 5]"], "", "[2, 3, 5]"),
            (&["[4]", "[4, 5]"], "", "[5]"),
            (&["[3, 4]", "[4]"], "", "[3]"),
            (&["[4]", "[4]"], "", "[]"),
            (&["[2, 1, 3, 4]", "[5, 4, 6]"], "", "[2, 5, 3, 6]"),
            (&["[3, 4]", "[2, 4, 5]"], "", "[2, 3, 5]"),
            (&["[N, D]", "[D, N]"], "", "[N, N]"),
            (&["[N, 4, L, D]", "[N, 4, D, L]"], "", "[N, 4, L, L]"),
            (
                &["[3, 4]", "[]"],
                "",
                "`matmul` takes `[.., K, Q] or [K]`, but gets `[]`",
            ),
            (
                &["[2, 3, 4]", "[3, 4, 5]"],
                "",
                "`matmul` cannot combine `[2, 3, 4]` and `[3, 4, 5]`",
            ),
        ],
    );
    assert_eq!(
        infer("matmul", &["[N, 3, 4]", "[N, 4, 5]"], "")
            .unwrap()
            .multiply_adds,
        3 * 4 * 5
    );
    assert_eq!(
        refusal("matmul", &["[N, 64]", "[10, 64]"], ""),
        "E0302: cannot multiply the matrices `[N, 64]` and `[10, 64]`\n\
         Input(1): this is [10, 64]\n\
         the last dimension of the left side is 64, the last but one of the right side is 10\n\
         StepBefore { text: \"transpose the right side\", step: \"transpose\" }"
    );
}

#[test]
fn cdist_compares_rows() {
    gives(
        "cdist",
        &[
            (&["[2, 3, 4]", "[5, 4]"], "", "[2, 3, 5]"),
            (&["[N, D]", "[N, D]"], "", "[N, N]"),
            (
                &["[N, 64]", "[N, 32]"],
                "",
                "`cdist` cannot compare vectors of 64 and 32 numbers, from `[N, 64]` and `[N, 32]`",
            ),
            (
                &["[N, 64]", "[64]"],
                "",
                "`cdist` takes `[.., Q, D]`, but gets `[64]`",
            ),
        ],
    );
}
