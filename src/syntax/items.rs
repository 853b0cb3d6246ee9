//! The items of a text, read by as many threads as it has long pieces.
//!
//! What follows an item's end is read alike whatever stood before. So a thread starts at a line that looks like an
//! item's, and what it read counts if the reading of the text before it comes to that very place; if not, as where
//! the line lies in brackets, that reading goes on.

use super::again::Unchanged;
use super::ast::Item;
use super::grammar;
use super::lower::Lower;
use super::scan::starts_item;
use super::text::Text;
use crate::diag::{Code, Diagnostic};
use std::ops::Range;
use std::thread::{self, Builder};

/// Bytes of a piece that is worth a thread: starting one costs as much as reading a few lines.
const PIECE: usize = 16 * 1024;
/// Of a thread, for the deepest nesting.
const STACK: usize = 8 * 1024 * 1024;

/// What was read, and what is wrong with it.
pub(super) struct Read {
    pub items: Vec<Item>,
    pub diagnostics: Vec<Diagnostic>,
    pub chunks: Vec<Chunk>,
}

/// What is read at once: mostly one item, with what stands before it.
#[derive(Clone)]
pub(super) struct Chunk {
    pub text: Range<usize>,
    /// Which of all items.
    pub items: Range<usize>,
    /// Whether nothing had to be said of it.
    pub sound: bool,
}

impl Chunk {
    pub fn moved(&self, by: i64) -> Chunk {
        let moved = |at: usize| (at as i64 + by) as usize;
        Chunk {
            text: moved(self.text.start)..moved(self.text.end),
            ..self.clone()
        }
    }
}

/// All items of a text.
pub(super) fn read(text: &Text) -> Read {
    let threads = match text.clean.len() / PIECE {
        0 | 1 => 1,
        pieces => thread::available_parallelism().map_or(1, |most| pieces.min(most.get())),
    };
    read_in(pieces(text, threads), text)
}

/// About so many pieces of like length, each but the first from a line on that looks like an item's.
fn pieces(text: &Text, count: usize) -> Vec<Range<usize>> {
    let length = text.clean.len();
    let starts = (1..count).filter_map(|piece| {
        let from = length * piece / count;
        let lines = text.clean.as_bytes()[from..].iter().enumerate();
        let mut lines = lines.filter(|(_, byte)| **byte == b'\n');
        lines.find_map(|(end, _)| {
            let line = from + end + 1;
            let item = text.clean.get(line..).is_some_and(starts_item);
            item.then_some(line)
        })
    });
    let mut bounds: Vec<usize> = std::iter::once(0).chain(starts).chain([length]).collect();
    bounds.dedup();
    bounds.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// All items of a text that was read before.
pub(super) fn read_again(text: &Text, unchanged: &Unchanged) -> Read {
    let mut reader = Reader::new(text, 0);
    while reader.at < text.clean.len() {
        match unchanged.from(reader.at) {
            Some((items, chunk)) if !reader.lower.inner_items => reader.add(items, chunk),
            _ => reader.read_next(),
        }
    }
    reader.finish()
}

fn read_in(pieces: Vec<Range<usize>>, text: &Text) -> Read {
    let piece_read = move |piece: Range<usize>| {
        let mut reader = Reader::new(text, piece.start);
        reader.read_to(piece.end);
        reader
    };
    let mut pieces = pieces.into_iter();
    let first = pieces.next().unwrap_or_default();
    thread::scope(|scope| {
        let start = |piece: Range<usize>| {
            let (thread, work) = (Builder::new().stack_size(STACK), piece.clone());
            (piece, thread.spawn_scoped(scope, move || piece_read(work)))
        };
        let others: Vec<_> = pieces.map(start).collect();
        let mut all = piece_read(first);
        for (piece, thread) in others {
            match thread.ok().and_then(|thread| thread.join().ok()) {
                Some(read) if all.is_before(piece.start) => all.append(read),
                _ => all.read_to(piece.end),
            }
        }
        all.finish()
    })
}

struct Reader<'t> {
    lower: Lower<'t>,
    items: Vec<Item>,
    chunks: Vec<Chunk>,
    /// Up to where the text is read.
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t Text<'t>, at: usize) -> Reader<'t> {
        Reader {
            lower: Lower::new(text),
            items: Vec::new(),
            chunks: Vec::new(),
            at,
        }
    }

    /// Reads the items that start before `end`.
    fn read_to(&mut self, end: usize) {
        while self.at < end && !self.is_before(end) {
            self.read_next();
        }
    }

    fn read_next(&mut self) {
        let text = self.lower.text;
        let (first, said) = (self.items.len(), self.lower.said());
        let next = grammar::next_item(&text.clean[self.at..]);
        let length = next.as_ref().map_or(0, |pair| pair.as_span().end());
        let end = match next {
            Ok(pair) if length > 0 => {
                self.lower.items(pair, self.at, &mut self.items);
                self.at + length
            }
            // Only if the grammar did not accept every text after all.
            Ok(_) | Err(_) => {
                let at = self.at + next.err().unwrap_or(0);
                self.lower.report(
                    Diagnostic::new(Code::E0001, "the text cannot be read from here on")
                        .at(text.span(at..at), "nothing fits here"),
                );
                text.clean.len()
            }
        };
        self.chunks.push(Chunk {
            text: self.at..end,
            items: first..self.items.len(),
            sound: self.lower.said() == said && !self.lower.inner_items,
        });
        self.at = end;
    }

    /// Whether what comes next starts at a place, and is read as by a thread that starts there.
    fn is_before(&self, start: usize) -> bool {
        self.lower.text.next_line_start(self.at) == Some(start) && !self.lower.inner_items
    }

    /// Takes over what was read of the text behind.
    fn append(&mut self, next: Reader<'t>) {
        let first = self.items.len();
        self.chunks
            .extend(next.chunks.into_iter().map(|chunk| Chunk {
                items: first + chunk.items.start..first + chunk.items.end,
                ..chunk
            }));
        self.lower.append(next.lower);
        self.items.extend(next.items);
        self.at = next.at;
    }

    /// Takes over what was read of the same text at another time.
    fn add(&mut self, items: Vec<Item>, chunk: Chunk) {
        let first = self.items.len();
        self.items.extend(items);
        self.at = chunk.text.end;
        self.chunks.push(Chunk {
            items: first..self.items.len(),
            ..chunk
        });
    }

    fn finish(self) -> Read {
        Read {
            items: self.items,
            diagnostics: self.lower.finish(),
            chunks: self.chunks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::syntax::scan;

    const TEXT: &str = include_str!("../../examples/fitnets.kd");

    /// However a text is cut, it is read alike, damaged or not.
    #[test]
    fn pieces_are_read_as_the_whole() {
        let (mut joined, mut texts) = (0, 0);
        for at in (0..TEXT.len())
            .step_by(11)
            .filter(|at| TEXT.is_char_boundary(*at))
        {
            for put in [
                "", "{", "}", "(", ")", "\"", "\n", ";", "= ", "/*", "model X ",
            ] {
                let damaged = format!("{}{put}{}", &TEXT[..at], TEXT.get(at + 1..).unwrap_or(""));
                texts += 1;
                joined += usize::from(is_read_alike(&damaged));
            }
        }
        assert!(
            joined * 2 > texts,
            "{joined} of {texts} were read in pieces"
        );
    }

    /// Whether some piece's reading counted.
    fn is_read_alike(text: &str) -> bool {
        let mut sources = Sources::default();
        let file = sources.add("pieces.kd".to_string(), None, text);
        let (text, _) = scan::read(sources.get(file));
        let pieces = super::pieces(&text, 5);
        let whole = read_in(super::pieces(&text, 1), &text);
        let several = read_in(pieces.clone(), &text);
        let told = |read: &Read| format!("{:?}\n{:?}", read.items, read.diagnostics);
        assert_eq!(told(&whole), told(&several), "{}", text.source);
        let mut starts = whole.items.iter().map(|item| item.span.start as usize);
        pieces.len() > 1 && starts.any(|start| start == pieces[1].start)
    }
}
