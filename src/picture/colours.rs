//! The colours of a picture: those of Okabe and Ito, which colour-blind readers tell apart, and tints of them.

use super::{Item, Kind, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    pub fill: &'static str,
    pub line: &'static str,
}

pub const KNOWLEDGE: &str = "#00795a";
pub const LOSS: Colours = Colours {
    fill: "#dff3ec",
    line: KNOWLEDGE,
};
/// Of what training does not compute.
pub const PRUNED: Colours = Colours {
    fill: "#ffffff",
    line: "#9a9a9a",
};
/// Of the text there.
pub const PRUNED_INK: &str = "#6b6b6b";

impl State {
    pub const ALL: [State; 5] = [
        State::Trained,
        State::Beside,
        State::Follows,
        State::Frozen,
        State::Outside,
    ];

    pub fn colours(self) -> Colours {
        let (fill, line) = match self {
            State::Trained => ("#fdebc8", "#b87400"),
            State::Beside => ("#f6e1ed", "#a8497e"),
            State::Follows => ("#dcf0fa", "#2f86b5"),
            State::Frozen => ("#dbe7f3", "#00588f"),
            State::Outside => ("#f4f4f2", "#7a7a7a"),
        };
        Colours { fill, line }
    }
}

impl Item {
    pub fn colours(&self) -> Colours {
        match self.kind {
            _ if !self.computed => PRUNED,
            Kind::Loss => LOSS,
            _ => self.state.colours(),
        }
    }
}
