//! Operations that change only the shape.

use super::{ANY, Argument, Default, Family, Inferred, Kind, Operation, Refusal, Site};
use crate::diag::Code;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Shape",
    doc: "They change the shape and keep the values and their type.",
    operations: &[
        Operation {
            arguments: &[Argument::new(
                "from",
                Kind::Axis,
                Default::Int(1),
                "first of the dimensions that become one",
            )],
            rule: flatten,
            ..reshaping(
                "flatten",
                "All dimensions from one on become one.\n\n\
                 `[N, 32, 8, 8]` becomes `[N, 2048]`.\n\n\
                 PyTorch: `nn.Flatten(from)`.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "shape",
                Kind::Dims,
                Default::Required,
                "the new dimensions, such as `[N, 3, 64]`",
            )
            .positional()],
            rule: reshape,
            ..reshaping(
                "reshape",
                "Other dimensions for the same values in the same order.\n\n\
                 PyTorch: `x.reshape(shape)`.",
            )
        },
        Operation {
            arguments: &[
                Argument::new("a", Kind::Axis, Default::Int(-2), "one dimension").positional(),
                Argument::new("b", Kind::Axis, Default::Int(-1), "the other").positional(),
            ],
            rule: transpose,
            ..reshaping(
                "transpose",
                "Swaps two dimensions, by default the last two.\n\n\
                 PyTorch: `x.transpose(a, b)`.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "order",
                Kind::Order,
                Default::Required,
                "where each new dimension comes from, such as `[0, 2, 3, 1]`",
            )
            .positional()],
            rule: permute,
            ..reshaping(
                "permute",
                "Puts all dimensions in a new order.\n\n\
                 PyTorch: `x.permute(order)`.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "dim",
                Kind::Axis,
                Default::Required,
                "dimension of size 1",
            )
            .positional()],
            rule: squeeze,
            ..reshaping(
                "squeeze",
                "Leaves out a dimension of 1.\n\n\
                 PyTorch: `x.squeeze(dim)`, which however keeps a dimension that is not 1.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "dim",
                Kind::NewAxis,
                Default::Required,
                "where the new dimension will stand",
            )
            .positional()],
            rule: unsqueeze,
            ..reshaping(
                "unsqueeze",
                "Puts in a dimension of 1, as `x[:, none]` does.\n\n\
                 PyTorch: `x.unsqueeze(dim)`.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "shape",
                Kind::Dims,
                Default::Required,
                "the new dimensions; more may stand in front",
            )
            .positional()],
            rule: expand,
            ..reshaping(
                "expand",
                "Repeats along dimensions of 1, without a copy.\n\n\
                 PyTorch: `x.expand(shape)`.",
            )
        },
    ],
};

const fn reshaping(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, ANY, unchanged)
}

fn unchanged(site: &Site) -> Result<Inferred, Refusal> {
    Ok(with_dims(site, site.shape(0).0.clone()))
}

fn with_dims(site: &Site, dims: Vec<Dim>) -> Inferred {
    Inferred::of(site.inputs[0].element.clone(), dims)
}

fn flatten(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let from = site.axis("from", shape)?;
    let (first, rest) = shape.0.split_at(from);
    let mut dims = first.to_vec();
    dims.push(product(rest).ok_or_else(|| site.overflow())?);
    Ok(with_dims(site, dims))
}

/// None on overflow.
fn product(dims: &[Dim]) -> Option<Dim> {
    dims.iter()
        .try_fold(Dim::Known(1), |product, dim| product.times(dim))
}

fn reshape(site: &Site) -> Result<Inferred, Refusal> {
    let dims = site.dims("shape").unwrap_or_default();
    let old = product(&site.shape(0).0).ok_or_else(|| site.overflow())?;
    let new = product(dims).ok_or_else(|| site.overflow())?;
    if old.differs(&new) {
        let shape = Shape(dims.to_vec());
        let refusal = Refusal::new(
            Code::E0302,
            format!("cannot reshape `{}` to `{shape}`", site.shape(0)),
        )
        .at_argument("shape", "the number of values must stay the same")
        .note(format!("{} = {old}", factors(&site.shape(0).0)))
        .note(format!("{} = {new}", factors(dims)));
        return Err(match dims {
            [_, _] => refusal
                .say("`flatten` gives a sample's values one dimension, whatever their number"),
            _ => refusal,
        });
    }
    Ok(with_dims(site, dims.to_vec()))
}

fn factors(dims: &[Dim]) -> String {
    match dims {
        [] => "1 value".into(),
        dims => {
            let words: Vec<String> = dims.iter().map(Dim::to_string).collect();
            words.join("*")
        }
    }
}

fn transpose(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let (a, b) = (site.axis("a", shape)?, site.axis("b", shape)?);
    let mut dims = shape.0.clone();
    dims.swap(a, b);
    Ok(with_dims(site, dims))
}

fn permute(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let order = site.ints("order").unwrap_or_default();
    if order.len() != shape.rank() {
        return Err(Refusal::new(
            Code::E0223,
            format!(
                "`permute` gets an order of {} dimensions for `{shape}`, which has {}",
                order.len(),
                shape.rank()
            ),
        )
        .at_argument(
            "order",
            format!("must list all {} dimensions", shape.rank()),
        ));
    }
    let order = site.axes("order", order, shape)?;
    let dims = order.into_iter().map(|i| shape.0[i].clone()).collect();
    Ok(with_dims(site, dims))
}

fn squeeze(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let axis = site.axis("dim", shape)?;
    let mut dims = shape.0.clone();
    let gone = dims.remove(axis);
    if gone.differs(&Dim::Known(1)) {
        return Err(Refusal::new(
            Code::E0302,
            format!(
                "`squeeze` leaves out dimensions of 1, but dimension {axis} of `{shape}` is {gone}"
            ),
        )
        .at_argument("dim", format!("dimension {axis} is {gone}"))
        .say("to leave out another, choose an entry of it (`x[:, 0]`) or reduce it (`mean`)"));
    }
    Ok(with_dims(site, dims))
}

fn unsqueeze(site: &Site) -> Result<Inferred, Refusal> {
    let mut dims = site.shape(0).0.clone();
    let axis = site.new_axis("dim", site.shape(0))?;
    dims.insert(axis, Dim::Known(1));
    Ok(with_dims(site, dims))
}

fn expand(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let dims = site.dims("shape").unwrap_or_default();
    let fits = |(old, new): (&Dim, &Dim)| *old == Dim::Known(1) || !old.differs(new);
    let aligned = shape.0.iter().rev().zip(dims.iter().rev());
    if dims.len() < shape.rank() || !aligned.clone().all(fits) {
        let wanted = Shape(dims.to_vec());
        return Err(Refusal::new(
            Code::E0302,
            format!("cannot expand `{shape}` to `{wanted}`"),
        )
        .at_argument("shape", "only dimensions of 1 can be repeated"));
    }
    Ok(with_dims(site, dims.to_vec()))
}
