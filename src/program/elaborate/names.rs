//! Names: what one means where it stands.

use super::{Elaborator, Frame, FrameKind};
use crate::diag::suggest::nearest;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::program::experiment::FIT;
use crate::program::initial::INITIALISERS;
use crate::program::load::DefId;
use crate::program::value::{Callee, Layer, Value};
use crate::program::{foreign, library, ops, schedule};
use crate::source::{FileId, Span};
use crate::syntax::ast::{Expr, ExprKind, ItemKind};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// A name where a value is wanted.
    pub(super) fn name(&mut self, frame: &mut Frame, name: &str, span: Span) -> Value {
        if let Some((value, definition)) = frame.local_at(name) {
            self.modules.link(span, definition);
            return value.clone();
        }
        if let Some((_, below)) = frame.below.iter().find(|(n, _)| n == name) {
            let diagnostic = Diagnostic::new(
                Code::E0203,
                format!("`{name}` is used above its definition"),
            )
            .at(span, "used here")
            .also(*below, "defined below")
            .help("a body is read from top to bottom: move the definition up");
            return self.poison(diagnostic);
        }
        match self.modules.lookup_at(frame.module, name, span) {
            Some(None) => return Value::Poison,
            Some(Some(id)) => {
                return self.file_name(frame, id, name, span);
            }
            None => {}
        }
        match self.standard(name) {
            Some(value) => value,
            None if schedule::is_schedule(name) => {
                let expr = Expr {
                    kind: ExprKind::Name(name.to_string()),
                    span,
                };
                self.schedule(frame, &expr)
            }
            None => {
                let what = if frame.kind == FrameKind::File {
                    "name"
                } else {
                    "value"
                };
                self.unknown_name(frame, name, span, what)
            }
        }
    }

    /// What the language itself calls so: operations and the library's losses.
    fn standard(&mut self, name: &str) -> Option<Value> {
        // before the operation of that name: no step at all, so that it has no index
        if name == "nothing" {
            return Some(Value::Layer(Rc::new(Layer::Chain {
                steps: Vec::new(),
                nested: false,
            })));
        }
        if let Some(op) = ops::find(name) {
            return Some(Value::Layer(Rc::new(Layer::Call {
                callee: Callee::Operation(op),
                given: Vec::new(),
                span: Span::new(FileId(0), 0..0),
            })));
        }
        let id = self.modules.library("losses", name)?;
        Some(self.definition_value(id))
    }

    /// A name of the file; from inside a body only constants and what can be called.
    fn file_name(&mut self, frame: &Frame, id: DefId, name: &str, span: Span) -> Value {
        let value = self.item(id, span);
        if frame.kind == FrameKind::File {
            return value;
        }
        let what = match value {
            Value::Record(_) => "networks",
            Value::Data(_) => "data sets",
            Value::Tensor(_) => "taps",
            other => return other,
        };
        let diagnostic = Diagnostic::new(
            Code::E0204,
            format!("a body does not see the file's {what}, such as `{name}`"),
        )
        .at(span, "not visible here")
        .help("give it to the model or loss as an input");
        self.poison(diagnostic)
    }

    /// A name where something to call is wanted: no tensor hides a layer.
    pub fn find_callable(&mut self, frame: &mut Frame, name: &str, span: Span) -> Option<Value> {
        let local = frame
            .locals
            .iter_mut()
            .rev()
            .find(|l| l.name == name && matches!(l.value, Value::Layer(_) | Value::Poison));
        if let Some(local) = local {
            local.used = true;
            self.modules.link(span, local.span);
            return Some(local.value.clone());
        }
        match self.modules.lookup(frame.module, name) {
            Some(None) => return Some(Value::Poison),
            Some(Some(id)) if self.may_be_called(id) => match self.item(id, span) {
                value @ (Value::Layer(_) | Value::Poison) => {
                    self.modules.link_item(span, id);
                    return Some(value);
                }
                other if self.standard(name).is_none() => return Some(other),
                _ => {}
            },
            _ => {}
        }
        let found = self.standard(name)?;
        if let Value::Layer(layer) = &found
            && let Layer::Call {
                callee: Callee::Definition(id),
                ..
            } = **layer
        {
            self.modules.link_item(span, id);
        }
        Some(found)
    }

    /// Whether an item can mean something to call; an edge may have the name of its loss.
    fn may_be_called(&self, id: DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        matches!(
            ast.items[at].kind,
            ItemKind::Callable(_) | ItemKind::Constant(_) | ItemKind::Network(_)
        )
    }

    /// "There is nothing called `x` here", with the nearest name of those that could stand there.
    pub(super) fn unknown_name(
        &mut self,
        frame: &Frame,
        name: &str,
        span: Span,
        what: &str,
    ) -> Value {
        if name == FIT {
            let diagnostic = Diagnostic::new(Code::E0204, "`fit` ends the right side of an edge")
                .at(span, "not the end of a target")
                .help("write `edge deep.features ~> light.features -> fit by mse`");
            return self.poison(diagnostic);
        }
        if INITIALISERS.iter().any(|i| i.name == name) {
            let message = format!("`{name}` only says how a `param` or `state` starts");
            let diagnostic = Diagnostic::new(Code::E0204, message)
                .at(span, "no value by itself")
                .help(format!(
                    "write `param name: [64] = {name}(…)` and use the name"
                ));
            return self.poison(diagnostic);
        }
        if frame.in_dimension && name.starts_with(|c: char| c.is_ascii_uppercase()) {
            let message = format!("nothing has told yet how large `{name}` is");
            let diagnostic = Diagnostic::new(Code::E0203, message)
                .at(span, "no size yet")
                .help(format!("a dimension gets its size where its name stands alone: let an input have `{name}` before"))
                .help(format!("or make it a parameter: `{name}: int`"));
            return self.poison(diagnostic);
        }
        let diagnostic = Diagnostic::new(Code::E0201, format!("there is no {what} `{name}`"))
            .at(span, "unknown name");
        if let Some(alias) = self.modules.alias_of(frame.module, name) {
            let help = format!("it is imported as `{alias}`");
            let alias = alias.to_string();
            return self.poison(diagnostic.replace(help, span, alias));
        }
        if let Some(library) = library::LIBRARIES
            .iter()
            .find(|library| library::find(library, name).is_some())
        {
            return self.poison(self.with_import(diagnostic, frame, library, name));
        }
        if let Some(diagnostic) = foreign::explained(name, span) {
            return self.poison(diagnostic);
        }
        let locals = frame.locals.iter().map(|local| local.name.as_str());
        let mut there: Vec<&str> = locals.chain(self.modules.names(frame.module)).collect();
        ops::all().for_each(|op| there.push(op.name));
        library::names("losses").for_each(|loss| there.push(loss));
        schedule::SCHEDULES
            .iter()
            .for_each(|schedule| there.push(schedule.name));
        let diagnostic = match nearest(name, there) {
            Some(near) => diagnostic.replace(
                format!("there is something with a similar name: `{near}`"),
                span,
                near,
            ),
            None if what.starts_with("layer") => diagnostic.help(
                "`kdc explain operations` lists those of kdc, `losses` and `models` those of the library",
            ),
            None => diagnostic,
        };
        self.poison(diagnostic)
    }

    fn with_import(
        &self,
        diagnostic: Diagnostic,
        frame: &Frame,
        library: &str,
        name: &str,
    ) -> Diagnostic {
        let ast = &self.modules.get(frame.module).ast;
        let line = format!("use {library}::{name}\n");
        let top = Span::new(ast.id, 0..0);
        let first = ast
            .items
            .iter()
            .find(|item| matches!(item.kind, ItemKind::Use(_)))
            .or(ast.items.first())
            .map_or(top, |item| item.span.before());
        diagnostic.fix(
            format!("the standard library has it: `use {library}::{name}`"),
            Applicability::Safe,
            vec![Edit {
                span: first,
                text: line,
            }],
        )
    }
}
