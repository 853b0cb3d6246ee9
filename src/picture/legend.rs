//! What the colours and lines of a picture mean; only of those that appear.

use super::colours::{Colours, LOSS, PRUNED};
use super::svg::{GREY, number, stroke};
use super::text::{self, NOTE};
use super::{Flow, Kind, Picture, State};
use std::fmt::Write;

/// Of a row.
const ROW: f64 = 20.0;
/// How wide a sample is, with what is between it and its words, and behind these.
const SAMPLE: f64 = 26.0;
const BEFORE_WORDS: f64 = 7.0;
const BEHIND_WORDS: f64 = 16.0;

pub struct Legend {
    pub text: String,
    pub height: f64,
}

/// In as many rows as the width makes necessary.
pub fn legend(picture: &Picture, width: f64) -> Legend {
    let mut text = String::new();
    let (mut x, mut y) = (0.0, 0.0);
    for (drawn, words) in boxes(picture).into_iter().chain(arrows(picture)) {
        let room = SAMPLE + BEFORE_WORDS + text::width(words, NOTE, false) + BEHIND_WORDS;
        if x > 0.0 && x + room > width {
            (x, y) = (0.0, y + ROW);
        }
        let _ = writeln!(
            text,
            "<g class=\"legend\" transform=\"translate({} {})\">{drawn}<text x=\"{}\" y=\"12\" \
             font-size=\"{NOTE}\" fill=\"{GREY}\">{words}</text></g>",
            number(x),
            number(y),
            number(SAMPLE + BEFORE_WORDS)
        );
        x += room;
    }
    Legend {
        text,
        height: y + ROW,
    }
}

type Entry = (String, &'static str);

fn boxes(picture: &Picture) -> Vec<Entry> {
    let sample = |colours: Colours, more: &str| {
        let Colours { fill, line } = colours;
        format!(
            "<rect y=\"2\" width=\"{SAMPLE}\" height=\"12\" fill=\"{fill}\" stroke=\"{line}\" {more}/>"
        )
    };
    let mut entries: Vec<Entry> = Vec::new();
    for (state, words) in [
        (State::Trained, "trained"),
        (State::Beside, "trained, dropped on export"),
        (State::Follows, "running mean of a student"),
        (State::Frozen, "frozen"),
    ] {
        let mut boxes = picture.boxes.iter().filter(|item| item.kind != Kind::Loss);
        if boxes.any(|item| item.state == state && item.computed) {
            entries.push((sample(state.colours(), "rx=\"3\""), words));
        }
    }
    if picture.boxes.iter().any(|item| !item.computed) {
        let dashed = sample(PRUNED, "rx=\"3\" stroke-dasharray=\"4 3\"");
        entries.push((dashed, "not computed in training"));
    }
    entries.push((sample(LOSS, "rx=\"6\""), "loss"));
    entries
}

fn arrows(picture: &Picture) -> Vec<Entry> {
    let all = [
        (Flow::Value, "tensor"),
        (Flow::Knowledge, "knowledge"),
        (Flow::Aside, "read by the loss"),
    ];
    let there = |flow: Flow| picture.arrows.iter().any(|arrow| arrow.flow == flow);
    let shown = all.into_iter().filter(|(flow, _)| there(*flow));
    let drawn = shown.map(|(flow, words)| {
        (
            format!("<path d=\"M0 8H{SAMPLE}\" {}/>", stroke(flow)),
            words,
        )
    });
    drawn.collect()
}
