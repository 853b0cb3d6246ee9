//! The call whose brackets are open at a place, told from the text before it, which need not be whole.

use super::Analysis;
use super::callee::Callee;
use crate::format::tokens::{self, Kind, Token};

/// A call that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'t> {
    pub callee: &'t str,
    pub place: Place,
    /// The names of the arguments so far, the last one not whole.
    pub arguments: Vec<Option<&'t str>>,
}

/// What stands before the callee, which fills inputs of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind `->`: the first.
    Piped,
    /// Behind `by`: all.
    Loss,
    /// None.
    Alone,
}

/// What the callee takes, and which of it is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Help {
    /// `conv2d(x: [N, C, H, W], channels: int, …)`
    pub signature: String,
    /// Of each slot, where it stands in the signature, in bytes, and what it means.
    pub slots: Vec<(std::ops::Range<usize>, String)>,
    pub active: Option<usize>,
    pub doc: String,
}

/// The innermost open call of a text.
pub fn open(text: &str) -> Option<Call<'_>> {
    let tokens = tokens::tokens(text);
    let commented = unfinished(text, &tokens).is_some_and(|token| token.kind == Kind::Comment);
    let mut depth = 0;
    let mut end = tokens.len();
    let mut arguments = Vec::new();
    for (at, token) in tokens.iter().enumerate().rev() {
        if token.kind != Kind::Sign {
            continue;
        }
        match token.text {
            ")" | "]" | "}" => depth += 1,
            "(" | "[" | "{" if depth > 0 => depth -= 1,
            "(" if !commented => {
                arguments.push(name(&tokens[at + 1..end]));
                arguments.reverse();
                let (callee, before) = tokens[..at].split_last()?;
                let called = callee.kind == Kind::Word && touches(token);
                return called.then(|| Call {
                    callee: callee.text.trim_matches('`'),
                    place: place(before),
                    arguments,
                });
            }
            "(" | "[" | "{" => return None,
            "," if depth == 0 => {
                arguments.push(name(&tokens[at + 1..end]));
                end = at;
            }
            _ => {}
        }
    }
    None
}

/// The comment or string in which a text breaks off.
pub fn unfinished<'t>(text: &str, tokens: &[Token<'t>]) -> Option<Token<'t>> {
    let last = *tokens.last()?;
    let goes_on = match last.kind {
        Kind::Comment => true,
        Kind::String => last.is_open(),
        _ => false,
    };
    let line_ended = text[last.start(text)..].contains(['\n', '\r']);
    (goes_on && !line_ended).then_some(last)
}

/// The name that an argument is given by.
fn name<'t>(argument: &[Token<'t>]) -> Option<&'t str> {
    let mut words = argument.iter().filter(|token| token.kind != Kind::Comment);
    let name = words.next().filter(|token| token.kind == Kind::Word)?;
    (words.next()?.text == ":").then_some(name.text)
}

/// Whether nothing stands between a token and the one before.
fn touches(token: &Token) -> bool {
    token.line_ends == 0 && !token.blank_before
}

fn place(before: &[Token]) -> Place {
    match before.last().map(|token| token.text) {
        Some("by") => Place::Loss,
        Some("->") => Place::Piped,
        _ => Place::Alone,
    }
}

pub fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

pub fn help(analysis: &Analysis, offset: usize) -> Option<Help> {
    let text = &analysis.source().text;
    let call = open(text.get(..offset)?)?;
    let callee = Callee::named(analysis, call.callee)?;
    let signature = callee.signature();
    let mut at = callee.name.len() + 1;
    let slots = callee.slots.iter().map(|slot| {
        let range = at..at + slot.written.len();
        at = range.end + ", ".len();
        (range, slot.doc.clone())
    });
    Some(Help {
        slots: slots.collect(),
        signature,
        active: active(&callee, &call),
        doc: callee.doc,
    })
}

/// The slot that the last argument fills: the one that it names, else the next that takes values without a name.
fn active(callee: &Callee, call: &Call) -> Option<usize> {
    let position = |name: &str| callee.slots.iter().position(|slot| slot.name == name);
    let (last, before) = call.arguments.split_last()?;
    if let Some(named) = last.and_then(position) {
        return Some(named);
    }
    let unnamed = before.iter().filter(|argument| argument.is_none());
    let positional = callee.slots.iter().enumerate();
    let mut positional = positional.filter(|(_, slot)| slot.positional);
    let inputs = callee.slots.iter().filter(|slot| slot.input).count();
    let filled = match call.place {
        Place::Piped => inputs.min(1),
        Place::Loss => inputs,
        Place::Alone => 0,
    };
    Some(positional.nth(filled + unnamed.count())?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_open_call_with_its_arguments() {
        let call = open("a = x -> conv2d(f(1, 2), kernel: (3, 3), pad").unwrap();
        assert_eq!((call.callee, call.place), ("conv2d", Place::Piped));
        assert_eq!(call.arguments, [None, Some("kernel"), None]);
        assert_eq!(open("f(").unwrap().arguments, [None]);
        assert_eq!(open("f(a)"), None);
        assert_eq!(open("x = (1, "), None);
        assert_eq!(open("f([1, 2"), None);
    }

    #[test]
    fn brackets_in_strings_and_comments_open_nothing() {
        let call = open("folder(\"a),(//b\", // (c: d\n  split: \"x").unwrap();
        assert_eq!(call.callee, "folder");
        assert_eq!(call.arguments, [None, Some("split")]);
        assert_eq!(open("f(a, // b"), None);
        assert_eq!(open("f(a, // b\n").unwrap().arguments, [None, None]);
        assert_eq!(open("f(\"a\\\"(").unwrap().callee, "f");
    }
}
