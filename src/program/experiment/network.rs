//! Teachers and students: which model, on which data, with which weights.

use super::mismatch::Misfit;
use super::transplant::grafts;
use super::{Network, Origin};
use crate::diag::suggest::listed;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::plan::{DataSet, Role};
use crate::program::elaborate::{Clash, Elaborator, Frame, FrameKind, Naming};
use crate::program::graph::Owner;
use crate::program::load::{DefId, ModuleId};
use crate::program::value::{Applied, Callee, Given, Instance, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Expr};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// A network in use: its value is the record of all that can be tapped in it.
    pub(in crate::program) fn network(&mut self, id: DefId, network: &ast::Network) -> Value {
        if id.module != self.root {
            let message = format!(
                "the network `{}` belongs to another experiment",
                network.name.text
            );
            let needed = self
                .following
                .last()
                .map_or(network.name.span, |(_, _, span)| *span);
            return self.poison(
                Diagnostic::new(Code::E0204, message)
                    .at(needed, "not visible here")
                    .help("to learn from what that file trains, write `teacher name from \"file.kd\"`"),
            );
        }
        let origin = network
            .from
            .as_ref()
            .map(|from| self.origin(id.module, network, from));
        let origin = match origin {
            Some(None) => {
                // the model may hold mistakes of its own
                if let Some(value) = &network.value {
                    let owner = Owner::Network(network.name.text.clone());
                    let mut frame = Frame::new(id.module, FrameKind::File, "", owner);
                    self.expression(&mut frame, value);
                }
                return Value::Poison;
            }
            Some(Some(origin)) => Some(origin),
            None => None,
        };
        let follower = match self.follower(network) {
            Some(None) => return Value::Poison,
            Some(follower) => follower,
            None => None,
        };
        let (module, value) = match (follower.as_ref().or(network.value.as_ref()), &origin) {
            (Some(value), _) => (id.module, value.clone()),
            (None, Some(Origin::Experiment(trained))) => match self.student_of(trained) {
                Some(found) => found,
                None => return Value::Poison,
            },
            (None, _) => {
                let message = format!("the network `{}` has no model", network.name.text);
                if network.role == ast::Role::Teacher {
                    return self.poison(without_weights(network));
                }
                let diagnostic = Diagnostic::new(Code::E0220, message)
                    .at(network.name.span, "without a model")
                    .help("write `student name = Model()`");
                return self.poison(diagnostic);
            }
        };
        let written = network.value.as_ref().unwrap_or(&value);
        let first = self.graph.len();
        let instance = self.instantiate(module, network, &value);
        let broken = matches!(value.kind, ast::ExprKind::Error);
        if origin.is_none() && follower.is_none() && network.role == ast::Role::Teacher && !broken {
            let diagnostic = without_weights(network);
            self.report(diagnostic);
        }
        let Some((mut instance, mut layers)) = instance else {
            return Value::Poison;
        };
        if let Some(origin) = origin {
            if let Origin::Experiment(trained) = &origin
                && !self.same_parameters(network, trained)
            {
                return Value::Poison;
            }
            if let Origin::Experiment(trained) = &origin
                && grafts(trained).next().is_some()
            {
                let made = first..self.graph.len();
                match self.transplanted(network, trained, instance, made) {
                    Some(whole) => instance = whole,
                    None => return Value::Poison,
                }
                layers.clear();
            }
            self.origins.push((network.name.text.clone(), origin));
        }
        self.networks.push(Network {
            id,
            name: network.name.text.clone(),
            role: match network.role {
                ast::Role::Teacher => Role::Teacher,
                ast::Role::Student => Role::Student,
            },
            model: self.text(written.span).to_string(),
            instance: instance.clone(),
            layers: Rc::new(layers),
            span: network.name.span,
        });
        Value::Record(instance)
    }

    /// Applies a network's model to the fields of the data.
    fn instantiate(
        &mut self,
        module: ModuleId,
        network: &ast::Network,
        value: &Expr,
    ) -> Option<(Rc<Instance>, Vec<Applied>)> {
        let name = &network.name.text;
        let mut frame = Frame::new(module, FrameKind::File, name, Owner::Network(name.clone()));
        frame.naming = Naming::new("", true);
        let made = self.expression(&mut frame, value);
        match &made {
            Value::Layer(layer) => match &**layer {
                Layer::Call {
                    callee: Callee::Definition(id),
                    given,
                    span,
                } if self.is_model(*id) => {
                    let at = if span.file == value.span.file {
                        *span
                    } else {
                        value.span
                    };
                    // a model that another file's student names is shown where this file asks for it
                    let at = if module == self.root {
                        at
                    } else {
                        network.name.span
                    };
                    let instance = self.on_data(&frame, *id, given, at)?;
                    let applied = Applied {
                        callee: Callee::Definition(*id),
                        given: given.clone(),
                        path: frame.path.clone(),
                        owner: frame.owner.clone(),
                    };
                    Some((instance, vec![applied]))
                }
                _ => {
                    let message =
                        format!("the network `{name}` must be a model, but this is a bare layer");
                    self.report(
                        Diagnostic::new(Code::E0204, message)
                            .at(value.span, "no model")
                            .help("define `model Name() { input image: […] … output logits = … }`"),
                    );
                    None
                }
            },
            Value::Tensor(_) | Value::Record(_) => {
                let step = frame.naming.steps.pop()?;
                Some((step.inner?, frame.naming.row))
            }
            Value::Poison => None,
            other => {
                let other = other.clone();
                self.wrong_kind(
                    &other,
                    value.span,
                    &format!("the network `{name}` must be a model"),
                );
                None
            }
        }
    }

    /// Fills a model's inputs with the fields of the data set that trains, by name.
    fn on_data(
        &mut self,
        frame: &Frame,
        model: DefId,
        given: &[Given],
        at: Span,
    ) -> Option<Rc<Instance>> {
        let signature = self.signature(Callee::Definition(model));
        let data = self.training_data()?;
        let mut all = given.to_vec();
        for (i, slot) in signature.inputs.iter().enumerate() {
            if given
                .iter()
                .any(|g| g.name.as_ref().is_some_and(|(n, _)| *n == slot.name))
            {
                continue;
            }
            let Some(field) = field_for(&data, &signature.inputs[i].name, signature.inputs.len())
            else {
                let diagnostic = without_field(&signature.name, &slot.name, &data, at);
                self.report(diagnostic);
                return None;
            };
            let node = self.field(&data, field, at);
            all.push(Given {
                name: Some((slot.name.clone(), at)),
                value: Value::Tensor(node),
                span: at,
            });
        }
        let bound = self.bound(&signature, all, at)?;
        if !self.complete(&signature, &bound, at) {
            return None;
        }
        let mut opened = self.open(model, &bound, &frame.path, frame.owner.clone(), at)?;
        if let Err((input, clash)) = self.fit_inputs(&mut opened, &bound) {
            let wanted = self.wanted(&opened, input, &clash)?;
            let misfit = Misfit {
                signature: &signature,
                bound: &bound,
                input,
                wanted: &wanted,
                clash: &clash,
            };
            let diagnostic = self.unfit_field(&data, &misfit, at);
            self.report(diagnostic);
            return None;
        }
        let member: Member = self.run_body(opened, at);
        if member.value.is_poison() {
            return None;
        }
        member.inner
    }

    /// Words for a field that a model does not take.
    fn unfit_field(&mut self, data: &DataSet, misfit: &Misfit, at: Span) -> Diagnostic {
        let (model, wanted) = (&misfit.signature.name, misfit.wanted);
        let given = misfit.bound.inputs[misfit.input].as_ref().map(|g| &g.value);
        let Some(Value::Tensor(node)) = given else {
            return Diagnostic::new(Code::E0305, format!("`{model}` takes {wanted}"))
                .at(at, "here");
        };
        let code = match misfit.clash {
            Clash::Bound { .. } => Code::E0306,
            _ => Code::E0305,
        };
        let (name, got) = (&self.graph.node(*node).name, self.graph.tensor(*node));
        let diagnostic = Diagnostic::new(
            code,
            format!("`{model}` takes {wanted}, but `{name}` is {got}"),
        )
        .at(at, format!("takes {wanted}"))
        .help("use a model for pictures of this size, or data of the size that the model takes");
        let declared = format!("`{}` is declared here", data.name);
        match self.place_of_training_data() {
            Some(place) => diagnostic.note_at(place, declared),
            None => diagnostic,
        }
    }
}

/// The field of an input: of its name, else the only one that is no label, for a model with one input.
fn field_for<'d>(data: &'d DataSet, input: &str, inputs: usize) -> Option<&'d crate::plan::Field> {
    use crate::plan::FieldKind;
    let no_label = |f: &&crate::plan::Field| {
        !matches!(
            f.kind,
            FieldKind::Class(_)
                | FieldKind::Label(_)
                | FieldKind::Probability(_)
                | FieldKind::Index
        )
    };
    data.fields.iter().find(|f| f.name == input).or_else(|| {
        let mut others = data.fields.iter().filter(no_label);
        match (others.next(), others.next(), inputs) {
            (Some(only), None, 1) => Some(only),
            _ => None,
        }
    })
}

fn without_field(model: &str, input: &str, data: &DataSet, at: Span) -> Diagnostic {
    let fields = listed(data.fields.iter().map(|f| f.name.as_str()), 8);
    Diagnostic::new(
        Code::E0410,
        format!(
            "`{model}` has an input `{input}`, but the data set `{}` has no such field",
            data.name
        ),
    )
    .at(at, format!("no field `{input}`"))
    .note(format!("the fields of `{}` are {fields}", data.name))
    .help(format!(
        "say which field it takes: `{}.field -> {model}()`",
        data.name
    ))
}

fn without_weights(network: &ast::Network) -> Diagnostic {
    let name = &network.name.text;
    let end = network
        .value
        .as_ref()
        .map_or(network.name.span, |v| v.span)
        .after();
    Diagnostic::new(Code::E0403, format!("the teacher `{name}` has no weights"))
        .at(network.name.span, "nothing to learn from")
        .fix(
            "say where they come from: `from \"teacher.kd\"`, a file that trains it",
            Applicability::Unsafe,
            vec![Edit {
                span: end,
                text: " from \"teacher.kd\"".to_string(),
            }],
        )
}
