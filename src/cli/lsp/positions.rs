//! Offsets in bytes, and an editor's positions.

use super::documents::uri;
use super::library;
use crate::program::load::normal;
use crate::source::{SourceFile, Sources, Span};
use lsp_types::{Location, Position, Range};
use std::path::PathBuf;

/// What an editor counts in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
}

/// How places are told to one editor.
pub struct Places {
    pub encoding: Encoding,
    /// The folder where the standard library is put for the editor to open; none if there is no such folder.
    pub library: Option<PathBuf>,
}

impl Encoding {
    fn length(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            Encoding::Utf16 => text.encode_utf16().count() as u32,
        }
    }
}

impl Places {
    /// The length of a piece of one line, as the editor counts.
    pub fn length(&self, text: &str) -> u32 {
        self.encoding.length(text)
    }

    /// Where a span lies, in a file that the editor can open.
    pub fn location(&self, sources: &Sources, span: Span) -> Option<Location> {
        let source = sources.get(span.file);
        let path = match &source.path {
            Some(path) => normal(path),
            None => library::file(self.library.as_deref()?, source)?,
        };
        Some(Location::new(uri(&path), self.range(source, span)))
    }

    pub fn position(&self, source: &SourceFile, offset: usize) -> Position {
        let line = source.position(offset).line - 1;
        let start = source.line_range(line).start;
        let before = &source.text[start..offset.clamp(start, source.text.len())];
        Position::new(line as u32, self.length(before))
    }

    pub fn range(&self, source: &SourceFile, span: Span) -> Range {
        let range = span.range();
        Range::new(
            self.position(source, range.start),
            self.position(source, range.end),
        )
    }

    /// A position behind a line's end is the end, one behind the text its end.
    pub fn offset(&self, source: &SourceFile, position: Position) -> usize {
        let line = position.line as usize;
        if line >= source.lines() {
            return source.text.len();
        }
        let range = source.line_range(line);
        let mut counted = 0;
        for (at, c) in source.text[range.clone()].char_indices() {
            if counted >= position.character {
                return range.start + at;
            }
            counted += self.encoding.length(c.encode_utf8(&mut [0; 4]));
        }
        range.end
    }
}
