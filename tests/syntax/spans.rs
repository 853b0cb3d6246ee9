//! Every place in a tree: on character boundaries, and inside the place of what it belongs to.

use kdc::source::Span;
use kdc::syntax::ast::*;

/// Fails where a place of the tree is no place in the text. Gives the height of its highest expression.
pub fn check(file: &File, text: &str) -> usize {
    let mut walk = Walk { text, height: 0 };
    let whole = Span::new(file.id, 0..text.len());
    for item in &file.items {
        walk.item(item, whole);
    }
    walk.height
}

struct Walk<'t> {
    text: &'t str,
    height: usize,
}

impl Walk<'_> {
    fn span(&self, span: Span, within: Span) {
        assert!(
            span.start <= span.end && self.text.get(span.range()).is_some(),
            "{span:?} is no place in {:?}",
            self.text
        );
        assert!(
            within.contains(span),
            "{span:?} is not within {within:?} of {:?}",
            self.text
        );
    }

    fn names<'n>(&self, names: impl IntoIterator<Item = &'n Name>, within: Span) {
        for name in names {
            self.span(name.span, within);
        }
    }

    fn item(&mut self, item: &Item, within: Span) {
        self.span(item.span, within);
        let within = item.span;
        match &item.kind {
            ItemKind::Use(u) => {
                match &u.from {
                    UseFrom::File(path) => self.span(path.span, within),
                    UseFrom::Library(name) => self.span(name.span, within),
                }
                for name in &u.names {
                    self.names(std::iter::once(&name.name).chain(&name.alias), within);
                }
            }
            ItemKind::Callable(c) => self.callable(c, within),
            ItemKind::Data(d) => {
                self.names([&d.name], within);
                self.expr(&d.value, within, 1);
                for field in d.fields.iter().flatten() {
                    match field {
                        Field::Setting { name, value } => {
                            self.names([name], within);
                            self.expr(value, within, 1);
                        }
                        Field::Bind { pattern, value } => {
                            self.pattern(pattern, within);
                            self.expr(value, within, 1);
                        }
                        Field::Error => {}
                    }
                }
            }
            ItemKind::Network(n) => {
                self.names([&n.name], within);
                self.optional(&n.value, within);
                match &n.from {
                    Some(From::File { path, name }) => {
                        self.span(path.span, within);
                        self.names(name, within);
                    }
                    Some(From::Call(call)) => self.expr(call, within, 1),
                    None => {}
                }
            }
            ItemKind::Tap(b) | ItemKind::Constant(b) => {
                self.names([&b.name], within);
                self.expr(&b.value, within, 1);
            }
            ItemKind::Edge(e) => {
                self.names(&e.name, within);
                for side in [&e.source, &e.target, &e.loss] {
                    self.expr(side, within, 1);
                }
                self.optional(&e.weight, within);
            }
            ItemKind::Train(t) => {
                self.names(t.name.iter().chain(&t.on), within);
                self.settings(&t.settings, within);
            }
            ItemKind::Settings(s) => {
                self.names([&s.name], within);
                self.settings(&s.settings, within);
            }
            ItemKind::Output(o) => {
                self.names([&o.network, &o.output], within);
                self.expr(&o.value, within, 1);
            }
            ItemKind::Error => {}
        }
    }

    fn settings(&mut self, settings: &[Setting], within: Span) {
        for setting in settings {
            match setting {
                Setting::Spread(name) => self.names([name], within),
                Setting::Set { name, value } => {
                    self.names([name], within);
                    self.expr(value, within, 1);
                }
                Setting::Error => {}
            }
        }
    }

    fn callable(&mut self, c: &Callable, within: Span) {
        self.names([&c.name], within);
        for param in &c.params {
            self.span(param.span, within);
            self.names([&param.name], param.span);
            self.ty(&param.ty, param.span);
            self.optional(&param.default, param.span);
        }
        match &c.body {
            Body::Block(stmts) => stmts.iter().for_each(|s| self.stmt(s, within)),
            Body::Expr(value) => self.expr(value, within, 1),
            Body::Error => {}
        }
    }

    fn stmt(&mut self, stmt: &Stmt, within: Span) {
        self.span(stmt.span, within);
        let within = stmt.span;
        match &stmt.kind {
            StmtKind::Input { name, ty, default } => {
                self.names([name], within);
                self.ty(ty, within);
                self.optional(default, within);
            }
            StmtKind::Output { name, value } => {
                self.names(name, within);
                self.expr(value, within, 1);
            }
            StmtKind::Param { name, ty, value } | StmtKind::State { name, ty, value } => {
                self.names([name], within);
                self.ty(ty, within);
                self.expr(value, within, 1);
            }
            StmtKind::Update { name, index, value } => {
                self.names([name], within);
                self.index(index.as_deref().unwrap_or_default(), within, 1);
                self.expr(value, within, 1);
            }
            StmtKind::Init { of, role, value } => {
                self.names(std::iter::once(of).chain(role), within);
                self.expr(value, within, 1);
            }
            StmtKind::Require { condition, message } => {
                self.expr(condition, within, 1);
                message.iter().for_each(|m| self.span(m.span, within));
            }
            StmtKind::Bind { pattern, value } => {
                self.pattern(pattern, within);
                self.expr(value, within, 1);
            }
            StmtKind::Error => {}
        }
    }

    fn pattern(&self, pattern: &Pattern, within: Span) {
        match pattern {
            Pattern::Name(name) => self.names([name], within),
            Pattern::Tuple(names, span) => {
                self.span(*span, within);
                self.names(names, *span);
            }
        }
    }

    fn ty(&mut self, ty: &Type, within: Span) {
        self.span(ty.span, within);
        self.names(&ty.name, ty.span);
        for arg in &ty.args {
            self.expr(arg, ty.span, 1);
        }
        if let Some(shape) = &ty.shape {
            self.span(shape.span, ty.span);
            for dim in &shape.dims {
                match dim {
                    Dim::Expr(e) => self.expr(e, shape.span, 1),
                    Dim::Rest(name) => self.names([name], shape.span),
                }
            }
        }
    }

    fn optional(&mut self, e: &Option<Expr>, within: Span) {
        e.iter().for_each(|e| self.expr(e, within, 1));
    }

    fn index(&mut self, index: &[Index], within: Span, depth: usize) {
        for part in index {
            let (from, to) = match part {
                Index::At(e) => (Some(e), None),
                Index::Slice(from, to) => (from.as_ref(), to.as_ref()),
            };
            from.into_iter()
                .chain(to)
                .for_each(|e| self.expr(e, within, depth));
        }
    }

    fn expr(&mut self, e: &Expr, within: Span, depth: usize) {
        self.span(e.span, within);
        self.height = self.height.max(depth);
        let within = e.span;
        let below = depth + 1;
        match &e.kind {
            ExprKind::Paren(inner) => self.expr(inner, within, below),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.expr(item, within, below));
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                for part in [condition, then, otherwise] {
                    self.expr(part, within, below);
                }
            }
            ExprKind::For {
                pattern,
                iterable,
                body,
            } => {
                self.pattern(pattern, within);
                self.expr(iterable, within, below);
                self.expr(body, within, below);
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee, within, below);
                for arg in args {
                    self.names(&arg.name, within);
                    self.expr(&arg.value, within, below);
                }
            }
            ExprKind::Index { base, index } => {
                self.expr(base, within, below);
                self.index(index, within, below);
            }
            ExprKind::Member { base, name } => {
                self.expr(base, within, below);
                self.names([name], within);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand, within, below),
            ExprKind::Binary {
                op_span,
                left,
                right,
                ..
            } => {
                self.span(*op_span, within);
                self.expr(left, within, below);
                self.expr(right, within, below);
            }
            ExprKind::Chain { head, steps } => {
                self.expr(head, within, below);
                for step in steps {
                    self.expr(&step.layer, within, below);
                    self.names(&step.label, within);
                }
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Name(_)
            | ExprKind::Error => {}
        }
    }
}
