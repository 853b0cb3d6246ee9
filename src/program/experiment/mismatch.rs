//! Words for edges whose two sides a loss cannot compare.

use super::Network;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::Role;
use crate::program::elaborate::{Bound, Clash, Elaborator, Signature};
use crate::program::graph::NodeIndex;
use crate::program::ops::{Element, Tensor};
use crate::program::value::Value;
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, ItemKind};

/// A tensor that does not fit an input of a loss.
pub(super) struct Misfit<'m> {
    pub signature: &'m Signature,
    pub bound: &'m Bound,
    pub input: usize,
    /// The input's type, as it is written.
    pub wanted: &'m str,
    pub clash: &'m Clash,
}

/// One of the two tensors, as messages show it.
struct Shown<'s> {
    node: NodeIndex,
    span: Span,
    text: &'s str,
    tensor: &'s Tensor,
}

impl Elaborator<'_, '_> {
    pub(super) fn sides_differ(&self, edge: &ast::Edge, misfit: &Misfit) -> Diagnostic {
        let Some(this) = self.shown(misfit.bound, misfit.input) else {
            let message = format!("`{}` takes {}", misfit.signature.name, misfit.wanted);
            return Diagnostic::new(Code::E0301, message).at(edge.loss.span, "here");
        };
        let first = self.shown(misfit.bound, 0).filter(|_| misfit.input > 0);
        // A type without `..` has a rank, whatever the first tensor is.
        let alone = match misfit.clash {
            Clash::Element => true,
            Clash::Rank => !misfit.wanted.contains(".."),
            _ => false,
        };
        let Some(first) = first.filter(|_| !alone) else {
            return not_taken(misfit, &this);
        };
        if let Clash::Bound { wanted, got } = misfit.clash {
            let diagnostic = other_classes((&first, wanted), (&this, got));
            if self.answers(first.node).is_none() {
                let help = format!("a label fits logits of its classes: `[N, {got}]`");
                return diagnostic.help(help);
            }
            let help = format!("make the network for {got} classes: `classes: {got}`");
            return match (self.stated_classes(first.node), got) {
                (Some(span), Dim::Known(got)) => {
                    let text = got.to_string();
                    diagnostic.fix(help, Applicability::Unsafe, vec![Edit { span, text }])
                }
                _ => diagnostic.help(help),
            };
        }
        if let (Some(ours), Some(theirs)) = (self.answers(first.node), self.answers(this.node)) {
            return other_classes((&first, ours), (&this, theirs))
                .help("both networks must answer for the same classes");
        }
        let diagnostic = other_shape(misfit, &first, &this);
        self.with_repair(
            diagnostic,
            edge,
            (first.node, first.span),
            (this.node, this.span),
        )
    }

    fn shown(&self, bound: &Bound, input: usize) -> Option<Shown<'_>> {
        let given = bound.inputs.get(input)?.as_ref()?;
        match given.value {
            Value::Tensor(node) => Some(Shown {
                node,
                span: given.span,
                text: self.text(given.span),
                tensor: self.graph.tensor(node),
            }),
            _ => None,
        }
    }

    /// The network that has a tensor as an output.
    fn answering(&self, node: NodeIndex) -> Option<&Network> {
        let is_output =
            |(_, value): &(_, Value)| matches!(value, Value::Tensor(index) if *index == node);
        let mut networks = self.networks.iter();
        networks.find(|network| network.instance.outputs.iter().any(is_output))
    }

    /// The number of classes of a tensor that is a network's output, `[N, classes]`.
    fn answers(&self, node: NodeIndex) -> Option<&Dim> {
        match self.graph.tensor(node).shape.0.as_slice() {
            [_, classes @ Dim::Known(_)] => self.answering(node).map(|_| classes),
            _ => None,
        }
    }

    /// Where a student's `classes: 10` says how many.
    fn stated_classes(&self, node: NodeIndex) -> Option<Span> {
        let network = self.answering(node)?;
        let (ast, at) = self.modules.item(network.id);
        let ItemKind::Network(written) = &ast.items[at].kind else {
            return None;
        };
        let value = written.value.as_ref()?;
        let ExprKind::Call { args, .. } = &value.kind else {
            return None;
        };
        let classes = |arg: &&ast::Arg| arg.name.as_ref().is_some_and(|n| n.text == "classes");
        let stated = args.iter().find(classes)?;
        (network.role == Role::Student).then_some(stated.value.span)
    }
}

/// One side alone is not what the loss takes.
fn not_taken(misfit: &Misfit, this: &Shown) -> Diagnostic {
    let code = match misfit.clash {
        Clash::Element => Code::E0307,
        _ => Code::E0301,
    };
    let message = format!(
        "`{}` takes {} for `{}`, but `{}` is {}",
        misfit.signature.name,
        misfit.wanted,
        misfit.signature.inputs[misfit.input].name,
        this.text,
        this.tensor
    );
    let diagnostic = Diagnostic::new(code, message)
        .at(this.span, format!("this is {}", this.tensor))
        .note(misfit.signature.written());
    let wanted = misfit.wanted.matches(',').count() + 1;
    if *misfit.clash == Clash::Rank {
        match (this.tensor.shape.rank(), wanted) {
            (4, 2) => {
                return diagnostic.help(format!(
                    "make a vector of the map: `{0} -> flatten`, or `{0} -> global_avg_pool`",
                    this.text
                ));
            }
            (2, 4) => {
                return diagnostic.help(
                    "it compares feature maps: take one from before it is flattened or pooled",
                );
            }
            _ => {}
        }
    }
    match (code, &this.tensor.element) {
        (Code::E0307, Element::Probability) if misfit.wanted.starts_with("class") => diagnostic.help(
            "`mixup` and `cutmix` make distributions of labels: leave them out, or use a loss that takes \
             both, as `cross_entropy` does",
        ),
        (Code::E0307, Element::Class(_)) if misfit.wanted.starts_with('[') => {
            diagnostic.help("a label is no number: learn it by `cross_entropy`")
        }
        (Code::E0307, Element::Real) if misfit.wanted.contains("(C)") => diagnostic.help(
            "labels are a field of the data, as `images.label`; another network's logits are compared by \
             `soft_target`",
        ),
        _ => diagnostic,
    }
}

fn other_classes((first, ours): (&Shown, &Dim), (this, theirs): (&Shown, &Dim)) -> Diagnostic {
    let message = format!(
        "`{}` has {ours} classes, but `{}` has {theirs}",
        first.text, this.text
    );
    Diagnostic::new(Code::E0306, message)
        .at(first.span, format!("{ours} classes"))
        .also(this.span, format!("{theirs} classes"))
}

fn other_shape(misfit: &Misfit, first: &Shown, this: &Shown) -> Diagnostic {
    let loss = &misfit.signature.name;
    let (ours, theirs) = (&first.tensor.shape, &this.tensor.shape);
    let message = format!("`{loss}` compares tensors of one shape, but gets {ours} and {theirs}");
    Diagnostic::new(Code::E0301, message)
        .at(first.span, format!("this is {ours}"))
        .also(this.span, format!("this is {theirs}"))
}
