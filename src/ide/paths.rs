//! Completion of what stands in strings that name files, and of what those files define.

use super::Analysis;
use super::complete::{self, Completion, CompletionKind};
use crate::format::tokens::Token;
use crate::program::load::{beside, item_name, normal};
use crate::source::{Files, Sources};
use crate::syntax;
use crate::syntax::ast::ItemKind;
use std::path::Path;

const EXPERIMENTS: &[&str] = &[".kd"];
const WEIGHTS: &[&str] = &[".pt", ".pth", ".safetensors"];

/// The files that the string could name in which a text breaks off: what is written of it, and the text's tokens.
pub(super) fn in_string(
    analysis: &Analysis,
    files: &dyn Files,
    tokens: &[Token],
    written: &str,
    offset: usize,
) -> Vec<Completion> {
    let endings = wanted(tokens);
    if endings.is_empty() {
        return Vec::new();
    }
    let own = analysis.source().path.as_deref();
    let itself = own.map(normal);
    let (folder, name) = written.rsplit_once('/').unwrap_or(("", written));
    let folder = beside(own, folder);
    let start = offset - name.len();
    let names = files.list(&folder).into_iter();
    let found = names
        .filter(|name| !name.starts_with('.'))
        .filter_map(|name| {
            let path = folder.join(&name);
            let kind = match endings.iter().any(|ending| name.ends_with(ending)) {
                true => CompletionKind::File,
                false if is_folder(files, &path) => CompletionKind::Folder,
                false => return None,
            };
            (itself.as_ref() != Some(&path)).then(|| Completion {
                start: Some(start),
                ..Completion::new(&name, kind, "")
            })
        });
    found.collect()
}

/// The endings of the files that the last token, a string, may name.
fn wanted(tokens: &[Token]) -> Vec<&'static str> {
    let mut before = tokens.iter().rev().skip(1).map(|token| token.text);
    match (before.next(), before.next()) {
        (Some("use"), _) => EXPERIMENTS.to_vec(),
        (Some("from"), _) => [EXPERIMENTS, WEIGHTS].concat(),
        (Some("("), Some("weights")) => WEIGHTS.to_vec(),
        _ => Vec::new(),
    }
}

fn is_folder(files: &dyn Files, path: &Path) -> bool {
    path.extension().is_none() && !files.list(path).is_empty()
}

/// What the file defines whose name the line ends with: `use "cifar10.kd"::`, `from "teacher.kd"::`.
pub(super) fn of_file(
    analysis: &Analysis,
    files: &dyn Files,
    line: &str,
) -> Option<Vec<Completion>> {
    let (before, after) = line.rsplit_once("\"::")?;
    let open = |c: char| super::call::is_word(c) || " {,".contains(c);
    if !after.chars().all(open) {
        return None;
    }
    let (before, written) = before.rsplit_once('"')?;
    let networks = !before.trim_start().starts_with("use");
    let text = files
        .read(&beside(analysis.source().path.as_deref(), written))
        .ok()?;
    let mut sources = Sources::default();
    let id = sources.add(written.to_string(), None, &text);
    let file = syntax::parse(sources.get(id)).file;
    let items = file.items.iter().filter(|item| {
        networks == matches!(item.kind, ItemKind::Network(_))
            && !matches!(item.kind, ItemKind::Edge(_) | ItemKind::Train(_))
    });
    let names = items.filter_map(|item| Some((item_name(&item.kind)?, item)));
    let found = names.map(|(name, item)| {
        let kind = match &item.kind {
            ItemKind::Callable(callable) => complete::kind(callable.kind),
            _ => CompletionKind::Value,
        };
        let doc = item.doc.as_deref().unwrap_or_default();
        Completion::new(&name.text, kind, doc)
    });
    Some(found.collect())
}
