//! Normalisation.

use super::{Argument, Default, Family, Inferred, Input, Kind, Operation, Refusal, Site, Weight};
use crate::plan::Init;
use crate::shape::Dim;

pub static FAMILY: Family = Family {
    title: "Normalisation",
    doc: "`(x - mean) / sqrt(variance + eps) * weight + bias`; they differ in what mean and variance \
          are taken over. `weight` starts as 1, `bias` as 0.",
    operations: &[
        Operation {
            name: "batch_norm",
            doc: "Normalises each channel over the batch.\n\n\
                  In training by the statistics of the batch, which move `running_mean` and \
                  `running_var` by `momentum`; in evaluation by these. Works on `[N, C]`, sequences \
                  and feature maps alike. Owns `weight` and `bias` `[C]` and the two buffers `[C]`.\n\n\
                  PyTorch: `nn.BatchNorm1d(C, eps, momentum)` and `nn.BatchNorm2d(C, eps, momentum)`.",
            inputs: &[Input::real("x", "[N, C] or [N, C, L] or [N, C, H, W]")],
            arguments: &[
                EPS,
                Argument::new(
                    "momentum",
                    Kind::Float { min: 0.0, max: 1.0 },
                    Default::Float(0.1),
                    "share of the batch's statistics in the running ones",
                ),
            ],
            owns: true,
            modal: true,
            random: false,
            parts: None,
            rule: batch_norm,
        },
        Operation {
            name: "layer_norm",
            doc: "Normalises the last dimension.\n\n\
                  Takes `[.., D]`. Owns `weight` and `bias` `[D]`.\n\n\
                  PyTorch: `nn.LayerNorm(D, eps)`.",
            inputs: &[Input::real("x", "[.., D]")],
            arguments: &[EPS],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: layer_norm,
        },
        Operation {
            name: "group_norm",
            doc: "Normalises groups of channels of each sample.\n\n\
                  Takes `[N, C, ..]`. Owns `weight` and `bias` `[C]`.\n\n\
                  PyTorch: `nn.GroupNorm(groups, C, eps)`.",
            inputs: &[Input::real("x", "[N, C, ..]")],
            arguments: &[
                Argument::new(
                    "groups",
                    Kind::Int {
                        min: 1,
                        max: 1_000_000,
                    },
                    Default::Required,
                    "number of equal groups of channels",
                )
                .positional(),
                EPS,
            ],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: group_norm,
        },
        Operation {
            name: "l2norm",
            doc: "Scales vectors to length 1.\n\n\
                  `x / max(norm(x, dim, keep: true), eps)`. Owns nothing.\n\n\
                  PyTorch: `F.normalize(x, p=2, dim=dim, eps=eps)`.",
            inputs: &[Input::real("x", "[..]")],
            arguments: &[
                Argument::new(
                    "dim",
                    Kind::Axis,
                    Default::Int(1),
                    "dimension that the vectors lie along",
                ),
                Argument::new(
                    "eps",
                    Kind::Float { min: 0.0, max: 1.0 },
                    Default::Float(1e-12),
                    "shortest length that is divided by",
                ),
            ],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: l2norm,
        },
    ],
};

const EPS: Argument = Argument::new(
    "eps",
    Kind::Float { min: 0.0, max: 1.0 },
    Default::Float(1e-5),
    "added to the variance",
);

fn batch_norm(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let ([_, channels, ..], 2..=4) = (shape.0.as_slice(), shape.rank()) else {
        return Err(site.wrong_rank(0));
    };
    let mut inferred = scaled(site, channels);
    inferred.weights.extend([
        Weight::buffer("running_mean", vec![channels.clone()], 0.0),
        Weight::buffer("running_var", vec![channels.clone()], 1.0),
    ]);
    Ok(inferred)
}

fn layer_norm(site: &Site) -> Result<Inferred, Refusal> {
    match site.shape(0).0.last() {
        Some(features) => Ok(scaled(site, features)),
        None => Err(site.wrong_rank(0)),
    }
}

fn group_norm(site: &Site) -> Result<Inferred, Refusal> {
    let [_, channels, ..] = site.shape(0).0.as_slice() else {
        return Err(site.wrong_rank(0));
    };
    if let Some(groups) = site.int("groups") {
        site.divides(groups, channels, &[])?;
    }
    Ok(scaled(site, channels))
}

/// The input's shape, with a weight of 1 and a bias of 0 for each of so many.
fn scaled(site: &Site, count: &Dim) -> Inferred {
    let weight = |role, value| Weight::new(role, vec![count.clone()], Init::Constant(value));
    let mut inferred = Inferred::real(site.shape(0).0.clone());
    inferred.weights = vec![weight("weight", 1.0), weight("bias", 0.0)];
    inferred
}

fn l2norm(site: &Site) -> Result<Inferred, Refusal> {
    site.axis("dim", site.shape(0))?;
    Ok(Inferred::real(site.shape(0).0.clone()))
}
