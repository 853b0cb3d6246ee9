//! Operations that pass values on: some by chance, some with another gradient.

use super::activation::plain;
use super::{
    ANY, Argument, Default, Element, Family, Inferred, Input, Kind, Operation, REAL, Refusal, Site,
};

pub static FAMILY: Family = Family {
    title: "Chance and gradient",
    doc: "Most pass a tensor on, with some of it dropped in training or another gradient behind it.",
    operations: &[
        Operation {
            arguments: &[Argument::new(
                "p",
                Kind::Float { min: 0.0, max: 1.0 },
                Default::Float(0.5),
                "probability of dropping a number",
            )
            .positional()],
            modal: true,
            ..plain(
                "dropout",
                "Sets numbers to 0 by chance, in training only.\n\n\
                 What stays is divided by `1 - p`. In evaluation nothing happens.\n\n\
                 PyTorch: `nn.Dropout(p)`.",
            )
        },
        Operation {
            inputs: &[Input::real("x", "[N, ..]")],
            arguments: &[Argument::new(
                "p",
                Kind::Float { min: 0.0, max: 1.0 },
                Default::Required,
                "probability of dropping a sample",
            )
            .positional()],
            modal: true,
            rule: per_sample,
            ..plain(
                "drop_path",
                "Sets all of a sample to 0 by chance, in training only (stochastic depth).\n\n\
                 What stays is divided by `1 - p`. In evaluation nothing happens.\n\n\
                 PyTorch: `torchvision.ops.stochastic_depth(x, p, 'row')`.",
            )
        },
        Operation {
            inputs: &[],
            arguments: &[
                Argument::new(
                    "below",
                    Kind::Size { max: 1_000_000_000 },
                    Default::Required,
                    "number that all ids are below",
                )
                .positional(),
                Argument::new(
                    "shape",
                    Kind::Dims,
                    Default::Required,
                    "dimensions of what comes out, such as `[N, 16]`",
                )
                .positional(),
            ],
            random: true,
            rule: ids,
            ..plain(
                "random_ids",
                "Ids drawn anew in each step, all below a number equally likely.\n\n\
                 `random_ids(M, [N, K])` gives `id(M)[N, K]`.\n\n\
                 PyTorch: `torch.randint(below, shape)`.",
            )
        },
        passing(
            "nothing",
            "Passes the tensor on as it is.\n\nPyTorch: `nn.Identity()`.",
        ),
        passing(
            "detach",
            "Passes the tensor on, but no gradient back.\n\nPyTorch: `x.detach()`.",
        ),
        Operation {
            inputs: REAL,
            arguments: &[Argument::new(
                "strength",
                Kind::Scalar,
                Default::Float(1.0),
                "factor of the gradient, before its sign is turned",
            )
            .positional()],
            ..passing(
                "reverse_gradient",
                "Passes the tensor on, and the gradient back multiplied by `-strength`.\n\n\
                 Ganin and Lempitsky 2015, Unsupervised Domain Adaptation by Backpropagation.\n\n\
                 PyTorch: an autograd function of one's own.",
            )
        },
    ],
};

/// The same values of the same type.
const fn passing(name: &'static str, doc: &'static str) -> Operation {
    Operation {
        inputs: ANY,
        rule: pass,
        ..plain(name, doc)
    }
}

fn pass(site: &Site) -> Result<Inferred, Refusal> {
    let x = &site.inputs[0];
    Ok(Inferred::of(x.element.clone(), x.shape.0.clone()))
}

fn ids(site: &Site) -> Result<Inferred, Refusal> {
    let below = Element::Id(site.size("below"));
    let dims = site.dims("shape").unwrap_or_default();
    Ok(Inferred::of(below, dims.to_vec()))
}

fn per_sample(site: &Site) -> Result<Inferred, Refusal> {
    match site.shape(0).rank() {
        0 => Err(site.wrong_rank(0)),
        _ => Ok(Inferred::real(site.shape(0).0.clone())),
    }
}
