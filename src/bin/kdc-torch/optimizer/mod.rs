//! PyTorch's optimizers: to the last bit in plain tensor operations, or fused, each parameter for itself on a CPU and
//! all together on a GPU.
//!
//! libtorch's own C++ Adam rounds differently from Python's (`mul_` and `add_` for `lerp_`), and tch passes
//! no scalars such as `alpha`, which are fused multiply-adds there: `addcmul` with a 0-dimensional tensor is
//! the same operation.

mod fused;
mod together;

use crate::amount::{Amount, Time};
use kdc::plan::Optimizer as Settings;
use tch::{Kind, TchError, Tensor, no_grad_guard};
use together::Together;

type Result<T> = std::result::Result<T, TchError>;

/// The optimizer's state for a list of parameters.
pub struct Optimizer {
    settings: Settings,
    fused: bool,
    /// On a GPU, unless the mode is exact.
    together: Option<Together>,
    parameters: Vec<Tensor>,
    /// Of each parameter.
    rules: Vec<Rule>,
    /// Of each parameter; empty until the first step.
    moments: Vec<Moments>,
    steps: i32,
}

/// What may differ between groups of parameters.
#[derive(Clone, PartialEq)]
pub struct Rule {
    pub lr: Amount,
    pub weight_decay: f64,
}

struct Moments {
    /// Adam's running mean of the gradient, or SGD's momentum.
    first: Tensor,
    /// Adam's running mean of its square.
    second: Option<Tensor>,
}

impl Optimizer {
    /// Changes `parameters` in place, each by its rule; `fused` where it can be, with roundings of its own.
    pub fn new(
        settings: &Settings,
        fused: bool,
        parameters: Vec<Tensor>,
        rules: Vec<Rule>,
    ) -> Result<Optimizer> {
        assert_eq!(parameters.len(), rules.len(), "a rule for each parameter");
        let on_gpu = parameters.first().is_some_and(|p| p.device().is_cuda());
        let together = match fused && on_gpu {
            true => Some(Together::new(settings, &parameters, &rules)?),
            false => None,
        };
        Ok(Optimizer {
            settings: settings.clone(),
            fused: fused && parameters.iter().all(fused::can),
            together,
            parameters,
            rules,
            moments: Vec::new(),
            steps: 0,
        })
    }

    pub fn parameters(&self) -> &[Tensor] {
        &self.parameters
    }

    /// Puts the numbers of the step that comes next on the device, so that taking it needs nothing of the host.
    pub fn set(&mut self, time: Time) -> Result<()> {
        match &mut self.together {
            Some(together) => together.set(time),
            None => Ok(()),
        }
    }

    /// What a step changes besides the parameters, by its kind.
    pub fn state(&mut self) -> Result<Vec<Vec<Tensor>>> {
        if let Some(together) = &self.together {
            return Ok(together.state());
        }
        if self.moments.is_empty() {
            self.moments = self.initial_moments(&self.parameters)?;
        }
        let first = self.moments.iter().map(|m| m.first.shallow_clone());
        let second = self.moments.iter().filter_map(|m| m.second.as_ref());
        let second = second.map(Tensor::shallow_clone);
        Ok(vec![first.collect(), second.collect()])
    }

    /// How many steps were taken before the next, which have left the state.
    pub fn go_on(&mut self, steps: u64) {
        self.steps = steps as i32;
        if let Some(together) = &mut self.together {
            together.go_on(steps);
        }
    }

    /// One step along `gradients`, one for each parameter.
    pub fn step(&mut self, gradients: &[Tensor], time: Time) -> Result<()> {
        let _no_grad = no_grad_guard();
        if let Some(together) = &mut self.together {
            together.set(time)?;
            return together.step(&self.parameters, gradients);
        }
        if self.moments.is_empty() {
            self.moments = self.initial_moments(gradients)?;
        }
        self.steps += 1;
        let each = self
            .parameters
            .iter_mut()
            .zip(gradients)
            .zip(&mut self.moments)
            .zip(&self.rules);
        for (((parameter, gradient), moments), rule) in each {
            let (lr, weight_decay) = (rule.lr.of(0, time), rule.weight_decay);
            if self.fused {
                let step = fused::Step::at(&self.settings, self.steps, lr, weight_decay);
                let second = moments.second.as_ref();
                fused::step(parameter, gradient, &moments.first, second, step)?;
                continue;
            }
            match self.settings {
                Settings::Adam { betas, eps, .. } => {
                    let gradient = add_scaled(gradient, parameter, weight_decay)?;
                    let at = Adam::at(self.steps, lr, betas, eps);
                    adam(parameter, &gradient, moments, &at)?;
                }
                Settings::Adamw { betas, eps, .. } => {
                    let _ = parameter.f_mul_scalar_(1.0 - lr * weight_decay)?;
                    let at = Adam::at(self.steps, lr, betas, eps);
                    adam(parameter, gradient, moments, &at)?;
                }
                Settings::Sgd {
                    momentum, nesterov, ..
                } => {
                    let gradient = add_scaled(gradient, parameter, weight_decay)?;
                    let first_step = self.steps == 1;
                    let direction =
                        sgd_direction(gradient, moments, momentum, nesterov, first_step)?;
                    let _ = parameter.f_addcmul_(&direction, &scalar(-lr, parameter)?)?;
                }
            }
        }
        Ok(())
    }

    fn initial_moments(&self, gradients: &[Tensor]) -> Result<Vec<Moments>> {
        let adam = !matches!(self.settings, Settings::Sgd { .. });
        let zeros = |like: &Tensor| match self.fused {
            true => like.f_contiguous()?.f_zeros_like(),
            false => like.f_zeros_like(),
        };
        gradients
            .iter()
            .map(|gradient| {
                Ok(Moments {
                    first: zeros(gradient)?,
                    second: adam.then(|| zeros(gradient)).transpose()?,
                })
            })
            .collect()
    }
}

/// The rule of a parameter that is in no group.
pub fn rule_of(settings: &Settings) -> Option<Rule> {
    let (Settings::Adam {
        lr, weight_decay, ..
    }
    | Settings::Adamw {
        lr, weight_decay, ..
    }
    | Settings::Sgd {
        lr, weight_decay, ..
    }) = settings;
    Some(Rule {
        lr: Amount::read(lr)?,
        weight_decay: *weight_decay,
    })
}

/// Adam's numbers at one step, computed in f64 as Python does.
struct Adam {
    betas: (f64, f64),
    eps: f64,
    step_size: f64,
    sqrt_correction: f64,
}

impl Adam {
    fn at(step: i32, lr: f64, betas: (f64, f64), eps: f64) -> Adam {
        let step = f64::from(step);
        Adam {
            betas,
            eps,
            step_size: lr / (1.0 - betas.0.powf(step)),
            sqrt_correction: (1.0 - betas.1.powf(step)).sqrt(),
        }
    }
}

fn adam(parameter: &mut Tensor, gradient: &Tensor, moments: &mut Moments, at: &Adam) -> Result<()> {
    let Moments {
        first,
        second: Some(second),
    } = moments
    else {
        return Err(TchError::Kind("Adam's state lacks a moment".into()));
    };
    let _ = first.f_lerp_(gradient, 1.0 - at.betas.0)?;
    let scaled = gradient.f_mul_scalar(1.0 - at.betas.1)?;
    let _ = second
        .f_mul_scalar_(at.betas.1)?
        .f_addcmul_(&scaled, gradient)?;
    let size = second
        .f_sqrt()?
        .f_div_scalar_(at.sqrt_correction)?
        .f_add_scalar_(at.eps)?;
    let _ = parameter.f_addcdiv_(&first.f_mul_scalar(-at.step_size)?, &size)?;
    Ok(())
}

fn sgd_direction(
    gradient: Tensor,
    moments: &mut Moments,
    momentum: f64,
    nesterov: bool,
    first_step: bool,
) -> Result<Tensor> {
    if momentum == 0.0 {
        return Ok(gradient);
    }
    let velocity = &mut moments.first;
    if first_step {
        velocity.f_copy_(&gradient)?;
    } else {
        let _ = velocity.f_mul_scalar_(momentum)?.f_add_(&gradient)?;
    }
    if nesterov {
        return gradient.f_addcmul(velocity, &scalar(momentum, &gradient)?);
    }
    Ok(velocity.shallow_clone())
}

/// `gradient + scale * parameter` with one rounding, as `Tensor.add(alpha=)` computes it.
fn add_scaled(gradient: &Tensor, parameter: &Tensor, scale: f64) -> Result<Tensor> {
    if scale == 0.0 {
        return Ok(gradient.shallow_clone());
    }
    gradient.f_addcmul(parameter, &scalar(scale, parameter)?)
}

fn scalar(value: f64, like: &Tensor) -> Result<Tensor> {
    Tensor::f_full([0i64; 0], value, (Kind::Float, like.device()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::golden;

    /// 100 steps along PyTorch's gradients, each times the parameter.
    fn after_100_steps(settings: Settings, fused: bool) -> Tensor {
        let parameter = golden("optimizer.start");
        let rule = rule_of(&settings).unwrap();
        let parameters = vec![parameter.shallow_clone()];
        let mut optimizer = Optimizer::new(&settings, fused, parameters, vec![rule]).unwrap();
        let gradients = golden("optimizer.gradients");
        for step in 0..100 {
            let gradient = gradients.get(step) * &parameter;
            optimizer.step(&[gradient], Time::default()).unwrap();
        }
        parameter
    }

    fn sgd(lr: f64, momentum: f64, weight_decay: f64, nesterov: bool) -> Settings {
        Settings::Sgd {
            lr: lr.into(),
            momentum,
            weight_decay,
            nesterov,
        }
    }

    fn cases() -> [(&'static str, Settings); 7] {
        let adam = |lr: f64, betas, eps, weight_decay| Settings::Adam {
            lr: lr.into(),
            betas,
            eps,
            weight_decay,
        };
        [
            ("adam", adam(1e-3, (0.9, 0.999), 1e-8, 0.0)),
            ("adam_decay", adam(1e-2, (0.8, 0.99), 1e-6, 0.1)),
            (
                "adamw",
                Settings::Adamw {
                    lr: 1e-3.into(),
                    betas: (0.9, 0.999),
                    eps: 1e-8,
                    weight_decay: 0.05,
                },
            ),
            ("sgd", sgd(0.1, 0.0, 0.0, false)),
            ("sgd_decay", sgd(0.1, 0.0, 5e-4, false)),
            ("momentum", sgd(0.05, 0.9, 5e-4, false)),
            ("nesterov", sgd(0.05, 0.9, 5e-4, true)),
        ]
    }

    #[test]
    fn fused_they_differ_in_rounding() {
        for (name, settings) in cases() {
            let start = golden("optimizer.start");
            let way = f64::try_from((golden(&format!("optimizer.{name}")) - &start).norm());
            // far from the start, so that a wrong term shows
            let found = after_100_steps(settings.clone(), true);
            let exact = after_100_steps(settings, false);
            let difference = f64::try_from((&found - &exact).norm()).unwrap() / way.unwrap();
            assert!(difference < 1e-4, "{name}: {difference:e}");
        }
    }

    /// On a CPU, where the same functions of libtorch take the step.
    #[test]
    fn together_they_are_pytorchs_fused_ones() {
        for (name, settings) in cases() {
            let parameter = golden("optimizer.start");
            let start = parameter.copy();
            let rule = rule_of(&settings).unwrap();
            let parameters = [parameter.shallow_clone()];
            let mut together = Together::new(&settings, &parameters, &[rule]).unwrap();
            let gradients = golden("optimizer.gradients");
            for step in 0..100 {
                let gradient = gradients.get(step) * &parameter;
                together.set(Time::default()).unwrap();
                together.step(&parameters, &[gradient]).unwrap();
            }
            let fused = golden(&format!("optimizer.fused.{name}"));
            let norm = |t: Tensor| f64::try_from(t.norm()).unwrap();
            // processors add and multiply more or fewer numbers at once
            let difference = norm(&parameter - &fused) / norm(&fused - &start);
            assert!(difference < 1e-5, "{name}: {difference:e}");
        }
    }

    /// Each group has its learning rate, which may change, and its decay.
    #[test]
    fn together_groups_keep_their_rules() {
        let settings = sgd(0.1, 0.9, 0.0, false);
        let rule = rule_of(&settings).unwrap();
        let ramp = kdc::plan::Schedule::Ramp {
            from: 1.0,
            to: 0.0,
            epochs: None,
            steps: Some(2.0),
        };
        let other = Rule {
            lr: Amount::Scheduled(ramp),
            weight_decay: 0.5,
        };
        let rules = [rule.clone(), other.clone(), rule];
        let start = || [1.0f32, 2.0, 3.0].map(|x| Tensor::from_slice(&[x, -x]));
        let gradients = [0.5f32, 0.25, 0.125].map(|g| Tensor::from_slice(&[g, g]));
        let (found, expected) = (start(), start());
        let mut together = Together::new(&settings, &found, &rules).unwrap();
        let each = expected.each_ref().map(Tensor::shallow_clone);
        let mut plain = Optimizer::new(&settings, false, each.into(), rules.into()).unwrap();
        for step in 0..3 {
            let time = Time {
                step,
                ..Time::default()
            };
            together.set(time).unwrap();
            together.step(&found, &gradients).unwrap();
            plain.step(&gradients, time).unwrap();
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                found.allclose(expected, 1e-6, 1e-7, false),
                "{found:?} {expected:?}"
            );
        }
    }

    #[test]
    fn each_is_pytorchs_to_the_last_bit() {
        for (name, settings) in cases() {
            let expected = golden(&format!("optimizer.{name}"));
            let found = after_100_steps(settings, false);
            let difference = f64::try_from((&found - &expected).abs().max()).unwrap();
            assert!(found.equal(&expected), "{name}: {difference:e}");
        }
    }
}
