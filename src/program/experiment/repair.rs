//! Repairs for edges whose sides differ: the layer that would make them agree.

use crate::diag::suggest::nearest;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::Role;
use crate::program::elaborate::Elaborator;
use crate::program::graph::{NodeIndex, What};
use crate::program::value::Value;
use crate::shape::{Dim, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind};

use super::depends;
use super::fit::suggestion;

/// A step that brings a tensor to another's shape.
struct Adapter {
    /// What it does, as the beginning of a help: "lift the 16 channels to 32 with a trained convolution".
    says: String,
    step: String,
    /// The name of a tap that holds it.
    tap: &'static str,
    /// Whether it has parameters to train, so that it must stand on the target side.
    trained: bool,
}

impl Elaborator<'_, '_> {
    /// Adds the tap that mends an edge, if one step can.
    pub(super) fn with_repair(
        &self,
        diagnostic: Diagnostic,
        edge: &ast::Edge,
        target: (NodeIndex, Span),
        source: (NodeIndex, Span),
    ) -> Diagnostic {
        let shape = |node| &self.graph.tensor(node).shape;
        let (wanted, got) = (shape(source.0), shape(target.0));
        // without training first, on the side that is too large
        let free = pooled(got, wanted)
            .map(|a| (a, target.1))
            .or_else(|| pooled(wanted, got).map(|a| (a, source.1)));
        let learns = depends(&self.graph, &self.networks, target.0).learns();
        let trained = || {
            lifted(got, wanted)
                .filter(|_| learns)
                .map(|a| (a, target.1))
        };
        let Some((adapter, place)) = free.or_else(trained) else {
            return self.with_shapes(diagnostic, target, source);
        };
        let text = self.text(place).to_string();
        let whose = if adapter.trained {
            "; it learns with the student and is not exported"
        } else {
            ""
        };
        let edits = match self.end_of_tap(&text) {
            Some(end) => vec![Edit {
                span: end,
                text: format!(" -> {}", adapter.step),
            }],
            None => {
                let tap = self.free_name(adapter.tap);
                let line = format!("tap {tap} = {text} -> {}\n", adapter.step);
                let span = self.line_start(edge);
                vec![
                    Edit { span, text: line },
                    Edit {
                        span: place,
                        text: tap,
                    },
                ]
            }
        };
        let help = format!("{}{whose}", adapter.says);
        let diagnostic = diagnostic.fix(help, Applicability::Unsafe, edits);
        if adapter.trained {
            return diagnostic.help(format!("or let kdc choose the layer: `{text} -> fit`"));
        }
        diagnostic
    }

    /// Where a tap of that name can go on with another step.
    fn end_of_tap(&self, name: &str) -> Option<Span> {
        let mut items = self.modules.get(self.root).ast.items.iter();
        let value = items.find_map(|item| match &item.kind {
            ItemKind::Tap(tap) if tap.name.text == name => Some(&tap.value),
            _ => None,
        })?;
        use ExprKind::{Call, Chain, Index, Member, Name, Paren};
        let steps = matches!(
            value.kind,
            Name(_) | Member { .. } | Call { .. } | Index { .. } | Chain { .. } | Paren(_)
        );
        steps.then(|| value.span.after())
    }

    /// The name, with a number behind it if the file has one such.
    fn free_name(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_string()).chain(numbered);
        let taken = |name: &String| self.modules.names(self.root).any(|known| known == name);
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    /// A target that names a tap which is not there: the tap that leads the student's value of the source's name to the
    /// source's shape. None where the name is a misspelt one, or no such tap would do.
    pub(super) fn missing_tap(
        &self,
        edge: &ast::Edge,
        target: &Expr,
        source: &[(NodeIndex, Span)],
    ) -> Option<Diagnostic> {
        let (ExprKind::Name(name), [(wanted, place)]) = (&target.kind, source) else {
            return None;
        };
        let known: Vec<&str> = self.modules.names(self.root).collect();
        if known.contains(&name.as_str()) || nearest(name, known).is_some() {
            return None;
        }
        let (_, member) = self.text(*place).rsplit_once('.')?;
        let mut students = self.networks.iter().filter(|n| n.role == Role::Student);
        let (student, value) =
            students.find_map(|student| match student.instance.member(member)?.value {
                Value::Tensor(node) => Some((&student.name, node)),
                _ => None,
            })?;
        let shape = |node| &self.graph.tensor(node).shape;
        let (got, wanted) = (shape(value), shape(*wanted));
        let adapter = pooled(got, wanted).or_else(|| lifted(got, wanted))?;
        let line = format!("tap {name} = {student}.{member} -> {}\n", adapter.step);
        let edit = Edit {
            span: self.line_start(edge),
            text: line,
        };
        let help = format!("tap `{student}.{member}`, and {}", adapter.says);
        Some(
            Diagnostic::new(Code::E0201, format!("there is no name `{name}`"))
                .at(target.span, "unknown name")
                .fix(help, Applicability::Unsafe, vec![edit]),
        )
    }

    fn line_start(&self, edge: &ast::Edge) -> Span {
        let at = edge
            .name
            .as_ref()
            .map_or(edge.source.span, |name| name.span);
        let text = &self.modules.sources.get(at.file).text;
        let start = text[..at.start as usize].rfind('\n').map_or(0, |i| i + 1);
        Span::new(at.file, start..start)
    }

    /// Where no single step does: where the two shapes come from.
    fn with_shapes(
        &self,
        diagnostic: Diagnostic,
        target: (NodeIndex, Span),
        source: (NodeIndex, Span),
    ) -> Diagnostic {
        let shape = |node| &self.graph.tensor(node).shape;
        let learns = depends(&self.graph, &self.networks, target.0).learns();
        let fit = suggestion(shape(target.0), shape(source.0)).filter(|_| learns);
        let mut diagnostic = diagnostic;
        for (node, side) in [target, source] {
            let tensor = self.graph.tensor(node);
            let text = format!("`{}` gets its shape {} here", self.text(side), tensor.shape);
            diagnostic = diagnostic.note_at(self.made(node), text);
        }
        match fit {
            Some(layers) => diagnostic.fix(
                format!("let kdc lead one to the other, by `{layers}`"),
                Applicability::Unsafe,
                vec![Edit {
                    span: target.1.after(),
                    text: " -> fit".to_string(),
                }],
            ),
            None => diagnostic
                .help("tap two values of one shape, or bring one to the other's with a layer"),
        }
    }
}

impl Elaborator<'_, '_> {
    /// Where a tensor was made, before an edge cut its gradient.
    fn made(&self, node: NodeIndex) -> Span {
        match (
            &self.graph.node(node).what,
            self.graph.operands(node).as_slice(),
        ) {
            (What::Operation { op, .. }, [from]) if op.name == "detach" => {
                self.graph.node(*from).span
            }
            _ => self.graph.node(node).span,
        }
    }
}

/// A pooling that shrinks `from` to `to`, if a whole factor does.
fn pooled(from: &Shape, to: &Shape) -> Option<Adapter> {
    let factor = |from: &Dim, to: &Dim| match (from.known()?, to.known()?) {
        (from, to) if to > 0 && from % to == 0 && from > to => Some(from / to),
        _ => None,
    };
    match (from.0.as_slice(), to.0.as_slice()) {
        ([n, from_length], [m, to_length]) if !n.differs(m) => {
            let factor = factor(from_length, to_length)?;
            Some(Adapter {
                says: format!("average-pool the {from_length} values to {to_length}"),
                step: format!("avg_pool1d({factor})"),
                tap: "pooled",
                trained: false,
            })
        }
        ([n, c, h, w], [m, d, i, j]) if !n.differs(m) && !c.differs(d) && h == w && i == j => {
            let factor = factor(h, i)?;
            Some(Adapter {
                says: format!("average-pool {h}x{w} to {i}x{j}"),
                step: format!("avg_pool2d({factor})"),
                tap: "pooled",
                trained: false,
            })
        }
        _ => None,
    }
}

/// A trained layer that brings `from` to `to`.
fn lifted(from: &Shape, to: &Shape) -> Option<Adapter> {
    match (from.0.as_slice(), to.0.as_slice()) {
        ([n, c, h, w], [m, d, i, j]) if !n.differs(m) && !h.differs(i) && !w.differs(j) => {
            Some(Adapter {
                says: format!(
                    "lift the {c} channels to {d} with a convolution, the regressor of FitNets"
                ),
                step: format!("conv2d({}, kernel: 3, padding: 1)", d.known()?),
                tap: "regressed",
                trained: true,
            })
        }
        ([n, a], [m, b]) if !n.differs(m) => Some(Adapter {
            says: format!("bring the {a} values to {b} with a linear layer"),
            step: format!("linear({})", b.known()?),
            tap: "projected",
            trained: true,
        }),
        _ => None,
    }
}
