//! A picture in Graphviz' language.

use super::colours::{KNOWLEDGE, PRUNED_INK};
use super::{Flow, Item, Kind, Picture};
use std::fmt::Write;

pub fn dot(picture: &Picture) -> String {
    let mut text = format!(
        "digraph {} {{\n  graph [rankdir=TB, fontname=\"Helvetica\", label={}, labelloc=t]\n  \
         node [shape=box, style=filled, fontname=\"Helvetica\", fontsize=11]\n  \
         edge [fontname=\"Helvetica\", fontsize=10]\n",
        quoted(&picture.title),
        quoted(&format!(
            "{}\n{}",
            picture.title,
            picture.training.join("\n")
        )),
    );
    for (at, network) in picture.networks.iter().enumerate() {
        let label = format!("{}\n{}", network.title(), network.notes.join("\n"));
        let _ = write!(
            text,
            "  subgraph cluster_{at} {{\n    label={}\n    style=rounded\n    color=\"{}\"\n",
            quoted(&label),
            network.state.colours().line
        );
        for (id, item) in picture.boxes_of(Some(at)) {
            let _ = writeln!(text, "    {}", node(id, item));
        }
        text.push_str("  }\n");
    }
    for (id, item) in picture.boxes_of(None) {
        let _ = writeln!(text, "  {}", node(id, item));
    }
    for arrow in &picture.arrows {
        let style = match arrow.flow {
            Flow::Value => String::new(),
            Flow::Knowledge => format!(" [penwidth=2, color=\"{KNOWLEDGE}\"]"),
            Flow::Aside => format!(" [style=dashed, color=\"{KNOWLEDGE}\"]"),
        };
        let _ = writeln!(text, "  n{} -> n{}{style}", arrow.from, arrow.to);
    }
    text.push_str("}\n");
    text
}

fn node(id: usize, item: &Item) -> String {
    let colours = item.colours();
    let shape = match item.kind {
        Kind::Field => ", shape=plaintext",
        Kind::Part => "",
        Kind::Tap => ", style=\"filled,rounded\"",
        Kind::Loss => ", shape=ellipse",
    };
    let dashed = match item.computed {
        true => String::new(),
        false => format!(", style=\"filled,dashed\", fontcolor=\"{PRUNED_INK}\""),
    };
    format!(
        "n{id} [label={}, fillcolor=\"{}\", color=\"{}\"{shape}{dashed}]",
        quoted(&item.lines().join("\n")),
        colours.fill,
        colours.line
    )
}

impl Item {
    /// All that is said of it, for formats that lay text out themselves.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title.clone()];
        match self.kind {
            Kind::Loss => lines.extend(self.notes.iter().cloned()),
            _ if !self.notes.is_empty() => lines.push(self.notes.join(" · ")),
            _ => {}
        }
        lines.extend(self.remarks());
        lines.extend(self.size());
        if !self.shape.is_empty() {
            lines.push(self.shape.clone());
        }
        lines
    }
}

/// A string, with line breaks as Graphviz writes them.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
