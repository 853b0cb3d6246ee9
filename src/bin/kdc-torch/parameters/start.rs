//! How parameters start: drawn, or taken from a file or another network.

use super::{NamedTensors, Parameters, auxiliary_owners, own_name, owned_by, size_of};
use crate::failure::{Failure, Result};
use crate::interpreter::Executable;
use crate::random::derive_seed;
use kdc::hash::Fnv;
use kdc::plan::{Init, Parameter, Plan, Program, Role, Weights};
use std::collections::{BTreeMap, HashMap, HashSet};
use tch::{Device, Kind, Tensor};

/// By the parameter's full name.
pub type Tensors<'a> = BTreeMap<&'a str, Tensor>;

pub fn draw_all<'a>(
    plan: &'a Plan,
    seed: u64,
    loaded: &HashMap<String, NamedTensors>,
) -> Result<Tensors<'a>> {
    let mut tensors = BTreeMap::new();
    for owner in auxiliary_owners(plan) {
        let own_seed = derive_seed("parameters", seed, Fnv::of(owner.as_bytes()));
        tch::manual_seed(own_seed as i64);
        tensors.extend(draw_owner(plan, owner)?);
    }
    for network in &plan.networks {
        match &network.weights {
            Weights::Initialised { offset } => {
                tch::manual_seed(seed.wrapping_add(*offset) as i64);
                tensors.extend(draw_owner(plan, &network.name)?);
            }
            Weights::File(file) => {
                let found = loaded.get(&network.name).map_or(&[][..], Vec::as_slice);
                if let Some(offset) = file.offset {
                    tch::manual_seed(seed.wrapping_add(offset) as i64);
                    tensors.extend(draw_owner(plan, &network.name)?);
                }
                for parameter in owned_by(plan, &network.name) {
                    let name = parameter.name.as_str();
                    if holds(found, parameter) {
                        tensors.insert(name, take(parameter, found)?);
                    } else if file.offset.is_none() {
                        tensors.insert(name, zeros(parameter)?);
                    }
                }
            }
            Weights::Follows { .. } => {}
            Weights::Experiment { .. } => {
                let found = loaded.get(&network.name).map_or(&[][..], Vec::as_slice);
                for parameter in owned_by(plan, &network.name) {
                    tensors.insert(parameter.name.as_str(), take(parameter, found)?);
                }
            }
        }
    }
    follow(plan, &mut tensors)?;
    Ok(tensors)
}

/// All networks' parameters as `loaded` has them; the rest, which nothing needs to be measured, is zero.
pub fn stored<'a>(plan: &'a Plan, loaded: &HashMap<String, NamedTensors>) -> Result<Tensors<'a>> {
    let absent = absent(plan, loaded);
    let mut tensors = BTreeMap::new();
    for parameter in &plan.parameters {
        let tensor = match loaded.get(&parameter.owner) {
            Some(found) if !absent.contains(&parameter.name) => take(parameter, found)?,
            _ => match grafted(plan, loaded, &parameter.name) {
                Some(tensor) => tensor.f_detach_copy()?,
                None => zeros(parameter)?,
            },
        };
        tensors.insert(parameter.name.as_str(), tensor);
    }
    Ok(tensors)
}

/// Networks that follow a student start as it does.
fn follow<'a>(plan: &'a Plan, tensors: &mut Tensors<'a>) -> Result<()> {
    for network in &plan.networks {
        let Weights::Follows { student } = &network.weights else {
            continue;
        };
        for parameter in owned_by(plan, &network.name) {
            let followed = format!("{student}.{}", own_name(parameter));
            let tensor = tensors.get(followed.as_str()).ok_or_else(|| {
                Failure::Bug(format!(
                    "`{}` follows `{followed}`, which is not there",
                    parameter.name
                ))
            })?;
            let copy = tensor.f_detach_copy()?;
            tensors.insert(parameter.name.as_str(), copy);
        }
    }
    Ok(())
}

/// A parameter of a tap, from the network that was saved with it.
fn grafted<'l>(
    plan: &Plan,
    loaded: &'l HashMap<String, NamedTensors>,
    name: &String,
) -> Option<&'l Tensor> {
    let network = plan.networks.iter().find(|n| n.grafted.contains(name))?;
    let tensors = loaded.get(&network.name)?;
    let (_, tensor) = tensors.iter().find(|(n, _)| n == name)?;
    Some(tensor)
}

/// What the files of teachers lack. `weights::load` has seen to it that they may.
pub fn absent(plan: &Plan, loaded: &HashMap<String, NamedTensors>) -> HashSet<String> {
    let mut absent = HashSet::new();
    for network in plan.networks.iter().filter(|n| n.role == Role::Teacher) {
        if let (Weights::File(_), Some(found)) = (&network.weights, loaded.get(&network.name)) {
            let lacking = owned_by(plan, &network.name).filter(|p| !holds(found, p));
            absent.extend(lacking.map(|p| p.name.clone()));
        }
    }
    absent
}

fn holds(found: &[(String, Tensor)], parameter: &Parameter) -> bool {
    let name = own_name(parameter);
    found.iter().any(|(n, _)| *n == name)
}

fn zeros(parameter: &Parameter) -> Result<Tensor> {
    let size = size_of(parameter)?;
    Ok(Tensor::f_zeros(
        size.as_slice(),
        (Kind::Float, Device::Cpu),
    )?)
}

/// All that an owner has: in order, and then in order again what starts otherwise, as a PyTorch constructor
/// draws that goes over its modules in the end.
fn draw_owner<'a>(plan: &'a Plan, owner: &'a str) -> Result<Tensors<'a>> {
    let mut tensors = Tensors::new();
    for parameter in owned_by(plan, owner) {
        let drawn = draw(parameter, &parameter.init)?;
        let start = match &parameter.then {
            Some(then) => after(then, &drawn)?,
            None => drawn,
        };
        tensors.insert(parameter.name.as_str(), start);
    }
    for parameter in owned_by(plan, owner) {
        if let Some(again) = &parameter.again {
            tensors.insert(parameter.name.as_str(), draw(parameter, again)?);
        }
    }
    Ok(tensors)
}

fn draw(parameter: &Parameter, init: &Init) -> Result<Tensor> {
    let size = size_of(parameter)?;
    let mut tensor = Tensor::f_empty(size.as_slice(), (Kind::Float, Device::Cpu))?;
    Ok(match *init {
        Init::Uniform { bound } => tensor.f_uniform_(-bound, bound)?,
        Init::Normal { mean, std } => tensor.f_normal_(mean, std)?,
        Init::TruncNormal { mean, std } => trunc_normal(tensor, mean, std)?,
        Init::Constant(value) => tensor.f_fill_(value)?,
    })
}

/// `torch.nn.init.trunc_normal_` between its default bounds, bit for bit.
fn trunc_normal(mut tensor: Tensor, mean: f64, std: f64) -> Result<Tensor> {
    let (low, high) = (-2.0, 2.0);
    let share_below = |x: f64| -> Result<f64> {
        let erf = Tensor::from((x - mean) / std / 2f64.sqrt()).f_erf()?;
        Ok((1.0 + erf.f_double_value(&[])?) / 2.0)
    };
    let drawn = tensor
        .f_uniform_(
            2.0 * share_below(low)? - 1.0,
            2.0 * share_below(high)? - 1.0,
        )?
        .f_erfinv_()?
        .f_mul_scalar_(std * 2f64.sqrt())?
        .f_add_scalar_(mean)?
        .f_clamp_(low, high)?;
    Ok(drawn)
}

/// What drawn values become.
fn after(then: &Program, drawn: &Tensor) -> Result<Tensor> {
    let none = Parameters::none(drawn.device());
    let mut program = Executable::new(then, &then.fields, &none)?;
    let mut values = program.run(&[drawn], 1)?;
    match (values.pop(), values.pop()) {
        (Some(value), None) => Ok(value.f_contiguous()?),
        _ => Err(Failure::Bug(
            "the plan starts a parameter by no single value".into(),
        )),
    }
}

/// The parameter's tensor from a file's, whose shape must be the plan's: libtorch would broadcast.
fn take(parameter: &Parameter, found: &[(String, Tensor)]) -> Result<Tensor> {
    let name = own_name(parameter);
    let (_, tensor) = found.iter().find(|(n, _)| *n == name).ok_or_else(|| {
        Failure::Engine(format!(
            "`{}` wants weights for `{name}`, which its file does not hold",
            parameter.owner
        ))
    })?;
    let size = size_of(parameter)?;
    if tensor.size() != size || tensor.kind() != Kind::Float {
        return Err(Failure::Engine(format!(
            "`{}` wants `{name}` as 32-bit floats of shape {}, but its file holds {:?} of shape {:?}",
            parameter.owner,
            parameter.shape,
            tensor.kind(),
            tensor.size()
        )));
    }
    Ok(tensor.f_detach_copy()?)
}
