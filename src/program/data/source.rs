//! Sources: where samples come from, and the fields that they have to begin with.

use super::draft::{Draft, Form, Making};
use super::tables::{LATER, SOURCES};
use crate::data::shapes;
use crate::diag::{Code, Diagnostic};
use crate::plan::DataSource;
use crate::program::elaborate::{Elaborator, Frame};
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
            if first.fields != second.fields {
                let message = "sources that stand for each other must have the same fields";
                let mut diagnostic =
                    Diagnostic::new(Code::E0305, message).at(expr.span, "of different form");
                for draft in [&first, &second] {
                    diagnostic = diagnostic.note(form(draft));
                }
                self.report(diagnostic);
                return None;
            }
            first.sources.extend(second.sources);
            return Some(first);
        }
        let (source, settings) =
            self.declared(frame, SOURCES, &LATER, "data source", expr.bare())?;
        let (source, fields) = match source.name {
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
            batch: None,
            drop_last: false,
            mixup: None,
            cutmix: None,
            hold_out: None,
        })
    }
}

/// A picture of channels, height and width, and what it shows.
fn pictures(sizes: &[u64], classes: u64) -> Vec<Making> {
    vec![
        Making::new("image", Form::Picture, sizes),
        Making::new("label", Form::Class(classes), &[]),
    ]
}

fn form(draft: &Draft) -> String {
    let fields: Vec<String> = draft
        .fields
        .iter()
        .map(|field| format!("`{}`: {field}", field.name))
        .collect();
    format!("one has {}", fields.join(", "))
}
