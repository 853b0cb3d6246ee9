//! Data sets: sources, transforms, and the fields that come out.

mod columns;
mod draft;
mod fields;
mod mix;
mod picture;
mod source;
mod tables;
mod tokens;
mod transform;

pub use tables::{COLUMN, SOURCES, STATISTICS, TRANSFORMS};

use super::declared::Settings;
use super::elaborate::{Elaborator, Frame, FrameKind};
use super::graph::Owner;
use super::load::DefId;
use super::ops::{Element, Tensor};
use super::value::{Statistics, Value};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::{Batch, DataSet, Field, FieldKind, samples_of};
use crate::shape::{Dim, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};
use std::rc::Rc;
use transform::Scope;

/// The field that every data set has: a sample's place among the training samples.
pub const INDEX: &str = "index";

/// The type of the tensor of a data set's field.
pub fn tensor_of(data: &str, field: &Field) -> Tensor {
    let element = match field.kind {
        FieldKind::Real => Element::Real,
        FieldKind::Bool => Element::Bool,
        FieldKind::Id(bound) => Element::Id(Dim::Known(bound)),
        FieldKind::Class(count) => Element::Class(Dim::Known(count)),
        FieldKind::Label(count) => Element::Label(Dim::Known(count)),
        FieldKind::Probability(_) => Element::Probability,
        FieldKind::Index => Element::Id(samples_of(data)),
    };
    Tensor {
        element,
        shape: field.shape.clone(),
    }
}

impl Elaborator<'_, '_> {
    pub(super) fn data_set(&mut self, id: DefId, data: &ast::Data) -> Value {
        let mut frame = Frame::new(id.module, FrameKind::File, "", Owner::Data);
        let (head, steps) = chain(&data.value);
        let Some(mut draft) = self.sources(&mut frame, head) else {
            // the transforms may hold mistakes of their own
            for step in steps {
                self.declared(&mut frame, TRANSFORMS, "transform", &step.layer);
            }
            return Value::Poison;
        };
        let mut fine = true;
        for step in steps {
            fine &= self
                .transform(&mut frame, &mut draft, Scope::ALL, &step.layer)
                .is_some();
        }
        if let (true, Some(fields)) = (fine, &data.fields) {
            fine = self.fields(&mut frame, &mut draft, fields);
        }
        if !fine {
            return Value::Poison;
        }
        let Some(size) = draft.batch else {
            return self.poison(without_batch(data));
        };
        if !self.fields_are_whole(&mut draft, data) {
            return Value::Poison;
        }
        if !self.packed_alone(&draft, data.name.span) {
            return Value::Poison;
        }
        if !self.mix(&mut draft, data.name.span) {
            return Value::Poison;
        }
        let index = Field {
            name: INDEX.to_string(),
            kind: FieldKind::Index,
            shape: Shape(vec![Dim::batch()]),
            augmented: false,
            channels_last: false,
        };
        let fields = draft.fields.iter().map(|field| field.finished());
        Value::Data(Rc::new(DataSet {
            name: data.name.text.clone(),
            sources: draft.sources,
            fields: fields.chain([index]).collect(),
            transforms: draft.transforms,
            batch: Batch {
                size,
                drop_last: draft.drop_last,
                mixup: draft.mixup,
                cutmix: draft.cutmix,
            },
            hold_out: draft.hold_out,
        }))
    }
}

impl Elaborator<'_, '_> {
    /// `statistics([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])`
    pub(super) fn statistics(&mut self, frame: &mut Frame, args: &[ast::Arg], span: Span) -> Value {
        let read = |settings: Settings| {
            Some(Statistics {
                mean: settings.numbers("mean")?,
                std: settings.numbers("std")?,
            })
        };
        match self
            .settings(frame, &STATISTICS[0], args, span)
            .and_then(read)
        {
            Some(statistics) => Value::Statistics(Rc::new(statistics)),
            None => Value::Poison,
        }
    }
}

/// The head of a chain, and its steps; none if it is no chain.
fn chain(expr: &Expr) -> (&Expr, &[ast::Step]) {
    match &expr.kind {
        ExprKind::Chain { head, steps } => (head, steps),
        _ => (expr, &[]),
    }
}

fn without_batch(data: &ast::Data) -> Diagnostic {
    let message = format!(
        "the data set `{}` does not say how large a batch is",
        data.name.text
    );
    let diagnostic = Diagnostic::new(Code::E0407, message).at(data.name.span, "without `batch`");
    if data.fields.is_some() {
        return diagnostic.help("add `batch: 128` to its fields");
    }
    diagnostic.fix(
        "end its pipeline with `-> batch(128)`",
        Applicability::Unsafe,
        vec![Edit {
            span: data.value.span.after(),
            text: " -> batch(128)".to_string(),
        }],
    )
}
