//! What the standard library says of itself: signatures and documentation, from its files.

use crate::program::elaborate::input_statements;
use crate::source::{Sources, Span};
use crate::syntax;
use crate::syntax::ast::{Callable, ItemKind};
use std::fmt::Write;

/// A model or loss as its users see it.
pub struct Entry {
    /// `dkd(student: [N, C], teacher: [N, C], label: class(C), alpha: float = 1, …)`, tensors first.
    pub signature: String,
    /// Paragraphs, apart by an empty line, each on one line.
    pub doc: String,
}

/// What a library offers under a name.
pub fn entry(library: &str, name: &str) -> Option<Entry> {
    let file = super::find(library, name)?;
    let mut sources = Sources::default();
    let id = sources.add(file.path.to_string(), None, file.text);
    let items = syntax::parse(sources.get(id)).file.items;
    items.into_iter().find_map(|item| match &item.kind {
        ItemKind::Callable(callable) if callable.name.text == name => Some(Entry {
            signature: signature(callable, &sources),
            doc: unwrapped(item.doc.as_deref().unwrap_or_default()),
        }),
        _ => None,
    })
}

fn signature(callable: &Callable, sources: &Sources) -> String {
    let inputs = input_statements(callable)
        .map(|(name, ty, default)| name.span.to(default.map_or(ty.span, |value| value.span)));
    let spans = inputs.chain(callable.params.iter().map(|param| param.span));
    let one_line = |span: Span| {
        let words: Vec<&str> = sources.text(span).split_whitespace().collect();
        words.join(" ")
    };
    let parts: Vec<String> = spans.map(one_line).collect();
    format!("{}({})", callable.name.text, parts.join(", "))
}

fn unwrapped(doc: &str) -> String {
    let paragraphs: Vec<String> = doc.split("\n\n").map(|p| p.replace('\n', " ")).collect();
    paragraphs.join("\n\n")
}

/// The text of `docs/losses.md`.
pub fn losses() -> String {
    let mut text = String::from(
        "# Losses\n\n\
         What can stand after `by`, besides losses of one's own. Each is a file of [`losses/`](../losses), from whose \
         comments this page is generated. `kdc explain NAME` shows the same.\n\n\
         Values are means over the batch of a value for each sample, unless a loss says otherwise. Temperatures \
         bring their T² along. The target's tensors come first, then the source's; nothing of the source \
         learns. Each is tested in value and gradient against a formula written from its paper, in 64 bits, and is \
         finite at equal and at zero inputs.\n\n",
    );
    let links: Vec<String> = super::names("losses")
        .map(|name| format!("[`{name}`](#{name})"))
        .collect();
    let _ = writeln!(text, "{}", links.join(" "));
    for name in super::names("losses") {
        if let Some(Entry { signature, doc }) = entry("losses", name) {
            let _ = write!(
                text,
                "\n## `{name}`\n\n```text\n{signature}\n```\n\n{doc}\n"
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_with_its_signature_on_one_line() {
        let entry = entry("losses", "crd").unwrap();
        assert!(
            entry
                .signature
                .starts_with("crd(student: [N, A], teacher: [N, B], index: id(M), "),
            "{}",
            entry.signature
        );
        assert!(entry.doc.contains("Paper: Tian, Krishnan, Isola 2020"));
    }

    #[test]
    fn a_models_inputs_come_first() {
        let entry = entry("models", "LightNN").unwrap();
        assert_eq!(
            entry.signature,
            "LightNN(image: [N, 3, 32, 32], classes: int = 10)"
        );
    }

    #[test]
    fn every_loss_names_its_paper() {
        for name in super::super::names("losses") {
            let doc = entry("losses", name).unwrap().doc;
            let known = ["cosine", "cross_entropy", "mse"].contains(&name);
            assert!(known || doc.contains("\n\nPaper: "), "{name}");
        }
    }
}
