//! Taking tensors apart: slices, and equal parts.

use super::select::classes_agree;
use super::{
    ANY, Argument, Default, Family, Inferred, Input, Kind, Operation, Part, Refusal, Site, Takes,
    Value,
};
use crate::diag::Code;
use crate::plan::counts_samples;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Slices and parts",
    doc: "What `x[…]` writes shorter. A dimension that only the run knows, such as the batch, is not cut.",
    operations: &[
        Operation {
            arguments: &[
                Argument::new(
                    "start",
                    Kind::Int {
                        min: -MOST,
                        max: MOST,
                    },
                    Default::Required,
                    "first entry, from the end if negative",
                )
                .positional(),
                Argument::new(
                    "length",
                    Kind::Size { max: MOST as u64 },
                    Default::Required,
                    "number of entries",
                )
                .positional(),
                DIM,
            ],
            rule: narrow,
            ..taking(
                "narrow",
                "Some neighbouring entries of a dimension, written `x[:, 1:3]`.\n\n\
                 PyTorch: `x.narrow(dim, start, length)`.",
            )
        },
        Operation {
            arguments: &[
                Argument::new(
                    "index",
                    Kind::Int {
                        min: -MOST,
                        max: MOST,
                    },
                    Default::Required,
                    "which entry, from the end if negative",
                )
                .positional(),
                DIM,
            ],
            rule: select,
            ..taking(
                "select",
                "One entry of a dimension, which is left out, written `x[:, 0]`.\n\n\
                 PyTorch: `x.select(dim, index)`.",
            )
        },
        Operation {
            inputs: &[
                Input::any("x", "[..]"),
                Input::new("index", Takes::Integer, "[..]"),
            ],
            arguments: &[Argument::new(
                "dim",
                Kind::Axis,
                Default::Int(0),
                "dimension in which the index chooses",
            )],
            rule: take,
            ..taking(
                "take",
                "The entries that whole numbers name, written `x[index]`.\n\n\
                 The dimension is replaced by those of the index: `bank[index]` of `[M, D]` and \
                 `id(M)[N, K]` gives `[N, K, D]`.\n\n\
                 PyTorch: `x[index]`, or `x[:, index]` for `dim: 1`.",
            )
        },
        Operation {
            arguments: &[
                Argument::new(
                    "parts",
                    Kind::Int {
                        min: 1,
                        max: MOST_PARTS as i64,
                    },
                    Default::Required,
                    "number of equal parts",
                )
                .positional(),
                Argument::new(
                    "dim",
                    Kind::Axis,
                    Default::Int(0),
                    "dimension that is divided",
                ),
            ],
            rule: chunk,
            parts: Some(chunks),
            ..taking(
                "chunk",
                "Equal parts along a dimension: `(a, b) = chunk(x, 2, dim: 1)`.\n\n\
                 The parts must divide the dimension.\n\n\
                 PyTorch: `torch.chunk(x, parts, dim)`, which makes the last part smaller instead.",
            )
        },
        Operation {
            arguments: &[Argument::new(
                "dim",
                Kind::Axis,
                Default::Int(0),
                "dimension that is taken apart and left out",
            )],
            rule: unbind,
            parts: Some(entries),
            ..taking(
                "unbind",
                "All entries of a dimension: `(q, k, v) = unbind(x)` of `[3, N, D]` gives three `[N, D]`.\n\n\
                 PyTorch: `torch.unbind(x, dim)`.",
            )
        },
    ],
};

const MOST: i64 = 1_000_000_000_000;

/// The most tensors that one call gives.
const MOST_PARTS: u64 = 1024;

const DIM: Argument = Argument::new("dim", Kind::Axis, Default::Required, "which dimension");

const fn taking(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, ANY, select)
}

fn narrow(site: &Site) -> Result<Inferred, Refusal> {
    let tensor = &site.inputs[0];
    let axis = site.axis("dim", &tensor.shape)?;
    let length = site.size("length");
    let mut dims = tensor.shape.0.clone();
    let size = std::mem::replace(&mut dims[axis], length.clone());
    if let Some(symbol) = open_symbol(&size)
        && size != length
    {
        return Err(not_cut(&tensor.shape, axis, symbol));
    }
    if let (Some(start), Some(size), Some(length)) =
        (site.int("start"), size.known(), length.known())
    {
        let start = from_end(start, size);
        let end = start + i128::from(length);
        if start < 0 || end > i128::from(size) {
            return Err(Refusal::new(
                Code::E0303,
                format!(
                    "the slice {start}:{end} reaches beyond dimension {axis} of `{}`",
                    tensor.shape
                ),
            )
            .at_argument("start", format!("there are {size} entries"))
            .note(format!("{start} + {length} = {end}, of {size}")));
        }
    }
    Ok(Inferred::of(tensor.element.clone(), dims))
}

/// A place counted from the end if negative.
fn from_end(place: i64, size: u64) -> i128 {
    i128::from(place) + if place < 0 { i128::from(size) } else { 0 }
}

fn select(site: &Site) -> Result<Inferred, Refusal> {
    let tensor = &site.inputs[0];
    let axis = site.axis("dim", &tensor.shape)?;
    let mut dims = tensor.shape.0.clone();
    let size = dims.remove(axis);
    // one entry there always is
    if let (Some(symbol), Some(index)) = (open_symbol(&size), site.int("index"))
        && !matches!(index, 0 | -1)
    {
        return Err(not_cut(&tensor.shape, axis, symbol));
    }
    if let (Some(index), Some(size)) = (site.int("index"), size.known())
        && !(0..i128::from(size)).contains(&from_end(index, size))
    {
        return Err(Refusal::new(
            Code::E0303,
            format!(
                "there is no entry {index} in dimension {axis} of `{}`",
                tensor.shape
            ),
        )
        .at_argument("index", format!("there are {size} entries")));
    }
    Ok(Inferred::of(tensor.element.clone(), dims))
}

/// The symbols whose size only the run knows: the batch, and the number of training samples.
fn open_symbol(dim: &Dim) -> Option<&str> {
    match dim {
        Dim::Symbol { name, .. } if &**name == "N" || counts_samples(name) => Some(name),
        _ => None,
    }
}

fn not_cut(shape: &Shape, axis: usize, symbol: &str) -> Refusal {
    Refusal::new(
        Code::E0303,
        format!("dimension {axis} of `{shape}` cannot be cut: `{symbol}` is known only in the run"),
    )
    .at_input(0, format!("this is {shape}"))
}

fn take(site: &Site) -> Result<Inferred, Refusal> {
    let [x, index] = [&site.inputs[0], &site.inputs[1]];
    let axis = site.axis("dim", &x.shape)?;
    classes_agree(index, &x.shape.0[axis])?;
    let mut dims = x.shape.0.clone();
    dims.splice(axis..=axis, index.shape.0.iter().cloned());
    Ok(Inferred::of(x.element.clone(), dims))
}

fn chunk(site: &Site) -> Result<Inferred, Refusal> {
    let tensor = &site.inputs[0];
    let axis = site.axis("dim", &tensor.shape)?;
    let mut dims = tensor.shape.0.clone();
    dims[axis] = part_size(site, &tensor.shape, axis)?;
    Ok(Inferred::of(tensor.element.clone(), dims))
}

/// The size of one of the equal parts.
fn part_size(site: &Site, shape: &Shape, axis: usize) -> Result<Dim, Refusal> {
    let Some(parts) = site.int("parts").map(i64::unsigned_abs) else {
        return Ok(Dim::Unknown);
    };
    let divided = |n: u64| n.is_multiple_of(parts).then_some(n / parts);
    match &shape.0[axis] {
        dim if parts == 1 => Ok(dim.clone()),
        Dim::Known(n) => divided(*n).map(Dim::Known).ok_or_else(|| {
            Refusal::new(
                Code::E0302,
                format!("`chunk` cannot divide {n} into {parts} equal parts"),
            )
            .at_argument("parts", format!("does not divide {n}"))
            .note(format!("dimension {axis} of `{shape}` is {n}"))
        }),
        Dim::Symbol { name, times } => match (divided(*times), open_symbol(&shape.0[axis])) {
            (Some(times), _) => Ok(Dim::Symbol {
                name: name.clone(),
                times,
            }),
            (None, Some(symbol)) => Err(not_cut(shape, axis, symbol)),
            (None, None) => Ok(Dim::Unknown),
        },
        Dim::Unknown => Ok(Dim::Unknown),
    }
}

fn chunks(site: &Site) -> Option<Vec<Part>> {
    let shape = site.shape(0);
    let axis = site.axis("dim", shape).ok()?;
    let size = part_size(site, shape, axis).ok()?;
    let part = |i: i64| {
        let start = match &size {
            Dim::Known(n) => Value::Int(i64::try_from(*n).ok()?.checked_mul(i)?),
            _ if i == 0 => Value::Int(0),
            _ => Value::Unknown,
        };
        Some(Part {
            operation: "narrow",
            arguments: vec![
                ("start", start),
                ("length", Value::Dims(vec![size.clone()])),
                ("dim", Value::Int(axis as i64)),
            ],
        })
    };
    (0..site.int("parts")?).map(part).collect()
}

fn unbind(site: &Site) -> Result<Inferred, Refusal> {
    let tensor = &site.inputs[0];
    let axis = site.axis("dim", &tensor.shape)?;
    let mut dims = tensor.shape.0.clone();
    let size = dims.remove(axis);
    if let Some(symbol) = open_symbol(&size) {
        return Err(not_cut(&tensor.shape, axis, symbol));
    }
    match size.known() {
        Some(n) if n > MOST_PARTS => Err(Refusal::new(
            Code::E0223,
            format!("`unbind` would give {n} tensors, more than {MOST_PARTS}"),
        )
        .at_call(format!("dimension {axis} is {n}"))),
        _ => Ok(Inferred::of(tensor.element.clone(), dims)),
    }
}

fn entries(site: &Site) -> Option<Vec<Part>> {
    let shape = site.shape(0);
    let axis = site.axis("dim", shape).ok()?;
    let entry = |i: u64| Part {
        operation: "select",
        arguments: vec![
            ("index", Value::Int(i as i64)),
            ("dim", Value::Int(axis as i64)),
        ],
    };
    let count = shape.0[axis].known()?;
    Some((0..count).map(entry).collect())
}
