//! Tests that the library's losses are what their papers say, in value and gradient, and finite where a norm
//! or a difference is zero. `tests/fixtures/losses.py` is the other side and says what its values are.
//!
//! A case becomes an experiment, whose plan is the loss's program on tensors of any kind: in float64 a formula
//! is told from one that is almost the same.

mod case;

use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::testing::{alone, fixture};
use case::{Case, EDGE, cases};
use kdc::plan::{Arg, Node, ParameterKind, Part, Plan, Program};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tch::{Device, Kind, Tensor};

/// Relative.
const TOLERANCE: f64 = 1e-6;

/// A loss's program, ready to run, and the tensors that go with it.
struct Formula {
    program: Executable,
    /// The names of what it reads: `s0`, `t0`, `label`.
    inputs: Vec<String>,
    parameters: Parameters,
    /// The loss's place among the program's outputs.
    value: usize,
    /// Names of the parameters that learn, without the edge in front.
    learns: Vec<String>,
    /// States, and the places of what they become.
    updates: Vec<(String, usize)>,
}

/// What a loss gives.
struct Outcome {
    value: Tensor,
    /// By the names of what learns.
    gradients: Tensors,
    /// By the names of states.
    updates: Tensors,
}

type Golden = HashMap<String, Tensor>;

#[test]
fn values_and_gradients_are_those_of_the_papers() {
    let _alone = alone();
    let golden = fixture("losses.safetensors");
    let mut problems = Vec::new();
    for case in cases() {
        let expected = |what: &str| {
            let name = format!("{}.{what}", case.name);
            golden
                .get(&name)
                .unwrap_or_else(|| panic!("no golden value {name}"))
        };
        let mut formula = Formula::new(&case, &golden, Kind::Double);
        let tensors = formula.tensors(&case, &golden, Kind::Double);
        let outcome = formula.run(&tensors);
        let mut compare = |what: &str, found: &Tensor, expected: &Tensor| {
            let difference = distance(found, expected);
            if difference.is_nan() || difference > TOLERANCE {
                problems.push(format!("{}: {what} differs by {difference:e}", case.name));
            }
        };
        compare("value", &outcome.value, expected("value"));
        for (name, gradient) in &outcome.gradients {
            compare(name, gradient, expected(&format!("gradient.{name}")));
        }
        for (name, update) in &outcome.updates {
            compare(name, update, expected(&format!("update.{name}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn values_and_gradients_are_finite_where_something_is_zero() {
    let _alone = alone();
    let golden = fixture("losses.safetensors");
    let (mut problems, mut of_equals) = (Vec::new(), BTreeSet::new());
    for case in cases() {
        let mut formula = Formula::new(&case, &golden, Kind::Float);
        let drawn = formula.tensors(&case, &golden, Kind::Float);
        let mut check = |what: &str, tensors: &Tensors| {
            let outcome = formula.run(tensors);
            let derived = outcome.gradients.values().chain(outcome.updates.values());
            if !derived.chain([&outcome.value]).all(is_finite) {
                problems.push(format!("{}: {what}", case.name));
            }
        };
        check("zero students", &zeroed(&drawn, 's'));
        check("zero teachers", &zeroed(&drawn, 't'));
        check("both zero", &zeroed(&zeroed(&drawn, 's'), 't'));
        if case.students == case.teachers {
            check("equal", &equal(&drawn));
            of_equals.insert(case.loss.clone());
        }
        check("one sample", &first_sample(&drawn, &case));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // all but the one whose target is no tensor of another network
    let lacking = |loss: &&str| !of_equals.contains(*loss) && *loss != "cross_entropy";
    let lacking: Vec<&str> = kdc::program::library::names("losses")
        .filter(lacking)
        .collect();
    assert!(lacking.is_empty(), "without equal inputs: {lacking:?}");
}

/// Also where the network on the left learns from other edges.
#[test]
fn no_gradient_flows_to_the_left() {
    let _alone = alone();
    for case in cases() {
        let plan = case.between_students("");
        let parameters = Parameters::new(&plan, 1, Device::Cpu, &HashMap::new()).unwrap();
        let of = |network: &str| {
            let own = plan.parameters.iter().filter(|p| p.owner == network);
            let own = own.map(|p| parameters.get(&p.name).unwrap().set_requires_grad(true));
            own.collect::<Vec<Tensor>>()
        };
        let (light, deep) = (of("light"), of("deep"));
        let stage = &plan.stages[0];
        let fields = ["image", "label", "index"].map(|field| format!("images.{field}"));
        let mut step = Executable::new(&stage.step, &fields, &parameters).expect("a whole program");
        let inputs = [
            Tensor::randn([10, 3, 32, 32], (Kind::Float, Device::Cpu)),
            Tensor::arange(10, (Kind::Int64, Device::Cpu)),
            Tensor::arange(10, (Kind::Int64, Device::Cpu)),
        ];
        let outputs = step.run(&inputs.each_ref(), 10).expect("it runs");
        let edge = stage.edges.iter().find(|edge| edge.name == EDGE).unwrap();
        let value = stage
            .step
            .outputs
            .iter()
            .position(|name| *name == edge.value);
        outputs[value.unwrap()].backward();
        let moves = |tensors: &[Tensor]| {
            let gradients = tensors.iter().map(Tensor::grad);
            let mut defined = gradients.filter(Tensor::defined);
            defined.any(|gradient| gradient.count_nonzero(None).int64_value(&[]) > 0)
        };
        assert!(moves(&light), "{}: nothing learns", case.name);
        assert!(!moves(&deep), "{}: the source learns", case.name);
    }
}

#[test]
fn losses_compute_in_f32_whatever_the_precision() {
    for case in cases() {
        let plan = case.between_students("precision: bf16");
        let nodes = &plan.stages[0].step.nodes;
        let low: BTreeSet<&str> = (nodes.iter().filter(|node| is_bf16_at_all(node)))
            .map(|node| node.value.as_str())
            .collect();
        assert!(!low.is_empty(), "{}: nothing is in bf16", case.name);
        for node in nodes.iter().filter(|node| node.part == Part::Loss) {
            let reads = node
                .inputs
                .iter()
                .find(|input| low.contains(input.as_str()));
            // a cast to f32 is how it begins
            let begins = node.op == "cast" && !is_bf16_at_all(node);
            let fine = begins || (reads.is_none() && !is_bf16_at_all(node));
            assert!(fine, "{}: {node:?}", case.name);
        }
    }
}

/// Whether an operation gives, or computes in, bf16.
fn is_bf16_at_all(node: &Node) -> bool {
    let low = Arg::Text("bf16".to_string());
    node.args.values().any(|arg| *arg == low)
}

#[test]
fn every_loss_of_the_library_has_cases() {
    let covered: BTreeSet<String> = cases().into_iter().map(|case| case.loss).collect();
    let offered: BTreeSet<String> = kdc::program::library::names("losses")
        .map(String::from)
        .collect();
    assert_eq!(covered, offered);
}

/// The inputs of a loss by name.
type Tensors = BTreeMap<String, Tensor>;

impl Formula {
    /// The part of the case's plan that is the loss, with the fixture's parameters.
    fn new(case: &Case, golden: &Golden, kind: Kind) -> Formula {
        let mut plan = case.plan();
        plan.parameters.retain(|p| p.owner == EDGE);
        let parameters = parameters(&plan, case, golden, kind);
        let stage = plan.stages.remove(0);
        // What is drawn in the run comes from the fixture instead.
        let nodes: Vec<_> = (stage.step.nodes.into_iter())
            .filter(|node| node.part == Part::Loss && node.op != "random_ids")
            .collect();
        let given: BTreeSet<&String> = nodes.iter().map(|node| &node.value).collect();
        let reads = nodes.iter().flat_map(|node| &node.inputs);
        let inputs: BTreeSet<String> = reads.filter(|n| !given.contains(n)).cloned().collect();
        let inputs = Vec::from_iter(inputs);
        let program = Program {
            nodes,
            outputs: stage.step.outputs,
            ..Program::default()
        };
        let place = |value| program.outputs.iter().position(|output| output == value);
        let place = |value| place(value).expect("the step computes it");
        let updates = stage.updates.iter();
        let learns = plan.parameters.iter();
        Formula {
            value: place(&stage.edges[0].value),
            updates: updates
                .map(|u| (own_name(&u.state), place(&u.value)))
                .collect(),
            learns: learns
                .filter(|p| p.kind == ParameterKind::Auxiliary)
                .map(|p| own_name(&p.name))
                .collect(),
            inputs: inputs.iter().map(|name| own_name(name)).collect(),
            program: Executable::new(&program, &inputs, &parameters).expect("a whole program"),
            parameters,
        }
    }

    /// What it reads, as the fixture has it.
    fn tensors(&self, case: &Case, golden: &Golden, kind: Kind) -> Tensors {
        let tensor = |name: &String| {
            let tensor = &golden[&format!("{}.{name}", case.name)];
            match tensor.kind() {
                Kind::Double => tensor.to_kind(kind),
                _ => tensor.shallow_clone(),
            }
        };
        let inputs = self.inputs.iter();
        inputs.map(|name| (name.clone(), tensor(name))).collect()
    }

    fn run(&mut self, tensors: &Tensors) -> Outcome {
        let mut tensors = changed(tensors, |_, tensor| tensor.detach_copy());
        let mut learning = Tensors::new();
        for (name, tensor) in &mut tensors {
            if is_side(name, 's') {
                learning.insert(name.clone(), tensor.requires_grad_(true));
            }
        }
        for name in &self.learns {
            let own = self.parameters.get(&format!("{EDGE}.{name}"));
            let own = own.expect("it was made").set_requires_grad(true);
            learning.insert(name.clone(), own);
        }
        let inputs: Vec<&Tensor> = self.inputs.iter().map(|name| &tensors[name]).collect();
        let samples = tensors["s0"].size()[0];
        let outputs = self.program.run(&inputs, samples).expect("it runs");
        let of: Vec<&Tensor> = learning.values().collect();
        let gradients = Tensor::run_backward(&[&outputs[self.value]], &of, false, false);
        let updates = self.updates.iter();
        Outcome {
            value: outputs[self.value].detach(),
            gradients: learning.keys().cloned().zip(gradients).collect(),
            updates: updates
                .map(|(name, place)| (name.clone(), outputs[*place].detach()))
                .collect(),
        }
    }
}

fn parameters(plan: &Plan, case: &Case, golden: &Golden, kind: Kind) -> Parameters {
    let made = Parameters::loaded(plan, Device::Cpu, &HashMap::new());
    let mut parameters = made.expect("their shapes are fixed");
    for parameter in &plan.parameters {
        let own = own_name(&parameter.name);
        // Batch norm's running statistics are not in the fixture.
        let tensor = golden.get(&format!("{}.parameter.{own}", case.name));
        let zero = parameters.get(&parameter.name).expect("it was made");
        parameters.replace(&parameter.name, tensor.unwrap_or(zero).to_kind(kind));
    }
    parameters
}

/// `light.s0` is `s0`, `it.lift.weight` is `lift.weight`.
fn own_name(name: &str) -> String {
    let rest = name.split_once('.');
    rest.map_or(name, |(_, rest)| rest).to_string()
}

/// Whether it is `s0`, `s1`, … or `t0`, `t1`, ….
fn is_side(name: &str, letter: char) -> bool {
    let number = name.strip_prefix(letter);
    number.is_some_and(|number| number.parse::<usize>().is_ok())
}

fn zeroed(tensors: &Tensors, letter: char) -> Tensors {
    changed(tensors, |name, tensor| match is_side(name, letter) {
        true => tensor.zeros_like(),
        false => tensor.shallow_clone(),
    })
}

fn equal(tensors: &Tensors) -> Tensors {
    changed(tensors, |name, tensor| match is_side(name, 's') {
        true => tensors[&name.replace('s', "t")].shallow_clone(),
        false => tensor.shallow_clone(),
    })
}

/// What stands there by name is not cut, the label excepted.
fn first_sample(tensors: &Tensors, case: &Case) -> Tensors {
    changed(tensors, |name, tensor| {
        match case.named.contains_key(name) {
            true => tensor.shallow_clone(),
            false => tensor.narrow(0, 0, 1),
        }
    })
}

fn changed(tensors: &Tensors, change: impl Fn(&str, &Tensor) -> Tensor) -> Tensors {
    let tensors = tensors.iter();
    tensors
        .map(|(name, tensor)| (name.clone(), change(name, tensor)))
        .collect()
}

fn is_finite(tensor: &Tensor) -> bool {
    tensor.isfinite().all().int64_value(&[]) == 1
}

/// The Euclidean distance, relative to what is expected.
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let relative = (found - expected).norm() / expected.norm();
    relative.double_value(&[])
}
