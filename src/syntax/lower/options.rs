//! What stands in braces and is no statement: the fields of data, the settings of training.

use super::operators::ChainHead;
use super::{Lower, Parts};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::{self, Place};
use pest::iterators::Pair;

impl Lower<'_> {
    pub(super) fn data(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self
            .chain(parts.next_if(Rule::line_expr)?, ChainHead::Choice)
            .expr;
        let fields = parts
            .next_if(Rule::fields)
            .map(|fields| self.entries(fields, &format!("`{}`", name.text)));
        Some(ItemKind::Data(Data {
            name,
            value,
            fields,
        }))
    }

    /// What stands in a block of fields or settings, `of` being whose block it is.
    fn entries<E: Entry>(&mut self, block: Pair<Rule>, of: &str) -> Vec<E> {
        let mut entries: Vec<E> = Vec::new();
        let mut opened = None;
        let mut last = None;
        for part in block.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::open_brace => {
                    self.check_open(span);
                    opened = Some(span);
                }
                Rule::semicolon => self.semicolon(span),
                Rule::missing_close => self.report_missing_close(of, opened, span),
                Rule::junk_field | Rule::junk_setting => {
                    self.explain(E::PLACE, span);
                    entries.push(E::kept(self, span));
                }
                Rule::part_rest => {
                    if let Some((entry, before)) = entries.last_mut().zip(last) {
                        self.explain_rest(E::PLACE, before, span);
                        entry.poison(span);
                    }
                }
                Rule::field_set | Rule::field_bind | Rule::spread | Rule::setting => {
                    entries.push(E::read(self, part).unwrap_or(E::ERROR));
                    last = Some(span);
                }
                _ => {}
            }
        }
        entries
    }

    fn field_set(&mut self, pair: Pair<Rule>) -> Option<Field> {
        let mut parts = Parts::of(pair);
        Some(Field::Setting {
            name: self.name(&parts.next_if(Rule::ident)?),
            value: self.expr(parts.next_if(Rule::line_expr)?),
        })
    }

    pub(super) fn train(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = parts
            .next_if(Rule::train_name)
            .and_then(|name| Parts::of(name).next())
            .map(|name| self.name(&name));
        let on = std::iter::from_fn(|| parts.next_if(Rule::ident))
            .map(|name| self.name(&name))
            .collect();
        let settings = self.entries(parts.next_if(Rule::settings_block)?, "`train`");
        Some(ItemKind::Train(Train { name, on, settings }))
    }

    pub(super) fn settings_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let of = format!("`{}`", name.text);
        let settings = self.entries(parts.next_if(Rule::settings_block)?, &of);
        Some(ItemKind::Settings(SettingsItem { name, settings }))
    }

    fn setting(&mut self, pair: Pair<Rule>) -> Option<Setting> {
        let spread = pair.as_rule() == Rule::spread;
        let mut parts = Parts::of(pair);
        if spread {
            self.check_dots(&parts.next_if(Rule::dots)?);
            return Some(Setting::Spread(self.name(&parts.next_if(Rule::ident)?)));
        }
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_set(&name, &parts.next_if(Rule::set)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(Setting::Set { name, value })
    }

    fn check_dots(&mut self, dots: &Pair<Rule>) {
        if dots.as_str() == ".." {
            return;
        }
        let span = self.span(dots);
        let message = format!(
            "settings are taken over by `..`, not by `{}`",
            dots.as_str()
        );
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(span, "`..` is meant")
                .replace("write `..`", span, ".."),
        );
    }
}

/// A field or a setting.
trait Entry: Sized {
    const PLACE: Place;
    const ERROR: Self;

    fn read(lower: &mut Lower, pair: Pair<Rule>) -> Option<Self>;

    /// What can be told of junk in its place.
    fn kept(lower: &mut Lower, junk: Span) -> Self;

    /// Something that fits nothing stands behind it.
    fn poison(&mut self, rest: Span);
}

impl Entry for Field {
    const PLACE: Place = Place::Field;
    const ERROR: Field = Field::Error;

    fn read(lower: &mut Lower, pair: Pair<Rule>) -> Option<Field> {
        match pair.as_rule() {
            Rule::field_set => lower.field_set(pair),
            _ => {
                let (pattern, value) = lower.binding(pair)?;
                Some(Field::Bind { pattern, value })
            }
        }
    }

    fn kept(lower: &mut Lower, junk: Span) -> Field {
        lower.junk_field(junk)
    }

    fn poison(&mut self, rest: Span) {
        recover::poison_field(self, rest);
    }
}

impl Entry for Setting {
    const PLACE: Place = Place::Setting;
    const ERROR: Setting = Setting::Error;

    fn read(lower: &mut Lower, pair: Pair<Rule>) -> Option<Setting> {
        lower.setting(pair)
    }

    fn kept(_: &mut Lower, _: Span) -> Setting {
        Setting::Error
    }

    fn poison(&mut self, rest: Span) {
        recover::poison_setting(self, rest);
    }
}
