//! Answers to requests.

use super::convert;
use super::positions::Places;
use crate::format;
use crate::ide::{Analysis, Completion, CompletionKind, FoldKind, Symbol, SymbolKind};
use crate::source::{Files, Span};
use lsp_types::{
    ActiveParameter, CodeAction, CompletionItem, CompletionItemKind, Contents, DocumentSymbol,
    FoldingRange, FoldingRangeKind, Hover, InlayHint, Label, Location, MarkupContent, MarkupKind,
    ParameterInformation, ParameterInformationLabel, Position, PrepareRenamePlaceholder,
    PrepareRenameResult, Range, SignatureHelp, SignatureInformation, TextEdit, WorkspaceEdit,
};
use similar::{DiffOp, TextDiff};

pub fn hover(analysis: &Analysis, position: Position, places: &Places) -> Option<Hover> {
    let source = analysis.source();
    let hover = analysis.hover(places.offset(source, position))?;
    Some(Hover {
        contents: Contents::MarkupContent(markdown(hover.markdown)),
        range: Some(places.range(source, hover.span)),
    })
}

pub fn completions(
    analysis: &Analysis,
    files: &dyn Files,
    position: Position,
    places: &Places,
) -> Vec<CompletionItem> {
    let source = analysis.source();
    let offset = places.offset(source, position);
    let completions = analysis.completions(files, offset);
    let edit = |completion: &Completion| {
        let range = Range::new(
            places.position(source, completion.start?),
            places.position(source, offset),
        );
        Some(TextEdit::new(range, completion.text.clone()).into())
    };
    completions
        .into_iter()
        .map(|completion| CompletionItem {
            text_edit: edit(&completion),
            label: completion.text,
            kind: Some(match completion.kind {
                CompletionKind::Operation => CompletionItemKind::Function,
                CompletionKind::Model => CompletionItemKind::Class,
                CompletionKind::Loss => CompletionItemKind::Operator,
                CompletionKind::Value => CompletionItemKind::Variable,
                CompletionKind::Argument => CompletionItemKind::Property,
                CompletionKind::File => CompletionItemKind::File,
                CompletionKind::Folder => CompletionItemKind::Folder,
            }),
            detail: Some(completion.detail),
            ..CompletionItem::default()
        })
        .collect()
}

/// The signature of the call that is being written.
pub fn signature(
    analysis: &Analysis,
    position: Position,
    places: &Places,
) -> Option<SignatureHelp> {
    let source = analysis.source();
    let help = analysis.call(places.offset(source, position))?;
    let units = |end: usize| help.signature[..end].encode_utf16().count() as u32;
    let parameters = help.slots.iter().map(|(range, doc)| ParameterInformation {
        label: ParameterInformationLabel::Tuple((units(range.start), units(range.end))),
        documentation: (!doc.is_empty()).then(|| doc.clone().into()),
    });
    // Beyond the last one, nothing is being written that the callee takes.
    let active = help.active.unwrap_or(help.slots.len());
    Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            parameters: Some(parameters.collect()),
            label: help.signature,
            documentation: Some(markdown(help.doc).into()),
            active_parameter: None,
        }],
        active_signature: Some(0),
        active_parameter: Some(ActiveParameter::Int(active as u32)),
    })
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

pub fn definition(analysis: &Analysis, position: Position, places: &Places) -> Option<Location> {
    let source = analysis.source();
    let definition = analysis.definition(places.offset(source, position))?;
    places.location(&analysis.sources, definition)
}

/// All places of the name, its definition first.
pub fn references(analysis: &Analysis, position: Position, places: &Places) -> Vec<Location> {
    let source = analysis.source();
    let found = analysis.references(places.offset(source, position));
    found
        .into_iter()
        .filter_map(|span| places.location(&analysis.sources, span))
        .collect()
}

/// The name that can be changed. Why not, if it comes with kdc; none where no name stands.
pub fn renamable(
    analysis: &Analysis,
    position: Position,
    places: &Places,
) -> Result<Option<PrepareRenameResult>, String> {
    let source = analysis.source();
    let Some(found) = analysis.renamable(places.offset(source, position)) else {
        return Ok(None);
    };
    let span = found?;
    Ok(Some(PrepareRenameResult::PrepareRenamePlaceholder(
        PrepareRenamePlaceholder {
            range: places.range(source, span),
            placeholder: analysis.sources.text(span).trim_matches('`').to_string(),
        },
    )))
}

/// Another name at all its places. Why not, if it comes with kdc; none where no name stands.
pub fn rename(
    analysis: &Analysis,
    position: Position,
    name: &str,
    places: &Places,
) -> Result<Option<WorkspaceEdit>, String> {
    let source = analysis.source();
    let offset = places.offset(source, position);
    if analysis.renamable(offset).transpose()?.is_none() {
        return Ok(None);
    }
    let found = analysis.references(offset).into_iter();
    let edits = found.map(|span| (span, name));
    Ok(convert::workspace_edit(&analysis.sources, edits, places))
}

pub fn symbols(analysis: &Analysis, places: &Places) -> Vec<DocumentSymbol> {
    let symbols = analysis.symbols();
    symbols
        .iter()
        .map(|symbol| one_symbol(analysis, symbol, places))
        .collect()
}

#[allow(deprecated)]
fn one_symbol(analysis: &Analysis, symbol: &Symbol, places: &Places) -> DocumentSymbol {
    let source = analysis.source();
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
        range: places.range(source, symbol.span),
        selection_range: places.range(source, symbol.at),
        children: Some(
            children
                .map(|child| one_symbol(analysis, child, places))
                .collect(),
        ),
    }
}

pub fn folds(analysis: &Analysis) -> Vec<FoldingRange> {
    let folds = analysis.folds().into_iter();
    folds
        .map(|fold| FoldingRange {
            start_line: fold.first as u32,
            end_line: fold.last as u32,
            kind: match fold.kind {
                FoldKind::Block => None,
                FoldKind::Comment => Some(FoldingRangeKind::Comment),
                FoldKind::Imports => Some(FoldingRangeKind::Imports),
            },
            ..FoldingRange::default()
        })
        .collect()
}

/// The shapes behind the lines of a range.
pub fn hints(analysis: &Analysis, range: Range, places: &Places) -> Vec<InlayHint> {
    let source = analysis.source();
    // whole lines, or the last operation of one might not be among them
    let line = |line: u32, character: u32| places.offset(source, Position::new(line, character));
    let within = line(range.start.line, 0)..=line(range.end.line, u32::MAX);
    let hints = analysis.hints(within).into_iter();
    hints
        .map(|hint| InlayHint {
            position: places.position(source, hint.at.start as usize),
            label: Label::String(hint.text),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
        .collect()
}

/// The repairs of what is wrong in a range.
pub fn actions(analysis: &Analysis, range: Range, places: &Places) -> Vec<CodeAction> {
    let source = analysis.source();
    let wanted = places.offset(source, range.start)..=places.offset(source, range.end);
    let touches = |span: Span| {
        let place = span.range();
        span.file == analysis.file() && place.start <= *wanted.end() && place.end >= *wanted.start()
    };
    let mut actions = Vec::new();
    for diagnostic in &analysis.diagnostics {
        if !diagnostic.primary().is_some_and(touches) {
            continue;
        }
        actions.extend(convert::actions(&analysis.sources, diagnostic, places));
    }
    actions
}

/// The edits that put the text in its style: only the lines that change, so that the cursor stays.
pub fn formatting(analysis: &Analysis) -> Option<Vec<TextEdit>> {
    let source = analysis.source();
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
