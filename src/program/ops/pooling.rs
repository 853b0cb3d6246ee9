//! Pooling and resizing.

use super::window::{KERNEL, MOST, OWN_STRIDE, PADDING, slide};
use super::{Argument, Default, Family, Inferred, Input, Kind, Operation, Refusal, Site};
use crate::diag::Code;
use crate::shape::Dim;

pub static FAMILY: Family = Family {
    title: "Pooling and resizing",
    doc: "They change height and width and leave channels alone. A pool's stride is its kernel \
          unless it is given.",
    operations: &[
        Operation {
            name: "max_pool2d",
            doc: "Maximum of each window.\n\n\
                  Gives `[N, C, H', W']` with `H' = (H + 2*padding - kernel) / stride + 1`, rounded down. \
                  What is padded never is the maximum.\n\n\
                  PyTorch: `F.max_pool2d(x, kernel, stride, padding)`.",
            inputs: MAP,
            arguments: &[KERNEL.positional(), OWN_STRIDE, PADDING],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: pool2d,
        },
        Operation {
            name: "avg_pool2d",
            doc: "Mean of each window.\n\n\
                  Gives `[N, C, H', W']` with `H' = (H + 2*padding - kernel) / stride + 1`, rounded down. \
                  Padded zeros count.\n\n\
                  PyTorch: `F.avg_pool2d(x, kernel, stride, padding)`.",
            inputs: MAP,
            arguments: &[KERNEL.positional(), OWN_STRIDE, PADDING],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: pool2d,
        },
        Operation {
            name: "avg_pool1d",
            doc: "Mean of each window of the last dimension.\n\n\
                  `[N, 2048] -> avg_pool1d(2)` gives `[N, 1024]`. Padded zeros count.\n\n\
                  PyTorch: `F.avg_pool1d(x, kernel, stride, padding)`.",
            inputs: &[Input::real("x", "[N, L] or [N, C, L]")],
            arguments: &[
                Argument::new(
                    "kernel",
                    Kind::Int { min: 1, max: MOST },
                    Default::Required,
                    "length of a window",
                )
                .positional(),
                Argument::new(
                    "stride",
                    Kind::Int { min: 1, max: MOST },
                    Default::Same("kernel"),
                    "step from one window to the next",
                ),
                Argument::new(
                    "padding",
                    Kind::Int { min: 0, max: MOST },
                    Default::Int(0),
                    "zeros added at each end",
                ),
            ],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: pool1d,
        },
        Operation {
            name: "adaptive_avg_pool2d",
            doc: "Mean of windows that are laid so that the output has the given size.\n\n\
                  Row `i` of the output is the mean of the rows from `i*H / size`, rounded down, to \
                  `(i + 1)*H / size`, rounded up.\n\n\
                  PyTorch: `F.adaptive_avg_pool2d(x, size)`.",
            inputs: MAP,
            arguments: &[SIZE],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: resize,
        },
        Operation {
            name: "global_avg_pool",
            doc: "Mean of each channel.\n\n\
                  `[N, C, H, W]` gives `[N, C]`.\n\n\
                  PyTorch: `x.mean((2, 3))`, or `nn.AdaptiveAvgPool2d(1)` and `nn.Flatten()`.",
            inputs: MAP,
            arguments: &[],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: global_avg_pool,
        },
        Operation {
            name: "resize_nearest",
            doc: "Another height and width, by the nearest value.\n\n\
                  PyTorch: `F.interpolate(x, size, mode='nearest')`.",
            inputs: MAP,
            arguments: &[SIZE],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: resize,
        },
        Operation {
            name: "resize_bilinear",
            doc: "Another height and width, by bilinear interpolation.\n\n\
                  PyTorch: `F.interpolate(x, size, mode='bilinear', align_corners=align_corners)`.",
            inputs: MAP,
            arguments: &[
                SIZE,
                Argument::new(
                    "align_corners",
                    Kind::Bool,
                    Default::Bool(false),
                    "whether the corners of input and output are the same points",
                ),
            ],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule: resize,
        },
    ],
};

const MAP: &[Input] = &[Input::real("x", "[N, C, H, W]")];

const SIZE: Argument = Argument::new(
    "size",
    Kind::Sizes,
    Default::Required,
    "height and width that come out",
)
.positional();

fn pool2d(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, h, w] = site.of_rank(0)?;
    if let (Some(kernel), Some(padding)) = (site.pair("kernel"), site.pair("padding")) {
        for i in 0..2 {
            half_a_kernel(site, kernel[i], padding[i])?;
        }
    }
    let [height, width] = slide(site, [h, w])?;
    Ok(Inferred::real(vec![n.clone(), c.clone(), height, width]))
}

/// A window must never lie in the padding alone.
fn half_a_kernel(site: &Site, kernel: i64, padding: i64) -> Result<(), Refusal> {
    let most = kernel / 2;
    if padding <= most {
        return Ok(());
    }
    Err(Refusal::new(
        Code::E0223,
        format!(
            "`padding` of `{}` must be at most half its kernel of {kernel}, not {padding}",
            site.op.name
        ),
    )
    .at_argument("padding", format!("must be at most {most}"))
    .set("padding", most.to_string()))
}

fn pool1d(site: &Site) -> Result<Inferred, Refusal> {
    let shape = site.shape(0);
    let ([rest @ .., length], 2 | 3) = (shape.0.as_slice(), shape.rank()) else {
        return Err(four_axes(site));
    };
    let mut out = rest.to_vec();
    out.push(places(site, length)?);
    Ok(Inferred::real(out))
}

fn four_axes(site: &Site) -> Refusal {
    let refusal = site.wrong_rank(0);
    match site.shape(0).rank() {
        4 => refusal.say("use `avg_pool2d` on a feature map, or put `flatten` before it"),
        _ => refusal,
    }
}

fn places(site: &Site, length: &Dim) -> Result<Dim, Refusal> {
    let (Some(kernel), Some(stride), Some(padding), Some(size)) = (
        site.int("kernel"),
        site.int("stride"),
        site.int("padding"),
        length.known(),
    ) else {
        return Ok(Dim::Unknown);
    };
    half_a_kernel(site, kernel, padding)?;
    let rest = i128::from(size) + 2 * i128::from(padding) - i128::from(kernel);
    if rest >= 0 {
        let places = rest / i128::from(stride) + 1;
        return u64::try_from(places)
            .map(Dim::Known)
            .map_err(|_| site.overflow());
    }
    let places = rest.div_euclid(i128::from(stride)) + 1;
    Err(Refusal::new(
        Code::E0303,
        format!("`{}` would have an empty output", site.op.name),
    )
    .at_argument(
        "kernel",
        format!("a window of {kernel} does not fit in a length of {size}"),
    )
    .note(format!("the input is {}", site.shape(0)))
    .note(format!(
        "length = ({size} + 2*{padding} - {kernel}) / {stride} + 1 = {places}"
    ))
    .set("kernel", size.to_string()))
}

fn resize(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, _, _] = site.of_rank(0)?;
    let mut out = vec![n.clone(), c.clone()];
    match site.dims("size") {
        Some([h, w]) => out.extend([h.clone(), w.clone()]),
        _ => out.extend([Dim::Unknown, Dim::Unknown]),
    }
    Ok(Inferred::real(out))
}

fn global_avg_pool(site: &Site) -> Result<Inferred, Refusal> {
    let [n, c, _, _] = site.of_rank(0)?;
    Ok(Inferred::real(vec![n.clone(), c.clone()]))
}
