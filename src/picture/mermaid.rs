//! A picture in Mermaid's language.

use super::colours::{LOSS, PRUNED, PRUNED_INK};
use super::{Flow, Item, Kind, Picture, State};
use crate::plan::yaml::quoted;
use std::fmt::Write;

pub fn mermaid(picture: &Picture) -> String {
    let mut text = format!(
        "---\ntitle: {}\n---\nflowchart TB\n",
        quoted(&picture.title)
    );
    for (at, network) in picture.networks.iter().enumerate() {
        let label = [vec![network.title()], network.notes.clone()].concat();
        let _ = writeln!(text, "  subgraph g{at}[{}]", label_of(&label));
        for (id, item) in picture.boxes_of(Some(at)) {
            let _ = writeln!(text, "    {}", node(id, item));
        }
        text.push_str("  end\n");
    }
    for (id, item) in picture.boxes_of(None) {
        let _ = writeln!(text, "  {}", node(id, item));
    }
    for arrow in &picture.arrows {
        let line = match arrow.flow {
            Flow::Value => "-->",
            Flow::Knowledge => "==>",
            Flow::Aside => "-.->",
        };
        let _ = writeln!(text, "  n{} {line} n{}", arrow.from, arrow.to);
    }
    for state in State::ALL {
        let colours = state.colours();
        let _ = writeln!(
            text,
            "  classDef {} fill:{},stroke:{},color:#1a1a1a",
            class(state),
            colours.fill,
            colours.line
        );
    }
    let _ = writeln!(
        text,
        "  classDef loss fill:{},stroke:{},color:#1a1a1a\n  classDef pruned \
         fill:{},stroke:{},color:{PRUNED_INK},stroke-dasharray:4 3",
        LOSS.fill, LOSS.line, PRUNED.fill, PRUNED.line
    );
    text
}

fn node(id: usize, item: &Item) -> String {
    let label = label_of(&item.lines());
    let (open, close) = match item.kind {
        Kind::Field => ("[/", "/]"),
        Kind::Part => ("[", "]"),
        Kind::Tap => ("(", ")"),
        Kind::Loss => ("([", "])"),
    };
    let class = match item.kind {
        _ if !item.computed => "pruned",
        Kind::Loss => "loss",
        _ => class(item.state),
    };
    format!("n{id}{open}{label}{close}:::{class}")
}

fn class(state: State) -> &'static str {
    match state {
        State::Trained => "trained",
        State::Beside => "beside",
        State::Follows => "follows",
        State::Frozen => "frozen",
        State::Outside => "outside",
    }
}

fn label_of(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!("\"{}\"", lines.join("<br/>"))
}

/// Labels are HTML, in which `#34;` is a character by its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '%' | ';' | '\\' | '{' | '}' | '|' | '*' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
