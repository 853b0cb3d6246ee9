//! Operations: a node for what a call of one gives.

use super::argument::plan_args;
use super::{Bound, Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::graph::{Node, NodeIndex, Parameter, ParameterId, What};
use crate::program::number::Number;
use crate::program::ops::{self, Element, Inferred, Operation, Part, Tensor};
use crate::program::value::{Given, Member, Value};
use crate::shape::Shape;
use crate::source::Span;
use std::rc::Rc;

/// What a call computes with: tensors, and numbers in a tensor's place.
pub(super) struct Operands {
    pub nodes: Vec<NodeIndex>,
    pub tensors: Vec<Tensor>,
    pub spans: Vec<Span>,
    /// Under the input's name.
    pub numbers: Vec<(&'static str, Number)>,
}

impl Operands {
    /// How many dimensions the first one has, which arguments count.
    fn rank(&self) -> usize {
        self.tensors.first().map_or(0, |tensor| tensor.shape.rank())
    }
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
        // where all labels count there is no mask: a mean without one is cheaper
        let all_count = |label: &Tensor| {
            !matches!(label.element, Element::Label(_))
                && bound.parameters.iter().all(Option::is_none)
        };
        if op.name == "counted" && all_count(&operands.tensors[0]) {
            return Some(Value::None);
        }
        if let Some(parts) = op.parts(&operands.tensors, &arguments) {
            return self.parts(frame, parts?, &operands, span);
        }
        let args = plan_args(op, &arguments, bound, &operands.numbers, operands.rank());
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
                    args: plan_args(op, &part.arguments, &Bound::default(), &[], operands.rank()),
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
}
