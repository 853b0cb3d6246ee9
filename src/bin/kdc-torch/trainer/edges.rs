//! The losses of a stage's edges, and their weighted sum.

use super::amount;
use crate::amount::{Amount, Time};
use crate::dial::Dial;
use crate::failure::{Failure, Result};
use kdc::plan::{EdgeLoss, Stage};
use tch::{Device, Tensor};

pub struct Edges(Vec<Edge>);

struct Edge {
    /// Of its loss, among the outputs of the step.
    place: usize,
    weight: Amount,
    /// Where the weight changes.
    dial: Option<Dial>,
}

impl Edges {
    pub fn new(stage: &Stage, device: Device) -> Result<Edges> {
        let edge = |edge: &EdgeLoss| {
            let place = stage.step.outputs.iter().position(|o| *o == edge.value);
            let place = place.ok_or_else(|| {
                Failure::Bug(format!(
                    "the plan does not compute the loss of edge `{}`",
                    edge.name
                ))
            })?;
            let weight = amount(&edge.weight)?;
            let dial = match weight.fixed() {
                Some(_) => None,
                None => Some(Dial::new(weight.clone(), device)?),
            };
            Ok(Edge {
                place,
                weight,
                dial,
            })
        };
        Ok(Edges(stage.edges.iter().map(edge).collect::<Result<_>>()?))
    }

    /// Puts the weights of the step that comes next on the device, and gives them.
    pub fn set(&mut self, batch: i64, time: Time) -> Result<Vec<f64>> {
        let weight = |edge: &mut Edge| match &mut edge.dial {
            Some(dial) => Ok(dial.set(batch, time)?),
            None => Ok(edge.weight.of(batch, time)),
        };
        self.0.iter_mut().map(weight).collect()
    }

    pub fn total(&self, outputs: &[Tensor], batch: i64, time: Time) -> Result<Tensor> {
        let mut total: Option<Tensor> = None;
        for edge in &self.0 {
            let loss = &outputs[edge.place];
            let weighted = match &edge.dial {
                Some(dial) => loss.f_mul(dial.value())?,
                None => loss.f_mul_scalar(edge.weight.of(batch, time))?,
            };
            total = Some(match total {
                Some(sum) => sum.f_add(&weighted)?,
                None => weighted,
            });
        }
        total.ok_or_else(|| Failure::Bug("the plan has a stage without edges".into()))
    }

    /// `[edges]`, without weights.
    pub fn losses(&self, outputs: &[Tensor]) -> Result<Tensor> {
        let losses = self.0.iter().map(|edge| outputs[edge.place].f_detach());
        let losses = losses.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Tensor::f_stack(&losses, 0)?)
    }
}
