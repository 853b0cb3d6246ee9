//! Fields of one's own: `data name = source { image = image -> flip, batch: 64 }`.

use super::draft::{Draft, Form};
use super::tables::{ALPHA, BATCH_SIZE, PART};
use super::transform::Scope;
use super::{INDEX, chain};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::Transform;
use crate::program::declared::Wants;
use crate::program::elaborate::{Elaborator, Frame};
use crate::program::value::Value;
use crate::syntax::ast::{self, Expr, ExprKind, Name, Pattern};

/// What a block may set besides fields.
const SETTINGS: [(&str, Wants); 5] = [
    ("batch", BATCH_SIZE),
    ("drop_last", Wants::Bool),
    ("hold_out", PART),
    ("mixup", ALPHA),
    ("cutmix", ALPHA),
];

impl Elaborator<'_, '_> {
    /// Reads the block from top to bottom. False when something is wrong, which has been reported.
    pub(super) fn fields(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        fields: &[ast::Field],
    ) -> bool {
        let mut fine = true;
        let mut set: Vec<&Name> = Vec::new();
        for field in fields {
            fine &= match field {
                ast::Field::Setting { name, value } => {
                    let first = set.iter().find(|other| other.text == name.text).copied();
                    set.push(name);
                    match first {
                        Some(first) => self.set_twice(name, first),
                        None => self.batch_setting(frame, draft, name, value),
                    }
                }
                ast::Field::Bind { pattern, value } => {
                    self.field_binding(frame, draft, pattern, value)
                }
                ast::Field::Error => None,
            }
            .is_some();
        }
        fine
    }

    fn set_twice(&mut self, name: &Name, first: &Name) -> Option<()> {
        let diagnostic = Diagnostic::new(Code::E0407, format!("`{}` is set twice", name.text));
        self.report(
            diagnostic
                .at(name.span, "set again")
                .also(first.span, "first here")
                .help("leave one of them out"),
        );
        None
    }

    fn batch_setting(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        name: &Name,
        value: &Expr,
    ) -> Option<()> {
        let known = SETTINGS.iter().find(|(known, _)| *known == name.text);
        let Some((_, wants)) = known else {
            self.report(unknown_setting(name));
            return None;
        };
        let given = self.expression(frame, value);
        if given.is_poison() {
            return None;
        }
        if let Err(needs) = wants.check(&given) {
            let message = format!("`{}` {needs}", name.text);
            self.report(Diagnostic::new(Code::E0408, message).at(value.span, "not possible"));
            return None;
        }
        match (name.text.as_str(), given) {
            ("batch", Value::Number(n)) => {
                draft.batch = n.as_int().map(i64::unsigned_abs);
            }
            ("hold_out", Value::Number(n)) => draft.hold_out = n.as_f64(),
            ("mixup", Value::Number(n)) => draft.mixup = n.as_f64(),
            ("cutmix", Value::Number(n)) => draft.cutmix = n.as_f64(),
            (_, Value::Bool(drop)) => draft.drop_last = drop == Some(true),
            _ => {}
        }
        Some(())
    }

    fn field_binding(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        pattern: &Pattern,
        value: &Expr,
    ) -> Option<()> {
        let names = pattern.names();
        if let Some(name) = names.iter().find(|name| name.text == INDEX) {
            let message = "`index` is a field of every data set and cannot be another";
            self.report(
                Diagnostic::new(Code::E0202, message)
                    .at(name.span, "taken")
                    .note("it is a sample's place among the training samples"),
            );
            return None;
        }
        let name = *names.first()?;
        let (head, steps) = chain(value);
        self.start(frame, draft, name, head)?;
        let mut fine = true;
        for step in steps {
            let scope = Scope::one(&name.text);
            fine &= self.transform(frame, draft, scope, &step.layer).is_some();
        }
        if fine && names.len() > 1 {
            self.token_parts(draft, &names, value.span)?;
        }
        fine.then_some(())
    }

    /// A field starts as what another is at this point.
    fn start(
        &mut self,
        frame: &mut Frame,
        draft: &mut Draft,
        name: &Name,
        head: &Expr,
    ) -> Option<()> {
        if let ExprKind::Call { callee, .. } = &head.bare().kind
            && let ExprKind::Name(begins) = &callee.kind
        {
            match begins.as_str() {
                "column" => return self.column(frame, draft, name, head.bare()),
                "next_token" => return self.next_token(frame, draft, name, head.bare()),
                _ => {}
            }
        }
        let ExprKind::Name(from) = &head.bare().kind else {
            let message = "a field starts with another field, or with `column(…)`";
            let there = listed(draft.fields.iter().map(|f| f.name.as_str()), 8);
            let diagnostic = Diagnostic::new(Code::E0204, message).at(head.span, "no field");
            self.report(match draft.fields.is_empty() {
                true => diagnostic,
                false => diagnostic.help(format!("the fields so far are {there}")),
            });
            return None;
        };
        let Some(found) = draft.field(from) else {
            let there = || draft.fields.iter().map(|f| f.name.as_str());
            let message = format!("there is no field `{from}` here");
            let diagnostic = Diagnostic::new(Code::E0410, message).at(head.span, "no such field");
            let diagnostic = match nearest(from, there()) {
                Some(near) => diagnostic.replace(
                    format!("there is a field with a similar name: `{near}`"),
                    head.span,
                    near,
                ),
                None => diagnostic.help(format!("the fields so far are {}", listed(there(), 8))),
            };
            self.report(diagnostic);
            return None;
        };
        if *from == name.text {
            return Some(());
        }
        if matches!(
            found.form,
            Form::Column | Form::Texts(_) | Form::Words | Form::OfWords
        ) {
            let message = format!("`{from}` is {found}, which no other field can start as");
            self.report(
                Diagnostic::new(Code::E0307, message)
                    .at(head.span, "not finished")
                    .help("begin with `column(…)` again"),
            );
            return None;
        }
        let mut field = found.clone();
        field.name.clone_from(&name.text);
        draft.bind(field);
        draft.transforms.push(Transform::Copy {
            field: name.text.clone(),
            from: from.clone(),
        });
        Some(())
    }
}

fn unknown_setting(name: &Name) -> Diagnostic {
    let names = || SETTINGS.iter().map(|(name, _)| *name);
    let message = format!("a data set has no setting `{}`", name.text);
    let diagnostic = Diagnostic::new(Code::E0407, message).at(name.span, "unknown setting");
    match nearest(&name.text, names()) {
        Some(near) => diagnostic.replace(
            format!("there is one with a similar name: `{near}`"),
            name.span,
            near,
        ),
        None => diagnostic.help(format!(
            "the settings are {}; a field is `{} = …`",
            listed(names(), 8),
            name.text
        )),
    }
}
