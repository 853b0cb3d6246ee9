//! Attention.

use super::arithmetic::mask_broadcasts;
use super::{Argument, Default, Family, Inferred, Input, Kind, Operation, Refusal, Site, Takes};
use crate::diag::Code;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Attention",
    doc: "The core of a transformer: what each query sees is a mean of the values, weighted by how well the \
          keys fit it.",
    operations: &[Operation {
        name: "attention",
        doc: "Scaled dot product attention: `softmax(query @ transpose(key) * scale) @ value`.\n\n\
              Takes `[.., L, D]`, `[.., K, D]` and `[.., K, E]`, usually `[N, heads, tokens, width]`, and gives \
              `[.., L, E]`. `mask` broadcasts to `[.., L, K]`; a query sees the keys where it is true, and only \
              the keys up to its own place if `causal`. `dropout` drops weights by chance, in training only. \
              Vaswani et al. 2017, Attention Is All You Need.\n\n\
              PyTorch: `F.scaled_dot_product_attention(query, key, value, mask, dropout, causal)`.",
        inputs: &[
            Input::real("query", "[.., L, D]"),
            Input::real("key", "[.., K, D]"),
            Input::real("value", "[.., K, E]"),
            Input::new("mask", Takes::Bool, "[.., L, K]").optional(),
        ],
        arguments: &[
            Argument::new(
                "causal",
                Kind::Bool,
                Default::Bool(false),
                "whether a query sees only the keys up to its own place",
            ),
            Argument::new(
                "dropout",
                Kind::Float { min: 0.0, max: 1.0 },
                Default::Float(0.0),
                "probability of dropping a weight",
            ),
            Argument::new(
                "scale",
                Kind::Float {
                    min: 1e-12,
                    max: 1e12,
                },
                Default::None,
                "factor of the products; `1/sqrt(D)` if left out",
            ),
        ],
        owns: false,
        modal: true,
        random: false,
        parts: None,
        rule: attention,
    }],
};

fn attention(site: &Site) -> Result<Inferred, Refusal> {
    let [lead @ .., l, d] = site.shape(0).0.as_slice() else {
        return Err(site.wrong_rank(0));
    };
    let [key_lead @ .., k, key_d] = site.shape(1).0.as_slice() else {
        return Err(site.wrong_rank(1));
    };
    let [value_lead @ .., value_k, e] = site.shape(2).0.as_slice() else {
        return Err(site.wrong_rank(2));
    };
    if differ(lead, key_lead) || d.differs(key_d) {
        return Err(disagree(site, 1, "the keys", "the queries", 0));
    }
    if differ(lead, value_lead) || k.differs(value_k) {
        return Err(disagree(site, 2, "the values", "the keys", 1));
    }
    let scores = [lead, &[l.clone(), k.clone()]].concat();
    if site.inputs.len() > 3 {
        mask_fits(site, &scores)?;
    }
    let out = [lead, &[l.clone(), e.clone()]].concat();
    let (width, values) = ([d.clone()], [e.clone()]);
    let products = Inferred::real(Vec::new()).costing(&[&scores, &width]);
    let mixing = Inferred::real(out).costing(&[&scores, &values]);
    Ok(Inferred {
        multiply_adds: products.multiply_adds.saturating_add(mixing.multiply_adds),
        ..mixing
    })
}

fn differ(a: &[Dim], b: &[Dim]) -> bool {
    Shape(a.to_vec()).differs(&Shape(b.to_vec()))
}

fn disagree(site: &Site, at: usize, these: &str, those: &str, other: usize) -> Refusal {
    let (wanted, got) = (site.op.inputs[at].shape, site.shape(at));
    Refusal::new(
        Code::E0302,
        format!("`attention` takes {these} as `{wanted}`, which `{got}` is not"),
    )
    .at_input(at, format!("this is {got}"))
    .note(format!("{those} are {}", site.shape(other)))
}

fn mask_fits(site: &Site, scores: &[Dim]) -> Result<(), Refusal> {
    mask_broadcasts(site, 3, scores)
        .map_err(|refusal| refusal.note("there is an entry for each query and each key"))?;
    if site.flag("causal") {
        return Err(Refusal::new(
            Code::E0225,
            "`attention` takes a mask or `causal: true`, not both",
        )
        .at_argument("causal", "beside a mask")
        .say("put the order of the tokens into the mask, or leave it out"));
    }
    Ok(())
}
