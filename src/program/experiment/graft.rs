//! `output light.logits = …` at the top of a file: what a student answers from now on.

use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::Role;
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::{NodeIndex, Owner};
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind};

/// Another value for one of a student's outputs, when it is measured and where it is used later.
pub struct Graft {
    pub network: String,
    pub output: String,
    pub value: NodeIndex,
}

impl Elaborator<'_, '_> {
    /// All of a file; mistakes are reported.
    pub(super) fn grafts(&mut self, ast: &ast::File) -> Vec<Graft> {
        let mut grafts: Vec<(Graft, Span)> = Vec::new();
        for item in &ast.items {
            let ItemKind::Output(output) = &item.kind else {
                continue;
            };
            let Some(graft) = self.graft(output) else {
                continue;
            };
            let same = |g: &Graft| g.network == graft.network && g.output == graft.output;
            if let Some((_, first)) = grafts.iter().find(|(g, _)| same(g)) {
                let message = format!("`{}.{}` is replaced twice", graft.network, graft.output);
                let diagnostic = Diagnostic::new(Code::E0202, message)
                    .at(output.output.span, "again")
                    .also(*first, "first here");
                self.report(diagnostic);
                continue;
            }
            grafts.push((graft, output.output.span));
        }
        grafts.into_iter().map(|(graft, _)| graft).collect()
    }

    fn graft(&mut self, item: &ast::OutputItem) -> Option<Graft> {
        let path = format!("{}.{}", item.network.text, item.output.text);
        let owner = Owner::Tap(path.clone());
        let mut frame = Frame::new(self.root, FrameKind::File, "", owner.clone());
        let owned_before = self.parameters_of(&owner).len();
        let (value, _) = self.named_value(&mut frame, &path, &item.value);
        let replaced = self.replaced(item)?;
        let value = match self.operand(value) {
            Value::Tensor(node) => node,
            other => {
                self.wrong_kind(&other, item.value.span, "an output is a tensor");
                return None;
            }
        };
        if self.parameters_of(&owner).len() > owned_before {
            let message = format!("nothing teaches the layers that `{path}` gets here");
            let diagnostic = Diagnostic::new(Code::E0405, message)
                .at(item.value.span, "has layers to train")
                .help(
                    "put them into a `tap` that an edge has as its target, and name the tap here",
                );
            self.report(diagnostic);
            return None;
        }
        let (old, new) = (self.graph.tensor(replaced), self.graph.tensor(value));
        if old.shape.differs(&new.shape) || old.element != new.element {
            let message = format!("`{path}` is {old}, and so must be what replaces it, not {new}");
            let label = format!("this is {new}");
            self.report(Diagnostic::new(Code::E0302, message).at(item.value.span, label));
            return None;
        }
        Some(Graft {
            network: item.network.text.clone(),
            output: item.output.text.clone(),
            value,
        })
    }

    /// The output that an item replaces.
    fn replaced(&mut self, item: &ast::OutputItem) -> Option<NodeIndex> {
        let name = &item.network;
        let network = self.networks.iter().find(|n| n.name == name.text);
        if network.is_none() && self.declares_network(&name.text) {
            // it has mistakes of its own, which are reported
            return None;
        }
        let diagnostic = match network {
            None if self
                .modules
                .names(self.root)
                .any(|known| known == name.text) =>
            {
                let message = format!("`{}` is no student of this file", name.text);
                Diagnostic::new(Code::E0204, message)
                    .at(name.span, "no student")
                    .help("`output student.logits = …` says what a student answers")
            }
            None => {
                let students = self.networks.iter().filter(|n| n.role == Role::Student);
                let message = format!("there is no student `{}`", name.text);
                let diagnostic =
                    Diagnostic::new(Code::E0201, message).at(name.span, "unknown name");
                match nearest(&name.text, students.map(|n| n.name.as_str())) {
                    Some(near) => diagnostic.replace(
                        format!("there is a student with a similar name: `{near}`"),
                        name.span,
                        near,
                    ),
                    None => diagnostic,
                }
            }
            Some(network) if network.role == Role::Teacher => {
                let message = format!("`{}` is a teacher, whose answers stay", name.text);
                Diagnostic::new(Code::E0204, message)
                    .at(name.span, "a teacher")
                    .help("only the outputs of students are replaced")
            }
            Some(network) => {
                let instance = &network.instance;
                let outputs = &instance.outputs;
                let found = outputs.iter().find(|(n, _)| *n == item.output.text);
                if let Some((_, Value::Tensor(node))) = found {
                    let node = *node;
                    self.modules.lookup_at(self.root, &name.text, name.span);
                    if let Some(output) = instance.member(&item.output.text) {
                        self.modules.link(item.output.span, output.span);
                    }
                    return Some(node);
                }
                let message = format!("`{}` has no output `{}`", name.text, item.output.text);
                Diagnostic::new(Code::E0209, message)
                    .at(item.output.span, "no output")
                    .help(format!(
                        "its outputs are {}",
                        listed(outputs.iter().map(|(n, _)| n.as_str()), 8)
                    ))
            }
        };
        self.report(diagnostic);
        None
    }

    fn declares_network(&self, name: &str) -> bool {
        let items = &self.modules.get(self.root).ast.items;
        items
            .iter()
            .any(|item| matches!(&item.kind, ItemKind::Network(n) if n.name.text == name))
    }
}
