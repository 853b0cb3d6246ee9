//! A step in one pass over a parameter, its gradient and its moments: what limits an optimizer is memory.

use crate::autograd::in_parallel;
use crate::shared::Shared;
use kdc::plan::Optimizer as Settings;
use std::ops::Range;
use tch::{Device, Kind, TchError, Tensor};

/// As few numbers as are worth a thread.
const LEAST: usize = 32 * 1024;

/// The numbers of a step for one parameter.
#[derive(Clone, Copy)]
pub enum Step {
    Adam(Adam),
    Sgd(Sgd),
}

#[derive(Clone, Copy)]
pub struct Adam {
    /// How much of a moment is replaced; the second one also how much is kept.
    first: f32,
    second: f32,
    kept: f32,
    eps: f32,
    step_size: f32,
    /// One over the root of the second moment's correction.
    scale: f32,
    /// What of the parameter is added to the gradient, and what is left of it.
    decay: f32,
    shrink: f32,
}

#[derive(Clone, Copy)]
pub struct Sgd {
    lr: f32,
    momentum: f32,
    nesterov: bool,
    decay: f32,
}

impl Step {
    /// Steps count from 1.
    pub fn at(settings: &Settings, step: i32, lr: f64, weight_decay: f64) -> Step {
        let (betas, eps, decay, shrink) = match *settings {
            Settings::Adam { betas, eps, .. } => (betas, eps, weight_decay, 1.0),
            Settings::Adamw { betas, eps, .. } => (betas, eps, 0.0, 1.0 - lr * weight_decay),
            Settings::Sgd {
                momentum, nesterov, ..
            } => {
                return Step::Sgd(Sgd {
                    lr: lr as f32,
                    momentum: momentum as f32,
                    nesterov,
                    decay: weight_decay as f32,
                });
            }
        };
        Step::Adam(Adam {
            first: (1.0 - betas.0) as f32,
            second: (1.0 - betas.1) as f32,
            kept: betas.1 as f32,
            eps: eps as f32,
            step_size: (lr / (1.0 - betas.0.powi(step))) as f32,
            scale: (1.0 / (1.0 - betas.1.powi(step)).sqrt()) as f32,
            decay: decay as f32,
            shrink: shrink as f32,
        })
    }
}

/// Whether a parameter is such that its numbers can be gone through here.
pub fn can(parameter: &Tensor) -> bool {
    parameter.device() == Device::Cpu
        && parameter.kind() == Kind::Float
        && parameter.is_contiguous()
}

/// Moves a parameter, for which [`can`] holds, and its moments, which lie as it does.
pub fn step(
    parameter: &Tensor,
    gradient: &Tensor,
    first: &Tensor,
    second: Option<&Tensor>,
    step: Step,
) -> Result<(), TchError> {
    let gradient = gradient.f_to_kind(Kind::Float)?.f_contiguous()?;
    let count = parameter.numel();
    let all = [Some(&gradient), Some(first), second];
    if !all
        .into_iter()
        .flatten()
        .all(|t| can(t) && t.numel() == count)
    {
        return Err(TchError::Shape("an optimizer's state does not fit".into()));
    }
    let [p, g, m] = [parameter, &gradient, first].map(Shared::of);
    match (step, second.map(Shared::of)) {
        (Step::Adam(step), Some(v)) => in_parallel(count, LEAST, |some| {
            let [p, g, m, v] = of_each([&p, &g, &m, &v], some);
            step.take(p, g, m, v);
        }),
        (Step::Sgd(step), _) => in_parallel(count, LEAST, |some| {
            let [p, g, m] = of_each([&p, &g, &m], some);
            step.take(p, g, m);
        }),
        (Step::Adam(_), None) => return Err(TchError::Shape("a moment is missing".into())),
    }
    Ok(())
}

/// What one thread works on.
#[allow(unsafe_code, clippy::mut_from_ref)]
fn of_each<'s, const N: usize>(
    all: [&'s Shared<f32>; N],
    part: Range<usize>,
) -> [&'s mut [f32]; N] {
    // SAFETY: no two threads have the same part; the tensors of a step are different ones, and no operation of
    // libtorch runs meanwhile.
    all.map(|numbers| unsafe { numbers.part(part.clone()) })
}

impl Adam {
    fn take(self, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let g = g + self.decay * *p;
            *m += self.first * (g - *m);
            *v = self.kept * *v + self.second * g * g;
            *p = self.shrink * *p - self.step_size * *m / (v.sqrt() * self.scale + self.eps);
        }
    }
}

impl Sgd {
    fn take(self, p: &mut [f32], g: &[f32], m: &mut [f32]) {
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            let g = g + self.decay * *p;
            *m = self.momentum * *m + g;
            let direction = match self.nesterov {
                true => g + self.momentum * *m,
                false => *m,
            };
            *p -= self.lr * direction;
        }
    }
}
