//! Compares the compiler's rule of every operation with libtorch on random arguments: what the rule accepts
//! must have the stated shape, what it refuses because of shapes libtorch must refuse too.

mod draw;

use crate::failure::{self, Failure};
use crate::interpreter::Executable;
use crate::parameters::Parameters;
use crate::testing::{alone, teacher_plan};
use draw::{Random, Sizes, value};
use kdc::diag::Code;
use kdc::hash::Fnv;
use kdc::plan::{Arg, Init, Node, Parameter, ParameterKind, Part, Plan, Program};
use kdc::program::ops::{self, Default, Element, Kind, Operation, Value};
use kdc::shape::{Dim, Shape};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use tch::{Device, Tensor};

const CASES: usize = 200;

const SEED: u64 = 1;

/// Where the language refuses on purpose what libtorch takes.
const STRICTER: &[(&str, Code)] = &[
    // libtorch keeps a dimension that is not 1; here the rank would depend on a size.
    ("squeeze", Code::E0302),
    // libtorch broadcasts, which nobody means in a loss.
    ("smooth_l1", Code::E0302),
    // libtorch takes `[C, H, W]` for one sample; here the batch is always written.
    ("max_pool2d", Code::E0302),
    ("avg_pool2d", Code::E0302),
    ("adaptive_avg_pool2d", Code::E0302),
    // libtorch gives a tensor without elements.
    ("conv_transpose2d", Code::E0303),
    // libtorch broadcasts, which attention's own kernels do not.
    ("attention", Code::E0302),
    // libtorch makes the last part smaller.
    ("chunk", Code::E0302),
    // A single number has no samples to drop.
    ("drop_path", Code::E0302),
];

/// Whether libtorch has to refuse it too. Refusals of other codes are about types and values.
fn shared_by_libtorch(op: &str, code: Code) -> bool {
    [Code::E0302, Code::E0303].contains(&code) && !STRICTER.contains(&(op, code))
}

#[test]
fn every_rule_agrees_with_libtorch() {
    let _alone = alone();
    let mut problems = Vec::new();
    let mut checked = 0;
    for op in ops::all() {
        let mut random = Random(Fnv::of(op.name.as_bytes()));
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..CASES {
            let case = Case::draw(op, &mut random);
            match case.rule() {
                Ok(inferred) => {
                    accepted += 1;
                    if let Err(why) = case.run(&inferred.output, &inferred.weights) {
                        problems.push(format!("accepted {case}: {why}"));
                    }
                }
                Err(refusal) if shared_by_libtorch(op.name, refusal.code) => {
                    let anything = ops::Tensor {
                        element: Element::Real,
                        shape: Shape(vec![Dim::Unknown]),
                    };
                    let Some(weights) = case.weights_of_refused() else {
                        continue;
                    };
                    refused += 1;
                    // Anything but libtorch's own refusal.
                    let computed = case.compute(&anything, &weights);
                    if !matches!(computed, Err(Failure::Training(_))) {
                        problems.push(format!("refused {case}: {}", refusal.message));
                    }
                }
                Err(_) => {}
            }
        }
        if accepted < 10 {
            problems.push(format!(
                "{}: only {accepted} of {CASES} cases are accepted",
                op.name
            ));
        }
        checked += accepted + refused;
    }
    assert!(checked > 8_000, "only {checked} cases say anything");
    let shown: Vec<_> = problems.iter().take(20).cloned().collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        shown.join("\n")
    );
}

#[test]
fn parts_are_those_that_libtorch_gives() {
    let _alone = alone();
    let expected = |x: &Tensor, op: &str, arguments: &[(&str, Value)]| match (op, arguments) {
        ("chunk", [(_, Value::Int(parts)), (_, Value::Int(dim))]) => x.chunk(*parts, *dim),
        ("unbind", [(_, Value::Int(dim))]) => x.unbind(*dim),
        (other, _) => panic!("`{other}` has parts, but nothing to compare them with"),
    };
    for op in ops::all().filter(|op| op.parts.is_some()) {
        let mut random = Random(Fnv::of(op.name.as_bytes()));
        let mut compared = 0;
        while compared < 20 {
            let case = Case::draw(op, &mut random);
            let (Ok(inferred), [Operand::Tensor(_)]) = (case.rule(), case.inputs.as_slice()) else {
                continue;
            };
            let found = case.values(&inferred.output, &[]).unwrap();
            // as `compute` leaves the generator before it draws the inputs
            tch::manual_seed(SEED as i64);
            let x = case.inputs[0].tensor().unwrap();
            let expected = expected(&x, op.name, &case.arguments);
            assert_eq!(found.len(), expected.len(), "{case}");
            let mut both = found.iter().zip(&expected);
            assert!(
                both.all(|(found, expected)| found.equal(expected)),
                "{case}"
            );
            compared += 1;
        }
    }
}

/// One call.
struct Case {
    op: &'static Operation,
    inputs: Vec<Operand>,
    arguments: Vec<(&'static str, Value)>,
}

#[derive(Clone)]
enum Operand {
    Tensor(ops::Tensor),
    /// Under the input's name.
    Number(&'static str, f64),
}

impl Case {
    fn draw(op: &'static Operation, random: &mut Random) -> Case {
        let mut sizes = Sizes::default();
        let mut inputs = Vec::new();
        for input in op.inputs {
            let count = if input.many { 1 + random.below(3) } else { 1 };
            let numbers = inputs.iter().any(|i| matches!(i, Operand::Number(..)));
            if input.optional && random.chance(50) {
                continue;
            }
            for _ in 0..count {
                let number = input.number && !numbers && random.chance(20);
                inputs.push(match number {
                    true => Operand::Number(input.name, 0.5),
                    false => Operand::Tensor(sizes.tensor(input, random)),
                });
            }
        }
        let first: Vec<u64> = match inputs.first() {
            Some(Operand::Tensor(t)) => t.shape.0.iter().filter_map(Dim::known).collect(),
            _ => Vec::new(),
        };
        let mut given = Vec::new();
        for argument in op.arguments {
            let required = argument.default == Default::Required;
            if argument.name == "correction" {
                // With 1, libtorch warns of every single number.
                given.push((argument.name, Value::Int(0)));
            } else if required || random.chance(60) {
                given.push((argument.name, value(argument.kind, &first, random)));
            }
        }
        if op.name == "pick" && !first.is_empty() && random.chance(70) {
            // An index that fits is too rare otherwise.
            let axis = random.below(first.len());
            let mut shape = inputs[0].shape();
            let entries = shape.0.remove(axis);
            let element = Element::Id(entries);
            inputs[1] = Operand::Tensor(ops::Tensor { element, shape });
            given = vec![("dim", Value::Int(axis as i64))];
        }
        let arguments = op.complete(&given).expect("what is required is given");
        Case {
            op,
            inputs,
            arguments,
        }
    }

    #[allow(clippy::result_large_err)] // As the table's rules give it.
    fn rule(&self) -> Result<ops::Inferred, ops::Refusal> {
        self.op.infer(&self.tensors(), &self.arguments)
    }

    fn tensors(&self) -> Vec<ops::Tensor> {
        let number = ops::Tensor {
            element: Element::Real,
            shape: Shape::default(),
        };
        let of = |input: &Operand| match input {
            Operand::Tensor(tensor) => tensor.clone(),
            Operand::Number(..) => number.clone(),
        };
        self.inputs.iter().map(of).collect()
    }

    /// Checks shape and kind.
    fn run(&self, expected: &ops::Tensor, weights: &[ops::Weight]) -> Result<(), String> {
        let values = self.values(expected, weights).map_err(|e| e.to_string())?;
        values.iter().try_for_each(|value| agrees(value, expected))
    }

    /// The value, or those of all parts.
    fn values(
        &self,
        expected: &ops::Tensor,
        weights: &[ops::Weight],
    ) -> failure::Result<Vec<Tensor>> {
        let inputs = self.tensors();
        let Some(parts) = self.op.parts(&inputs, &self.arguments) else {
            return Ok(vec![self.compute(expected, weights)?]);
        };
        let part = |part: ops::Part| {
            let case = Case {
                op: ops::find(part.operation).expect("a part's operation is in the table"),
                inputs: self.inputs.clone(),
                arguments: part.arguments,
            };
            case.compute(expected, weights)
        };
        parts
            .expect("their number is known")
            .into_iter()
            .map(part)
            .collect()
    }

    fn compute(&self, stated: &ops::Tensor, weights: &[ops::Weight]) -> failure::Result<Tensor> {
        static BASE: OnceLock<Plan> = OnceLock::new();
        let mut plan = BASE.get_or_init(teacher_plan).clone();
        plan.parameters = weights.iter().map(parameter).collect();
        let parameters = Parameters::new(&plan, SEED, Device::Cpu, &HashMap::new())?;
        let tensors: Vec<Tensor> = self.inputs.iter().filter_map(Operand::tensor).collect();
        let names: Vec<String> = (0..tensors.len()).map(|i| format!("x{i}")).collect();
        let program = Program {
            nodes: vec![self.node(&names, stated, weights)],
            outputs: vec!["y".into()],
            ..Program::default()
        };
        let mut program = Executable::new(&program, &names, &parameters)?;
        let mut outputs = program.run(&tensors.iter().collect::<Vec<_>>(), 1)?;
        Ok(outputs.remove(0))
    }

    fn node(&self, names: &[String], stated: &ops::Tensor, weights: &[ops::Weight]) -> Node {
        let mut args: BTreeMap<String, Arg> = BTreeMap::new();
        for (name, value) in &self.arguments {
            let one = matches!(
                self.op.argument(name).map(|a| a.kind),
                Some(Kind::Size { .. })
            );
            args.extend(arg(value, one).map(|arg| (name.to_string(), arg)));
        }
        for input in &self.inputs {
            if let Operand::Number(name, number) = input {
                args.insert(name.to_string(), Arg::Number(*number));
            }
        }
        if self.op.modal {
            args.insert("training".into(), Arg::Bool(true));
        }
        let roles = weights
            .iter()
            .map(|w| (w.role.to_string(), format!("deep.{}", w.role)));
        Node {
            value: "y".into(),
            op: self.op.name.into(),
            part: Part::Student,
            inputs: names.to_vec(),
            parameters: roles.collect(),
            args,
            shape: stated.shape.clone(),
        }
    }

    /// The parameters that PyTorch's layer would have; none where they depend on what was refused.
    fn weights_of_refused(&self) -> Option<Vec<ops::Weight>> {
        if !self.op.owns {
            return Some(Vec::new());
        }
        // A kernel's parameters do not depend on the input's height and width.
        let mut roomy = Case {
            op: self.op,
            inputs: Vec::new(),
            arguments: self.arguments.clone(),
        };
        for input in &self.inputs {
            let Operand::Tensor(tensor) = input else {
                return None;
            };
            let mut tensor = tensor.clone();
            for dim in tensor.shape.0.iter_mut().skip(2) {
                *dim = Dim::Known(100);
            }
            roomy.inputs.push(Operand::Tensor(tensor));
        }
        roomy.rule().ok().map(|inferred| inferred.weights)
    }
}

fn agrees(value: &Tensor, expected: &ops::Tensor) -> Result<(), String> {
    let size: Vec<u64> = value.size().iter().map(|n| *n as u64).collect();
    let stated: Vec<u64> = expected.shape.0.iter().filter_map(Dim::known).collect();
    let kind = match expected.element {
        Element::Real | Element::Probability => tch::Kind::Float,
        Element::Bool => tch::Kind::Bool,
        Element::Id(_) | Element::Class(_) | Element::Label(_) => tch::Kind::Int64,
    };
    if size != stated || value.kind() != kind {
        return Err(format!(
            "gives {size:?} of {:?}, not {expected}",
            value.kind()
        ));
    }
    Ok(())
}

impl Operand {
    fn shape(&self) -> Shape {
        match self {
            Operand::Tensor(tensor) => tensor.shape.clone(),
            Operand::Number(..) => Shape::default(),
        }
    }

    fn tensor(&self) -> Option<Tensor> {
        let Operand::Tensor(tensor) = self else {
            return None;
        };
        let size: Vec<i64> = tensor
            .shape
            .0
            .iter()
            .filter_map(Dim::known)
            .map(|n| n as i64)
            .collect();
        let options = (tch::Kind::Float, Device::Cpu);
        Some(match &tensor.element {
            Element::Real | Element::Probability => Tensor::rand(&size, options),
            Element::Bool => Tensor::rand(&size, options).gt(0.5),
            Element::Id(bound) | Element::Class(bound) | Element::Label(bound) => {
                let bound = bound.known().unwrap_or(1) as i64;
                Tensor::randint(bound, &size, (tch::Kind::Int64, Device::Cpu))
            }
        })
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(", self.op.name)?;
        for input in &self.inputs {
            match input {
                Operand::Tensor(tensor) => write!(f, "{tensor} ")?,
                Operand::Number(name, number) => write!(f, "{name}: {number} ")?,
            }
        }
        write!(f, "{:?})", self.arguments)
    }
}

fn parameter(weight: &ops::Weight) -> Parameter {
    Parameter {
        name: format!("deep.{}", weight.role),
        owner: "deep".into(),
        kind: ParameterKind::Weight,
        shape: weight.shape.clone(),
        init: Init::Constant(1.0),
        again: None,
        then: None,
    }
}

fn arg(value: &Value, one: bool) -> Option<Arg> {
    let int = |n: u64| Arg::Int(n as i64);
    Some(match value {
        Value::Int(n) => Arg::Int(*n),
        Value::Float(x) => Arg::Number(*x),
        Value::Bool(b) => Arg::Bool(*b),
        Value::Pair(a, b) => Arg::List(vec![Arg::Int(*a), Arg::Int(*b)]),
        Value::Ints(list) => Arg::List(list.iter().map(|n| Arg::Int(*n)).collect()),
        Value::Floats(list) => Arg::List(list.iter().map(|x| Arg::Number(*x)).collect()),
        Value::Dims(dims) if one => int(dims.first()?.known()?),
        Value::Dims(dims) => Arg::List(dims.iter().filter_map(Dim::known).map(int).collect()),
        Value::Absent | Value::Unknown => return None,
    })
}
