//! What an edge's loss makes of its two sides.

use super::edge::{Loss, Side};
use super::mismatch::Misfit;
use crate::diag::suggest::listed;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::program::elaborate::{Bound, Elaborator, Frame, FrameKind, Signature, Slot};
use crate::program::graph::{NodeIndex, What};
use crate::program::ops::Element;
use crate::program::value::{Callee, Given, Value};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::HashSet;

impl Elaborator<'_, '_> {
    /// The edge's loss. One that takes a tensor of each side takes tuples of equal length pair by pair, and is
    /// the sum over the pairs; the parameters of each have its number in front.
    pub(super) fn compared(
        &mut self,
        frame: &mut Frame,
        edge: &ast::Edge,
        loss: &Loss,
        source: &Side,
        target: &Side,
    ) -> Option<NodeIndex> {
        let signature = self.signature(Callee::Definition(loss.id));
        let pairs =
            source.len() > 1 && source.len() == target.len() && required(&signature, loss) == 2;
        if !pairs {
            return self.one_loss(frame, edge, loss, &signature, (source, target));
        }
        let mut values = Vec::new();
        for ((source, target), i) in source.iter().zip(target).zip(0..) {
            let path = frame.full(&format!("{i}"));
            let frame = Frame::new(self.root, FrameKind::File, &path, frame.owner.clone());
            let sides = (&vec![*source], &vec![*target]);
            values.push(self.one_loss(&frame, edge, loss, &signature, sides));
        }
        let values: Vec<NodeIndex> = values.into_iter().collect::<Option<_>>()?;
        let at = edge.loss.span;
        let sum = values.into_iter().map(Value::Tensor).reduce(|sum, value| {
            self.operation_by_name(frame, "add", &[(sum, at), (value, at)], at)
        });
        self.loss_value(frame, sum?)
    }

    fn one_loss(
        &mut self,
        frame: &Frame,
        edge: &ast::Edge,
        loss: &Loss,
        signature: &Signature,
        (source, target): (&Side, &Side),
    ) -> Option<NodeIndex> {
        let bound = self.filled(edge, signature, loss, source, target)?;
        self.run_loss(frame, edge, loss, signature, &bound)
    }

    /// Fills a loss's inputs: what stands by name, then targets, then sources.
    fn filled(
        &mut self,
        edge: &ast::Edge,
        signature: &Signature,
        loss: &Loss,
        source: &Side,
        target: &Side,
    ) -> Option<Bound> {
        let free: Vec<&str> = free(signature, loss)
            .map(|slot| slot.name.as_str())
            .collect();
        let required = required(signature, loss);
        let got = source.len() + target.len();
        if got < required || got > free.len() {
            let message = format!(
                "`{}` takes {}, but this edge gives {got}",
                signature.name,
                tensors(required)
            );
            let diagnostic = Diagnostic::new(Code::E0406, message)
                .at(
                    edge.loss.span,
                    format!("takes {}", listed(free.iter().copied(), 8)),
                )
                .also(
                    edge.target.span,
                    match target.len() {
                        1 => "1 here, which comes first".to_string(),
                        n => format!("{n} here, which come first"),
                    },
                )
                .also(edge.source.span, format!("{} here", source.len()))
                .note(signature.written());
            self.report(if got < required {
                let name = free.get(got).copied().unwrap_or("label");
                diagnostic.help(format!(
                    "give the others by name: `by {}({name}: …)`",
                    signature.name
                ))
            } else if required == 2 {
                diagnostic
                    .help("of tuples it compares pair by pair; they must be of the same length")
            } else {
                diagnostic
            });
            return None;
        }
        let places = free.iter().zip(target.iter().chain(source));
        let mut all = loss.given.clone();
        for (name, (node, span)) in places {
            all.push(Given {
                name: Some(((*name).to_string(), *span)),
                value: Value::Tensor(*node),
                span: *span,
            });
        }
        let bound = self.bound(signature, all, edge.loss.span)?;
        self.complete(signature, &bound, edge.loss.span)
            .then_some(bound)
    }

    fn run_loss(
        &mut self,
        frame: &Frame,
        edge: &ast::Edge,
        loss: &Loss,
        signature: &Signature,
        bound: &Bound,
    ) -> Option<NodeIndex> {
        let at = edge.loss.span;
        let mut opened = self.open(loss.id, bound, &frame.path, frame.owner.clone(), at)?;
        if let Err((input, clash)) = self.fit_inputs(&mut opened, bound) {
            let wanted = self.wanted(&opened, input, &clash)?;
            let misfit = Misfit {
                signature,
                bound,
                input,
                wanted: &wanted,
                clash: &clash,
            };
            let diagnostic = self.sides_differ(edge, &misfit);
            self.report(diagnostic);
            return None;
        }
        let before = self.modules.diagnostics.len();
        let value = self.run_body(opened, at).value;
        let refused = self.modules.diagnostics[before..]
            .iter()
            .any(|d| d.code == Code::E0402);
        if let Some(diagnostic) = self.softened_twice(frame, signature, bound, refused) {
            self.modules.diagnostics.truncate(before);
            self.report(diagnostic);
            return None;
        }
        self.loss_value(frame, value)
    }

    fn loss_value(&mut self, frame: &Frame, value: Value) -> Option<NodeIndex> {
        let Value::Tensor(index) = value else {
            return None;
        };
        self.graph.rename(index, frame.full("loss"));
        Some(index)
    }

    /// Probabilities of which a loss takes the softmax again, perhaps divided by a temperature first: the
    /// mistake is on the side that made them.
    fn softened_twice(
        &self,
        frame: &Frame,
        signature: &Signature,
        bound: &Bound,
        refused: bool,
    ) -> Option<Diagnostic> {
        let sides = bound
            .inputs
            .iter()
            .flatten()
            .filter_map(|given| match given.value {
                Value::Tensor(index) => Some((index, given.span)),
                _ => None,
            });
        let probability =
            |node: &NodeIndex| self.graph.tensor(*node).element == Element::Probability;
        let (node, span) = sides
            .into_iter()
            .find(|(node, _)| probability(node) && (refused || self.softmax_of(frame, *node)))?;
        let loss = &signature.name;
        let softmax = self.graph.node(node).span;
        let diagnostic = Diagnostic::new(
            Code::E0402,
            format!("`{loss}` takes logits, but these are probabilities"),
        )
        .at(span, "came out of a softmax")
        .note_at(softmax, "the softmax is here")
        .note(format!(
            "`{loss}` takes the softmax itself; after two of them hardly anything is left to learn"
        ));
        Some(match self.step_with_arrow(softmax) {
            Some(step) if softmax.file == span.file => diagnostic.fix(
                "leave the softmax out",
                Applicability::Unsafe,
                vec![Edit {
                    span: step,
                    text: String::new(),
                }],
            ),
            _ => diagnostic.help("tap what goes into the softmax instead"),
        })
    }

    /// A step of a chain with the `->` that leads to it.
    fn step_with_arrow(&self, step: Span) -> Option<Span> {
        let text = &self.modules.sources.get(step.file).text[..step.start as usize];
        let before = text.trim_end().strip_suffix("->")?.trim_end();
        Some(Span::new(step.file, before.len()..step.end as usize))
    }

    /// Whether this edge's loss takes the softmax of a tensor, as it is, scaled or shifted.
    fn softmax_of(&self, frame: &Frame, tensor: NodeIndex) -> bool {
        const THROUGH: [&str; 8] = ["add", "sub", "mul", "div", "where", "mean", "std", "detach"];
        let op = |node: NodeIndex| match &self.graph.node(node).what {
            What::Operation { op, .. } => op.name,
            What::Field(_) => "",
        };
        let own = |node: NodeIndex| self.graph.node(node).owner == frame.owner;
        let indices = self.graph.indices().filter(|node| own(*node));
        let softmaxes = indices.filter(|node| matches!(op(*node), "softmax" | "log_softmax"));
        let mut open: Vec<NodeIndex> = softmaxes
            .flat_map(|node| self.graph.operands(node))
            .collect();
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if node == tensor {
                return true;
            }
            if seen.insert(node) && own(node) && THROUGH.contains(&op(node)) {
                open.extend(self.graph.operands(node));
            }
        }
        false
    }
}

/// The inputs that the edge's sides fill.
fn free<'s>(signature: &'s Signature, loss: &Loss) -> impl Iterator<Item = &'s Slot> {
    let named = |name: &str| {
        let mut names = loss.given.iter().filter_map(|given| given.name.as_ref());
        names.any(|(given, _)| given == name)
    };
    signature
        .inputs
        .iter()
        .filter(move |slot| !named(&slot.name))
}

fn required(signature: &Signature, loss: &Loss) -> usize {
    free(signature, loss).filter(|slot| !slot.optional).count()
}

fn tensors(count: usize) -> String {
    match count {
        1 => "one tensor".to_string(),
        n => format!("{n} tensors"),
    }
}
