//! What each name in a tree stands for, as far as the tree alone tells.

use crate::source::Span;
use crate::syntax::ast::{
    Arg, Body, Callable, CallableKind, Dim, Edge, Expr, ExprKind, Field, File, From, Index, Item,
    ItemKind, Name, Network, Pattern, Setting, Stmt, StmtKind, Type, UseFrom,
};
use crate::syntax::ast::{Role as NetworkRole, Shape};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Model,
    /// A loss or function.
    Function,
    Teacher,
    /// A student, tap, data set, constant or binding.
    Value,
    Parameter,
    /// The name of an argument or setting.
    Argument,
    /// What stands behind a full stop.
    Member,
    Type,
    Library,
    /// Behind `as`, and the names of edges and stages.
    Label,
    /// What is used: its definition tells what it is.
    Use,
    /// What is called or applied.
    Callee,
}

impl Role {
    /// Whether a name of this role is defined where it stands.
    pub fn defines(self) -> bool {
        use Role::{Function, Label, Model, Parameter, Teacher, Value};
        matches!(self, Model | Function | Teacher | Value | Parameter | Label)
    }
}

/// All names of a file, in no order.
pub fn of(file: &File) -> Vec<(Span, Role)> {
    let mut roles = Roles(Vec::new());
    for item in &file.items {
        roles.item(item);
    }
    roles.0
}

struct Roles(Vec<(Span, Role)>);

impl Roles {
    fn add(&mut self, name: &Name, role: Role) {
        self.0.push((name.span, role));
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Use(using) => {
                if let UseFrom::Library(name) = &using.from {
                    self.add(name, Role::Library);
                }
                for imported in &using.names {
                    self.add(&imported.name, Role::Use);
                    if let Some(alias) = &imported.alias {
                        self.add(alias, Role::Use);
                    }
                }
            }
            ItemKind::Callable(callable) => self.callable(callable),
            ItemKind::Data(data) => {
                self.add(&data.name, Role::Value);
                self.expr(&data.value);
                data.fields.iter().flatten().for_each(|f| self.field(f));
            }
            ItemKind::Network(network) => self.network(network),
            ItemKind::Tap(binding) | ItemKind::Constant(binding) => {
                self.add(&binding.name, Role::Value);
                self.expr(&binding.value);
            }
            ItemKind::Edge(edge) => self.edge(edge),
            ItemKind::Train(train) => {
                if let Some(name) = &train.name {
                    self.add(name, Role::Label);
                }
                train.on.iter().for_each(|name| self.add(name, Role::Use));
                train.settings.iter().for_each(|s| self.setting(s));
            }
            ItemKind::Settings(settings) => {
                self.add(&settings.name, Role::Value);
                settings.settings.iter().for_each(|s| self.setting(s));
            }
            ItemKind::Output(output) => {
                self.add(&output.network, Role::Use);
                self.add(&output.output, Role::Member);
                self.expr(&output.value);
            }
            ItemKind::Error => {}
        }
    }

    fn callable(&mut self, callable: &Callable) {
        let role = match callable.kind {
            CallableKind::Model => Role::Model,
            CallableKind::Loss | CallableKind::Fn => Role::Function,
        };
        self.add(&callable.name, role);
        for param in &callable.params {
            self.add(&param.name, Role::Parameter);
            self.ty(&param.ty);
            self.maybe(param.default.as_ref());
        }
        match &callable.body {
            Body::Block(statements) => statements.iter().for_each(|s| self.statement(s)),
            Body::Expr(value) => self.expr(value),
            Body::Error => {}
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Input { name, ty, default } => {
                self.add(name, Role::Parameter);
                self.ty(ty);
                self.maybe(default.as_ref());
            }
            StmtKind::Output { name, value } => {
                if let Some(name) = name {
                    self.add(name, Role::Value);
                }
                self.expr(value);
            }
            StmtKind::Param { name, ty, value } | StmtKind::State { name, ty, value } => {
                self.add(name, Role::Value);
                self.ty(ty);
                self.expr(value);
            }
            StmtKind::Update { name, index, value } => {
                self.add(name, Role::Use);
                self.indices(index.as_deref().unwrap_or_default());
                self.expr(value);
            }
            StmtKind::Init { of, role, value } => {
                self.add(of, Role::Use);
                if let Some(role) = role {
                    self.add(role, Role::Member);
                }
                self.expr(value);
            }
            StmtKind::Require { condition, .. } => self.expr(condition),
            StmtKind::Bind { pattern, value } => {
                self.pattern(pattern);
                self.expr(value);
            }
            StmtKind::Error => {}
        }
    }

    fn field(&mut self, field: &Field) {
        match field {
            Field::Setting { name, value } => {
                self.add(name, Role::Argument);
                self.expr(value);
            }
            Field::Bind { pattern, value } => {
                self.pattern(pattern);
                self.expr(value);
            }
            Field::Error => {}
        }
    }

    fn network(&mut self, network: &Network) {
        let role = match network.role {
            NetworkRole::Teacher => Role::Teacher,
            NetworkRole::Student => Role::Value,
        };
        self.add(&network.name, role);
        self.maybe(network.value.as_ref());
        match &network.from {
            Some(From::File {
                name: Some(name), ..
            }) => self.add(name, Role::Use),
            Some(From::Call(call)) => self.expr(call),
            Some(From::File { name: None, .. }) | None => {}
        }
    }

    fn edge(&mut self, edge: &Edge) {
        if let Some(name) = &edge.name {
            self.add(name, Role::Label);
        }
        self.expr(&edge.source);
        self.expr(&edge.target);
        self.applied(&edge.loss);
        self.maybe(edge.weight.as_ref());
    }

    fn setting(&mut self, setting: &Setting) {
        match setting {
            Setting::Spread(name) => self.add(name, Role::Use),
            Setting::Set { name, value } => {
                self.add(name, Role::Argument);
                self.expr(value);
            }
            Setting::Error => {}
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        for name in pattern.names() {
            self.add(name, Role::Value);
        }
    }

    fn ty(&mut self, ty: &Type) {
        if let Some(name) = &ty.name {
            self.add(name, Role::Type);
        }
        for argument in &ty.args {
            match &argument.kind {
                ExprKind::Name(name) if is_type(name) => self.0.push((argument.span, Role::Type)),
                _ => self.expr(argument),
            }
        }
        if let Some(Shape { dims, .. }) = &ty.shape {
            for dim in dims {
                match dim {
                    Dim::Expr(expr) => self.expr(expr),
                    Dim::Rest(name) => self.add(name, Role::Use),
                }
            }
        }
    }

    fn maybe(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    /// A layer, loss or callee.
    fn applied(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(_) => self.0.push((expr.span, Role::Callee)),
            _ => self.expr(expr),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(_) => self.0.push((expr.span, Role::Use)),
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Tuple(all) | ExprKind::List(all) => all.iter().for_each(|e| self.expr(e)),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::For {
                pattern,
                iterable,
                body,
            } => {
                self.pattern(pattern);
                self.expr(iterable);
                self.expr(body);
            }
            ExprKind::Call { callee, args } => {
                self.applied(callee);
                args.iter().for_each(|arg| self.argument(arg));
            }
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.indices(index);
            }
            ExprKind::Member { base, name } => {
                self.expr(base);
                self.add(name, Role::Member);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Chain { head, steps } => {
                self.expr(head);
                for step in steps {
                    self.applied(&step.layer);
                    if let Some(label) = &step.label {
                        self.add(label, Role::Label);
                    }
                }
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Error => {}
        }
    }

    fn argument(&mut self, argument: &Arg) {
        if let Some(name) = &argument.name {
            self.add(name, Role::Argument);
        }
        self.expr(&argument.value);
    }

    fn indices(&mut self, index: &[Index]) {
        for part in index {
            match part {
                Index::At(expr) => self.expr(expr),
                Index::Slice(from, to) => {
                    self.maybe(from.as_ref());
                    self.maybe(to.as_ref());
                }
            }
        }
    }
}

fn is_type(name: &str) -> bool {
    matches!(name, "int" | "float" | "bool" | "string" | "layer")
}
