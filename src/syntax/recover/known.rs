//! Mistakes whose cause is plain.

use super::explain::first_word;
use super::{EDGE_EXAMPLE, ITEM_WORDS, Place, STMT_WORDS};
use crate::diag::{Code, Diagnostic, suggest};
use crate::source::Span;
use crate::syntax::lower::Lower;

impl Lower<'_> {
    /// Mistakes whose cause is plain from the first words.
    pub(super) fn known_mistake(&self, place: Place, junk: Span) -> Option<Diagnostic> {
        let text = self.text.of(junk);
        let word = first_word(text);
        let word_span = self
            .text
            .span(junk.start as usize..junk.start as usize + word.len());
        match (place, word) {
            (Place::Stmt | Place::Item, "if" | "for") if !text.contains("__name__") => Some(
                Diagnostic::new(
                    Code::E0001,
                    format!("`{word}` gives a value, which needs a name"),
                )
                .at(word_span, "expected a name and `=`")
                .help(if word == "if" {
                    "write `y = if c { a } else { b }`"
                } else {
                    "write `y = x -> for i in range(n) { linear(8) }`"
                }),
            ),
            (Place::Item, "edge") => self.without_target(junk),
            (Place::Setting, "") => self.quoted_name(junk),
            (Place::Item, word) if python(text, word).is_some() => {
                let message = format!("a Python `{word}` cannot stand in a kd file");
                let help = python(text, word)?;
                Some(
                    Diagnostic::new(Code::E0005, message)
                        .at(word_span, "not kd")
                        .help(help),
                )
            }
            (Place::Stmt, word) if ITEM_WORDS.contains(&word) && word != "output" => None,
            (Place::Item, word) if STMT_WORDS.contains(&word) && word != "output" => Some(
                Diagnostic::new(
                    Code::E0003,
                    format!(
                        "`{word}` stands in the body of a model or loss, not at the top of a file"
                    ),
                )
                .at(word_span, "not inside a body")
                .help("a body starts with `{` after `model Name(…)` and ends with `}`"),
            ),
            (Place::Item, word) if !ITEM_WORDS.contains(&word) && names_something(text, word) => {
                Some(self.unknown_item(word, word_span, junk))
            }
            _ => None,
        }
    }

    /// `"epochs": 10`
    fn quoted_name(&self, setting: Span) -> Option<Diagnostic> {
        let text = self.text.of(setting).strip_prefix('"')?;
        let (name, rest) = text.split_once('"')?;
        if !rest.trim_start().starts_with(':') || name.is_empty() || name != first_word(name) {
            return None;
        }
        let start = setting.start as usize;
        let quoted = self.text.span(start..start + name.len() + 2);
        Some(
            Diagnostic::new(Code::E0005, "a setting's name stands without quotes")
                .at(quoted, "quoted")
                .replace(format!("write `{name}`"), quoted, name),
        )
    }

    /// `edge a ~> by f`
    fn without_target(&self, edge: Span) -> Option<Diagnostic> {
        let text = self.text.of(edge);
        let arrow = text.find("~>")?;
        let behind = text[arrow + 2..].trim_start();
        let by = behind.strip_prefix("by")?;
        if !by.starts_with([' ', '\n']) {
            return None;
        }
        let arrow = edge.start as usize + arrow;
        Some(
            Diagnostic::new(Code::E0001, "this edge does not say what learns")
                .at(
                    self.text.span(arrow..arrow + 2),
                    "expected a target behind it",
                )
                .help(EDGE_EXAMPLE),
        )
    }

    fn unknown_item(&self, word: &str, span: Span, junk: Span) -> Diagnostic {
        let wrong = Diagnostic::new(
            Code::E0003,
            format!("nothing in a kd file starts with `{word}`"),
        )
        .at(span, "not a word that starts an item");
        let behind = self.text.of(span.after().to(junk.after()));
        let blanks = behind.len() - behind.trim_start().len();
        if ITEM_WORDS.contains(&first_word(behind.trim_start())) {
            let cut = self
                .text
                .span(span.start as usize..span.end as usize + blanks);
            return wrong.replace("leave it out", cut, "");
        }
        match suggest::nearest(word, ITEM_WORDS) {
            Some(near) => wrong.replace(format!("there is a similar word: `{near}`"), span, near),
            None => wrong.help(format!(
                "a file is made of {}, and names given by `=`",
                suggest::listed(ITEM_WORDS, ITEM_WORDS.len())
            )),
        }
    }

    /// `edge … by mse * 0.5`
    pub(super) fn factor(&self, place: Place, before: Span, rest: Span) -> Option<Diagnostic> {
        let edge = place == Place::Item && first_word(self.text.of(before)) == "edge";
        let text = self.text.of(rest);
        if !edge || !text.starts_with('*') || text.starts_with("**") {
            return None;
        }
        let start = rest.start as usize;
        let sign = self.text.span(start..start + 1);
        Some(
            Diagnostic::new(Code::E0001, "the factor of a loss is the edge's `weight`")
                .at(sign, "`weight` is meant")
                .replace("write `weight`", sign, "weight"),
        )
    }
}

/// What is to be done about a statement of Python.
fn python(text: &str, word: &str) -> Option<&'static str> {
    let alone = |rest: &str| rest.starts_with(['(', '.']);
    Some(match word {
        "if" if text.contains("__name__") => "leave it out: `kdc train` runs the file",
        "with" if text.contains("no_grad") => {
            "leave it out: no gradient flows back along `~>`, and teachers never learn"
        }
        "assert" => {
            "a body says `require condition, \"message\"`, a stage `expect: accuracy(deep) >= 0.75`"
        }
        "print" if alone(&text[5..]) => {
            "leave it out: `kdc plan` prints what is computed, with all shapes"
        }
        "with" | "while" | "try" | "raise" | "del" | "global" | "async" | "lambda" => {
            "leave it out: a file says what is trained, and `kdc train` runs it"
        }
        _ => return None,
    })
}

/// Whether a word is followed by another, as an item's is.
fn names_something(text: &str, word: &str) -> bool {
    let after = text[word.len()..].trim_start_matches([' ', '\t']);
    !word.is_empty()
        && after.len() < text.len() - word.len()
        && after.starts_with(|c: char| c == '_' || c == '"' || c.is_alphabetic())
}
