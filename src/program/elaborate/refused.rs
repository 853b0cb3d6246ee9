//! Words for what an operation's rule refuses, with the places that only the call knows.

use super::operation::Operands;
use super::{Bound, Elaborator};
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::program::ops::{Blame, Operation, Refusal, Repair};
use crate::source::Span;

impl Elaborator<'_, '_> {
    /// Words for a refusal, with the places that only the caller knows.
    pub(super) fn refused(
        &self,
        op: &Operation,
        refusal: Refusal,
        bound: &Bound,
        operands: &Operands,
        call: Span,
    ) -> Diagnostic {
        let argument = |name: &str| {
            let at = op.arguments.iter().position(|a| a.name == name)?;
            bound.parameters[at].as_ref()
        };
        let place = match &refusal.blame {
            Blame::Input(i) => operands.spans.get(*i).copied().unwrap_or(call),
            Blame::Argument(name) => argument(name).map_or(call, |given| given.span),
            Blame::Call => call,
        };
        // of a long chain before the step only the step is worth showing
        let long = |span: Span| self.text(span).contains('\n');
        let mut diagnostic = match &refusal.blame {
            Blame::Input(_) if place != call && long(place) => {
                Diagnostic::new(refusal.code, refusal.message).at(call, refusal.label)
            }
            _ => Diagnostic::new(refusal.code, refusal.message).at(place, refusal.label),
        };
        if let (Blame::Input(blamed), false) = (&refusal.blame, long(place)) {
            for (i, (span, tensor)) in operands.spans.iter().zip(&operands.tensors).enumerate() {
                if i != *blamed && tensor.shape.rank() > 0 && *span != place && !long(*span) {
                    diagnostic = diagnostic.also(*span, format!("this is {tensor}"));
                }
            }
        }
        for note in refusal.notes {
            diagnostic = diagnostic.note(note);
        }
        match refusal.repair {
            None => diagnostic,
            Some(Repair::Say(text)) => diagnostic.help(text),
            Some(Repair::StepBefore { text, step }) => {
                let in_chain = operands
                    .spans
                    .first()
                    .is_some_and(|input| input.end <= call.start);
                let edit = if in_chain {
                    Edit {
                        span: call.before(),
                        text: format!("{step} -> "),
                    }
                } else {
                    Edit {
                        span: place.after(),
                        text: format!(" -> {step}"),
                    }
                };
                diagnostic.fix(text, Applicability::Unsafe, vec![edit])
            }
            Some(Repair::Set {
                text,
                argument: name,
                value,
            }) => {
                let edit = match argument(name) {
                    Some(given) => Some(Edit {
                        span: given.span,
                        text: value,
                    }),
                    None => self.added_argument(call, &format!("{name}: {value}")),
                };
                match edit {
                    Some(edit) => diagnostic.fix(text, Applicability::Unsafe, vec![edit]),
                    None => diagnostic.help(text),
                }
            }
        }
    }

    /// Puts an argument behind those of a call. None where it has no brackets, or a comment comes last in them.
    pub fn added_argument(&self, call: Span, argument: &str) -> Option<Edit> {
        let before = self.text(call).strip_suffix(')')?.trim_end();
        let last = before.lines().next_back()?;
        if last.contains("//") {
            return None;
        }
        let separator = match last.chars().next_back() {
            Some('(') => "",
            Some(',') => " ",
            _ => ", ",
        };
        let at = call.start + before.len() as u32;
        Some(Edit {
            span: Span {
                start: at,
                end: at,
                ..call
            },
            text: format!("{separator}{argument}"),
        })
    }
}
