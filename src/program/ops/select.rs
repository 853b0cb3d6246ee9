//! Joining and choosing.

use super::{
    ANY, Argument, Default, Element, Family, Inferred, Input, Kind, Operation, Refusal, Site,
    Takes, Tensor,
};
use crate::diag::Code;
use crate::shape::{Dim, Shape};

pub static FAMILY: Family = Family {
    title: "Joining and choosing",
    doc: "Tensors to one tensor, and labels to numbers.",
    operations: &[
        Operation {
            inputs: &[Input::any("tensors", "[..]").many()],
            arguments: &[Argument::new(
                "dim",
                Kind::Axis,
                Default::Int(0),
                "dimension along which they are joined",
            )],
            rule: concat,
            ..choosing(
                "concat",
                "Joins tensors along a dimension that they have: `concat((a, b), dim: 1)`.\n\n\
                 The other dimensions must be equal.\n\n\
                 PyTorch: `torch.cat((a, b), dim)`.",
            )
        },
        Operation {
            inputs: &[Input::any("tensors", "[..]").many()],
            arguments: &[Argument::new(
                "dim",
                Kind::NewAxis,
                Default::Int(0),
                "where the new dimension will stand",
            )],
            rule: stack,
            ..choosing(
                "stack",
                "Joins tensors of one shape along a new dimension: `stack((a, b), dim: 1)`.\n\n\
                 PyTorch: `torch.stack((a, b), dim)`.",
            )
        },
        Operation {
            inputs: &[
                Input::real("x", "[..]"),
                Input::new("index", Takes::Label, "[..]"),
            ],
            arguments: &[DIM],
            rule: pick,
            ..choosing(
                "pick",
                "The entry of each sample that its label says.\n\n\
                 `pick(x, label, dim: 1)` of `[N, C]` and `class(C)[N]` gives `[N]`: \
                 for each `n` the number `x[n, label[n]]`. \
                 The index has the shape of `x` without the dimension. \
                 With a distribution over the entries in place of the label, \
                 as `mixup` makes it, it gives the mean under it; where a label does not count, 0.\n\n\
                 PyTorch: `torch.gather(x, dim, index.unsqueeze(dim)).squeeze(dim)`.",
            )
        },
        Operation {
            inputs: &[Input::new("label", Takes::Label, "[..]")],
            arguments: &[Argument::new(
                "numbers",
                Kind::Numbers,
                Default::Required,
                "a number for each class",
            )
            .positional()],
            rule: lookup,
            ..choosing(
                "lookup",
                "The number that a list has for each label: `lookup(label, [0.5, 2, 1])`.\n\n\
                 `class(3)[N]` gives real numbers `[N]`. Of a distribution over the classes, as `mixup` makes it, \
                 it gives the mean under it; where a label does not count, 0.\n\n\
                 PyTorch: `torch.tensor([0.5, 2, 1])[label]`.",
            )
        },
        Operation {
            inputs: &[Input::new("label", Takes::Label, "[..]")],
            arguments: &[Argument::new(
                "ignore",
                Kind::Int {
                    min: 0,
                    max: 1_000_000,
                },
                Default::None,
                "a class that does not count either",
            )],
            rule: counted,
            ..choosing(
                "counted",
                "Whether each label counts, as a mask.\n\n\
                 `class(C)[N]` gives `bool[N]`; `none` where all do, as with labels of a column without \
                 `ignore`. `mean(x, mask: counted(label))` is the mean over what counts.\n\n\
                 PyTorch: `label != ignore_index`.",
            )
        },
        Operation {
            inputs: &[Input::new("label", Takes::Integer, "[..]")],
            arguments: &[Argument::new(
                "classes",
                Kind::Size { max: 1_000_000_000 },
                Default::None,
                "number of classes; the label's own if left out",
            )
            .positional()],
            rule: one_hot,
            ..choosing(
                "one_hot",
                "1 at the place of the label, 0 elsewhere.\n\n\
                 `class(C)[N]` gives real numbers `[N, C]`.\n\n\
                 PyTorch: `F.one_hot(label, classes).float()`.",
            )
        },
        Operation {
            inputs: &[],
            arguments: &[Argument::new(
                "count",
                Kind::Size { max: 1_000_000_000 },
                Default::Required,
                "number of ids",
            )
            .positional()],
            rule: arange,
            ..choosing(
                "arange",
                "The ids 0, 1, 2 … below `count`: `id(count)[count]`.\n\n\
                 PyTorch: `torch.arange(count)`.",
            )
        },
        Operation {
            rule: float,
            ..choosing(
                "float",
                "Real numbers of truth values (1 and 0), labels or ids.\n\n\
                 PyTorch: `x.float()`.",
            )
        },
    ],
};

const DIM: Argument = Argument::new("dim", Kind::Axis, Default::Required, "which dimension");

const fn choosing(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, ANY, float)
}

fn float(site: &Site) -> Result<Inferred, Refusal> {
    Ok(Inferred::real(site.shape(0).0.clone()))
}

fn concat(site: &Site) -> Result<Inferred, Refusal> {
    let first = site.shape(0);
    let axis = site.axis("dim", first)?;
    let mut dims = first.0.clone();
    for (i, tensor) in site.inputs.iter().enumerate().skip(1) {
        let mut others = tensor.shape.0.clone();
        if others.len() == dims.len() {
            others[axis] = dims[axis].clone();
        }
        if Shape(others).differs(&Shape(dims.clone())) {
            return Err(
                cannot_join(site, i).note(format!("all dimensions but {axis} must be equal"))
            );
        }
        dims[axis] = match (&dims[axis], &tensor.shape.0[axis]) {
            (Dim::Known(a), Dim::Known(b)) => {
                Dim::Known(a.checked_add(*b).ok_or_else(|| site.overflow())?)
            }
            _ => Dim::Unknown,
        };
    }
    Ok(Inferred::of(common_element(site)?, dims))
}

fn stack(site: &Site) -> Result<Inferred, Refusal> {
    let first = site.shape(0);
    for (i, tensor) in site.inputs.iter().enumerate().skip(1) {
        if tensor.shape.differs(first) {
            return Err(cannot_join(site, i).note("all must have one shape"));
        }
    }
    let axis = site.new_axis("dim", first)?;
    let mut dims = first.0.clone();
    dims.insert(axis, Dim::Known(site.inputs.len() as u64));
    Ok(Inferred::of(common_element(site)?, dims))
}

fn cannot_join(site: &Site, i: usize) -> Refusal {
    let (first, other) = (site.shape(0), site.shape(i));
    let refusal = Refusal::new(
        Code::E0302,
        format!("`{}` cannot join `{first}` and `{other}`", site.op.name),
    )
    .at_input(i, format!("this is {other}"));
    match (first.rank(), other.rank()) {
        (4, 4) => refusal.say(
            "give them the same size: a convolution keeps it with `padding` of half its kernel, rounded down",
        ),
        _ => refusal,
    }
}

/// The type of what several tensors are joined to.
fn common_element(site: &Site) -> Result<Element, Refusal> {
    let first = &site.inputs[0].element;
    let mut common = first.clone();
    for (i, tensor) in site.inputs.iter().enumerate().skip(1) {
        common = match (common, &tensor.element) {
            (a, b) if a == *b => a,
            (Element::Real | Element::Probability, Element::Real | Element::Probability) => {
                Element::Real
            }
            (Element::Id(_), Element::Id(_)) => Element::Id(Dim::Unknown),
            (_, other) => {
                return Err(Refusal::new(
                    Code::E0307,
                    format!(
                        "`{}` cannot join {} and {}",
                        site.op.name,
                        first.describe(),
                        other.describe()
                    ),
                )
                .at_input(i, format!("this is {tensor}")));
            }
        };
    }
    Ok(common)
}

fn pick(site: &Site) -> Result<Inferred, Refusal> {
    let [x, index] = [&site.inputs[0], &site.inputs[1]];
    let axis = site.axis("dim", &x.shape)?;
    let mut dims = x.shape.0.clone();
    let entries = dims.remove(axis);
    let wanted = Shape(dims);
    if index.element == Element::Probability {
        return mean_under(site, wanted);
    }
    if wanted.differs(&index.shape) {
        return Err(Refusal::new(
            Code::E0302,
            format!(
                "`pick` from `{}` needs an index of `{wanted}`, but gets `{}`",
                x.shape, index.shape
            ),
        )
        .at_input(1, format!("this is {index}")));
    }
    classes_agree(index, &entries)?;
    Ok(Inferred::real(wanted.0))
}

fn lookup(site: &Site) -> Result<Inferred, Refusal> {
    let label = &site.inputs[0];
    let mut dims = label.shape.0.clone();
    let entries =
        (site.floats("numbers")).map_or(Dim::Unknown, |list| Dim::Known(list.len() as u64));
    if label.element != Element::Probability {
        classes_agree(label, &entries)?;
    } else if let Some(classes) = dims.pop().filter(|classes| classes.differs(&entries)) {
        let message =
            format!("a distribution over {classes} classes cannot choose among {entries} entries");
        return Err(Refusal::new(Code::E0306, message).at_input(0, format!("this is {label}")));
    }
    Ok(Inferred::real(dims))
}

/// What is picked by a distribution: its mean.
fn mean_under(site: &Site, picked: Shape) -> Result<Inferred, Refusal> {
    let [x, distribution] = [&site.inputs[0], &site.inputs[1]];
    if !x.shape.differs(&distribution.shape) {
        return Ok(Inferred::real(picked.0));
    }
    Err(Refusal::new(
        Code::E0302,
        format!(
            "`pick` from `{}` needs a distribution over its entries, but gets `{}`",
            x.shape, distribution.shape
        ),
    )
    .at_input(1, format!("this is {distribution}")))
}

/// Refuses labels of another number of classes than there are entries, and ids beyond them.
pub fn classes_agree(index: &Tensor, entries: &Dim) -> Result<(), Refusal> {
    let agree = match (&index.element, entries) {
        (Element::Class(classes) | Element::Label(classes), entries) => !classes.differs(entries),
        (Element::Id(Dim::Known(bound)), Dim::Known(entries)) => bound <= entries,
        _ => true,
    };
    if agree {
        return Ok(());
    }
    Err(Refusal::new(
        Code::E0306,
        format!(
            "{} cannot choose among {entries} entries",
            index.element.describe()
        ),
    )
    .at_input(1, format!("this is {index}")))
}

fn one_hot(site: &Site) -> Result<Inferred, Refusal> {
    let label = &site.inputs[0];
    let own = match &label.element {
        Element::Class(count) | Element::Id(count) => count.clone(),
        _ => Dim::Unknown,
    };
    let classes = match site.dims("classes") {
        Some(_) => site.size("classes"),
        None => own,
    };
    classes_agree(label, &classes).map_err(|refusal| {
        let label = refusal.label.clone();
        Refusal {
            message: refusal.message.replace("choose among", "be marked in"),
            ..refusal
        }
        .at_input(0, label)
    })?;
    let mut dims = label.shape.0.clone();
    dims.push(classes);
    Ok(Inferred::real(dims))
}

fn counted(site: &Site) -> Result<Inferred, Refusal> {
    let mut dims = site.shape(0).0.clone();
    if site.inputs[0].element == Element::Probability {
        if let Some(class) = site.int("ignore") {
            let message = format!(
                "class {class} cannot be ignored in labels that are distributions over the classes"
            );
            let refusal = Refusal::new(Code::E0307, message).at_input(0, "distributions");
            return Err(refusal.say(
                "`mixup` and `cutmix` make distributions of labels: leave them out, or `ignore`",
            ));
        }
        dims.pop();
    }
    Ok(Inferred::of(Element::Bool, dims))
}

fn arange(site: &Site) -> Result<Inferred, Refusal> {
    let count = site.size("count");
    Ok(Inferred::of(Element::Id(count.clone()), vec![count]))
}
