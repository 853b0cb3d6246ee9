//! The arithmetic of kernels that slide over the height and width of a feature map.

use super::{Argument, Default, Kind, Refusal, Site};
use crate::diag::Code;
use crate::shape::Dim;

/// Kernels, strides, paddings and dilations beyond this make no sense, and cannot overflow below it.
pub const MOST: i64 = 1_000_000;

pub const KERNEL: Argument = Argument::new(
    "kernel",
    Kind::Pair { min: 1, max: MOST },
    Default::Required,
    "size of the kernel",
);

pub const STRIDE: Argument = Argument::new(
    "stride",
    Kind::Pair { min: 1, max: MOST },
    Default::Int(1),
    "step from one window to the next",
);

/// A pool's.
pub const OWN_STRIDE: Argument = Argument::new(
    "stride",
    Kind::Pair { min: 1, max: MOST },
    Default::Same("kernel"),
    "step from one window to the next",
);

pub const PADDING: Argument = Argument::new(
    "padding",
    Kind::Pair { min: 0, max: MOST },
    Default::Int(0),
    "rows and columns added on each side",
);

pub const DILATION: Argument = Argument::new(
    "dilation",
    Kind::Pair { min: 1, max: MOST },
    Default::Int(1),
    "distance between neighbouring points of the kernel",
);

/// How a kernel moves along one axis.
#[derive(Clone, Copy)]
pub struct Window {
    kernel: i64,
    stride: i64,
    padding: i64,
    dilation: i64,
}

impl Window {
    /// The number of places it takes: `(size + 2*padding - dilation*(kernel - 1) - 1) / stride + 1`,
    /// 0 or less if it does not fit.
    fn places(self, size: u64) -> i64 {
        let size = i64::try_from(size).unwrap_or(i64::MAX / 4);
        let last = size + 2 * self.padding - self.dilation * (self.kernel - 1) - 1;
        last.div_euclid(self.stride) + 1
    }

    fn arithmetic(self, axis: &str, size: u64) -> String {
        let Window {
            kernel,
            stride,
            padding,
            dilation,
        } = self;
        let places = self.places(size);
        format!(
            "{axis} = ({size} + 2*{padding} - {dilation}*({kernel} - 1) - 1) / {stride} + 1 = {places}"
        )
    }

    /// Whether it leaves every size as it is.
    fn keeps(self) -> bool {
        self.stride == 1 && 2 * self.padding == self.dilation * (self.kernel - 1)
    }
}

/// The height and width that a convolution or pool of the site's `kernel`, `stride`, `padding` and
/// `dilation` gives for those of the first input.
pub fn slide(site: &Site, size: [&Dim; 2]) -> Result<[Dim; 2], Refusal> {
    let windows = windows(site);
    let mut out = [Dim::Unknown, Dim::Unknown];
    for i in 0..2 {
        let Some(windows) = windows else { continue };
        out[i] = match size[i] {
            Dim::Known(n) => match windows[i].places(*n) {
                places @ 1.. => Dim::Known(places.unsigned_abs()),
                _ => return Err(does_not_fit(site, windows, size, i)),
            },
            symbol if windows[i].keeps() => symbol.clone(),
            _ => Dim::Unknown,
        };
    }
    Ok(out)
}

/// None if anything depends on symbols.
fn windows(site: &Site) -> Option<[Window; 2]> {
    let or = |name, without| match site.op.argument(name) {
        Some(_) => site.pair(name),
        None => Some([without; 2]),
    };
    let (kernel, stride) = (or("kernel", 1)?, or("stride", 1)?);
    let (padding, dilation) = (or("padding", 0)?, or("dilation", 1)?);
    Some([0, 1].map(|i| Window {
        kernel: kernel[i],
        stride: stride[i],
        padding: padding[i],
        dilation: dilation[i],
    }))
}

fn does_not_fit(site: &Site, windows: [Window; 2], size: [&Dim; 2], axis: usize) -> Refusal {
    let [height, width] = windows;
    let window = windows[axis];
    let known = size[axis].known().unwrap_or(0);
    let fitting = |i: usize| {
        let reach = size[i].known()? as i64 + 2 * windows[i].padding - 1;
        Some(reach / windows[i].dilation + 1)
    };
    let smaller = [0, 1]
        .into_iter()
        .filter_map(fitting)
        .min()
        .unwrap_or(1)
        .max(1);
    let reach = window.dilation * (window.kernel - 1);
    let mut text = format!("use `kernel: {smaller}`");
    if reach % 2 == 0 && site.op.argument("dilation").is_some() {
        text += &format!(", or keep the size with `padding: {}`", reach / 2);
    }
    Refusal::new(
        Code::E0303,
        format!("`{}` would have an empty output", site.op.name),
    )
    .at_argument(
        "kernel",
        format!(
            "a {}x{} kernel does not fit in a {}x{} input",
            height.kernel, width.kernel, size[0], size[1]
        ),
    )
    .note(format!("the input is {}", site.shape(0)))
    .note(window.arithmetic(["height", "width"][axis], known))
    .set_saying(text, "kernel", smaller.to_string())
}
