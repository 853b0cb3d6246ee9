//! Transforms: what is done to fields before a network sees them.

use super::draft::{Draft, Form, Making};
use super::tables::TRANSFORMS;
use crate::diag::suggest::counted;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Transform, When};
use crate::program::declared::Settings;
use crate::program::elaborate::{Elaborator, Frame};
use crate::program::value::Value;
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// What most transforms take.
pub(super) const PICTURES: &str = "pictures";

/// What a transform acts on, and when.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub target: Target<'a>,
    /// Outside `augment` the transform itself says when.
    pub when: Option<When>,
}

/// Fields.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// All that it takes: a pipeline without fields of its own.
    All,
    One(&'a str),
}

impl<'a> Scope<'a> {
    pub const ALL: Scope<'static> = Scope {
        target: Target::All,
        when: None,
    };

    pub fn one(field: &'a str) -> Scope<'a> {
        Scope {
            target: Target::One(field),
            when: None,
        }
    }
}

/// Whether a transform may stand in `augment`.
fn changes_pictures(transform: &str) -> bool {
    matches!(
        transform,
        "crop"
            | "flip"
            | "resize"
            | "center_crop"
            | "random_resized_crop"
            | "rand_augment"
            | "color_jitter"
    )
}

fn is_batch(step: &Expr) -> bool {
    let callee = match &step.kind {
        ExprKind::Call { callee, .. } => callee,
        _ => step,
    };
    callee.is_name("batch")
}

impl Target<'_> {
    fn covers(self, field: &Making) -> bool {
        match self {
            Target::All => true,
            Target::One(name) => field.name == name,
        }
    }
}

impl Elaborator<'_, '_> {
    pub(super) fn transform(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        scope: Scope,
        step: &Expr,
    ) -> Option<()> {
        let declared = self.declared(frame, TRANSFORMS, "transform", step);
        if declared.is_none() && is_batch(step) {
            // What follows stands behind a batch, whatever is wrong with it.
            draft.batch.get_or_insert(1);
        }
        let (transform, settings) = declared?;
        let target = scope.target;
        if scope.when.is_some() && !changes_pictures(transform.name) {
            let message = format!("`{}` cannot stand in `augment`", transform.name);
            self.report(
                Diagnostic::new(Code::E0204, message)
                    .at(step.span, "changes no picture")
                    .help("let it follow after the brackets"),
            );
            return None;
        }
        let of_all = matches!(transform.name, "batch" | "hold_out" | "mixup" | "cutmix");
        if let (Target::One(field), true) = (target, of_all) {
            let message = format!("`{}` is not for one field", transform.name);
            let name = match transform.name {
                "batch" => "batch: 128",
                "hold_out" => "hold_out: 0.1",
                "mixup" => "mixup: 0.2",
                _ => "cutmix: 1",
            };
            self.report(
                Diagnostic::new(Code::E0204, message)
                    .at(step.span, format!("part of `{field}`"))
                    .help(format!("write `{name}` on a line of its own")),
            );
            return None;
        }
        if matches!(transform.name, "mixup" | "cutmix") {
            if draft.batch.is_none() {
                let message = format!("`{}` must stand after `batch`", transform.name);
                self.report(
                    Diagnostic::new(Code::E0204, message)
                        .at(step.span, "before `batch`")
                        .note("it mixes the samples of a batch"),
                );
                return None;
            }
            match transform.name {
                "mixup" => draft.mixup = settings.number("alpha"),
                _ => draft.cutmix = settings.number("alpha"),
            }
            return Some(());
        }
        if draft.batch.is_some() && matches!(target, Target::All) {
            let message = format!("`{}` must stand before `batch`", transform.name);
            self.report(Diagnostic::new(Code::E0204, message).at(step.span, "after `batch`"));
            return None;
        }
        match transform.name {
            "batch" => {
                draft.batch = Some(settings.int("size")?);
                draft.drop_last = settings.bool("drop_last").unwrap_or(false);
            }
            "hold_out" => draft.hold_out = settings.number("part"),
            "normalize" => self.normalize(draft, target, &settings, step.span)?,
            "augment" => self.augment(frame, draft, target, &settings, step)?,
            "number" | "class" | "tensor" | "load_image" => {
                self.read(draft, target, transform.name, &settings, step.span)?;
            }
            "wordpiece" | "bpe" | "tokens" => {
                self.tokens(draft, target, transform.name, &settings, step.span)?;
            }
            "pack" => self.pack(draft, target, &settings, step.span)?,
            "align" => self.align(draft, target, &settings, step.span)?,
            "scale" | "standardize" => {
                self.numbers(draft, target, transform.name, &settings, step.span)?;
            }
            name => self.picture(draft, scope, (name, step.span), &settings)?,
        }
        Some(())
    }

    /// The fields of the target that `takes` is true of, by their places. Reports if there are none.
    pub(super) fn takers(
        &mut self,
        draft: &Draft,
        target: Target,
        (transform, wants): (&str, &str),
        at: Span,
        takes: impl Fn(&Making) -> bool,
    ) -> Option<Vec<usize>> {
        let places = 0..draft.fields.len();
        let covered: Vec<usize> = places
            .filter(|i| target.covers(&draft.fields[*i]))
            .collect();
        let found: Vec<usize> = covered
            .iter()
            .copied()
            .filter(|i| takes(&draft.fields[*i]))
            .collect();
        if !found.is_empty() {
            return Some(found);
        }
        let message = match (target, covered.as_slice()) {
            (Target::One(name), [one, ..]) => format!(
                "`{transform}` takes {wants}, but `{name}` is {}",
                draft.fields[*one]
            ),
            _ => format!("`{transform}` takes {wants}, but no field is of that type"),
        };
        let diagnostic = Diagnostic::new(Code::E0307, message).at(at, format!("takes {wants}"));
        let numbers = |place: &usize| draft.fields[*place].form == Form::Real;
        self.report(match wants == PICTURES && covered.iter().any(numbers) {
            true => diagnostic.help("`scale(…)` and `standardize` change numbers"),
            false => diagnostic,
        });
        None
    }

    fn normalize(
        &mut self,
        draft: &mut Draft,
        target: Target,
        settings: &Settings,
        at: Span,
    ) -> Option<()> {
        let (mean, std, from) = self.mean_and_deviation(settings, at)?;
        let wants = ("normalize", PICTURES);
        let picture = |field: &Making| matches!(field.form, Form::Picture | Form::Normalized);
        for place in self.takers(draft, target, wants, at, picture)? {
            let field = &mut draft.fields[place];
            let channels = field.shape.0.get(1).and_then(Dim::known).unwrap_or(0);
            for (name, list) in [("mean", &mean), ("std", &std)] {
                if list.len() as u64 != channels {
                    let count = counted(list.len() as i64, "number");
                    let message = format!(
                        "`{name}` has {count}, but `{}` has {channels} channels",
                        field.name
                    );
                    let at = settings.span(name).unwrap_or(from);
                    let diagnostic = Diagnostic::new(Code::E0223, message).at(at, count);
                    self.report(match list.as_slice() {
                        [one] => {
                            let all = vec![one.to_string(); channels as usize].join(", ");
                            diagnostic.help(format!("write one for each: `[{all}]`"))
                        }
                        _ => diagnostic,
                    });
                    return None;
                }
            }
            field.form = Form::Normalized;
            draft.transforms.push(Transform::Normalize {
                field: field.name.clone(),
                mean: mean.clone(),
                std: std.clone(),
            });
        }
        Some(())
    }

    /// Either by name or as `statistics(…)`, with the place of the latter.
    fn mean_and_deviation(
        &mut self,
        settings: &Settings,
        at: Span,
    ) -> Option<(Vec<f64>, Vec<f64>, Span)> {
        let given = (
            settings.value("statistics"),
            settings.numbers("mean"),
            settings.numbers("std"),
        );
        let (message, label) = match given {
            (Some(Value::Statistics(known)), None, None) => {
                let span = settings.span("statistics").unwrap_or(at);
                return Some((known.mean.clone(), known.std.clone(), span));
            }
            (None, Some(mean), Some(std)) => return Some((mean, std, at)),
            (Some(_), ..) => (
                "`normalize` takes either `statistics` or `mean` and `std`",
                "both are given",
            ),
            (None, Some(_), None) => ("`normalize` still needs `std`", "without `std`"),
            (None, None, Some(_)) => ("`normalize` still needs `mean`", "without `mean`"),
            (None, None, None) => (
                "`normalize` still needs `mean` and `std`",
                "without `mean` and `std`",
            ),
        };
        self.report(
            Diagnostic::new(Code::E0220, message)
                .at(at, label)
                .help("for example `normalize(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25])`"),
        );
        None
    }
}
