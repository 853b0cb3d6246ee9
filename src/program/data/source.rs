//! Sources: where samples come from, and the fields that they have to begin with.

use super::draft::{Draft, Form, Making};
use super::tables::SOURCES;
use crate::data::{phrases, shapes};
use crate::diag::{Code, Diagnostic};
use crate::plan::{DataSource, TableFormat};
use crate::program::declared::Settings;
use crate::program::elaborate::{Elaborator, Frame};
use crate::shape::Dim;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

impl Elaborator<'_, '_> {
    /// `cifar10("…") or shapes()`: tried in order, so all must have the same form.
    pub(super) fn sources(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Draft> {
        if let ExprKind::Binary {
            op: BinaryOp::Or,
            left,
            right,
            ..
        } = &expr.bare().kind
        {
            let (first, second) = (self.sources(frame, left), self.sources(frame, right));
            let (mut first, second) = (first?, second?);
            if !alike(&first.fields, &second.fields) {
                let message = "sources that stand for each other must have the same fields";
                let mut diagnostic =
                    Diagnostic::new(Code::E0305, message).at(expr.span, "of different form");
                for draft in [&first, &second] {
                    diagnostic = diagnostic.note(form(draft));
                }
                let help = "leave one of them out, or give both one form";
                self.report(diagnostic.help(help));
                return None;
            }
            // pictures of any size may stand for those of one size, but are still of any
            for (field, other) in first.fields.iter_mut().zip(&second.fields) {
                if field.size().is_some() && other.size().is_none() {
                    field.shape.clone_from(&other.shape);
                }
            }
            first.sources.extend(second.sources);
            return Some(first);
        }
        let (source, settings) = self.declared(frame, SOURCES, "data source", expr.bare())?;
        let (source, fields) = match source.name {
            "cifar100" => (
                DataSource::Cifar100 {
                    path: settings.text("path")?,
                },
                pictures(&[3, 32, 32], 100),
            ),
            "mnist" => (
                DataSource::Mnist {
                    path: settings.text("path")?,
                },
                pictures(&[1, 28, 28], 10),
            ),
            "folder" => {
                let (name, classes) = (|n| settings.text(n), settings.int("classes")?);
                let source = DataSource::Folder {
                    path: name("path")?,
                    train: name("train").unwrap_or_else(|| "train".to_string()),
                    test: name("test").unwrap_or_else(|| "test".to_string()),
                    classes,
                };
                (source, files(classes))
            }
            "phrases" => {
                let length = settings.int("length").unwrap_or(32);
                let source = DataSource::Phrases {
                    train: settings.int("train").unwrap_or(phrases::TRAIN),
                    test: settings.int("test").unwrap_or(phrases::TEST),
                    length,
                };
                let tokens = vec![
                    Making::new("ids", Form::Id(phrases::VOCABULARY), &[length]),
                    Making::new("label", Form::Class(phrases::VOCABULARY), &[length]),
                ];
                (source, tokens)
            }
            "csv" => (table(TableFormat::Csv, &settings)?, Vec::new()),
            "jsonl" => (table(TableFormat::Jsonl, &settings)?, Vec::new()),
            "parquet" => (table(TableFormat::Parquet, &settings)?, Vec::new()),
            "npz" => (table(TableFormat::Npz, &settings)?, Vec::new()),
            "cifar10" => (
                DataSource::Cifar10 {
                    path: settings.text("path")?,
                },
                pictures(&[3, 32, 32], 10),
            ),
            _ => (
                DataSource::Shapes {
                    train: settings.int("train").unwrap_or(shapes::TRAIN),
                    test: settings.int("test").unwrap_or(shapes::TEST),
                },
                pictures(&[3, 32, 32], 10),
            ),
        };
        Some(Draft {
            sources: vec![source],
            fields,
            transforms: Vec::new(),
            words: Vec::new(),
            batch: None,
            drop_last: false,
            mixup: None,
            cutmix: None,
            hold_out: None,
        })
    }
}

/// Whether sources may stand for each other.
fn alike(first: &[Making], second: &[Making]) -> bool {
    let pair = |(a, b): (&Making, &Making)| {
        a.name == b.name && a.form == b.form && !a.shape.differs(&b.shape)
    };
    first.len() == second.len() && first.iter().zip(second).all(pair)
}

/// A picture of channels, height and width, and what it shows.
fn pictures(sizes: &[u64], classes: u64) -> Vec<Making> {
    vec![
        Making::new("image", Form::Picture, sizes),
        Making::new("label", Form::Class(classes), &[]),
    ]
}

/// Pictures of any size in files.
fn files(classes: u64) -> Vec<Making> {
    let mut fields = pictures(&[3, 1, 1], classes);
    fields[0].shape.0.truncate(2);
    fields[0].shape.0.extend([Dim::Unknown, Dim::Unknown]);
    fields
}

fn table(format: TableFormat, settings: &Settings) -> Option<DataSource> {
    Some(DataSource::Table {
        format,
        path: settings.text("path")?,
        test: settings.text("test"),
        columns: Vec::new(),
    })
}

fn form(draft: &Draft) -> String {
    let fields: Vec<String> = draft
        .fields
        .iter()
        .map(|field| format!("`{}`: {field}", field.name))
        .collect();
    format!("one has {}", fields.join(", "))
}
