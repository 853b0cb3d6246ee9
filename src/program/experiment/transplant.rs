//! A teacher whose own file replaces what it answers: `output light.logits = …` comes with it, with all that it is
//! computed from.

use super::graft::Graft;
use super::{Network, Trained};
use crate::diag::{Code, Diagnostic};
use crate::program::elaborate::Elaborator;
use crate::program::graph::{Graph, Node, NodeIndex, Owner, Parameter, ParameterId, What};
use crate::program::value::{Instance, Member, Value};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// A network as its file trains it, and as this file has it.
struct Transplant<'t> {
    theirs: &'t Graph,
    student: Owner,
    teacher: &'t ast::Network,
    /// Of their nodes those that are here.
    here: HashMap<NodeIndex, NodeIndex>,
}

impl Elaborator<'_, '_> {
    /// The network with what its file has it answer. `made` are the nodes of its model. None after a mistake, which has
    /// been reported.
    pub(super) fn transplanted(
        &mut self,
        teacher: &ast::Network,
        trained: &Trained,
        instance: Rc<Instance>,
        made: Range<usize>,
    ) -> Option<Rc<Instance>> {
        let mut transplant = Transplant {
            theirs: &trained.experiment.graph,
            student: Owner::Network(trained.network.clone()),
            teacher,
            here: HashMap::new(),
        };
        if let Err(why) = self.pair(&mut transplant, made) {
            self.report(no_transplant(trained, &why, teacher.name.span));
            return None;
        }
        let mut instance = Instance::clone(&instance);
        for graft in grafts(trained) {
            let value = match self.carry(&mut transplant, graft.value) {
                Ok(node) => Value::Tensor(node),
                Err(why) => {
                    self.report(no_transplant(trained, &why, teacher.name.span));
                    return None;
                }
            };
            for (name, output) in &mut instance.outputs {
                if *name == graft.output {
                    *output = value.clone();
                }
            }
            instance.members.retain(|(name, _)| *name != graft.output);
            let member = Member::of(value, teacher.name.span);
            instance.members.push((graft.output.clone(), member));
        }
        Some(Rc::new(instance))
    }

    /// The model's nodes were made in the same order there and here. Fields that they read are the same.
    fn pair(&self, transplant: &mut Transplant, made: Range<usize>) -> Result<(), String> {
        let theirs = transplant.theirs;
        let own = Owner::Network(transplant.teacher.name.text.clone());
        let here = made.map(NodeIndex::new);
        let here = here.filter(|node| self.graph.node(*node).owner == own);
        let there = theirs.indices();
        let there = there.filter(|node| theirs.node(*node).owner == transplant.student);
        for (there, here) in there.zip(here) {
            let (their, our) = (theirs.node(there), self.graph.node(here));
            if their.tensor != our.tensor {
                return Err(format!(
                    "its values are {} there and {} here",
                    their.tensor, our.tensor
                ));
            }
            transplant.here.insert(there, here);
            let operands = theirs.operands(there).into_iter();
            for (their, our) in operands.zip(self.graph.operands(here)) {
                if let What::Field(_) = theirs.node(their).what {
                    transplant.here.insert(their, our);
                }
            }
        }
        Ok(())
    }

    /// Makes a node of theirs here, with all that it needs.
    fn carry(
        &mut self,
        transplant: &mut Transplant,
        wanted: NodeIndex,
    ) -> Result<NodeIndex, String> {
        for there in transplant.theirs.needed([wanted]) {
            if transplant.here.contains_key(&there) {
                continue;
            }
            let theirs = transplant.theirs;
            let node = theirs.node(there);
            let What::Operation {
                op,
                args,
                parameters,
                multiply_adds,
            } = &node.what
            else {
                return Err(format!(
                    "it reads `{}`, which is no input of the student",
                    node.name
                ));
            };
            let parameters = parameters
                .iter()
                .map(|(role, id)| (*role, self.carry_parameter(transplant, *id)))
                .collect();
            let operands = theirs.operands(there).into_iter();
            let operands: Vec<NodeIndex> = operands.map(|node| transplant.here[&node]).collect();
            let teacher = &transplant.teacher.name;
            let copy = Node {
                name: format!("{}.{}", teacher.text, node.name),
                named: node.named,
                what: What::Operation {
                    op,
                    args: args.clone(),
                    parameters,
                    multiply_adds: *multiply_adds,
                },
                tensor: node.tensor.clone(),
                owner: Owner::Network(teacher.text.clone()),
                span: teacher.span,
            };
            let here = self.graph.add(copy, &operands);
            transplant.here.insert(there, here);
        }
        Ok(transplant.here[&wanted])
    }

    /// The student's own parameter under the teacher's name; another's under its whole name below it, as the student's
    /// file has it.
    fn carry_parameter(&mut self, transplant: &Transplant, id: ParameterId) -> ParameterId {
        let their = transplant.theirs.parameter(id);
        let teacher = &transplant.teacher.name;
        let own = their.owner == transplant.student;
        let name = match their.name.split_once('.') {
            Some((_, rest)) if own => rest,
            _ => &their.name,
        };
        let name = format!("{}.{name}", teacher.text);
        if let Some(known) = self.graph.find_parameter(&name) {
            return known;
        }
        self.graph.add_parameter(Parameter {
            name,
            owner: Owner::Network(teacher.text.clone()),
            shape: their.shape.clone(),
            init: their.init.clone(),
            again: None,
            layer: their.layer,
            then: None,
            buffer: their.buffer,
            span: teacher.span,
        })
    }
}

/// What a student's file has it answer instead of its own outputs.
pub(super) fn grafts(trained: &Trained) -> impl Iterator<Item = &Graft> {
    let grafts = trained.experiment.grafts.iter();
    grafts.filter(|graft| graft.network == trained.network)
}

/// Nothing else can be led through it: its model alone is not what answers.
pub fn without_layers(network: &Network, span: Span) -> Diagnostic {
    let message = format!(
        "`{}` answers through parts of other networks, and nothing else can be led through it",
        network.name
    );
    Diagnostic::new(Code::E0204, message)
        .at(span, "more than its model")
        .help("use its tensors, such as its outputs")
}

fn no_transplant(trained: &Trained, why: &str, at: Span) -> Diagnostic {
    let message = format!(
        "the student `{}` of `{}` cannot answer here as it does there: {why}",
        trained.network, trained.file
    );
    Diagnostic::new(Code::E0403, message)
        .at(at, "answers through parts of other networks")
        .help("give it the same data, as in the file that trains it")
}
