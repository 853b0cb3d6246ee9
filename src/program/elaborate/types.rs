//! Types of inputs: `[N, C, H, W]`, `class(C)`, `id(vocab)[N, L]` against the tensors that arrive.

use super::{Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::number::Number;
use crate::program::ops::{Element, Tensor};
use crate::program::value::Value;
use crate::shape::{Dim, Shape};
use crate::syntax::ast;

/// Why a tensor does not fit a type.
#[derive(Clone, Debug, PartialEq)]
pub enum Clash {
    /// Another kind of element than the type says.
    Element,
    Rank,
    /// The dimension at this place, which must be what the type, or an earlier input, says.
    Dim {
        at: usize,
        wanted: Dim,
        name: Option<String>,
    },
    /// Another number of classes, or ids with another bound.
    Bound {
        wanted: Dim,
        got: Dim,
    },
    /// The type itself is wrong, which has been reported.
    Poison,
}

/// Whether a parameter of this type is a tensor input rather than a compile-time value.
pub fn is_tensor(ty: &ast::Type) -> bool {
    ty.shape.is_some()
        || ty.name.as_ref().is_some_and(|name| {
            matches!(name.text.as_str(), "class" | "id" | "probability" | "label")
        })
}

impl Elaborator<'_, '_> {
    /// Fits a tensor to an input's type: binds the names of dimensions that stand first, compares the others.
    pub(super) fn fit(
        &mut self,
        frame: &mut Frame,
        ty: &ast::Type,
        tensor: &Tensor,
    ) -> Result<(), Clash> {
        let is_label = ty.name.as_ref().is_some_and(|name| name.text == "label");
        if is_label && tensor.element == Element::Probability {
            return self.fit_distribution(frame, ty, &tensor.shape);
        }
        self.fit_element(frame, ty, &tensor.element)?;
        match (&ty.shape, ty.name.as_ref().map(|n| n.text.as_str())) {
            (Some(shape), _) => self.fit_shape(frame, shape, &tensor.shape),
            // `class(C)` is `class(C)[N]`, `probability(C)` is [N, C]
            (None, Some("probability")) if tensor.shape.rank() != 2 => Err(Clash::Rank),
            (None, Some("class" | "id" | "label")) if tensor.shape.rank() != 1 => Err(Clash::Rank),
            _ => Ok(()),
        }
    }

    /// Fits distributions to `label(C)[N, …]`: their last dimension is that of the classes.
    fn fit_distribution(
        &mut self,
        frame: &mut Frame,
        ty: &ast::Type,
        shape: &Shape,
    ) -> Result<(), Clash> {
        let Some((classes, labels)) = shape.0.split_last() else {
            return Err(Clash::Rank);
        };
        if let Some(bound) = ty.args.first() {
            self.fit_dim(frame, bound, classes)
                .map_err(|clash| match clash {
                    Clash::Dim { wanted, .. } => Clash::Bound {
                        wanted,
                        got: classes.clone(),
                    },
                    other => other,
                })?;
        }
        match &ty.shape {
            Some(pattern) => self.fit_shape(frame, pattern, &Shape(labels.to_vec())),
            None if labels.len() != 1 => Err(Clash::Rank),
            None => Ok(()),
        }
    }

    fn fit_element(
        &mut self,
        frame: &mut Frame,
        ty: &ast::Type,
        element: &Element,
    ) -> Result<(), Clash> {
        let wanted = ty.name.as_ref().map(|name| name.text.as_str());
        let (bound, got) = match (wanted, element) {
            (None, Element::Real | Element::Probability) => return Ok(()),
            (Some("bool"), Element::Bool) => return Ok(()),
            (Some("probability"), Element::Probability) => return Ok(()),
            (Some("class" | "label"), Element::Class(got)) => (ty.args.first(), got),
            (Some("label"), Element::Label(got)) => (ty.args.first(), got),
            (Some("id"), Element::Id(got) | Element::Class(got)) => (ty.args.first(), got),
            (Some("float"), Element::Real | Element::Probability) => return Ok(()),
            _ => return Err(Clash::Element),
        };
        let Some(bound) = bound else { return Ok(()) };
        match self.fit_dim(frame, bound, got) {
            Ok(()) => Ok(()),
            Err(Clash::Dim { wanted, .. }) => Err(Clash::Bound {
                wanted,
                got: got.clone(),
            }),
            Err(clash) => Err(clash),
        }
    }

    fn fit_shape(
        &mut self,
        frame: &mut Frame,
        pattern: &ast::Shape,
        shape: &Shape,
    ) -> Result<(), Clash> {
        let rest = pattern
            .dims
            .iter()
            .position(|dim| matches!(dim, ast::Dim::Rest(_)));
        let fixed = pattern.dims.len() - usize::from(rest.is_some());
        if shape.rank() < fixed || (rest.is_none() && shape.rank() != fixed) {
            return Err(Clash::Rank);
        }
        let mut at = 0;
        for dim in &pattern.dims {
            match dim {
                ast::Dim::Expr(expr) => {
                    self.fit_dim(frame, expr, &shape.0[at])
                        .map_err(|clash| match clash {
                            Clash::Dim { wanted, name, .. } => Clash::Dim { at, wanted, name },
                            other => other,
                        })?;
                    at += 1;
                }
                ast::Dim::Rest(name) => {
                    let many = shape.rank() - fixed;
                    let dims = shape.0[at..at + many].to_vec();
                    fit_rest(frame, name, dims, at)?;
                    at += many;
                }
            }
        }
        Ok(())
    }

    fn fit_dim(&mut self, frame: &mut Frame, pattern: &ast::Expr, got: &Dim) -> Result<(), Clash> {
        let mut shown = None;
        if let ast::ExprKind::Name(name) = &pattern.kind {
            shown = Some(name.clone());
            let capital = name.starts_with(|c: char| c.is_ascii_uppercase());
            if capital && frame.local(name).is_none() {
                frame.bind(name, Value::Number(Number::from_dim(got)), pattern.span);
                return Ok(());
            }
        }
        let wanted = match self.dimension(frame, pattern) {
            Value::Number(number) => match number.dim() {
                Some(dim) => dim,
                None => {
                    let message = format!("a dimension is a whole number, but this is {number}");
                    self.report(
                        Diagnostic::new(Code::E0224, message).at(pattern.span, "not whole"),
                    );
                    return Err(Clash::Poison);
                }
            },
            Value::Poison => return Err(Clash::Poison),
            other => {
                self.wrong_kind(&other, pattern.span, "a dimension is a number");
                return Err(Clash::Poison);
            }
        };
        if wanted.differs(got) {
            return Err(Clash::Dim {
                at: 0,
                wanted,
                name: shown,
            });
        }
        Ok(())
    }

    /// What an input's type computes with the sizes that are known so far.
    fn dimension(&mut self, frame: &mut Frame, expr: &ast::Expr) -> Value {
        frame.in_dimension = true;
        let value = self.expression(frame, expr);
        frame.in_dimension = false;
        value
    }

    /// A tensor of the type, for checking a definition by itself: names of dimensions stand for themselves.
    pub(super) fn symbolic(&mut self, frame: &mut Frame, ty: &ast::Type) -> Option<Tensor> {
        if ty.name.is_none() && ty.shape.is_none() {
            // no type could be read
            return None;
        }
        let mut dims = Vec::new();
        for dim in ty.shape.iter().flat_map(|shape| &shape.dims) {
            match dim {
                ast::Dim::Expr(expr) => dims.push(self.symbolic_dim(frame, expr)?),
                ast::Dim::Rest(name) => {
                    let known = frame.rests.iter().find(|(n, _)| *n == name.text);
                    let one = known
                        .map_or_else(|| vec![Dim::symbol(&name.text)], |(_, dims)| dims.clone());
                    if known.is_none() {
                        frame.rests.push((name.text.clone(), one.clone()));
                    }
                    dims.extend(one);
                }
            }
        }
        let bound = match ty.args.first() {
            Some(expr) if is_tensor(ty) => self.symbolic_dim(frame, expr)?,
            _ => Dim::Unknown,
        };
        let element = match ty.name.as_ref().map(|name| name.text.as_str()) {
            None | Some("float") => Element::Real,
            Some("bool") => Element::Bool,
            Some("class" | "label") => Element::Class(bound.clone()),
            Some("id") => Element::Id(bound.clone()),
            Some("probability") => Element::Probability,
            Some(_) => return None,
        };
        if ty.shape.is_none() {
            dims = match element {
                Element::Probability => vec![Dim::batch(), bound],
                _ => vec![Dim::batch()],
            };
            if frame.local("N").is_none() {
                frame.bind("N", Value::Number(Number::from_dim(&Dim::batch())), ty.span);
            }
        }
        Some(Tensor {
            element,
            shape: Shape(dims),
        })
    }

    fn symbolic_dim(&mut self, frame: &mut Frame, expr: &ast::Expr) -> Option<Dim> {
        if let ast::ExprKind::Name(name) = &expr.kind
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && frame.local(name).is_none()
        {
            let dim = Dim::symbol(name);
            frame.bind(name, Value::Number(Number::from_dim(&dim)), expr.span);
            return Some(dim);
        }
        match self.dimension(frame, expr) {
            Value::Number(number) => number.dim(),
            Value::Poison => None,
            other => {
                self.wrong_kind(&other, expr.span, "a dimension is a number");
                None
            }
        }
    }
}

fn fit_rest(frame: &mut Frame, name: &ast::Name, dims: Vec<Dim>, at: usize) -> Result<(), Clash> {
    let Some((_, known)) = frame.rests.iter().find(|(n, _)| *n == name.text) else {
        frame.rests.push((name.text.clone(), dims));
        return Ok(());
    };
    if known.len() != dims.len() {
        return Err(Clash::Rank);
    }
    match known.iter().zip(&dims).position(|(a, b)| a.differs(b)) {
        Some(i) => Err(Clash::Dim {
            at: at + i,
            wanted: known[i].clone(),
            name: None,
        }),
        None => Ok(()),
    }
}
