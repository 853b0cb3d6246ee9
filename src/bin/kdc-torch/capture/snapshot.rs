//! Taking a step back, and comparing where two ways of taking it end.

use crate::failure::Result;
use crate::shim;
use tch::{Device, Kind, Tensor, no_grad_guard};

/// How far a replayed step may end from a plain one, as a share of its length: some kernels add in any order.
const TOLERANCE: f64 = 0.01;

/// Tensors that are compared together: what learns, and each running mean or state for itself, which would not count
/// beside a larger one.
pub type Groups = Vec<Vec<Tensor>>;

/// All that a step changes, shared with those who change it.
pub struct State {
    pub groups: Groups,
    pub device: Device,
}

/// What it was at a time, and where the device's default generator stood.
pub struct Snapshot {
    values: Groups,
    drawn: Tensor,
}

impl State {
    pub fn snapshot(&self) -> Result<Snapshot> {
        let copies = |group: &Vec<Tensor>| group.iter().map(Tensor::f_detach_copy).collect();
        let values = self.groups.iter().map(copies);
        Ok(Snapshot {
            values: values.collect::<std::result::Result<_, _>>()?,
            drawn: shim::generator_state(self.device)?,
        })
    }

    /// Makes everything what it was.
    pub fn put(&self, then: &Snapshot) -> Result<()> {
        let _no_grad = no_grad_guard();
        let pairs = self
            .groups
            .iter()
            .flatten()
            .zip(then.values.iter().flatten());
        for (tensor, value) in pairs {
            tensor.shallow_clone().f_copy_(value)?;
        }
        Ok(shim::set_generator_state(self.device, &then.drawn)?)
    }

    /// What is not as in `plain`, where both are a step behind `before`.
    pub fn strays(&self, before: &Snapshot, plain: &Snapshot) -> Result<Option<String>> {
        let ends = self.groups.iter().zip(&before.values).zip(&plain.values);
        for ((replayed, before), plain) in ends {
            let (length, apart) = (distance(before, plain)?, distance(plain, replayed)?);
            if !within(apart, length) {
                let share = 100.0 * apart / length;
                return Ok(Some(format!(
                    "a graph's step ended {share:.1} % of its length from where a plain one did"
                )));
            }
        }
        Ok(None)
    }
}

pub fn clones(tensors: &[Tensor]) -> Vec<Tensor> {
    tensors.iter().map(Tensor::shallow_clone).collect()
}

/// No number is no agreement.
pub fn within(apart: f64, length: f64) -> bool {
    apart <= TOLERANCE * length
}

/// The Euclidean distance of all numbers together.
pub fn distance(from: &[Tensor], to: &[Tensor]) -> Result<f64> {
    let mut sum = 0.0;
    for (from, to) in from.iter().zip(to) {
        let apart = from
            .f_to_kind(Kind::Double)?
            .f_sub(&to.f_to_kind(Kind::Double)?)?;
        sum += f64::try_from(apart.f_square()?.f_sum(Kind::Double)?)?;
    }
    Ok(sum.sqrt())
}
