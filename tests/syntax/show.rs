//! A tree as one line: `(tap x (-> net.a flatten (call pool 2)))`.

use kdc::syntax::ast::*;

pub fn file(file: &File) -> String {
    let items: Vec<String> = file.items.iter().map(item).collect();
    items.join("\n")
}

pub fn item(item: &Item) -> String {
    let shown = match &item.kind {
        ItemKind::Use(u) => {
            let from = match &u.from {
                UseFrom::File(path) => format!("{:?}", path.text),
                UseFrom::Library(name) => name.text.clone(),
            };
            let names = u.names.iter().map(|n| match &n.alias {
                Some(alias) => format!("{}={}", alias.text, n.name.text),
                None => n.name.text.clone(),
            });
            list("use", std::iter::once(from).chain(names))
        }
        ItemKind::Callable(c) => callable(c),
        ItemKind::Data(d) => {
            let fields = d.fields.iter().flatten().map(field);
            list(
                "data",
                [d.name.text.clone(), expr(&d.value)]
                    .into_iter()
                    .chain(fields),
            )
        }
        ItemKind::Network(n) => {
            let role = match n.role {
                Role::Teacher => "teacher",
                Role::Student => "student",
            };
            let from = n.from.as_ref().map(|from| match from {
                From::File { path, name: None } => format!("from:{:?}", path.text),
                From::File {
                    path,
                    name: Some(name),
                } => format!("from:{:?}::{}", path.text, name.text),
                From::Call(call) => format!("from:{}", expr(call)),
            });
            let parts = std::iter::once(n.name.text.clone());
            list(role, parts.chain(n.value.as_ref().map(expr)).chain(from))
        }
        ItemKind::Tap(b) => list("tap", [b.name.text.clone(), expr(&b.value)]),
        ItemKind::Constant(b) => list("const", [b.name.text.clone(), expr(&b.value)]),
        ItemKind::Edge(e) => {
            let name = e.name.iter().map(|n| format!("{}:", n.text));
            let sides = [expr(&e.source), expr(&e.target), expr(&e.loss)];
            let weight = e.weight.as_ref().map(|w| format!("weight:{}", expr(w)));
            list("edge", name.chain(sides).chain(weight))
        }
        ItemKind::Train(t) => {
            let name = t.name.iter().map(|n| format!("{}:", n.text));
            let on = t.on.iter().map(|n| n.text.clone());
            list(
                "train",
                name.chain(on).chain(t.settings.iter().map(setting)),
            )
        }
        ItemKind::Settings(s) => {
            let name = std::iter::once(s.name.text.clone());
            list("settings", name.chain(s.settings.iter().map(setting)))
        }
        ItemKind::Output(o) => list(
            "output",
            [
                format!("{}.{}", o.network.text, o.output.text),
                expr(&o.value),
            ],
        ),
        ItemKind::Error => "(error)".to_owned(),
    };
    documented(&item.doc, shown)
}

fn documented(doc: &Option<String>, shown: String) -> String {
    match doc {
        Some(doc) => format!("{doc:?} {shown}"),
        None => shown,
    }
}

fn callable(c: &Callable) -> String {
    let kind = match c.kind {
        CallableKind::Model => "model",
        CallableKind::Loss => "loss",
        CallableKind::Fn => "fn",
    };
    let params = c.params.iter().map(|p| {
        let default = p.default.as_ref().map(|d| format!("={}", expr(d)));
        format!(
            "{}:{}{}",
            p.name.text,
            ty(&p.ty),
            default.unwrap_or_default()
        )
    });
    let body = match &c.body {
        Body::Block(stmts) => stmts.iter().map(stmt).collect(),
        Body::Expr(value) => vec![format!("={}", expr(value))],
        Body::Error => vec!["!".to_owned()],
    };
    let name = std::iter::once(c.name.text.clone());
    list(kind, name.chain(params).chain(body))
}

fn stmt(stmt: &Stmt) -> String {
    let shown = match &stmt.kind {
        StmtKind::Input {
            name,
            ty: t,
            default,
        } => {
            let typed = format!("{}:{}", name.text, ty(t));
            list(
                "input",
                std::iter::once(typed).chain(default.as_ref().map(expr)),
            )
        }
        StmtKind::Output { name, value } => {
            let name = name.iter().map(|n| n.text.clone());
            list("output", name.chain([expr(value)]))
        }
        StmtKind::Param { name, ty: t, value } => {
            list("param", [format!("{}:{}", name.text, ty(t)), expr(value)])
        }
        StmtKind::State { name, ty: t, value } => {
            list("state", [format!("{}:{}", name.text, ty(t)), expr(value)])
        }
        StmtKind::Update {
            name,
            index: at,
            value,
        } => {
            let at = at.as_ref().map(|at| index(at)).unwrap_or_default();
            list("update", [format!("{}{at}", name.text), expr(value)])
        }
        StmtKind::Init { of, role, value } => {
            let role = role.as_ref().map(|role| format!(".{}", role.text));
            let of = format!("{}{}", of.text, role.unwrap_or_default());
            list("init", [of, expr(value)])
        }
        StmtKind::Require { condition, message } => {
            let message = message.as_ref().map(|m| format!("{:?}", m.text));
            list("require", std::iter::once(expr(condition)).chain(message))
        }
        StmtKind::Bind { pattern: p, value } => list("let", [pattern(p), expr(value)]),
        StmtKind::Error => "(error)".to_owned(),
    };
    documented(&stmt.doc, shown)
}

fn field(field: &Field) -> String {
    match field {
        Field::Setting { name, value } => format!("{}:{}", name.text, expr(value)),
        Field::Bind { pattern: p, value } => format!("{}={}", pattern(p), expr(value)),
        Field::Error => "(error)".to_owned(),
    }
}

fn setting(setting: &Setting) -> String {
    match setting {
        Setting::Spread(name) => format!("..{}", name.text),
        Setting::Set { name, value } => format!("{}:{}", name.text, expr(value)),
        Setting::Error => "(error)".to_owned(),
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name(name) => name.text.clone(),
        Pattern::Tuple(names, _) => {
            let names: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
            format!("<{}>", names.join(" "))
        }
    }
}

fn ty(ty: &Type) -> String {
    let mut shown = ty.name.as_ref().map(|n| n.text.clone()).unwrap_or_default();
    if !ty.args.is_empty() {
        let args: Vec<String> = ty.args.iter().map(expr).collect();
        shown += &format!("({})", args.join(" "));
    }
    if let Some(shape) = &ty.shape {
        let dims: Vec<String> = shape
            .dims
            .iter()
            .map(|dim| match dim {
                Dim::Expr(e) => expr(e),
                Dim::Rest(name) => format!("..{}", name.text),
            })
            .collect();
        shown += &format!("[{}]", dims.join(" "));
    }
    shown
}

fn index(index: &[Index]) -> String {
    let parts: Vec<String> = index
        .iter()
        .map(|part| match part {
            Index::At(e) => expr(e),
            Index::Slice(from, to) => {
                let shown = |e: &Option<Expr>| e.as_ref().map(expr).unwrap_or_default();
                format!("{}:{}", shown(from), shown(to))
            }
        })
        .collect();
    format!("[{}]", parts.join(" "))
}

pub fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "none".to_owned(),
        ExprKind::Name(text) => text.clone(),
        ExprKind::Paren(inner) => format!("({})", expr(inner)),
        ExprKind::Tuple(items) => list("tuple", items.iter().map(expr)),
        ExprKind::List(items) => list("list", items.iter().map(expr)),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => list("if", [expr(condition), expr(then), expr(otherwise)]),
        ExprKind::For {
            pattern: p,
            iterable,
            body,
        } => list("for", [pattern(p), expr(iterable), expr(body)]),
        ExprKind::Call { callee, args } => {
            let args = args.iter().map(|arg| match &arg.name {
                Some(name) => format!("{}:{}", name.text, expr(&arg.value)),
                None => expr(&arg.value),
            });
            list("call", std::iter::once(expr(callee)).chain(args))
        }
        ExprKind::Index { base, index: at } => format!("{}{}", expr(base), index(at)),
        ExprKind::Member { base, name } => format!("{}.{}", expr(base), name.text),
        ExprKind::Unary { op, operand } => {
            let op = match op {
                UnaryOp::Neg => "neg",
                UnaryOp::Not => "not",
            };
            list(op, [expr(operand)])
        }
        ExprKind::Binary {
            op, left, right, ..
        } => list(op.symbol(), [expr(left), expr(right)]),
        ExprKind::Chain { head, steps } => {
            let steps = steps.iter().map(|step| match &step.label {
                Some(label) => format!("{}@{}", expr(&step.layer), label.text),
                None => expr(&step.layer),
            });
            list("->", std::iter::once(expr(head)).chain(steps))
        }
        ExprKind::Error => "!".to_owned(),
    }
}

fn list(head: &str, parts: impl IntoIterator<Item = String>) -> String {
    let mut shown = format!("({head}");
    for part in parts {
        shown += " ";
        shown += &part;
    }
    shown + ")"
}
