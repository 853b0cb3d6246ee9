//! What a `train` block says, setting by setting.

use super::groups::Group;
use super::unknown::unknown;
use super::written::Written;
use crate::diag::suggest::nearest;
use crate::diag::{Code, Diagnostic};
use crate::plan::cache::Store;
use crate::plan::{Keep, Optimizer, TestTime};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::experiment::{Length, Precision};
use crate::program::graph::Owner;
use crate::program::load::ModuleId;
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Setting};

/// What a `train` block may say.
pub(super) const SETTINGS: [&str; 18] = [
    "epochs",
    "steps",
    "optimizer",
    "edges",
    "learns",
    "clip",
    "precision",
    "cache",
    "store",
    "accumulate",
    "average",
    "batch_statistics",
    "keep",
    "stop",
    "expect",
    "metrics",
    "seed",
    "test",
];

const PRECISIONS: [(&str, Precision); 3] = [
    ("f32", Precision::F32),
    ("tf32", Precision::Tf32),
    ("bf16", Precision::Bf16),
];

const TEST_TIMES: [(&str, TestTime); 2] = [
    ("at_end", TestTime::AtEnd),
    ("each_epoch", TestTime::EachEpoch),
];

pub const MOST_EPOCHS: i64 = 1_000_000;
const MOST_STEPS: i64 = 1_000_000_000;

/// What a block says; absent where it says nothing, or something wrong.
#[derive(Default)]
pub struct Block {
    pub length: Option<Length>,
    pub optimizer: Option<(Optimizer, Vec<Group>)>,
    pub accumulate: Option<u64>,
    pub clip: Option<f64>,
    pub precision: Option<Precision>,
    pub cache: Option<Keep>,
    pub store: Option<Store>,
    pub batch_statistics: Option<bool>,
    pub seeds: Option<(Vec<u64>, Span)>,
    pub test: Option<TestTime>,
    /// Names of edges and of what learns, looked up when all edges are known.
    pub edges: Option<Written>,
    pub learns: Option<Written>,
    /// Looked at when the networks and the data are known.
    pub average: Option<Written>,
    pub expect: Option<Written>,
    pub keep: Option<Written>,
    pub stop: Option<Written>,
    pub metrics: Option<Written>,
    /// The names that were given, right or wrong.
    given: Vec<(String, Span)>,
    /// Part of it could not be read, so that nothing is known to be missing.
    pub(super) incomplete: bool,
}

impl Elaborator<'_, '_> {
    /// The settings of a `train` or `settings` block.
    pub(super) fn settings_block(&mut self, module: ModuleId, settings: &[Setting]) -> Block {
        let mut block = Block::default();
        for written in self.all_settings(&mut block, module, settings, &mut Vec::new()) {
            self.setting(&mut block, written);
        }
        block
    }

    fn setting(&mut self, block: &mut Block, written: Written) {
        let (name, value) = (&written.name, &written.value);
        block.given.push((name.text.clone(), name.span));
        let mut frame = Frame::new(written.module, FrameKind::File, "", Owner::Data);
        match name.text.as_str() {
            "epochs" => {
                let epochs = self.whole(&mut frame, "epochs", value, 1, MOST_EPOCHS);
                block.length = epochs.map(Length::Epochs);
            }
            "steps" => {
                let steps = self.whole(&mut frame, "steps", value, 1, MOST_STEPS);
                block.length = steps.map(Length::Steps);
            }
            "optimizer" => block.optimizer = self.optimizer(&mut frame, value),
            "seed" => {
                let seeds = self.seeds(&mut frame, value);
                block.seeds = seeds.map(|seeds| (seeds, value.span));
            }
            "test" => {
                let message = "`test` is `at_end` or `each_epoch`";
                block.test = self.word(value, &TEST_TIMES, message);
            }
            "accumulate" => {
                block.accumulate = self.whole(&mut frame, "accumulate", value, 1, 1_000_000);
            }
            "precision" => {
                let message = "`precision` is `f32`, `tf32` or `bf16`";
                block.precision = self.word(value, &PRECISIONS, message);
            }
            "cache" => {
                let message = "`cache` is `auto`, `memory`, `disk` or `off`";
                block.cache = self.word(value, &Keep::WORDS, message);
            }
            "store" => {
                let message = "`store` is `f32`, `bf16` or `f16`";
                block.store = self.word(value, &Store::WORDS, message);
            }
            "batch_statistics" => block.batch_statistics = self.truth(&mut frame, &written),
            "clip" => block.clip = self.clip(&mut frame, value),
            "average" => block.average = Some(written),
            "expect" => block.expect = Some(written),
            "keep" => block.keep = Some(written),
            "stop" => block.stop = Some(written),
            "metrics" => block.metrics = Some(written),
            "edges" => block.edges = Some(written),
            "learns" => block.learns = Some(written),
            _ => {
                let (diagnostic, meant) = unknown(name);
                // so that it is not missed as well
                block
                    .given
                    .extend(meant.map(|meant| (meant.to_string(), name.span)));
                self.report(diagnostic);
            }
        }
    }

    /// One of the words that a setting knows.
    fn word<T: Copy>(&mut self, expr: &Expr, words: &[(&str, T)], message: &str) -> Option<T> {
        let meant = words.iter().find(|(word, _)| expr.is_name(word));
        if meant.is_none() && !matches!(expr.kind, ExprKind::Error) {
            let written = self.text(expr.span);
            let word = written.trim_matches('"');
            let near = match words.iter().find(|(there, _)| *there == word) {
                Some((quoted, _)) => Some(*quoted),
                None => nearest(word, words.iter().map(|(there, _)| *there)),
            };
            let diagnostic = Diagnostic::new(Code::E0407, message).at(expr.span, "something else");
            self.report(match near {
                Some(near) => diagnostic.replace(format!("write `{near}`"), expr.span, near),
                None => diagnostic,
            });
        }
        meant.map(|(_, meant)| *meant)
    }

    fn truth(&mut self, frame: &mut Frame, written: &Written) -> Option<bool> {
        let (name, span) = (&written.name.text, written.value.span);
        match self.expression(frame, &written.value) {
            Value::Bool(truth) => truth,
            other => {
                self.wrong_kind(&other, span, &format!("`{name}` is `true` or `false`"));
                None
            }
        }
    }

    fn clip(&mut self, frame: &mut Frame, expr: &Expr) -> Option<f64> {
        let value = self.expression(frame, expr);
        let number = match &value {
            Value::Poison => return None,
            Value::Number(n) => n.as_f64().filter(|x| *x > 0.0),
            _ => None,
        };
        if number.is_none() {
            let message = "`clip` is the largest norm of all gradients together, a number above 0";
            let label = match &value {
                Value::Number(_) => "out of range",
                other => other.kind(),
            };
            self.report(Diagnostic::new(Code::E0408, message).at(expr.span, label));
        }
        number
    }

    pub(super) fn whole(
        &mut self,
        frame: &mut Frame,
        name: &str,
        expr: &Expr,
        min: i64,
        max: i64,
    ) -> Option<u64> {
        let value = self.expression(frame, expr);
        match &value {
            Value::Poison => None,
            Value::Number(n) if n.as_int().is_some_and(|n| (min..=max).contains(&n)) => {
                n.as_int().and_then(|n| u64::try_from(n).ok())
            }
            Value::Number(n) => {
                let message =
                    format!("`{name}` is a whole number from {min} to {max}, but this is {n}");
                self.report(Diagnostic::new(Code::E0408, message).at(expr.span, "out of range"));
                None
            }
            other => {
                let message = format!("`{name}` is a whole number, but this is {}", other.kind());
                self.report(Diagnostic::new(Code::E0224, message).at(expr.span, other.kind()));
                None
            }
        }
    }

    fn seeds(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Vec<u64>> {
        let ExprKind::List(values) = &expr.kind else {
            return Some(vec![self.whole(frame, "seed", expr, 0, i64::MAX)?]);
        };
        if values.is_empty() {
            let diagnostic = Diagnostic::new(Code::E0408, "an empty list of seeds makes no run");
            self.report(
                diagnostic
                    .at(expr.span, "no seed")
                    .help("write `seed: 42` or `seed: [1, 2, 3]`"),
            );
            return None;
        }
        let mut seeds: Vec<u64> = Vec::new();
        for value in values {
            let seed = self.whole(frame, "seed", value, 0, i64::MAX)?;
            if seeds.contains(&seed) {
                let diagnostic =
                    Diagnostic::new(Code::E0408, format!("the seed {seed} stands twice"));
                self.report(diagnostic.at(value.span, "the same run again"));
                return None;
            }
            seeds.push(seed);
        }
        Some(seeds)
    }

    pub(super) fn missing_settings(&mut self, block: &Block, first_line: Span) {
        for (name, form) in [
            ("epochs", "epochs: 10"),
            ("optimizer", "optimizer: adam(lr: 0.001)"),
        ] {
            let given = |(given, _): &(String, Span)| {
                given == name || (name == "epochs" && given == "steps")
            };
            if block.incomplete || block.given.iter().any(given) {
                continue;
            }
            let diagnostic = Diagnostic::new(Code::E0407, format!("this training has no `{name}`"))
                .at(first_line, format!("without `{name}`"))
                .help(format!("add `{form}`"));
            self.report(diagnostic);
        }
    }
}
