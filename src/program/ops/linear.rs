//! Products with matrices.

use super::arithmetic::broadcast;
use super::{
    Argument, Default, Element, Family, Inferred, Input, Kind, Operation, Refusal, Site, Takes,
    Weight,
};
use crate::diag::Code;
use crate::plan::Init;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Products with matrices",
    doc: "Layers that mix features, and the matrix product itself, which is written `a @ b`.",
    operations: &[
        Operation {
            name: "linear",
            doc: "Linear layer on the last dimension: `x @ transpose(weight) + bias`.\n\n\
                  Takes `[.., D]` and gives `[.., features]`. \
                  Owns `weight` `[features, D]` and `bias` `[features]`, which start evenly within \
                  `1/sqrt(D)`. A feature map is refused: it has to be flattened first.\n\n\
                  PyTorch: `nn.Linear(D, features, bias)`.",
            inputs: &[Input::real("x", "[.., D]")],
            arguments: &[
                Argument::new(
                    "features",
                    Kind::Size { max: 1_000_000_000 },
                    Default::Required,
                    "size of the last dimension that comes out",
                )
                .positional(),
                Argument::new(
                    "bias",
                    Kind::Bool,
                    Default::Bool(true),
                    "whether a number for each feature is added",
                ),
            ],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: linear,
        },
        Operation {
            name: "embedding",
            doc: "A trained vector for each id.\n\n\
                  Takes `id(count)[..]` and gives `[.., features]`. \
                  Owns `weight` `[count, features]`, drawn from the standard normal distribution.\n\n\
                  PyTorch: `nn.Embedding(count, features)`.",
            inputs: &[Input::new("ids", Takes::Integer, "[..]")],
            arguments: &[
                Argument::new(
                    "count",
                    Kind::Size { max: 1_000_000_000 },
                    Default::Required,
                    "number of ids",
                )
                .positional(),
                Argument::new(
                    "features",
                    Kind::Size { max: 1_000_000_000 },
                    Default::Required,
                    "length of each vector",
                )
                .positional(),
            ],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: embedding,
        },
        Operation {
            name: "matmul",
            doc: "Matrix product, written `a @ b`.\n\n\
                  The last two dimensions are multiplied, `[.., P, K]` by `[.., K, Q]` gives \
                  `[.., P, Q]`; those before them are broadcast. A vector `[K]` counts as one row on the \
                  left and as one column on the right.\n\n\
                  PyTorch: `torch.matmul(a, b)`.",
            inputs: &[
                Input::real("a", "[.., P, K] or [K]"),
                Input::real("b", "[.., K, Q] or [K]"),
            ],
            arguments: &[],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: matmul,
        },
        Operation {
            name: "cdist",
            doc: "Euclidean distance between each row of `a` and each row of `b`.\n\n\
                  `[.., P, D]` and `[.., Q, D]` give `[.., P, Q]`. \
                  The gradient of a distance that is 0 is 0.\n\n\
                  PyTorch: `torch.cdist(a, b)`.",
            inputs: &[
                Input::real("a", "[.., P, D]"),
                Input::real("b", "[.., Q, D]"),
            ],
            arguments: &[],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: cdist,
        },
    ],
};

fn linear(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    if let [_, c, h, w] = shape.0.as_slice() {
        return Err(unflattened(shape, [c, h, w]));
    }
    let Some((last, rest)) = shape.0.split_last() else {
        return Err(site.wrong_rank(0));
    };
    let features = site.size("features");
    let mut out = rest.to_vec();
    out.push(features.clone());
    let mut inferred = Inferred::real(out.clone()).costing(&[&out, std::slice::from_ref(last)]);
    inferred.weights = Weight::kaiming(
        vec![features.clone(), last.clone()],
        site.flag("bias").then_some(features),
    );
    Ok(inferred)
}

fn unflattened(shape: &Shape, [c, h, w]: [&Dim; 3]) -> Refusal {
    let refusal = Refusal::new(
        Code::E0304,
        format!("`linear` gets the feature map `{shape}`, a `flatten` is missing before it"),
    )
    .at_input(0, format!("this is {shape}"))
    .note(format!(
        "`linear` acts on the last dimension, which is the width {w} here"
    ));
    let flat = c
        .times(h)
        .and_then(|ch| ch.times(w))
        .and_then(|d| d.known());
    match flat {
        Some(flat) => refusal.note(format!("{c}*{h}*{w} = {flat} features when flattened")),
        None => refusal,
    }
    .step_before("put `flatten` before it", "flatten")
}

fn embedding(site: &Site) -> Result<Inferred, Refusal> {
    let ids = &site.inputs[0];
    let (count, features) = (site.size("count"), site.size("features"));
    if let (Element::Id(Dim::Known(bound)) | Element::Class(Dim::Known(bound)), Dim::Known(n)) =
        (&ids.element, &count)
        && bound > n
    {
        return Err(Refusal::new(
            Code::E0302,
            format!("`embedding` has vectors for {n} ids, but gets ids below {bound}"),
        )
        .at_argument("count", format!("must be at least {bound}"))
        .set("count", bound.to_string()));
    }
    let mut out = ids.shape.0.clone();
    out.push(features.clone());
    let mut inferred = Inferred::real(out);
    inferred.weights = vec![Weight::new(
        "weight",
        vec![count, features],
        Init::Normal {
            mean: 0.0,
            std: 1.0,
        },
    )];
    Ok(inferred)
}

fn matmul(site: &Site) -> Result<Inferred, Refusal> {
    let (a, b) = (&site.shape(0).0, &site.shape(1).0);
    let Some((k, left)) = a.split_last() else {
        return Err(site.wrong_rank(0));
    };
    let (batch, l, right) = match b.as_slice() {
        [] => return Err(site.wrong_rank(1)),
        [l] => ([].as_slice(), l, [].as_slice()),
        [batch @ .., l, q] => (batch, l, std::slice::from_ref(q)),
    };
    if k.differs(l) {
        return Err(inner_sizes(site, k, l));
    }
    let (rows, lead) = match left.split_last() {
        Some((p, lead)) => (vec![p.clone()], lead),
        None => (Vec::new(), left),
    };
    let mut out = broadcast(site, lead, batch)?;
    out.extend(rows);
    out.extend_from_slice(right);
    Ok(Inferred::real(out.clone()).costing(&[&out, std::slice::from_ref(k)]))
}

fn inner_sizes(site: &Site, k: &Dim, l: &Dim) -> Refusal {
    let (a, b) = (site.shape(0), site.shape(1));
    let refusal = Refusal::new(
        Code::E0302,
        format!("cannot multiply the matrices `{a}` and `{b}`"),
    )
    .at_input(1, format!("this is {b}"))
    .note(format!(
        "the last dimension of the left side is {k}, the last but one of the right side is {l}"
    ));
    match b.0.as_slice() {
        [.., q] if b.rank() > 1 && q == k => {
            refusal.step_before("transpose the right side", "transpose")
        }
        _ => refusal,
    }
}

fn cdist(site: &Site) -> Result<Inferred, Refusal> {
    let ([lead @ .., p, d], [batch @ .., q, e]) =
        (site.shape(0).0.as_slice(), site.shape(1).0.as_slice())
    else {
        return Err(site.wrong_rank(if site.shape(0).rank() < 2 { 0 } else { 1 }));
    };
    if d.differs(e) {
        return Err(Refusal::new(
            Code::E0302,
            format!(
                "`cdist` cannot compare vectors of {d} and {e} numbers, from `{}` and `{}`",
                site.shape(0),
                site.shape(1)
            ),
        )
        .at_input(1, format!("this is {}", site.shape(1))));
    }
    let mut out = broadcast(site, lead, batch)?;
    out.extend([p.clone(), q.clone()]);
    Ok(Inferred::real(out.clone()).costing(&[&out, std::slice::from_ref(d)]))
}
