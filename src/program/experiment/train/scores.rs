//! Settings that look at how good a network is: `expect`, `keep`, `stop`; and `average`.

use super::written::Written;
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::{Arg, DataSet, Metric, Patience, Role, Score};
use crate::program::declared::rate;
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::experiment::answer::Answers;
use crate::program::graph::Owner;
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind};

/// What must hold when a stage begins.
pub struct Expectation {
    pub score: Score,
    pub at_least: f64,
    pub span: Span,
}

const METRICS: [&str; 3] = ["accuracy", "top5", "entity_f1"];

impl Elaborator<'_, '_> {
    /// `accuracy(deep) >= 0.75`, or a list of such.
    pub(super) fn expectations(
        &mut self,
        written: &Written,
        answers: &Answers,
    ) -> Option<Vec<Expectation>> {
        let each: &[Expr] = match &written.value.kind {
            ExprKind::List(list) => list,
            _ => std::slice::from_ref(&written.value),
        };
        let found: Vec<_> = each
            .iter()
            .map(|e| self.expectation(written, e, answers))
            .collect();
        found.into_iter().collect()
    }

    fn expectation(
        &mut self,
        written: &Written,
        expr: &Expr,
        answers: &Answers,
    ) -> Option<Expectation> {
        let ExprKind::Binary {
            op: BinaryOp::Ge,
            left,
            right,
            ..
        } = &expr.bare().kind
        else {
            if !matches!(expr.kind, ExprKind::Error) {
                self.report(
                    Diagnostic::new(Code::E0408, "`expect` says what a network must reach")
                        .at(expr.span, "no `>=`")
                        .help("write `expect: accuracy(deep) >= 0.75`"),
                );
            }
            return None;
        };
        let score = self.score(left, answers)?;
        let mut frame = Frame::new(written.module, FrameKind::File, "", Owner::Data);
        let value = self.expression(&mut frame, right);
        let number = match &value {
            Value::Poison => return None,
            Value::Number(n) => n.as_f64(),
            _ => None,
        };
        match number {
            Some(at_least) if (0.0..=1.0).contains(&at_least) => Some(Expectation {
                score,
                at_least,
                span: expr.span,
            }),
            Some(percent) if percent > 1.0 && percent <= 100.0 => {
                let diagnostic = Diagnostic::new(
                    Code::E0408,
                    "a share of the samples is a number from 0 to 1",
                )
                .at(right.span, "in percent?");
                let share = format!("{}", percent / 100.0);
                self.report(diagnostic.replace(format!("write `{share}`"), right.span, share));
                None
            }
            _ => {
                let diagnostic = Diagnostic::new(
                    Code::E0408,
                    "a share of the samples is a number from 0 to 1",
                );
                self.report(diagnostic.at(right.span, value.kind()));
                None
            }
        }
    }

    /// `last`, `best(accuracy)`, `best(slow)`.
    pub(super) fn keep(
        &mut self,
        written: &Written,
        data: &DataSet,
        answers: &Answers,
    ) -> Option<Option<Score>> {
        let expr = &written.value;
        match &expr.kind {
            ExprKind::Name(name) if name == "last" => Some(None),
            ExprKind::Call { callee, args } if callee.is_name("best") => {
                let [ast::Arg { name: None, value }] = args.as_slice() else {
                    return self.wrong_setting(
                        "`best` takes one metric",
                        expr.span,
                        "`keep: best(accuracy)`",
                    );
                };
                self.held_out("keep", expr.span, data, answers)?;
                Some(Some(self.score(value, answers)?))
            }
            ExprKind::Error => None,
            _ => self.wrong_setting(
                "`keep` is `last` or `best(…)`",
                expr.span,
                "`keep: best(accuracy)`",
            ),
        }
    }

    /// `patience(10)`, `patience(10, top5)`.
    pub(super) fn stop(
        &mut self,
        written: &Written,
        data: &DataSet,
        answers: &Answers,
    ) -> Option<Patience> {
        let expr = &written.value;
        let form = "`stop: patience(10)`, in epochs";
        let args = match &expr.kind {
            ExprKind::Call { callee, args } if callee.is_name("patience") => args,
            ExprKind::Error => return None,
            _ => return self.wrong_setting("`stop` takes `patience(…)`", expr.span, form),
        };
        let (epochs, by) = match args.as_slice() {
            [epochs] => (epochs, None),
            [epochs, by] => (epochs, Some(by)),
            _ => {
                return self.wrong_setting(
                    "`patience` takes a number of epochs, and a metric",
                    expr.span,
                    form,
                );
            }
        };
        let mut frame = Frame::new(written.module, FrameKind::File, "", Owner::Data);
        let epochs = self.whole(
            &mut frame,
            "patience",
            &epochs.value,
            1,
            super::settings::MOST_EPOCHS,
        )?;
        self.held_out("stop", expr.span, data, answers)?;
        let score = match by {
            Some(by) => self.score(&by.value, answers)?,
            None => self.first_student(Metric::Accuracy, expr.span, answers)?,
        };
        Some(Patience { epochs, score })
    }

    /// `ema(0.9999)`.
    pub(super) fn average(&mut self, written: &Written) -> Option<Arg> {
        let expr = &written.value;
        let args = match &expr.kind {
            ExprKind::Call { callee, args } if callee.is_name("ema") => args,
            ExprKind::Error => return None,
            _ => {
                return self.wrong_setting(
                    "`average` takes `ema(…)`",
                    expr.span,
                    "`average: ema(0.999)`",
                );
            }
        };
        let [decay] = args.as_slice() else {
            return self.wrong_setting(
                "`ema` takes how much of the mean is kept at each step",
                expr.span,
                "`average: ema(0.999)`",
            );
        };
        let mut frame = Frame::new(written.module, FrameKind::File, "", Owner::Data);
        self.decay(&mut frame, &decay.value)
    }

    /// A number from 0 to 1, or a schedule between them.
    pub(in crate::program::experiment) fn decay(
        &mut self,
        frame: &mut Frame,
        expr: &Expr,
    ) -> Option<Arg> {
        let value = self.expression(frame, expr);
        if value.is_poison() {
            return None;
        }
        let decay = rate(&value).filter(|d| d.bounds().is_none_or(|(_, largest)| largest <= 1.0));
        if decay.is_none() {
            let message = "a decay is a number above 0, at most 1, or a schedule between them";
            let diagnostic = Diagnostic::new(Code::E0223, message).at(expr.span, "out of range");
            self.report(diagnostic.note("it is how much of the running mean is kept at each step"));
        }
        decay
    }

    pub(super) fn wrong_setting<T>(&mut self, message: &str, span: Span, form: &str) -> Option<T> {
        let diagnostic = Diagnostic::new(Code::E0407, message).at(span, "something else");
        self.report(diagnostic.help(format!("write {form}")));
        None
    }

    /// What is chosen on the test samples could not be measured on them any more.
    fn held_out(
        &mut self,
        setting: &str,
        span: Span,
        data: &DataSet,
        answers: &Answers,
    ) -> Option<()> {
        let measured = &answers.data.name;
        if data.name != *measured {
            let message = format!(
                "`{setting}` looks at samples of `{measured}`, by which networks are measured, but this stage trains on `{}`",
                data.name
            );
            let diagnostic = Diagnostic::new(Code::E0413, message).at(span, "not measured here");
            self.report(diagnostic.help("networks are measured on the data of the first stage"));
            return None;
        }
        if data.hold_out.is_some() {
            return Some(());
        }
        let message = format!("`{setting}` would choose on the test set: no samples are held out");
        let mut diagnostic = Diagnostic::new(Code::E0413, message)
            .at(span, "needs held-out samples")
            .note("what has been chosen on the test samples is no longer measured by them");
        if let Some(place) = self.place_of_training_data() {
            diagnostic = diagnostic.note_at(place, format!("`{}` is declared here", data.name));
        }
        self.report(
            diagnostic.help("hold samples out of training: `-> hold_out(0.1)` before `batch`"),
        );
        None
    }

    /// A metric of the first student, of a network (`top5(deep)`), or a network alone, by its accuracy.
    fn score(&mut self, expr: &Expr, answers: &Answers) -> Option<Score> {
        let score = self.any_score(expr, answers)?;
        if score.metric == Metric::EntityF1 {
            self.has_tags(expr, answers)?;
        }
        Some(score)
    }

    fn any_score(&mut self, expr: &Expr, answers: &Answers) -> Option<Score> {
        match &expr.bare().kind {
            ExprKind::Name(name) => match metric(name) {
                Some(metric) => self.first_student(metric, expr.span, answers),
                None => self.score_of(Metric::Accuracy, expr, answers),
            },
            ExprKind::Call { callee, args } => {
                let ExprKind::Name(name) = &callee.kind else {
                    return self.no_score(callee);
                };
                let Some(metric) = metric(name) else {
                    return self.no_score(callee);
                };
                let [ast::Arg { name: None, value }] = args.as_slice() else {
                    return self.wrong_setting(
                        &format!("`{name}` takes one network"),
                        expr.span,
                        &format!("`{name}(light)`"),
                    );
                };
                self.score_of(metric, value, answers)
            }
            ExprKind::Error => None,
            _ => self.no_score(expr),
        }
    }

    fn no_score<T>(&mut self, expr: &Expr) -> Option<T> {
        let help = format!("the metrics are {}", listed(METRICS, 8));
        self.unknown_metric(expr, METRICS, &help)
    }

    pub(super) fn unknown_metric<'n, T>(
        &mut self,
        expr: &Expr,
        there: impl IntoIterator<Item = &'n str>,
        help: &str,
    ) -> Option<T> {
        let text = self.text(expr.span).to_string();
        let diagnostic = Diagnostic::new(Code::E0201, format!("there is no metric `{text}`"))
            .at(expr.span, "no metric");
        self.report(match nearest(&text, there) {
            Some(near) => diagnostic.replace(
                format!("there is one with a similar name: `{near}`"),
                expr.span,
                near,
            ),
            None => diagnostic.help(help),
        });
        None
    }

    pub(super) fn first_student(
        &mut self,
        metric: Metric,
        span: Span,
        answers: &Answers,
    ) -> Option<Score> {
        let student = self.networks.iter().find(|n| n.role == Role::Student)?;
        let network = student.name.clone();
        self.measured(&network, span, answers)?;
        Some(Score { metric, network })
    }

    pub(super) fn score_of(
        &mut self,
        metric: Metric,
        expr: &Expr,
        answers: &Answers,
    ) -> Option<Score> {
        let name = match &expr.kind {
            ExprKind::Name(name) => name.clone(),
            _ => self.text(expr.span).to_string(),
        };
        if !self.networks.iter().any(|n| n.name == name) {
            let there = || self.networks.iter().map(|n| n.name.as_str());
            let diagnostic = Diagnostic::new(Code::E0201, format!("there is no network `{name}`"))
                .at(expr.span, "no network");
            let diagnostic = match nearest(&name, there()) {
                Some(near) => diagnostic.fix(
                    format!("there is one with a similar name: `{near}`"),
                    Applicability::Safe,
                    vec![Edit {
                        span: expr.span,
                        text: near.to_string(),
                    }],
                ),
                None => diagnostic.help(format!("the networks are {}", listed(there(), 8))),
            };
            // one with a mistake of its own is not there
            if self.modules.lookup(self.root, &name).is_none()
                || !self.modules.has_errors(self.root)
            {
                self.report(diagnostic);
            }
            return None;
        }
        self.modules.lookup_at(self.root, &name, expr.span);
        self.measured(&name, expr.span, answers)?;
        Some(Score {
            metric,
            network: name,
        })
    }

    /// A network is measured by an output that says a class.
    fn measured(&mut self, network: &str, span: Span, answers: &Answers) -> Option<()> {
        if answers.of(network).is_some() {
            return Some(());
        }
        let message = format!("`{network}` has no output that can be compared with the labels");
        let diagnostic = Diagnostic::new(Code::E0408, message).at(span, "cannot be measured");
        self.report(
            diagnostic.help("a network is measured by an output of the form `[N, classes]`"),
        );
        None
    }
}

fn metric(name: &str) -> Option<Metric> {
    match name {
        "accuracy" => Some(Metric::Accuracy),
        "top5" => Some(Metric::Top5),
        "entity_f1" => Some(Metric::EntityF1),
        _ => None,
    }
}
