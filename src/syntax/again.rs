//! A text that was read before: what an edit left as it was is not read again.
//!
//! Behind an edit, an item is read as it was wherever the reading comes to its start, for what stood before does not
//! matter. Before an edit it is read as it was if the edit is out of its sight: without a mistake, no item
//! is looked at further than to the next line of code.

use super::ast::{File, Item};
use super::items::Chunk;
use super::moved::{Move, Spans};
use super::text::Text;
use super::{Parse, items, scan};
use crate::source::SourceFile;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// How files were read last, by their names.
#[derive(Default)]
pub struct Readings(HashMap<String, Reading>);

/// How a text was read.
pub(super) struct Reading {
    source: Arc<str>,
    clean: String,
    pub parse: Parse,
    chunks: Vec<Chunk>,
}

impl Readings {
    /// What [`super::parse`] gives, sooner if little has changed since the file was read last.
    pub fn parse(&mut self, source: &SourceFile) -> Parse {
        let last = self.0.get(&source.name);
        if let Some(same) = last.filter(|last| last.is_of(source)) {
            return same.parse.clone();
        }
        let reading = Reading::of(source, last);
        let parse = reading.parse.clone();
        self.0.insert(source.name.clone(), reading);
        parse
    }

    /// A file that is not read again soon.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }
}

impl Reading {
    /// Of a text of which an earlier one may have been read.
    pub fn of(source: &SourceFile, last: Option<&Reading>) -> Reading {
        let (text, mut diagnostics) = scan::read(source);
        let read = match last.map(|last| Unchanged::between(last, &text)) {
            Some(unchanged) => items::read_again(&text, &unchanged),
            None => items::read(&text),
        };
        diagnostics.extend(read.diagnostics);
        let (id, items) = (source.id, read.items);
        let file = Rc::new(File { id, items });
        Reading {
            source: source.text.clone(),
            clean: text.clean,
            parse: Parse { file, diagnostics },
            chunks: read.chunks,
        }
    }

    fn is_of(&self, source: &SourceFile) -> bool {
        self.parse.file.id == source.id && self.source == source.text
    }
}

/// What a new text has of one that was read.
pub(super) struct Unchanged<'r> {
    last: &'r Reading,
    text: &'r Text<'r>,
    /// So many bytes at the start, and so many at the end.
    before: usize,
    behind: usize,
}

impl<'r> Unchanged<'r> {
    fn between(last: &'r Reading, text: &'r Text<'r>) -> Unchanged<'r> {
        let texts = [(&*last.source, text.source), (&last.clean, &text.clean)];
        let least = |alike: fn(&str, &str) -> usize| {
            let alike = texts.iter().map(|(old, new)| alike(old, new));
            alike.min().unwrap_or(0)
        };
        let most = last.source.len().min(text.source.len());
        let before = least(alike_at_start);
        let behind = least(alike_at_end).min(most - before);
        Unchanged {
            last,
            text,
            before,
            behind,
        }
    }

    /// The items that were read from a place on, and where what follows them starts.
    pub fn from(&self, at: usize) -> Option<(Vec<Item>, Chunk)> {
        let (old, new) = (self.last.source.len(), self.text.source.len());
        let (by, chunk) = match at < self.before {
            true => (
                0,
                self.chunk(at).filter(|chunk| self.is_out_of_sight(chunk))?,
            ),
            false if at + self.behind >= new => {
                (new as i64 - old as i64, self.chunk(at + old - new)?)
            }
            false => return None,
        };
        let mut items = self.last.parse.file.items[chunk.items.clone()].to_vec();
        items.shift(Move {
            file: self.text.file,
            by,
        });
        Some((items, chunk.moved(by)))
    }

    /// What was read from a place of the old text on, without mistakes.
    fn chunk(&self, at: usize) -> Option<&Chunk> {
        let chunks = &self.last.chunks;
        let found = chunks.binary_search_by_key(&at, |chunk| chunk.text.start);
        found
            .ok()
            .map(|index| &chunks[index])
            .filter(|chunk| chunk.sound)
    }

    /// Whether the next line of code stands before what has changed.
    fn is_out_of_sight(&self, chunk: &Chunk) -> bool {
        if chunk.text.end >= self.before {
            return false;
        }
        let line = self.text.next_line_start(chunk.text.end);
        let end = line.and_then(|line| Some(line + self.text.clean[line..].find('\n')?));
        end.is_some_and(|end| end < self.before)
    }
}

fn alike_at_start(old: &str, new: &str) -> usize {
    let both = old.bytes().zip(new.bytes());
    both.take_while(|(old, new)| old == new).count()
}

fn alike_at_end(old: &str, new: &str) -> usize {
    let both = old.bytes().rev().zip(new.bytes().rev());
    both.take_while(|(old, new)| old == new).count()
}
