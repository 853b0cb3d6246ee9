//! Models, losses and functions but for their statements: heads, parameters, kinds of bodies.

use super::{Lower, Parts};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::Place;
use pest::iterators::Pair;

impl Lower<'_> {
    pub(super) fn callable(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
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
}

fn broken_callable(kind: CallableKind, name: Name) -> ItemKind {
    ItemKind::Callable(Callable {
        kind,
        name,
        params: Vec::new(),
        body: Body::Error,
    })
}
