//! The parameters and buffers of a run: an ordered table.

mod start;
#[cfg(test)]
mod tests;

use crate::failure::{Failure, Result};
use crate::running_mean::Pair;
use kdc::plan::{Parameter, ParameterKind, Plan, Program};
use kdc::shape::Shape;
use start::Tensors;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tch::{Device, Tensor, no_grad_guard};

/// Named tensors, as a safetensors file holds them.
pub type NamedTensors = Vec<(String, Tensor)>;

/// In the plan's order.
pub struct Parameters {
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
    device: Device,
    /// A teacher's, which its file of weights lacks.
    absent: HashSet<String>,
}

struct Entry {
    parameter: Parameter,
    /// Shared with whatever reads it; changed in place only.
    tensor: Tensor,
}

impl Parameters {
    /// Draws every parameter as the plan says, on the CPU, and moves it to the device; networks that
    /// have their weights from elsewhere take them from `loaded`, by the network's name.
    ///
    /// Owners of auxiliary parameters come first, each from a seed of its own, so that a tap changes
    /// nobody else's weights. Then network by network after `manual_seed(seed + offset)`, in
    /// declaration order; what a file of weights holds then takes the place of what was drawn. So the default generator is left where PyTorch's stands after
    /// `torch.manual_seed(seed); Student()`, and dropout goes on from there.
    pub fn new(
        plan: &Plan,
        seed: u64,
        device: Device,
        loaded: &HashMap<String, NamedTensors>,
    ) -> Result<Parameters> {
        let tensors = start::draw_all(plan, seed, loaded)?;
        Parameters::assemble(plan, device, tensors, start::absent(plan, loaded))
    }

    /// Takes all networks' parameters from `loaded`, those of others that an answer needs from the network's;
    /// the rest, which nothing needs to be measured, is left at zero. Draws nothing.
    pub fn loaded(
        plan: &Plan,
        device: Device,
        loaded: &HashMap<String, NamedTensors>,
    ) -> Result<Parameters> {
        let tensors = start::stored(plan, loaded)?;
        Parameters::assemble(plan, device, tensors, start::absent(plan, loaded))
    }

    fn assemble(
        plan: &Plan,
        device: Device,
        mut tensors: Tensors,
        absent: HashSet<String>,
    ) -> Result<Parameters> {
        let entries = plan
            .parameters
            .iter()
            .map(|parameter| {
                let tensor = tensors.remove(parameter.name.as_str()).ok_or_else(|| {
                    Failure::Bug(format!(
                        "the plan's parameter `{}` belongs to `{}`, which is neither a network nor the \
                         owner of auxiliary layers",
                        parameter.name, parameter.owner
                    ))
                })?;
                Ok(Entry {
                    parameter: parameter.clone(),
                    tensor: tensor.f_to_device(device)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let index = entries
            .iter()
            .enumerate()
            .map(|(i, entry)| (entry.parameter.name.clone(), i))
            .collect();
        Ok(Parameters {
            entries,
            index,
            device,
            absent,
        })
    }

    fn none(device: Device) -> Parameters {
        Parameters {
            entries: Vec::new(),
            index: HashMap::new(),
            absent: HashSet::new(),
            device,
        }
    }

    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.index.get(name).map(|&i| &self.entries[i].tensor)
    }

    /// Takes over what a file holds under parameters' full names.
    pub fn put(&self, file: &Path, tensors: &NamedTensors) -> Result<()> {
        let _no_grad = no_grad_guard();
        for (name, tensor) in tensors {
            let own = self.get(name).filter(|own| own.size() == tensor.size());
            let own = own.ok_or_else(|| {
                Failure::Usage(format!(
                    "`{}` holds `{name}` of {:?}, which the experiment has not: train it again",
                    file.display(),
                    tensor.size()
                ))
            })?;
            own.shallow_clone().f_copy_(tensor)?;
        }
        Ok(())
    }

    /// Puts a tensor of any kind in a parameter's place.
    #[cfg(test)]
    pub fn replace(&mut self, name: &str, tensor: Tensor) {
        self.entries[self.index[name]].tensor = tensor;
    }

    /// A parameter that a program reads and that the file of a teacher lacks.
    pub fn absent_from(&self, program: &Program) -> Option<&str> {
        let mut read = program
            .nodes
            .iter()
            .flat_map(|node| node.parameters.values());
        read.find_map(|name| self.absent.get(name))
            .map(String::as_str)
    }

    pub fn device(&self) -> Device {
        self.device
    }

    /// The names of a network's parameters, without the owner in front, and their shapes.
    pub fn wanted(plan: &Plan, network: &str) -> Result<Vec<(String, Vec<i64>)>> {
        owned_by(plan, network)
            .map(|parameter| Ok((own_name(parameter), size_of(parameter)?)))
            .collect()
    }

    /// Some, under their full names.
    pub fn named(&self, names: &[String]) -> Result<NamedTensors> {
        let entries = self.entries.iter();
        entries
            .filter(|e| names.contains(&e.parameter.name))
            .map(|e| Ok((e.parameter.name.clone(), detached_copy(&e.tensor)?)))
            .collect()
    }

    /// Those of one network, under PyTorch's names: without the owner in front.
    pub fn of_network(&self, network: &str) -> Result<NamedTensors> {
        self.entries
            .iter()
            .filter(|e| e.parameter.owner == network)
            .map(|e| Ok((own_name(&e.parameter), detached_copy(&e.tensor)?)))
            .collect()
    }

    /// Those of taps and losses, under their full names.
    pub fn auxiliary(&self, plan: &Plan) -> Result<NamedTensors> {
        let owners = auxiliary_owners(plan);
        self.entries
            .iter()
            .filter(|e| owners.contains(&e.parameter.owner.as_str()))
            .map(|e| Ok((e.parameter.name.clone(), detached_copy(&e.tensor)?)))
            .collect()
    }

    /// A network's tensors with those of the student that it follows.
    pub fn following(&self, network: &str, of: &str) -> Result<Vec<Pair>> {
        let owned = |owner: &'_ str| {
            let owner = owner.to_string();
            self.entries
                .iter()
                .filter(move |e| e.parameter.owner == owner)
        };
        let pair = |entry: &Entry| {
            let name = own_name(&entry.parameter);
            let followed = owned(of).find(|e| own_name(&e.parameter) == name);
            let followed = followed.ok_or_else(|| {
                Failure::Bug(format!("`{network}` has `{name}`, which `{of}` has not"))
            })?;
            Ok(Pair {
                mean: entry.tensor.shallow_clone(),
                of: followed.tensor.shallow_clone(),
                statistics: entry.parameter.kind == ParameterKind::Buffer,
            })
        };
        owned(network).map(pair).collect()
    }

    /// Copies of what learns, each with what it follows. Running statistics are means already, of the network
    /// that learns and of its mean.
    pub fn averaged(&self, learns: &[String]) -> Result<Vec<Pair>> {
        let learns: HashSet<&String> = learns.iter().collect();
        (self.entries.iter())
            .filter(|entry| learns.contains(&entry.parameter.name))
            .map(|entry| {
                Ok(Pair {
                    mean: entry.tensor.f_detach_copy()?,
                    of: entry.tensor.shallow_clone(),
                    statistics: false,
                })
            })
            .collect()
    }

    /// Everything.
    pub fn all(&self) -> Vec<Tensor> {
        let tensors = self.entries.iter().map(|e| e.tensor.shallow_clone());
        tensors.collect()
    }

    /// A copy of everything.
    pub fn snapshot(&self) -> Result<Vec<Tensor>> {
        let copies = self.entries.iter().map(|e| e.tensor.f_detach_copy());
        Ok(copies.collect::<std::result::Result<_, _>>()?)
    }

    /// Makes everything what it was.
    pub fn restore(&self, snapshot: &[Tensor]) -> Result<()> {
        let _no_grad = no_grad_guard();
        for (entry, then) in self.entries.iter().zip(snapshot) {
            entry.tensor.shallow_clone().f_copy_(then)?;
        }
        Ok(())
    }

    /// Lets gradients into the named parameters, and into no others.
    pub fn learn(&self, names: &[String]) -> Result<()> {
        for entry in &self.entries {
            let learns = names.contains(&entry.parameter.name);
            let _same = entry.tensor.f_set_requires_grad(learns)?;
        }
        Ok(())
    }
}

fn owned_by<'a>(plan: &'a Plan, owner: &'a str) -> impl Iterator<Item = &'a Parameter> {
    plan.parameters.iter().filter(move |p| p.owner == owner)
}

/// Taps and edges with layers of their own, in the plan's order.
fn auxiliary_owners(plan: &Plan) -> Vec<&str> {
    let mut owners: Vec<&str> = Vec::new();
    for parameter in &plan.parameters {
        let owner = parameter.owner.as_str();
        if plan.networks.iter().all(|n| n.name != owner) && !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    owners
}

fn own_name(parameter: &Parameter) -> String {
    let rest = parameter.name.strip_prefix(parameter.owner.as_str());
    rest.and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(&parameter.name)
        .to_string()
}

fn size_of(parameter: &Parameter) -> Result<Vec<i64>> {
    known_size(&parameter.shape).ok_or_else(|| {
        Failure::Bug(format!(
            "the plan gives parameter `{}` the shape {}, which is not fixed",
            parameter.name, parameter.shape
        ))
    })
}

fn known_size(shape: &Shape) -> Option<Vec<i64>> {
    shape
        .0
        .iter()
        .map(|dim| dim.known().and_then(|n| i64::try_from(n).ok()))
        .collect()
}

/// On the CPU and contiguous, as files want it.
fn detached_copy(tensor: &Tensor) -> Result<Tensor> {
    Ok(tensor
        .f_detach_copy()?
        .f_to_device(Device::Cpu)?
        .f_contiguous()?)
}
