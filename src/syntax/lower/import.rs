//! `use`, and what other languages have for it.

use super::{Lower, Parts};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Lower<'_> {
    pub(super) fn use_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let from = self.use_from(parts.next_if(Rule::use_from)?)?;
        self.check_path(&parts.next_if(Rule::path)?);
        let names = parts.next()?;
        let names = match names.as_rule() {
            Rule::use_list => Parts::of(names).filter_map(|n| self.use_name(n)).collect(),
            _ => self.use_name(names).into_iter().collect(),
        };
        Some(ItemKind::Use(Use { from, names }))
    }

    fn use_from(&mut self, pair: Pair<Rule>) -> Option<UseFrom> {
        let from = Parts::of(pair).next()?;
        Some(match from.as_rule() {
            Rule::string => UseFrom::File(self.string(&from)),
            _ => UseFrom::Library(self.name(&from)),
        })
    }

    fn use_name(&mut self, pair: Pair<Rule>) -> Option<UseName> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let alias = parts.next_if(Rule::ident).map(|alias| self.name(&alias));
        Some(UseName { name, alias })
    }

    /// `from models import A, B` is read as `use models::{A, B}`.
    pub(super) fn import_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let source = parts.next_if(Rule::import_from)?;
        let written = self.text.of(self.span(&source)).to_owned();
        let names: Vec<UseName> = std::iter::from_fn(|| parts.next_if(Rule::use_name))
            .filter_map(|name| self.use_name(name))
            .collect();
        let from = match Parts::of(source).next() {
            Some(first) if first.as_rule() == Rule::string => UseFrom::File(self.string(&first)),
            Some(first) => UseFrom::Library(self.name(&first)),
            None => return None,
        };
        let wrong = Diagnostic::new(Code::E0005, "names of other files are taken with `use`")
            .at(span, "another language's import");
        if let UseFrom::Library(library) = &from
            && (names.is_empty() || library.text != written || library.text.starts_with("torch"))
        {
            self.report(wrong.help(
                "layers and operations need no import; models and losses are taken by \
                 `use models::DeepNN`, what another file defines by `use \"cifar10.kd\"::images`",
            ));
            return None;
        }
        let listed: Vec<String> = names.iter().map(written_use).collect();
        let ours = match listed.as_slice() {
            [one] => format!("use {written}::{one}"),
            all => format!("use {written}::{{{}}}", all.join(", ")),
        };
        self.report(wrong.replace(format!("write `{ours}`"), span, ours));
        Some(ItemKind::Use(Use { from, names }))
    }

    pub(super) fn check_path(&mut self, path: &Pair<Rule>) {
        if path.as_str() == "::" {
            return;
        }
        let span = self.span(path);
        self.report(
            Diagnostic::new(
                Code::E0005,
                "a name is taken from a file or library by `::`, not by `.`",
            )
            .at(span, "`::` is meant")
            .replace("write `::`", span, "::"),
        );
    }
}

fn written_use(name: &UseName) -> String {
    match &name.alias {
        Some(alias) => format!("{} as {}", name.name.text, alias.text),
        None => name.name.text.clone(),
    }
}
