//! Sums, means and other reductions.

use super::arithmetic::mask_broadcasts;
use super::{
    Argument, Default, Element, Family, Inferred, Input, Kind, Operation, REAL, Refusal, Site,
    Takes,
};
use crate::diag::Code;
use crate::shape::Dim;

pub static FAMILY: Family = Family {
    title: "Reductions",
    doc: "Over all elements, which gives a single number `[]`, or over the dimensions `dim`, which are \
          then left out, or kept with size 1 if `keep`.",
    operations: &[
        reduction("sum", "Sum.\n\nPyTorch: `torch.sum(x, dim, keepdim=keep)`."),
        Operation {
            inputs: &[
                Input::real("x", "[..]"),
                Input::new("mask", Takes::Bool, "[..]").optional(),
            ],
            rule: mean,
            ..reduction(
                "mean",
                "Mean; with `mask`, of the elements where it is true, and 0 where it is true nowhere.\n\n\
                 The mask broadcasts to `x`. `mask: none` is no mask.\n\n\
                 PyTorch: `torch.mean(x, dim, keepdim=keep)`.",
            )
        },
        Operation {
            arguments: &[DIM, KEEP, CORRECTION],
            ..reduction(
                "std",
                "Standard deviation.\n\n\
                 `sqrt(var(x, dim))`\n\n\
                 PyTorch: `torch.std(x, dim, correction=correction, keepdim=keep)`.",
            )
        },
        Operation {
            arguments: &[DIM, KEEP, CORRECTION],
            ..reduction(
                "var",
                "Variance.\n\n\
                 `sum((x - mean(x))^2) / (count - correction)`\n\n\
                 PyTorch: `torch.var(x, dim, correction=correction, keepdim=keep)`.",
            )
        },
        reduction(
            "norm",
            "Euclidean length, `sqrt(sum(x^2, dim))`.\n\n\
             PyTorch: `torch.linalg.vector_norm(x, dim=dim, keepdim=keep)`.",
        ),
        reduction(
            "logsumexp",
            "`log(sum(exp(x), dim))`, without overflow.\n\n\
             PyTorch: `torch.logsumexp(x, dim, keepdim=keep)`.",
        ),
        reduction(
            "amax",
            "Largest.\n\nPyTorch: `torch.amax(x, dim, keepdim=keep)`.",
        ),
        reduction(
            "amin",
            "Smallest.\n\nPyTorch: `torch.amin(x, dim, keepdim=keep)`.",
        ),
        Operation {
            arguments: &[Argument::new(
                "dim",
                Kind::Axis,
                Default::Required,
                "dimension that is searched and left out",
            )],
            rule: argmax,
            ..reduction(
                "argmax",
                "Place of the largest: logits to labels.\n\n\
                 `[N, C]` over dimension 1 gives `class(C)[N]`.\n\n\
                 PyTorch: `torch.argmax(x, dim)`.",
            )
        },
        Operation {
            inputs: &[Input::real("a", "[..]"), Input::real("b", "[..]")],
            arguments: &[Argument::new(
                "beta",
                Kind::Float {
                    min: 1e-12,
                    max: 1e12,
                },
                Default::Float(1.0),
                "difference at which the square becomes a line",
            )],
            rule: distance,
            ..reduction(
                "smooth_l1",
                "Mean of a distance that is square near 0 and linear beyond.\n\n\
                 With `d = abs(a - b)`: the mean of `d^2 / (2*beta)` where `d < beta`, else `d - beta/2`.\n\n\
                 PyTorch: `F.smooth_l1_loss(a, b, beta=beta)`.",
            )
        },
    ],
};

const DIM: Argument = Argument::new(
    "dim",
    Kind::Axes,
    Default::None,
    "dimension, or list of dimensions; all if left out",
);

const KEEP: Argument = Argument::new(
    "keep",
    Kind::Bool,
    Default::Bool(false),
    "whether what is reduced stays as a dimension of 1",
);

const CORRECTION: Argument = Argument::new(
    "correction",
    Kind::Int { min: 0, max: 1 },
    Default::Int(1),
    "1 to estimate from a sample, 0 for the numbers themselves",
);

const fn reduction(name: &'static str, doc: &'static str) -> Operation {
    Operation {
        name,
        doc,
        inputs: REAL,
        arguments: &[DIM, KEEP],
        owns: false,
        modal: false,
        random: false,
        parts: None,
        rule: reduce,
    }
}

fn reduce(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let reduced = match site.ints("dim") {
        Some(axes) => site.axes("dim", axes, shape)?,
        None => (0..shape.rank()).collect(),
    };
    let keep = site.flag("keep");
    let dims = shape
        .0
        .iter()
        .enumerate()
        .filter_map(|(i, dim)| match reduced.contains(&i) {
            true if keep => Some(Dim::Known(1)),
            true => None,
            false => Some(dim.clone()),
        });
    Ok(Inferred::real(dims.collect()))
}

fn mean(site: &Site) -> Result<Inferred, Refusal> {
    if site.inputs.len() > 1 {
        mask_broadcasts(site, 1, &site.shape(0).0)?;
    }
    reduce(site)
}

fn argmax(site: &Site) -> Result<Inferred, Refusal> {
    let axis = site.axis("dim", site.shape(0))?;
    let mut dims = site.shape(0).0.clone();
    let classes = dims.remove(axis);
    Ok(Inferred::of(Element::Class(classes), dims))
}

fn distance(site: &Site) -> Result<Inferred, Refusal> {
    let (a, b) = (site.shape(0), site.shape(1));
    if a.differs(b) {
        return Err(Refusal::new(
            Code::E0302,
            format!(
                "`{}` compares tensors of one shape, but gets `{a}` and `{b}`",
                site.op.name
            ),
        )
        .at_input(1, format!("this is {b}")));
    }
    Ok(Inferred::real(Vec::new()))
}
