//! One stage of training, a step at a time.

use crate::data::Batch;
use crate::failure::{Failure, Result};
use crate::interpreter::Executable;
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;
use kdc::plan::Stage;
use tch::{Tensor, no_grad_guard};

pub struct Trainer {
    constant: Executable,
    step: Executable,
    /// For each edge, its place among the outputs of `step`, and its weight.
    edges: Vec<(usize, f64)>,
    optimizer: Optimizer,
    /// The names of the parameters that learn, in the optimizer's order.
    learns: Vec<String>,
}

impl Trainer {
    /// `fields` are the names of a batch's values, in order.
    pub fn new(stage: &Stage, fields: &[String], parameters: &Parameters) -> Result<Trainer> {
        parameters.learn(&stage.learns)?;
        let learning = stage.learns.iter().map(|name| {
            let tensor = parameters.get(name).map(Tensor::shallow_clone);
            tensor.ok_or_else(|| {
                Failure::Bug(format!(
                    "the plan trains `{name}`, which it does not declare"
                ))
            })
        });
        let edges = stage.edges.iter().map(|edge| {
            let place = stage.step.outputs.iter().position(|o| *o == edge.value);
            let place = place.ok_or_else(|| {
                Failure::Bug(format!(
                    "the plan does not compute the loss of edge `{}`",
                    edge.name
                ))
            })?;
            Ok((place, edge.weight))
        });
        let inputs = [fields, &stage.constant.outputs].concat();
        Ok(Trainer {
            constant: Executable::new(&stage.constant, fields, parameters)?,
            step: Executable::new(&stage.step, &inputs, parameters)?,
            edges: edges.collect::<Result<_>>()?,
            optimizer: Optimizer::new(&stage.optimizer, learning.collect::<Result<_>>()?),
            learns: stage.learns.clone(),
        })
    }

    /// What the teachers give for the batch: the outputs of the stage's `constant` program.
    pub fn constants(&mut self, batch: &Batch) -> Result<Vec<Tensor>> {
        let _no_grad = no_grad_guard();
        let fields: Vec<&Tensor> = batch.fields.iter().collect();
        self.constant.run(&fields, batch.size)
    }

    /// One step of the optimizer on the weighted sum of the edges' losses. Gives the losses before it, one
    /// for each edge, without weights, on the device.
    pub fn step(&mut self, batch: &Batch, constants: &[Tensor]) -> Result<Tensor> {
        let inputs: Vec<&Tensor> = batch.fields.iter().chain(constants).collect();
        let outputs = self.step.run(&inputs, batch.size)?;
        let total = self.total(&outputs)?;
        let gradients = self.gradients(&total)?;
        self.optimizer.step(&gradients)?;
        let losses = self
            .edges
            .iter()
            .map(|(place, _)| outputs[*place].f_detach());
        let losses = losses.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Tensor::f_stack(&losses, 0)?)
    }

    fn total(&self, outputs: &[Tensor]) -> Result<Tensor> {
        let mut total: Option<Tensor> = None;
        for (place, weight) in &self.edges {
            let weighted = outputs[*place].f_mul_scalar(*weight)?;
            total = Some(match total {
                Some(sum) => sum.f_add(&weighted)?,
                None => weighted,
            });
        }
        total.ok_or_else(|| Failure::Bug("the plan has a stage without edges".into()))
    }

    /// libtorch crashes on a loss that depends on nothing, so that is asked first.
    fn gradients(&self, total: &Tensor) -> Result<Vec<Tensor>> {
        if !total.requires_grad() {
            return Err(Failure::Bug(
                "no edge's loss depends on what is to be trained".into(),
            ));
        }
        let gradients =
            Tensor::f_run_backward(&[total], self.optimizer.parameters(), false, false)?;
        match gradients.iter().position(|gradient| !gradient.defined()) {
            None => Ok(gradients),
            Some(place) => Err(Failure::Bug(format!(
                "the plan trains `{}`, which no edge's loss depends on",
                self.learns[place]
            ))),
        }
    }
}
