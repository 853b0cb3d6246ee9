//! Calls: is it a value or a layer?

use super::{Bound, Elaborator, Frame, Signature, input_statements};
use crate::diag::suggest::listed;
use crate::diag::{Code, Diagnostic};
use crate::program::foreign;
use crate::program::number::Number;
use crate::program::schedule;
use crate::program::value::{Callee, Given, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, ItemKind, Name};
use std::rc::Rc;

/// The most times that `repeat` runs, and the most layers that it makes: a repeat may stand in another.
const MOST_REPEATS: i64 = 10_000;

impl Elaborator<'_, '_> {
    pub(super) fn call_expression(
        &mut self,
        frame: &mut Frame,
        expr: &Expr,
        callee: &Expr,
        args: &[Arg],
    ) -> Value {
        let span = expr.span;
        let target = match &callee.kind {
            ExprKind::Name(name) if name == "statistics" => {
                return self.statistics(frame, args, span);
            }
            ExprKind::Name(name) if schedule::is_schedule(name) => {
                return self.schedule(frame, expr);
            }
            ExprKind::Name(name) => {
                let layers = self.layer_parameters(frame, name, callee.span);
                let given = self.arguments(frame, args, &layers);
                if let Some(value) = self.number_function(name, &given, span) {
                    return value;
                }
                if name == "repeat" {
                    return self.repeat(&given, span);
                }
                if let ("sum", Some(values)) = (name.as_str(), list_alone(&given)) {
                    return self.sum_of(frame, values, given[0].span);
                }
                let target = self.callable(frame, name, callee.span);
                return self.call_value(frame, target, given, callee.span, span);
            }
            ExprKind::Member { base, name } => {
                if let Some(diagnostic) = foreign::qualified(base, name, callee.span) {
                    self.report(diagnostic);
                    self.foreign_arguments(frame, name, args);
                    return Value::Poison;
                }
                self.expression(frame, callee)
            }
            _ => self.expression(frame, callee),
        };
        let given = self.arguments(frame, args, &[]);
        self.call_value(frame, target, given, callee.span, span)
    }

    /// The arguments of a call in PyTorch's spelling are told in the same go.
    fn foreign_arguments(&mut self, frame: &mut Frame, callee: &Name, args: &[Arg]) {
        self.arguments(frame, args, &[]);
        let Some(kd) = foreign::operation(&callee.text) else {
            return;
        };
        for arg in args {
            let Some(name) = &arg.name else { continue };
            let whole = self.with_comma(name.span.to(arg.value.span));
            if let Some(diagnostic) = foreign::argument(kd, &name.text, name.span, whole) {
                self.report(diagnostic);
            }
        }
    }

    fn callable(&mut self, frame: &mut Frame, name: &str, span: Span) -> Value {
        if let Some(value) = self.find_callable(frame, name, span) {
            return value;
        }
        match frame.local(name).cloned() {
            Some(value) => value,
            None => self.unknown_name(frame, name, span, "layer, loss or function"),
        }
    }

    /// `layers` are the names of the parameters that take layers.
    fn arguments(&mut self, frame: &mut Frame, args: &[Arg], layers: &[String]) -> Vec<Given> {
        args.iter()
            .map(|arg| {
                let name = arg.name.as_ref();
                let value = match name.is_some_and(|name| layers.contains(&name.text)) {
                    true => self.layer_argument(frame, &arg.value),
                    false => self.expression(frame, &arg.value),
                };
                Given {
                    name: arg.name.as_ref().map(|n| (n.text.clone(), n.span)),
                    value: self.operand(value),
                    span: arg.value.span,
                }
            })
            .collect()
    }

    fn call_value(
        &mut self,
        frame: &mut Frame,
        target: Value,
        given: Vec<Given>,
        at: Span,
        span: Span,
    ) -> Value {
        match target {
            Value::Layer(layer) => match &*layer {
                Layer::Call {
                    callee,
                    given: before,
                    ..
                } => {
                    self.link_arguments(*callee, &given);
                    let all = before.iter().cloned().chain(given).collect();
                    self.call(frame, *callee, all, span)
                }
                _ => self.apply_to_given(frame, &layer, given, span),
            },
            Value::Poison => Value::Poison,
            other => {
                let message = format!(
                    "`{}` is {} and cannot be called",
                    self.text(at),
                    other.kind()
                );
                self.poison(Diagnostic::new(Code::E0204, message).at(at, other.kind()))
            }
        }
    }

    /// Notes where what the arguments name is declared.
    fn link_arguments(&mut self, callee: Callee, given: &[Given]) {
        let Callee::Definition(id) = callee else {
            return;
        };
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return;
        };
        for (name, place) in given.iter().filter_map(|given| given.name.as_ref()) {
            let inputs = input_statements(callable).map(|(name, ..)| name);
            let mut slots = inputs.chain(callable.params.iter().map(|param| &param.name));
            if let Some(slot) = slots.find(|slot| slot.text == *name) {
                self.modules.link(*place, slot.span);
            }
        }
    }

    /// A chain or a named layer in function form: `block(x)`.
    fn apply_to_given(
        &mut self,
        frame: &mut Frame,
        layer: &Rc<Layer>,
        given: Vec<Given>,
        span: Span,
    ) -> Value {
        let value = Value::Layer(layer.clone());
        match given.as_slice() {
            [] => value,
            [one] if one.name.is_none() => {
                let (input, from) = (one.value.clone(), one.span);
                self.apply(frame, &value, input, from, None, span)
            }
            [one, ..] => {
                let diagnostic = Diagnostic::new(Code::E0225, "this layer takes one tensor")
                    .at(one.span, "given more or by name");
                self.poison(diagnostic)
            }
        }
    }

    /// `repeat(3, BasicBlock(16))`: the layers in a row, each with its own weights.
    fn repeat(&mut self, given: &[Given], span: Span) -> Value {
        let [count, layer] = given else {
            let diagnostic = Diagnostic::new(Code::E0220, "`repeat` takes a number and a layer")
                .at(span, "in this call")
                .help("write `repeat(3, layer)`");
            return self.poison(diagnostic);
        };
        match (&count.value, &layer.value) {
            (Value::Poison, _) | (_, Value::Poison) | (Value::Number(Number::Unknown), _) => {
                Value::Poison
            }
            (Value::Number(Number::Int(n)), Value::Layer(_)) if (0..=MOST_REPEATS).contains(n) => {
                let step = (layer.value.clone(), None, layer.span);
                let steps = match &layer.value {
                    Value::Layer(inner) => match &**inner {
                        Layer::Chain {
                            steps,
                            nested: false,
                        } => steps.clone(),
                        _ => vec![step],
                    },
                    _ => vec![step],
                };
                let made = (*n as usize).saturating_mul(steps.len());
                if made > MOST_REPEATS as usize {
                    let diagnostic = Diagnostic::new(
                        Code::E0902,
                        format!("this `repeat` makes {made} layers, more than {MOST_REPEATS}"),
                    );
                    let label = format!("{} layers, {n} times", steps.len());
                    return self.poison(diagnostic.at(span, label));
                }
                let row = (0..*n).flat_map(|_| steps.iter().cloned()).collect();
                Value::Layer(Rc::new(Layer::Chain {
                    steps: row,
                    nested: false,
                }))
            }
            (Value::Number(Number::Int(_)), Value::Layer(_)) => {
                let message = format!("`repeat` runs 0 to {MOST_REPEATS} times");
                let diagnostic =
                    Diagnostic::new(Code::E0223, message).at(count.span, "out of range");
                self.poison(diagnostic)
            }
            (Value::Number(Number::Int(_)), other) => {
                let other = other.clone();
                self.wrong_kind(&other, layer.span, "`repeat` repeats a layer")
            }
            (other, _) => {
                let other = other.clone();
                self.wrong_kind(&other, count.span, "`repeat` needs a whole number first")
            }
        }
    }

    /// A call with all the arguments that it will get in writing: a value if every input is there, a
    /// layer if the first is missing.
    fn call(&mut self, frame: &mut Frame, callee: Callee, given: Vec<Given>, span: Span) -> Value {
        let signature = self.signature(callee);
        let kept = given.clone();
        let Some(bound) = self.bound(&signature, given, span) else {
            return Value::Poison;
        };
        if !self.complete(&signature, &bound, span) {
            return Value::Poison;
        }
        let missing: Vec<&str> = signature.missing(&bound).collect();
        if missing.is_empty() {
            return self.in_function_form(frame, callee, &signature, bound, span);
        }
        let first_missing = bound.inputs.first().is_some_and(Option::is_none);
        let by_name = kept
            .iter()
            .all(|g| g.name.is_some() || !is_tensor(&g.value));
        if first_missing && by_name {
            return Value::Layer(Rc::new(Layer::Call {
                callee,
                given: kept,
                span,
            }));
        }
        self.still_needs(&signature, &missing, span)
    }

    pub fn still_needs(&mut self, signature: &Signature, missing: &[&str], span: Span) -> Value {
        let named: Vec<String> = missing.iter().map(|name| format!("{name}: …")).collect();
        let diagnostic = Diagnostic::new(
            Code::E0220,
            format!(
                "`{}` still needs {}",
                signature.name,
                listed(missing.iter().copied(), 8)
            ),
        )
        .at(span, "a tensor is missing")
        .note(signature.written())
        .help(format!(
            "give it by name: `{}(…, {})`",
            signature.name,
            named.join(", ")
        ));
        self.poison(diagnostic)
    }

    /// An application outside a chain counts as a step only if it owns parameters.
    fn in_function_form(
        &mut self,
        frame: &mut Frame,
        callee: Callee,
        signature: &Signature,
        bound: Bound,
        span: Span,
    ) -> Value {
        if !self.owns(callee) {
            return self.run(frame, callee, signature, bound, None, span).value;
        }
        let name = frame.naming.step(None);
        let member = self.run(frame, callee, signature, bound, Some(&name), span);
        let value = member.value.clone();
        frame.naming.steps.push(member);
        value
    }

    /// Runs what is called on its inputs. `name`: what the step is called in its body, if it has a name.
    pub(super) fn run(
        &mut self,
        frame: &mut Frame,
        callee: Callee,
        signature: &Signature,
        bound: Bound,
        name: Option<&str>,
        span: Span,
    ) -> Member {
        match callee {
            Callee::Operation(op) => self.operation(frame, op, &bound, name, span),
            Callee::Definition(id) => {
                let path = name.map_or_else(|| frame.path.clone(), |name| frame.full(name));
                let owner = frame.owner.clone();
                self.definition(id, signature, bound, &path, owner, span)
            }
        }
    }
}

/// The elements of the list that is a call's only argument.
fn list_alone(given: &[Given]) -> Option<&[Value]> {
    match given {
        [one] if one.name.is_none() => one.value.elements(),
        _ => None,
    }
}

fn is_tensor(value: &Value) -> bool {
    matches!(value, Value::Tensor(_) | Value::Record(_))
}
