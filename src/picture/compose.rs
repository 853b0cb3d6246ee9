//! From an experiment to its picture.

use super::parts::{self, Whole};
use super::{Arrow, Flow, Item, Kind, Picture, State, words};
use crate::plan::Plan;
use crate::plan::names::Names;
use crate::program::experiment::{self, Experiment};
use crate::program::graph::{NodeIndex, Owner, ParameterId, What};
use crate::program::value::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The picture of an experiment and its plan. `depth` says how far networks are taken apart: 0 not at all, 1 into
/// what their models name, 2 into the steps of that, and so on; without it as far as can be read.
pub fn compose(experiment: &Experiment, plan: &Plan, depth: Option<usize>) -> Picture {
    let used = experiment.stages.iter().flat_map(|stage| &stage.edges);
    let losses = used.map(|at| experiment.edges[*at].loss);
    let mut composing = Composing {
        experiment,
        computed: experiment.graph.needed(losses).into_iter().collect(),
        names: Names::new(&experiment.graph),
        kept: kept(plan),
        homes: HashMap::new(),
        fields: HashMap::new(),
        boxes: Vec::new(),
        arrows: Vec::new(),
    };
    composing.networks(depth);
    for tap in &experiment.taps {
        composing.tap(tap);
    }
    for graft in &experiment.grafts {
        composing.graft(graft, plan);
    }
    for (at, edge) in experiment.edges.iter().enumerate() {
        composing.edge(at, edge);
    }
    Picture {
        title: plan.experiment.clone(),
        training: plan
            .stages
            .iter()
            .map(|stage| plan.training(stage))
            .collect(),
        networks: (experiment.networks.iter().zip(&plan.networks))
            .map(|(drawn, network)| words::network(experiment, drawn, network))
            .collect(),
        boxes: composing.boxes,
        arrows: composing.arrows,
    }
}

struct Composing<'e> {
    experiment: &'e Experiment,
    computed: HashSet<NodeIndex>,
    /// What the plan calls values.
    names: Names,
    /// The names of those that are kept.
    kept: HashSet<&'e str>,
    /// The box that a node is drawn in.
    homes: HashMap<NodeIndex, usize>,
    /// The box of a field, for each network that reads it.
    fields: HashMap<(NodeIndex, usize), usize>,
    boxes: Vec<Item>,
    arrows: Vec<Arrow>,
}

impl Composing<'_> {
    fn networks(&mut self, depth: Option<usize>) {
        let experiment = self.experiment;
        let wholes: Vec<Whole> = experiment
            .networks
            .iter()
            .map(|n| whole(experiment, n))
            .collect();
        let rows = parts::parts(&wholes, depth);
        for (at, row) in rows.into_iter().enumerate() {
            for part in row {
                self.part(at, part);
            }
        }
    }

    fn part(&mut self, network: usize, part: parts::Part) {
        let operands = self.operands(&part.nodes);
        // a field stands right before what reads it first
        for field in &operands {
            if self.is_field(*field) && !self.fields.contains_key(&(*field, network)) {
                let item = self.field(*field, Some(network));
                self.fields.insert((*field, network), item);
            }
        }
        let owner = Owner::Network(self.experiment.networks[network].name.clone());
        let item = self.add(Item {
            kind: Kind::Part,
            network: Some(network),
            title: part.title,
            notes: part.content,
            state: self.state(network, &part.nodes),
            ..self.item(&part.nodes, &owner)
        });
        self.settle(item, &part.nodes);
        for operand in operands {
            let from = match self.fields.get(&(operand, network)) {
                Some(field) => Some(*field),
                None => self.homes.get(&operand).copied(),
            };
            self.arrow(from, item, Flow::Value);
        }
    }

    fn tap(&mut self, tap: &experiment::Tap) {
        let nodes = self.homeless(&tap.values);
        if nodes.is_empty() {
            // another name for what is drawn already
            let home = tap.values.first().and_then(|value| self.homes.get(value));
            if let Some(home) = home {
                self.boxes[*home].taps.push(tap.name.clone());
            }
            return;
        }
        let owner = Owner::Tap(tap.name.clone());
        let item = self.add(Item {
            kind: Kind::Tap,
            title: tap.name.clone(),
            notes: self.operations(&nodes),
            state: self.tap_state(&nodes, &owner),
            ..self.item(&nodes, &owner)
        });
        self.read(item, &nodes);
        self.settle(item, &nodes);
    }

    /// Of what learns in a tap, its own or a network's that is applied again; else of what it reads.
    fn tap_state(&self, nodes: &[NodeIndex], owner: &Owner) -> State {
        let parameters = self.parameters(nodes);
        let is_own = |id: &ParameterId| self.experiment.graph.parameter(*id).owner == *owner;
        let operands = self.operands(nodes);
        let from = operands.iter().find_map(|node| self.homes.get(node));
        match parameters.iter().find(|id| self.learns(**id)) {
            Some(id) if is_own(id) => State::Beside,
            Some(_) => State::Trained,
            None if !parameters.is_empty() => State::Frozen,
            None => from.map_or(State::Outside, |from| self.boxes[*from].state),
        }
    }

    /// What a student answers instead of one of its outputs.
    fn graft(&mut self, graft: &experiment::Graft, plan: &Plan) {
        let nodes = self.homeless(&[graft.value]);
        let mut networks = self.experiment.networks.iter();
        let item = self.add(Item {
            kind: Kind::Part,
            network: networks.position(|network| network.name == graft.network),
            title: format!("output {}", graft.output),
            notes: self.operations(&nodes),
            state: State::Frozen,
            ..self.item(&nodes, &Owner::Data)
        });
        self.read(item, &nodes);
        // a tap that it needs is saved with the student
        let grafted = plan.networks.iter().find(|n| n.name == graft.network);
        let saved: &[String] = grafted.map_or(&[], |network| &network.grafted);
        for (node, home) in &self.homes {
            let mut parameters = self.parameters(&[*node]).into_iter();
            let is_saved = |id| saved.contains(&self.experiment.graph.parameter(id).name);
            if self.boxes[*home].state == State::Beside && parameters.any(is_saved) {
                self.boxes[*home].state = State::Trained;
            }
        }
        self.settle(item, &nodes);
    }

    fn edge(&mut self, at: usize, edge: &experiment::Edge) {
        let nodes = self.homeless(&[edge.loss]);
        let own: HashSet<NodeIndex> = nodes.iter().copied().collect();
        let item = self.add(Item {
            kind: Kind::Loss,
            title: words::loss_title(edge),
            notes: words::loss_notes(self.experiment, at),
            shape: String::new(),
            state: State::Outside,
            ..self.item(&nodes, &Owner::Edge(edge.name.clone()))
        });
        let graph = &self.experiment.graph;
        // through a `detach`, or the layers of a `fit`, to what is drawn
        let behind = |values: &[NodeIndex]| -> BTreeSet<NodeIndex> {
            let mut found = BTreeSet::new();
            let mut open = values.to_vec();
            while let Some(node) = open.pop() {
                match own.contains(&node) {
                    true => open.extend(graph.operands(node)),
                    false => drop(found.insert(node)),
                }
            }
            found
        };
        let is_value = |node: &NodeIndex| self.homes.contains_key(node) || self.is_field(*node);
        let (sources, targets) = (behind(&edge.sources), behind(&edge.targets));
        let mut aside = behind(&[edge.loss]);
        aside.retain(|node| is_value(node) && !sources.contains(node) && !targets.contains(node));
        for source in sources {
            let from = self.anchor(source);
            self.arrow(Some(from), item, Flow::Knowledge);
        }
        for target in targets {
            let to = self.anchor(target);
            self.arrow(Some(item), to, Flow::Knowledge);
        }
        for value in aside {
            // labels and indices are told by the loss's arguments
            let from = self.homes.get(&value).copied();
            self.arrow(from, item, Flow::Aside);
        }
    }

    /// The box of a value that is read; a field gets a new one.
    fn anchor(&mut self, node: NodeIndex) -> usize {
        match self.homes.get(&node) {
            Some(item) => *item,
            None => self.field(node, None),
        }
    }

    fn field(&mut self, node: NodeIndex, network: Option<usize>) -> usize {
        let title = self.experiment.graph.node(node).name.clone();
        self.add(Item {
            kind: Kind::Field,
            network,
            title,
            notes: Vec::new(),
            state: State::Outside,
            ..self.item(&[node], &Owner::Data)
        })
    }

    /// What is common to all boxes. Only what belongs to the owner is counted.
    fn item(&self, nodes: &[NodeIndex], owner: &Owner) -> Item {
        let graph = &self.experiment.graph;
        let parameters = self.parameters(nodes).into_iter();
        let own = parameters
            .map(|id| graph.parameter(id))
            .filter(|p| p.owner == *owner);
        let shape = nodes
            .last()
            .map(|last| graph.tensor(*last).shape.to_string());
        let is_kept = |node: &NodeIndex| self.kept.contains(self.names.of(*node));
        Item {
            kind: Kind::Part,
            network: None,
            title: String::new(),
            notes: Vec::new(),
            taps: Vec::new(),
            shape: shape.unwrap_or_default(),
            parameters: own.filter_map(|p| p.shape.elements_per_sample()).sum(),
            state: State::Outside,
            computed: nodes.iter().any(|node| self.computed.contains(node)),
            kept: nodes.iter().any(is_kept),
        }
    }

    fn add(&mut self, item: Item) -> usize {
        self.boxes.push(item);
        self.boxes.len() - 1
    }

    fn settle(&mut self, item: usize, nodes: &[NodeIndex]) {
        self.homes.extend(nodes.iter().map(|node| (*node, item)));
    }

    fn arrow(&mut self, from: Option<usize>, to: usize, flow: Flow) {
        let arrow = from
            .filter(|from| *from != to)
            .map(|from| Arrow { from, to, flow });
        if let Some(arrow) = arrow.filter(|arrow| !self.arrows.contains(arrow)) {
            self.arrows.push(arrow);
        }
    }

    fn is_field(&self, node: NodeIndex) -> bool {
        matches!(self.experiment.graph.node(node).what, What::Field(_))
    }

    /// The operations behind values that are in no box yet.
    fn homeless(&self, values: &[NodeIndex]) -> Vec<NodeIndex> {
        let mut found = BTreeSet::new();
        let mut open = values.to_vec();
        while let Some(node) = open.pop() {
            if !self.homes.contains_key(&node) && !self.is_field(node) && found.insert(node) {
                open.extend(self.experiment.graph.operands(node));
            }
        }
        found.into_iter().collect()
    }

    fn operations(&self, nodes: &[NodeIndex]) -> Vec<String> {
        let graph = &self.experiment.graph;
        let names: Vec<String> = nodes
            .iter()
            .filter_map(|node| parts::operation(graph, *node))
            .collect();
        parts::counted(&names)
    }

    /// What nodes read that is not among them.
    fn operands(&self, nodes: &[NodeIndex]) -> BTreeSet<NodeIndex> {
        let own: HashSet<&NodeIndex> = nodes.iter().collect();
        let graph = &self.experiment.graph;
        let operands = nodes.iter().flat_map(|node| graph.operands(*node));
        operands.filter(|node| !own.contains(node)).collect()
    }

    /// Arrows to a box from all that its nodes read.
    fn read(&mut self, item: usize, nodes: &[NodeIndex]) {
        for operand in self.operands(nodes) {
            let from = self.anchor(operand);
            self.arrow(Some(from), item, Flow::Value);
        }
    }

    /// Those that nodes use, buffers left out, each once.
    fn parameters(&self, nodes: &[NodeIndex]) -> BTreeSet<ParameterId> {
        let graph = &self.experiment.graph;
        let used = nodes.iter().flat_map(|node| graph.own_parameters(*node));
        used.filter(|id| !graph.parameter(*id).buffer).collect()
    }

    fn learns(&self, parameter: ParameterId) -> bool {
        let mut stages = self.experiment.stages.iter();
        stages.any(|stage| stage.learning.learns(parameter))
    }

    /// Of a part of a network: its own, where it has parameters.
    fn state(&self, network: usize, nodes: &[NodeIndex]) -> State {
        let parameters = self.parameters(nodes);
        let learns = parameters.is_empty() || parameters.iter().any(|id| self.learns(*id));
        match words::state(self.experiment, &self.experiment.networks[network]) {
            State::Trained if !learns => State::Frozen,
            state => state,
        }
    }
}

/// The names of what teachers answer once for all epochs.
fn kept(plan: &Plan) -> HashSet<&str> {
    let stages = plan.stages.iter().filter(|stage| stage.kept().is_some());
    let values = stages.flat_map(|stage| &stage.constant.outputs);
    values.map(String::as_str).collect()
}

fn whole<'e>(experiment: &'e Experiment, network: &'e experiment::Network) -> Whole<'e> {
    let graph = &experiment.graph;
    let owner = Owner::Network(network.name.clone());
    let values = Value::Record(network.instance.clone()).tensors();
    let mut nodes = graph.needed(values);
    nodes.retain(|node| graph.node(*node).owner == owner);
    let own: HashSet<NodeIndex> = nodes.iter().copied().collect();
    let outside = graph.indices().filter(|node| !own.contains(node));
    let read = outside.flat_map(|node| graph.operands(node));
    Whole {
        graph,
        name: &network.name,
        instance: &network.instance,
        read: read.filter(|node| own.contains(node)).collect(),
        nodes,
    }
}
