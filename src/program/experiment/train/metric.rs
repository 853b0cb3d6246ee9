//! `metrics:`: what is measured of the students in the end.

use super::written::Written;
use crate::data::tags::Tag;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Arg, DataSource, Measure, Metric as Share, Role};
use crate::program::data::tensor_of;
use crate::program::declared::{Declared, Parameter, Wants};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::experiment::Answers;
use crate::program::graph::{NodeIndex, Owner, What};
use crate::program::ops::Element;
use crate::program::value::{Layer, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};
use std::rc::Rc;

/// What `metrics` may list besides losses and functions.
pub static METRICS: &[Declared] = &[
    Declared {
        name: "accuracy",
        doc: "The share of the test samples whose class a student recognises; of those with a class for each word, of the words.",
        parameters: &[],
    },
    Declared {
        name: "top5",
        doc: "The share of the test samples whose class is among the five that a student holds most likely.",
        parameters: &[],
    },
    Declared {
        name: "calibration",
        doc: "The expected calibration error with 15 bins (Guo and others 2017): how far a student's certainty is from its \
              accuracy, from 0 to 1.",
        parameters: &[],
    },
    Declared {
        name: "perplexity",
        doc: "The exponential of the cross-entropy: among how many tokens a student hesitates.",
        parameters: &[],
    },
    Declared {
        name: "entity_f1",
        doc: "The F1 of the entities that tags of words such as `B-PER` and `I-PER` mark, as seqeval and conlleval compute it: \
              an entity counts where its words and its kind are right.",
        parameters: &[],
    },
    Declared {
        name: "agreement",
        doc: "The share of the test samples for which a student answers as another network does.",
        parameters: &[Parameter::required(
            "network",
            Wants::Network,
            "the other, a teacher for example",
        )
        .positional()],
    },
];

/// Something to measure.
pub enum Metric {
    Known(Measure),
    Formula(Formula),
}

/// A loss or function of what networks answer.
pub struct Formula {
    /// `soft_target(teacher: deep.logits)`
    pub written: String,
    /// Its value of each network, by the network's name.
    pub of: Vec<(String, NodeIndex)>,
}

impl Metric {
    pub fn is_same(&self, other: &Metric) -> bool {
        match (self, other) {
            (Metric::Known(one), Metric::Known(other)) => one == other,
            (Metric::Formula(one), Metric::Formula(other)) => one.written == other.written,
            _ => false,
        }
    }
}

/// What is measured of each network alone.
fn of_each(name: &str) -> Option<Measure> {
    Some(match name {
        "accuracy" => Measure::Accuracy,
        "top5" => Measure::Top5,
        "calibration" => Measure::Calibration,
        "perplexity" => Measure::Perplexity,
        "entity_f1" => Measure::EntityF1,
        _ => return None,
    })
}

impl Elaborator<'_, '_> {
    /// What `metrics:` lists, without what is wrong, which is reported.
    pub(super) fn metrics(&mut self, written: &Written, answers: &Answers) -> Vec<Metric> {
        match &written.value.kind {
            ExprKind::List(list) => (list.iter())
                .filter_map(|expr| self.metric(written, expr, answers))
                .collect(),
            ExprKind::Error => Vec::new(),
            _ => {
                let form = "`metrics: [accuracy, top5]`";
                self.wrong_setting::<()>("`metrics` takes a list", written.value.span, form);
                Vec::new()
            }
        }
    }

    fn metric(&mut self, written: &Written, expr: &Expr, answers: &Answers) -> Option<Metric> {
        let (name, args): (&str, &[ast::Arg]) = match &expr.kind {
            ExprKind::Name(name) => (name, &[]),
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Name(name) => (name, args),
                _ => return self.no_metric(expr),
            },
            ExprKind::Error => return None,
            _ => return self.no_metric(expr),
        };
        let known = match (name, of_each(name)) {
            ("entity_f1", Some(measure)) if args.is_empty() => {
                self.has_tags(expr, answers)?;
                measure
            }
            (_, Some(measure)) if args.is_empty() => measure,
            (_, Some(_)) => return self.measured_of_each(name, expr),
            ("agreement", _) => self.agreement(expr, args, answers)?,
            _ => {
                let mut frame = Frame::new(written.module, FrameKind::File, "", Owner::Data);
                return match self.find_callable(&mut frame, name, expr.span) {
                    Some(callable) => self.formula(&mut frame, expr, &callable, answers),
                    None => self.no_metric(expr),
                };
            }
        };
        Some(Metric::Known(known))
    }

    /// `accuracy(light)`, as `expect` has it.
    fn measured_of_each<T>(&mut self, name: &str, expr: &Expr) -> Option<T> {
        let message = format!("`metrics` takes `{name}` without a network");
        let diagnostic = Diagnostic::new(Code::E0225, message).at(expr.span, "one too many");
        let text = "leave it out: it is measured of each student";
        self.report(diagnostic.replace(text, expr.span, name));
        None
    }

    /// Refuses labels that cannot be tags of words. Of classes that the file does not name, the data will tell.
    pub(super) fn has_tags(&mut self, expr: &Expr, answers: &Answers) -> Option<()> {
        let data = &answers.data;
        let (label, ..) = data.label()?;
        let columns = || data.sources.iter().flat_map(DataSource::columns);
        let (_, begins) = data.behind(&[&label.name]);
        let column = columns().find(|column| begins.contains(&column.field.as_str()));
        let no_tag = column.and_then(|c| c.names.iter().find(|name| Tag::read(name).is_none()));
        let (message, help) = if label.shape.rank() != 2 || column.is_none() {
            let message = format!(
                "`entity_f1` takes the classes of words, but `{}` is {}",
                data.full_name(label),
                tensor_of(&data.name, label)
            );
            let help = "it is for tags: `label = column(\"tags\") -> align(word) -> class(9, ignore: -100)`";
            (message, help.to_string())
        } else if let Some(name) = no_tag {
            let message = format!(
                "`entity_f1` takes classes such as `O`, `B-PER` and `I-PER`, but one of `{}` is called `{name}`",
                data.full_name(label)
            );
            let help = "`B` begins an entity, `I` goes on with it, `E` is its last word, `S` its only one, `O` is outside";
            (message, help.to_string())
        } else {
            return Some(());
        };
        let diagnostic = Diagnostic::new(Code::E0204, message).at(expr.span, "no tags");
        self.report(diagnostic.help(help));
        None
    }

    fn agreement(&mut self, expr: &Expr, args: &[ast::Arg], answers: &Answers) -> Option<Measure> {
        let [ast::Arg { name: None, value }] = args else {
            let form = "`agreement(deep)`";
            return self.wrong_setting("`agreement` takes one network", expr.span, form);
        };
        // the network's output may be named as well
        let network = match &value.kind {
            ExprKind::Member { base, .. } => base,
            _ => value,
        };
        let score = self.score_of(Share::Accuracy, network, answers)?;
        Some(Measure::Agreement {
            with: score.network,
        })
    }

    /// What a student answers fills the first input that is left, and the label the second if there is one.
    fn formula(
        &mut self,
        frame: &mut Frame,
        expr: &Expr,
        callable: &Value,
        answers: &Answers,
    ) -> Option<Metric> {
        let text = self.modules.sources.one_line(expr.span);
        let value = match &expr.kind {
            ExprKind::Name(_) => callable.clone(),
            _ => self.expression(frame, expr),
        };
        let layer = match value {
            Value::Poison => return None,
            Value::Layer(layer) if matches!(&*layer, Layer::Call { .. }) => layer,
            _ => {
                let diagnostic = Diagnostic::new(Code::E0204, format!("`{text}` is no metric"))
                    .at(expr.span, "nothing is left for the answers")
                    .help(
                        "what a student answers fills the first input: `mse(teacher: deep.logits)`",
                    );
                self.report(diagnostic);
                return None;
            }
        };
        let label = match self.inputs_left(&layer) {
            0 | 1 => None,
            _ => Some(self.label(answers, expr.span)?),
        };
        let changing: Vec<(String, NodeIndex)> = (self.networks.iter())
            .filter(|n| {
                n.role == Role::Student || self.followers.iter().any(|f| f.network == n.name)
            })
            .filter_map(|n| Some((n.name.clone(), answers.of(&n.name)?)))
            .collect();
        if changing.is_empty() {
            self.first_student(Share::Accuracy, expr.span, answers)?;
        }
        let mut of = Vec::new();
        for (network, answer) in changing {
            let input = match label {
                Some(label) => Value::Tuple(Rc::new([answer, label].map(Value::Tensor).to_vec())),
                None => Value::Tensor(answer),
            };
            of.push((
                network,
                self.measured_by(frame, &layer, input, expr.span, answers)?,
            ));
        }
        Some(Metric::Formula(Formula { written: text, of }))
    }

    /// How many inputs of a loss or function have no tensor yet.
    fn inputs_left(&mut self, layer: &Layer) -> usize {
        let Layer::Call { callee, given, .. } = layer else {
            return 0;
        };
        let signature = self.signature(*callee);
        let required = signature.inputs.iter().filter(|input| !input.optional);
        let named = |name: &str| {
            let mut names = given.iter().filter_map(|given| given.name.as_ref());
            names.any(|(given, _)| given == name)
        };
        required.filter(|input| !named(&input.name)).count()
    }

    fn label(&mut self, answers: &Answers, span: Span) -> Option<NodeIndex> {
        let data = &answers.data;
        let (field, ..) = data.label()?;
        Some(self.field(data, field, span))
    }

    /// The value of one network, which must be a number that can be computed from the test samples.
    fn measured_by(
        &mut self,
        frame: &mut Frame,
        layer: &Rc<Layer>,
        input: Value,
        span: Span,
        answers: &Answers,
    ) -> Option<NodeIndex> {
        let owned_before = self.graph.parameters.len();
        let value = self.apply(frame, &Value::Layer(layer.clone()), input, span, None, span);
        let node = match self.operand(value) {
            Value::Tensor(node) => node,
            other => {
                self.wrong_kind(&other, span, "a metric is a number of the samples");
                return None;
            }
        };
        let got = self.graph.tensor(node).clone();
        let diagnostic = if got.shape.rank() != 0 || got.element != Element::Real {
            let message = format!("a metric is one number, but this is {got}");
            let diagnostic = Diagnostic::new(Code::E0308, message).at(span, "more than a number");
            diagnostic.help("take the mean of what is left: `mean(…)`")
        } else if self.graph.parameters.len() > owned_before {
            let message = "this has parameters or states of its own, which nothing trains here";
            let diagnostic = Diagnostic::new(Code::E0204, message).at(span, "owns something");
            diagnostic.help("a metric is a loss or function that owns nothing")
        } else if self.changes_in_training(node) {
            let message =
                "a metric is measured when training is over, but this changes in training";
            let diagnostic = Diagnostic::new(Code::E0204, message).at(span, "depends on the time");
            diagnostic.help("write a number for the schedule")
        } else if let Some(other) = self.other_data(node, answers) {
            let measured = &answers.data.name;
            let message = format!(
                "a metric is measured on the test samples of `{measured}`, but this reads `{other}`"
            );
            let diagnostic = Diagnostic::new(Code::E0410, message).at(span, "reads other samples");
            diagnostic.help(format!("name fields of `{measured}`"))
        } else {
            return Some(node);
        };
        self.report(diagnostic);
        None
    }

    fn changes_in_training(&self, node: NodeIndex) -> bool {
        (self.graph.needed([node]).into_iter()).any(|node| match &self.graph.node(node).what {
            What::Operation { args, .. } => args.values().any(Arg::changes),
            What::Field(_) => false,
        })
    }

    /// A field of another data set than the networks are measured on.
    fn other_data(&self, node: NodeIndex, answers: &Answers) -> Option<String> {
        let own = format!("{}.", answers.data.name);
        (self.graph.needed([node]).into_iter()).find_map(|node| match &self.graph.node(node).what {
            What::Field(field) if !field.starts_with(&own) => Some(field.clone()),
            _ => None,
        })
    }

    fn no_metric<T>(&mut self, expr: &Expr) -> Option<T> {
        let losses: Vec<String> = self.modules.names(self.root).map(str::to_string).collect();
        let known = METRICS.iter().map(|metric| metric.name);
        let there = known.chain(losses.iter().map(String::as_str));
        self.unknown_metric(
            expr,
            there,
            "the metrics are `accuracy`, `top5`, `calibration`, `perplexity`, `entity_f1` and `agreement(…)`, and losses and functions",
        )
    }
}
