//! Convolutions.

use super::window::{DILATION, KERNEL, MOST, PADDING, STRIDE, slide};
use super::{
    Argument, Default, Family, Inferred, Input, Kind, Operation, Refusal, Site, Tensor, Weight,
};
use crate::diag::Code;
use crate::shape::Dim;

pub static FAMILY: Family = Family {
    title: "Convolutions",
    doc: "They act on feature maps `[N, C, H, W]`. The number of channels that come in is known \
          from the input and never written. Weights start as PyTorch starts them: \
          `kaiming_uniform_(a=sqrt(5))`, the bias evenly within `1/sqrt(fan_in)`.",
    operations: &[
        Operation {
            name: "conv2d",
            doc: "Convolution over height and width.\n\n\
                  Gives `[N, channels, H', W']` with \
                  `H' = (H + 2*padding - dilation*(kernel - 1) - 1) / stride + 1`, rounded down. \
                  What is padded counts as 0. \
                  Owns `weight` `[channels, C/groups, kernel, kernel]` and `bias` `[channels]`.\n\n\
                  PyTorch: `nn.Conv2d(C, channels, kernel, stride, padding, dilation, groups, bias)`.",
            inputs: MAP,
            arguments: &[CHANNELS, KERNEL, STRIDE, PADDING, DILATION, GROUPS, BIAS],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: conv2d,
        },
        Operation {
            name: "depthwise_conv2d",
            doc: "Convolution of each channel by itself.\n\n\
                  A `conv2d` with as many groups and channels as come in. \
                  Owns `weight` `[C, 1, kernel, kernel]` and `bias` `[C]`.\n\n\
                  PyTorch: `nn.Conv2d(C, C, kernel, stride, padding, dilation, groups=C, bias=bias)`.",
            inputs: MAP,
            arguments: &[KERNEL, STRIDE, PADDING, DILATION, BIAS],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: depthwise,
        },
        Operation {
            name: "conv_transpose2d",
            doc: "Transposed convolution: the gradient of `conv2d`, which enlarges.\n\n\
                  Gives `[N, channels, H', W']` with \
                  `H' = (H - 1)*stride - 2*padding + dilation*(kernel - 1) + output_padding + 1`. \
                  Owns `weight` `[C, channels/groups, kernel, kernel]` and `bias` `[channels]`.\n\n\
                  PyTorch: `nn.ConvTranspose2d(C, channels, kernel, stride, padding, output_padding, \
                  groups, bias, dilation)`.",
            inputs: MAP,
            arguments: &[
                CHANNELS,
                KERNEL,
                STRIDE,
                PADDING,
                Argument::new(
                    "output_padding",
                    Kind::Pair { min: 0, max: MOST },
                    Default::Int(0),
                    "rows and columns added on one side of the output; less than stride or dilation",
                ),
                DILATION,
                GROUPS,
                BIAS,
            ],
            owns: true,
            modal: false,
            random: false,
            parts: None,
            rule: conv_transpose2d,
        },
    ],
};

const MAP: &[Input] = &[Input::real("x", "[N, C, H, W]")];

const CHANNELS: Argument = Argument::new(
    "channels",
    Kind::Size { max: 1_000_000 },
    Default::Required,
    "number of channels that come out",
)
.positional();

const GROUPS: Argument = Argument::new(
    "groups",
    Kind::Int {
        min: 1,
        max: 1_000_000,
    },
    Default::Int(1),
    "number of equal parts of the channels that are convolved separately",
);

const BIAS: Argument = Argument::new(
    "bias",
    Kind::Bool,
    Default::Bool(true),
    "whether a number for each channel is added",
);

fn conv2d(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, h, w] = site.of_rank(0)?;
    let channels = site.size("channels");
    let part = part_of(site, c, &channels)?;
    part_of(site, &channels, c)?;
    let [height, width] = slide(site, [h, w])?;
    let out = vec![n.clone(), channels.clone(), height, width];
    Ok(with_kernel(site, out, [channels.clone(), part], channels))
}

fn depthwise(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, h, w] = site.of_rank(0)?;
    let [height, width] = slide(site, [h, w])?;
    let out = vec![n.clone(), c.clone(), height, width];
    Ok(with_kernel(
        site,
        out,
        [c.clone(), Dim::Known(1)],
        c.clone(),
    ))
}

fn conv_transpose2d(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, h, w] = site.of_rank(0)?;
    let channels = site.size("channels");
    part_of(site, c, &channels)?;
    let part = part_of(site, &channels, c)?;
    let [height, width] = enlarge(site, [h, w])?;
    let out = vec![n.clone(), channels.clone(), height, width];
    let mut inferred = with_kernel(site, out, [c.clone(), part], channels);
    // Each value of the input, not of the output, meets the whole kernel.
    let weight = inferred.weights[0].shape.0[1..].to_vec();
    inferred = inferred.costing(&[&[c.clone(), h.clone(), w.clone()], &weight]);
    Ok(inferred)
}

/// The channels of one group. The groups have to divide the others as well.
fn part_of(site: &Site, channels: &Dim, others: &Dim) -> Result<Dim, Refusal> {
    let Some(groups) = site.int("groups") else {
        return Ok(Dim::Unknown);
    };
    site.divides(groups, channels, &[others])?;
    Ok(match channels {
        _ if groups == 1 => channels.clone(),
        Dim::Known(n) => Dim::Known(n / groups.unsigned_abs()),
        _ => Dim::Unknown,
    })
}

/// The output with the weights of a kernel that is `[outer, inner, kernel, kernel]`.
fn with_kernel(site: &Site, out: Vec<Dim>, [outer, inner]: [Dim; 2], bias: Dim) -> Inferred {
    let [kh, kw] = match site.pair("kernel") {
        Some(kernel) => kernel.map(|k| Dim::Known(k.unsigned_abs())),
        None => [Dim::Unknown, Dim::Unknown],
    };
    let weight = vec![outer, inner, kh, kw];
    let mut inferred = Inferred {
        output: Tensor::real(out.clone()),
        weights: Vec::new(),
        multiply_adds: 0,
    }
    .costing(&[&out[1..], &weight[1..]]);
    inferred.weights = Weight::kaiming(weight, site.flag("bias").then_some(bias));
    inferred
}

/// The height and width of a transposed convolution.
fn enlarge(site: &Site, size: [&Dim; 2]) -> Result<[Dim; 2], Refusal> {
    let (Some(kernel), Some(stride), Some(padding), Some(extra), Some(dilation)) = (
        site.pair("kernel"),
        site.pair("stride"),
        site.pair("padding"),
        site.pair("output_padding"),
        site.pair("dilation"),
    ) else {
        return Ok([Dim::Unknown, Dim::Unknown]);
    };
    let mut out = [Dim::Unknown, Dim::Unknown];
    for (i, axis) in ["height", "width"].into_iter().enumerate() {
        let (k, s, p, e, d) = (kernel[i], stride[i], padding[i], extra[i], dilation[i]);
        if e >= s.max(d) {
            let most = s.max(d) - 1;
            return Err(Refusal::new(
                Code::E0223,
                format!("`output_padding` of `{}` must be less than its stride or its dilation, not {e}", site.op.name),
            )
            .at_argument("output_padding", format!("must be at most {most}"))
            .set("output_padding", most.to_string()));
        }
        let Some(n) = size[i].known() else { continue };
        let grown = (i128::from(n) - 1) * i128::from(s) - 2 * i128::from(p)
            + i128::from(d) * i128::from(k - 1)
            + i128::from(e)
            + 1;
        out[i] = match u64::try_from(grown) {
            Ok(places @ 1..) => Dim::Known(places),
            _ if grown > 0 => return Err(site.overflow()),
            _ => {
                return Err(Refusal::new(
                    Code::E0303,
                    format!("`{}` would have an empty output", site.op.name),
                )
                .at_argument("padding", "cuts off more than there is")
                .note(format!(
                    "{axis} = ({n} - 1)*{s} - 2*{p} + {d}*({k} - 1) + {e} + 1 = {grown}"
                ))
                .set("padding", "0"));
            }
        };
    }
    Ok(out)
}
