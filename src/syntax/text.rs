//! What has to be settled before a grammar can read the text: which characters it is made of, where
//! its comments are, and that its brackets are not nested without end.

use super::lookalike;
use crate::diag::Applicability;
use crate::diag::{Code, Diagnostic, Edit};
use crate::source::{FileId, SourceFile, Span};
use std::ops::Range;

/// Two characters that are one sign.
const OPERATORS: [&str; 18] = [
    "->", "~>", "=>", "|>", "<-", "==", "!=", "<=", ">=", "**", "&&", "||", "::", ":=", "..", "+=",
    "-=", "*=",
];

/// The most brackets around a place. Bounds pest's recursion.
const MAX_NESTING: usize = 64;

/// A text that the grammar can read, byte for byte as long as the user's.
pub(super) struct Text<'s> {
    file: FileId,
    source: &'s str,
    /// Line ends are `\n`, look-alikes of operators replaced, too deep nesting filled with NUL, which
    /// fits nothing in the grammar.
    pub clean: String,
    comments: Vec<Range<usize>>,
    /// Outside strings, comments and what is too deep.
    brackets: Vec<(usize, u8)>,
    /// Where something has been reported that a reader of the grammar stumbles over again.
    reported: Vec<usize>,
}

impl Text<'_> {
    /// The place in the user's text. What was put for a longer character stands for all of it.
    pub fn span(&self, range: Range<usize>) -> Span {
        let (mut start, mut end) = (range.start, range.end);
        while !self.source.is_char_boundary(start) {
            start -= 1;
        }
        if range.is_empty() {
            end = start;
        }
        while !self.source.is_char_boundary(end) {
            end += 1;
        }
        Span::new(self.file, start..end)
    }

    pub fn of(&self, span: Span) -> &str {
        &self.clean[span.range()]
    }

    /// The range without blanks and comments at its end.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let mut end = range.end;
        loop {
            end = range.start + self.clean[range.start..end].trim_end().len();
            let before = self.comments.partition_point(|c| c.end < end);
            match self.comments.get(before) {
                Some(c) if c.end == end && c.start >= range.start => end = c.start,
                _ => return range.start..end,
            }
        }
    }

    pub fn has_reported(&self, range: Range<usize>) -> bool {
        let first = self.reported.partition_point(|at| *at < range.start);
        self.reported.get(first).is_some_and(|at| *at < range.end)
    }

    /// The brackets in a range, outside strings and comments.
    pub fn brackets(&self, range: Range<usize>) -> Vec<(usize, u8)> {
        let first = self.brackets.partition_point(|(at, _)| *at < range.start);
        let last = self.brackets.partition_point(|(at, _)| *at < range.end);
        self.brackets[first..last].to_vec()
    }

    /// The word, number, string or operator from a place on; empty where the line ends.
    pub fn token(&self, start: usize) -> Span {
        let text = &self.clean[start..];
        let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
        let end_of_line = self.span(start..start);
        let (start, text) = (start + blank, &text[blank..]);
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let length = match text.chars().next() {
            None | Some('\n') => return end_of_line,
            Some(_) if text.starts_with("//") || text.starts_with('#') => return end_of_line,
            Some(c) if is_word(c) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
            Some(quote @ ('"' | '\'')) => text[1..]
                .find([quote, '\n'])
                .map_or(text.len(), |end| end + 2)
                .min(text.find('\n').unwrap_or(text.len())),
            Some(c) => OPERATORS
                .iter()
                .find(|op| text.starts_with(**op))
                .map_or(c.len_utf8(), |op| op.len()),
        };
        self.span(start..start + length)
    }

    /// The `///` lines above a place, with nothing but blanks and other comments between.
    pub fn doc(&self, start: usize) -> Option<String> {
        let mut lines = Vec::new();
        let mut from = start;
        let above = self.comments.partition_point(|c| c.end <= start);
        for comment in self.comments[..above].iter().rev() {
            if !self.clean[comment.end..from].trim().is_empty() {
                break;
            }
            from = comment.start;
            let line = self.clean[..from].rfind('\n').map_or(0, |at| at + 1);
            if !self.clean[line..from].trim().is_empty() {
                break;
            }
            match self.clean[comment.clone()].strip_prefix("///") {
                Some(doc) if !doc.starts_with('/') => {
                    lines.push(doc.strip_prefix(' ').unwrap_or(doc).trim_end());
                }
                _ => {}
            }
        }
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Reads a file's characters.
pub(super) fn read(source: &SourceFile) -> (Text<'_>, Vec<Diagnostic>) {
    let mut scan = Scan {
        file: source.id,
        text: &source.text,
        at: 0,
        clean: String::with_capacity(source.text.len()),
        comments: Vec::new(),
        brackets: Vec::new(),
        reported: Vec::new(),
        hashes: Vec::new(),
        diagnostics: Vec::new(),
        nesting: Nesting::default(),
    };
    scan.run();
    scan.report_hashes();
    let text = Text {
        file: source.id,
        source: &source.text,
        clean: scan.clean,
        comments: scan.comments,
        brackets: scan.brackets,
        reported: scan.reported,
    };
    debug_assert_eq!(text.clean.len(), source.text.len());
    (text, scan.diagnostics)
}

/// The brackets and `if`s that are open at a place: a bound on how deep the grammar recurses there.
///
/// A closing bracket that does not fit closes nothing, so that the bound is never too small.
#[derive(Default)]
struct Nesting {
    open: Vec<u8>,
    /// `if` and `for` whose block has not begun: their conditions nest without brackets.
    waiting: usize,
    after_else: bool,
    /// While the text is too deep: how many brackets were open before.
    blotted_above: Option<usize>,
}

struct Scan<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    clean: String,
    comments: Vec<Range<usize>>,
    brackets: Vec<(usize, u8)>,
    reported: Vec<usize>,
    hashes: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
    nesting: Nesting,
}

impl<'a> Scan<'a> {
    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.put('\u{feff}', "");
        }
        self.line_start();
        while let Some(c) = self.peek() {
            match c {
                '\n' => {
                    self.keep(1);
                    self.line_start();
                }
                '\r' if self.rest().starts_with("\r\n") => self.put('\r', " "),
                '\r' => {
                    self.put('\r', "\n");
                    self.line_start();
                }
                '/' if self.rest().starts_with("//") => self.comment(),
                '#' => {
                    self.hashes.push(self.span(self.at..self.at + 1));
                    self.comment();
                }
                '"' | '\'' => self.string(c),
                '(' | '[' | '{' => self.open(c as u8),
                ')' | ']' | '}' => self.close(c as u8),
                c if c == '_' || c.is_alphanumeric() => self.word(),
                ' ' | '\t' | '`' | '.' | ',' | ':' | ';' | '=' | '+' | '-' | '*' | '/' | '%'
                | '@' | '^' | '<' | '>' | '!' | '~' | '&' | '|' => self.keep(1),
                c => self.strange(c),
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    /// Takes bytes as they are, or as NUL where the text is too deep.
    fn keep(&mut self, length: usize) {
        let text = &self.text[self.at..self.at + length];
        if self.nesting.blotted_above.is_some() {
            self.clean.extend(std::iter::repeat_n('\0', length));
        } else {
            self.clean.push_str(text);
        }
        self.at += length;
    }

    /// Takes a character as another text, filled up with blanks to its length.
    fn put(&mut self, c: char, text: &str) {
        let length = c.len_utf8();
        if self.nesting.blotted_above.is_some() {
            self.clean.extend(std::iter::repeat_n('\0', length));
        } else {
            // A closing quote's blanks go behind it, an opening one's would be part of the string.
            self.clean.push_str(text);
            self.clean
                .extend(std::iter::repeat_n(' ', length - text.len()));
        }
        self.at += length;
    }

    fn comment(&mut self) {
        let length = self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
        self.comments.push(self.at..self.at + length);
        self.keep(length);
    }

    fn string(&mut self, quote: char) {
        let mut escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' | '\r' => {
                    self.unclosed_string(at);
                    return self.keep(at);
                }
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return self.keep(at + 1),
                _ => {}
            }
        }
        let length = self.rest().len();
        self.unclosed_string(length);
        self.keep(length);
    }

    fn unclosed_string(&mut self, length: usize) {
        let length = self.rest()[..length].trim_end().len();
        let span = self.span(self.at..self.at + length);
        self.reported.push(self.at);
        self.diagnostics.push(
            Diagnostic::new(Code::E0002, "this string is never closed")
                .at(span, "starts here and runs to the line's end")
                .help("a string ends with `\"` on the line it starts on"),
        );
    }

    fn word(&mut self) {
        let rest = self.rest();
        let length = rest
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..length];
        if !word.is_ascii() {
            return self.foreign_word(word);
        }
        match word {
            "if" | "for" => {
                self.nesting.waiting += 1;
                self.check_depth(length);
            }
            "else" => self.nesting.after_else = true,
            _ => {}
        }
        self.keep(length);
    }

    /// Letters stay, to be replaced where the name is read; other characters would end the word.
    fn foreign_word(&mut self, word: &str) {
        let strange = word.chars().find(|c| !c.is_ascii()).unwrap_or_default();
        if let Some(meant) = lookalike::symbol(strange) {
            // `²` is alphanumeric.
            let before = word.find(strange).unwrap_or_default();
            self.keep(before);
            return self.replace(strange, meant);
        }
        let span = self.span(self.at..self.at + word.len());
        let named = format!(
            "{}letter `{strange}` (U+{:04X})",
            lookalike::script(strange),
            strange as u32
        );
        let diagnostic = match lookalike::word(word) {
            Some(meant) if !starts_with_digit(&meant) => {
                let says = match lookalike::letter(strange) {
                    Some(l) if l.len() == 1 => format!("the {named} looks like `{l}`"),
                    _ => format!("the {named} cannot stand in a name"),
                };
                Diagnostic::new(Code::E0006, format!("`{word}` contains the {named}"))
                    .at(span, says)
                    .replace(format!("write `{meant}`"), span, meant)
            }
            _ => Diagnostic::new(
                Code::E0006,
                format!("`{word}` contains the {named}, which cannot stand in a name"),
            )
            .at(span, "not a name")
            .help("names are made of `a` to `z`, `A` to `Z`, digits and `_`"),
        };
        self.diagnostics.push(diagnostic);
        self.reported.push(self.at);
        self.keep(word.len());
    }

    fn strange(&mut self, c: char) {
        if let Some(meant) = lookalike::symbol(c) {
            return self.replace(c, meant);
        }
        let span = self.span(self.at..self.at + c.len_utf8());
        let shown = match c {
            c if c.is_control() => format!("the control character U+{:04X}", c as u32),
            c if c.is_ascii() => format!("`{c}`"),
            c => format!("`{c}` (U+{:04X})", c as u32),
        };
        let diagnostic = Diagnostic::new(Code::E0006, format!("{shown} has no meaning in kd"))
            .at(span, "cannot stand here");
        self.diagnostics.push(match c {
            '\\' if self.rest()[1..].starts_with(['\n', '\r']) => diagnostic.replace(
                "a line goes on after an operator by itself: leave it out",
                span,
                "",
            ),
            '?' => diagnostic.help("a choice is written `if c { a } else { b }`"),
            c if c.is_control() => diagnostic.replace("remove it", span, ""),
            _ => diagnostic
                .help("outside strings and comments there are only names, numbers and operators"),
        });
        self.reported.push(self.at);
        self.put(c, "");
    }

    /// A character that surely means another.
    fn replace(&mut self, c: char, meant: &str) {
        let span = self.span(self.at..self.at + c.len_utf8());
        let code = c as u32;
        let (message, help) = match meant {
            "" | " " => (
                format!("there is an invisible character (U+{code:04X}) here"),
                if meant.is_empty() {
                    "remove it".to_owned()
                } else {
                    "write a blank".to_owned()
                },
            ),
            _ => (
                format!("`{c}` (U+{code:04X}) is not the same as `{meant}`"),
                format!("write `{meant}`"),
            ),
        };
        self.diagnostics.push(
            Diagnostic::new(Code::E0006, message)
                .at(span, "not this character")
                .replace(help, span, meant),
        );
        match meant {
            "\"" | "'" => self.curly_string(c, meant),
            "(" | "[" | "{" | ")" | "]" | "}" => {
                let bracket = meant.as_bytes()[0];
                if matches!(bracket, b'(' | b'[' | b'{') {
                    self.opened(bracket, c.len_utf8());
                    self.put(c, meant);
                } else {
                    self.closed_at(bracket);
                    self.put(c, meant);
                    self.closed(bracket);
                }
            }
            _ => self.put(c, meant),
        }
    }

    /// “…”: the text between is a string, with ASCII quotes.
    fn curly_string(&mut self, open: char, quote: &str) {
        let rest = &self.rest()[open.len_utf8()..];
        let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
        let closing = line
            .char_indices()
            .find(|(_, c)| quote.starts_with(*c) || lookalike::symbol(*c) == Some(quote));
        let Some((length, close)) = closing else {
            self.reported.push(self.at);
            return self.put(open, "");
        };
        if self.nesting.blotted_above.is_none() {
            self.clean
                .extend(std::iter::repeat_n(' ', open.len_utf8() - 1));
            self.clean.push_str(quote);
            self.at += open.len_utf8();
        } else {
            self.put(open, "");
        }
        self.keep(length);
        self.put(close, quote);
    }

    fn open(&mut self, bracket: u8) {
        self.opened(bracket, 1);
        self.keep(1);
    }

    fn opened(&mut self, bracket: u8, length: usize) {
        self.brackets.push((self.at, bracket));
        if bracket == b'{' && !std::mem::take(&mut self.nesting.after_else) {
            self.nesting.waiting = self.nesting.waiting.saturating_sub(1);
        }
        self.nesting.open.push(bracket);
        self.check_depth(length);
    }

    fn close(&mut self, bracket: u8) {
        self.closed_at(bracket);
        self.keep(1);
        self.closed(bracket);
    }

    fn closed_at(&mut self, bracket: u8) {
        self.brackets.push((self.at, bracket));
    }

    fn closed(&mut self, bracket: u8) {
        let opening = match bracket {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        let open = &mut self.nesting.open;
        if open.last() == Some(&opening) {
            open.pop();
        } else if opening == b'{' {
            // In every rule of the grammar, `}` ends what stands in round brackets.
            if let Some(brace) = open.iter().rposition(|b| *b == b'{') {
                open.truncate(brace);
            }
        }
        if self
            .nesting
            .blotted_above
            .is_some_and(|above| open.len() <= above)
        {
            self.nesting.blotted_above = None;
            // Nothing is read through NUL, so what waited before it waits no more.
            self.nesting.waiting = 0;
        }
    }

    fn check_depth(&mut self, length: usize) {
        let depth = self.nesting.open.len() + self.nesting.waiting;
        if depth <= MAX_NESTING || self.nesting.blotted_above.is_some() {
            return;
        }
        let span = self.span(self.at..self.at + length);
        self.diagnostics.push(
            Diagnostic::new(
                Code::E0008,
                format!("brackets are nested more than {MAX_NESTING} deep"),
            )
            .at(span, "too deep from here on")
            .help("give the inner parts names: `inner = …` on a line of its own"),
        );
        self.reported.push(self.at);
        self.nesting.blotted_above = Some(self.nesting.open.len().saturating_sub(1));
    }

    /// An item's start ends all brackets: one was forgotten above.
    fn line_start(&mut self) {
        if (self.nesting.open.is_empty() && self.nesting.waiting == 0) || !starts_item(self.rest())
        {
            return;
        }
        self.nesting = Nesting::default();
    }

    /// One mistake however often it is made: who writes `#` writes it everywhere.
    fn report_hashes(&mut self) {
        let Some(first) = self.hashes.first().copied() else {
            return;
        };
        let edits = self
            .hashes
            .iter()
            .map(|span| Edit {
                span: *span,
                text: "//".to_owned(),
            })
            .collect();
        self.diagnostics.push(
            Diagnostic::new(Code::E0005, "a comment starts with `//`, not with `#`")
                .at(first, "another language's comment")
                .fix("write `//`", Applicability::Safe, edits),
        );
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// The grammar's `item_start`, but for `edge (`, which could be a call in brackets.
fn starts_item(rest: &str) -> bool {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let line = line.trim_start_matches([' ', '\t']);
    let keyword_end = line.find([' ', '\t']).unwrap_or(line.len());
    let after = line[keyword_end..].trim_start_matches([' ', '\t']);
    let word_end = after
        .find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(after.len());
    match &line[..keyword_end] {
        "use" if after.starts_with('"') => true,
        "model" | "loss" | "fn" | "data" | "teacher" | "student" | "tap" | "edge" | "train"
        | "settings" | "use" => {
            word_end > 0
                && !starts_with_digit(after)
                && !matches!(
                    &after[..word_end],
                    "if" | "else"
                        | "for"
                        | "in"
                        | "and"
                        | "or"
                        | "not"
                        | "true"
                        | "false"
                        | "none"
                        | "as"
                )
        }
        _ => false,
    }
}
