//! Pictures of experiments: those of the documentation are current, and in all of them nothing overlaps, nothing
//! is left out and every arrow leads somewhere. `KDC_BLESS=1 cargo test --test tests pictures` writes those of the
//! documentation; look at them before they are committed.

use crate::golden;
use kdc::cli::files::{Disk, walk};
use kdc::picture;
use kdc::program::experiment::Experiment;
use roxmltree::{Document, Node};
use std::path::Path;
use std::rc::Rc;

/// What the documentation shows, and one picture for each tool.
const SHOWN: &[(&str, &str)] = &[
    ("examples/hint.kd", "docs/pictures/hint.svg"),
    ("examples/fitnets.kd", "docs/pictures/fitnets.svg"),
    ("examples/deit.kd", "docs/pictures/deit.svg"),
    ("examples/simkd.kd", "docs/pictures/simkd.svg"),
    ("examples/mutual.kd", "docs/pictures/mutual.svg"),
    ("examples/zoo.kd", "docs/pictures/zoo.svg"),
    ("examples/hint.kd", "tests/picture/hint.dot"),
    ("examples/hint.kd", "tests/picture/hint.mmd"),
    ("tests/picture/odd.kd", "tests/picture/odd.svg"),
    ("tests/picture/odd.kd", "tests/picture/odd.dot"),
    ("tests/picture/odd.kd", "tests/picture/odd.mmd"),
];

struct Drawn {
    name: String,
    experiment: Rc<Experiment>,
    picture: picture::Picture,
}

fn draw(path: &Path, depths: &[Option<usize>]) -> Vec<Drawn> {
    let checked = kdc::check(&Disk, path);
    let Some((experiment, plan)) = checked.experiment.zip(checked.plan) else {
        return Vec::new();
    };
    let drawn = depths.iter().map(|depth| Drawn {
        name: format!("{} at depth {depth:?}", path.display()),
        picture: picture::compose(&experiment, &plan, *depth),
        experiment: experiment.clone(),
    });
    drawn.collect()
}

/// Every experiment here, as deep as can be read; the examples at all depths.
fn all() -> Vec<Drawn> {
    let found = |folder: &str| walk(Path::new(folder)).expect("there are files");
    let examples = [found("examples"), found("tests/picture")].concat();
    let depths = [None, Some(0), Some(1), Some(2), Some(9)];
    let mut drawn: Vec<Drawn> = examples
        .iter()
        .flat_map(|path| draw(path, &depths))
        .collect();
    drawn.extend(
        found("tests/ui")
            .iter()
            .flat_map(|path| draw(path, &[None])),
    );
    assert!(drawn.len() > 120, "only {} pictures", drawn.len());
    drawn
}

#[test]
fn pictures_are_current() {
    for (file, path) in SHOWN {
        let picture = &draw(Path::new(file), &[None])[0].picture;
        let text = match Path::new(path).extension().and_then(|e| e.to_str()) {
            Some("svg") => picture::svg(picture),
            Some("dot") => picture::dot(picture),
            _ => picture::mermaid(picture),
        };
        golden::hold(path, &text);
    }
}

/// Of two values of one name, too, only the one that is kept is marked.
#[test]
fn what_is_kept_is_marked() {
    let pretrained = &draw(Path::new("examples/pretrained.kd"), &[None])[0];
    let kept = pretrained.picture.boxes.iter().filter(|item| item.kept);
    let kept: Vec<&str> = kept.map(|item| item.title.as_str()).collect();
    assert_eq!(kept, ["logits"]);
}

#[test]
fn pictures_are_sound() {
    let mut wrong = Vec::new();
    for drawn in all() {
        let svg = picture::svg(&drawn.picture);
        let mut found = match Document::parse(&svg) {
            Ok(document) => Seen::of(&document).wrong(&drawn),
            Err(error) => vec![error.to_string()],
        };
        let (dot, mermaid) = (
            picture::dot(&drawn.picture),
            picture::mermaid(&drawn.picture),
        );
        found.extend(missing(&drawn, [&svg, &dot, &mermaid]));
        found.extend(dot.lines().filter(|line| !is_dot(line)).map(str::to_string));
        found.extend(
            mermaid
                .lines()
                .filter(|line| !is_mermaid(line))
                .map(str::to_string),
        );
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", drawn.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The edges, taps and networks of an experiment that are not in each of three formats.
fn missing(drawn: &Drawn, [svg, dot, mermaid]: [&str; 3]) -> Vec<String> {
    let experiment = &drawn.experiment;
    let losses = [
        svg.matches("class=\"loss\"").count(),
        dot.matches("shape=ellipse").count(),
        mermaid.matches("([\"").count(),
    ];
    let mut missing = Vec::new();
    if losses != [experiment.edges.len(); 3] {
        missing.push(format!("{losses:?} losses, not {}", experiment.edges.len()));
    }
    let weights = experiment
        .edges
        .iter()
        .map(|edge| format!("weight {}", edge.weight));
    // a long one is broken behind a comma
    let weights = weights.map(|weight| weight.split(',').next().unwrap_or_default().to_string());
    let taps = experiment.taps.iter().map(|tap| tap.name.clone());
    for name in weights.chain(taps) {
        let there = |text: &&str| text.replace("#42;", "*").contains(&name);
        if ![svg, dot, mermaid].iter().all(there) {
            missing.push(format!("`{name}` is missing"));
        }
    }
    for network in &experiment.networks {
        if !dot.contains(&network.name) || !mermaid.contains(&network.name) {
            missing.push(format!("the network `{}` is missing", network.name));
        }
    }
    missing
}

/// Whether every string of a line ends.
fn is_dot(line: &str) -> bool {
    let plain = line.replace("\\\\", "").replace("\\\"", "");
    plain.matches('"').count().is_multiple_of(2)
}

/// Whether a line has at most one label, and this nothing that would not be a label's text.
fn is_mermaid(line: &str) -> bool {
    let parts: Vec<&str> = line.split('"').collect();
    match parts.as_slice() {
        [_] => true,
        [_, label, _] => !label.replace("<br/>", "").contains(['<', '>', '`', '&']),
        _ => false,
    }
}

#[derive(Clone, Copy, Debug)]
struct Rect {
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

impl Rect {
    fn of(node: Node) -> Rect {
        let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let (x, y) = (number("x"), number("y"));
        Rect {
            x,
            y,
            right: x + number("width"),
            bottom: y + number("height"),
        }
    }

    /// Whether they have more in common than what rounding explains.
    fn meets(&self, other: &Rect) -> bool {
        let wide = self.right.min(other.right) - self.x.max(other.x);
        let high = self.bottom.min(other.bottom) - self.y.max(other.y);
        wide > 0.3 && high > 0.3
    }

    fn contains(&self, other: &Rect) -> bool {
        self.x <= other.x
            && other.right <= self.right
            && self.y <= other.y
            && other.bottom <= self.bottom
    }

    /// Whether a point lies on the border.
    fn touches(&self, (x, y): (f64, f64)) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 0.3;
        let (across, along) = (
            self.x - 0.3 <= x && x <= self.right + 0.3,
            self.y - 0.3 <= y && y <= self.bottom + 0.3,
        );
        (across && (near(y, self.y) || near(y, self.bottom)))
            || (along && (near(x, self.x) || near(x, self.right)))
    }
}

/// A text as Helvetica sets it, bold and so at its widest.
fn set(node: Node) -> Rect {
    #[rustfmt::skip]
    const WIDTHS: [u16; 95] = [
        278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
        556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778,
        722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333,
        278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
        611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
    ];
    let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let width = |c: char| match (c as usize).checked_sub(32) {
        Some(at) if at < WIDTHS.len() => f64::from(WIDTHS[at]),
        _ => 1000.0,
    };
    let (x, y, size) = (number("x"), number("y"), number("font-size"));
    let wide = node
        .text()
        .unwrap_or_default()
        .chars()
        .map(width)
        .sum::<f64>()
        * size
        / 1000.0;
    let x = match node.attribute("text-anchor") {
        Some("middle") => x - wide / 2.0,
        Some("end") => x - wide,
        _ => x,
    };
    Rect {
        x,
        y: y - 0.75 * size,
        right: x + wide,
        bottom: y + 0.22 * size,
    }
}

/// What a reader of the picture sees.
struct Seen {
    page: Rect,
    frames: Vec<(Rect, Vec<Rect>)>,
    boxes: Vec<(Rect, Vec<Rect>)>,
    /// Lines with their corners, before these are rounded.
    wires: Vec<Vec<(f64, f64)>>,
    title: String,
    links: usize,
}

impl Seen {
    fn of(document: &Document) -> Seen {
        let root = document.root_element();
        let groups = |classes: &'static [&str]| {
            let nodes = root.descendants().filter(|n| n.is_element());
            let groups =
                nodes.filter(|n| n.attribute("class").is_some_and(|c| classes.contains(&c)));
            groups.map(|group| {
                let rect = group
                    .children()
                    .find(|n| n.has_tag_name("rect"))
                    .expect("a box");
                let texts = group.children().filter(|n| n.has_tag_name("text"));
                (Rect::of(rect), texts.map(set).collect())
            })
        };
        let lines = root
            .descendants()
            .filter(|n| n.attribute("class") == Some("wire"));
        let number = |name: &str| root.attribute(name).unwrap().parse::<f64>().unwrap();
        let attributes = root.descendants().flat_map(|n| n.attributes());
        Seen {
            page: Rect {
                x: -18.0,
                y: -18.0,
                right: number("width") - 18.0,
                bottom: number("height") - 18.0,
            },
            frames: groups(&["network"]).collect(),
            boxes: groups(&["field", "part", "tap", "loss"]).collect(),
            wires: lines
                .map(|line| corners(line.attribute("d").unwrap()))
                .collect(),
            title: root
                .descendants()
                .find(|n| n.has_tag_name("title"))
                .and_then(|n| n.text())
                .unwrap_or("")
                .to_string(),
            links: attributes
                .filter(|a| a.name() == "href" || a.value().contains("://"))
                .count(),
        }
    }

    fn wrong(&self, drawn: &Drawn) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut unless = |holds: bool, what: String| {
            if !holds {
                wrong.push(what);
            }
        };
        unless(
            self.title == drawn.picture.title,
            format!("the title is {}", self.title),
        );
        unless(self.links == 0, "it refers to something outside".into());
        unless(
            self.wires.len() == drawn.picture.arrows.len(),
            "not every arrow is there".into(),
        );
        unless(
            self.boxes.len() == drawn.picture.boxes.len(),
            "not every box is there".into(),
        );
        for (at, (one, texts)) in self.boxes.iter().enumerate() {
            unless(
                self.page.contains(one),
                format!("{one:?} is not on the page"),
            );
            for (other, _) in &self.boxes[..at] {
                unless(!one.meets(other), format!("{one:?} overlaps {other:?}"));
            }
            for (frame, _) in &self.frames {
                unless(
                    !one.meets(frame) || frame.contains(one),
                    format!("{one:?} stands on a border"),
                );
            }
            let name = |at: usize| &drawn.picture.boxes[at].title;
            for wire in &self.wires {
                let crossed = wire
                    .windows(2)
                    .any(|part| within(one).meets(&segment(part[0], part[1])));
                unless(!crossed, format!("an arrow crosses {}", name(at)));
            }
            unless(!texts.is_empty(), format!("nothing stands in {}", name(at)));
        }
        for (one, texts) in self.boxes.iter().chain(&self.frames) {
            for (at, text) in texts.iter().enumerate() {
                unless(
                    one.contains(text),
                    format!("the text {text:?} leaves its box {one:?}"),
                );
                for other in &texts[..at] {
                    unless(!text.meets(other), format!("{text:?} overlaps {other:?}"));
                }
            }
        }
        for (frame, texts) in &self.frames {
            for text in texts {
                let over = self.boxes.iter().any(|(one, _)| one.meets(text));
                unless(!over, format!("a box lies over {text:?} of {frame:?}"));
            }
        }
        for (wire, arrow) in self.wires.iter().zip(order(&drawn.picture)) {
            let (from, to) = (&self.boxes[arrow.from].0, &self.boxes[arrow.to].0);
            let (first, last) = (wire[0], wire[wire.len() - 1]);
            unless(
                from.touches(first),
                format!("{arrow:?} starts at {first:?}, not at {from:?}"),
            );
            unless(
                to.touches(last),
                format!("{arrow:?} ends at {last:?}, not at {to:?}"),
            );
        }
        wrong
    }
}

/// Arrows as they are drawn: knowledge above the rest.
fn order(picture: &picture::Picture) -> impl Iterator<Item = &picture::Arrow> {
    let arrows = || picture.arrows.iter();
    let knowledge = |arrow: &&picture::Arrow| arrow.flow == picture::Flow::Knowledge;
    arrows()
        .filter(move |a| !knowledge(a))
        .chain(arrows().filter(knowledge))
}

/// A little less than a box.
fn within(one: &Rect) -> Rect {
    Rect {
        x: one.x + 1.0,
        y: one.y + 1.0,
        right: one.right - 1.0,
        bottom: one.bottom - 1.0,
    }
}

/// With the thickness of a line.
fn segment(a: (f64, f64), b: (f64, f64)) -> Rect {
    Rect {
        x: a.0.min(b.0) - 0.5,
        y: a.1.min(b.1) - 0.5,
        right: a.0.max(b.0) + 0.5,
        bottom: a.1.max(b.1) + 0.5,
    }
}

/// The points of a path of straight lines and rounded corners.
fn corners(path: &str) -> Vec<(f64, f64)> {
    let numbers = path
        .split(|c: char| c.is_ascii_alphabetic() || c == ' ')
        .filter(|n| !n.is_empty());
    let numbers: Vec<f64> = numbers.map(|n| n.parse().unwrap()).collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}
