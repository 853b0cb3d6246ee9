//! Names, and the places where what they mean is defined.

use super::Analysis;
use crate::source::Span;

pub fn definition(analysis: &Analysis, offset: usize) -> Option<Span> {
    let around = |span: Span| {
        let range = span.range();
        span.file == analysis.file() && range.start <= offset && offset <= range.end
    };
    let links = &analysis.knowledge.links;
    let used = links.iter().find(|link| around(link.from));
    let defined = || links.iter().find(|link| around(link.to));
    Some(used.or_else(defined)?.to)
}

pub fn references(analysis: &Analysis, offset: usize) -> Vec<Span> {
    let Some(definition) = definition(analysis, offset) else {
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
