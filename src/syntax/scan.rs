//! What has to be settled before a grammar can read a text: which characters it is made of, where its
//! comments are, and that its brackets are not nested without end.

use super::lookalike;
use super::nesting::{MAX_NESTING, Nesting};
use super::recover::ITEM_WORDS;
use super::text::Text;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::{FileId, SourceFile, Span};
use std::ops::Range;

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
        blocks: Vec::new(),
        diagnostics: Vec::new(),
        nesting: Nesting::default(),
    };
    scan.run();
    scan.report_hashes();
    scan.report_block_comments();
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

struct Scan<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    clean: String,
    comments: Vec<Range<usize>>,
    brackets: Vec<(usize, u8)>,
    reported: Vec<usize>,
    hashes: Vec<Span>,
    blocks: Vec<Span>,
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
                '/' if self.rest().starts_with("/*") => self.block_comment(),
                '#' => {
                    self.hashes.push(self.span(self.at..self.at + 1));
                    self.comment();
                }
                '"' | '\'' => self.string(c),
                '(' | '[' | '{' => self.open(c as u8),
                ')' | ']' | '}' => self.close(c as u8),
                c if c == '_' || c.is_alphanumeric() => self.word(),
                '\t' => self.put('\t', " "),
                ' ' | '`' | '.' | ',' | ':' | ';' | '=' | '+' | '-' | '*' | '/' | '%' | '@'
                | '^' | '<' | '>' | '!' | '~' | '&' | '|' => self.keep(1),
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
        if self.nesting.is_too_deep() {
            self.clean.extend(std::iter::repeat_n('\0', length));
        } else {
            self.clean.push_str(text);
        }
        self.at += length;
    }

    /// Takes a character as another text, filled up with blanks to its length.
    fn put(&mut self, c: char, text: &str) {
        let length = c.len_utf8();
        if self.nesting.is_too_deep() {
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

    /// `/* … */` becomes blanks, whose lines stay.
    fn block_comment(&mut self) {
        let end = self.rest().find("*/");
        let line = self.rest().find(['\n', '\r']);
        let length = end.map_or(line.unwrap_or(self.rest().len()), |at| at + 2);
        let comment = &self.rest()[..length];
        self.blocks.push(self.span(self.at..self.at + length));
        for c in comment.chars() {
            match c {
                '\n' => self.keep(1),
                '\r' => self.put(c, if comment.contains("\r\n") { " " } else { "\n" }),
                c => self.put(c, ""),
            }
        }
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
            "if" | "for" if self.nesting.wait() => self.report_depth(length),
            "else" => self.nesting.expect_else(),
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
        let diagnostic = Diagnostic::new(Code::E0006, message).at(span, "not this character");
        let mut edits = vec![edit(span, meant)];
        match meant {
            "\"" => edits.extend(self.curly_string(c)),
            "(" | "[" | "{" => {
                self.opened(meant.as_bytes()[0], c.len_utf8());
                self.put(c, meant);
            }
            ")" | "]" | "}" => {
                let bracket = meant.as_bytes()[0];
                self.brackets.push((self.at, bracket));
                self.put(c, meant);
                self.nesting.close(bracket);
            }
            _ => self.put(c, meant),
        }
        self.diagnostics
            .push(diagnostic.fix(help, Applicability::Safe, edits));
    }

    /// “…”: the text between is a string, with ASCII quotes. Gives the edit of the closing quote.
    fn curly_string(&mut self, open: char) -> Option<Edit> {
        let rest = &self.rest()[open.len_utf8()..];
        let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
        let closing = line
            .char_indices()
            .find(|(_, c)| *c == '"' || lookalike::symbol(*c) == Some("\""));
        let Some((length, close)) = closing else {
            self.reported.push(self.at);
            self.put(open, "");
            return None;
        };
        if self.nesting.is_too_deep() {
            self.put(open, "");
        } else {
            // The quote goes last: blanks behind it would be part of the string.
            self.clean
                .extend(std::iter::repeat_n(' ', open.len_utf8() - 1));
            self.clean.push('"');
            self.at += open.len_utf8();
        }
        self.keep(length);
        let span = self.span(self.at..self.at + close.len_utf8());
        self.put(close, "\"");
        (close != '"').then(|| edit(span, "\""))
    }

    fn open(&mut self, bracket: u8) {
        self.opened(bracket, 1);
        self.keep(1);
    }

    fn close(&mut self, bracket: u8) {
        self.brackets.push((self.at, bracket));
        self.keep(1);
        self.nesting.close(bracket);
    }

    fn opened(&mut self, bracket: u8, length: usize) {
        self.brackets.push((self.at, bracket));
        if self.nesting.open(bracket) {
            self.report_depth(length);
        }
    }

    fn report_depth(&mut self, length: usize) {
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
    }

    /// An item's start ends all brackets: one was forgotten above.
    fn line_start(&mut self) {
        if !self.nesting.is_idle() && starts_item(self.rest()) {
            self.nesting = Nesting::default();
        }
    }

    /// One mistake however often it is made: who writes `#` writes it everywhere.
    fn report_hashes(&mut self) {
        let Some(first) = self.hashes.first().copied() else {
            return;
        };
        let edits = self.hashes.iter().map(|span| edit(*span, "//")).collect();
        self.diagnostics.push(
            Diagnostic::new(Code::E0005, "a comment starts with `//`, not with `#`")
                .at(first, "another language's comment")
                .fix("write `//`", Applicability::Safe, edits),
        );
    }

    fn report_block_comments(&mut self) {
        let Some(first) = self.blocks.first().copied() else {
            return;
        };
        let diagnostic = Diagnostic::new(Code::E0005, "a comment starts with `//`, not with `/*`")
            .at(self.first_line(first), "another language's comment");
        let edits: Option<Vec<Edit>> = self.blocks.iter().map(|b| self.line_comments(*b)).collect();
        self.diagnostics.push(match edits {
            Some(edits) => diagnostic.fix("write `//` on each line", Applicability::Safe, edits),
            None => diagnostic.help("a comment goes from `//` to the line's end"),
        });
    }

    fn first_line(&self, span: Span) -> Span {
        let text = &self.text[span.range()];
        let length = text.find(['\n', '\r']).unwrap_or(text.len());
        self.span(span.range().start..span.range().start + length)
    }

    /// The block comment as comments of whole lines; none if something stands behind it on its line.
    fn line_comments(&self, block: Span) -> Option<Edit> {
        let behind = &self.text[block.range().end..];
        let behind = &behind[..behind.find(['\n', '\r']).unwrap_or(behind.len())];
        if !behind.trim().is_empty() {
            return None;
        }
        let inner = self.text[block.range()].strip_prefix("/*")?;
        let inner = inner.strip_suffix("*/").unwrap_or(inner);
        let lines = inner.trim_end().split('\n').enumerate();
        let lines: Vec<String> = lines
            .map(|(number, line)| line_comment(number, line))
            .collect();
        Some(edit(block, &lines.join("\n")))
    }
}

/// A line of a block comment, the first one without its `/*`, as a comment of its own.
fn line_comment(number: usize, line: &str) -> String {
    let bare = line.trim_start();
    let indent = &line[..line.len() - bare.len()];
    let comment = match (number, bare.strip_prefix('*')) {
        (0, _) => format!("//{line}"),
        // ` * ` stands under `/* `.
        (_, Some(bare)) => format!(
            "{}// {}",
            indent.strip_suffix(' ').unwrap_or(indent),
            bare.trim()
        ),
        (_, None) => format!("{indent}// {bare}"),
    };
    comment.trim_end().to_owned()
}

fn edit(span: Span, text: &str) -> Edit {
    Edit {
        span,
        text: text.to_owned(),
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// The grammar's `item_start`, but for `edge (`, which could be a call in brackets.
pub(super) fn starts_item(rest: &str) -> bool {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let line = line.trim_start_matches([' ', '\t']);
    let keyword_end = line.find([' ', '\t']).unwrap_or(line.len());
    let after = line[keyword_end..].trim_start_matches([' ', '\t']);
    let word_end = after
        .find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(after.len());
    match &line[..keyword_end] {
        "use" if after.starts_with('"') => true,
        word if ITEM_WORDS.contains(&word) && word != "output" => {
            word_end > 0 && !starts_with_digit(after) && !super::is_reserved(&after[..word_end])
        }
        _ => false,
    }
}
