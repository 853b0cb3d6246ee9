//! Completion of what stands in strings that name files, and of what those files define.

use super::Analysis;
use super::complete::{Completion, CompletionKind};
use crate::program::load::{item_name, normal};
use crate::source::{Files, Sources};
use crate::syntax;
use crate::syntax::ast::ItemKind;
use std::path::{Path, PathBuf};

const EXPERIMENTS: &[&str] = &[".kd"];
const WEIGHTS: &[&str] = &[".pt", ".pth", ".safetensors"];

/// The files that a string at the line's end could name; none if none is open there.
pub(super) fn in_string(
    analysis: &Analysis,
    files: &dyn Files,
    line: &str,
    offset: usize,
) -> Option<Vec<Completion>> {
    if line.matches('"').count().is_multiple_of(2) {
        return None;
    }
    let (before, written) = line.rsplit_once('"')?;
    let endings = wanted(before.trim_end());
    let (folder, name) = written.rsplit_once('/').unwrap_or(("", written));
    let folder = beside(analysis, folder);
    let start = offset - name.len();
    let found = files.list(&folder).into_iter().filter_map(|name| {
        let kind = match endings.iter().any(|ending| name.ends_with(ending)) {
            true => CompletionKind::File,
            false if is_folder(files, &folder.join(&name)) => CompletionKind::Folder,
            false => return None,
        };
        let own = analysis.sources.get(analysis.file()).path.as_deref();
        let itself = own.is_some_and(|own| normal(own) == folder.join(&name));
        let hidden = name.starts_with('.');
        (!hidden && !itself && !endings.is_empty()).then(|| Completion {
            start: Some(start),
            ..Completion::new(&name, kind, "")
        })
    });
    Some(found.collect())
}

/// The endings of the files that a string may name behind a text.
fn wanted(before: &str) -> Vec<&'static str> {
    let word = |word: &str| {
        let rest = before.strip_suffix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '\t', '=']))
    };
    match () {
        () if word("use") => EXPERIMENTS.to_vec(),
        () if word("from") => [EXPERIMENTS, WEIGHTS].concat(),
        () if word("weights(") => WEIGHTS.to_vec(),
        () => Vec::new(),
    }
}

fn is_folder(files: &dyn Files, path: &Path) -> bool {
    path.extension().is_none() && !files.list(path).is_empty()
}

/// A path as the file of the analysis means it.
fn beside(analysis: &Analysis, written: &str) -> PathBuf {
    let own = analysis.sources.get(analysis.file()).path.as_deref();
    let folder = own.and_then(Path::parent).unwrap_or(Path::new(""));
    normal(&folder.join(written))
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
    let text = files.read(&beside(analysis, written)).ok()?;
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
            ItemKind::Callable(_) => CompletionKind::Model,
            _ => CompletionKind::Value,
        };
        let doc = item.doc.as_deref().unwrap_or_default();
        Completion::new(&name.text, kind, doc)
    });
    Some(found.collect())
}
