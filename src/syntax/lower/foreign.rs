//! What is written as another language writes it: read as it was meant, and reported with the repair.

use super::Lower;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// What is reported once a file, however often it is there.
#[derive(Default)]
pub(super) struct Seen {
    semicolons: Vec<Edit>,
}

impl Seen {
    pub(super) fn count(&self) -> usize {
        self.semicolons.len()
    }

    pub(super) fn append(&mut self, next: Seen) {
        self.semicolons.extend(next.semicolons);
    }
}

impl Lower<'_> {
    /// Other languages write one thing of ours otherwise.
    fn foreign(&mut self, span: Span, written: &str, ours: &str) {
        let diagnostic =
            Diagnostic::new(Code::E0005, format!("kd writes `{ours}` for `{written}`"))
                .at(span, format!("`{ours}` is meant"))
                .replace(format!("write `{ours}`"), span, ours);
        self.report(diagnostic);
    }

    /// A binary operator; none for the arrow, which is no operator.
    pub(super) fn operator(&mut self, text: &str, span: Span) -> Option<BinaryOp> {
        use BinaryOp::*;
        let ours = match text {
            "**" => "^",
            "&&" => "and",
            "||" => "or",
            "|>" | "=>" => "->",
            _ => text,
        };
        if ours != text {
            self.foreign(span, text, ours);
        }
        const OPERATORS: [BinaryOp; 15] = [
            Or, And, Eq, Ne, Le, Ge, Lt, Gt, Add, Sub, Mul, Div, Rem, MatMul, Pow,
        ];
        OPERATORS.into_iter().find(|op| op.symbol() == ours)
    }

    pub(super) fn prefix(&mut self, text: &str, span: Span) -> UnaryOp {
        match text {
            "-" => UnaryOp::Neg,
            "!" => {
                let fixed = Diagnostic::new(Code::E0005, "kd writes `not` for `!`")
                    .at(span, "`not` is meant")
                    .replace("write `not`", span, "not ");
                self.report(fixed);
                UnaryOp::Not
            }
            _ => UnaryOp::Not,
        }
    }

    /// A name that stands for a value. `True` is none.
    pub(super) fn variable(&mut self, span: Span) -> ExprKind {
        let (kind, ours) = match self.text.of(span) {
            "True" => (ExprKind::Bool(true), "true"),
            "False" => (ExprKind::Bool(false), "false"),
            "None" | "null" | "nil" => (ExprKind::None, "none"),
            _ => return ExprKind::Name(self.name_at(span).text),
        };
        let written = self.text.of(span).to_owned();
        self.foreign(span, &written, ours);
        kind
    }

    /// `(N, 3, 32, 32)` for `[N, 3, 32, 32]`.
    pub(super) fn report_round_shape(&mut self, shape: Span) {
        let inner = self.text.of(shape).trim_matches(['(', ')']).trim_end();
        let text = format!("[{}]", inner.trim_end_matches(','));
        self.report(
            Diagnostic::new(Code::E0005, "a shape stands in square brackets")
                .at(shape, "`[` and `]` are meant")
                .replace(format!("write `{text}`"), shape, text),
        );
    }

    /// `kernel = 3` for `kernel: 3`.
    pub(super) fn check_set(&mut self, name: &Name, set: &Pair<Rule>) {
        let written = set.as_str();
        if written == ":" {
            return;
        }
        let sign = self.span(set);
        // The blanks before the sign go with it: `epochs = 10` becomes `epochs: 10`.
        let edit = name.span.after().to(sign);
        let text = format!(":{}", self.blank_unless(sign));
        let message = format!("`:` sets an option, and `{written}` does not");
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(sign, "`:` is meant")
                .replace(format!("write `{}:`", name.text), edit, text),
        );
    }

    /// `x == …`, `x := …`, `x <- …`, `tap x: …` for `x = …`.
    pub(super) fn check_assign(&mut self, assign: &Pair<Rule>) {
        let written = assign.as_str();
        if written == "=" {
            return;
        }
        let sign = self.span(assign);
        let text = if written == ":" { " =" } else { "=" };
        let message = format!("`=` gives a value its name, and `{written}` does not");
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(sign, "`=` is meant")
                .replace("write `=`", sign, text),
        );
    }

    /// `output = x` or `output: x`, which other languages have for a field.
    pub(super) fn check_output_sign(&mut self, keyword: Span, sign: &Pair<Rule>) {
        let span = self.span(sign);
        let message = format!(
            "`output` is followed by the value, without `{}`",
            sign.as_str()
        );
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(span, "not needed")
                .replace("leave it out", keyword.after().to(span), "")
                .help("a value of that name is written with ticks: `` `output` = … ``"),
        );
    }

    pub(super) fn check_let(&mut self, word: &Pair<Rule>) {
        let span = self.span(word);
        let message = format!(
            "a value gets its name by `=` alone, without `{}`",
            word.as_str()
        );
        let blank = self.until_word(span);
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(span, "not needed")
                .replace("leave it out", blank, ""),
        );
    }

    pub(super) fn check_return(&mut self, word: &Pair<Rule>) {
        let span = self.span(word);
        self.report(
            Diagnostic::new(
                Code::E0005,
                "what a body gives is its `output`, not a `return`",
            )
            .at(span, "`output` is meant")
            .replace("write `output`", span, "output"),
        );
    }

    /// `a, b = …`
    pub(super) fn report_bare_pattern(&mut self, span: Span) {
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_owned(),
        };
        self.report(
            Diagnostic::new(Code::E0005, "several names at once stand in brackets")
                .at(span, "needs brackets")
                .fix(
                    "put brackets around the names",
                    Applicability::Safe,
                    vec![edit(span.before(), "("), edit(span.after(), ")")],
                ),
        );
    }

    /// `features.0` for `features[0]`, as PyTorch names parameters.
    pub(super) fn numbered_member(
        &mut self,
        base: Box<Expr>,
        whole: Span,
        steps: Span,
    ) -> ExprKind {
        let number = self.text.of(steps).to_owned();
        self.report(
            Diagnostic::new(
                Code::E0005,
                format!("a step is chosen by `[{number}]`, not by `.{number}`"),
            )
            .at(whole, "a step's number")
            .replace(format!("write `[{number}]`"), whole, format!("[{number}]")),
        );
        let kind = self.number(&number, steps);
        ExprKind::Index {
            base,
            index: vec![Index::At(Expr { kind, span: steps })],
        }
    }

    pub(super) fn semicolon(&mut self, span: Span) {
        let after = &self.text.of(span.after().to(self.end()));
        let more = after.lines().next().is_some_and(|line| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with("//") && !line.starts_with('}')
        });
        let text = if more { "\n" } else { "" };
        self.foreign.semicolons.push(Edit {
            span,
            text: text.to_owned(),
        });
    }

    pub(super) fn report_semicolons(&mut self) {
        let edits = std::mem::take(&mut self.foreign.semicolons);
        let Some(first) = edits.first().map(|edit| edit.span) else {
            return;
        };
        self.report(
            Diagnostic::new(Code::E0005, "a statement ends with its line, without `;`")
                .at(first, "not needed")
                .fix("leave it out", Applicability::Safe, edits),
        );
    }

    /// A blank, unless one is there behind the place.
    pub(super) fn blank_unless(&self, sign: Span) -> &'static str {
        let after = self.text.of(sign.after().to(self.end()));
        if after.starts_with([' ', '\n']) {
            ""
        } else {
            " "
        }
    }

    fn end(&self) -> Span {
        let length = self.text.clean.len();
        self.text.span(length..length)
    }

    /// The word and the blanks behind it.
    fn until_word(&self, word: Span) -> Span {
        let after = self.text.of(word.after().to(self.end()));
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        self.text
            .span(word.start as usize..word.end as usize + blanks)
    }
}
