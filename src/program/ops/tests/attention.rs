use super::{gives, infer, refusal};

#[test]
fn attention_mixes_the_values() {
    let of = |q: &'static str, k: &'static str, v: &'static str| [q, k, v];
    let alike = of("[N, 3, 7, 64]", "[N, 3, 5, 64]", "[N, 3, 5, 32]");
    gives(
        "attention",
        &[
            (&alike, "", "[N, 3, 7, 32]"),
            (&alike, "causal: true, dropout: 0.1", "[N, 3, 7, 32]"),
            (&of("[N, L, D]", "[N, L, D]", "[N, L, D]"), "", "[N, L, D]"),
            (
                &[
                    "[N, 3, L, 64]",
                    "[N, 3, L, 64]",
                    "[N, 3, L, 64]",
                    "bool[N, 1, 1, L]",
                ],
                "",
                "[N, 3, L, 64]",
            ),
            (
                &["[N, 4, 8]", "[N, 4, 8]", "[N, 4, 8]", "bool[4, 4]"],
                "causal: true",
                "`attention` takes a mask or `causal: true`, not both",
            ),
        ],
    );
    assert_eq!(
        refusal(
            "attention",
            &of("[N, 7, 64]", "[N, 5, 32]", "[N, 5, 32]"),
            ""
        ),
        "E0302: `attention` takes the keys as `[.., K, D]`, which `[N, 5, 32]` is not\n\
         Input(1): this is [N, 5, 32]\n\
         the queries are [N, 7, 64]"
    );
    assert_eq!(
        refusal(
            "attention",
            &["[N, 4, 8]", "[N, 5, 8]", "[N, 5, 8]", "bool[N, 5]"],
            ""
        ),
        "E0302: the mask of `attention` must broadcast to `[N, 4, 5]`, which `[N, 5]` does not\n\
         Input(3): this is [N, 5]\n\
         there is an entry for each query and each key"
    );
    // products with the keys, and with the values
    let cost = infer("attention", &alike, "").unwrap().multiply_adds;
    assert_eq!(cost, 3 * 7 * 5 * 64 + 3 * 7 * 5 * 32);
}
