//! Names, and the places where what they mean is defined.

use super::{Analysis, roles};
use crate::program::load::{beside, normal};
use crate::source::Span;
use crate::syntax::ast::{From, ItemKind, Str, UseFrom};

/// For a name its definition, for a string that names a file its start.
pub fn definition(analysis: &Analysis, offset: usize) -> Option<Span> {
    named(analysis, offset).or_else(|| file(analysis, offset))
}

fn named(analysis: &Analysis, offset: usize) -> Option<Span> {
    let links = &analysis.knowledge.links;
    let used = links
        .iter()
        .find(|link| around(analysis, offset, link.from));
    let defined = || links.iter().find(|link| around(analysis, offset, link.to));
    let link = used.or_else(defined);
    link.map(|link| link.to)
        .or_else(|| unused(analysis, offset))
}

/// The name that is defined at an offset, and used nowhere.
fn unused(analysis: &Analysis, offset: usize) -> Option<Span> {
    let roles = roles::of(&analysis.tree).into_iter();
    let mut defined = roles.filter(|(_, role)| role.defines());
    let (span, _) = defined.find(|(span, _)| around(analysis, offset, *span))?;
    Some(span)
}

fn around(analysis: &Analysis, offset: usize, span: Span) -> bool {
    let range = span.range();
    span.file == analysis.file() && range.start <= offset && offset <= range.end
}

fn file(analysis: &Analysis, offset: usize) -> Option<Span> {
    let mut items = analysis.tree.items.iter();
    let written = items.find_map(|item| {
        let written: &Str = match &item.kind {
            ItemKind::Use(using) => match &using.from {
                UseFrom::File(path) => path,
                UseFrom::Library(_) => return None,
            },
            ItemKind::Network(network) => match &network.from {
                Some(From::File { path, .. }) => path,
                _ => return None,
            },
            _ => return None,
        };
        around(analysis, offset, written.span).then_some(written)
    })?;
    let path = beside(analysis.source().path.as_deref(), &written.text);
    let mut sources = analysis.sources.iter();
    let named = sources.find(|source| source.path.as_deref().is_some_and(|p| normal(p) == path))?;
    Some(Span::new(named.id, 0..0))
}

/// All places with the name at an offset, its definition first.
pub fn references(analysis: &Analysis, offset: usize) -> Vec<Span> {
    let Some(definition) = named(analysis, offset) else {
        return Vec::new();
    };
    let links = analysis.knowledge.links.iter();
    let uses = links.filter(|link| link.to == definition);
    let mut places = vec![definition];
    for link in uses {
        if !places.contains(&link.from) {
            places.push(link.from);
        }
    }
    places
}

/// The word at an offset that can get another name. Why not, if it belongs to kdc; none where no name stands.
pub fn renamable(analysis: &Analysis, offset: usize) -> Option<Result<Span, String>> {
    let places = references(analysis, offset);
    let Some(definition) = places.first() else {
        let word = super::hover::word(analysis, offset)?;
        let text = analysis.sources.text(word);
        let known = super::callee::Callee::named(analysis, text).is_some();
        return known.then(|| Err(belongs_to_kdc(text)));
    };
    let here = places
        .iter()
        .find(|place| around(analysis, offset, **place))?;
    Some(match analysis.sources.get(definition.file).path {
        Some(_) => Ok(*here),
        None => Err(belongs_to_kdc(analysis.sources.text(*here))),
    })
}

fn belongs_to_kdc(name: &str) -> String {
    format!("`{name}` comes with kdc: only names of your own files can be changed")
}
