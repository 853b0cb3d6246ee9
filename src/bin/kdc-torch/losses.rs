//! Tests that the library's losses are what their papers say, in value and gradient, and finite where a norm
//! or a difference is zero. `tests/fixtures/losses.py` is the other side and says what its values are.
//!
//! A case becomes an experiment, whose plan is the loss's program on tensors of any kind: in float64 a formula
//! is told from one that is almost the same.

use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::testing::{alone, fixture, plan_with};
use kdc::plan::{ParameterKind, Part, Plan, Program};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tch::{Device, Kind, Tensor};

/// Relative.
const TOLERANCE: f64 = 1e-6;
const EDGE: &str = "it";
/// As many as the programs' banks have rows.
const SAMPLES: u64 = 90;

#[derive(Clone, Deserialize)]
struct Case {
    name: String,
    loss: String,
    arguments: String,
    /// Shapes without the batch.
    students: Vec<Vec<i64>>,
    teachers: Vec<Vec<i64>>,
    /// Of the label, if the loss takes one.
    classes: Option<i64>,
    /// Shapes of what else it takes by name.
    named: BTreeMap<String, Vec<i64>>,
    /// Whether it takes the samples' numbers.
    indexed: bool,
}

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

fn cases() -> Vec<Case> {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/losses.json"
    ));
    serde_json::from_str(text).expect("the fixture is part of the sources")
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
    let mut problems = Vec::new();
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
        }
        check("one sample", &first_sample(&drawn, &case));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
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

impl Case {
    fn plan(&self) -> Plan {
        let teacher = format!(
            "use \"data.kd\"::images
             model Deep() {{
                 input image: [N, 3, 32, 32]
                 {}{}{}{}
             }}
             student deep = Deep()
             edge images.label ~> deep.answer by cross_entropy
             {TRAIN}",
            outputs("t", &self.teachers),
            self.named
                .iter()
                .map(|(name, shape)| output(name, shape))
                .collect::<String>(),
            self.classes
                .map_or(String::new(), |classes| output("right", &[classes])),
            output("answer", &[10]),
        );
        let label = self
            .classes
            .map(|_| "tap label = argmax(deep.right, dim: 1)\n".to_string());
        let named = self.named.keys();
        // The mean over the batch, for want of a tensor that does not depend on it.
        let named = named.map(|name| format!("tap {name} = mean(deep.{name}, dim: 0)\n"));
        let student = format!(
            "use \"data.kd\"::images
             model Light() {{
                 input image: [N, 3, 32, 32]
                 {}
             }}
             teacher deep from \"teacher.kd\"
             student light = Light()
             {}
             edge {EDGE}: {} ~> {} by {}({})
             {TRAIN}",
            outputs("s", &self.students),
            label.into_iter().chain(named).collect::<String>(),
            match self.teachers.as_slice() {
                [] => "label".to_string(),
                teachers => side("deep.t", teachers.len()),
            },
            side("light.s", self.students.len()),
            self.loss,
            self.written_arguments(),
        );
        plan_with(&student, &teacher).with_samples(&[("images".into(), SAMPLES)].into())
    }

    fn written_arguments(&self) -> String {
        let label = self.classes.filter(|_| !self.teachers.is_empty());
        let label = label.map(|_| "label".to_string());
        let named = label.into_iter().chain(self.named.keys().cloned());
        let named = named.map(|name| format!("{name}: {name}, "));
        let index = self.indexed.then(|| "index: images.index, ".to_string());
        named.chain(index).chain([self.arguments.clone()]).collect()
    }
}

/// `(deep.t0, deep.t1)`
fn side(start: &str, count: usize) -> String {
    let tensors: Vec<String> = (0..count).map(|i| format!("{start}{i}")).collect();
    match tensors.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    }
}

const TRAIN: &str = "train on images { epochs: 1, optimizer: adam(lr: 0.001) }";

/// Model outputs of these shapes: `s0`, `s1`, …
fn outputs(letter: &str, shapes: &[Vec<i64>]) -> String {
    let shapes = shapes.iter().enumerate();
    shapes
        .map(|(i, shape)| output(&format!("{letter}{i}"), shape))
        .collect()
}

fn output(name: &str, shape: &[i64]) -> String {
    let sizes: Vec<String> = shape.iter().map(i64::to_string).collect();
    format!(
        "output {name} = image -> flatten -> linear({}) -> reshape((N, {}))\n",
        shape.iter().product::<i64>(),
        sizes.join(", ")
    )
}

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
