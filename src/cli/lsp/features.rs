//! Answers to requests.

use super::convert;
use super::positions::Encoding;
use crate::format;
use crate::ide::{Analysis, CompletionKind, Symbol, SymbolKind};
use crate::source::Span;
use lsp_types::{
    CodeAction, CompletionItem, CompletionItemKind, Contents, DocumentSymbol, Hover, InlayHint,
    Label, Location, MarkupContent, MarkupKind, Position, Range, TextEdit, Uri, WorkspaceEdit,
};
use similar::{DiffOp, TextDiff};
use std::collections::HashMap;

pub fn hover(analysis: &Analysis, position: Position, encoding: Encoding) -> Option<Hover> {
    let source = analysis.sources.get(analysis.file());
    let hover = analysis.hover(encoding.offset(source, position))?;
    Some(Hover {
        contents: Contents::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: hover.markdown,
        }),
        range: Some(encoding.range(source, hover.span)),
    })
}

pub fn completions(
    analysis: &Analysis,
    position: Position,
    encoding: Encoding,
) -> Vec<CompletionItem> {
    let source = analysis.sources.get(analysis.file());
    let completions = analysis
        .completions(encoding.offset(source, position))
        .into_iter();
    completions
        .map(|completion| CompletionItem {
            label: completion.text,
            kind: Some(match completion.kind {
                CompletionKind::Operation => CompletionItemKind::Function,
                CompletionKind::Model => CompletionItemKind::Class,
                CompletionKind::Loss => CompletionItemKind::Operator,
                CompletionKind::Value => CompletionItemKind::Variable,
                CompletionKind::Argument => CompletionItemKind::Property,
            }),
            detail: Some(completion.detail),
            ..CompletionItem::default()
        })
        .collect()
}

pub fn definition(analysis: &Analysis, position: Position, encoding: Encoding) -> Option<Location> {
    let source = analysis.sources.get(analysis.file());
    let definition = analysis.definition(encoding.offset(source, position))?;
    convert::location(&analysis.sources, definition, encoding)
}

/// All places of the name, its definition first.
pub fn references(analysis: &Analysis, position: Position, encoding: Encoding) -> Vec<Location> {
    let source = analysis.sources.get(analysis.file());
    let places = analysis
        .references(encoding.offset(source, position))
        .into_iter();
    places
        .filter_map(|span| convert::location(&analysis.sources, span, encoding))
        .collect()
}

/// Another name at all its places. None where a name of the language or the library stands.
pub fn rename(
    analysis: &Analysis,
    position: Position,
    name: &str,
    encoding: Encoding,
) -> Option<WorkspaceEdit> {
    let source = analysis.sources.get(analysis.file());
    let places = analysis.references(encoding.offset(source, position));
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for place in places {
        let place = convert::location(&analysis.sources, place, encoding)?;
        let edit = TextEdit::new(place.range, name.to_string());
        changes.entry(place.uri).or_default().push(edit);
    }
    (!changes.is_empty()).then(|| WorkspaceEdit {
        changes: Some(changes),
        ..WorkspaceEdit::default()
    })
}

pub fn symbols(analysis: &Analysis, encoding: Encoding) -> Vec<DocumentSymbol> {
    let symbols = analysis.symbols();
    symbols
        .iter()
        .map(|symbol| one_symbol(analysis, symbol, encoding))
        .collect()
}

#[allow(deprecated)]
fn one_symbol(analysis: &Analysis, symbol: &Symbol, encoding: Encoding) -> DocumentSymbol {
    let source = analysis.sources.get(analysis.file());
    let children = symbol.children.iter();
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: Some(symbol.detail.to_string()),
        kind: match symbol.kind {
            SymbolKind::Model => lsp_types::SymbolKind::Class,
            SymbolKind::Function => lsp_types::SymbolKind::Function,
            SymbolKind::Network => lsp_types::SymbolKind::Object,
            SymbolKind::Tap | SymbolKind::Value => lsp_types::SymbolKind::Variable,
            SymbolKind::Edge => lsp_types::SymbolKind::Operator,
            SymbolKind::Data => lsp_types::SymbolKind::Array,
            SymbolKind::Constant => lsp_types::SymbolKind::Constant,
            SymbolKind::Training => lsp_types::SymbolKind::Event,
        },
        tags: None,
        deprecated: None,
        range: encoding.range(source, symbol.span),
        selection_range: encoding.range(source, symbol.at),
        children: Some(
            children
                .map(|child| one_symbol(analysis, child, encoding))
                .collect(),
        ),
    }
}

/// The shapes behind the lines of a range.
pub fn hints(analysis: &Analysis, range: Range, encoding: Encoding) -> Vec<InlayHint> {
    let source = analysis.sources.get(analysis.file());
    let hints = analysis.hints().into_iter().map(|hint| InlayHint {
        position: encoding.position(source, hint.at.start as usize),
        label: Label::String(hint.text),
        kind: None,
        text_edits: None,
        tooltip: None,
        padding_left: Some(true),
        padding_right: None,
        data: None,
    });
    let lines = range.start.line..=range.end.line;
    hints
        .filter(|hint| lines.contains(&hint.position.line))
        .collect()
}

/// The repairs of what is wrong in a range.
pub fn actions(analysis: &Analysis, range: Range, encoding: Encoding) -> Vec<CodeAction> {
    let source = analysis.sources.get(analysis.file());
    let wanted = encoding.offset(source, range.start)..=encoding.offset(source, range.end);
    let touches = |span: Span| {
        let place = span.range();
        span.file == analysis.file() && place.start <= *wanted.end() && place.end >= *wanted.start()
    };
    let mut actions = Vec::new();
    for diagnostic in &analysis.diagnostics {
        if !diagnostic.primary().is_some_and(touches) {
            continue;
        }
        let Some((_, converted)) = convert::diagnostic(&analysis.sources, diagnostic, encoding)
        else {
            continue;
        };
        let fixes = diagnostic.help.iter();
        actions.extend(
            fixes.filter_map(|help| convert::action(&analysis.sources, help, &converted, encoding)),
        );
    }
    actions
}

/// The edits that put the text in its style: only the lines that change, so that the cursor stays.
pub fn formatting(analysis: &Analysis) -> Option<Vec<TextEdit>> {
    let source = analysis.sources.get(analysis.file());
    let new = format::format(source).ok()?;
    let diff = TextDiff::from_lines(&*source.text, new.as_str());
    let new_lines = diff.new_slices();
    let edits = diff
        .ops()
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let line = |line: usize| Position::new(line as u32, 0);
    Some(
        edits
            .map(|op| {
                let old = op.old_range();
                let range = Range::new(line(old.start), line(old.end));
                TextEdit::new(range, new_lines[op.new_range()].concat())
            })
            .collect(),
    )
}
