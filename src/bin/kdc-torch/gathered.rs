//! Gradients of several batches that make one step of the optimizer.

use crate::failure::Result;
use tch::{TchError, Tensor};

/// The sum of the gradients of some batches.
#[derive(Default)]
pub struct Gathered {
    sum: Vec<Tensor>,
    pub batches: u64,
}

impl Gathered {
    pub fn add(&mut self, gradients: Vec<Tensor>) -> Result<()> {
        self.batches += 1;
        if self.batches == 1 {
            self.sum = gradients;
            return Ok(());
        }
        for (sum, gradient) in self.sum.iter_mut().zip(&gradients) {
            *sum = sum.f_add(gradient)?;
        }
        Ok(())
    }

    /// Of the batches since it was asked last.
    pub fn mean(&mut self) -> Result<Option<Vec<Tensor>>> {
        let Gathered { sum, batches } = std::mem::take(self);
        Ok(match batches {
            0 => None,
            1 => Some(sum),
            _ => {
                let mean = sum.iter().map(|sum| sum.f_div_scalar(batches as f64));
                Some(mean.collect::<std::result::Result<_, _>>()?)
            }
        })
    }
}

/// As `torch.nn.utils.clip_grad_norm_`.
pub fn clip(gradients: &mut [Tensor], largest: f64) -> std::result::Result<(), TchError> {
    let norms = gradients.iter().map(Tensor::f_norm);
    let norms = norms.collect::<std::result::Result<Vec<_>, _>>()?;
    let norm = Tensor::f_stack(&norms, 0)?.f_norm()?;
    let scale = norm
        .f_full_like(largest)?
        .f_div(&norm.f_add_scalar(1e-6)?)?;
    let scale = scale.f_clamp_max(1.0)?;
    for gradient in gradients {
        *gradient = gradient.f_mul(&scale)?;
    }
    Ok(())
}
