//! Changes of pictures: crops, sizes, colours, and which of them only training sees.

use super::chain;
use super::draft::{Draft, Form, Making};
use super::transform::{PICTURES, Scope, Target};
use crate::diag::{Code, Diagnostic};
use crate::plan::{PictureChange, Side, Transform, When};
use crate::program::declared::Settings;
use crate::program::elaborate::{Elaborator, Frame};
use crate::shape::Dim;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl Elaborator<'_, '_> {
    /// `augment(chain, otherwise: chain)`: each in its own mode, with the same size in the end.
    pub(super) fn augment(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        target: Target,
        settings: &Settings,
        call: &Expr,
    ) -> Option<()> {
        let before = draft.fields.clone();
        let training = self.augment_branch(frame, draft, target, When::Training, settings, call);
        let trained = std::mem::replace(&mut draft.fields, before);
        let otherwise = self.augment_branch(frame, draft, target, When::Evaluation, settings, call);
        training.and(otherwise)?;
        for (field, trained) in draft.fields.iter_mut().zip(trained) {
            if field.shape != trained.shape {
                let message = format!(
                    "training and evaluation must see `{}` in one size",
                    field.name
                );
                let mut diagnostic = Diagnostic::new(Code::E0302, message);
                let spans = (settings.span("training"), settings.span("otherwise"));
                diagnostic = diagnostic.at(
                    spans.0.unwrap_or(call.span),
                    format!("gives {}", trained.shape),
                );
                diagnostic = match spans.1 {
                    Some(span) => diagnostic.also(span, format!("gives {}", field.shape)),
                    None => diagnostic
                        .note(format!("evaluation sees {}", field.shape))
                        .help("say what evaluation does: `otherwise: resize(256) -> center_crop(224)`"),
                };
                self.report(diagnostic);
                return None;
            }
            field.augmented |= trained.augmented;
        }
        Some(())
    }

    fn augment_branch(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        target: Target,
        when: When,
        settings: &Settings,
        call: &Expr,
    ) -> Option<()> {
        let name = match when {
            When::Training => "training",
            _ => "otherwise",
        };
        let ExprKind::Call { args, .. } = &call.kind else {
            return None;
        };
        let given = settings.span(name);
        let Some(argument) = args.iter().find(|arg| Some(arg.value.span) == given) else {
            return Some(());
        };
        let scope = Scope {
            target,
            when: Some(when),
        };
        let (head, steps) = chain(argument.value.bare());
        let mut fine = self.transform(frame, draft, scope, head).is_some();
        for step in steps {
            fine &= self.transform(frame, draft, scope, &step.layer).is_some();
        }
        fine.then_some(())
    }

    pub(super) fn picture(
        &mut self,
        draft: &mut Draft,
        scope: Scope,
        (name, at): (&'static str, Span),
        settings: &Settings,
    ) -> Option<()> {
        let change = change(name, settings)?;
        let picture = |field: &Making| matches!(field.form, Form::Picture | Form::Normalized);
        let random = is_random(&change);
        if random && scope.when == Some(When::Evaluation) {
            let message = format!("`{name}` is random, and evaluation is not");
            self.report(
                Diagnostic::new(Code::E0204, message)
                    .at(at, "random")
                    .help("`resize` and `center_crop` are not"),
            );
            return None;
        }
        let when = scope.when.unwrap_or(match random {
            true => When::Training,
            false => When::Always,
        });
        for place in self.takers(draft, scope.target, (name, PICTURES), at, picture)? {
            let field = &mut draft.fields[place];
            let refused = refused(&change, name, field).or_else(|| {
                changes_size(&change, field).filter(|_| random && scope.when.is_none())
            });
            if let Some((message, help)) = refused {
                self.report(
                    Diagnostic::new(Code::E0302, message)
                        .at(at, format!("gets pictures {}", field.shape))
                        .help(help),
                );
                return None;
            }
            let (height, width) = dims(change.size_after(field.size()));
            field.shape.0[2] = height;
            field.shape.0[3] = width;
            field.augmented |= when != When::Always;
            draft.transforms.push(Transform::Picture {
                field: field.name.clone(),
                when,
                change: change.clone(),
            });
        }
        Some(())
    }
}

fn change(name: &str, settings: &Settings) -> Option<PictureChange> {
    let pair = |name: &str, default: (f64, f64)| match settings.numbers(name).as_deref() {
        Some([low, high]) => (*low, *high),
        _ => default,
    };
    let size = settings.size("size");
    Some(match name {
        "crop" => PictureChange::Crop {
            size: size?,
            padding: settings.int("padding").unwrap_or(0),
        },
        "flip" => PictureChange::Flip {
            probability: settings.number("p").unwrap_or(0.5),
        },
        "resize" => PictureChange::Resize {
            to: match (settings.int("size"), size?) {
                (Some(side), _) => Side::Shorter(side),
                (None, (height, width)) => Side::Both(height, width),
            },
        },
        "center_crop" => PictureChange::CenterCrop { size: size? },
        "random_resized_crop" => PictureChange::RandomResizedCrop {
            size: size?,
            scale: pair("scale", (0.08, 1.0)),
            ratio: pair("ratio", (3.0 / 4.0, 4.0 / 3.0)),
        },
        "rand_augment" => PictureChange::RandAugment {
            operations: settings.int("operations").unwrap_or(2),
            magnitude: settings.int("magnitude").unwrap_or(9),
        },
        _ => {
            let strength = settings.number("strength")?;
            PictureChange::ColorJitter {
                brightness: strength,
                contrast: strength,
                saturation: strength,
                hue: settings.number("hue").unwrap_or(0.0),
            }
        }
    })
}

fn is_random(change: &PictureChange) -> bool {
    !matches!(
        change,
        PictureChange::Resize { .. } | PictureChange::CenterCrop { .. }
    )
}

/// Why a field cannot be changed so, and what to do about it.
fn refused(change: &PictureChange, name: &str, field: &Making) -> Option<(String, String)> {
    let field_name = &field.name;
    match (change, field.size()) {
        (PictureChange::RandAugment { .. } | PictureChange::ColorJitter { .. }, _)
            if field.form == Form::Normalized =>
        {
            Some((
                format!("`{name}` takes colours from 0 to 1, but `{field_name}` is normalized"),
                "let `normalize` come after it".to_string(),
            ))
        }
        (PictureChange::RandAugment { .. } | PictureChange::ColorJitter { .. }, _)
            if field.shape.0[1] != Dim::Known(3) =>
        {
            Some((
                format!("`{name}` takes pictures of three colours"),
                "leave it out".to_string(),
            ))
        }
        (
            PictureChange::Resize { .. }
            | PictureChange::CenterCrop { .. }
            | PictureChange::RandomResizedCrop { .. },
            _,
        ) => None,
        (_, None) => Some((
            format!("the pictures of `{field_name}` have no common size yet"),
            "let `resize((h, w))`, `center_crop(size)` or `random_resized_crop(size)` come before it"
                .to_string(),
        )),
        (PictureChange::Crop { size, padding }, Some((height, width)))
            if size.0 > height + 2 * padding || size.1 > width + 2 * padding =>
        {
            Some((
                format!(
                    "a part of {}×{} does not fit in a picture of {height}×{width}",
                    size.0, size.1
                ),
                "make it smaller, or the padding larger".to_string(),
            ))
        }
        _ => None,
    }
}

/// Evaluation, which is not random, would see another size.
fn changes_size(change: &PictureChange, field: &Making) -> Option<(String, String)> {
    let (height, width) = dims(change.size_after(field.size()));
    if [&height, &width] == [&field.shape.0[2], &field.shape.0[3]] && height != Dim::Unknown {
        return None;
    }
    Some((
        format!(
            "training would see `{}` as {height}×{width}, evaluation not",
            field.name
        ),
        format!(
            "say what evaluation does: `augment(…, otherwise: resize({height}) -> center_crop({height}))`"
        ),
    ))
}

fn dims(size: Option<(u64, u64)>) -> (Dim, Dim) {
    match size {
        Some((height, width)) => (Dim::Known(height), Dim::Known(width)),
        None => (Dim::Unknown, Dim::Unknown),
    }
}
