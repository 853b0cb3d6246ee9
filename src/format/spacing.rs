//! How many blanks stand between two tokens of a line.

use super::tokens::{Kind, Token};
use crate::syntax::is_keyword;

/// What an expression may follow directly, as a word of its own.
const RESERVED: [&str; 8] = ["if", "else", "for", "in", "and", "or", "not", "as"];

/// The brackets around a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    Nothing,
    Round,
    Square,
    Brace,
    /// The braces of `use library::{A, B}`.
    Names,
}

/// Around the inside of the bracket that `token` opens, `before` being the token before it.
pub fn opened(before: Option<&Token>, token: &Token) -> Option<Around> {
    match token.text {
        _ if token.kind != Kind::Sign => None,
        "(" => Some(Around::Round),
        "[" => Some(Around::Square),
        "{" if before.is_some_and(|before| before.text == "::") => Some(Around::Names),
        "{" => Some(Around::Brace),
        _ => None,
    }
}

pub fn closes(token: &Token) -> bool {
    token.kind == Kind::Sign && matches!(token.text, ")" | "]" | "}")
}

/// Blanks between `tokens[at - 1]` and `tokens[at]`, which stand on one line, in brackets as `around` says.
pub fn blanks(tokens: &[Token], at: usize, around: Around) -> usize {
    let (before, token) = (&tokens[at - 1], &tokens[at]);
    let tight = match (before.text, token.text) {
        _ if token.kind == Kind::Comment => return 2,
        ("(" | "[", _) | (_, ")" | "]" | ",") => true,
        ("{", "}") => true,
        ("{", _) | (_, "}") => around == Around::Names,
        (",", _) => false,
        ("." | ".." | "::" | "^", _) | (_, "." | "::" | "^" | ":") => true,
        (":", _) => around == Around::Square,
        (_, "(" | "[") if before.kind == Kind::Word => calls(before, token),
        (")" | "]", "(" | "[") => true,
        ("-", _) => is_prefix(tokens, at - 1),
        _ => false,
    };
    usize::from(!tight)
}

/// Whether a bracket behind a word is its call or index.
fn calls(word: &Token, bracket: &Token) -> bool {
    let apart = RESERVED.contains(&word.text) || is_keyword(word.text) && bracket.blank_before;
    !apart
}

/// Whether the `-` negates what follows.
fn is_prefix(tokens: &[Token], minus: usize) -> bool {
    let Some(before) = minus.checked_sub(1).map(|at| &tokens[at]) else {
        return true;
    };
    // A line that starts with an operator goes on with the one before.
    if tokens[minus].line_ends > 0 && !matches!(before.text, "(" | "[" | "{" | "," | "=" | ":") {
        return false;
    }
    match before.kind {
        Kind::Sign => !closes(before),
        Kind::Word if is_keyword(before.text) => {
            tokens[minus].blank_before && !tokens[minus + 1].blank_before
        }
        Kind::Word => RESERVED.contains(&before.text),
        Kind::Number | Kind::String | Kind::Comment => false,
    }
}
