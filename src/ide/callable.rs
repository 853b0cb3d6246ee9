//! Models, losses and functions, as their texts say.

use super::Analysis;
use crate::program::library::{self, LIBRARIES};
use crate::source::Sources;
use crate::syntax::ast::{Body, Callable, Item, ItemKind, Name, StmtKind};

/// One that a file defines or imports.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What the file calls it.
    pub name: &'a str,
    pub callable: &'a Callable,
    pub item: &'a Item,
}

impl<'a> Known<'a> {
    pub fn doc(&self) -> &'a str {
        self.item.doc.as_deref().unwrap_or_default()
    }
}

/// Those of the file, and those that it imports by name.
pub fn known(analysis: &Analysis) -> impl Iterator<Item = Known<'_>> {
    let own = analysis.tree.items.iter().map(|item| (None, item));
    let imported = analysis.imported.iter();
    let imported = imported.map(|import| (Some(import.name.as_str()), import.item()));
    own.chain(imported)
        .filter_map(|(name, item)| match &item.kind {
            ItemKind::Callable(callable) => Some(Known {
                name: name.unwrap_or(&callable.name.text),
                callable,
                item,
            }),
            _ => None,
        })
}

/// What the library offers under a name, and the text that it stands in.
pub fn from_library(name: &str) -> Option<(Sources, Item)> {
    let mut libraries = LIBRARIES.iter();
    libraries.find_map(|library| library::item(library, name))
}

/// The names that a body gives, in order, each with what gives it.
pub fn values(callable: &Callable) -> Vec<(&Name, &'static str)> {
    let Body::Block(statements) = &callable.body else {
        return Vec::new();
    };
    let given = statements
        .iter()
        .flat_map(|statement| match &statement.kind {
            StmtKind::Input { name, .. } => vec![(name, "input")],
            StmtKind::Output {
                name: Some(name), ..
            } => vec![(name, "output")],
            StmtKind::Param { name, .. } => vec![(name, "param")],
            StmtKind::State { name, .. } => vec![(name, "state")],
            StmtKind::Bind { pattern, .. } => {
                let names = pattern.names().into_iter();
                names.map(|name| (name, "")).collect()
            }
            _ => Vec::new(),
        });
    given.collect()
}
