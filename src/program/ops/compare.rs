//! Comparison, logic and choice.

use super::arithmetic::broadcast;
use super::{Element, Family, Inferred, Input, OPERANDS, Operation, Refusal, Site, Takes, Tensor};
use crate::diag::Code;

pub static FAMILY: Family = Family {
    title: "Comparison and choice",
    doc: "They give or take truth values, which are no numbers: `float` makes them 0 and 1. Operands \
          are broadcast as in arithmetic.",
    operations: &[
        equality(
            "eq",
            "Whether equal, written `a == b`.\n\nPyTorch: `a == b`.",
        ),
        equality(
            "ne",
            "Whether different, written `a != b`.\n\nPyTorch: `a != b`.",
        ),
        order("lt", "Whether less, written `a < b`.\n\nPyTorch: `a < b`."),
        order(
            "le",
            "Whether less or equal, written `a <= b`.\n\nPyTorch: `a <= b`.",
        ),
        order(
            "gt",
            "Whether greater, written `a > b`.\n\nPyTorch: `a > b`.",
        ),
        order(
            "ge",
            "Whether greater or equal, written `a >= b`.\n\nPyTorch: `a >= b`.",
        ),
        logic(
            "and",
            "Whether both, written `a and b`.\n\nPyTorch: `torch.logical_and(a, b)`.",
        ),
        logic(
            "or",
            "Whether either or both, written `a or b`.\n\nPyTorch: `torch.logical_or(a, b)`.",
        ),
        Operation {
            inputs: &[Input::new("x", Takes::Bool, "[..]")],
            rule: not,
            ..logic(
                "not",
                "Whether not, written `not x`.\n\nPyTorch: `torch.logical_not(x)`.",
            )
        },
        Operation {
            inputs: &[
                Input::new("condition", Takes::Bool, "[..]"),
                Input::real("a", "[..]").or_number(),
                Input::real("b", "[..]").or_number(),
            ],
            rule: where_,
            ..logic(
                "where",
                "`a` where the condition holds, `b` elsewhere.\n\n\
                 PyTorch: `torch.where(condition, a, b)`.",
            )
        },
    ],
};

/// Numbers or labels.
const ALIKE: &[Input] = &[
    Input::any("a", "[..]").or_number(),
    Input::any("b", "[..]").or_number(),
];

const TRUTHS: &[Input] = &[
    Input::new("a", Takes::Bool, "[..]"),
    Input::new("b", Takes::Bool, "[..]"),
];

const fn equality(name: &'static str, doc: &'static str) -> Operation {
    Operation {
        inputs: ALIKE,
        rule: equal,
        ..logic(name, doc)
    }
}

const fn order(name: &'static str, doc: &'static str) -> Operation {
    Operation {
        inputs: OPERANDS,
        ..logic(name, doc)
    }
}

const fn logic(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, TRUTHS, truth)
}

fn truth(site: &Site) -> Result<Inferred, Refusal> {
    let dims = broadcast(site, &site.shape(0).0, &site.shape(1).0)?;
    Ok(Inferred::of(Element::Bool, dims))
}

fn equal(site: &Site) -> Result<Inferred, Refusal> {
    let [a, b] = [&site.inputs[0], &site.inputs[1]];
    if comparable(a, b) {
        return truth(site);
    }
    Err(Refusal::new(
        Code::E0307,
        format!(
            "cannot compare {} with {}",
            a.element.describe(),
            b.element.describe()
        ),
    )
    .at_input(1, format!("this is {b}")))
}

/// Alike, or labels and a number.
fn comparable(a: &Tensor, b: &Tensor) -> bool {
    let real = |t: &Tensor| matches!(t.element, Element::Real | Element::Probability);
    let integer = |t: &Tensor| {
        matches!(
            t.element,
            Element::Id(_) | Element::Class(_) | Element::Label(_)
        )
    };
    let number = |t: &Tensor| t.element == Element::Real && t.shape.rank() == 0;
    a.element == b.element
        || (real(a) && real(b))
        || (integer(a) && (integer(b) || number(b)))
        || (number(a) && integer(b))
}

fn not(site: &Site) -> Result<Inferred, Refusal> {
    Ok(Inferred::of(Element::Bool, site.shape(0).0.clone()))
}

fn where_(site: &Site) -> Result<Inferred, Refusal> {
    let values = broadcast(site, &site.shape(1).0, &site.shape(2).0)?;
    let condition = site.shape(0);
    let chosen = Tensor::real(values);
    broadcast(site, &condition.0, &chosen.shape.0)
        .map(Inferred::real)
        .map_err(|_| {
            Refusal::new(
                Code::E0302,
                format!(
                    "`where` cannot choose from `{}` by a condition of `{condition}`",
                    chosen.shape
                ),
            )
            .at_input(0, format!("this is {condition}"))
        })
}
