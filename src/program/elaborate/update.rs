//! `update`: what a state becomes after each step of training.

use super::{Elaborator, Frame};
use crate::diag::suggest::nearest;
use crate::diag::{Code, Diagnostic};
use crate::program::graph::{NodeIndex, ParameterId};
use crate::program::ops::Element;
use crate::program::value::Value;
use crate::shape::Shape;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, Index};

/// A state gets another value after each step of training.
#[derive(Clone, Debug)]
pub struct Update {
    pub state: ParameterId,
    /// Of the rows that change; all if there is none.
    pub index: Option<NodeIndex>,
    pub value: NodeIndex,
    pub span: Span,
}

impl Elaborator<'_, '_> {
    /// `update name = value` and `update name[ids] = value`.
    pub(super) fn update(
        &mut self,
        frame: &mut Frame,
        name: &ast::Name,
        index: Option<&[Index]>,
        value: &Expr,
    ) {
        let state = self.updated_state(frame, name);
        let index = match index {
            None => Some(None),
            Some(index) => self.updated_rows(frame, name, index).map(Some),
        };
        let (new, _) = self.named_value(frame, &name.text, value);
        let new = match self.operand(new) {
            Value::Tensor(node) => Some(node),
            other => {
                self.wrong_kind(&other, value.span, "an update gives a state a tensor");
                None
            }
        };
        let (Some(state), Some(index), Some(new)) = (state, index, new) else {
            return;
        };
        let whole = self.graph.parameter(state).shape.clone();
        let wanted = match index {
            None => whole,
            Some(rows) => {
                let rows = &self.graph.tensor(rows).shape.0;
                Shape(rows.iter().chain(&whole.0[1..]).cloned().collect())
            }
        };
        let got = self.graph.tensor(new).clone();
        if got.shape.differs(&wanted) || got.element != Element::Real {
            let message = format!(
                "this update of `{}` takes {wanted}, but gets {got}",
                name.text
            );
            self.report(
                Diagnostic::new(Code::E0302, message).at(value.span, format!("this is {got}")),
            );
            return;
        }
        self.updates.push(Update {
            state,
            index,
            value: new,
            span: name.span,
        });
    }

    fn updated_state(&mut self, frame: &mut Frame, name: &ast::Name) -> Option<ParameterId> {
        let states = frame.states.iter();
        if let Some((_, id)) = states.rev().find(|(n, _)| *n == name.text) {
            if let Some(local) = frame.locals.iter().rfind(|l| l.name == name.text) {
                self.modules.link(name.span, local.span);
            }
            return Some(*id);
        }
        let diagnostic = match frame.local(&name.text) {
            Some(Value::Poison) => return None,
            Some(_) => Diagnostic::new(
                Code::E0204,
                format!("`{}` is no state of this body", name.text),
            )
            .at(name.span, "not a state")
            .help("only what `state` declares is updated; a `param` is changed by the optimizer"),
            None => {
                let message = format!("there is no state `{}`", name.text);
                let diagnostic =
                    Diagnostic::new(Code::E0201, message).at(name.span, "unknown name");
                let there = frame.states.iter().map(|(name, _)| name.as_str());
                match nearest(&name.text, there) {
                    Some(near) => diagnostic.replace(
                        format!("there is a state with a similar name: `{near}`"),
                        name.span,
                        near,
                    ),
                    None => diagnostic,
                }
            }
        };
        self.report(diagnostic);
        None
    }

    /// The ids of the rows, one for each sample.
    fn updated_rows(
        &mut self,
        frame: &mut Frame,
        name: &ast::Name,
        index: &[Index],
    ) -> Option<NodeIndex> {
        let rows = match index {
            [Index::At(at)] => {
                let value = self.expression(frame, at);
                (self.operand(value), at.span)
            }
            _ => (Value::None, name.span),
        };
        match rows {
            (Value::Poison, _) => None,
            (Value::Tensor(node), span) => {
                let tensor = self.graph.tensor(node);
                let ids = matches!(tensor.element, Element::Id(_) | Element::Class(_));
                if ids && tensor.shape.rank() == 1 {
                    return Some(node);
                }
                let message = format!("rows are updated by ids `[N]`, but this is {tensor}");
                let label = format!("this is {tensor}");
                self.report(Diagnostic::new(Code::E0302, message).at(span, label));
                None
            }
            (_, span) => {
                let diagnostic = Diagnostic::new(
                    Code::E0204,
                    "a state is updated as a whole, or in the rows that a tensor of ids names",
                )
                .at(span, "no tensor of ids")
                .help(format!(
                    "write `update {0} = …` or `update {0}[ids] = …`",
                    name.text
                ));
                self.report(diagnostic);
                None
            }
        }
    }
}
