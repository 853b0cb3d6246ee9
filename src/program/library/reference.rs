//! What the standard library says of itself: signatures and documentation, from its files.

use crate::program::elaborate::input_statements;
use crate::source::Sources;
use crate::syntax::ast::{Callable, ItemKind, Name, Type};
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
    let (sources, item) = super::item(library, name)?;
    match &item.kind {
        ItemKind::Callable(callable) => Some(Entry {
            signature: signature(name, callable, &sources),
            doc: unwrapped(item.doc.as_deref().unwrap_or_default()),
        }),
        _ => None,
    }
}

fn signature(name: &str, callable: &Callable, sources: &Sources) -> String {
    let slots = slots(callable, sources).into_iter();
    let slots: Vec<String> = slots.map(|slot| slot.written).collect();
    format!("{name}({})", slots.join(", "))
}

/// What a call may fill.
pub struct Slot<'a> {
    pub name: &'a Name,
    pub ty: &'a Type,
    /// As it is written but on one line: `T: float = 4`.
    pub written: String,
}

/// What a call of it may fill, tensors first.
pub fn slots<'a>(callable: &'a Callable, sources: &Sources) -> Vec<Slot<'a>> {
    let inputs = input_statements(callable).map(|(name, ty, default)| {
        let end = default.map_or(ty.span, |value| value.span);
        (name, ty, name.span.to(end))
    });
    let params = callable.params.iter();
    let params = params.map(|param| (&param.name, &param.ty, param.span));
    let slots = inputs.chain(params).map(|(name, ty, span)| Slot {
        name,
        ty,
        written: sources.one_line(span),
    });
    slots.collect()
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
    sections(&mut text, "losses", super::names("losses").collect());
    text
}

/// The text of `docs/models.md`.
pub fn models() -> String {
    let mut text = String::from(
        "# Models\n\n\
         What `use models::NAME` imports. Each is in a file of [`models/`](../models), from whose comments this page is \
         generated. `kdc explain NAME` shows the same.\n\n\
         Parameters have the names and shapes of the code that people have weights for, so that its files load as \
         they are: `teacher deep = ResNet50() from \"resnet50.pth\"`. Where that code can be installed (torchvision, \
         timm, transformers) names, shapes and answers on the same weights are tested against it. A student starts as \
         PyTorch's layers start by themselves; what that code draws otherwise is said with each model.\n\n",
    );
    let (whole, parts): (Vec<&str>, Vec<&str>) =
        super::names("models").partition(|name| is_whole(name));
    sections(&mut text, "models", whole);
    let parts: Vec<String> = parts.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(
        text,
        "\n## Parts\n\nWhat these are made of, and models of one's own can be: {}.",
        parts.join(", ")
    );
    text
}

/// A model that is used by itself says how many parameters it has; the parts of others do not.
fn is_whole(model: &str) -> bool {
    entry("models", model).is_some_and(|entry| entry.doc.contains(" parameters"))
}

/// Links to all names, then a section for each.
fn sections(text: &mut String, library: &str, names: Vec<&str>) {
    let link = |name: &&str| format!("[`{name}`](#{})", name.to_lowercase());
    let links: Vec<String> = names.iter().map(link).collect();
    let _ = writeln!(text, "{}", links.join(" "));
    for name in names {
        if let Some(Entry { signature, doc }) = entry(library, name) {
            let _ = write!(
                text,
                "\n## `{name}`\n\n```text\n{signature}\n```\n\n{doc}\n"
            );
        }
    }
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

    #[test]
    fn every_whole_model_names_its_paper() {
        let whole = super::super::names("models").filter(|name| is_whole(name));
        for name in whole {
            let doc = entry("models", name).unwrap().doc;
            let tutorials = ["DeepNN", "LightNN"].contains(&name);
            assert!(tutorials || doc.contains("\n\nPaper: "), "{name}");
        }
    }
}
