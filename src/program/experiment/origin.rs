//! What stands after `from`: another experiment, or a file of weights.

use super::{Experiment, Network, Origin, Trained};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Role, WeightsFile};
use crate::program::declared::{Declared, Parameter, Wants};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::Owner;
use crate::program::load::ModuleId;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, From, ItemKind, Str};
use std::path::Path;
use std::rc::Rc;

pub static WEIGHTS: &[Declared] = &[Declared {
    name: "weights",
    doc: "A file of weights, for `from`: what torch.save wrote (`.pt`, `.pth`, `.bin`, `.ckpt`), or \
          `.safetensors`. Every parameter of the model must be in it, in the model's shape, and nothing else. \
          Names are stripped first, then renamed; all patterns are about the names that result. In a pattern `*` stands for any text.",
    parameters: &[
        Parameter::required(
            "file",
            Wants::Text,
            "relative to the `.kd` file that names it",
        )
        .positional(),
        Parameter::optional(
            "key",
            Wants::Text,
            "where a checkpoint keeps the parameters: `\"model\"`; found by itself when there is only one place",
        ),
        Parameter::optional(
            "strip",
            Wants::Text,
            "what is taken from the front of names: `\"module.\"`",
        ),
        Parameter::optional(
            "rename",
            Wants::Renames,
            "pairs of old and new words of names, applied in order: `(\"gamma\", \"weight\")`, `(\"h.11\", \"h.5\")`, `(\"layer_*\", \"*\")`; a renamed parameter replaces one that has the name already",
        ),
        Parameter::optional(
            "transpose",
            Wants::Texts,
            "patterns of matrices that the file holds the other way round",
        ),
        Parameter::optional(
            "missing",
            Wants::Texts,
            "patterns of parameters that the file may lack: a student's start as they would without the file; a teacher's must not be needed",
        ),
        Parameter::optional(
            "ignore",
            Wants::Texts,
            "patterns of what the file holds and the model does not take",
        ),
    ],
}];

/// The endings of files that torch.save or safetensors write.
const ENDINGS: [&str; 5] = ["pt", "pth", "bin", "ckpt", "safetensors"];

impl Elaborator<'_, '_> {
    /// Where a network's weights come from. None after a mistake, which has been reported.
    pub(super) fn origin(
        &mut self,
        module: ModuleId,
        network: &ast::Network,
        from: &From,
    ) -> Option<Origin> {
        let (file, path, at) = match from {
            From::File { path, name } if path.text.ends_with(".kd") => {
                let trained = self.trained(module, path, name.as_ref())?;
                return Some(Origin::Experiment(trained));
            }
            From::File { path, name } => {
                if let Some(name) = name {
                    self.report(parts_of_weights(path, name));
                    return None;
                }
                (self.weights_file(module, path)?, path.span, path.span)
            }
            From::Call(call) => {
                let (file, path) = self.weights(module, call)?;
                (file, path, call.span)
            }
        };
        if network.value.is_none() {
            self.report(without_model(network, at));
            return None;
        }
        if !self.modules.exists(Path::new(&file.path)) {
            let diagnostic = missing_weights(&file, self.text(path), path);
            self.report(diagnostic);
        }
        Some(Origin::File(file))
    }

    /// `weights("x.pt", key: "model")`, and where it names the file.
    fn weights(&mut self, module: ModuleId, call: &Expr) -> Option<(WeightsFile, Span)> {
        let mut frame = Frame::new(module, FrameKind::File, "", Owner::Data);
        let (_, settings) = self.declared(&mut frame, WEIGHTS, "source of weights", call)?;
        let path = Str {
            text: settings.text("file")?,
            span: settings.span("file")?,
        };
        let file = self.weights_file(module, &path)?;
        if file.path.ends_with(".safetensors")
            && let Some(at) = settings.span("key")
        {
            self.report(
                Diagnostic::new(
                    Code::E0502,
                    "a safetensors file has no `key`: it holds parameters and nothing else",
                )
                .at(at, "leave it out"),
            );
            return None;
        }
        let file = WeightsFile {
            key: settings.text("key"),
            strip: settings.text("strip"),
            rename: settings.pairs("rename"),
            transpose: settings.texts("transpose"),
            missing: settings.texts("missing"),
            ignore: settings.texts("ignore"),
            ..file
        };
        Some((file, path.span))
    }

    /// The file that a string names, there or not.
    fn weights_file(&mut self, module: ModuleId, written: &Str) -> Option<WeightsFile> {
        let ending = Path::new(&written.text).extension();
        let ending = ending.map(|ending| ending.to_string_lossy().to_lowercase());
        if !ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
            self.report(no_weights_file(written));
            return None;
        }
        let path = self.modules.resolve_path(module, &written.text);
        let file = self.modules.sources.get(written.span.file);
        let line = file.position(written.span.start as usize).line;
        Some(WeightsFile {
            path: path.display().to_string(),
            at: format!("{}:{line}", file.name),
            ..WeightsFile::default()
        })
    }

    /// The experiment that `from "file.kd"` names, compiled.
    fn trained(
        &mut self,
        module: ModuleId,
        path: &Str,
        wanted: Option<&ast::Name>,
    ) -> Option<Trained> {
        let file = self.modules.file(module, path)?;
        let experiment = self.experiment_of(file, path)?;
        let students: Vec<&Network> = students(&experiment).collect();
        let student = match (wanted, students.as_slice()) {
            (None, [only]) => only.name.clone(),
            (None, several) => {
                let names = listed(several.iter().map(|n| n.name.as_str()), 8);
                self.report(
                    Diagnostic::new(
                        Code::E0403,
                        format!("`{}` trains several students: {names}", path.text),
                    )
                    .at(path.span, "which one?")
                    .help(format!(
                        "write `from \"{}\"::{}`",
                        path.text,
                        several.first()?.name
                    )),
                );
                return None;
            }
            (Some(name), several) => match several.iter().find(|n| n.name == name.text) {
                Some(found) => found.name.clone(),
                None => {
                    let there = || several.iter().map(|n| n.name.as_str());
                    let diagnostic = Diagnostic::new(
                        Code::E0207,
                        format!("`{}` trains no student `{}`", path.text, name.text),
                    )
                    .at(name.span, "no such student");
                    let diagnostic = match nearest(&name.text, there()).or(there().next()) {
                        Some(near) => diagnostic.replace(
                            format!("it trains {}", listed(there(), 8)),
                            name.span,
                            near,
                        ),
                        None => diagnostic,
                    };
                    self.report(diagnostic);
                    return None;
                }
            },
        };
        Some(Trained {
            file: path.text.clone(),
            network: student,
            experiment,
        })
    }

    fn experiment_of(&mut self, file: ModuleId, path: &ast::Str) -> Option<Rc<Experiment>> {
        if let Some(known) = self.modules.experiments.get(&file) {
            return known.clone();
        }
        if file == self.root || self.modules.compiling.contains(&file) {
            self.report(
                Diagnostic::new(Code::E0208, "experiments learn from each other in a circle")
                    .at(path.span, "this one is being trained for itself")
                    .help("a teacher must come from a file that does not need this one"),
            );
            return None;
        }
        let before = self.modules.diagnostics.len();
        self.modules.compiling.push(self.root);
        let compiled = super::compile(self.modules, file);
        self.modules.compiling.pop();
        self.modules.experiments.insert(file, compiled.clone());
        if compiled.is_none()
            && self.modules.diagnostics.len() == before
            && !self.modules.has_errors(file)
        {
            self.report(
                Diagnostic::new(Code::E0403, format!("`{}` trains no network", path.text))
                    .at(path.span, "not an experiment")
                    .help("a teacher comes from a file with a `student` and a `train` block"),
            );
        }
        compiled
    }

    /// The model of another experiment's student, with the file in which it is written.
    pub(super) fn student_of(&mut self, origin: &Trained) -> Option<(ModuleId, Expr)> {
        let student = students(&origin.experiment).find(|n| n.name == origin.network)?;
        let (ast, at) = self.modules.item(student.id);
        match &ast.items[at].kind {
            ItemKind::Network(network) => Some((student.id.module, network.value.clone()?)),
            _ => None,
        }
    }

    /// Whether a model that this file states has the parameters that the other experiment trains.
    pub(super) fn same_parameters(&mut self, network: &ast::Network, origin: &Trained) -> bool {
        let graph = &origin.experiment.graph;
        let theirs: Vec<(&str, &crate::shape::Shape)> = graph
            .parameters
            .iter()
            .filter(|p| p.owner == Owner::Network(origin.network.clone()))
            .map(|p| (without_owner(&p.name), &p.shape))
            .collect();
        let owner = Owner::Network(network.name.text.clone());
        let mut differences = Vec::new();
        let ours = self.parameters_of(&owner);
        for id in &ours {
            let parameter = self.graph.parameter(*id);
            let name = without_owner(&parameter.name);
            match theirs.iter().find(|(n, _)| *n == name) {
                None => differences.push(format!("`{name}` is not there")),
                Some((_, shape)) if **shape != parameter.shape => {
                    differences.push(format!(
                        "`{name}` is {} here and {shape} there",
                        parameter.shape
                    ));
                }
                Some(_) => {}
            }
        }
        if ours.len() < theirs.len() {
            differences.push(format!(
                "it trains {} parameters more",
                theirs.len() - ours.len()
            ));
        }
        if differences.is_empty() {
            return true;
        }
        let message = format!(
            "the student `{}` of `{}` does not fit this model",
            origin.network, origin.file
        );
        let at = network.value.as_ref().map_or(network.name.span, |v| v.span);
        let mut diagnostic = Diagnostic::new(Code::E0403, message).at(at, "another model");
        for difference in differences.iter().take(5) {
            diagnostic = diagnostic.note(difference.clone());
        }
        self.report(
            diagnostic.help("leave the model out: `from` alone takes the one that was trained"),
        );
        false
    }
}

fn parts_of_weights(path: &Str, name: &ast::Name) -> Diagnostic {
    let message = format!(
        "`{}` is a file of weights, which holds one network",
        path.text
    );
    Diagnostic::new(Code::E0502, message)
        .at(name.span, "no part of it")
        .help(format!(
            "leave `::{0}` out; where a checkpoint keeps several, write `from weights(\"{1}\", key: \"{0}\")`",
            name.text, path.text
        ))
}

fn without_model(network: &ast::Network, at: Span) -> Diagnostic {
    let name = &network.name.text;
    Diagnostic::new(
        Code::E0502,
        format!("a file of weights does not say which model `{name}` is"),
    )
    .at(at, "weights alone")
    .also(network.name.span, "no model")
    .help(format!("state it: `{name} = Model() from …`"))
}

fn no_weights_file(written: &Str) -> Diagnostic {
    let known = ENDINGS.map(|ending| format!("`.{ending}`")).join(", ");
    Diagnostic::new(
        Code::E0502,
        format!("`{}` is no file that weights come from", written.text),
    )
    .at(written.span, "unknown ending")
    .help(format!(
        "`from` takes an experiment, `.kd`, or a file of weights: {known}"
    ))
}

/// A warning: checking needs no weights.
fn missing_weights(file: &WeightsFile, written: &str, at: Span) -> Diagnostic {
    let name = written.trim_matches('"');
    Diagnostic::new(
        Code::W0501,
        format!("the file of weights `{name}` is not there yet"),
    )
    .at(at, format!("looked for {}", file.path))
    .help("checking does not need it; `kdc train` refuses to start without it")
}

fn students(experiment: &Experiment) -> impl Iterator<Item = &Network> {
    experiment
        .networks
        .iter()
        .filter(|n| n.role == Role::Student)
}

fn without_owner(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, rest)| rest)
}
