//! Slices of tensors: `x[:, 1:]`, `x[0]`, `x[:, none]`, `bank[index]`.

use super::{Elaborator, Frame};
use crate::diag::suggest::counted;
use crate::diag::{Code, Diagnostic};
use crate::program::graph::NodeIndex;
use crate::program::number::Number;
use crate::program::value::Value;
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast::{Expr, Index};

/// What one entry between the brackets does.
enum Cut {
    /// `:`
    Whole,
    /// `none`
    New,
    /// `3`
    Entry(Number),
    /// `1:`, `-3:-1`
    Range(Option<Number>, Option<Number>),
    /// Whole numbers that are computed.
    Chosen(NodeIndex),
}

/// Where a range starts, and how long it is; unknown where whoever uses the model decides.
type Range = (Number, Dim);

impl Elaborator<'_, '_> {
    /// `base[…]`, from the first dimension to the last.
    pub(super) fn slice(
        &mut self,
        frame: &mut Frame,
        (tensor, base): (NodeIndex, Span),
        index: &[Index],
        span: Span,
    ) -> Value {
        let mut cuts = Vec::new();
        for index in index {
            match self.read_cut(frame, index) {
                Some(cut) => cuts.push((cut, place(index).unwrap_or(span))),
                None => return Value::Poison,
            }
        }
        let taken = cuts.iter().filter(|(cut, _)| !matches!(cut, Cut::New));
        let (taken, shape) = (taken.count(), &self.graph.tensor(tensor).shape);
        if taken > shape.rank() {
            let message = format!(
                "`{shape}` is indexed by {}",
                counted(taken as i64, "dimension")
            );
            let label = format!("has {}", counted(shape.rank() as i64, "dimension"));
            return self.poison(Diagnostic::new(Code::E0302, message).at(base, label));
        }
        let (mut value, mut axis) = (Value::Tensor(tensor), 0);
        for (cut, place) in cuts {
            value = match self.apply_cut(frame, (value, base), &cut, &mut axis, (place, span)) {
                Some(value) => value,
                None => return Value::Poison,
            };
        }
        value
    }

    fn read_cut(&mut self, frame: &mut Frame, index: &Index) -> Option<Cut> {
        let at = match index {
            Index::Slice(None, None) => return Some(Cut::Whole),
            Index::Slice(from, to) => {
                let from = self.end_of_range(frame, from.as_ref())?;
                let to = self.end_of_range(frame, to.as_ref())?;
                return Some(Cut::Range(from, to));
            }
            Index::At(at) => at,
        };
        let value = self.expression(frame, at);
        match self.operand(value) {
            Value::None => Some(Cut::New),
            Value::Number(number) => Some(Cut::Entry(number)),
            Value::Tensor(index) => Some(Cut::Chosen(index)),
            other => {
                let needs = "a tensor is indexed by whole numbers, `:`, `none` or ids";
                self.wrong_kind(&other, at.span, needs);
                None
            }
        }
    }

    /// The outer none: something wrong, which has been reported.
    fn end_of_range(&mut self, frame: &mut Frame, end: Option<&Expr>) -> Option<Option<Number>> {
        let Some(end) = end else { return Some(None) };
        match self.expression(frame, end) {
            Value::Number(number) => Some(Some(number)),
            other => {
                self.wrong_kind(
                    &other,
                    end.span,
                    "a slice runs from one whole number to another",
                );
                None
            }
        }
    }

    /// Applies one cut and moves `axis` behind what it leaves.
    fn apply_cut(
        &mut self,
        frame: &mut Frame,
        (value, base): (Value, Span),
        cut: &Cut,
        axis: &mut i64,
        (place, span): (Span, Span),
    ) -> Option<Value> {
        let Value::Tensor(tensor) = value else {
            return None;
        };
        let shape = self.graph.tensor(tensor).shape.clone();
        let dim = ("dim", Value::int(*axis));
        let operands = [(value, base)];
        let (name, arguments, kept) = match cut {
            Cut::Whole => {
                *axis += 1;
                return operands.into_iter().next().map(|(value, _)| value);
            }
            Cut::New => ("unsqueeze", vec![dim], 1),
            Cut::Entry(number) => {
                let index = ("index", Value::Number(number.clone()));
                ("select", vec![index, dim], 0)
            }
            Cut::Range(from, to) => {
                let ends = (from.as_ref(), to.as_ref());
                let (start, length) = self.range_within(&shape.0[*axis as usize], ends, place)?;
                let length = Value::Number(Number::from_dim(&length));
                let start = Value::Number(start);
                ("narrow", vec![("start", start), ("length", length), dim], 1)
            }
            Cut::Chosen(index) => {
                let rank = self.graph.tensor(*index).shape.rank() as i64;
                let [value, chosen] = [operands[0].clone(), (Value::Tensor(*index), place)];
                let taken = self.operation_with(frame, "take", &[value, chosen], &[dim], span);
                *axis += rank;
                return Some(taken);
            }
        };
        *axis += kept;
        Some(self.operation_with(frame, name, &operands, &arguments, place))
    }

    /// Reports a range that is empty or reaches beyond the dimension.
    fn range_within(
        &mut self,
        size: &Dim,
        (from, to): (Option<&Number>, Option<&Number>),
        place: Span,
    ) -> Option<Range> {
        let unknown = |end: Option<&Number>| end.is_some_and(|n| n.as_f64().is_none());
        if unknown(from) || unknown(to) {
            return Some((Number::Unknown, Dim::Unknown));
        }
        for end in [from, to].into_iter().flatten() {
            if end.as_int().is_none() {
                let message = format!("a slice runs between whole numbers, not {end}");
                self.report(Diagnostic::new(Code::E0224, message).at(place, "not whole"));
                return None;
            }
        }
        let [from, to] = [from, to].map(|end| end.and_then(Number::as_int));
        let Some(size) = size.known().and_then(|n| i64::try_from(n).ok()) else {
            return Some((
                Number::Int(from.unwrap_or(0)),
                length_without_size(from, to, size),
            ));
        };
        let from_end = |end: i64| {
            if end < 0 {
                end.saturating_add(size)
            } else {
                end
            }
        };
        let (start, end) = (from_end(from.unwrap_or(0)), from_end(to.unwrap_or(size)));
        let entries = counted(size, "element");
        let message = if start < 0 || end > size || start > size {
            format!("the slice `{}` reaches beyond {entries}", self.text(place))
        } else if start >= end {
            format!("the slice `{}` of {entries} is empty", self.text(place))
        } else {
            return Some((Number::Int(start), Dim::Known((end - start) as u64)));
        };
        let label = format!("there are {entries}, 0 to {}", size - 1);
        self.report(Diagnostic::new(Code::E0303, message).at(place, label));
        None
    }
}

/// The length of a range of a dimension whose size is open.
fn length_without_size(from: Option<i64>, to: Option<i64>, size: &Dim) -> Dim {
    let length = match (from.unwrap_or(0), to) {
        (0, None) => return size.clone(),
        (from, None) if from < 0 => from.checked_neg(),
        (from, Some(to)) if (from < 0) == (to < 0) => to.checked_sub(from),
        _ => None,
    };
    match length.and_then(|n| u64::try_from(n).ok()) {
        Some(n) => Dim::Known(n),
        None => Dim::Unknown,
    }
}

/// Where an entry between the brackets stands.
fn place(index: &Index) -> Option<Span> {
    match index {
        Index::At(at) => Some(at.span),
        Index::Slice(Some(from), Some(to)) => Some(from.span.to(to.span)),
        Index::Slice(Some(one), None) | Index::Slice(None, Some(one)) => Some(one.span),
        Index::Slice(None, None) => None,
    }
}
