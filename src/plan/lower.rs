//! From an experiment to its plan: which nodes run where, in which order, under which names.

use super::behind::{self, Behind};
use super::names::Names;
use super::prune::multiply_adds;
use super::share::Shared;
use super::{
    Arg, Cost, Costs, DataSet, Evaluation, FORMAT, Formula, Measure, Mode as Rounding, Node, Part,
    Plan, Program, Role, SourceText, Stage,
};
use super::{fuse, in_place, network, pool_relu};
use crate::hash::Fnv;
use crate::program::experiment::{self, Experiment};
use crate::program::graph::{Graph, NodeIndex, Owner, ParameterId, What};
use crate::program::load::Modules;
use std::collections::{BTreeSet, HashSet};

/// The plan of an experiment that has no mistakes.
pub fn lower(modules: &Modules, experiment: &Experiment) -> Plan {
    let lowering = Lowering::new(experiment);
    let root = modules.sources.get(modules.get(experiment.root).ast.id);
    let name = std::path::Path::new(&root.name).file_stem();
    let stages = experiment.stages.iter();
    let stages: Vec<Stage> = stages.map(|s| lowering.stage(modules, s)).collect();
    let evaluations = lowering.evaluations();
    let metrics = lowering.metrics();
    Plan {
        kdc_plan: FORMAT,
        kdc: env!("CARGO_PKG_VERSION").to_string(),
        experiment: name.map_or_else(
            || "experiment".to_string(),
            |n| n.to_string_lossy().into_owned(),
        ),
        sources: sources(modules, experiment),
        mode: Rounding::Exact,
        seeds: experiment.seeds.clone(),
        data: data_sets(experiment, &stages, &evaluations, &metrics),
        networks: lowering.networks(modules),
        parameters: lowering.parameters(),
        metrics,
        cost: lowering.costs(),
        stages,
        evaluations,
    }
}

/// The data sets that something reads, with the fields that are read; those that make epochs first.
fn data_sets(
    experiment: &Experiment,
    stages: &[Stage],
    evaluations: &[Evaluation],
    metrics: &[Measure],
) -> Vec<DataSet> {
    let programs = stages
        .iter()
        .flat_map(|stage| [&stage.constant, &stage.step])
        .chain(evaluations.iter().map(|evaluation| &evaluation.program))
        .chain(metrics.iter().flat_map(Measure::programs));
    let labels = evaluations.iter().map(|evaluation| &evaluation.label);
    let read: HashSet<&String> = programs
        .flat_map(|program| &program.fields)
        .chain(labels)
        .collect();
    let mut sets: Vec<&DataSet> = Vec::new();
    let main = experiment.stages.iter().map(|stage| &*stage.data);
    for set in main.chain(&experiment.data) {
        if sets.iter().all(|known| known.name != set.name) {
            sets.push(set);
        }
    }
    sets.into_iter()
        .map(|set| set.only(|field| read.contains(&format!("{}.{field}", set.name))))
        .collect()
}

fn sources(modules: &Modules, experiment: &Experiment) -> Vec<SourceText> {
    let files = modules.behind(experiment.root).into_iter();
    files
        .map(|id| modules.sources.get(modules.get(id).ast.id))
        .map(|file| SourceText {
            file: file.name.clone(),
            hash: format!("{:016x}", Fnv::of(file.text.as_bytes())),
        })
        .collect()
}

/// Where a program's nodes run.
#[derive(Clone, Copy)]
pub(super) enum Mode<'e> {
    Training(&'e experiment::Stage),
    Evaluation,
}

pub(super) struct Lowering<'e> {
    pub(super) experiment: &'e Experiment,
    pub(super) graph: &'e Graph,
    pub(super) names: Names,
    pub(super) shared: Shared,
    /// What the losses of all stages need, in order.
    needed: Vec<NodeIndex>,
    /// Of these, what is constant for the whole run.
    pub(super) constant: HashSet<NodeIndex>,
    /// By node.
    behind: Vec<Behind>,
    /// The parameters, in the plan's order.
    pub(super) order: Vec<ParameterId>,
}

impl<'e> Lowering<'e> {
    fn new(experiment: &'e Experiment) -> Lowering<'e> {
        let graph = &experiment.graph;
        let mut lowering = Lowering {
            experiment,
            graph,
            names: Names::new(graph),
            shared: Shared::new(graph),
            needed: Vec::new(),
            constant: HashSet::new(),
            behind: behind::all(experiment),
            order: network::order(experiment),
        };
        let used = experiment.stages.iter().flat_map(|stage| &stage.edges);
        lowering.needed = lowering.closure(used.map(|at| experiment.edges[*at].loss));
        lowering.constant = lowering.constants();
        lowering
    }

    /// All that the wanted nodes need, shared nodes once, in order.
    pub(super) fn closure(&self, wanted: impl IntoIterator<Item = NodeIndex>) -> Vec<NodeIndex> {
        let mut found = BTreeSet::new();
        let mut open: Vec<NodeIndex> = wanted.into_iter().collect();
        while let Some(node) = open.pop() {
            let node = self.shared.of(node);
            if found.insert(node) {
                open.extend(self.graph.operands(node));
            }
        }
        found.into_iter().collect()
    }

    /// What the sides of edges take from teachers alone. Formulas of losses stay in the step, so that
    /// what a cache holds does not depend on a temperature.
    fn constants(&self) -> HashSet<NodeIndex> {
        let experiment = self.experiment;
        let fixed = |node: NodeIndex| {
            let Behind {
                depends,
                changes,
                follows,
                batch,
                ..
            } = self.behind(node);
            depends.teacher && !depends.learns() && !changes && !follows && !batch
        };
        let sides = experiment
            .edges
            .iter()
            .flat_map(|edge| &edge.sources)
            .copied();
        let tapped = self.closure(sides.filter(|node| fixed(*node)));
        let networks = self.needed.iter().copied().filter(|node| {
            matches!(self.graph.node(*node).owner, Owner::Network(_)) && fixed(*node)
        });
        tapped
            .into_iter()
            .chain(networks)
            .filter(|node| matches!(self.graph.node(*node).what, What::Operation { .. }))
            // parameters alone are not worth keeping for each sample
            .filter(|node| self.behind(*node).data)
            .collect()
    }

    fn behind(&self, node: NodeIndex) -> Behind {
        self.behind[node.index()]
    }

    pub(super) fn role(&self, owner: &Owner) -> Option<Role> {
        let Owner::Network(name) = owner else {
            return None;
        };
        let network = self.experiment.networks.iter().find(|n| n.name == *name)?;
        Some(network.role)
    }

    fn part(&self, node: NodeIndex) -> Part {
        let owner = &self.graph.node(node).owner;
        match (owner, self.role(owner)) {
            _ if self.constant.contains(&node) => Part::Teacher,
            // a teacher's layer may stand behind a student's
            (_, Some(Role::Teacher)) if self.behind(node).depends.learns() => Part::Auxiliary,
            (_, Some(Role::Teacher)) => Part::Teacher,
            (_, Some(Role::Student)) => Part::Student,
            (Owner::Edge(_), _) => Part::Loss,
            _ => Part::Auxiliary,
        }
    }

    pub(super) fn program(
        &self,
        nodes: &[NodeIndex],
        constants: &[NodeIndex],
        outputs: &[NodeIndex],
        mode: Mode<'_>,
    ) -> Program {
        let name = |node: &NodeIndex| self.names.of(self.shared.of(*node)).to_string();
        let mut program = Program {
            constants: constants.iter().map(name).collect(),
            outputs: unique(outputs.iter().map(name)),
            ..Program::default()
        };
        for node in nodes {
            match &self.graph.node(*node).what {
                What::Field(field) => program.fields.push(field.clone()),
                What::Operation { .. } => program.nodes.push(self.node(*node, mode)),
            }
        }
        let logits: Vec<String> = self
            .experiment
            .answers
            .all()
            .map(|node| name(&node))
            .collect();
        fuse::likelihoods(&mut program);
        pool_relu::fuse(&mut program, &logits);
        in_place::mark(&mut program, &logits);
        program
    }

    fn node(&self, index: NodeIndex, mode: Mode<'_>) -> Node {
        let node = self.graph.node(index);
        let What::Operation {
            op,
            args,
            parameters,
            ..
        } = &node.what
        else {
            unreachable!("a field is no node of a program");
        };
        let part = self.part(index);
        let mut args = args.clone();
        if op.modal {
            let trains = match mode {
                Mode::Training(stage) => stage.learning.trains(self.graph, index),
                Mode::Evaluation => false,
            };
            let of_batch = matches!(mode, Mode::Training(stage) if stage.batch_statistics)
                && behind::by_batch(self.experiment, node);
            args.insert("training".to_string(), Arg::Bool(trains || of_batch));
            if of_batch {
                args.insert("moves".to_string(), Arg::Bool(false));
            }
        }
        Node {
            value: self.names.of(index).to_string(),
            op: op.name.to_string(),
            part,
            inputs: self
                .graph
                .operands(index)
                .into_iter()
                .map(|operand| self.names.of(self.shared.of(operand)).to_string())
                .collect(),
            parameters: parameters
                .iter()
                .map(|(role, id)| ((*role).to_string(), self.graph.parameter(*id).name.clone()))
                .collect(),
            args,
            shape: node.tensor.shape.clone(),
        }
    }

    /// How each network is measured: by its output that fits the labels, the one that a label edge targets
    /// or else the first.
    fn evaluations(&self) -> Vec<Evaluation> {
        let answers = &self.experiment.answers;
        let data = &answers.data;
        let Some((label, classes, _)) = data.label() else {
            return Vec::new();
        };
        let networks = self.experiment.networks.iter();
        // what reads another data set has no label to be held against
        let own = |field: &String| field.starts_with(&format!("{}.", data.name));
        networks
            .filter_map(|network| {
                let answer = answers.of(&network.name)?;
                let nodes = self.closure([answer]);
                let program = self.program(&nodes, &[], &[answer], Mode::Evaluation);
                program.fields.iter().all(own).then(|| Evaluation {
                    network: network.name.clone(),
                    data: data.name.clone(),
                    program,
                    logits: self.names.of(self.shared.of(answer)).to_string(),
                    label: data.full_name(label),
                    classes,
                })
            })
            .collect()
    }

    /// What `metrics` asks for.
    fn metrics(&self) -> Vec<Measure> {
        let measure = |metric: &experiment::Metric| match metric {
            experiment::Metric::Known(known) => known.clone(),
            experiment::Metric::Formula(formula) => Measure::Formula {
                written: formula.written.clone(),
                of: (formula.of.iter())
                    .map(|(network, node)| Formula {
                        network: network.clone(),
                        program: self.program(
                            &self.closure([*node]),
                            &[],
                            &[*node],
                            Mode::Evaluation,
                        ),
                    })
                    .collect(),
            },
        };
        self.experiment.metrics.iter().map(measure).collect()
    }

    fn costs(&self) -> Costs {
        let of = |part: Part| {
            let nodes = || {
                self.needed
                    .iter()
                    .copied()
                    .filter(move |node| self.part(*node) == part)
                    .filter(|node| matches!(self.graph.node(*node).what, What::Operation { .. }))
            };
            let elements = |shape: &crate::shape::Shape| shape.elements_per_sample().unwrap_or(0);
            let own: BTreeSet<ParameterId> = nodes()
                .flat_map(|node| self.graph.own_parameters(node))
                .collect();
            // taps and losses may use the layers of networks
            let borrows = matches!(part, Part::Auxiliary | Part::Loss);
            let own = own.iter().map(|id| self.graph.parameter(*id));
            let own = own.filter(|p| !borrows || self.role(&p.owner).is_none());
            let parameters = own.filter(|p| !p.buffer);
            let parameters: u64 = parameters.map(|p| elements(&p.shape)).sum();
            Cost {
                parameters,
                multiply_adds: nodes().map(|node| multiply_adds(self.graph, node)).sum(),
                parameter_bytes: 4 * parameters,
                activation_bytes: nodes()
                    .map(|node| 4 * elements(&self.graph.tensor(node).shape))
                    .sum(),
            }
        };
        let loss = Some(of(Part::Loss));
        Costs {
            teacher: of(Part::Teacher),
            student: of(Part::Student),
            auxiliary: of(Part::Auxiliary),
            loss: loss.filter(|loss| loss.parameters > 0).unwrap_or_default(),
        }
    }
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}
