//! Operations: arguments to what the rules take, a node for what they give.

use super::{Bound, Elaborator, Frame};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::Arg;
use crate::program::foreign;
use crate::program::graph::{Node, NodeIndex, Parameter, ParameterId, What};
use crate::program::number::Number;
use crate::program::ops::{
    self, Blame, Element, Inferred, Kind, Operation, Part, Refusal, Repair, Tensor,
};
use crate::program::value::{Given, Member, Value};
use crate::shape::{Dim, Shape};
use crate::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A tensor operand, or a number in a tensor's place.
struct Operands {
    nodes: Vec<NodeIndex>,
    tensors: Vec<Tensor>,
    spans: Vec<Span>,
    /// Under the input's name.
    numbers: Vec<(&'static str, Number)>,
}

impl Elaborator<'_, '_> {
    /// An operator, by the name of its operation.
    pub fn operation_by_name(
        &mut self,
        frame: &mut Frame,
        name: &str,
        operands: &[(Value, Span)],
        span: Span,
    ) -> Value {
        self.operation_with(frame, name, operands, &[], span)
    }

    /// An operation by its name, with arguments by theirs.
    pub fn operation_with(
        &mut self,
        frame: &mut Frame,
        name: &str,
        operands: &[(Value, Span)],
        arguments: &[(&str, Value)],
        span: Span,
    ) -> Value {
        let Some(op) = ops::find(name) else {
            return self.unknown_name(frame, name, span, "operation");
        };
        let inputs = operands
            .iter()
            .map(|(value, span)| {
                Some(Given {
                    name: None,
                    value: value.clone(),
                    span: *span,
                })
            })
            .collect();
        let parameters = op.arguments.iter().map(|argument| {
            let given = arguments.iter().find(|(name, _)| *name == argument.name);
            given.map(|(_, value)| Given {
                name: None,
                value: value.clone(),
                span,
            })
        });
        let bound = Bound {
            inputs,
            parameters: parameters.collect(),
        };
        self.operation(frame, op, &bound, None, span).value
    }

    /// Checks a call of an operation and adds its node.
    pub(super) fn operation(
        &mut self,
        frame: &mut Frame,
        op: &'static Operation,
        bound: &Bound,
        name: Option<&str>,
        span: Span,
    ) -> Member {
        let value = self.try_operation(frame, op, bound, name, span);
        let mut member = Member::of(value.unwrap_or(Value::Poison), span);
        if let Value::Tensor(index) = member.value
            && let What::Operation { parameters, .. } = &self.graph.node(index).what
        {
            member.parameters = parameters.clone();
        }
        member
    }

    fn try_operation(
        &mut self,
        frame: &mut Frame,
        op: &'static Operation,
        bound: &Bound,
        name: Option<&str>,
        span: Span,
    ) -> Option<Value> {
        let operands = self.operands(op, bound)?;
        let arguments = self.op_arguments(op, bound)?;
        let inferred = match op.infer(&operands.tensors, &arguments) {
            Ok(inferred) => inferred,
            Err(refusal) => {
                let diagnostic = self.refused(op, refusal, bound, &operands, span);
                self.report(diagnostic);
                return None;
            }
        };
        if let Some(parts) = op.parts(&operands.tensors, &arguments) {
            return self.parts(frame, parts?, &operands, span);
        }
        let args = plan_args(op, &arguments, bound, &operands.numbers);
        let step = name.map(|name| frame.full(name));
        let parameters = self.own(
            frame,
            step.as_deref().unwrap_or(&frame.path.clone()),
            op,
            &inferred,
            span,
        )?;
        let node = Node {
            name: step.unwrap_or_else(|| super::join(&frame.path, op.name)),
            named: false,
            what: What::Operation {
                op,
                args,
                parameters,
                multiply_adds: inferred.multiply_adds,
            },
            tensor: inferred.output,
            owner: frame.owner.clone(),
            span,
        };
        Some(Value::Tensor(self.graph.add(node, &operands.nodes)))
    }

    /// A node for each of the tensors that an operation gives.
    fn parts(
        &mut self,
        frame: &Frame,
        parts: Vec<Part>,
        operands: &Operands,
        span: Span,
    ) -> Option<Value> {
        let mut values = Vec::new();
        for part in parts {
            let op = ops::find(part.operation)?;
            let inferred = op.infer(&operands.tensors, &part.arguments).ok()?;
            let node = Node {
                name: super::join(&frame.path, op.name),
                named: false,
                what: What::Operation {
                    op,
                    args: plan_args(op, &part.arguments, &Bound::default(), &[]),
                    parameters: Vec::new(),
                    multiply_adds: 0,
                },
                tensor: inferred.output,
                owner: frame.owner.clone(),
                span,
            };
            values.push(Value::Tensor(self.graph.add(node, &operands.nodes)));
        }
        Some(Value::Tuple(Rc::new(values)))
    }

    fn operands(&mut self, op: &'static Operation, bound: &Bound) -> Option<Operands> {
        let mut operands = Operands {
            nodes: Vec::new(),
            tensors: Vec::new(),
            spans: Vec::new(),
            numbers: Vec::new(),
        };
        for (input, given) in op.inputs.iter().zip(&bound.inputs) {
            let Some(given) = given else { continue };
            let values = match (&given.value, input.many) {
                (Value::Tuple(values) | Value::List(values), true) => values.to_vec(),
                (value, _) => vec![value.clone()],
            };
            for value in values {
                match self.operand(value) {
                    Value::Tensor(index) => {
                        operands.tensors.push(self.graph.tensor(index).clone());
                        operands.nodes.push(index);
                    }
                    Value::Number(number) if input.number => {
                        operands.tensors.push(Tensor {
                            element: Element::Real,
                            shape: Shape::default(),
                        });
                        operands.numbers.push((input.name, number));
                    }
                    Value::Poison => return None,
                    other => {
                        let needs = format!("`{}` takes a tensor for `{}`", op.name, input.name);
                        self.wrong_kind(&other, given.span, &needs);
                        return None;
                    }
                }
                operands.spans.push(given.span);
            }
        }
        Some(operands)
    }

    fn op_arguments(
        &mut self,
        op: &'static Operation,
        bound: &Bound,
    ) -> Option<Vec<(&'static str, ops::Value)>> {
        let mut given = Vec::new();
        for (argument, place) in op.arguments.iter().zip(&bound.parameters) {
            let Some(place) = place else { continue };
            let fixed = argument.kind == Kind::Scalar || !changes(&place.value);
            match op_value(argument.kind, &place.value).filter(|_| fixed) {
                Some(value) => given.push((argument.name, value)),
                None => {
                    if let Value::Str(word) = &place.value
                        && let Some(diagnostic) =
                            foreign::word(op.name, argument.name, word, place.span)
                    {
                        self.report(diagnostic);
                        return None;
                    }
                    let message = format!(
                        "`{}` of `{}` takes {}, but {} is {}",
                        argument.name,
                        op.name,
                        taken(argument.kind),
                        self.said(place),
                        described(&place.value)
                    );
                    let diagnostic = Diagnostic::new(Code::E0224, message)
                        .at(place.span, described(&place.value));
                    let whole = matches!(argument.kind, Kind::Int { .. } | Kind::Size { .. });
                    self.report(match &place.value {
                        Value::Number(n) if whole && !n.changes() => {
                            diagnostic.help("`/` is exact; `div(a, b)` divides and rounds down")
                        }
                        _ => diagnostic,
                    });
                    return None;
                }
            }
        }
        op.complete(&given)
    }

    /// An argument as messages call it: by its text, unless that is its value anyway.
    pub(super) fn said(&self, given: &Given) -> String {
        let text = self.text(given.span);
        let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if number || text.starts_with('"') || text.contains('\n') || text.len() > 40 {
            "this".to_string()
        } else {
            format!("`{text}`")
        }
    }

    /// Enters the parameters that an application owns, or finds those of a layer that is used again.
    fn own(
        &mut self,
        frame: &Frame,
        path: &str,
        op: &'static Operation,
        inferred: &Inferred,
        span: Span,
    ) -> Option<Vec<(&'static str, ParameterId)>> {
        let mut own = Vec::new();
        for weight in &inferred.weights {
            let name = super::join(path, weight.role);
            let id = self.enter(Parameter {
                name,
                owner: frame.owner.clone(),
                shape: weight.shape.clone(),
                init: weight.init.clone(),
                again: None,
                layer: Some(op),
                then: None,
                buffer: weight.buffer,
                span,
            })?;
            own.push((weight.role, id));
        }
        Some(own)
    }

    /// Enters a parameter, or finds that of a layer that is used again.
    pub(super) fn enter(&mut self, parameter: Parameter) -> Option<ParameterId> {
        let name = &parameter.name;
        let Some(known) = self.graph.find_parameter(name) else {
            return Some(self.graph.add_parameter(parameter));
        };
        let first = self.graph.parameter(known);
        if self.sharing > 0 && !first.shape.differs(&parameter.shape) {
            return Some(known);
        }
        let message = if self.sharing > 0 {
            format!(
                "`{name}` is {} where it is used first and {} here",
                first.shape, parameter.shape
            )
        } else {
            format!("two layers own a parameter called `{name}`")
        };
        let first_span = first.span;
        self.report(
            Diagnostic::new(Code::E0202, message)
                .at(parameter.span, "here again")
                .also(first_span, "first here")
                .help("give one of them another name with `as name`"),
        );
        None
    }

    /// Words for a refusal, with the places that only the caller knows.
    fn refused(
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
                    Some(given) => Edit {
                        span: given.span,
                        text: value,
                    },
                    None => match self.text(call).strip_suffix(')') {
                        Some(_) => Edit {
                            span: Span {
                                start: call.end - 1,
                                end: call.end - 1,
                                ..call
                            },
                            text: format!(", {name}: {value}"),
                        },
                        None => return diagnostic.help(text),
                    },
                };
                diagnostic.fix(text, Applicability::Unsafe, vec![edit])
            }
        }
    }
}

/// Whether a number changes while a stage trains, or one of a list does.
fn changes(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.changes(),
        Value::Tuple(values) | Value::List(values) => values.iter().any(changes),
        _ => false,
    }
}

/// An argument as the rule takes it; none if it is of another kind.
fn op_value(kind: Kind, value: &Value) -> Option<ops::Value> {
    use ops::Value as V;
    let whole = |value: &Value| match value {
        Value::Number(number) => number.as_int(),
        _ => None,
    };
    let dim = |value: &Value| match value {
        Value::Number(number) => number.dim().or_else(|| {
            whole(value)
                .and_then(|n| u64::try_from(n).ok())
                .map(Dim::Known)
        }),
        _ => None,
    };
    // decided by whoever uses the model, or by the run
    if let Value::Number(Number::Unknown | Number::Symbolic { .. }) | Value::Bool(None) = value
        && !matches!(kind, Kind::Dims | Kind::Size { .. } | Kind::Sizes)
    {
        return Some(V::Unknown);
    }
    Some(match (kind, value) {
        (Kind::Int { .. } | Kind::Axis | Kind::NewAxis, value) => V::Int(whole(value)?),
        (Kind::Float { .. } | Kind::Scalar, Value::Number(n)) => V::Float(n.as_f64()?),
        (Kind::Bool, Value::Bool(Some(b))) => V::Bool(*b),
        (Kind::Pair { .. }, Value::Tuple(values) | Value::List(values)) => {
            match values.as_slice() {
                [a, b] => V::Pair(whole(a)?, whole(b)?),
                _ => return None,
            }
        }
        (Kind::Pair { .. }, value) => V::Pair(whole(value)?, whole(value)?),
        (Kind::Axes, Value::Number(_)) => V::Ints(vec![whole(value)?]),
        (Kind::Axes | Kind::Order, Value::Tuple(values) | Value::List(values)) => {
            V::Ints(values.iter().map(whole).collect::<Option<_>>()?)
        }
        (Kind::Size { .. }, Value::Number(n)) if n.as_int().is_some_and(|n| n < 0) => {
            V::Int(n.as_int()?)
        }
        (Kind::Size { .. }, value) => V::Dims(vec![dim(value)?]),
        (Kind::Sizes, Value::Tuple(values) | Value::List(values)) if values.len() == 2 => {
            V::Dims(values.iter().map(dim).collect::<Option<_>>()?)
        }
        (Kind::Sizes, value) => V::Dims(vec![dim(value)?, dim(value)?]),
        (Kind::Dims, Value::Tuple(values) | Value::List(values)) => {
            V::Dims(values.iter().map(dim).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// What a kind of argument takes, in words.
fn taken(kind: Kind) -> &'static str {
    match kind {
        Kind::Int { .. } | Kind::Size { .. } => "a whole number",
        Kind::Axis | Kind::NewAxis => "the number of a dimension",
        Kind::Float { .. } | Kind::Scalar => "a number",
        Kind::Bool => "`true` or `false`",
        Kind::Pair { .. } | Kind::Sizes => "a whole number or `(height, width)`",
        Kind::Axes => "a dimension or a list of them",
        Kind::Order | Kind::Dims => "a list of whole numbers",
    }
}

/// A value as messages show it.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Number(n) if n.as_f64().is_some() => format!("{n}"),
        Value::Number(n) if n.changes() => "a number that changes in training".to_string(),
        Value::Str(text) => format!("the string \"{text}\""),
        Value::Bool(Some(b)) => format!("`{b}`"),
        Value::Tuple(values) => format!("a tuple of {}", values.len()),
        other => other.kind().to_string(),
    }
}

/// All arguments as the plan states them.
fn plan_args(
    op: &Operation,
    arguments: &[(&'static str, ops::Value)],
    bound: &Bound,
    numbers: &[(&'static str, Number)],
) -> BTreeMap<String, Arg> {
    let mut args = BTreeMap::new();
    for (i, (name, value)) in arguments.iter().enumerate() {
        let given = bound.parameters.get(i).and_then(Option::as_ref);
        let formula = given.and_then(|given| match &given.value {
            Value::Number(n @ Number::Symbolic { .. }) => n.arg(),
            _ => None,
        });
        let dims = matches!(value, ops::Value::Dims(_));
        if let Some(arg) = formula
            .filter(|_| !dims)
            .or_else(|| plan_arg(op, name, value))
        {
            args.insert((*name).to_string(), arg);
        }
    }
    for (name, number) in numbers {
        if let Some(arg) = number.arg() {
            args.insert((*name).to_string(), arg);
        }
    }
    args
}

fn plan_arg(op: &Operation, name: &str, value: &ops::Value) -> Option<Arg> {
    Some(match value {
        ops::Value::Int(n) => Arg::Int(*n),
        ops::Value::Float(x) => Arg::Number(*x),
        ops::Value::Bool(b) => Arg::Bool(*b),
        ops::Value::Pair(a, b) => Arg::List(vec![Arg::Int(*a), Arg::Int(*b)]),
        ops::Value::Ints(values) => Arg::List(values.iter().map(|n| Arg::Int(*n)).collect()),
        ops::Value::Dims(dims) => {
            let mut dims: Vec<Arg> = dims
                .iter()
                .filter_map(|d| Number::from_dim(d).arg())
                .collect();
            let one = op
                .argument(name)
                .is_some_and(|a| matches!(a.kind, Kind::Size { .. }));
            if one { dims.pop()? } else { Arg::List(dims) }
        }
        ops::Value::Absent | ops::Value::Unknown => return None,
    })
}
