//! The names of what owns parameters, by PyTorch's conventions (language reference, "Parameter names").

use super::{Elaborator, Frame};
use crate::program::value::{Applied, Callee, Layer, Member, Value};
use crate::syntax::ast::{Expr, ExprKind, Index, Step};

/// Names the steps of one binding's right-hand side.
#[derive(Debug, Default)]
pub struct Naming {
    /// The binding's name; empty for an unnamed output.
    prefix: String,
    /// Exactly one step counts, so that it has the binding's own name.
    single: bool,
    next: usize,
    /// What can be tapped by index.
    pub steps: Vec<Member>,
    /// What can be tapped by label.
    pub labelled: Vec<(String, Member)>,
    /// All that was applied, in order.
    pub row: Vec<Applied>,
}

impl Naming {
    pub fn new(prefix: &str, single: bool) -> Naming {
        Naming {
            prefix: prefix.to_string(),
            single,
            ..Naming::default()
        }
    }

    /// The name of the next step.
    pub fn step(&mut self, label: Option<&str>) -> String {
        if let Some(label) = label {
            return label.to_string();
        }
        let index = self.next;
        self.next += 1;
        if self.single {
            self.prefix.clone()
        } else {
            super::join(&self.prefix, &index.to_string())
        }
    }
}

impl Elaborator<'_, '_> {
    /// How the steps of a binding's right-hand side are to be named.
    pub fn naming(&mut self, frame: &mut Frame, prefix: &str, value: &Expr) -> Naming {
        let steps = self.count(frame, value);
        Naming::new(prefix, steps == Count::One)
    }

    /// Whether an expression is one chain of steps over a value that is no chain itself.
    pub(super) fn is_plain_chain(&mut self, frame: &mut Frame, expr: &Expr) -> bool {
        match &expr.bare().kind {
            ExprKind::Chain { head, .. } => self.count(frame, head) == Count::Zero,
            _ => false,
        }
    }

    /// How many unlabelled steps there are, as written.
    fn count(&mut self, frame: &mut Frame, expr: &Expr) -> Count {
        match &expr.kind {
            ExprKind::Chain { head, steps } => {
                let mut count = self.count(frame, head);
                for step in steps.iter().filter(|step| step.label.is_none()) {
                    count = count.and(self.count_step(step));
                }
                count
            }
            ExprKind::Paren(inner) => self.count(frame, inner),
            ExprKind::Binary { left, right, .. } => {
                self.count(frame, left).and(self.count(frame, right))
            }
            ExprKind::Unary { operand, .. } => self.count(frame, operand),
            ExprKind::Tuple(values) | ExprKind::List(values) => values
                .iter()
                .fold(Count::Zero, |count, v| count.and(self.count(frame, v))),
            ExprKind::If {
                then, otherwise, ..
            } => self.count(frame, then).or(self.count(frame, otherwise)),
            ExprKind::For { .. } => Count::Many,
            ExprKind::Call { callee, args } => {
                let inside = args
                    .iter()
                    .fold(Count::Zero, |c, arg| c.and(self.count(frame, &arg.value)));
                if self.owning_call(frame, callee, !args.is_empty()) {
                    inside.and(Count::One)
                } else {
                    inside
                }
            }
            ExprKind::Index { base, index } => {
                index
                    .iter()
                    .fold(self.count(frame, base), |count, index| match index {
                        Index::At(value) => count.and(self.count(frame, value)),
                        Index::Slice(..) => count,
                    })
            }
            ExprKind::Member { base, .. } => self.count(frame, base),
            _ => Count::Zero,
        }
    }

    fn count_step(&mut self, step: &Step) -> Count {
        match &step.layer.kind {
            ExprKind::For { .. } => Count::Many,
            ExprKind::Call { callee, .. } if callee.is_name("repeat") => Count::Many,
            ExprKind::If {
                then, otherwise, ..
            } => layer_steps(then).or(layer_steps(otherwise)),
            ExprKind::Name(name) if name == "nothing" => Count::Zero,
            _ => Count::One,
        }
    }

    /// Whether a call in function form owns parameters and thereby counts as a step.
    fn owning_call(&mut self, frame: &mut Frame, callee: &Expr, has_args: bool) -> bool {
        let ExprKind::Name(name) = &callee.kind else {
            return false;
        };
        if !has_args {
            return false;
        }
        match self.find_callable(frame, name, callee.span) {
            Some(Value::Layer(layer)) => match &*layer {
                Layer::Call { callee, .. } => self.owns(*callee),
                _ => true,
            },
            _ => false,
        }
    }

    /// Whether what it gives can own parameters.
    pub fn owns(&self, callee: Callee) -> bool {
        match callee {
            Callee::Operation(op) => op.owns,
            Callee::Definition(id) => self.is_model(id),
        }
    }
}

/// The steps of a layer that is written inside braces: `conv2d(8) -> relu` has two.
fn layer_steps(expr: &Expr) -> Count {
    match &expr.kind {
        ExprKind::Chain { head, steps } => steps.iter().fold(layer_steps(head), |count, step| {
            count.and(layer_steps(&step.layer))
        }),
        ExprKind::If {
            then, otherwise, ..
        } => layer_steps(then).or(layer_steps(otherwise)),
        ExprKind::For { .. } => Count::Many,
        ExprKind::Call { callee, .. } if callee.is_name("repeat") => Count::Many,
        ExprKind::Name(name) if name == "nothing" => Count::Zero,
        _ => Count::One,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    Zero,
    One,
    Many,
}

impl Count {
    fn and(self, other: Count) -> Count {
        match (self, other) {
            (Count::Zero, count) | (count, Count::Zero) => count,
            _ => Count::Many,
        }
    }

    /// The branch with most counts.
    fn or(self, other: Count) -> Count {
        self.max(other)
    }
}
