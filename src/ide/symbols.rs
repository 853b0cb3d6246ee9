//! The outline of a file.

use super::callable::values;
use crate::source::Span;
use crate::syntax::ast::{Callable, CallableKind, File, ItemKind, Name, Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    Model,
    Function,
    Network,
    Tap,
    Edge,
    Data,
    Constant,
    Training,
    Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
    pub name: String,
    pub detail: &'static str,
    pub kind: SymbolKind,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub at: Span,
    pub children: Vec<Symbol>,
}

pub fn of(file: &File) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    for item in &file.items {
        let leaf = |name: &Name, detail, kind| Symbol {
            name: name.text.clone(),
            detail,
            kind,
            span: item.span,
            at: name.span,
            children: Vec::new(),
        };
        let unnamed = |text: &str, detail, kind| Symbol {
            name: text.to_string(),
            detail,
            kind,
            span: item.span,
            at: item.span,
            children: Vec::new(),
        };
        symbols.extend(match &item.kind {
            ItemKind::Callable(callable) => Some(Symbol {
                children: children(callable),
                ..leaf(&callable.name, word(callable.kind), kind(callable.kind))
            }),
            ItemKind::Data(data) => Some(leaf(&data.name, "data", SymbolKind::Data)),
            ItemKind::Network(network) => Some(match network.role {
                Role::Teacher => leaf(&network.name, "teacher", SymbolKind::Network),
                Role::Student => leaf(&network.name, "student", SymbolKind::Network),
            }),
            ItemKind::Tap(tap) => Some(leaf(&tap.name, "tap", SymbolKind::Tap)),
            ItemKind::Edge(edge) => Some(match &edge.name {
                Some(name) => leaf(name, "edge", SymbolKind::Edge),
                None => unnamed("edge", "edge", SymbolKind::Edge),
            }),
            ItemKind::Train(train) => Some(match &train.name {
                Some(name) => leaf(name, "train", SymbolKind::Training),
                None => unnamed("train", "train", SymbolKind::Training),
            }),
            ItemKind::Settings(settings) => {
                Some(leaf(&settings.name, "settings", SymbolKind::Training))
            }
            ItemKind::Constant(constant) => {
                Some(leaf(&constant.name, "constant", SymbolKind::Constant))
            }
            ItemKind::Output(output) => Some(leaf(&output.output, "output", SymbolKind::Value)),
            ItemKind::Use(_) | ItemKind::Error => None,
        });
    }
    symbols
}

fn word(kind: CallableKind) -> &'static str {
    match kind {
        CallableKind::Model => "model",
        CallableKind::Loss => "loss",
        CallableKind::Fn => "fn",
    }
}

fn kind(kind: CallableKind) -> SymbolKind {
    match kind {
        CallableKind::Model => SymbolKind::Model,
        CallableKind::Loss | CallableKind::Fn => SymbolKind::Function,
    }
}

/// The named values of a body.
fn children(callable: &Callable) -> Vec<Symbol> {
    let values = values(callable).into_iter();
    values
        .map(|(name, detail)| Symbol {
            name: name.text.clone(),
            detail,
            kind: SymbolKind::Value,
            span: name.span,
            at: name.span,
            children: Vec::new(),
        })
        .collect()
}
