//! Diagnostics for people, drawn by miette: the only file besides `excerpt` that knows it.

use super::excerpt::Excerpt;
use super::{harmless, preview};
use crate::diag::{Diagnostic, Help, Label, Note, Severity};
use crate::source::{FileId, Sources};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NarratableReportHandler};
use std::fmt;

/// What the output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Lines and arrows from beyond ASCII.
    pub unicode: bool,
    /// Sentences instead of drawings, for screen readers.
    pub narrated: bool,
    /// In columns.
    pub width: usize,
}

impl Style {
    /// What every reader of a file can show.
    pub const PLAIN: Style = Style {
        color: false,
        unicode: true,
        narrated: false,
        width: 80,
    };
}

/// Stands for a blank at which no line may break.
pub const TIE: char = '\u{e000}';

/// The gutter with line numbers that stands before the text of a snippet.
const GUTTER: usize = 8;

/// The text, with its line end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: &Style) -> String {
    let (excerpt, far) = excerpt(diagnostic, sources, style);
    let home = diagnostic.primary().map(|span| span.file);
    let mut text = draw(
        Piece {
            code: Some(diagnostic.code.name()),
            severity: match diagnostic.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            message: prose(&diagnostic.message),
            excerpt,
        },
        style,
    );
    for note in diagnostic.notes.iter().filter(|note| note.span.is_none()) {
        text += &footer("note", &note.text, style);
    }
    for help in &diagnostic.help {
        text += &footer("help", &help.text, style);
        text += &written_out(help, sources, home, style);
    }
    let far = far.into_iter().map(|label| Note {
        text: label.text.clone(),
        span: Some(label.span),
    });
    let related: Vec<String> = diagnostic
        .notes
        .iter()
        .cloned()
        .chain(far)
        .filter_map(|note| related(&note, sources, style))
        .collect();
    text += &nested(&related, diagnostic.severity, style);
    tidy(&text)
}

/// Code that is longer may break: it would leave a line half empty.
const WHOLE: usize = 40;

/// The text without what could harm a terminal, each shape and each short piece of code in it held together on one
/// line.
pub fn prose(text: &str) -> String {
    let text = harmless(text);
    let pieces = text.split('`').zip([false, true].into_iter().cycle());
    let tied = pieces.map(
        |(piece, code)| match code && piece.chars().count() <= WHOLE {
            true => piece.replace(' ', TIE.encode_utf8(&mut [0; 4])),
            false => tied_in_brackets(piece),
        },
    );
    tied.collect::<Vec<_>>().join("`")
}

fn tied_in_brackets(text: &str) -> String {
    let mut brackets = 0_usize;
    text.chars()
        .map(|c| {
            match c {
                '[' => brackets += 1,
                ']' => brackets = brackets.saturating_sub(1),
                ' ' if brackets > 0 => return TIE,
                _ => {}
            }
            c
        })
        .collect()
}

/// No blanks at the ends of lines, no empty lines at the end.
fn tidy(text: &str) -> String {
    let text = text.replace(TIE, " ");
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// The snippet of the primary label, and the labels that are too far away to be on it.
fn excerpt<'a>(
    diagnostic: &'a Diagnostic,
    sources: &Sources,
    style: &Style,
) -> (Option<Excerpt>, Vec<&'a Label>) {
    match Excerpt::new(sources, &diagnostic.labels, style.width - GUTTER) {
        Some((excerpt, far)) => (Some(excerpt), far),
        None => (None, Vec::new()),
    }
}

/// A note with its place.
fn related(note: &Note, sources: &Sources, style: &Style) -> Option<String> {
    let label = Label {
        span: note.span?,
        text: String::new(),
        primary: true,
    };
    let style = Style {
        width: style.width - 6,
        ..*style
    };
    let (excerpt, _) = Excerpt::new(sources, &[label], style.width - GUTTER)?;
    let piece = Piece {
        code: None,
        severity: miette::Severity::Advice,
        message: prose(&note.text),
        excerpt: Some(excerpt),
    };
    Some(draw(piece, &style))
}

/// Hangs texts below a diagnostic, as miette does with related ones.
fn nested(texts: &[String], severity: Severity, style: &Style) -> String {
    if style.narrated {
        return texts.concat();
    }
    let color = match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    };
    let mut result = String::new();
    for (at, text) in texts.iter().enumerate() {
        let (first, rest) = match (at + 1 == texts.len(), style.unicode) {
            (false, true) => ("├─▶ ", "│   "),
            (true, true) => ("╰─▶ ", "    "),
            (false, false) => ("|-> ", "|   "),
            (true, false) => ("`-> ", "    "),
        };
        for (number, line) in text.trim_end().lines().enumerate() {
            let lead = if number == 0 { first } else { rest };
            result += &format!("  {}{line}\n", paint(lead, color, style));
        }
    }
    result
}

const RED: u8 = 31;
const YELLOW: u8 = 33;
const CYAN: u8 = 36;

fn paint(text: &str, color: u8, style: &Style) -> String {
    match style.color && !text.trim().is_empty() {
        true => format!("\u{1b}[{color}m{text}\u{1b}[0m"),
        false => text.into(),
    }
}

fn footer(kind: &str, text: &str, style: &Style) -> String {
    let lead = format!("  {}: ", paint(kind, CYAN, style));
    let options = wrapping(style.width)
        .initial_indent(&lead)
        .subsequent_indent("        ");
    textwrap::fill(&prose(text), options) + "\n"
}

/// The lines that a repair gives, set apart.
fn written_out(help: &Help, sources: &Sources, home: Option<FileId>, style: &Style) -> String {
    let Some(fix) = &help.fix else {
        return String::new();
    };
    let indent = 12;
    let lines = preview::lines(fix, sources, home, style.width - indent);
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{:indent$}{line}\n", ""))
        .collect();
    format!("\n{}\n", lines.concat())
}

/// Lines break at blanks only: a piece of code stays whole.
pub fn wrapping(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
}

fn draw(piece: Piece, style: &Style) -> String {
    let mut text = String::new();
    let drawn = if style.narrated {
        NarratableReportHandler::new().render_report(&mut text, &piece)
    } else {
        handler(style).render_report(&mut text, &piece)
    };
    match drawn {
        Ok(()) => text,
        // miette gave up on the snippet; the message must not be lost with it.
        Err(fmt::Error) => format!("{}\n", piece.message),
    }
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_context_lines(1)
        .with_links(false)
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .without_syntax_highlighting()
}

/// A message with at most one snippet, for miette.
#[derive(Debug)]
struct Piece {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    excerpt: Option<Excerpt>,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Piece {}

impl miette::Diagnostic for Piece {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code
            .map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels.iter().cloned()))
    }
}
