//! What stands in braces and is no statement: the fields of data, the settings of training.

use super::operators::ChainHead;
use super::{Lower, Parts};
use crate::diag::{Code, Diagnostic};
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
            .map(|fields| self.fields(fields, &name));
        Some(ItemKind::Data(Data {
            name,
            value,
            fields,
        }))
    }

    fn fields(&mut self, pair: Pair<Rule>, of: &Name) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut opened = None;
        let mut last = None;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::open_brace => {
                    self.check_open(span);
                    opened = Some(span);
                }
                Rule::semicolon => self.semicolon(span),
                Rule::missing_close => {
                    self.report_missing_close(&format!("`{}`", of.text), opened, span);
                }
                Rule::junk_field => {
                    self.explain(Place::Field, span);
                    fields.push(self.junk_field(span));
                }
                Rule::part_rest => {
                    if let Some((field, before)) = fields.last_mut().zip(last) {
                        self.explain_rest(Place::Field, before, span);
                        recover::poison_field(field, span);
                    }
                }
                Rule::field_set => {
                    fields.push(self.field_set(part).unwrap_or(Field::Error));
                    last = Some(span);
                }
                Rule::field_bind => {
                    let bound = self.binding(part);
                    fields.push(bound.map_or(Field::Error, |(pattern, value)| Field::Bind {
                        pattern,
                        value,
                    }));
                    last = Some(span);
                }
                _ => {}
            }
        }
        fields
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
        let settings = self.settings(parts.next_if(Rule::settings_block)?, "`train`");
        Some(ItemKind::Train(Train { name, on, settings }))
    }

    pub(super) fn settings_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let of = format!("`{}`", name.text);
        let settings = self.settings(parts.next_if(Rule::settings_block)?, &of);
        Some(ItemKind::Settings(SettingsItem { name, settings }))
    }

    fn settings(&mut self, pair: Pair<Rule>, of: &str) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut opened = None;
        let mut last = None;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::open_brace => {
                    self.check_open(span);
                    opened = Some(span);
                }
                Rule::semicolon => self.semicolon(span),
                Rule::missing_close => self.report_missing_close(of, opened, span),
                Rule::junk_setting => {
                    self.explain(Place::Setting, span);
                    settings.push(Setting::Error);
                }
                Rule::part_rest => {
                    if let Some((setting, before)) = settings.last_mut().zip(last) {
                        self.explain_rest(Place::Setting, before, span);
                        recover::poison_setting(setting, span);
                    }
                }
                Rule::spread | Rule::setting => {
                    settings.push(self.setting(part).unwrap_or(Setting::Error));
                    last = Some(span);
                }
                _ => {}
            }
        }
        settings
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
