//! Source text, places in it, and where it comes from.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of the current compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file, always on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, range: Range<usize>) -> Span {
        Span {
            file,
            start: range.start as u32,
            end: range.end as u32,
        }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both. Both must be of one file.
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span just before this one.
    pub fn before(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The empty span just after this one.
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.0, self.start, self.end)
    }
}

/// A human position: 1-based line, and 1-based column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// One file's text and its lines.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub id: FileId,
    /// What messages call it: the path as the user gave it.
    pub name: String,
    /// Where it was read from; none for text that is no file (the standard library, stdin).
    pub path: Option<PathBuf>,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self
            .line_starts
            .partition_point(|&start| start as usize <= offset)
            - 1;
        let start = self.line_starts[line] as usize;
        let mut before = &self.text[start..offset];
        // A byte order mark is no character of the first line.
        before = before.strip_prefix('\u{feff}').unwrap_or(before);
        Position {
            line: line + 1,
            column: before.chars().count() + 1,
        }
    }

    /// The number of lines. A last line end starts another, empty line.
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }

    /// The bytes of a 0-based line, without its end.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_starts[line] as usize;
        let end = self
            .line_starts
            .get(line + 1)
            .map_or(self.text.len(), |&next| next as usize);
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The text of a 0-based line, without its end.
    pub fn line(&self, line: usize) -> &str {
        &self.text[self.line_range(line)]
    }
}

/// All files of a compilation, in the order in which they were read. The first is the one asked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    pub fn add(&mut self, name: String, path: Option<PathBuf>, text: &str) -> FileId {
        let id = FileId(self.files.len() as u32);
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        self.files.push(SourceFile {
            id,
            name,
            path,
            text: text.into(),
            line_starts,
        });
        id
    }

    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    pub fn text(&self, span: Span) -> &str {
        &self.get(span.file).text[span.range()]
    }

    /// The text as one line, with a blank for every line end.
    pub fn one_line(&self, span: Span) -> String {
        let words: Vec<&str> = self.text(span).split_whitespace().collect();
        words.join(" ")
    }

    /// `examples/hint.kd:9:28`
    pub fn place(&self, span: Span) -> String {
        let file = self.get(span.file);
        let at = file.position(span.start as usize);
        format!("{}:{}:{}", file.name, at.line, at.column)
    }
}

/// Where files come from: the disk, an editor's unsaved buffers, a test's table.
pub trait Files {
    /// The text of a file, or why it cannot be had, in words for the user.
    fn read(&self, path: &Path) -> Result<String, String>;
    fn exists(&self, path: &Path) -> bool;
    /// The names in a folder, for suggestions. Empty when there is no such folder.
    fn list(&self, folder: &Path) -> Vec<String>;
}
