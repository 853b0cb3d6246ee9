//! The words of a text, each with what it is, so that an editor can colour them.

use super::Analysis;
use super::callee::is_standard;
use super::roles::{self, Role};
use crate::format::tokens::{self, Kind};
use crate::program::library;
use crate::source::Span;
use crate::syntax::{is_keyword, is_reserved};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Comment,
    Keyword,
    String,
    Number,
    Operator,
    Library,
    Model,
    Function,
    Type,
    Variable,
    Parameter,
    /// A part of a network, a field of data.
    Member,
}

/// A piece of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub span: Span,
    pub kind: TokenKind,
    /// Whether it is defined here.
    pub definition: bool,
    /// Whether it belongs to a teacher, which never learns.
    pub frozen: bool,
    /// Whether it comes with kdc.
    pub standard: bool,
}

/// In the order of the text.
pub fn of(analysis: &Analysis) -> Vec<Token> {
    let roles: HashMap<u32, Role> = roles::of(&analysis.tree)
        .into_iter()
        .map(|(span, role)| (span.start, role))
        .collect();
    let definitions: HashMap<Span, Span> = (analysis.knowledge.links.iter())
        .map(|link| (link.from, link.to))
        .collect();
    let known = Known {
        analysis,
        roles,
        definitions,
    };
    let text = &analysis.source().text;
    let words = tokens::tokens(text).into_iter();
    words.filter_map(|word| known.token(&word, text)).collect()
}

struct Known<'a> {
    analysis: &'a Analysis,
    /// By where a name starts.
    roles: HashMap<u32, Role>,
    definitions: HashMap<Span, Span>,
}

impl Known<'_> {
    fn token(&self, word: &tokens::Token, text: &str) -> Option<Token> {
        let start = word.start(text);
        let span = Span::new(self.analysis.file(), start..start + word.text.len());
        let plain = |kind| Token {
            span,
            kind,
            definition: false,
            frozen: false,
            standard: false,
        };
        Some(match word.kind {
            Kind::Comment => plain(TokenKind::Comment),
            Kind::String => plain(TokenKind::String),
            Kind::Number => plain(TokenKind::Number),
            Kind::Sign if matches!(word.text, "->" | "~>") => plain(TokenKind::Operator),
            Kind::Sign => return None,
            Kind::Word => match self.roles.get(&span.start) {
                Some(role) => self.name(plain(TokenKind::Variable), *role, word.text),
                None if is_reserved(word.text) || is_keyword(word.text) => {
                    plain(TokenKind::Keyword)
                }
                None => return None,
            },
        })
    }

    fn name(&self, token: Token, role: Role, text: &str) -> Token {
        let kind = match role {
            Role::Model => TokenKind::Model,
            Role::Function => TokenKind::Function,
            Role::Parameter | Role::Argument => TokenKind::Parameter,
            Role::Member => TokenKind::Member,
            Role::Type => TokenKind::Type,
            Role::Library => TokenKind::Library,
            Role::Teacher | Role::Value | Role::Label => TokenKind::Variable,
            Role::Use | Role::Callee => return self.used(token, role, text),
        };
        Token {
            kind,
            definition: role.defines(),
            frozen: role == Role::Teacher,
            standard: matches!(role, Role::Type | Role::Library),
            ..token
        }
    }

    /// A name that is defined elsewhere, or comes with kdc.
    fn used(&self, token: Token, role: Role, text: &str) -> Token {
        if let Some(definition) = self.definitions.get(&token.span) {
            return self.defined(token, *definition);
        }
        let called = role == Role::Callee;
        let loss = || called && library::find("losses", text).is_some();
        match is_standard(text) || loss() {
            true => Token {
                kind: TokenKind::Function,
                standard: true,
                ..token
            },
            false if called => Token {
                kind: TokenKind::Function,
                ..token
            },
            false => token,
        }
    }

    fn defined(&self, token: Token, definition: Span) -> Token {
        let source = self.analysis.sources.get(definition.file);
        let role = match definition.file == self.analysis.file() {
            true => self.roles.get(&definition.start).copied(),
            false => keyword_before(&source.text[..definition.range().start]),
        };
        let kind = match role {
            Some(Role::Model) => TokenKind::Model,
            Some(Role::Function) => TokenKind::Function,
            Some(Role::Parameter) => TokenKind::Parameter,
            _ => TokenKind::Variable,
        };
        Token {
            kind,
            frozen: role == Some(Role::Teacher),
            standard: source.path.is_none(),
            ..token
        }
    }
}

/// What an item of another file is, whose name the text stops before.
fn keyword_before(text: &str) -> Option<Role> {
    let word = text.trim_end().rsplit([' ', '\n', '\t']).next()?;
    Some(match word {
        "model" => Role::Model,
        "loss" | "fn" => Role::Function,
        "teacher" => Role::Teacher,
        _ => return None,
    })
}
