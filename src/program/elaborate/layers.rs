//! Networks and their parts as layers: `images.strong -> light`, `x -> deep.fc`, `srrl(head: deep.fc)`.

use super::{Elaborator, Frame, types};
use crate::diag::{Code, Diagnostic};
use crate::program::experiment::without_layers;
use crate::program::foreign;
use crate::program::value::{Instance, Layer, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// What a path means where a layer is wanted: the layers that lead to that place.
    pub(super) fn layer_at(&mut self, frame: &mut Frame, path: &Expr) -> Value {
        if let ExprKind::Member { base, name } = &path.kind
            && let Some(diagnostic) = foreign::qualified(base, name, path.span)
        {
            return self.poison(diagnostic);
        }
        let place = self.base_place(frame, path);
        match (&place.value, place.layers) {
            (Value::Tensor(_) | Value::Record(_), Some(layers)) if !layers.is_empty() => {
                Value::Layer(Rc::new(Layer::Again {
                    layers,
                    network: false,
                }))
            }
            (Value::Tensor(_) | Value::Record(_), _) => {
                let text = self.text(path.span).to_string();
                let message = format!("`{text}` is no chain of layers that could be used again");
                let diagnostic = Diagnostic::new(Code::E0204, message)
                    .at(path.span, "a value, no layer")
                    .help(
                        "name a binding that is one chain, `name = x -> … -> …`, or a step of one",
                    );
                self.poison(diagnostic)
            }
            (other, _) => other.clone(),
        }
    }

    /// A network of the file as a layer.
    pub(super) fn network_layer(&mut self, instance: &Rc<Instance>, span: Span) -> Value {
        let network = self
            .networks
            .iter()
            .find(|n| Rc::ptr_eq(&n.instance, instance));
        if let Some(network) = network.filter(|network| network.layers.is_empty()) {
            let diagnostic = without_layers(network, span);
            return self.poison(diagnostic);
        }
        match network.map(|network| network.layers.clone()) {
            Some(layers) => Value::Layer(Rc::new(Layer::Again {
                layers,
                network: true,
            })),
            None => {
                let message = "these are values of a model, which lead nowhere by themselves";
                let diagnostic = Diagnostic::new(Code::E0204, message).at(span, "no layer");
                self.poison(diagnostic.help("a network of the file is a layer, and so is a model"))
            }
        }
    }

    /// An argument for a parameter of type `layer` or `list(layer)`.
    pub(super) fn layer_argument(&mut self, frame: &mut Frame, argument: &Expr) -> Value {
        match &argument.kind {
            ExprKind::Member { .. } | ExprKind::Index { .. } => self.layer_at(frame, argument),
            ExprKind::List(list) => {
                let layers = list.iter().map(|l| self.layer_argument(frame, l));
                Value::List(Rc::new(layers.collect()))
            }
            _ => match self.expression(frame, argument) {
                Value::Record(instance) => self.network_layer(&instance, argument.span),
                other => other,
            },
        }
    }

    /// The parameters of a definition that take layers.
    pub(super) fn layer_parameters(
        &mut self,
        frame: &mut Frame,
        name: &str,
        span: Span,
    ) -> Vec<String> {
        let Some(Value::Layer(layer)) = self.find_callable(frame, name, span) else {
            return Vec::new();
        };
        let Layer::Call {
            callee: crate::program::value::Callee::Definition(id),
            ..
        } = &*layer
        else {
            return Vec::new();
        };
        let (ast, at) = self.modules.item(*id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return Vec::new();
        };
        let params = callable.params.iter().filter(|p| !types::is_tensor(&p.ty));
        let layers = params.filter(|p| takes_layers(&p.ty));
        layers.map(|p| p.name.text.clone()).collect()
    }
}

/// `layer` or `list(layer)`
fn takes_layers(ty: &ast::Type) -> bool {
    let named = |name: &str| ty.name.as_ref().is_some_and(|n| n.text == name);
    let of_layers = |arg: &Expr| arg.is_name("layer");
    named("layer") || named("list") && ty.args.iter().any(of_layers)
}
