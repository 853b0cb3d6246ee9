//! What can be called by a name, and what a call of it may fill.

use super::Analysis;
use super::callable::{from_library, known};
use crate::program::declared::Declared;
use crate::program::elaborate::is_tensor;
use crate::program::library::reference::slots;
use crate::program::ops::{self, Operation};
use crate::program::reference;
use crate::source::Sources;
use crate::syntax::ast::{Callable, ItemKind};

pub struct Callee {
    pub name: String,
    pub slots: Vec<Slot>,
    /// Markdown.
    pub doc: String,
}

/// An input or a parameter.
pub struct Slot {
    pub name: String,
    /// With its type and default: `kernel: int or (h, w)`.
    pub written: String,
    pub doc: String,
    /// Whether a value without a name fills it.
    pub positional: bool,
    /// Whether it takes a tensor.
    pub input: bool,
}

impl Callee {
    /// What a name means where something is called: the file's own definition first.
    pub fn named(analysis: &Analysis, name: &str) -> Option<Callee> {
        if let Some(found) = known(analysis).find(|known| known.name == name) {
            let callee = of_callable(found.callable, found.doc(), &analysis.sources);
            let name = name.to_string();
            return Some(Callee { name, ..callee });
        }
        if let Some(standard) = standard(name) {
            return Some(standard);
        }
        let (sources, item) = from_library(name)?;
        let doc = item.doc.as_deref().unwrap_or_default();
        match &item.kind {
            ItemKind::Callable(callable) => Some(of_callable(callable, doc, &sources)),
            _ => None,
        }
    }

    /// `conv2d(x: [N, C, H, W], channels: int, …)`
    pub fn signature(&self) -> String {
        let slots: Vec<&str> = self
            .slots
            .iter()
            .map(|slot| slot.written.as_str())
            .collect();
        format!("{}({})", self.name, slots.join(", "))
    }
}

/// An operation, or what has settings: a data source, an optimizer.
pub fn standard(name: &str) -> Option<Callee> {
    let operation = ops::find(name).map(of_operation);
    operation.or_else(|| reference::find(name).map(of_declared))
}

pub fn is_standard(name: &str) -> bool {
    ops::find(name).is_some() || reference::find(name).is_some()
}

fn of_operation(op: &Operation) -> Callee {
    let inputs = op.inputs.iter().map(|input| Slot {
        name: input.name.to_string(),
        written: input.to_string(),
        doc: String::new(),
        positional: true,
        input: true,
    });
    let arguments = op.arguments.iter().map(|argument| Slot {
        name: argument.name.to_string(),
        written: argument.to_string(),
        doc: argument.doc.to_string(),
        positional: argument.positional,
        input: false,
    });
    Callee {
        name: op.name.to_string(),
        slots: inputs.chain(arguments).collect(),
        doc: op.doc.trim().to_string(),
    }
}

fn of_declared(declared: &Declared) -> Callee {
    let slots = declared.parameters.iter().map(|parameter| Slot {
        name: parameter.name.to_string(),
        written: format!(
            "{}: {}",
            parameter.name,
            parameter.wants.words().replace('`', "")
        ),
        doc: parameter.doc.to_string(),
        positional: parameter.positional,
        input: false,
    });
    Callee {
        name: declared.name.to_string(),
        slots: slots.collect(),
        doc: declared.doc.to_string(),
    }
}

fn of_callable(callable: &Callable, doc: &str, sources: &Sources) -> Callee {
    let slots = slots(callable, sources).into_iter().map(|slot| Slot {
        name: slot.name.text.clone(),
        written: slot.written,
        doc: String::new(),
        positional: true,
        input: is_tensor(slot.ty),
    });
    Callee {
        name: callable.name.text.clone(),
        slots: slots.collect(),
        doc: doc.to_string(),
    }
}
