//! Signatures: what a call may fill.

use super::{Bound, Elaborator, types};
use crate::program::ops::Default;
use crate::program::value::Callee;
use crate::syntax::ast::{self, Body, ItemKind, StmtKind};
use std::rc::Rc;

/// What a call may fill.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub inputs: Vec<Slot>,
    pub parameters: Vec<Slot>,
    /// The only input takes any number of tensors as a tuple.
    pub many: bool,
    written: String,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub optional: bool,
    pub positional: bool,
}

impl Signature {
    /// Of a call that takes no tensors.
    pub fn of_parameters(name: &str, parameters: Vec<Slot>, written: String) -> Signature {
        Signature {
            name: name.to_string(),
            inputs: Vec::new(),
            parameters,
            many: false,
            written,
        }
    }

    pub fn input(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|slot| slot.name == name)
    }

    pub fn parameter(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|slot| slot.name == name)
    }

    /// As one reads it: `soft_target(student: [N, C], teacher: [N, C], T: float = 2.0)`.
    pub fn written(&self) -> String {
        format!("it is `{}`", self.written)
    }

    /// The inputs without a default that have no tensor.
    pub fn missing<'a>(&'a self, bound: &'a Bound) -> impl Iterator<Item = &'a str> {
        self.inputs
            .iter()
            .zip(&bound.inputs)
            .filter(|(slot, given)| given.is_none() && !slot.optional)
            .map(|(slot, _)| slot.name.as_str())
    }
}

impl Elaborator<'_, '_> {
    /// Made once for each callee of a compilation.
    pub fn signature(&mut self, callee: Callee) -> Rc<Signature> {
        if let Some(known) = self.modules.signatures.get(&callee) {
            return known.clone();
        }
        let signature = Rc::new(self.new_signature(callee));
        self.modules.signatures.insert(callee, signature.clone());
        signature
    }

    fn new_signature(&self, callee: Callee) -> Signature {
        match callee {
            Callee::Operation(op) => Signature {
                name: op.name.to_string(),
                inputs: op
                    .inputs
                    .iter()
                    .map(|i| slot(i.name, i.optional, true))
                    .collect(),
                parameters: op
                    .arguments
                    .iter()
                    .map(|a| slot(a.name, a.default != Default::Required, a.positional))
                    .collect(),
                many: op.inputs.iter().any(|input| input.many),
                written: op.signature(),
            },
            Callee::Definition(id) => {
                let (ast, at) = self.modules.item(id);
                match &ast.items[at].kind {
                    ItemKind::Callable(callable) => self.definition_signature(callable),
                    _ => Signature::of_parameters("", Vec::new(), String::new()),
                }
            }
        }
    }

    fn definition_signature(&self, callable: &ast::Callable) -> Signature {
        let (tensors, others): (Vec<&ast::Param>, Vec<&ast::Param>) = callable
            .params
            .iter()
            .partition(|p| types::is_tensor(&p.ty));
        let mut inputs: Vec<Slot> = tensors
            .iter()
            .map(|p| slot(&p.name.text, p.default.is_some(), true))
            .collect();
        inputs.extend(
            input_statements(callable)
                .map(|(name, _, default)| slot(&name.text, default.is_some(), true)),
        );
        let params: Vec<&str> = callable.params.iter().map(|p| self.text(p.span)).collect();
        Signature {
            name: callable.name.text.clone(),
            inputs,
            parameters: others
                .iter()
                .map(|p| slot(&p.name.text, p.default.is_some(), true))
                .collect(),
            many: false,
            written: format!("{}({})", callable.name.text, params.join(", ")),
        }
    }
}

fn slot(name: &str, optional: bool, positional: bool) -> Slot {
    Slot {
        name: name.to_string(),
        optional,
        positional,
    }
}

type Input<'a> = (&'a ast::Name, &'a ast::Type, Option<&'a ast::Expr>);

pub fn input_statements(callable: &ast::Callable) -> impl Iterator<Item = Input<'_>> {
    let statements = match &callable.body {
        Body::Block(statements) => statements.as_slice(),
        _ => &[],
    };
    statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::Input { name, ty, default } => Some((name, ty, default.as_ref())),
            _ => None,
        })
}

/// All tensor inputs: those of the signature, then the `input` statements.
pub fn inputs(callable: &ast::Callable) -> impl Iterator<Item = Input<'_>> {
    callable
        .params
        .iter()
        .filter(|p| types::is_tensor(&p.ty))
        .map(|p| (&p.name, &p.ty, p.default.as_ref()))
        .chain(input_statements(callable))
}
