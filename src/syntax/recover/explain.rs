//! Why a piece of text fits nothing.

use super::{EDGE_EXAMPLE, Place};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::grammar;
use crate::syntax::lower::Lower;

impl Lower<'_> {
    /// Reports why junk fits nothing, unless that has been said when its characters were read.
    pub(in crate::syntax) fn explain(&mut self, place: Place, junk: Span) {
        if self.text.has_reported(junk.range()) || self.follows_inner_item(place, junk) {
            return;
        }
        let diagnostic = self
            .unclosed(junk)
            .or_else(|| self.known_mistake(place, junk))
            .unwrap_or_else(|| self.unexpected(place, junk));
        self.report(diagnostic);
    }

    /// Reports what stands behind something whole on its line.
    pub(in crate::syntax) fn explain_rest(&mut self, place: Place, before: Span, rest: Span) {
        if self.text.has_reported(rest.range()) {
            return;
        }
        let diagnostic = self
            .unclosed(rest)
            .or_else(|| self.factor(place, before, rest))
            .unwrap_or_else(|| self.unexpected(place, before.to(rest)));
        self.report(diagnostic);
    }

    /// A bracket of the junk that nothing closes, or that closes nothing.
    fn unclosed(&self, junk: Span) -> Option<Diagnostic> {
        let mut open: Vec<(u8, usize)> = Vec::new();
        for (at, bracket) in self.text.brackets(junk.range()) {
            let opening = match bracket {
                b')' => b'(',
                b']' => b'[',
                b'}' => b'{',
                _ => {
                    open.push((bracket, at));
                    continue;
                }
            };
            match open.pop() {
                Some((last, _)) if last == opening => {}
                last => return Some(self.mismatched(last, bracket, at)),
            }
        }
        let (bracket, at) = open.pop()?;
        let shown = bracket as char;
        Some(
            Diagnostic::new(Code::E0002, format!("this `{shown}` is never closed"))
                .at(self.text.span(at..at + 1), "opened here")
                .also(
                    junk.after(),
                    format!("`{}` expected by here", closing(bracket)),
                )
                .help(format!("write the missing `{}`", closing(bracket))),
        )
    }

    fn mismatched(&self, open: Option<(u8, usize)>, close: u8, at: usize) -> Diagnostic {
        let here = self.text.span(at..at + 1);
        let shown = close as char;
        match open {
            Some((bracket, opened)) => Diagnostic::new(
                Code::E0002,
                format!("`{}` is closed by `{shown}`", bracket as char),
            )
            .at(here, format!("expected `{}`", closing(bracket)))
            .also(self.text.span(opened..opened + 1), "opened here")
            .help(format!("write `{}` before it", closing(bracket))),
            None => Diagnostic::new(Code::E0002, format!("`{shown}` closes nothing"))
                .at(here, "no bracket is open here")
                .help("remove it, or open the bracket before"),
        }
    }

    /// What a strict reading of the junk expected where it stopped.
    fn unexpected(&self, place: Place, junk: Span) -> Diagnostic {
        let text = self.text.of(junk);
        let (at, rules) = match grammar::piece(place.rule(), text) {
            Err(expected) => (expected.at, expected.rules),
            Ok(_) => (text.len(), Vec::new()),
        };
        let found = self.text.token(junk.start as usize + at);
        let expected = grammar::in_words(&rules, place.end());
        let what = construct(place, text);
        let found_words = self.found_words(found);
        let (message, label) = match &expected {
            Some(expected) => (
                format!("expected {expected}{}, found {found_words}", what.within),
                format!("expected {expected}"),
            ),
            None => (
                format!("{found_words} cannot stand here{}", what.within),
                "not expected here".to_owned(),
            ),
        };
        let diagnostic = Diagnostic::new(Code::E0001, message).at(found, label);
        let help = match expected.as_deref() {
            _ if self.text.of(found) == "if" => Some("a choice is written `if c { a } else { b }`"),
            _ if self.text.of(found) == "for" => {
                Some("a loop is written `for i in range(n) { linear(8) }`")
            }
            Some("`else`") => Some("an `if` has two branches: `if c { a } else { b }`"),
            Some("`in`") => Some("a loop is written `for i in range(n) { linear(8) }`"),
            Some("the end of the line") if self.starts_value(found) => {
                Some("a value flows into a layer by `->`: `x -> relu`")
            }
            _ => what.example,
        };
        match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    fn found_words(&self, found: Span) -> String {
        if found.start < found.end {
            return format!("`{}`", self.text.of(found));
        }
        let at_end = self.text.clean[found.end as usize..].trim_end().is_empty();
        if at_end {
            "the end of the file"
        } else {
            "the end of the line"
        }
        .to_owned()
    }

    fn starts_value(&self, token: Span) -> bool {
        self.text
            .of(token)
            .starts_with(|c: char| c == '_' || c.is_alphabetic() || c == '(')
    }
}

struct Construct {
    within: &'static str,
    example: Option<&'static str>,
}

/// What the junk set out to be, by its first word.
fn construct(place: Place, text: &str) -> Construct {
    let (within, example) = match (place, first_word(text)) {
        (Place::Item, "use") => (
            " in this `use`",
            "an import is written `use models::{DeepNN, LightNN}` or `use \"cifar10.kd\"::images`",
        ),
        (Place::Item, "model") => (
            " in this model",
            "a model is written `model Name(classes: int = 10) { … }`",
        ),
        (Place::Item, "loss") => (
            " in this loss",
            "a loss is written `loss name(student: [N, C], teacher: [N, C], T: float = 2) { … }`",
        ),
        (Place::Item, "fn") => (
            " in this function",
            "a function is written `fn name(x: [N, C]) = x - mean(x, dim: 1, keep: true)`",
        ),
        (Place::Item, "data") => (
            " in this data set",
            "a data set is written `data images = cifar10(\"data\") -> batch(128)`",
        ),
        (Place::Item, "teacher") => (
            " in this teacher",
            "a teacher is written `teacher deep = DeepNN() from \"teacher.kd\"`",
        ),
        (Place::Item, "student") => (
            " in this student",
            "a student is written `student light = LightNN(classes: 10)`",
        ),
        (Place::Item, "tap") => (
            " in this tap",
            "a tap is written `tap feat = net.layer1 -> flatten`",
        ),
        (Place::Item, "edge") => (" in this edge", EDGE_EXAMPLE),
        (Place::Item, "train") => (
            " in this `train`",
            "training is written `train on images { epochs: 10, optimizer: adam(lr: 0.001) }`",
        ),
        (Place::Item, "settings") => (
            " in these settings",
            "settings are written `settings recipe { epochs: 10 }` and used by `..recipe`",
        ),
        (Place::Item, "output") => (
            " in this output",
            "an output of a network is replaced by `output light.logits = lifted -> deep.fc`",
        ),
        (Place::Item, _) => ("", "a constant is written `name = value`"),
        (Place::Stmt, "input") => (
            " in this input",
            "an input is written `input image: [N, 3, 32, 32]`",
        ),
        (Place::Stmt, "output") => (
            " in this output",
            "an output is written `output logits = x -> linear(10)`, or `output x` if it is the only one",
        ),
        (Place::Stmt, "param") => (
            " in this parameter",
            "a parameter is written `param scale: [C] = ones()`",
        ),
        (Place::Stmt, "state") => (
            " in this state",
            "a state is written `state mean: [C] = zeros()`",
        ),
        (Place::Stmt, "update") => (
            " in this update",
            "an update is written `update mean = 0.9 * mean + 0.1 * now`",
        ),
        (Place::Stmt, "init") => (
            " in this start",
            "a start is written `init conv2d.weight = kaiming_normal(mode: fan_out)`",
        ),
        (Place::Stmt, "require") => (
            " in this requirement",
            "a requirement is written `require depth % 6 == 2, \"depth is 6n + 2\"`",
        ),
        (Place::Stmt, _) => (
            "",
            "a value is named by `name = x -> conv2d(16, kernel: 3) -> relu`",
        ),
        (Place::Field, _) => (
            "",
            "a field is written `image = column(\"file\") -> load_image(\"images\")`, an option `batch: 64`",
        ),
        (Place::Setting, _) => (
            "",
            "a setting is written `epochs: 10`; `..recipe` takes over those of `settings recipe`",
        ),
        (Place::Param, _) => (
            " in this parameter",
            "a parameter is written `classes: int = 10` or `x: [N, C]`",
        ),
        (Place::Arg, _) => (
            " in this argument",
            "an argument is written `64` or `kernel: 3`",
        ),
        (Place::Part, _) => {
            return Construct {
                within: "",
                example: None,
            };
        }
    };
    Construct {
        within,
        example: Some(example),
    }
}

fn closing(bracket: u8) -> char {
    match bracket {
        b'(' => ')',
        b'[' => ']',
        _ => '}',
    }
}

pub(super) fn first_word(text: &str) -> &str {
    let end = text
        .find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(text.len());
    &text[..end]
}
