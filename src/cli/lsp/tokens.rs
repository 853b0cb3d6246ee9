//! Semantic tokens in the protocol's form: each counted from the one before.

use super::positions::Places;
use crate::ide::{Analysis, Token, TokenKind};
use lsp_types::{Full, Position, Range, SemanticToken, SemanticTokens, SemanticTokensLegend};
use lsp_types::{SemanticTokensOptions, SemanticTokensOptionsRange};

/// In the order of [`kind`].
const KINDS: [&str; 12] = [
    "comment",
    "keyword",
    "string",
    "number",
    "operator",
    "namespace",
    "class",
    "function",
    "type",
    "variable",
    "parameter",
    "property",
];
const MODIFIERS: [&str; 3] = ["definition", "readonly", "defaultLibrary"];

pub fn options() -> SemanticTokensOptions {
    let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
    SemanticTokensOptions {
        legend: SemanticTokensLegend {
            token_types: words(&KINDS),
            token_modifiers: words(&MODIFIERS),
        },
        range: Some(SemanticTokensOptionsRange::Bool(true)),
        full: Some(Full::Bool(true)),
        ..SemanticTokensOptions::default()
    }
}

fn kind(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Comment => 0,
        TokenKind::Keyword => 1,
        TokenKind::String => 2,
        TokenKind::Number => 3,
        TokenKind::Operator => 4,
        TokenKind::Library => 5,
        TokenKind::Model => 6,
        TokenKind::Function => 7,
        TokenKind::Type => 8,
        TokenKind::Variable => 9,
        TokenKind::Parameter => 10,
        TokenKind::Member => 11,
    }
}

fn modifiers(token: &Token) -> u32 {
    let set = [token.definition, token.frozen, token.standard];
    let bits = set.iter().enumerate();
    bits.map(|(at, set)| u32::from(*set) << at).sum()
}

/// Of the lines of a range, or of all.
pub fn tokens(analysis: &Analysis, range: Option<Range>, places: &Places) -> SemanticTokens {
    let source = analysis.source();
    let wanted = |at: &Position| {
        range.is_none_or(|range| (range.start.line..=range.end.line).contains(&at.line))
    };
    let mut data = Vec::new();
    let mut before = Position::new(0, 0);
    for token in analysis.tokens() {
        let at = places.position(source, token.span.range().start);
        if !wanted(&at) {
            continue;
        }
        let delta_line = at.line - before.line;
        let same_line = delta_line == 0;
        data.push(SemanticToken {
            delta_line,
            delta_start: at.character - if same_line { before.character } else { 0 },
            length: places.length(analysis.sources.text(token.span)),
            token_type: kind(token.kind),
            token_modifiers_bitset: modifiers(&token),
        });
        before = at;
    }
    SemanticTokens {
        result_id: None,
        data,
    }
}
