//! `… -> fit` on the right side of an edge: the layers that lead the target to the source's shape.

use super::edge::Side;
use crate::diag::{Code, Diagnostic};
use crate::plan::Fit;
use crate::program::elaborate::{Elaborator, Frame, Naming};
use crate::program::graph::NodeIndex;
use crate::program::ops;
use crate::program::value::{Callee, Given, Layer, Value};
use crate::shape::{Dim, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};
use std::rc::Rc;

pub const FIT: &str = "fit";

/// An operation with its arguments.
struct Adapter {
    operation: &'static str,
    arguments: Vec<(&'static str, Vec<u64>)>,
}

impl Adapter {
    fn new(operation: &'static str, arguments: &[(&'static str, &[u64])]) -> Adapter {
        let arguments = arguments
            .iter()
            .map(|(name, value)| (*name, value.to_vec()));
        Adapter {
            operation,
            arguments: arguments.collect(),
        }
    }

    /// `conv2d(channels: 32, kernel: 1)`
    fn written(&self) -> String {
        let argument = |(name, value): &(&str, Vec<u64>)| match value.as_slice() {
            [one] => format!("{name}: {one}"),
            [h, w] => format!("{name}: ({h}, {w})"),
            _ => (*name).to_string(),
        };
        match self.arguments.as_slice() {
            [] => self.operation.to_string(),
            some => {
                let list: Vec<String> = some.iter().map(argument).collect();
                format!("{}({})", self.operation, list.join(", "))
            }
        }
    }
}

/// A side without the `fit` at its end, and where that stands.
fn without_fit(side: &Expr) -> (Expr, Option<Span>) {
    let ExprKind::Chain { head, steps } = &side.bare().kind else {
        return (side.clone(), None);
    };
    match steps.split_last() {
        Some((last, before)) if last.layer.is_name(FIT) => {
            let mut rest = (**head).clone();
            if let Some(end) = before.last() {
                rest = Expr {
                    kind: ExprKind::Chain {
                        head: head.clone(),
                        steps: before.to_vec(),
                    },
                    span: head.span.to(end.layer.span),
                };
            }
            (rest, Some(last.layer.span))
        }
        _ => (side.clone(), None),
    }
}

/// A target without its `fit`s: for each of its tensors, where one stands.
pub(super) fn without_fits(target: &Expr) -> (Expr, Vec<Option<Span>>) {
    if let ExprKind::Tuple(parts) = &target.bare().kind {
        let (parts, fits) = parts.iter().map(without_fit).unzip();
        let kind = ExprKind::Tuple(parts);
        let span = target.span;
        return (Expr { kind, span }, fits);
    }
    let (rest, fit) = without_fit(target);
    (rest, vec![fit])
}

impl Elaborator<'_, '_> {
    /// Leads each target with a `fit` to the shape of the source in the same place.
    pub(super) fn fitted(
        &mut self,
        frame: &mut Frame,
        edge: &ast::Edge,
        (source, target): (&Side, Side),
        fits: &[Option<Span>],
    ) -> Option<(Side, Vec<Fit>)> {
        let Some(first) = fits.iter().flatten().next() else {
            return Some((target, Vec::new()));
        };
        if source.len() != target.len() {
            let message =
                "`fit` leads each tensor on the right to the one in the same place on the left";
            let diagnostic = Diagnostic::new(Code::E0406, message)
                .at(*first, format!("{} on the right", target.len()))
                .also(edge.source.span, format!("{} on the left", source.len()))
                .help("give labels and the like by name: `by loss(label: images.label)`");
            self.report(diagnostic);
            return None;
        }
        let several = target.len() > 1;
        let (mut fitted, mut made) = (Vec::new(), Vec::new());
        for (i, (to, from)) in source.iter().zip(target).enumerate() {
            let Some(at) = fits.get(i).copied().flatten() else {
                fitted.push(from);
                continue;
            };
            let name = if several {
                format!("{FIT}.{i}")
            } else {
                FIT.to_string()
            };
            let (value, fit) = self.fit_one(frame, &name, (to.0, from), at)?;
            fitted.push((value, from.1.to(at)));
            made.push(fit);
        }
        Some((fitted, made))
    }

    fn fit_one(
        &mut self,
        frame: &mut Frame,
        name: &str,
        (to, (from, span)): (NodeIndex, (NodeIndex, Span)),
        at: Span,
    ) -> Option<(NodeIndex, Fit)> {
        let shape = |node| self.graph.tensor(node).shape.clone();
        let (wanted, got) = (shape(to), shape(from));
        let Some(layers) = adapters(&got, &wanted) else {
            let message = format!("`fit` knows no layer that leads {got} to {wanted}");
            let diagnostic = Diagnostic::new(Code::E0301, message)
                .at(at, format!("from {got} to {wanted}"))
                .help("write the layers yourself, or tap values whose shapes differ less");
            self.report(diagnostic);
            return None;
        };
        let owned_before = self.graph.parameters.len();
        let outer = std::mem::replace(&mut frame.naming, Naming::new(name, layers.len() == 1));
        let mut value = Value::Tensor(from);
        for layer in &layers {
            value = self.apply_adapter(frame, layer, value, span, at);
        }
        frame.naming = outer;
        let Value::Tensor(node) = value else {
            return None;
        };
        let own = &self.graph.parameters[owned_before..];
        let fit = Fit {
            of: self.modules.sources.one_line(span),
            layers: written(&layers).unwrap_or_else(|| "nothing".to_string()),
            parameters: own
                .iter()
                .filter_map(|p| p.shape.elements_per_sample())
                .sum(),
        };
        Some((node, fit))
    }

    fn apply_adapter(
        &mut self,
        frame: &mut Frame,
        adapter: &Adapter,
        value: Value,
        from: Span,
        at: Span,
    ) -> Value {
        let Some(op) = ops::find(adapter.operation) else {
            return Value::Poison;
        };
        let number = |n: &u64| Value::int(i64::try_from(*n).unwrap_or(i64::MAX));
        let given = adapter.arguments.iter().map(|(name, value)| Given {
            name: Some(((*name).to_string(), at)),
            value: match value.as_slice() {
                [one] => number(one),
                some => Value::Tuple(Rc::new(some.iter().map(number).collect())),
            },
            span: at,
        });
        let layer = Value::Layer(Rc::new(Layer::Call {
            callee: Callee::Operation(op),
            given: given.collect(),
            span: at,
        }));
        self.apply(frame, &layer, value, from, None, at)
    }
}

/// What `fit` would write between two shapes, if it knows something.
pub(super) fn suggestion(from: &Shape, to: &Shape) -> Option<String> {
    written(&adapters(from, to)?)
}

/// None where there is no layer.
fn written(layers: &[Adapter]) -> Option<String> {
    let written: Vec<String> = layers.iter().map(Adapter::written).collect();
    (!written.is_empty()).then(|| written.join(" -> "))
}

/// The layers that lead one shape to another; none if nothing simple does.
fn adapters(from: &Shape, to: &Shape) -> Option<Vec<Adapter>> {
    if !from.differs(to) {
        return Some(Vec::new());
    }
    match (from.0.as_slice(), to.0.as_slice()) {
        ([n, c, h, w], [m, d, i, j]) if !n.differs(m) => {
            let sizes = [h, w, i, j].map(Dim::known);
            let [Some(h), Some(w), Some(i), Some(j)] = sizes else {
                return None;
            };
            let channels = (c.known()?, d.known()?);
            resized(channels, (h, w), (i, j)).map(|layer| vec![layer])
        }
        ([n, c, _, _], [m, d]) if !n.differs(m) => {
            let mut layers = vec![Adapter::new("global_avg_pool", &[])];
            if c.differs(d) {
                layers.push(Adapter::new("linear", &[("features", &[d.known()?])]));
            }
            Some(layers)
        }
        ([lead @ .., _], [other @ .., b]) if from.rank() != 4 && !lead.is_empty() => {
            let same = !Shape(lead.to_vec()).differs(&Shape(other.to_vec()));
            let features = b.known()?;
            same.then(|| vec![Adapter::new("linear", &[("features", &[features])])])
        }
        _ => None,
    }
}

/// Between feature maps, as FitNets' regressors are usually built (Tian, Krishnan and Isola 2020): by
/// convolutions, and by pooling where the channels agree.
fn resized((c, d): (u64, u64), (h, w): (u64, u64), (i, j): (u64, u64)) -> Option<Adapter> {
    let times = |a: u64, b: u64| (a.is_multiple_of(b) && a > b).then(|| a / b);
    let channels: (&str, &[u64]) = ("channels", &[d]);
    if (h, w) == (i, j) {
        return Some(Adapter::new("conv2d", &[channels, ("kernel", &[1])]));
    }
    if let (Some(k), true) = (times(h, i), times(h, i) == times(w, j)) {
        if c == d {
            return Some(Adapter::new("avg_pool2d", &[("kernel", &[k])]));
        }
        let rest: [(&str, &[u64]); 3] = [("kernel", &[3]), ("stride", &[k]), ("padding", &[1])];
        return Some(Adapter::new("conv2d", &[&[channels], &rest[..]].concat()));
    }
    if let (Some(k), true) = (times(i, h), times(i, h) == times(j, w)) {
        // an even factor overlaps by half, as is usual
        let (kernel, padding) = if k.is_multiple_of(2) {
            (2 * k, k / 2)
        } else {
            (k, 0)
        };
        let rest: [(&str, &[u64]); 3] = [
            ("kernel", &[kernel]),
            ("stride", &[k]),
            ("padding", &[padding]),
        ];
        return Some(Adapter::new(
            "conv_transpose2d",
            &[&[channels], &rest[..]].concat(),
        ));
    }
    if h >= i && w >= j {
        let kernel = [1 + h - i, 1 + w - j];
        return Some(Adapter::new("conv2d", &[channels, ("kernel", &kernel)]));
    }
    None
}
