//! No call panics or overflows, whatever its shapes and numbers are.

use super::super::{Default, Element, Input, Kind, Operation, Tensor, Value, all};
use crate::shape::{Dim, Shape};

/// A small generator (xorshift64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn int(&mut self) -> i64 {
        self.of(&[
            -1,
            0,
            1,
            2,
            3,
            4,
            7,
            1_000_000,
            i64::MIN,
            i64::MAX,
            i64::MAX - 1,
        ])
    }

    fn dim(&mut self) -> Dim {
        match self.below(8) {
            0 => Dim::Unknown,
            1 => Dim::batch(),
            2 => Dim::Symbol {
                name: "C".into(),
                times: self.of(&[1, 4, u64::MAX]),
            },
            _ => Dim::Known(self.of(&[0, 1, 2, 3, 8, 8, 8, 32, 1_000_000, u64::MAX])),
        }
    }

    fn dims(&mut self) -> Vec<Dim> {
        (0..self.below(6)).map(|_| self.dim()).collect()
    }

    fn tensor(&mut self, input: &Input) -> Tensor {
        use super::super::Takes;
        let element = match (input.takes, self.below(8)) {
            (_, 0) => Element::Probability,
            (Takes::Bool, _) => Element::Bool,
            (Takes::Integer | Takes::Label, 1..4) => Element::Class(self.dim()),
            (Takes::Integer | Takes::Label, _) => Element::Id(self.dim()),
            _ => Element::Real,
        };
        Tensor {
            element,
            shape: Shape(self.dims()),
        }
    }

    fn value(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Int { .. } | Kind::Pair { .. } if self.below(8) == 0 => Value::Unknown,
            Kind::Int { .. } | Kind::Axis | Kind::NewAxis => Value::Int(self.int()),
            Kind::Float { .. } | Kind::Scalar => {
                Value::Float(self.of(&[0.0, 0.5, -1.0, 1e300, f64::NAN, f64::INFINITY]))
            }
            Kind::Bool => Value::Bool(self.below(2) == 0),
            Kind::Pair { .. } => Value::Pair(self.int(), self.int()),
            Kind::Axes | Kind::Order => {
                Value::Ints((0..self.below(4)).map(|_| self.int()).collect())
            }
            Kind::Numbers => Value::Floats((0..self.below(4)).map(|_| 0.5).collect()),
            Kind::Size { .. } => Value::Dims(vec![self.dim()]),
            Kind::Sizes => Value::Dims(vec![self.dim(), self.dim()]),
            Kind::Dims => Value::Dims(self.dims()),
        }
    }

    fn call(&mut self, op: &Operation) -> (Vec<Tensor>, Vec<(&'static str, Value)>) {
        let mut inputs: Vec<Tensor> = op.inputs.iter().map(|input| self.tensor(input)).collect();
        // Often alike, so that rules come further than their first check.
        let alike = self.below(3) > 0;
        for i in 1..inputs.len() {
            if alike {
                inputs[i].shape = inputs[0].shape.clone();
            }
        }
        if op.inputs.iter().any(|input| input.many) {
            inputs.push(inputs[0].clone());
        }
        let mut given = Vec::new();
        for argument in op.arguments {
            if argument.default == Default::Required || self.below(2) == 0 {
                given.push((argument.name, self.value(argument.kind)));
            }
        }
        (inputs, op.complete(&given).expect("all required arguments"))
    }
}

#[test]
fn no_call_panics() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut fit, mut refused) = (0, 0);
    for op in all() {
        for _ in 0..3_000 {
            let (inputs, arguments) = random.call(op);
            match op.infer(&inputs, &arguments) {
                Ok(_) => fit += 1,
                Err(refusal) => {
                    assert!(!refusal.message.is_empty() && !refusal.label.is_empty());
                    assert!(!refusal.message.ends_with('.'), "{}", refusal.message);
                    refused += 1;
                }
            }
        }
    }
    // The generator is of no use if it only ever meets one of them.
    assert!(
        fit > 10_000 && refused > 10_000,
        "{fit} fit, {refused} refused"
    );
}
