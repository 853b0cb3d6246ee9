//! Experiments: the networks, taps, edges and training of one file, over one graph.

mod answer;
mod compare;
mod data;
mod edge;
mod fit;
mod follower;
mod graft;
mod lint;
mod mismatch;
mod network;
mod origin;
mod repair;
mod train;
mod transplant;

pub use answer::Answers;
pub use fit::FIT;
pub use graft::Graft;
pub use origin::WEIGHTS;
pub use train::{Expectation, Group, Learning, METRICS, Metric, OPTIMIZERS};
pub use transplant::without_layers;

use super::elaborate::{Elaborator, Update};
use super::facts;
use super::graph::{Graph, NodeIndex, Owner, ParameterId};
use super::load::{DefId, ModuleId, Modules};
use super::value::{Applied, Callee, Instance, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::cache::Wish;
use crate::plan::{
    Arg, DataSet, Fit, Follower, Optimizer, Patience, Role, Score, TestTime, WeightsFile,
};
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind};
use std::collections::HashSet;
use std::rc::Rc;

/// A file that trains something, without mistakes.
pub struct Experiment {
    pub root: ModuleId,
    pub graph: Graph,
    /// In source order.
    pub networks: Vec<Network>,
    pub edges: Vec<Edge>,
    /// The data sets that something reads.
    pub data: Vec<DataSet>,
    /// Of states, in source order.
    pub updates: Vec<Update>,
    pub grafts: Vec<Graft>,
    /// In the order in which they were followed: a tap stands after those that it reads.
    pub taps: Vec<Tap>,
    /// In the order in which they run; at least one.
    pub stages: Vec<Stage>,
    /// One run each.
    pub seeds: Vec<u64>,
    /// What is measured in the end, besides accuracy.
    pub metrics: Vec<Metric>,
    /// What is measured of each network.
    pub answers: Answers,
    /// Where weights come from that are not drawn, by the network's name.
    pub origins: Vec<(String, Origin)>,
    /// Teachers that follow a student.
    pub followers: Vec<Follower>,
}

impl Experiment {
    /// The parameters and states that bodies declare and that, as the experiment uses them, no value needs.
    pub fn unread(&self) -> HashSet<ParameterId> {
        let graph = &self.graph;
        let all = (0..graph.parameters.len()).map(ParameterId);
        let mut unread: HashSet<ParameterId> = all
            .filter(|id| graph.parameter(*id).layer.is_none())
            .collect();
        let outputs = (self.networks.iter())
            .flat_map(|network| &network.instance.outputs)
            .filter_map(|(_, value)| match value {
                Value::Tensor(node) => Some(*node),
                _ => None,
            });
        let grafted = self.grafts.iter().map(|graft| graft.value);
        let operands = graph.indices().filter(|node| graph.is_operand(*node));
        for node in outputs.chain(grafted).chain(operands) {
            for id in graph.own_parameters(node) {
                unread.remove(&id);
            }
        }
        unread
    }
}

#[derive(Clone)]
pub struct Network {
    pub id: DefId,
    pub name: String,
    pub role: Role,
    /// As it was written: `LightNN(classes: 10)`.
    pub model: String,
    pub instance: Rc<Instance>,
    /// Those that made it, to lead something else through; none where its own file has it answer otherwise.
    pub layers: Rc<Vec<Applied>>,
    pub span: Span,
}

/// Where a network's weights come from, if they are not drawn.
#[derive(Clone)]
pub enum Origin {
    Experiment(Trained),
    File(WeightsFile),
}

/// A student of another experiment.
#[derive(Clone)]
pub struct Trained {
    /// As it was written.
    pub file: String,
    pub network: String,
    pub experiment: Rc<Experiment>,
}

pub struct Tap {
    pub name: String,
    /// The tensor that it names, or all those of a network that was applied again.
    pub values: Vec<NodeIndex>,
}

pub struct Edge {
    pub name: String,
    /// `deep.features ~> regressed by mse`
    pub written: String,
    /// The loss alone: `mse`
    pub by: String,
    pub loss: NodeIndex,
    /// A number above 0, or a formula of the time that is never below.
    pub weight: Arg,
    pub span: Span,
    /// What `fit` stands for, in order.
    pub fits: Vec<Fit>,
    pub sources: Vec<NodeIndex>,
    pub targets: Vec<NodeIndex>,
}

pub struct Stage {
    pub name: Option<String>,
    pub span: Span,
    pub data: Rc<DataSet>,
    pub length: Length,
    pub optimizer: Optimizer,
    pub groups: Vec<Group>,
    pub accumulate: u64,
    pub clip: Option<f64>,
    pub precision: Precision,
    /// How what the teachers give is kept.
    pub cache: Wish,
    /// Teachers normalise by the mean and variance of the batch.
    pub batch_statistics: bool,
    pub average: Option<Arg>,
    pub expect: Vec<Expectation>,
    pub keep: Option<Score>,
    pub stop: Option<Patience>,
    pub test: TestTime,
    /// Their places in [`Experiment::edges`].
    pub edges: Vec<usize>,
    pub learning: Learning,
}

/// In which convolutions and linear layers of networks and taps compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    /// As [`Precision::F32`], but a GPU may round the factors of products to fewer bits.
    Tf32,
    Bf16,
}

/// How long a stage lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Epochs(u64),
    /// Of the optimizer.
    Steps(u64),
}

/// What depends on a node that learns, or does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depends {
    pub student: bool,
    pub teacher: bool,
    /// Parameters of taps or losses.
    pub auxiliary: bool,
}

impl Depends {
    pub fn learns(self) -> bool {
        self.student || self.auxiliary
    }

    pub fn join(&mut self, other: Depends) {
        self.student |= other.student;
        self.teacher |= other.teacher;
        self.auxiliary |= other.auxiliary;
    }
}

/// What the parameters behind a node belong to.
pub fn depends(graph: &Graph, networks: &[Network], node: NodeIndex) -> Depends {
    owners(graph, networks, graph.needed([node]))
}

/// What the parameters belong to that a gradient at a node would change.
pub fn moves(graph: &Graph, networks: &[Network], node: NodeIndex) -> Depends {
    owners(graph, networks, graph.gradient_reaches([node]))
}

fn owners(
    graph: &Graph,
    networks: &[Network],
    nodes: impl IntoIterator<Item = NodeIndex>,
) -> Depends {
    let mut found = Depends::default();
    for index in nodes {
        found.join(own(graph, networks, index));
    }
    found
}

/// What a node's own parameters belong to.
pub fn own(graph: &Graph, networks: &[Network], index: NodeIndex) -> Depends {
    let mut found = Depends::default();
    let trained = |id: &ParameterId| !graph.parameter(*id).buffer;
    for id in graph.own_parameters(index).filter(trained) {
        match &graph.parameter(id).owner {
            Owner::Network(name) => match networks.iter().find(|n| n.name == *name) {
                Some(network) if network.role == Role::Teacher => found.teacher = true,
                _ => found.student = true,
            },
            Owner::Tap(_) | Owner::Edge(_) => found.auxiliary = true,
            Owner::Data => {}
        }
    }
    found
}

/// Follows a file's experiment. None if the file has none, or has mistakes, which are reported.
pub fn compile(modules: &mut Modules, root: ModuleId) -> Option<Rc<Experiment>> {
    let ast = modules.get(root).ast.clone();
    let is_experiment = ast.items.iter().any(|item| {
        matches!(
            item.kind,
            ItemKind::Network(_)
                | ItemKind::Edge(_)
                | ItemKind::Train(_)
                | ItemKind::Tap(_)
                | ItemKind::Output(_)
        )
    });
    let mut elaborator = Elaborator::new(modules, root);
    if !is_experiment {
        elaborator.library(&ast);
        return None;
    }
    let before = elaborator.modules.diagnostics.len();
    elaborator.follow_all(&ast);
    let edges = elaborator.edges(&ast);
    let grafts = elaborator.grafts(&ast);
    let training = elaborator.training(&ast, &edges, &grafts);
    elaborator.lint(&ast, &edges, training.as_ref());
    if let Some(training) = &training {
        elaborator.batches_match(training, &edges);
        elaborator.tests_are_there(training);
    }
    let errors = |d: &Diagnostic| d.severity == crate::diag::Severity::Error;
    let broken = elaborator.modules.diagnostics[before..].iter().any(errors);
    let complete = edges.iter().all(Option::is_some);
    elaborator
        .modules
        .learn_from(&elaborator.graph, &elaborator.data);
    for network in &elaborator.networks {
        let model = match network.layers.as_slice() {
            [
                Applied {
                    callee: Callee::Definition(id),
                    ..
                },
            ] => Some(*id),
            _ => None,
        };
        let graph = &elaborator.graph;
        elaborator.modules.learn_of(model, || {
            facts::whole(graph, &network.name, network.span, &network.instance)
        });
    }
    let Elaborator {
        graph,
        networks,
        data,
        origins,
        updates,
        followers,
        taps,
        ..
    } = elaborator;
    if broken || !complete {
        return None;
    }
    let training = training?;
    Some(Rc::new(Experiment {
        root,
        graph,
        networks,
        edges: edges.into_iter().flatten().collect(),
        data,
        stages: training.stages,
        seeds: training.seeds,
        metrics: training.metrics,
        answers: training.answers,
        origins,
        updates,
        followers,
        grafts,
        taps,
    }))
}

impl Elaborator<'_, '_> {
    /// A file that only defines: its data sets, constants and settings are looked at all the same.
    fn library(&mut self, ast: &ast::File) {
        for (item, at) in ast.items.iter().zip(0..) {
            let id = DefId {
                module: self.root,
                item: at,
            };
            match &item.kind {
                ItemKind::Data(_) | ItemKind::Constant(_) => {
                    self.item(id, item.span);
                }
                ItemKind::Settings(settings) => self.settings_alone(id, settings),
                _ => {}
            }
        }
    }

    /// Follows every item that has a value, used or not, in source order.
    fn follow_all(&mut self, ast: &ast::File) {
        for (item, at) in ast.items.iter().zip(0..) {
            let id = DefId {
                module: self.root,
                item: at,
            };
            match &item.kind {
                _ if !self.modules.is_first(id) => {}
                ItemKind::Network(_)
                | ItemKind::Tap(_)
                | ItemKind::Data(_)
                | ItemKind::Constant(_) => {
                    self.item(id, item.span);
                }
                ItemKind::Settings(settings) => self.settings_alone(id, settings),
                _ => {}
            }
        }
        // taps may name networks further down; the plan states networks in source order
        self.networks.sort_by_key(|network| network.id);
    }

    pub(super) fn tap(&mut self, id: DefId, tap: &ast::Binding) -> Value {
        let owner = Owner::Tap(tap.name.text.clone());
        let mut frame =
            super::elaborate::Frame::new(id.module, super::elaborate::FrameKind::File, "", owner);
        let (value, _) = self.named_value(&mut frame, &tap.name.text, &tap.value);
        self.taps.push(Tap {
            name: tap.name.text.clone(),
            values: value.tensors(),
        });
        // a network that is applied again has the same parts as the network
        if let (Value::Record(_), ast::ExprKind::Chain { .. }) = (&value, &tap.value.bare().kind) {
            return value;
        }
        match self.operand(value) {
            Value::Tensor(index) => {
                self.graph.name(index, tap.name.text.clone());
                Value::Tensor(index)
            }
            Value::Poison => Value::Poison,
            Value::Record(_) => {
                let message = format!(
                    "the tap `{}` is a network with several values",
                    tap.name.text
                );
                self.poison(
                    Diagnostic::new(Code::E0204, message)
                        .at(tap.value.span, "several values")
                        .help("name one of them: `network.layer`"),
                )
            }
            other => self.wrong_kind(&other, tap.value.span, "a tap is a tensor of a network"),
        }
    }

    /// The parameters that belong to an owner.
    pub(super) fn parameters_of(&self, owner: &Owner) -> Vec<ParameterId> {
        (0..self.graph.parameters.len())
            .map(ParameterId)
            .filter(|id| self.graph.parameter(*id).owner == *owner)
            .collect()
    }
}
