//! Edges: knowledge from a source to a target, through a loss.

use super::fit::without_fits;
use super::{Edge, depends, moves};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::Arg;
use crate::program::declared::rate;
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::{NodeIndex, Owner};
use crate::program::value::{Callee, Given, Layer, Value};
use crate::program::{foreign, library};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind};

/// A loss as an edge names it, with the arguments that stand there.
pub(super) struct Loss {
    pub id: crate::program::load::DefId,
    pub given: Vec<Given>,
}

/// One side's tensors with their places.
pub(super) type Side = Vec<(NodeIndex, Span)>;

impl Elaborator<'_, '_> {
    /// All edges in source order; none for one with a mistake, which has been reported.
    pub(super) fn edges(&mut self, ast: &ast::File) -> Vec<Option<Edge>> {
        let items = ast.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Edge(edge) => Some((edge, item.span)),
            _ => None,
        });
        (items.zip(names(ast)))
            .map(|((edge, span), name)| self.edge(&name, edge, span))
            .collect()
    }

    fn edge(&mut self, name: &str, edge: &ast::Edge, span: Span) -> Option<Edge> {
        let owner = Owner::Edge(name.to_string());
        let mut frame = Frame::new(self.root, FrameKind::File, name, owner);
        let source = self.side(&mut frame, &edge.source);
        let (written, fits) = without_fits(&edge.target);
        let missing = source.as_deref();
        let missing = missing.and_then(|source| self.missing_tap(edge, &written, source));
        let target = match missing {
            Some(diagnostic) => {
                self.report(diagnostic);
                None
            }
            None => self.side(&mut frame, &written),
        };
        let loss = self.loss(&mut frame, &edge.loss);
        let weight = self.weight(&mut frame, edge.weight.as_ref());
        // a side that is wrong is reported; the others have been looked at all the same
        let (source, target, loss, weight) = (source?, target?, loss?, weight?);
        self.targets_learn(edge, &source, &target)?;
        let source = self.without_gradient(&mut frame, source);
        let loss = self.arguments_without_gradient(&mut frame, loss);
        let (target, fits) = self.fitted(&mut frame, edge, (&source, target), &fits)?;
        let value = self.compared(&mut frame, edge, &loss, &source, &target)?;
        Some(Edge {
            name: name.to_string(),
            written: self.written(edge),
            by: self.modules.sources.one_line(edge.loss.span),
            loss: value,
            weight,
            span,
            fits,
            sources: source.iter().map(|(node, _)| *node).collect(),
            targets: target.iter().map(|(node, _)| *node).collect(),
        })
    }

    /// The edge on one line, as it is shown in plans and results.
    fn written(&self, edge: &ast::Edge) -> String {
        let one_line = |side: &Expr| self.modules.sources.one_line(side.span);
        format!(
            "{} ~> {} by {}",
            one_line(&edge.source),
            one_line(&edge.target),
            one_line(&edge.loss)
        )
    }

    /// The tensors of a side.
    fn side(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Side> {
        let naming = self.naming(frame, "", expr);
        frame.naming = naming;
        if let ExprKind::Tuple(parts) = &expr.bare().kind {
            let sides: Vec<Option<Side>> = parts
                .iter()
                .map(|part| self.side_tensor(frame, part))
                .collect();
            return sides
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(|s| s.concat());
        }
        self.side_tensor(frame, expr)
    }

    fn side_tensor(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Side> {
        let value = self.expression(frame, expr);
        match self.operand(value) {
            Value::Tensor(index) => Some(vec![(index, expr.span)]),
            Value::Record(instance) => {
                let outputs = instance.outputs.iter().map(|(name, _)| name.as_str());
                let text = self.text(expr.span).to_string();
                let diagnostic = Diagnostic::new(
                    Code::E0204,
                    format!("`{text}` is a whole network; an edge needs one of its tensors"),
                )
                .at(expr.span, "a network")
                .help(format!("name an output or a layer: {}", listed(outputs, 8)));
                self.report(diagnostic);
                None
            }
            Value::Data(data) => {
                let fields = listed(data.fields.iter().map(|f| f.name.as_str()), 8);
                let diagnostic = Diagnostic::new(
                    Code::E0204,
                    format!(
                        "`{}` is a whole data set; an edge needs one of its fields",
                        data.name
                    ),
                )
                .at(expr.span, "a data set")
                .help(format!("its fields are {fields}"));
                self.report(diagnostic);
                None
            }
            other => {
                self.wrong_kind(&other, expr.span, "a side of an edge is a tensor");
                None
            }
        }
    }

    fn loss(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Loss> {
        let value = match &expr.kind {
            ExprKind::Name(name) => match self.find_callable(frame, name, expr.span) {
                Some(value) => value,
                None => self.unknown_loss(frame, name, expr.span),
            },
            _ => self.expression(frame, expr),
        };
        match &value {
            Value::Layer(layer) => match &**layer {
                Layer::Call {
                    callee: Callee::Definition(id),
                    given,
                    ..
                } if self.is_loss(*id) => Some(Loss {
                    id: *id,
                    given: given.clone(),
                }),
                _ => {
                    let text = self.text(expr.span).to_string();
                    let diagnostic = Diagnostic::new(Code::E0204, format!("`{text}` is a layer, not a loss"))
                        .at(expr.span, "no loss")
                        .help(format!(
                            "the library's losses are {}; your own is `loss name(student: […], teacher: […]) {{ … }}`",
                            listed(crate::program::library::names("losses"), 12)
                        ));
                    self.report(diagnostic);
                    None
                }
            },
            Value::Tensor(_) => {
                let diagnostic = Diagnostic::new(
                    Code::E0204,
                    "the loss has its tensors already; the edge gives them",
                )
                .at(expr.span, "called with tensors")
                .help("leave them out: `by mse`");
                self.report(diagnostic);
                None
            }
            other => {
                let other = other.clone();
                self.wrong_kind(&other, expr.span, "after `by` stands a loss");
                None
            }
        }
    }

    fn unknown_loss(&mut self, frame: &Frame, name: &str, span: Span) -> Value {
        if let Some(diagnostic) = foreign::explained(name, span) {
            return self.poison(diagnostic);
        }
        let library: Vec<&str> = library::names("losses").collect();
        let own: Vec<String> = self
            .modules
            .names(frame.module)
            .map(str::to_string)
            .collect();
        let there = own
            .iter()
            .map(String::as_str)
            .chain(library.iter().copied());
        let diagnostic = Diagnostic::new(Code::E0201, format!("there is no loss `{name}`"))
            .at(span, "unknown loss");
        if let Some(alias) = self.modules.alias_of(frame.module, name) {
            let help = format!("it is imported as `{alias}`");
            let diagnostic = diagnostic.replace(help, span, alias);
            return self.poison(diagnostic);
        }
        self.poison(match nearest(name, there) {
            Some(near) => diagnostic.replace(
                format!("there is something with a similar name: `{near}`"),
                span,
                near,
            ),
            None => diagnostic.help(format!("the library's losses are {}", listed(library, 12))),
        })
    }

    fn weight(&mut self, frame: &mut Frame, weight: Option<&Expr>) -> Option<Arg> {
        let Some(expr) = weight else {
            return Some(Arg::Number(1.0));
        };
        let value = self.expression(frame, expr);
        if let Some(weight) = rate(&value) {
            return Some(weight);
        }
        let number = match value {
            Value::Number(number) => number,
            Value::Poison => return None,
            other => {
                self.wrong_kind(&other, expr.span, "a weight is a number");
                return None;
            }
        };
        let lowest = number.arg().and_then(|arg| arg.bounds());
        let got = match lowest {
            Some((lowest, highest)) if lowest < 0.0 && lowest < highest => {
                format!("this goes down to {lowest}")
            }
            _ => format!("this is {number}"),
        };
        let help = if lowest == Some((0.0, 0.0)) {
            "an edge of weight 0 teaches nothing: remove it, or put `//` before it"
        } else {
            "a loss is made smaller; to drive two tensors apart write a loss that says so"
        };
        self.report(
            Diagnostic::new(
                Code::E0411,
                format!("an edge's weight is above 0, but {got}"),
            )
            .at(expr.span, "not above 0")
            .help(help),
        );
        None
    }

    /// Knowledge flows one way: what a student gives as a source is cut from its gradient.
    fn without_gradient(&mut self, frame: &mut Frame, source: Side) -> Side {
        source
            .into_iter()
            .map(|(node, span)| (self.cut(frame, node, span), span))
            .collect()
    }

    /// The same holds for what a loss gets by name.
    fn arguments_without_gradient(&mut self, frame: &mut Frame, mut loss: Loss) -> Loss {
        for given in &mut loss.given {
            if let Value::Tensor(node) = given.value {
                given.value = Value::Tensor(self.cut(frame, node, given.span));
            }
        }
        loss
    }

    fn cut(&mut self, frame: &mut Frame, node: NodeIndex, span: Span) -> NodeIndex {
        if !moves(&self.graph, &self.networks, node).learns() {
            return node;
        }
        match self.operation_by_name(frame, "detach", &[(Value::Tensor(node), span)], span) {
            Value::Tensor(cut) => cut,
            _ => node,
        }
    }

    /// A target must reach something that learns.
    fn targets_learn(&mut self, edge: &ast::Edge, source: &Side, target: &Side) -> Option<()> {
        let learns = |side: &Side| {
            side.iter()
                .all(|(node, _)| moves(&self.graph, &self.networks, *node).learns())
        };
        if learns(target) {
            return Some(());
        }
        let text = self.text(edge.target.span).to_string();
        let (node, _) = target.first()?;
        let behind = depends(&self.graph, &self.networks, *node);
        let why = if behind.learns() {
            "something that no gradient goes through"
        } else if behind.teacher {
            "a teacher, which does not learn"
        } else {
            "data, which do not learn"
        };
        let diagnostic = Diagnostic::new(Code::E0401, format!("this edge points into {why}"))
            .at(edge.target.span, format!("`{text}` cannot change"));
        let swapped = learns(source);
        self.report(if swapped {
            let source = self.text(edge.source.span).to_string();
            diagnostic.fix(
                format!("knowledge flows from left to right: `{text} ~> {source}`"),
                Applicability::Safe,
                vec![
                    Edit {
                        span: edge.source.span,
                        text: text.clone(),
                    },
                    Edit {
                        span: edge.target.span,
                        text: source.clone(),
                    },
                ],
            )
        } else {
            diagnostic.help("the right side of `~>` must be something of a student")
        });
        None
    }

    fn is_loss(&self, id: crate::program::load::DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        matches!(&ast.items[at].kind, ItemKind::Callable(c) if c.kind == ast::CallableKind::Loss)
    }
}

/// The names of a file's edges, in source order.
pub fn names(ast: &ast::File) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in &ast.items {
        if let ItemKind::Edge(edge) = &item.kind {
            names.push(edge_name(edge, &names));
        }
    }
    names
}

/// Its own name, else its loss's, numbered from the second on.
fn edge_name(edge: &ast::Edge, taken: &[String]) -> String {
    if let Some(name) = &edge.name {
        return name.text.clone();
    }
    let base = match &edge.loss.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Name(name) => name.clone(),
            _ => "edge".to_string(),
        },
        _ => "edge".to_string(),
    };
    std::iter::once(base.clone())
        .chain((2..).map(|i| format!("{base}{i}")))
        .find(|name| !taken.contains(name))
        .unwrap_or(base)
}
