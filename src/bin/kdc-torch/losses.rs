//! Tests that the library's losses are what their papers say, in value and gradient, and finite where a norm
//! or a difference is zero. `tests/fixtures/losses.py` is the other side and says what its values are.
//!
//! A case becomes an experiment, whose plan is the loss's program on tensors of any kind: in float64 a formula
//! is told from one that is almost the same.

use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::testing::{alone, plan_with};
use kdc::plan::{ParameterKind, Part, Plan, Program};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tch::{Device, Kind, Tensor};

/// Relative.
const TOLERANCE: f64 = 1e-6;
const EDGE: &str = "it";

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
}

/// A loss's program, ready to run, and the tensors that go with it.
struct Formula {
    program: Executable,
    /// The names of what it reads: `s0`, `t0`, `label`.
    inputs: Vec<String>,
    parameters: Parameters,
    /// Names of those that learn, without the edge in front.
    learns: Vec<String>,
}

fn cases() -> Vec<Case> {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/losses.json"
    ));
    serde_json::from_str(text).expect("the fixture is part of the sources")
}

fn golden() -> HashMap<String, Tensor> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/losses.safetensors"
    );
    let tensors = Tensor::read_safetensors(path).expect("the fixture is part of the sources");
    tensors.into_iter().collect()
}

#[test]
fn values_and_gradients_are_those_of_the_papers() {
    let _alone = alone();
    let golden = golden();
    let mut problems = Vec::new();
    for case in cases() {
        let expected = |what: &str| {
            let name = format!("{}.{what}", case.name);
            golden
                .get(&name)
                .unwrap_or_else(|| panic!("no golden value {name}"))
        };
        let mut formula = Formula::new(&case, &golden, Kind::Double);
        let tensors = case.tensors(&golden, Kind::Double);
        let (value, gradients) = formula.value_and_gradients(&tensors);
        let mut compare = |what: &str, found: &Tensor, expected: &Tensor| {
            let difference = distance(found, expected);
            if difference.is_nan() || difference > TOLERANCE {
                problems.push(format!("{}: {what} differs by {difference:e}", case.name));
            }
        };
        compare("value", &value, expected("value"));
        for (name, gradient) in &gradients {
            compare(name, gradient, expected(&format!("gradient.{name}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn values_and_gradients_are_finite_where_something_is_zero() {
    let _alone = alone();
    let golden = golden();
    let mut problems = Vec::new();
    for case in cases() {
        let mut formula = Formula::new(&case, &golden, Kind::Float);
        let drawn = case.tensors(&golden, Kind::Float);
        let mut check = |what: &str, tensors: &Tensors| {
            let (value, gradients) = formula.value_and_gradients(tensors);
            let all = gradients.values().chain([&value]);
            if !all.into_iter().all(is_finite) {
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
    fn inputs(&self) -> impl Iterator<Item = String> {
        let label = self.classes.map(|_| "label".to_string());
        let students = (0..self.students.len()).map(|i| format!("s{i}"));
        let teachers = (0..self.teachers.len()).map(|i| format!("t{i}"));
        let named = self.named.keys().cloned();
        students.chain(teachers).chain(label).chain(named)
    }

    fn tensors(&self, golden: &HashMap<String, Tensor>, kind: Kind) -> Tensors {
        let tensor = |name: &String| {
            let tensor = &golden[&format!("{}.{name}", self.name)];
            match tensor.kind() {
                Kind::Double => tensor.to_kind(kind),
                _ => tensor.shallow_clone(),
            }
        };
        self.inputs()
            .map(|name| (name.clone(), tensor(&name)))
            .collect()
    }

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
        plan_with(&student, &teacher)
    }

    fn written_arguments(&self) -> String {
        let label = self.classes.filter(|_| !self.teachers.is_empty());
        let label = label.map(|_| "label".to_string());
        let named = label.into_iter().chain(self.named.keys().cloned());
        let named = named.map(|name| format!("{name}: {name}, "));
        named.chain([self.arguments.clone()]).collect()
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
    /// The part of the case's plan that is the loss.
    fn new(case: &Case, golden: &HashMap<String, Tensor>, kind: Kind) -> Formula {
        let mut plan = case.plan();
        plan.parameters.retain(|p| p.owner == EDGE);
        let mut parameters = Parameters::loaded(&plan, Device::Cpu, &HashMap::new())
            .expect("parameters of fixed shapes");
        for parameter in &plan.parameters {
            let own = parameter
                .name
                .strip_prefix("it.")
                .unwrap_or(&parameter.name);
            let tensor = golden.get(&format!("{}.parameter.{own}", case.name));
            let zero = parameters.get(&parameter.name).expect("it was made");
            parameters.replace(&parameter.name, tensor.unwrap_or(zero).to_kind(kind));
        }
        let step = plan.stages.remove(0).step;
        let nodes: Vec<_> = (step.nodes.into_iter())
            .filter(|node| node.part == Part::Loss)
            .collect();
        let given: BTreeSet<&String> = nodes.iter().map(|node| &node.value).collect();
        let reads = nodes.iter().flat_map(|node| &node.inputs);
        let inputs: BTreeSet<String> = reads.filter(|n| !given.contains(n)).cloned().collect();
        let inputs = Vec::from_iter(inputs);
        let program = Program {
            nodes,
            outputs: step.outputs,
            ..Program::default()
        };
        let learns = plan
            .parameters
            .iter()
            .filter(|p| p.kind == ParameterKind::Auxiliary);
        Formula {
            program: Executable::new(&program, &inputs, &parameters).expect("a whole program"),
            inputs: inputs.iter().map(|name| own_name(name)).collect(),
            learns: learns.map(|p| own_name(&p.name)).collect(),
            parameters,
        }
    }

    /// The loss and its gradients, by the names of what learns.
    fn value_and_gradients(&mut self, tensors: &Tensors) -> (Tensor, Tensors) {
        let mut tensors: Tensors = (tensors.iter())
            .map(|(name, tensor)| (name.clone(), tensor.detach_copy()))
            .collect();
        for (name, tensor) in &mut tensors {
            if is_side(name, 's') {
                let _same = tensor.requires_grad_(true);
            }
        }
        let mut learning: Tensors = (tensors.iter())
            .filter(|(_, tensor)| tensor.requires_grad())
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect();
        for name in &self.learns {
            let tensor = self
                .parameters
                .get(&format!("{EDGE}.{name}"))
                .expect("it was made");
            learning.insert(name.clone(), tensor.set_requires_grad(true));
        }
        let inputs: Vec<&Tensor> = self.inputs.iter().map(|name| &tensors[name]).collect();
        let samples = tensors["s0"].size()[0];
        let value = self
            .program
            .run(&inputs, samples)
            .expect("it runs")
            .remove(0);
        let of: Vec<&Tensor> = learning.values().collect();
        let gradients = Tensor::run_backward(&[&value], &of, false, false);
        let gradients = learning.keys().cloned().zip(gradients).collect();
        (value.detach(), gradients)
    }
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
