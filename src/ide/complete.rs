//! What could be written at a place, told from the text before it: it need not be whole.

use super::Analysis;
use super::call::{self, is_word};
use super::callable::{known, values};
use super::callee::Callee;
use super::paths;
use crate::format::tokens::{self, Kind};
use crate::program::library;
use crate::program::load::item_name;
use crate::program::ops;
use crate::source::Files;
use crate::syntax::ast::{self, CallableKind, ItemKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Operation,
    Model,
    Loss,
    Value,
    Argument,
    File,
    Folder,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    pub text: String,
    pub kind: CompletionKind,
    /// A line about it.
    pub detail: String,
    /// Where what it replaces starts, if that is not the word before the place.
    pub start: Option<usize>,
}

impl Completion {
    pub(super) fn new(text: &str, kind: CompletionKind, detail: &str) -> Completion {
        Completion {
            text: text.to_string(),
            kind,
            detail: detail.lines().next().unwrap_or_default().to_string(),
            start: None,
        }
    }
}

pub fn at(analysis: &Analysis, files: &dyn Files, offset: usize) -> Vec<Completion> {
    let text = &analysis.source().text;
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let tokens = tokens::tokens(before);
    if let Some(token) = call::unfinished(before, &tokens) {
        return match token.kind {
            Kind::String => {
                let written = &before[token.start(before) + 1..];
                paths::in_string(analysis, files, &tokens, written, offset)
            }
            _ => Vec::new(),
        };
    }
    let lead = before.trim_end_matches(is_word);
    if let Some(path) = lead.strip_suffix('.') {
        return parts(analysis, last_path(path));
    }
    if let Some(library) = imported_from(line) {
        return of_library(library).collect();
    }
    if let Some(names) = paths::of_file(analysis, files, line) {
        return names;
    }
    if lead.trim_end().ends_with(" by") {
        return losses(analysis);
    }
    let mut all = call::open(lead).map_or_else(Vec::new, |call| arguments(analysis, call.callee));
    all.extend(in_scope(analysis, offset));
    all.extend(operations());
    all.extend(own_callables(analysis, |_| true));
    all
}

/// The path that a text ends with: `light.layer3[-1]`.
fn last_path(text: &str) -> &str {
    let before = text.trim_end_matches(|c| is_word(c) || ".[]-".contains(c));
    text[before.len()..].trim_start_matches('-')
}

/// The library whose names the line imports.
fn imported_from(line: &str) -> Option<&'static str> {
    let from = line.trim_start().strip_prefix("use ")?;
    let libraries = library::LIBRARIES.into_iter();
    libraries.into_iter().find(|library| {
        let rest = from.trim_start().strip_prefix(library);
        rest.is_some_and(|rest| rest.trim_start().starts_with("::"))
    })
}

fn arguments(analysis: &Analysis, callee: &str) -> Vec<Completion> {
    let slots = Callee::named(analysis, callee).map_or_else(Vec::new, |callee| callee.slots);
    slots
        .iter()
        .filter(|slot| !slot.name.is_empty())
        .map(|slot| {
            let detail = match slot.doc.is_empty() {
                true => &slot.written,
                false => &slot.doc,
            };
            Completion::new(&format!("{}:", slot.name), CompletionKind::Argument, detail)
        })
        .collect()
}

/// What a path leads to that has a name: of `light`, `features` and `logits`.
fn parts(analysis: &Analysis, path: &str) -> Vec<Completion> {
    let mut found: Vec<Completion> = Vec::new();
    let mut add = |name: &str, detail: &str| {
        if !found.iter().any(|known| known.text == name) {
            found.push(Completion::new(name, CompletionKind::Value, detail));
        }
    };
    for fact in analysis.knowledge.facts.iter().filter(|fact| fact.named) {
        let rest = fact.name.strip_prefix(path);
        if let Some(name) = rest.and_then(|rest| rest.strip_prefix('.')) {
            let own = !name.contains('.');
            let name = name.split('.').next().unwrap_or(name);
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
                add(
                    name,
                    &if own {
                        fact.shape.to_string()
                    } else {
                        String::new()
                    },
                );
            }
        }
    }
    for set in analysis
        .knowledge
        .data
        .iter()
        .filter(|set| set.name == path)
    {
        for field in &set.fields {
            add(&field.name, &field.shape.to_string());
        }
    }
    found
}

fn operations() -> impl Iterator<Item = Completion> {
    ops::all().map(|op| Completion::new(op.name, CompletionKind::Operation, op.doc))
}

fn losses(analysis: &Analysis) -> Vec<Completion> {
    let mut losses = own_callables(analysis, |kind| kind == CallableKind::Loss);
    let imported: Vec<String> = losses.iter().map(|loss| loss.text.clone()).collect();
    losses.extend(of_library("losses").filter(|loss| !imported.contains(&loss.text)));
    losses
}

/// What a library offers.
fn of_library(library: &'static str) -> impl Iterator<Item = Completion> {
    let kind = match library {
        "losses" => CompletionKind::Loss,
        _ => CompletionKind::Model,
    };
    library::names(library).map(move |name| Completion::new(name, kind, library))
}

/// What this file defines or imports that can be called.
fn own_callables(analysis: &Analysis, wanted: impl Fn(CallableKind) -> bool) -> Vec<Completion> {
    let all = known(analysis).filter(|known| wanted(known.callable.kind));
    all.map(|known| Completion::new(known.name, kind(known.callable.kind), known.doc()))
        .collect()
}

pub(super) fn kind(kind: CallableKind) -> CompletionKind {
    match kind {
        CallableKind::Model => CompletionKind::Model,
        CallableKind::Loss => CompletionKind::Loss,
        CallableKind::Fn => CompletionKind::Operation,
    }
}

/// In a body its values above the place; elsewhere the networks, taps, data and constants of the file.
fn in_scope(analysis: &Analysis, offset: usize) -> Vec<Completion> {
    let around = analysis
        .tree
        .items
        .iter()
        .find_map(|item| match &item.kind {
            ItemKind::Callable(callable) if item.span.range().contains(&offset) => Some(callable),
            _ => None,
        });
    if let Some(callable) = around {
        let params = callable
            .params
            .iter()
            .map(|param| (&param.name, "parameter"));
        let all = params.chain(values(callable));
        let above = all.filter(|(name, _)| (name.span.end as usize) < offset);
        return above
            .map(|(name, what)| Completion::new(&name.text, CompletionKind::Value, what))
            .collect();
    }
    let value = |item: &ast::Item| {
        let other = matches!(
            item.kind,
            ItemKind::Callable(_) | ItemKind::Edge(_) | ItemKind::Train(_)
        );
        !other
    };
    let own = analysis.tree.items.iter().filter(|item| value(item));
    let own = own.filter_map(|item| Some(item_name(&item.kind)?.text.as_str()));
    let imported = analysis.imported.iter();
    let imported = imported.filter(|import| value(import.item()));
    own.chain(imported.map(|import| import.name.as_str()))
        .map(|name| Completion::new(name, CompletionKind::Value, ""))
        .collect()
}
