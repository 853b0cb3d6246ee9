//! Arguments to places: which argument of a call fills which input or parameter.

use super::{Elaborator, Signature, unnamed};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::program::foreign;
use crate::program::value::{Given, Value};
use crate::source::Span;

/// The arguments of a call, each in its place.
#[derive(Debug, Default)]
pub struct Bound {
    pub inputs: Vec<Option<Given>>,
    pub parameters: Vec<Option<Given>>,
}

impl Bound {
    /// Something in it was wrong already.
    pub fn poisoned(&self) -> bool {
        let filled = self.inputs.iter().chain(&self.parameters).flatten();
        filled.into_iter().any(|given| has_poison(&given.value))
    }
}

fn has_poison(value: &Value) -> bool {
    match value {
        Value::Tuple(values) | Value::List(values) => values.iter().any(has_poison),
        other => other.is_poison(),
    }
}

impl Elaborator<'_, '_> {
    /// Sorts arguments by name and kind. None when something was wrong, which has been reported.
    pub fn bound(&mut self, signature: &Signature, given: Vec<Given>, call: Span) -> Option<Bound> {
        let mut bound = Bound {
            inputs: vec![None; signature.inputs.len()],
            parameters: vec![None; signature.parameters.len()],
        };
        let mut fine = true;
        let (named, unnamed): (Vec<Given>, Vec<Given>) =
            given.into_iter().partition(|given| given.name.is_some());
        for given in named {
            fine &= self.place_by_name(signature, &mut bound, given);
        }
        let numbers_are_operands = operands_in_full(signature, &unnamed);
        let (tensors, values): (Vec<Given>, Vec<Given>) = (unnamed.into_iter())
            .partition(|given| numbers_are_operands || is_tensor(signature, &given.value));
        let places: Vec<Span> = values.iter().map(|value| value.span).collect();
        for given in tensors {
            if !self.place_tensor(signature, &mut bound, given, call) {
                return None;
            }
        }
        for given in values {
            if !self.place_value(signature, &mut bound, given, &places, call) {
                return None;
            }
        }
        (fine && !bound.poisoned()).then_some(bound)
    }

    fn place_by_name(&mut self, signature: &Signature, bound: &mut Bound, given: Given) -> bool {
        let Some((name, span)) = given.name.clone() else {
            return false;
        };
        let no_tensor = matches!(given.value, Value::None);
        let place = match (signature.input(&name), signature.parameter(&name)) {
            (Some(i), _) if no_tensor && signature.inputs[i].optional => return true,
            (Some(i), _) => &mut bound.inputs[i],
            (None, Some(i)) => &mut bound.parameters[i],
            (None, None) => {
                let whole = self.with_comma(span.to(given.span));
                let diagnostic = unknown_argument(signature, &name, span, whole);
                self.report(diagnostic);
                return false;
            }
        };
        if let Some(first) = place {
            let first = first.name.as_ref().map_or(first.span, |(_, span)| *span);
            self.report(
                Diagnostic::new(Code::E0222, format!("`{name}` is given twice"))
                    .at(span, "given again")
                    .also(first, "first here")
                    .help("leave one of them out"),
            );
            return false;
        }
        *place = Some(given);
        true
    }

    /// An argument with the comma that separates it, for taking it out.
    pub(super) fn with_comma(&self, argument: Span) -> Span {
        let text = &self.modules.sources.get(argument.file).text;
        let (before, after) = (
            &text[..argument.start as usize],
            &text[argument.end as usize..],
        );
        let mut whole = argument;
        if before.trim_end().ends_with(',') {
            whole.start = before.trim_end().len() as u32 - 1;
        } else if let Some(rest) = after.trim_start().strip_prefix(',') {
            whole.end = (text.len() - rest.trim_start().len()) as u32;
        }
        whole
    }

    fn place_tensor(
        &mut self,
        signature: &Signature,
        bound: &mut Bound,
        given: Given,
        call: Span,
    ) -> bool {
        if given.value.is_poison() {
            return false;
        }
        let Some(free) = bound.inputs.iter_mut().find(|place| place.is_none()) else {
            let diagnostic = unnamed::no_tensor(signature, &given);
            self.report(unnamed::finished(diagnostic, signature, &given, call));
            return false;
        };
        *free = Some(given);
        true
    }

    /// `places`: of all values without a name.
    fn place_value(
        &mut self,
        signature: &Signature,
        bound: &mut Bound,
        given: Given,
        places: &[Span],
        call: Span,
    ) -> bool {
        if given.value.is_poison() {
            return false;
        }
        let free = (0..bound.parameters.len())
            .find(|i| bound.parameters[*i].is_none() && signature.parameters[*i].positional);
        let Some(free) = free else {
            let size = foreign::number_of_the_input(
                &signature.name,
                given.span,
                self.with_comma(given.span),
            );
            let diagnostic =
                size.unwrap_or_else(|| unnamed::no_value(signature, bound, &given, places));
            self.report(unnamed::finished(diagnostic, signature, &given, call));
            return false;
        };
        bound.parameters[free] = Some(given);
        true
    }

    /// Reports the first parameter that has no value and no default.
    pub fn complete(&mut self, signature: &Signature, bound: &Bound, call: Span) -> bool {
        let missing: Vec<&str> = signature
            .parameters
            .iter()
            .zip(&bound.parameters)
            .filter(|(slot, given)| given.is_none() && !slot.optional)
            .map(|(slot, _)| slot.name.as_str())
            .collect();
        if missing.is_empty() {
            return true;
        }
        let form: Vec<String> = missing.iter().map(|name| format!("{name}: …")).collect();
        self.report(
            Diagnostic::new(
                Code::E0220,
                format!(
                    "`{}` needs {}",
                    signature.name,
                    listed(missing.iter().copied(), 8)
                ),
            )
            .at(
                call,
                format!("without {}", listed(missing.iter().copied(), 8)),
            )
            .help(format!("add `{}`; it has no default", form.join(", "))),
        );
        false
    }
}

/// Whether every tensor place of a function of two operands or more is filled in writing, so that numbers
/// among them are operands: `max(x, 0)`.
fn operands_in_full(signature: &Signature, unnamed: &[Given]) -> bool {
    let needed = signature.inputs.iter().filter(|slot| !slot.optional);
    let needed = needed.count();
    needed > 1
        && unnamed.len() == needed
        && unnamed
            .iter()
            .any(|given| matches!(given.value, Value::Tensor(_) | Value::Poison))
}

fn is_tensor(signature: &Signature, value: &Value) -> bool {
    match value {
        Value::Tensor(_) | Value::Record(_) => true,
        Value::Tuple(values) => {
            signature.many
                || values
                    .iter()
                    .any(|v| matches!(v, Value::Tensor(_) | Value::Record(_)))
        }
        _ => false,
    }
}

fn unknown_argument(signature: &Signature, name: &str, span: Span, whole: Span) -> Diagnostic {
    if let Some(diagnostic) = foreign::argument(&signature.name, name, span, whole) {
        return diagnostic;
    }
    let names = || {
        let slots = signature.inputs.iter().chain(&signature.parameters);
        slots.map(|slot| slot.name.as_str())
    };
    let diagnostic = Diagnostic::new(
        Code::E0221,
        format!("`{}` takes no `{name}`", signature.name),
    )
    .at(span, "unknown argument");
    match nearest(name, names()) {
        Some(near) => diagnostic.replace(
            format!("it takes something with a similar name: `{near}`"),
            span,
            near,
        ),
        None => diagnostic.help(format!("it takes {}", listed(names(), 12))),
    }
}
