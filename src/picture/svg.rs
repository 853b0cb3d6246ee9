//! A picture as SVG.

use super::colours::{Colours, KNOWLEDGE, PRUNED_INK};
use super::layout::{self, Rect};
use super::route::Wire;
use super::text::{self, Face, NOTE, PADDING};
use super::{Flow, Item, Kind, Picture, State, legend};
use std::fmt::Write;

/// Around everything.
const MARGIN: f64 = 18.0;
const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', 'DejaVu Sans', sans-serif";
const INK: &str = "#1a1a1a";
pub const GREY: &str = "#555555";

pub fn svg(picture: &Picture) -> String {
    let top = 26.0 + 15.0 * picture.training.len() as f64 + 10.0;
    let layout = layout::layout(picture, top);
    let training = picture
        .training
        .iter()
        .map(|line| text::width(line, NOTE, false));
    let title = text::width(&picture.title, 17.0, true);
    let width = training.fold(layout.width.max(title), f64::max).ceil();
    let legend = legend::legend(picture, width);
    let height = layout.height + MARGIN + legend.height;
    let mut drawing = Drawing {
        text: String::new(),
    };
    drawing.open(picture, width + 2.0 * MARGIN, height + 2.0 * MARGIN);
    drawing.headline(picture);
    let frames = layout.frames.iter().zip(&layout.headings);
    for ((place, heading), network) in frames.zip(&picture.networks) {
        drawing.frame(place, heading, network.state);
    }
    drawing.wires(&layout.wires);
    for (item, (place, face)) in picture
        .boxes
        .iter()
        .zip(layout.places.iter().zip(&layout.faces))
    {
        drawing.item(item, place, face);
    }
    let _ = write!(
        drawing.text,
        "<g transform=\"translate(0 {})\">\n{}</g>\n",
        number(layout.height + MARGIN),
        legend.text
    );
    drawing.text.push_str("</g>\n</svg>\n");
    drawing.text
}

struct Drawing {
    text: String,
}

impl Drawing {
    fn open(&mut self, picture: &Picture, width: f64, height: f64) {
        let (w, h) = (number(width), number(height));
        let networks: Vec<String> = picture.networks.iter().map(super::Network::title).collect();
        let losses = picture.losses().map(|id| picture.boxes[id].title.as_str());
        let losses: Vec<&str> = losses.collect();
        let _ = write!(
            self.text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             aria-labelledby=\"title desc\" font-family=\"{FONTS}\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">Networks: {}. Losses: {}.</desc>\n\
             <defs>\n{}{}</defs>\n\
             <rect width=\"{w}\" height=\"{h}\" rx=\"8\" fill=\"#ffffff\"/>\n<g transform=\"translate({MARGIN} {MARGIN})\">\n",
            escaped(&picture.title),
            escaped(&networks.join("; ")),
            escaped(&losses.join("; ")),
            marker("flow", GREY),
            marker("knowledge", KNOWLEDGE),
        );
    }

    fn headline(&mut self, picture: &Picture) {
        self.words((0.0, 17.0), "start", 17.0, true, INK, &picture.title);
        for (at, line) in picture.training.iter().enumerate() {
            self.words(
                (0.0, 36.0 + 15.0 * at as f64),
                "start",
                NOTE,
                false,
                GREY,
                line,
            );
        }
    }

    fn words(
        &mut self,
        (x, y): (f64, f64),
        anchor: &str,
        size: f64,
        bold: bool,
        ink: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            "start" => String::new(),
            other => format!(" text-anchor=\"{other}\""),
        };
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{weight}{anchor} fill=\"{ink}\">{}</text>",
            number(x),
            number(y),
            escaped(text)
        );
    }

    fn frame(&mut self, place: &Rect, heading: &Face, state: State) {
        let Colours { line, .. } = state.colours();
        let _ = writeln!(
            self.text,
            "<g class=\"network\">\n<rect {} rx=\"8\" fill=\"#fafafa\" stroke=\"{line}\" stroke-opacity=\"0.55\"/>",
            corners(place)
        );
        let top = Rect {
            y: place.y + 5.0,
            height: heading.height(),
            ..*place
        };
        self.face(heading, &top, INK);
        self.text.push_str("</g>\n");
    }

    fn item(&mut self, item: &Item, place: &Rect, face: &Face) {
        let Colours { fill, line } = item.colours();
        let dashes = if item.computed || item.kind == Kind::Field {
            ""
        } else {
            " stroke-dasharray=\"4 3\""
        };
        let (class, radius, stroke) = match item.kind {
            Kind::Field => ("field", 2.0, " stroke-width=\"0.8\""),
            Kind::Part => ("part", 3.0, ""),
            Kind::Tap => ("tap", 9.0, " stroke-width=\"1.4\""),
            Kind::Loss => (
                "loss",
                (place.height / 2.0).min(16.0),
                " stroke-width=\"1.4\"",
            ),
        };
        let _ = writeln!(
            self.text,
            "<g class=\"{class}\">\n<rect {} rx=\"{}\" fill=\"{fill}\" stroke=\"{line}\"{stroke}{dashes}/>",
            corners(place),
            number(radius)
        );
        self.face(face, place, if item.computed { INK } else { PRUNED_INK });
        self.text.push_str("</g>\n");
    }

    fn face(&mut self, face: &Face, place: &Rect, ink: &str) {
        let text: f64 = face.lines.iter().map(text::Line::height).sum();
        let mut y = place.y + (place.height - text) / 2.0;
        for line in &face.lines {
            let base = y + line.height() / 2.0 + line.size() * 0.36;
            let ink = if line.title { ink } else { GREY };
            if face.centred {
                self.words(
                    (place.middle().0, base),
                    "middle",
                    line.size(),
                    line.title,
                    ink,
                    &line.left,
                );
            } else {
                let (left, right) = (place.x + PADDING, place.right() - PADDING);
                if !line.left.is_empty() {
                    self.words(
                        (left, base),
                        "start",
                        line.size(),
                        line.title,
                        ink,
                        &line.left,
                    );
                }
                if !line.right.is_empty() {
                    self.words((right, base), "end", NOTE, false, GREY, &line.right);
                }
            }
            y += line.height();
        }
    }

    fn wires(&mut self, wires: &[Wire]) {
        let order = |wire: &&Wire| wire.arrow.flow == Flow::Knowledge;
        let (knowledge, values): (Vec<&Wire>, Vec<&Wire>) = wires.iter().partition(order);
        for wire in values.into_iter().chain(knowledge) {
            let path = rounded_path(&wire.points);
            let stroke = stroke(wire.arrow.flow);
            let _ = writeln!(
                self.text,
                "<path class=\"wire\" d=\"{path}\" fill=\"none\" {stroke}/>"
            );
        }
    }
}

/// How an arrow is drawn.
pub fn stroke(flow: Flow) -> String {
    let (ink, width, dashes, head) = match flow {
        Flow::Value => (GREY, 1.1, "", "flow"),
        Flow::Knowledge => (KNOWLEDGE, 1.8, "", "knowledge"),
        Flow::Aside => (KNOWLEDGE, 1.1, " stroke-dasharray=\"3 3\"", "knowledge"),
    };
    format!("stroke=\"{ink}\" stroke-width=\"{width}\"{dashes} marker-end=\"url(#{head})\"")
}

fn marker(id: &str, ink: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.6 8 4 0 7.4z\" fill=\"{ink}\"/></marker>\n"
    )
}

/// A line through points, with its corners rounded.
fn rounded_path(points: &[(f64, f64)]) -> String {
    let mut points = points.to_vec();
    points.dedup_by(|a, b| (a.0 - b.0).abs() < 0.01 && (a.1 - b.1).abs() < 0.01);
    let towards = |from: (f64, f64), to: (f64, f64), far: f64| {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(0.001);
        let part = (far / length).min(0.5);
        (from.0 + dx * part, from.1 + dy * part)
    };
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let _ = match (at, points.get(at + 1)) {
            (0, _) => write!(path, "M{} {}", number(point.0), number(point.1)),
            (_, None) => write!(path, "L{} {}", number(point.0), number(point.1)),
            (_, Some(next)) => {
                let (a, b) = (
                    towards(*point, points[at - 1], 6.0),
                    towards(*point, *next, 6.0),
                );
                let [ax, ay, px, py, bx, by] = [a.0, a.1, point.0, point.1, b.0, b.1].map(number);
                write!(path, "L{ax} {ay}Q{px} {py} {bx} {by}")
            }
        };
    }
    path
}

fn corners(place: &Rect) -> String {
    let [x, y, width, height] = [place.x, place.y, place.width, place.height].map(number);
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

/// With at most one decimal.
pub fn number(x: f64) -> String {
    let rounded = (x * 10.0).round() / 10.0;
    format!("{rounded}")
}

/// Text of XML. Control characters, which XML does not know, are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
