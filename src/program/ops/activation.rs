//! Activations.

use super::{
    Argument, Default, Element, Family, Inferred, Input, Kind, Operation, REAL, Refusal, Site,
    Takes, Weight,
};
use crate::plan::Init;
use crate::shape::Dim;

pub static FAMILY: Family = Family {
    title: "Activations",
    doc: "They take any shape and keep it.",
    operations: &[
        plain("relu", "`max(x, 0)`.\n\nPyTorch: `F.relu(x)`."),
        plain("relu6", "`min(max(x, 0), 6)`.\n\nPyTorch: `F.relu6(x)`."),
        Operation {
            arguments: &[Argument::new(
                "slope",
                Kind::Float {
                    min: -1e6,
                    max: 1e6,
                },
                Default::Float(0.01),
                "factor below 0",
            )
            .positional()],
            ..plain(
                "leaky_relu",
                "`x` above 0, `slope * x` below.\n\nPyTorch: `F.leaky_relu(x, slope)`.",
            )
        },
        Operation {
            arguments: &[
                Argument::new(
                    "per_channel",
                    Kind::Bool,
                    Default::Bool(false),
                    "whether each channel learns a slope of its own",
                ),
                Argument::new(
                    "start",
                    Kind::Float {
                        min: -1e6,
                        max: 1e6,
                    },
                    Default::Float(0.25),
                    "what the slope starts as",
                ),
            ],
            owns: true,
            rule: prelu,
            ..plain(
                "prelu",
                "`x` above 0, `weight * x` below, with a trained slope.\n\n\
                 Owns `weight` `[1]`, or `[C]` where each channel has its own.\n\n\
                 PyTorch: `nn.PReLU(1, start)`, or `nn.PReLU(C, start)`.",
            )
        },
        plain(
            "elu",
            "`x` above 0, `exp(x) - 1` below.\n\nPyTorch: `F.elu(x)`.",
        ),
        Operation {
            arguments: &[Argument::new(
                "approximate",
                Kind::Bool,
                Default::Bool(false),
                "whether the curve is approximated by tanh, as GPT-2 does",
            )],
            ..plain(
                "gelu",
                "`x * normal_cdf(x)`.\n\n\
                 Approximated: `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))`.\n\n\
                 PyTorch: `F.gelu(x)`, or `F.gelu(x, approximate='tanh')`.",
            )
        },
        plain("silu", "`x * sigmoid(x)`.\n\nPyTorch: `F.silu(x)`."),
        plain("mish", "`x * tanh(softplus(x))`.\n\nPyTorch: `F.mish(x)`."),
        plain(
            "hardswish",
            "`x * relu6(x + 3) / 6`.\n\nPyTorch: `F.hardswish(x)`.",
        ),
        plain(
            "hardsigmoid",
            "`relu6(x + 3) / 6`.\n\nPyTorch: `F.hardsigmoid(x)`.",
        ),
        plain(
            "sigmoid",
            "`1 / (1 + exp(-x))`.\n\nPyTorch: `torch.sigmoid(x)`.",
        ),
        plain("tanh", "Hyperbolic tangent.\n\nPyTorch: `torch.tanh(x)`."),
        plain(
            "softplus",
            "`log(1 + exp(x))`; above 20 simply `x`.\n\nPyTorch: `F.softplus(x)`.",
        ),
        Operation {
            inputs: LOGITS,
            arguments: DIM,
            rule: softmax,
            ..plain(
                "softmax",
                "`exp(x) / sum(exp(x), dim, keep: true)`: logits to probabilities.\n\n\
                 What it gives is no longer logits, and losses that take logits refuse it.\n\n\
                 PyTorch: `F.softmax(x, dim)`.",
            )
        },
        Operation {
            inputs: LOGITS,
            arguments: DIM,
            rule: log_softmax,
            ..plain(
                "log_softmax",
                "`x - logsumexp(x, dim, keep: true)`: logits to logarithms of probabilities.\n\n\
                 PyTorch: `F.log_softmax(x, dim)`.",
            )
        },
    ],
};

const LOGITS: &[Input] = &[Input::new("x", Takes::Logits, "[..]")];

const DIM: &[Argument] = &[Argument::new(
    "dim",
    Kind::Axis,
    Default::Required,
    "dimension that sums to 1",
)];

/// A function of each number.
pub const fn plain(name: &'static str, doc: &'static str) -> Operation {
    Operation::plain(name, doc, REAL, keep)
}

fn keep(site: &Site) -> Result<Inferred, Refusal> {
    Ok(Inferred::real(site.shape(0).0.clone()))
}

fn softmax(site: &Site) -> Result<Inferred, Refusal> {
    site.axis("dim", site.shape(0))?;
    Ok(Inferred::of(Element::Probability, site.shape(0).0.clone()))
}

fn log_softmax(site: &Site) -> Result<Inferred, Refusal> {
    site.axis("dim", site.shape(0))?;
    keep(site)
}

fn prelu(site: &Site) -> Result<Inferred, Refusal> {
    let slopes = match (site.flag("per_channel"), site.shape(0).0.as_slice()) {
        (false, _) => Dim::Known(1),
        (true, [_, channels, ..]) => channels.clone(),
        (true, _) => return Err(site.wrong_rank(0)),
    };
    let start = Init::Constant(site.float("start").unwrap_or(0.25));
    let mut inferred = keep(site)?;
    inferred.weights = vec![Weight::new("weight", vec![slopes], start)];
    Ok(inferred)
}
