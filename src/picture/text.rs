//! How much room a text takes, and the text in boxes.

use super::{Item, Kind, Network};

/// In pixels.
pub const TITLE: f64 = 12.5;
pub const NOTE: f64 = 11.0;
/// Notes are broken where they grow wider.
const WIDEST: f64 = 200.0;
/// A single word that is longer is cut.
const LONGEST: usize = 44;
/// Between what stands on the left and on the right of a line.
const BETWEEN: f64 = 16.0;
/// Between a box and its text.
pub const PADDING: f64 = 9.0;

/// Thousandths of the font size, from the space on: those of DejaVu Sans, the widest of the fonts that a picture names.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775,
    752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390,
    337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// How much wider it is when bold, at most for whole words.
const BOLD: f64 = 1.17;

/// At most so wide is a text.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let thousandths = |c: char| match (c as usize).checked_sub(32) {
        Some(at) if at < WIDTHS.len() => f64::from(WIDTHS[at]),
        _ if "·×–".contains(c) => 838.0,
        _ => 1050.0,
    };
    let sum: f64 = text.chars().map(thousandths).sum();
    sum / 1000.0 * size * if bold { BOLD } else { 1.0 }
}

/// A line of a box, from its left and from its right edge.
#[derive(Debug)]
pub struct Line {
    pub left: String,
    pub right: String,
    pub title: bool,
}

impl Line {
    fn title(left: String, right: &str) -> Line {
        Line {
            left,
            right: right.to_string(),
            title: true,
        }
    }

    fn note(left: String) -> Line {
        Line {
            left,
            right: String::new(),
            title: false,
        }
    }

    pub fn height(&self) -> f64 {
        if self.title { 17.0 } else { 14.5 }
    }

    pub fn size(&self) -> f64 {
        if self.title { TITLE } else { NOTE }
    }

    fn width(&self) -> f64 {
        let between = if self.right.is_empty() || self.left.is_empty() {
            0.0
        } else {
            BETWEEN
        };
        width(&self.left, self.size(), self.title) + between + width(&self.right, NOTE, false)
    }
}

/// What stands in a box.
#[derive(Debug)]
pub struct Face {
    pub lines: Vec<Line>,
    /// Whether its lines stand in the middle.
    pub centred: bool,
}

impl Face {
    pub fn of(item: &Item) -> Face {
        let mut lines = Vec::new();
        // beside a loss a field's shape says nothing
        let shape = match (item.kind, item.network) {
            (Kind::Field, None) => "",
            _ => &item.shape,
        };
        let mut titles =
            broken(std::iter::once(item.title.as_str()), " ", TITLE * BOLD).into_iter();
        lines.extend(titles.next().map(|title| Line::title(title, shape)));
        lines.extend(titles.map(|title| Line::title(title, "")));
        match item.kind {
            Kind::Loss => {
                lines.extend(item.notes.iter().flat_map(|note| notes(note)));
                lines.extend(item.size().map(Line::note));
            }
            _ => {
                let mut content =
                    broken(item.notes.iter().map(String::as_str), " · ", NOTE).into_iter();
                let first = content.next().unwrap_or_default();
                let size = match item.parameters {
                    0 => String::new(),
                    parameters => rounded(parameters),
                };
                if !first.is_empty() || !size.is_empty() {
                    lines.push(Line {
                        right: size,
                        ..Line::note(first)
                    });
                }
                lines.extend(content.map(Line::note));
            }
        }
        lines.extend(item.remarks().flat_map(|remark| notes(&remark)));
        Face {
            lines,
            centred: item.kind == Kind::Loss,
        }
    }

    /// Of a frame: a name with what it is, and notes.
    pub fn heading(network: &Network) -> Face {
        let mut lines = vec![Line::title(shortened(&network.name), network.what())];
        lines.extend(network.notes.iter().flat_map(|note| notes(note)));
        Face {
            lines,
            centred: false,
        }
    }

    pub fn width(&self) -> f64 {
        let widest = self.lines.iter().map(Line::width).fold(0.0, f64::max);
        (widest + 2.0 * PADDING).ceil()
    }

    pub fn height(&self) -> f64 {
        self.lines.iter().map(Line::height).sum::<f64>() + PADDING
    }
}

impl Item {
    /// `133k parameters`
    pub fn size(&self) -> Option<String> {
        let plural = if self.parameters == 1 { "" } else { "s" };
        (self.parameters > 0).then(|| format!("{} parameter{plural}", rounded(self.parameters)))
    }
}

/// `133k`, `1.19M`
fn rounded(number: u64) -> String {
    let three = |x: f64| {
        let decimals = if x < 9.995 { 2 } else { usize::from(x < 99.95) };
        format!("{x:.decimals$}")
    };
    let number = number as f64;
    match number {
        n if n < 1_000.0 => format!("{n}"),
        n if n < 999_500.0 => format!("{}k", three(n / 1e3)),
        n if n < 999_500_000.0 => format!("{}M", three(n / 1e6)),
        n => format!("{}G", three(n / 1e9)),
    }
}

/// A text in lines, broken behind commas where that is enough.
fn notes(text: &str) -> impl Iterator<Item = Line> + use<> {
    let pieces = text.split_inclusive(", ").map(str::trim_end);
    broken(pieces, " ", NOTE).into_iter().map(Line::note)
}

/// Pieces in lines, as many in each as fit; those that are too wide themselves are broken at spaces.
fn broken<'t>(pieces: impl Iterator<Item = &'t str>, joint: &str, size: f64) -> Vec<String> {
    let fits = |line: &str| width(line, size, false) <= WIDEST;
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line}{joint}{piece}")) => {
                line.push_str(joint);
                line.push_str(piece);
            }
            _ if fits(piece) => lines.push(piece.to_string()),
            _ => lines.extend(narrow(piece, &fits)),
        }
    }
    lines
}

/// A text in lines that fit, broken at spaces.
fn narrow(text: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(shortened) {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A word with its middle left out, if it is very long.
fn shortened(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() <= LONGEST {
        return word.to_string();
    }
    let half = LONGEST / 2 - 1;
    let (front, back) = (&chars[..half], &chars[chars.len() - half..]);
    front.iter().chain(['…'].iter()).chain(back).collect()
}
