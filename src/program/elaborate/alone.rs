//! Definitions checked by themselves, before any use.

use super::{Bound, Elaborator, Opened, signature, types};
use crate::diag::{Code, Diagnostic};
use crate::program::facts;
use crate::program::graph::Owner;
use crate::program::load::DefId;
use crate::program::number::Number;
use crate::program::ops::Tensor;
use crate::program::value::{Given, Value};
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind};

impl Elaborator<'_, '_> {
    /// Checks a definition by itself: with its defaults, and symbols for what its users decide. Whether it
    /// is free of errors.
    pub fn check_alone(&mut self, id: DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return true;
        };
        let before = self.modules.diagnostics.len();
        self.checking_alone = true;
        self.declared_once(callable);
        let parameters = callable
            .params
            .iter()
            .filter(|p| !types::is_tensor(&p.ty))
            .map(|p| {
                self.known_type(&p.ty);
                p.default.is_none().then(|| Given {
                    name: None,
                    value: undecided(&p.ty),
                    span: p.span,
                })
            })
            .collect();
        let bound = Bound {
            inputs: Vec::new(),
            parameters,
        };
        let call = callable.name.span;
        if let Some(mut opened) = self.open_alone(id, &bound, call)
            && self.symbolic_inputs(&mut opened, callable)
        {
            let made = self.run_body(opened, call).inner;
            let graph = &self.graph;
            self.modules
                .learn_of(None, || facts::whole(graph, "", call, &*made?));
        }
        self.checking_alone = false;
        let errors = |d: &Diagnostic| d.severity == crate::diag::Severity::Error;
        let sound = !self.modules.diagnostics[before..].iter().any(errors);
        // what reads a name may be what is broken
        if sound {
            self.unread(callable, ast.items[at].span);
        }
        sound
    }

    /// Whether the body that is followed is that of the definition that is checked, and not of one that it uses.
    pub(super) fn by_itself(&self) -> bool {
        self.checking_alone && self.calls.len() == 1
    }

    /// Parameters and inputs have different names.
    fn declared_once(&mut self, callable: &ast::Callable) {
        let inputs = signature::input_statements(callable).map(|(name, ..)| name);
        let mut known: Vec<&ast::Name> = Vec::new();
        for name in callable.params.iter().map(|p| &p.name).chain(inputs) {
            if let Some(first) = known.iter().find(|n| n.text == name.text) {
                let message = format!("`{}` declares `{}` twice", callable.name.text, name.text);
                let diagnostic = Diagnostic::new(Code::E0202, message)
                    .at(name.span, "declared again")
                    .also(first.span, "first here");
                self.report(diagnostic);
            }
            known.push(name);
        }
    }

    fn open_alone(&mut self, id: DefId, bound: &Bound, call: Span) -> Option<Opened> {
        let owner = Owner::Network(String::new());
        // unknown values must not count as a missing argument
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return None;
        };
        let given: Vec<Value> = bound
            .parameters
            .iter()
            .map(|given| given.as_ref().map_or(Value::None, |g| g.value.clone()))
            .collect();
        let defaults = Bound {
            inputs: Vec::new(),
            parameters: vec![None; given.len()],
        };
        let mut opened = self.open(id, &defaults, "", owner, call)?;
        let names = callable.params.iter().filter(|p| !types::is_tensor(&p.ty));
        for (param, value) in names.zip(given) {
            if let (true, Some(local)) = (
                param.default.is_none(),
                opened
                    .frame
                    .locals
                    .iter_mut()
                    .find(|l| l.name == param.name.text),
            ) {
                local.value = value;
            }
        }
        Some(opened)
    }

    fn symbolic_inputs(&mut self, opened: &mut Opened, callable: &ast::Callable) -> bool {
        let mut fine = true;
        for (name, ty, _) in signature::inputs(callable) {
            self.known_type(ty);
            let frame = &mut opened.frame;
            match self.symbolic(frame, ty) {
                Some(tensor) => {
                    let node = self.placeholder(&name.text, tensor, name.span);
                    frame.bind(&name.text, Value::Tensor(node), name.span);
                }
                None => {
                    frame.bind(&name.text, Value::Poison, name.span);
                    fine = false;
                }
            }
        }
        fine
    }

    fn placeholder(
        &mut self,
        name: &str,
        tensor: Tensor,
        span: Span,
    ) -> crate::program::graph::NodeIndex {
        let node = crate::program::graph::Node {
            name: name.to_string(),
            named: true,
            what: crate::program::graph::What::Field(name.to_string()),
            tensor,
            owner: Owner::Data,
            span,
        };
        self.graph.add(node, &[])
    }

    /// Reports a type whose name is none.
    fn known_type(&mut self, ty: &ast::Type) {
        let mut rests = ty
            .shape
            .iter()
            .flat_map(|shape| &shape.dims)
            .filter_map(|dim| match dim {
                ast::Dim::Rest(name) => Some(name),
                ast::Dim::Expr(_) => None,
            });
        if let Some(second) = rests.nth(1) {
            let message = "a shape has at most one `..`, or nobody could tell where one ends";
            self.report(Diagnostic::new(Code::E0307, message).at(second.span, "a second one"));
        }
        const TYPES: [&str; 10] = [
            "int",
            "float",
            "bool",
            "string",
            "list",
            "layer",
            "class",
            "id",
            "probability",
            "label",
        ];
        let Some(name) = ty
            .name
            .as_ref()
            .filter(|n| !TYPES.contains(&n.text.as_str()))
        else {
            return;
        };
        let diagnostic = Diagnostic::new(Code::E0201, format!("there is no type `{}`", name.text))
            .at(name.span, "unknown type");
        let diagnostic = match crate::diag::suggest::nearest(&name.text, TYPES) {
            Some(near) => diagnostic.replace(
                format!("there is a type with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help("a tensor's type is its shape, `[N, C, H, W]`; others are `int`, `float`, `bool`, `list(int)`, `layer`, `class(C)`, `id(V)`, `probability(C)`, `label(C)`"),
        };
        self.report(diagnostic);
    }
}

/// What a parameter without a default is while its definition is checked by itself.
fn undecided(ty: &ast::Type) -> Value {
    match ty.name.as_ref().map(|name| name.text.as_str()) {
        Some("int" | "float") => Value::Number(Number::Unknown),
        Some("bool") => Value::Bool(None),
        _ => Value::Poison,
    }
}
