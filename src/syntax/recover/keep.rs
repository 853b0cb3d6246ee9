//! What is kept of a piece of text that fits nothing: its kind and its name.

use super::ITEM_WORDS;
use super::explain::first_word;
use crate::diag::suggest;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::{self, Rule};
use crate::syntax::lower::Lower;

impl Lower<'_> {
    /// A broken item keeps its kind and name, so that what uses it is not reported as well.
    pub(in crate::syntax) fn junk_item(&mut self, span: Span) -> Item {
        let kind = self
            .head(span)
            .or_else(|| self.head_behind_word(span))
            .map_or(ItemKind::Error, |head| self.item_of(head, span));
        Item {
            doc: self.text.doc(span.start as usize),
            kind,
            span,
        }
    }

    fn item_of(&self, head: Head, span: Span) -> ItemKind {
        let error = || Expr {
            kind: ExprKind::Error,
            span,
        };
        let callable = |kind, name| {
            ItemKind::Callable(Callable {
                kind,
                name,
                params: Vec::new(),
                body: Body::Error,
            })
        };
        let network = |role, name| {
            ItemKind::Network(Network {
                role,
                name,
                value: Some(error()),
                from: None,
            })
        };
        match head {
            Head::Word("model", Some(name)) => callable(CallableKind::Model, name),
            Head::Word("loss", Some(name)) => callable(CallableKind::Loss, name),
            Head::Word("fn", Some(name)) => callable(CallableKind::Fn, name),
            Head::Word("teacher", Some(name)) => network(Role::Teacher, name),
            Head::Word("student", Some(name)) => network(Role::Student, name),
            Head::Word("data", Some(name)) => ItemKind::Data(Data {
                name,
                value: error(),
                fields: None,
            }),
            Head::Word("tap", Some(name)) => ItemKind::Tap(Binding {
                name,
                value: error(),
            }),
            Head::Word("settings", Some(name)) => ItemKind::Settings(SettingsItem {
                name,
                settings: vec![Setting::Error],
            }),
            Head::Word("edge", _) => ItemKind::Edge(Edge {
                name: None,
                source: error(),
                target: error(),
                loss: error(),
                weight: None,
            }),
            Head::Word("train", _) => ItemKind::Train(Train {
                name: None,
                on: Vec::new(),
                settings: vec![Setting::Error],
            }),
            Head::Bind(Pattern::Name(name)) => ItemKind::Constant(Binding {
                name,
                value: error(),
            }),
            _ => ItemKind::Error,
        }
    }

    pub(in crate::syntax) fn junk_stmt(&mut self, span: Span) -> Stmt {
        let value = Expr {
            kind: ExprKind::Error,
            span,
        };
        let ty = Type {
            name: None,
            args: Vec::new(),
            shape: None,
            span,
        };
        let kind = match self.head(span) {
            Some(Head::Word("input", Some(name))) => StmtKind::Input {
                name,
                ty,
                default: None,
            },
            Some(Head::Word("param", Some(name))) => StmtKind::Param { name, ty, value },
            Some(Head::Word("state", Some(name))) => StmtKind::State { name, ty, value },
            Some(Head::Word("output", name)) => StmtKind::Output { name, value },
            Some(Head::Bind(pattern)) => StmtKind::Bind { pattern, value },
            _ => StmtKind::Error,
        };
        Stmt {
            doc: self.text.doc(span.start as usize),
            kind,
            span,
        }
    }

    pub(in crate::syntax) fn junk_field(&mut self, span: Span) -> Field {
        match self.head(span) {
            Some(Head::Bind(pattern)) => Field::Bind {
                pattern,
                value: Expr {
                    kind: ExprKind::Error,
                    span,
                },
            },
            _ => Field::Error,
        }
    }

    /// Of `frozen teacher deep`, and of `techer deep`.
    fn head_behind_word(&self, junk: Span) -> Option<Head> {
        let text = self.text.of(junk);
        let word = first_word(text);
        let rest = text[word.len()..].trim_start();
        let start = junk.end as usize - rest.len();
        let next = first_word(rest);
        if ITEM_WORDS.contains(&next) {
            return self.head(self.text.span(start..junk.end as usize));
        }
        let meant = suggest::nearest(word, ITEM_WORDS)?;
        let name = self.name_at(self.text.span(start..start + next.len()));
        (!next.is_empty()).then_some(Head::Word(meant, Some(name)))
    }

    fn head(&self, junk: Span) -> Option<Head> {
        let text = self.text.of(junk);
        let head = grammar::piece(Rule::head, text).ok()?.next()?;
        let at = |pair: &pest::iterators::Pair<Rule>| {
            let span = pair.as_span();
            let base = junk.start as usize;
            self.text.span(base + span.start()..base + span.end())
        };
        let mut word = None;
        let mut names: Vec<Name> = Vec::new();
        for part in head.into_inner() {
            match part.as_rule() {
                Rule::head_keyword => {
                    word = [
                        "model", "loss", "fn", "data", "teacher", "student", "tap", "settings",
                        "input", "param", "state",
                    ]
                    .into_iter()
                    .find(|w| *w == part.as_str());
                }
                Rule::kw_edge => word = Some("edge"),
                Rule::kw_train => word = Some("train"),
                Rule::kw_output => word = Some("output"),
                Rule::ident => names.push(self.name_at(at(&part))),
                Rule::pattern => {
                    let span = at(&part);
                    let tuple = part.as_str().starts_with('(');
                    let mut bound: Vec<Name> = part
                        .into_inner()
                        .filter(|p| p.as_rule() == Rule::ident)
                        .map(|p| self.name_at(at(&p)))
                        .collect();
                    return Some(Head::Bind(if tuple {
                        Pattern::Tuple(bound, self.text.span(self.text.trimmed(span.range())))
                    } else {
                        Pattern::Name(bound.pop()?)
                    }));
                }
                _ => {}
            }
        }
        Some(Head::Word(word?, names.pop()))
    }
}

/// How a broken line starts.
enum Head {
    Word(&'static str, Option<Name>),
    Bind(Pattern),
}

// ---- Half-read things ----
// What is half read would mean something else than what was meant: its value becomes an error node.

fn poison(value: &mut Expr, rest: Span) {
    *value = Expr {
        kind: ExprKind::Error,
        span: value.span.to(rest),
    };
}

pub(in crate::syntax) fn poison_item(item: &mut Item, rest: Span) {
    item.span = item.span.to(rest);
    match &mut item.kind {
        ItemKind::Data(data) if data.fields.is_none() => poison(&mut data.value, rest),
        ItemKind::Network(network) if network.from.is_none() => {
            let span = network.name.span;
            poison(
                network.value.get_or_insert(Expr {
                    kind: ExprKind::Error,
                    span,
                }),
                rest,
            );
        }
        ItemKind::Tap(binding) | ItemKind::Constant(binding) => poison(&mut binding.value, rest),
        ItemKind::Output(output) => poison(&mut output.value, rest),
        ItemKind::Edge(edge) => poison(edge.weight.as_mut().unwrap_or(&mut edge.loss), rest),
        ItemKind::Callable(Callable {
            body: Body::Expr(value),
            ..
        }) => poison(value, rest),
        _ => {}
    }
}

pub(in crate::syntax) fn poison_stmt(stmt: &mut Stmt, rest: Span) {
    stmt.span = stmt.span.to(rest);
    match &mut stmt.kind {
        StmtKind::Output { value, .. }
        | StmtKind::Param { value, .. }
        | StmtKind::State { value, .. }
        | StmtKind::Update { value, .. }
        | StmtKind::Init { value, .. }
        | StmtKind::Require {
            condition: value, ..
        }
        | StmtKind::Bind { value, .. } => poison(value, rest),
        StmtKind::Input { ty, .. } => {
            *ty = Type {
                name: None,
                args: Vec::new(),
                shape: None,
                span: ty.span,
            };
        }
        StmtKind::Error => {}
    }
}

pub(in crate::syntax) fn poison_field(field: &mut Field, rest: Span) {
    match field {
        Field::Setting { value, .. } | Field::Bind { value, .. } => poison(value, rest),
        Field::Error => {}
    }
}

pub(in crate::syntax) fn poison_setting(setting: &mut Setting, rest: Span) {
    if let Setting::Set { value, .. } = setting {
        poison(value, rest);
    }
}
