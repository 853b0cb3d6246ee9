//! Items: what stands at the top of a file.

use super::operators::ChainHead;
use super::{Lower, Parts};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::{self, Place};
use pest::iterators::Pair;

impl Lower<'_> {
    pub fn items(&mut self, file: Pair<Rule>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for part in file.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::comment | Rule::EOI => {}
                Rule::semicolon => self.semicolon(span),
                Rule::stray_close => self.report_stray_close(span),
                Rule::junk_item => {
                    self.explain(Place::Item, span);
                    items.push(self.junk_item(span));
                }
                Rule::rest => {
                    if let Some(item) = items.last_mut() {
                        self.explain_rest(Place::Item, item.span, span);
                        recover::poison_item(item, span);
                    }
                }
                _ => items.push(self.item(part, span)),
            }
        }
        items
    }

    fn item(&mut self, pair: Pair<Rule>, span: Span) -> Item {
        let kind = match pair.as_rule() {
            Rule::use_item => self.use_item(pair),
            Rule::import_item => self.import_item(pair),
            Rule::callable => self.callable(pair),
            Rule::data => self.data(pair),
            Rule::network => self.network(pair),
            Rule::tap => self.tap(pair),
            Rule::edge => self.edge(pair),
            Rule::train => self.train(pair),
            Rule::settings_item => self.settings_item(pair),
            Rule::output_item => self.output_item(pair),
            Rule::constant => self.constant(pair),
            _ => None,
        };
        Item {
            doc: self.text.doc(span.start as usize),
            kind: kind.unwrap_or(ItemKind::Error),
            span,
        }
    }

    fn use_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
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
        let span = self.span(&from);
        Some(match from.as_rule() {
            Rule::string => UseFrom::File(self.string(span)),
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
    fn import_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let source = parts.next_if(Rule::import_from)?;
        let written = self.text.of(self.span(&source)).to_owned();
        let names: Vec<UseName> = std::iter::from_fn(|| parts.next_if(Rule::use_name))
            .filter_map(|name| self.use_name(name))
            .collect();
        let from = match Parts::of(source).next() {
            Some(first) if first.as_rule() == Rule::string => {
                UseFrom::File(self.string(self.span(&first)))
            }
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

    fn callable(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let whole = self.span(&pair);
        let mut parts = Parts::of(pair);
        let keyword = parts.next()?;
        let keyword_span = self.span(&keyword);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let params = parts.next_if(Rule::params);
        let end_of_head = params.as_ref().map_or(name.span, |p| self.span(p));
        let body = parts.next()?;
        let written = keyword.as_str();
        let kind = match written {
            "model" | "class" => CallableKind::Model,
            "loss" => CallableKind::Loss,
            _ => CallableKind::Fn,
        };
        let foreign = keyword.as_rule() == Rule::kw_foreign_callable;
        let python = body.as_rule() == Rule::python_body;
        if foreign && python {
            self.report_python(written, &name, keyword_span.to(end_of_head));
            return Some(broken_callable(kind, name));
        }
        if foreign {
            self.report_callable_word(kind, written, keyword_span);
        }
        let params = params.map_or_else(Vec::new, |p| self.params(p));
        let body = self.callable_body(kind, &name, body, end_of_head, whole);
        Some(ItemKind::Callable(Callable {
            kind,
            name,
            params,
            body,
        }))
    }

    fn callable_body(
        &mut self,
        kind: CallableKind,
        name: &Name,
        pair: Pair<Rule>,
        head: Span,
        whole: Span,
    ) -> Body {
        match pair.as_rule() {
            Rule::body => {
                let open = self.span(&pair).before();
                self.check_colon_before_brace(head, open);
                Body::Block(self.body(pair, &format!("`{}`", name.text)))
            }
            Rule::fn_body => {
                let span = self.span(&pair);
                if kind != CallableKind::Fn {
                    let sign = self.text.span(span.start as usize..span.start as usize + 1);
                    self.report(
                        Diagnostic::new(
                            Code::E0001,
                            "only a `fn` is given by `=` and one expression",
                        )
                        .at(sign, "expected `{`")
                        .help("write `{ output … }` with the value"),
                    );
                }
                match Parts::of(pair).next_if(Rule::line_expr) {
                    Some(value) => Body::Expr(self.expr(value)),
                    None => Body::Error,
                }
            }
            _ => {
                self.report_indented_body(head, whole);
                Body::Error
            }
        }
    }

    fn params(&mut self, pair: Pair<Rule>) -> Vec<Param> {
        let mut params = Vec::new();
        for part in Parts::of(pair) {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::param => params.extend(self.param(part, span)),
                _ => self.explain(Place::Param, span),
            }
        }
        params
    }

    fn param(&mut self, pair: Pair<Rule>, span: Span) -> Option<Param> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let ty = parts.next_if(Rule::type_).map(|ty| self.type_(ty));
        let default = parts.next_if(Rule::expr).map(|e| self.expr(e));
        let ty = ty.unwrap_or_else(|| self.guessed_type(&name, default.as_ref()));
        Some(Param {
            name,
            ty,
            default,
            span,
        })
    }

    fn data(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
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
                Rule::open_brace => opened = Some(span),
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

    fn network(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let role = match parts.next_if(Rule::kw_network)?.as_str() {
            "teacher" => Role::Teacher,
            _ => Role::Student,
        };
        let name = self.name(&parts.next_if(Rule::ident)?);
        if let Some(assign) = parts.next_if(Rule::assign) {
            self.check_assign(&assign);
        }
        let value = parts.next_if(Rule::line_expr).map(|e| self.expr(e));
        let from = parts.next_if(Rule::from).and_then(|from| self.from(from));
        Some(ItemKind::Network(Network {
            role,
            name,
            value,
            from,
        }))
    }

    fn from(&mut self, pair: Pair<Rule>) -> Option<From> {
        let mut parts = Parts::of(pair);
        if let Some(path) = parts.next_if(Rule::string) {
            let span = self.span(&path);
            let path = self.string(span);
            if let Some(sign) = parts.next_if(Rule::path) {
                self.check_path(&sign);
            }
            let name = parts.next_if(Rule::ident).map(|name| self.name(&name));
            return Some(From::File { path, name });
        }
        let call = self.lone_operand(parts.next_if(Rule::line_operand_expr)?);
        if !matches!(call.kind, ExprKind::Call { .. } | ExprKind::Error) {
            self.report(
                Diagnostic::new(
                    Code::E0001,
                    "`from` is followed by a file's name or by a call",
                )
                .at(call.span, "neither")
                .help("write `from \"teacher.kd\"` or `from weights(\"model.pth\")`"),
            );
            return Some(From::Call(self.error(call.span)));
        }
        Some(From::Call(call))
    }

    fn tap(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Tap(Binding { name, value }))
    }

    fn edge(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = parts
            .next_if(Rule::edge_name)
            .and_then(|name| Parts::of(name).next())
            .map(|name| self.name(&name));
        let mut source = self.expr(parts.next_if(Rule::line_expr)?);
        let target = parts
            .next_if(Rule::target)
            .and_then(|t| Parts::of(t).next());
        let target = match target {
            Some(target) => self.expr(target),
            None => self.missing_knowledge(&mut source, span),
        };
        let loss = parts.next()?;
        let bare = loss.as_rule() == Rule::bare_loss;
        let loss = Parts::of(loss).next()?;
        let loss = self.lone_operand(loss);
        if bare {
            self.report_missing_by(loss.span);
        }
        let weight = parts.next_if(Rule::weight).and_then(|w| self.weight(w));
        Some(ItemKind::Edge(Edge {
            name,
            source,
            target,
            loss,
            weight,
        }))
    }

    fn weight(&mut self, pair: Pair<Rule>) -> Option<Expr> {
        let start = self.span(&pair).start as usize;
        let keyword = self.text.span(start..start + "weight".len());
        let mut parts = Parts::of(pair);
        if let Some(sign) = parts.next_if(Rule::set) {
            self.report_weight_sign(keyword, &sign);
        }
        Some(self.expr(parts.next_if(Rule::line_expr)?))
    }

    fn train(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
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

    fn settings_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
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
                Rule::open_brace => opened = Some(span),
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

    fn output_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let network = self.name(&parts.next_if(Rule::ident)?);
        let output = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Output(OutputItem {
            network,
            output,
            value,
        }))
    }

    fn constant(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        if let Some(word) = parts.next_if(Rule::kw_let) {
            self.check_let(&word);
        }
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Constant(Binding { name, value }))
    }

    // ---- Mistakes of items ----

    /// `edge a -> b by f`: the last arrow was meant to be `~>`.
    fn missing_knowledge(&mut self, source: &mut Expr, edge: Span) -> Expr {
        let whole = source.span;
        let error = self.error(whole);
        if let ExprKind::Chain { head, steps } = &mut source.kind
            && let Some(last) = steps.pop()
        {
            let before = steps.last().map_or(head.span, |step| {
                step.label
                    .as_ref()
                    .map_or(step.layer.span, |label| label.span)
            });
            let arrow = self.arrow_between(before, last.layer.span);
            if steps.is_empty() {
                *source = std::mem::replace(head, error);
            } else {
                source.span = whole.before().to(before);
            }
            self.report(
                Diagnostic::new(
                    Code::E0001,
                    "in an edge, knowledge flows along `~>`, not `->`",
                )
                .at(arrow, "`~>` is meant")
                .replace("write `~>`", arrow, "~>"),
            );
            return last.layer;
        }
        self.report(
            Diagnostic::new(
                Code::E0001,
                "this edge has no `~>` between its source and its target",
            )
            .at(edge, "expected `~>`")
            .help(recover::EDGE_EXAMPLE),
        );
        *source = error.clone();
        error
    }

    /// The arrow between two parts of a chain, with anything but comments around it.
    fn arrow_between(&self, before: Span, after: Span) -> Span {
        let between = self.text.trimmed(before.end as usize..after.start as usize);
        let arrow = self.text.clean[between.clone()].rfind("->").or_else(|| {
            self.text.clean[between.clone()]
                .rfind(['>'])
                .map(|at| at - 1)
        });
        match arrow {
            Some(at) => self.text.span(between.start + at..between.start + at + 2),
            None => after.before(),
        }
    }

    fn report_missing_by(&mut self, loss: Span) {
        self.report(
            Diagnostic::new(Code::E0001, "expected `by` before an edge's loss")
                .at(loss, "expected `by`")
                .fix(
                    "write `by` before the loss",
                    Applicability::Safe,
                    vec![Edit {
                        span: loss.before(),
                        text: "by ".to_owned(),
                    }],
                ),
        );
    }

    fn report_weight_sign(&mut self, keyword: Span, sign: &Pair<Rule>) {
        let span = self.span(sign);
        let message = format!(
            "`weight` is followed by the number, without `{}`",
            sign.as_str()
        );
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(span, "not needed")
                .replace("leave it out", keyword.after().to(span), " "),
        );
    }

    fn check_path(&mut self, path: &Pair<Rule>) {
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

    fn report_callable_word(&mut self, kind: CallableKind, written: &str, span: Span) {
        let ours = match kind {
            CallableKind::Model => "model",
            CallableKind::Loss => "loss",
            CallableKind::Fn => "fn",
        };
        self.report(
            Diagnostic::new(Code::E0005, format!("kd writes `{ours}` for `{written}`"))
                .at(span, format!("`{ours}` is meant"))
                .replace(format!("write `{ours}`"), span, ours),
        );
    }

    fn report_python(&mut self, written: &str, name: &Name, head: Span) {
        let help = if written == "class" {
            format!(
                "a model is written `model {}(classes: int) {{ … }}`, with lines `input x: [N, C]`, \
                 `y = x -> linear(classes)` and `output y`",
                name.text
            )
        } else {
            format!(
                "a function is written `fn {}(x: [N, C]) = …`, or with a body in braces",
                name.text
            )
        };
        self.report(
            Diagnostic::new(
                Code::E0005,
                format!("a Python `{written}` cannot stand in a kd file"),
            )
            .at(head, "starts here, with the indented lines below")
            .help(help),
        );
    }

    fn check_colon_before_brace(&mut self, head: Span, open: Span) {
        let between = head.after().to(open);
        if let Some(at) = self.text.of(between).find(':') {
            let start = between.start as usize + at;
            let colon = self.text.span(start..start + 1);
            self.report(
                Diagnostic::new(Code::E0005, "a body stands in braces, without `:`")
                    .at(colon, "not needed")
                    .replace("leave it out", colon, ""),
            );
        }
    }

    /// `model X(a: int):` with indented lines.
    fn report_indented_body(&mut self, head: Span, whole: Span) {
        let after = head.after().to(whole.after());
        let colon = self.text.of(after).find(':').unwrap_or_default() + head.end as usize;
        let colon = self.text.span(colon..colon + 1);
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_owned(),
        };
        self.report(
            Diagnostic::new(Code::E0005, "a body stands in braces, not behind `:`")
                .at(colon, "`{` is meant")
                .fix(
                    "put the body in braces",
                    Applicability::Safe,
                    vec![edit(colon, " {"), edit(whole.after(), "\n}")],
                ),
        );
    }

    /// A parameter without a type: what its default suggests.
    fn guessed_type(&mut self, name: &Name, default: Option<&Expr>) -> Type {
        let guess = default.and_then(|e| match e.kind {
            ExprKind::Int(_) => Some("int"),
            ExprKind::Float(_) => Some("float"),
            ExprKind::Bool(_) => Some("bool"),
            _ => None,
        });
        let message = format!("the parameter `{}` has no type", name.text);
        let wrong = Diagnostic::new(Code::E0001, message).at(name.span, "expected `:` and a type");
        self.report(match guess {
            Some(guess) => wrong.fix(
                format!("write `{}: {guess}`", name.text),
                Applicability::Safe,
                vec![Edit {
                    span: name.span.after(),
                    text: format!(": {guess}"),
                }],
            ),
            None => wrong.help(format!(
                "write `{0}: int` for a number, `{0}: [N, C]` for a tensor",
                name.text
            )),
        });
        Type {
            name: guess.map(|text| Name {
                text: text.to_owned(),
                span: name.span,
            }),
            args: Vec::new(),
            shape: None,
            span: name.span,
        }
    }
}

fn written_use(name: &UseName) -> String {
    match &name.alias {
        Some(alias) => format!("{} as {}", name.name.text, alias.text),
        None => name.name.text.clone(),
    }
}

pub(super) fn broken_callable(kind: CallableKind, name: Name) -> ItemKind {
    ItemKind::Callable(Callable {
        kind,
        name,
        params: Vec::new(),
        body: Body::Error,
    })
}
