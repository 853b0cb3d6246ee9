//! Arithmetic with numbers.

use super::activation::plain;
use super::{Family, Inferred, OPERANDS, Operation, Refusal, Site};
use crate::diag::Code;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Arithmetic",
    doc: "Two operands are broadcast as in NumPy: shapes are aligned at their last dimensions, and a \
          dimension of 1 is stretched. Only the number 1 is: two different names never fit. \
          Either operand may be a number.",
    operations: &[
        binary("add", "Sum, written `a + b`.\n\nPyTorch: `a + b`."),
        binary("sub", "Difference, written `a - b`.\n\nPyTorch: `a - b`."),
        binary("mul", "Product, written `a * b`.\n\nPyTorch: `a * b`."),
        binary(
            "div",
            "Quotient, written `a / b`.\n\n\
             Of numbers alone, `div(a, b)` is the quotient rounded down.\n\n\
             PyTorch: `a / b`.",
        ),
        binary("pow", "Power, written `a ^ b`.\n\nPyTorch: `a ** b`."),
        binary(
            "min",
            "The smaller of two numbers, place by place.\n\n\
             For the smallest of one tensor see `amin`.\n\n\
             PyTorch: `torch.minimum(a, b)`.",
        ),
        binary(
            "max",
            "The larger of two numbers, place by place.\n\n\
             For the largest of one tensor see `amax`.\n\n\
             PyTorch: `torch.maximum(a, b)`.",
        ),
        plain("neg", "Opposite, written `-x`.\n\nPyTorch: `-x`."),
        plain("abs", "Absolute value.\n\nPyTorch: `torch.abs(x)`."),
        plain("exp", "`e^x`.\n\nPyTorch: `torch.exp(x)`."),
        plain(
            "log",
            "Natural logarithm. Of a `softmax` take `log_softmax` instead, which cannot become infinite.\
             \n\nPyTorch: `torch.log(x)`.",
        ),
        plain("sqrt", "Square root.\n\nPyTorch: `torch.sqrt(x)`."),
        plain(
            "normal_cdf",
            "Share of the standard normal distribution below `x`.\n\n\
             `(1 + erf(x / sqrt(2))) / 2`\n\n\
             PyTorch: `torch.special.ndtr(x)`.",
        ),
        plain(
            "normal_pdf",
            "Density of the standard normal distribution at `x`.\n\n\
             `exp(-x^2 / 2) / sqrt(2*pi)`\n\n\
             PyTorch: `torch.exp(-x**2 / 2) / math.sqrt(2 * math.pi)`.",
        ),
    ],
};

const fn binary(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, OPERANDS, pointwise)
}

fn pointwise(site: &Site) -> Result<Inferred, Refusal> {
    let dims = broadcast(site, &site.shape(0).0, &site.shape(1).0)?;
    Ok(Inferred::real(dims))
}

/// The dimensions of two operands of the site together.
pub fn broadcast(site: &Site, a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, Refusal> {
    let rank = a.len().max(b.len());
    (0..rank)
        .map(|i| {
            // Counted from the end, where shapes are aligned.
            let of = |dims: &[Dim]| (i + dims.len()).checked_sub(rank).map(|j| dims[j].clone());
            match (of(a), of(b)) {
                (Some(x), Some(y)) => stretch(&x, &y).ok_or_else(|| do_not_fit(site, &x, &y)),
                (one, other) => Ok(one.or(other).unwrap_or(Dim::Unknown)),
            }
        })
        .collect()
}

/// A mask, the input at a place, broadcasts to what it masks and does not stretch it.
pub fn mask_broadcasts(site: &Site, at: usize, masked: &[Dim]) -> Result<(), Refusal> {
    let (mask, wanted) = (site.shape(at), Shape(masked.to_vec()));
    let both = broadcast(site, &mask.0, masked).map(Shape);
    if both.is_ok_and(|both| !both.differs(&wanted)) {
        return Ok(());
    }
    let name = site.op.name;
    Err(Refusal::new(
        Code::E0302,
        format!("the mask of `{name}` must broadcast to `{wanted}`, which `{mask}` does not"),
    )
    .at_input(at, format!("this is {mask}")))
}

/// The dimension that both become, if they do.
fn stretch(a: &Dim, b: &Dim) -> Option<Dim> {
    match (a, b) {
        (Dim::Known(1), other) | (other, Dim::Known(1)) => Some(other.clone()),
        // Whatever it is, it is 1 or the same.
        (Dim::Unknown, other) | (other, Dim::Unknown) => Some(other.clone()),
        _ => (a == b).then(|| a.clone()),
    }
}

fn do_not_fit(site: &Site, x: &Dim, y: &Dim) -> Refusal {
    // The condition of `where` comes first, the operands of all others are their inputs.
    let last = site.inputs.len() - 1;
    let (a, b) = (site.shape(last - 1), site.shape(last));
    let message = match site.op.name {
        "add" => format!("cannot add `{a}` and `{b}`"),
        "sub" => format!("cannot subtract `{b}` from `{a}`"),
        "mul" => format!("cannot multiply `{a}` by `{b}`"),
        "div" => format!("cannot divide `{a}` by `{b}`"),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => format!("cannot compare `{a}` with `{b}`"),
        name => format!("`{name}` cannot combine `{a}` and `{b}`"),
    };
    let refusal = Refusal::new(Code::E0302, message)
        .at_input(last, format!("this is {b}"))
        .note(format!(
            "aligned at their last dimensions, {x} stands against {y}; they must be equal, or one of them 1"
        ));
    match (a.0.as_slice(), b.0.as_slice()) {
        // Feature maps of one size, as on the two ways through a residual block.
        ([_, c, sizes @ ..], [_, d, others @ ..]) if sizes == others && sizes.len() == 2 => {
            refusal.say(format!(
                "lead one to the channels of the other: `-> conv2d({c}, kernel: 1)` or `-> conv2d({d}, kernel: 1)`"
            ))
        }
        _ => refusal,
    }
}
