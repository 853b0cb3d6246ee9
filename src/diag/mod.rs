//! Diagnostics as data. Renderers turn them into text at the very edge.

pub mod code;
pub mod fix;
pub mod reference;
pub mod suggest;

pub use code::Code;

use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing that is wrong, in the user's terms: what, where, why and how to mend it.
///
/// The message stands alone: lower case, no full stop, code in backticks.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// The places it is about. At most one is primary, and it comes first.
    pub labels: Vec<Label>,
    /// Where the facts come from: "`deep.flat` gets its shape here".
    pub notes: Vec<Note>,
    /// What to do about it.
    pub help: Vec<Help>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
    pub primary: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    pub text: String,
    pub fix: Option<Fix>,
}

/// An edit that mends the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub edits: Vec<Edit>,
    pub applicability: Applicability,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Surely what was meant: a misspelt name, a spelling of another language.
    Safe,
    /// Changes what is trained: adds a layer, picks a value.
    Unsafe,
}

/// Replaces the span by the text; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    /// A diagnostic of the code's own severity.
    pub fn new(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Marks the place it is about.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.insert(
            0,
            Label {
                span,
                text: text.into(),
                primary: true,
            },
        );
        self
    }

    /// Marks another place that matters.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            text: text.into(),
            primary: false,
        });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(Note {
            text: text.into(),
            span: None,
        });
        self
    }

    /// A fact with the place it comes from.
    pub fn note_at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push(Note {
            text: text.into(),
            span: Some(span),
        });
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(Help {
            text: text.into(),
            fix: None,
        });
        self
    }

    /// A repair that can be applied.
    pub fn fix(
        mut self,
        text: impl Into<String>,
        applicability: Applicability,
        edits: Vec<Edit>,
    ) -> Diagnostic {
        self.help.push(Help {
            text: text.into(),
            fix: Some(Fix {
                edits,
                applicability,
            }),
        });
        self
    }

    /// The repair that replaces one span by a text, surely meant.
    pub fn replace(self, text: impl Into<String>, span: Span, by: impl Into<String>) -> Diagnostic {
        self.fix(
            text,
            Applicability::Safe,
            vec![Edit {
                span,
                text: by.into(),
            }],
        )
    }

    /// The place it is about.
    pub fn primary(&self) -> Option<Span> {
        self.labels
            .iter()
            .find(|label| label.primary)
            .map(|label| label.span)
    }

    /// The other places that matter, each with what is said of it.
    pub fn related(&self) -> impl Iterator<Item = (Span, &String)> {
        let others = self.labels.iter().filter(|label| !label.primary);
        let others = others.map(|label| (label.span, &label.text));
        let notes = self.notes.iter();
        others.chain(notes.filter_map(|note| Some((note.span?, &note.text))))
    }
}

/// Orders diagnostics for people: by file, place and code; no two the same; nothing about what
/// lies inside a syntax error.
pub fn tidy(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let broken: Vec<Span> = diagnostics
        .iter()
        .filter(|d| d.code.is_syntax())
        .filter_map(Diagnostic::primary)
        .collect();
    diagnostics.retain(|d| {
        d.code.is_syntax()
            || !d
                .primary()
                .is_some_and(|span| broken.iter().any(|b| b.contains(span) && b.start < b.end))
    });
    diagnostics.sort_by_key(|d| (d.primary(), d.code, d.message.clone()));
    diagnostics
        .dedup_by(|a, b| a.code == b.code && a.primary() == b.primary() && a.message == b.message);
    diagnostics
}
