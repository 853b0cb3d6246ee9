//! What stands at a place: an operation with its shapes, or a name with its documentation.

use super::Analysis;
use super::call::is_word;
use super::callable::{from_library, known};
use super::callee;
use crate::program::facts::{Fact, Whole};
use crate::program::number::grouped;
use crate::shape::Shape;
use crate::source::{Sources, Span};
use crate::syntax::ast::{CallableKind, Item, ItemKind};
use std::fmt::Write;

#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    pub span: Span,
    pub markdown: String,
}

pub fn at(analysis: &Analysis, offset: usize) -> Option<Hover> {
    let word = word(analysis, offset);
    let called = word.map(|span| analysis.sources.text(span));
    let wholes = wholes(analysis, offset);
    let fact = innermost(analysis, offset).filter(|_| wholes.is_empty());
    let mut parts: Vec<String> = wholes.into_iter().map(whole).collect();
    parts.extend(fact.map(|fact| shapes(analysis, fact)));
    parts.extend(called.and_then(|name| documentation(analysis, name)));
    let span = match fact {
        Some(fact) => fact.span,
        None => word?,
    };
    (!parts.is_empty()).then(|| Hover {
        span,
        markdown: parts.join("\n\n---\n\n"),
    })
}

/// The word around an offset.
pub(super) fn word(analysis: &Analysis, offset: usize) -> Option<Span> {
    let text = &analysis.source().text;
    let before = text.get(..offset)?;
    let start = offset - before.chars().rev().take_while(|c| is_word(*c)).count();
    let length = text[start..].chars().take_while(|c| is_word(*c)).count();
    (length > 0).then(|| Span::new(analysis.file(), start..start + length))
}

/// The smallest operation around an offset; of those at one place the last, which belongs to a network if there is one.
fn innermost(analysis: &Analysis, offset: usize) -> Option<&Fact> {
    let around = |fact: &&Fact| fact.span.range().contains(&offset);
    let length = |fact: &&Fact| fact.span.end - fact.span.start;
    let facts: Vec<&Fact> = analysis.own_facts().filter(around).collect();
    let shortest = facts.iter().map(length).min()?;
    facts.into_iter().rfind(|fact| length(fact) == shortest)
}

/// `conv2d`: [N, 3, 32, 32] → [N, 16, 32, 32], and what it costs.
fn shapes(analysis: &Analysis, fact: &Fact) -> String {
    let given = analysis.shapes_at(fact.span);
    let given: Vec<String> = given.iter().map(quoted).collect();
    let text = arrow(fact.operation, &fact.inputs, &given.join(" or "));
    text + &costs(fact.parameters, fact.multiply_adds)
}

/// The networks whose name stands at an offset, or that are made of the model whose name does. A model of which none is
/// made counts as it is checked by itself.
fn wholes(analysis: &Analysis, offset: usize) -> Vec<&Whole> {
    let Some(defined) = analysis.definition(offset) else {
        return Vec::new();
    };
    let all = analysis.knowledge.wholes.iter();
    let (named, mut made): (Vec<&Whole>, Vec<&Whole>) = all
        .filter(|whole| whole.defined == defined || whole.model == Some(defined))
        .partition(|whole| whole.defined == defined);
    made.dedup();
    if made.is_empty() { named } else { made }
}

/// `light`: [N, 3, 32, 32] → `logits` [N, 10], and what it costs.
fn whole(whole: &Whole) -> String {
    let outputs = whole.outputs.iter();
    let outputs: Vec<String> = outputs
        .map(|(name, shape)| format!("{name} {}", quoted(shape)))
        .collect();
    let text = arrow(&whole.name, &whole.inputs, &outputs.join(", "));
    text + &costs(whole.parameters, whole.multiply_adds.unwrap_or(0))
}

fn arrow(name: &str, inputs: &[Shape], given: &str) -> String {
    let mut text = match name {
        "" => String::new(),
        name => format!("**{name}** "),
    };
    if !inputs.is_empty() {
        let inputs: Vec<String> = inputs.iter().map(quoted).collect();
        let _ = write!(text, "{} → ", inputs.join(", "));
    }
    text + given
}

fn quoted(shape: &Shape) -> String {
    format!("`{shape}`")
}

fn costs(parameters: u64, multiply_adds: u64) -> String {
    let mut costs = Vec::new();
    if parameters > 0 {
        costs.push(format!("{} parameters", grouped(parameters)));
    }
    if multiply_adds > 0 {
        costs.push(format!("{} multiply-adds a sample", grouped(multiply_adds)));
    }
    match costs.is_empty() {
        true => String::new(),
        false => format!("\n\n{}", costs.join(", ")),
    }
}

/// Of a model, loss or function of this file, of an operation, or of what the library offers.
fn documentation(analysis: &Analysis, name: &str) -> Option<String> {
    if let Some(known) = known(analysis).find(|known| known.name == name) {
        return callable(&analysis.sources, known.item);
    }
    if let Some(callee) = callee::standard(name) {
        return Some(format!(
            "```kd\n{}\n```\n\n{}",
            callee.signature(),
            callee.doc
        ));
    }
    let (sources, item) = from_library(name)?;
    callable(&sources, &item)
}

/// The first line of a model, all of a loss or function, which is its formula; and its documentation.
fn callable(sources: &Sources, item: &Item) -> Option<String> {
    let ItemKind::Callable(callable) = &item.kind else {
        return None;
    };
    let whole = sources.text(item.span);
    let shown = match callable.kind {
        CallableKind::Model => whole.split('{').next().unwrap_or(whole).trim_end(),
        CallableKind::Loss | CallableKind::Fn => whole,
    };
    let doc = item.doc.as_deref().unwrap_or_default();
    let text = format!("```kd\n{shown}\n```\n\n{doc}");
    Some(text.trim_end().to_string())
}
