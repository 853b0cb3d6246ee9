//! `mixup` and `cutmix`: training sees mixtures of two samples, with mixtures of their labels.

use super::draft::{Draft, Form};
use crate::diag::{Code, Diagnostic};
use crate::program::elaborate::Elaborator;
use crate::shape::Dim;
use crate::source::Span;

impl Elaborator<'_, '_> {
    /// Makes distributions of labels where samples are mixed. False where that is not possible, which is reported.
    pub(super) fn mix(&mut self, draft: &mut Draft, at: Span) -> bool {
        let name = match (draft.mixup, draft.cutmix) {
            (None, None) => return true,
            (Some(_), _) => "mixup",
            _ => "cutmix",
        };
        let mut pictures = 0;
        for field in &mut draft.fields {
            match field.form {
                Form::Picture | Form::Normalized => pictures += 1,
                Form::Class(count) if field.shape.rank() == 1 => {
                    field.form = Form::Probability(count);
                    field.shape.0.push(Dim::Known(count));
                }
                _ => {
                    let message = format!(
                        "`{name}` mixes pictures and classes, but `{}` is {field}",
                        field.name
                    );
                    self.report(Diagnostic::new(Code::E0307, message).at(at, "mixes samples"));
                    return false;
                }
            }
            field.augmented = true;
        }
        if pictures == 0 {
            let message = format!("`{name}` mixes pictures, but this data set has none");
            self.report(Diagnostic::new(Code::E0307, message).at(at, "without pictures"));
        }
        pictures > 0
    }
}
