//! What fits nothing: why, and what can be kept of it.

mod braces;
mod explain;
mod keep;
mod known;

pub(in crate::syntax) use keep::{poison_field, poison_item, poison_setting, poison_stmt};

use super::grammar::Rule;
/// What should have stood where the junk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::syntax) enum Place {
    Item,
    Stmt,
    Field,
    Setting,
    Param,
    Arg,
    /// A part of a list or of brackets.
    Part,
}

pub(in crate::syntax) const EDGE_EXAMPLE: &str =
    "an edge is written `edge deep.logits ~> light.logits by soft_target(T: 4)  weight 0.9`";

/// The words that items start with.
pub(in crate::syntax) const ITEM_WORDS: [&str; 12] = [
    "use", "model", "loss", "fn", "data", "teacher", "student", "tap", "edge", "train", "settings",
    "output",
];
pub(in crate::syntax) const STMT_WORDS: [&str; 7] = [
    "input", "output", "param", "state", "update", "init", "require",
];

impl Place {
    fn rule(self) -> Rule {
        match self {
            Place::Item => Rule::only_item,
            Place::Stmt => Rule::only_stmt,
            Place::Field => Rule::only_field,
            Place::Setting => Rule::only_setting,
            Place::Param => Rule::only_param,
            Place::Arg => Rule::only_arg,
            Place::Part => Rule::only_part,
        }
    }

    /// What ends it.
    fn end(self) -> &'static str {
        match self {
            Place::Item | Place::Stmt => "the end of the line",
            Place::Field | Place::Setting => "`,` or a new line",
            Place::Param | Place::Arg | Place::Part => "`,`",
        }
    }
}
