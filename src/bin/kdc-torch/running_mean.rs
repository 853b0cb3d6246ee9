//! Running means of weights: teachers that follow a student, and averaged students.

use crate::amount::{Amount, Time};
use crate::failure::Result;
use tch::{TchError, Tensor, no_grad_guard};

/// Tensors that follow others.
pub struct RunningMean {
    /// How much is kept of the mean at each step.
    decay: Amount,
    pairs: Vec<Pair>,
}

pub struct Pair {
    pub mean: Tensor,
    pub of: Tensor,
    /// Running statistics are taken over as they are: they are means already.
    pub statistics: bool,
}

impl RunningMean {
    pub fn new(decay: Amount, pairs: Vec<Pair>) -> RunningMean {
        RunningMean { decay, pairs }
    }

    pub fn means(&self) -> impl Iterator<Item = &Tensor> {
        self.pairs.iter().map(|pair| &pair.mean)
    }

    /// After a step of the optimizer that began at `time`.
    pub fn follow(&mut self, time: Time) -> Result<()> {
        let _no_grad = no_grad_guard();
        let rest = 1.0 - self.decay.of(0, time);
        for pair in &mut self.pairs {
            if pair.statistics {
                pair.mean.f_copy_(&pair.of)?;
            } else {
                let _same = pair.mean.f_lerp_(&pair.of, rest)?;
            }
        }
        Ok(())
    }

    /// Exchanges the means and what they are means of.
    pub fn swap(&mut self) -> Result<()> {
        let _no_grad = no_grad_guard();
        for Pair { mean, of, .. } in &mut self.pairs {
            swap(mean, of)?;
        }
        Ok(())
    }
}

fn swap(a: &mut Tensor, b: &mut Tensor) -> std::result::Result<(), TchError> {
    let kept = a.f_detach_copy()?;
    a.f_copy_(b)?;
    b.f_copy_(&kept)
}
