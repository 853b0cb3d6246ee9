//! Random shapes and arguments, of the kinds that the table of operations names.

use kdc::program::ops::{self, Element, Input, Kind, Takes, Value};
use kdc::shape::{Dim, Shape};
use std::collections::HashMap;

pub fn value(kind: Kind, first: &[u64], random: &mut Random) -> Value {
    let rank = first.len() as i64;
    match kind {
        Kind::Int { min, max } => Value::Int(random.within(min.max(-2), max.min(4))),
        Kind::Float { min, max } => {
            Value::Float([0.0_f64, 0.1, 0.5, 1.0][random.below(4)].clamp(min, max))
        }
        Kind::Bool => Value::Bool(random.chance(50)),
        Kind::Pair { min, max } => {
            let mut one = || random.within(min, max.min(4));
            Value::Pair(one(), one())
        }
        Kind::Axis | Kind::NewAxis => Value::Int(random.within(-rank - 1, rank + 1)),
        Kind::Axes => {
            let count = 1 + random.below(2);
            Value::Ints((0..count).map(|_| random.within(-rank, rank)).collect())
        }
        Kind::Order => Value::Ints(random.order(rank as usize, rank as usize)),
        Kind::Numbers => Value::Floats((0..2 + random.below(6)).map(|n| n as f64).collect()),
        Kind::Size { .. } => Value::Dims(vec![Dim::Known(1 + random.below(4) as u64)]),
        Kind::Sizes => Value::Dims(
            (0..2)
                .map(|_| Dim::Known(1 + random.below(6) as u64))
                .collect(),
        ),
        Kind::Dims => Value::Dims(dims(first, random)),
        Kind::Scalar => Value::Float(0.5),
    }
}

/// A shape of as many elements, or one that broadcasts, or any.
fn dims(first: &[u64], random: &mut Random) -> Vec<Dim> {
    let mut sizes = match random.below(4) {
        0 => vec![first.iter().product()],
        1 => {
            let order = random.order(first.len(), first.len());
            order.iter().map(|i| first[*i as usize]).collect()
        }
        2 => {
            let stretch = |n: &u64| if *n == 1 { 3 } else { *n };
            first.iter().map(stretch).collect()
        }
        _ => (0..random.below(4))
            .map(|_| 1 + random.below(6) as u64)
            .collect(),
    };
    if random.chance(20) {
        sizes.insert(0, 1 + random.below(2) as u64);
    }
    sizes.into_iter().map(Dim::Known).collect()
}

/// The sizes that names stand for in one case.
#[derive(Default)]
pub struct Sizes {
    named: HashMap<String, u64>,
    rest: Option<Vec<u64>>,
}

impl Sizes {
    /// Mostly of a shape that the input says it takes.
    pub fn tensor(&mut self, input: &Input, random: &mut Random) -> ops::Tensor {
        let alternatives: Vec<&str> = input.shape.split(" or ").collect();
        let pattern = alternatives[random.below(alternatives.len())];
        let names = pattern
            .trim_matches(['[', ']'])
            .split(", ")
            .filter(|n| !n.is_empty());
        let mut sizes = Vec::new();
        for name in names {
            if name == ".." {
                sizes.extend(self.rest(random));
            } else if random.chance(8) {
                sizes.push(1 + random.below(7) as u64);
            } else {
                let size = 1 + random.below(7) as u64;
                sizes.push(*self.named.entry(name.to_string()).or_insert(size));
            }
        }
        if random.chance(5) {
            sizes = (0..random.below(5))
                .map(|_| 1 + random.below(5) as u64)
                .collect();
        }
        let bound = Dim::Known(1 + random.below(6) as u64);
        ops::Tensor {
            element: match input.takes {
                Takes::Real | Takes::Logits | Takes::Any => Element::Real,
                Takes::Bool => Element::Bool,
                Takes::Integer | Takes::Label => Element::Id(bound),
            },
            shape: Shape(sizes.into_iter().map(Dim::Known).collect()),
        }
    }

    /// What `..` stands for: the same as before, or with dimensions of 1, or shorter, or different.
    fn rest(&mut self, random: &mut Random) -> Vec<u64> {
        let drawn: Vec<u64> = (0..random.below(4))
            .map(|_| 1 + random.below(5) as u64)
            .collect();
        let mut rest = self.rest.get_or_insert_with(|| drawn.clone()).clone();
        match random.below(5) {
            0 => rest
                .iter_mut()
                .for_each(|n| *n = if random.chance(50) { 1 } else { *n }),
            1 => rest = rest.split_off(rest.len().min(random.below(3))),
            2 if random.chance(40) => rest = drawn,
            _ => {}
        }
        rest
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn within(&mut self, min: i64, max: i64) -> i64 {
        min + self.below((max - min + 1).max(1) as usize) as i64
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// So many of the numbers below `n`, each once.
    fn order(&mut self, n: usize, count: usize) -> Vec<i64> {
        let mut left: Vec<i64> = (0..n as i64).collect();
        (0..count)
            .map(|_| left.remove(self.below(left.len())))
            .collect()
    }
}
