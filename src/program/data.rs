//! Data sets: sources, transforms, and the fields that come out.

use super::declared::{Declared, Parameter, Settings, Wants};
use super::elaborate::{Elaborator, Frame, FrameKind};
use super::graph::Owner;
use super::load::DefId;
use super::ops::{Element, Tensor};
use super::value::Value;
use crate::data::shapes;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::{Batch, DataSet, DataSource, Field, FieldKind, Transform};
use crate::shape::{Dim, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind};
use std::rc::Rc;

pub static SOURCES: &[Declared] = &[
    Declared {
        name: "cifar10",
        doc: "CIFAR-10, the official binary version: `data_batch_1.bin` … `test_batch.bin` in a folder. `image: [N, 3, 32, 32]`, `label: class(10)`.",
        parameters: &[required(
            "path",
            Wants::Text,
            "the folder, relative to where kdc is started",
        )],
    },
    Declared {
        name: "shapes",
        doc: "Built-in pictures of ten drawn shapes, of the same form as CIFAR-10's. The same numbers draw the same pictures everywhere.",
        parameters: &[
            optional(
                "train",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of training pictures; 8,000 unless said",
            ),
            optional(
                "test",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of test pictures; 2,000 unless said",
            ),
        ],
    },
];

pub static TRANSFORMS: &[Declared] = &[
    Declared {
        name: "normalize",
        doc: "`(x - mean) / std` for each channel, after bytes have become 0…1.",
        parameters: &[
            required("mean", Wants::Numbers, "one number for each channel"),
            required(
                "std",
                Wants::Positive,
                "one number above 0 for each channel",
            ),
        ],
    },
    Declared {
        name: "batch",
        doc: "The number of samples in a step. Training is shuffled, tests are not.",
        parameters: &[
            Parameter {
                positional: true,
                ..required(
                    "size",
                    Wants::Int {
                        min: 1,
                        max: 1_000_000,
                    },
                    "the number of samples in a step",
                )
            },
            optional(
                "drop_last",
                Wants::Bool,
                "whether a last, smaller batch is left out of training; false unless said",
            ),
        ],
    },
    Declared {
        name: "hold_out",
        doc: "Keeps a part of the training samples apart, to choose on: the test set is for the end.",
        parameters: &[Parameter {
            positional: true,
            ..required(
                "part",
                Wants::Above(0.0, 0.9),
                "a part of 1: 0.1 keeps every tenth sample apart",
            )
        }],
    },
];

/// Sources and transforms of the language that have no meaning yet.
const LATER: [&str; 24] = [
    "cifar100",
    "mnist",
    "folder",
    "csv",
    "jsonl",
    "parquet",
    "npz",
    "column",
    "crop",
    "flip",
    "augment",
    "rand_augment",
    "random_resized_crop",
    "resize",
    "center_crop",
    "color_jitter",
    "mixup",
    "cutmix",
    "load_image",
    "tensor",
    "scale",
    "standardize",
    "number",
    "class",
];

const fn required(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        name,
        wants,
        optional: false,
        positional: matches!(wants, Wants::Text),
        doc,
    }
}

const fn optional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        optional: true,
        ..required(name, wants, doc)
    }
}

/// The type of a field's tensor.
pub fn tensor_of(field: &Field) -> Tensor {
    let element = match field.kind {
        FieldKind::Real => Element::Real,
        FieldKind::Bool => Element::Bool,
        FieldKind::Id(bound) => Element::Id(Dim::Known(bound)),
        FieldKind::Class(count) => Element::Class(Dim::Known(count)),
    };
    Tensor {
        element,
        shape: field.shape.clone(),
    }
}

/// A data set while its pipeline is read.
struct Draft {
    sources: Vec<DataSource>,
    fields: Vec<Field>,
    transforms: Vec<Transform>,
    batch: Option<Batch>,
    hold_out: Option<f64>,
}

impl Elaborator<'_, '_> {
    pub(super) fn data_set(&mut self, id: DefId, data: &ast::Data) -> Value {
        if data.fields.is_some() {
            return self.not_yet("a data set with its own fields", data.name.span);
        }
        let mut frame = Frame::new(id.module, FrameKind::File, "", Owner::Data);
        let (head, steps) = match &data.value.kind {
            ExprKind::Chain { head, steps } => (&**head, steps.as_slice()),
            _ => (&data.value, &[][..]),
        };
        let Some(mut draft) = self.sources(&mut frame, head) else {
            // the transforms may hold mistakes of their own
            for step in steps {
                self.declared(&mut frame, TRANSFORMS, &LATER, "transform", &step.layer);
            }
            return Value::Poison;
        };
        let mut fine = true;
        for step in steps {
            fine &= self
                .transform(&mut frame, &mut draft, &step.layer)
                .is_some();
        }
        if !fine {
            return Value::Poison;
        }
        let Some(batch) = draft.batch else {
            return self.poison(without_batch(data));
        };
        Value::Data(Rc::new(DataSet {
            name: data.name.text.clone(),
            sources: draft.sources,
            fields: draft.fields,
            transforms: draft.transforms,
            batch,
            hold_out: draft.hold_out,
        }))
    }

    /// `cifar10("…") or shapes()`: tried in order, so all must have the same form.
    fn sources(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Draft> {
        if let ExprKind::Binary {
            op: BinaryOp::Or,
            left,
            right,
            ..
        } = &expr.bare().kind
        {
            let (first, second) = (self.sources(frame, left), self.sources(frame, right));
            let (mut first, second) = (first?, second?);
            if first.fields != second.fields {
                let message = "sources that stand for each other must have the same fields";
                self.report(
                    Diagnostic::new(Code::E0305, message).at(expr.span, "of different form"),
                );
                return None;
            }
            first.sources.extend(second.sources);
            return Some(first);
        }
        let (source, settings) =
            self.declared(frame, SOURCES, &LATER, "data source", expr.bare())?;
        let source = match source.name {
            "cifar10" => DataSource::Cifar10 {
                path: settings.text("path")?,
            },
            _ => DataSource::Shapes {
                train: settings.int("train").unwrap_or(shapes::TRAIN),
                test: settings.int("test").unwrap_or(shapes::TEST),
            },
        };
        Some(Draft {
            sources: vec![source],
            fields: pictures(),
            transforms: Vec::new(),
            batch: None,
            hold_out: None,
        })
    }

    fn transform(&mut self, frame: &mut Frame, draft: &mut Draft, step: &Expr) -> Option<()> {
        let (transform, settings) = self.declared(frame, TRANSFORMS, &LATER, "transform", step)?;
        if draft.batch.is_some() {
            let message = format!("`{}` must stand before `batch`", transform.name);
            self.report(Diagnostic::new(Code::E0204, message).at(step.span, "after `batch`"));
            return None;
        }
        match transform.name {
            "batch" => {
                draft.batch = Some(Batch {
                    size: settings.int("size")?,
                    drop_last: settings.bool("drop_last").unwrap_or(false),
                });
            }
            "hold_out" => draft.hold_out = settings.number("part"),
            _ => self.normalize(draft, &settings)?,
        }
        Some(())
    }

    fn normalize(&mut self, draft: &mut Draft, settings: &Settings) -> Option<()> {
        let (mean, std) = (settings.numbers("mean")?, settings.numbers("std")?);
        let real = |field: &&Field| field.kind == FieldKind::Real;
        for field in draft.fields.iter().filter(real) {
            let channels = field.shape.0.get(1).and_then(Dim::known).unwrap_or(0);
            for (name, list) in [("mean", &mean), ("std", &std)] {
                if list.len() as u64 != channels {
                    let message = format!(
                        "`{name}` has {} numbers, but `{}` has {channels} channels",
                        list.len(),
                        field.name
                    );
                    let at = settings.span(name)?;
                    self.report(
                        Diagnostic::new(Code::E0223, message)
                            .at(at, format!("{} numbers", list.len())),
                    );
                    return None;
                }
            }
            draft.transforms.push(Transform::Normalize {
                field: field.name.clone(),
                mean: mean.clone(),
                std: std.clone(),
            });
        }
        Some(())
    }
}

/// The form of CIFAR-10 and of the built-in shapes.
fn pictures() -> Vec<Field> {
    let sizes = [3, 32, 32].map(Dim::Known);
    vec![
        Field {
            name: "image".to_string(),
            kind: FieldKind::Real,
            shape: Shape(std::iter::once(Dim::batch()).chain(sizes).collect()),
        },
        Field {
            name: "label".to_string(),
            kind: FieldKind::Class(10),
            shape: Shape(vec![Dim::batch()]),
        },
    ]
}

fn without_batch(data: &ast::Data) -> Diagnostic {
    let end: Span = data.value.span.after();
    Diagnostic::new(
        Code::E0407,
        format!(
            "the data set `{}` does not say how large a batch is",
            data.name.text
        ),
    )
    .at(data.name.span, "without `batch`")
    .fix(
        "end its pipeline with `-> batch(128)`",
        Applicability::Unsafe,
        vec![Edit {
            span: end,
            text: " -> batch(128)".to_string(),
        }],
    )
}
