//! A step of all parameters together, as PyTorch's fused optimizers take it: on a GPU what costs is the launching
//! of kernels. All that changes from step to step lies on the device, so that the step can be captured.

use super::{Result, Rule};
use crate::amount::Time;
use crate::dial::Dial;
use crate::shim::{self, Adam, Sgd};
use kdc::plan::Optimizer as Settings;
use tch::{Kind, TchError, Tensor};

pub struct Together {
    settings: Settings,
    groups: Vec<Group>,
    /// Of each parameter: Adam's running mean of the gradient, or SGD's momentum.
    first: Vec<Tensor>,
    /// Adam's running mean of its square.
    second: Vec<Tensor>,
    /// How many steps have been taken.
    count: Tensor,
    is_first: bool,
}

/// Parameters with one rule.
struct Group {
    /// By their places.
    members: Vec<usize>,
    rule: Rule,
    lr: Dial,
}

impl Together {
    /// Of at least one parameter, all on one device, of 32-bit numbers and contiguous.
    pub fn new(settings: &Settings, parameters: &[Tensor], rules: &[Rule]) -> Result<Together> {
        let device = parameters
            .first()
            .ok_or_else(|| TchError::Shape("there is nothing to be trained".into()))?
            .device();
        let mut groups: Vec<Group> = Vec::new();
        for (place, rule) in rules.iter().enumerate() {
            match groups.iter_mut().find(|group| group.rule == *rule) {
                Some(group) => group.members.push(place),
                None => groups.push(Group {
                    members: vec![place],
                    rule: rule.clone(),
                    lr: Dial::new(rule.lr.clone(), device)?,
                }),
            }
        }
        let zeros = || parameters.iter().map(Tensor::f_zeros_like);
        let zeros = || zeros().collect::<Result<Vec<Tensor>>>();
        Ok(Together {
            settings: settings.clone(),
            groups,
            first: zeros()?,
            second: match settings {
                Settings::Sgd { .. } => Vec::new(),
                Settings::Adam { .. } | Settings::Adamw { .. } => zeros()?,
            },
            count: Tensor::f_zeros([0i64; 0], (Kind::Float, device))?,
            is_first: true,
        })
    }

    /// Puts the learning rates of the step that comes next on the device.
    pub fn set(&mut self, time: Time) -> Result<()> {
        for group in &mut self.groups {
            group.lr.set(0, time)?;
        }
        Ok(())
    }

    /// Moves all parameters, without gradients.
    pub fn step(&mut self, parameters: &[Tensor], gradients: &[Tensor]) -> Result<()> {
        let _counted = self.count.f_add_scalar_(1.0)?;
        let gradients = gradients.iter().map(Tensor::f_contiguous);
        let gradients = gradients.collect::<Result<Vec<Tensor>>>()?;
        for Group { members, rule, lr } in &self.groups {
            let of_group = |all| chosen(all, members);
            let [p, g, m, v] = [parameters, &gradients, &self.first, &self.second].map(of_group);
            match self.settings {
                Settings::Adam { betas, eps, .. } | Settings::Adamw { betas, eps, .. } => {
                    let adam = Adam {
                        betas,
                        eps,
                        weight_decay: rule.weight_decay,
                        decoupled: matches!(self.settings, Settings::Adamw { .. }),
                    };
                    shim::fused_adam(&p, &g, [&m, &v], (&self.count, lr.value()), adam)?;
                }
                Settings::Sgd {
                    momentum, nesterov, ..
                } => {
                    let sgd = Sgd {
                        momentum,
                        nesterov,
                        weight_decay: rule.weight_decay,
                    };
                    shim::fused_sgd(&p, &g, &m, lr.value(), sgd, self.is_first)?;
                }
            }
        }
        self.is_first = false;
        Ok(())
    }

    /// How many steps were taken before the next, which have left the state.
    pub fn go_on(&mut self, steps: u64) {
        self.is_first = steps == 0;
    }

    /// What a step changes besides the parameters, by its kind.
    pub fn state(&self) -> Vec<Vec<Tensor>> {
        let count = std::slice::from_ref(&self.count);
        let kinds = [self.first.as_slice(), &self.second, count];
        let clones = |kind: &[Tensor]| kind.iter().map(Tensor::shallow_clone).collect();
        kinds.map(clones).into()
    }
}

/// Those at the places, of all or of none.
fn chosen<'t>(all: &'t [Tensor], places: &[usize]) -> Vec<&'t Tensor> {
    places.iter().filter_map(|place| all.get(*place)).collect()
}
