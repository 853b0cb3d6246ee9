//! The call whose brackets are open at a place, told from the text before it, which need not be whole.

use super::Analysis;
use super::callee::Callee;

/// A call that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'t> {
    pub callee: &'t str,
    pub place: Place,
    /// The pieces so far, the last one not whole.
    pub arguments: Vec<&'t str>,
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
    let mut depth = 0;
    let mut ends = vec![text.len()];
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' if depth == 0 => {
                let before = &text[..at];
                let start = before.trim_end_matches(is_word).len();
                let callee = Some(&before[start..]).filter(|name| !name.is_empty())?;
                let mut arguments = Vec::new();
                let mut from = at + 1;
                for end in ends.into_iter().rev() {
                    arguments.push(text[from..end].trim());
                    from = (end + 1).min(text.len());
                }
                return Some(Call {
                    callee,
                    place: place(before[..start].trim_end()),
                    arguments,
                });
            }
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            '[' | '{' => return None,
            ',' if depth == 0 => ends.push(at),
            _ => {}
        }
    }
    None
}

fn place(before: &str) -> Place {
    match before.strip_suffix("by") {
        Some(rest) if !rest.ends_with(is_word) => Place::Loss,
        _ if before.ends_with("->") => Place::Piped,
        _ => Place::Alone,
    }
}

pub fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

pub fn help(analysis: &Analysis, offset: usize) -> Option<Help> {
    let text = &analysis.sources.get(analysis.file()).text;
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
    let name = |argument: &str| {
        let (name, _) = argument.split_once(':')?;
        let slots = &callee.slots;
        slots.iter().position(|slot| slot.name == name.trim_end())
    };
    let (last, before) = call.arguments.split_last()?;
    if let Some(named) = name(last) {
        return Some(named);
    }
    let unnamed = before.iter().filter(|argument| name(argument).is_none());
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
        assert_eq!(call.arguments, ["f(1, 2)", "kernel: (3, 3)", "pad"]);
        assert_eq!(open("f(").unwrap().arguments, [""]);
        assert_eq!(open("f(a)"), None);
        assert_eq!(open("x = (1, "), None);
        assert_eq!(open("f([1, 2"), None);
    }
}
