//! A network as a row of parts: deep enough to tell something, few enough to be read.
//!
//! Nodes are numbered in the order in which a body gives them, so that a part is a run of nodes. It ends with a
//! value that the model names, or that something outside reads.

use crate::program::graph::{Graph, NodeIndex, What};
use crate::program::ops::parameter::PARAMETER;
use crate::program::value::{Instance, Member};
use std::collections::{BTreeSet, HashSet};

/// A picture is drawn as deep as each of its networks stays within so many parts.
const READABLE: usize = 8;

pub struct Part {
    pub title: String,
    /// What it consists of: `9 × BasicBlock`.
    pub content: Vec<String>,
    /// In order; all of them.
    pub nodes: Vec<NodeIndex>,
}

/// A network that is to be drawn.
pub struct Whole<'a> {
    pub graph: &'a Graph,
    pub name: &'a str,
    pub instance: &'a Instance,
    /// In order.
    pub nodes: Vec<NodeIndex>,
    /// Of these, what others read.
    pub read: HashSet<NodeIndex>,
}

/// The parts of each network: at the given depth, or at the largest that is readable.
pub fn parts(networks: &[Whole], depth: Option<usize>) -> Vec<Vec<Part>> {
    let trees: Vec<Vec<Tree>> = networks.iter().map(Whole::trees).collect();
    let at = |depth: usize| -> Vec<Vec<Part>> {
        let networks = networks.iter().zip(&trees);
        networks.map(|(n, trees)| n.parts(trees, depth)).collect()
    };
    if let Some(depth) = depth {
        return at(depth);
    }
    let deepest = trees.iter().map(|trees| depth_of(trees)).max().unwrap_or(1);
    let readable = |parts: &Vec<Vec<Part>>| parts.iter().all(|n| n.len() <= READABLE);
    (2..=deepest)
        .map(at)
        .take_while(readable)
        .last()
        .unwrap_or_else(|| at(1))
}

/// Something in a network that has a name, or a step of it, and what is in it.
struct Tree {
    /// As one would write it after the network's name: `layer3[0].conv1`.
    name: String,
    /// The first node that is not before it.
    start: NodeIndex,
    /// The last node.
    end: NodeIndex,
    /// The model that it applies.
    model: Option<String>,
    inside: Vec<Tree>,
}

/// Nodes that follow one another.
struct Run {
    nodes: Vec<NodeIndex>,
    /// How many equal ones it was made of, and of how many nodes each.
    times: usize,
    each: usize,
}

impl Whole<'_> {
    fn trees(&self) -> Vec<Tree> {
        let first = self.nodes.first().copied().unwrap_or_default();
        trees(self.graph, self.instance, "", first)
    }

    fn parts(&self, trees: &[Tree], depth: usize) -> Vec<Part> {
        let named: BTreeSet<NodeIndex> = trees.iter().map(|tree| tree.end).collect();
        let mut ends: BTreeSet<NodeIndex> = self.read.iter().copied().collect();
        cuts(trees, depth, &mut ends);
        let mut runs: Vec<Run> = Vec::new();
        let mut open: Vec<NodeIndex> = Vec::new();
        let computed: Vec<NodeIndex> = self.computed().collect();
        for node in &computed {
            open.push(*node);
            if ends.contains(node) || computed.last() == Some(node) {
                self.close(&mut runs, std::mem::take(&mut open), &named);
            }
        }
        let mut parts: Vec<Part> = runs.into_iter().map(|run| self.part(run, trees)).collect();
        self.give_parameters(&mut parts);
        parts
    }

    /// All but the parameters that a body declares: they stand in front of what uses them.
    fn computed(&self) -> impl Iterator<Item = NodeIndex> {
        let nodes = self.nodes.iter().copied();
        nodes.filter(|node| !is_parameter(self.graph, *node))
    }

    /// Adds each declared parameter to the part that reads it first.
    fn give_parameters(&self, parts: &mut [Part]) {
        let mut rest: BTreeSet<NodeIndex> = self.nodes.iter().copied().collect();
        rest.retain(|node| is_parameter(self.graph, *node));
        for part in parts {
            let operands = part
                .nodes
                .iter()
                .flat_map(|node| self.graph.operands(*node));
            let read: BTreeSet<NodeIndex> = operands.filter(|node| rest.remove(node)).collect();
            part.nodes.splice(0..0, read);
        }
    }

    /// Adds a run: to the one before, where it only goes on with it or says the same again.
    fn close(&self, runs: &mut Vec<Run>, nodes: Vec<NodeIndex>, named: &BTreeSet<NodeIndex>) {
        let each = nodes.len();
        if let Some(before) = runs.last_mut() {
            let end = before.nodes.last().copied().unwrap_or_default();
            let apart = named.contains(&end) || self.read.contains(&end);
            let same = || {
                let last = &before.nodes[before.nodes.len() - before.each..];
                each == before.each && last.iter().zip(&nodes).all(|(a, b)| self.same(*a, *b))
            };
            if !apart && before.times == 1 && !nodes.iter().any(|n| self.is_heavy(*n)) {
                before.each += each;
                return before.nodes.extend(nodes);
            }
            if !apart && same() {
                before.times += 1;
                return before.nodes.extend(nodes);
            }
        }
        runs.push(Run {
            nodes,
            times: 1,
            each,
        });
    }

    /// Whether a node multiplies by something that is learned, or by another value.
    fn is_heavy(&self, node: NodeIndex) -> bool {
        matches!(&self.graph.node(node).what, What::Operation { multiply_adds, .. } if *multiply_adds > 0)
    }

    /// Whether two nodes compute the same of what they get, with weights of their own.
    fn same(&self, a: NodeIndex, b: NodeIndex) -> bool {
        let [one, other] = [a, b].map(|node| {
            let sizes = self.graph.own_parameters(node);
            let sizes: Vec<_> = sizes.map(|id| &self.graph.parameter(id).shape).collect();
            let node = self.graph.node(node);
            let what = match &node.what {
                What::Operation { op, args, .. } => Some((op.name, args)),
                What::Field(_) => None,
            };
            (what, sizes, &node.tensor.shape)
        });
        one == other
    }

    fn part(&self, run: Run, trees: &[Tree]) -> Part {
        let mut content = Vec::new();
        self.content(trees, &run.nodes, &mut content);
        let last = run.nodes.last().copied().unwrap_or_default();
        let title = title(trees, last).map(str::to_string).unwrap_or_else(|| {
            let name = &self.graph.node(last).name;
            let own = name
                .strip_prefix(self.name)
                .and_then(|n| n.strip_prefix('.'));
            own.unwrap_or(name).to_string()
        });
        Part {
            title,
            content: counted(&content),
            nodes: run.nodes,
        }
    }

    /// The models and operations that nodes belong to, in order.
    fn content(&self, trees: &[Tree], nodes: &[NodeIndex], found: &mut Vec<String>) {
        let mut rest = nodes;
        while let Some(first) = rest.first() {
            let tree = trees.iter().find(|t| t.start <= *first && *first <= t.end);
            let Some(tree) = tree else {
                found.extend(operation(self.graph, *first));
                rest = &rest[1..];
                continue;
            };
            let (inside, after) = rest.split_at(rest.partition_point(|node| *node <= tree.end));
            let whole = self
                .computed()
                .filter(|n| tree.start <= *n && *n <= tree.end);
            match &tree.model {
                Some(model) if whole.count() == inside.len() => found.push(model.clone()),
                _ => self.content(&tree.inside, inside, found),
            }
            rest = after;
        }
    }
}

/// How deep they stand in each other.
fn depth_of(trees: &[Tree]) -> usize {
    let depths = trees.iter().map(|tree| 1 + depth_of(&tree.inside));
    depths.max().unwrap_or(0)
}

/// The ends of what stands so deep, or less deep and holds nothing.
fn cuts(trees: &[Tree], depth: usize, ends: &mut BTreeSet<NodeIndex>) {
    if depth > 0 {
        for tree in trees {
            ends.insert(tree.end);
            cuts(&tree.inside, depth - 1, ends);
        }
    }
}

/// The shortest name of a value.
fn title(trees: &[Tree], end: NodeIndex) -> Option<&str> {
    let around = trees
        .iter()
        .find(|tree| tree.start <= end && end <= tree.end)?;
    match around.end == end {
        true => Some(&around.name),
        false => title(&around.inside, end),
    }
}

/// What a model's body binds.
fn trees(graph: &Graph, instance: &Instance, path: &str, start: NodeIndex) -> Vec<Tree> {
    // A label inside a binding is remembered before the binding, whose name stands before it in the text.
    let labels = |at: usize, member: &Member| {
        let mut later = instance.members[at + 1..].iter();
        later.any(|(_, m)| m.span.file == member.span.file && m.span.start < member.span.start)
    };
    let mut labelled: Vec<(String, &Member)> = Vec::new();
    let mut found: Vec<Tree> = Vec::new();
    let mut start = start;
    for (at, (name, member)) in instance.members.iter().enumerate() {
        let name = format!("{path}{name}");
        if labels(at, member) {
            labelled.push((name, member));
            continue;
        }
        // an output that is a binding already
        if let Some(same) = found
            .last_mut()
            .filter(|tree| last(member) == Some(tree.end))
        {
            same.name = name;
        } else if let Some(tree) = tree(graph, name, member, std::mem::take(&mut labelled), start) {
            start = after(tree.end);
            found.push(tree);
        }
    }
    found
}

/// What a binding or a step of it is made of. None for what gives no new value.
fn tree(
    graph: &Graph,
    name: String,
    member: &Member,
    labelled: Vec<(String, &Member)>,
    start: NodeIndex,
) -> Option<Tree> {
    let end = last(member)?;
    if end < start || is_parameter(graph, end) {
        return None;
    }
    let steps = member.steps.iter().enumerate();
    let mut steps: Vec<(String, &Member)> = steps
        .map(|(at, step)| (format!("{name}[{at}]"), step))
        .collect();
    steps.extend(labelled);
    steps.sort_by_key(|(_, step)| last(step));
    let mut inside = Vec::new();
    let mut from = start;
    for (name, step) in steps {
        if let Some(step) = tree(graph, name, step, Vec::new(), from) {
            from = after(step.end);
            inside.push(step);
        }
    }
    if let (Some(inner), true) = (&member.inner, inside.is_empty()) {
        inside = trees(graph, inner, &format!("{name}."), start);
    }
    Some(Tree {
        name,
        start,
        end,
        model: member.inner.as_ref().map(|inner| inner.model.clone()),
        inside,
    })
}

fn last(member: &Member) -> Option<NodeIndex> {
    member.value.tensors().into_iter().max()
}

fn is_parameter(graph: &Graph, node: NodeIndex) -> bool {
    matches!(graph.node(node).what, What::Operation { op, .. } if op.name == PARAMETER.name)
}

fn after(node: NodeIndex) -> NodeIndex {
    NodeIndex::new(node.index() + 1)
}

/// An operation with what is usually said of it: `conv2d 3×3 / 2`.
pub fn operation(graph: &Graph, node: NodeIndex) -> Option<String> {
    let What::Operation { op, args, .. } = &graph.node(node).what else {
        return None;
    };
    if is_parameter(graph, node) {
        return None;
    }
    let sizes = |name: &str| match args.get(name) {
        Some(crate::plan::Arg::List(sizes)) => {
            let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            Some(sizes.join("×"))
        }
        _ => None,
    };
    Some(match (sizes("kernel"), sizes("stride")) {
        (Some(kernel), Some(stride)) if stride != "1×1" && stride != kernel => {
            format!(
                "{} {kernel} / {}",
                op.name,
                stride.split('×').next().unwrap_or("")
            )
        }
        (Some(kernel), _) => format!("{} {kernel}", op.name),
        _ => op.name.to_string(),
    })
}

/// Names with how often each stands in a row.
pub fn counted(names: &[String]) -> Vec<String> {
    let runs = names.chunk_by(|a, b| a == b);
    let shown = runs.map(|run| match run.len() {
        1 => run[0].clone(),
        n => format!("{n} × {}", run[0]),
    });
    shown.collect()
}
