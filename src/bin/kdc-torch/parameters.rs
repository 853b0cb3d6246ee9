//! The parameters and buffers of a run: an ordered table, and how they start.

use crate::failure::{Failure, Result};
use crate::interpreter::Executable;
use crate::random::derive_seed;
use crate::running_mean::Pair;
use kdc::hash::Fnv;
use kdc::plan::{Init, Parameter, ParameterKind, Plan, Program, Role, Weights};
use kdc::shape::Shape;
use std::collections::{BTreeMap, HashMap, HashSet};
use tch::{Device, Kind, Tensor, no_grad_guard};

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
        let tensors = draw_all(plan, seed, loaded)?;
        Parameters::assemble(plan, device, tensors, absent(plan, loaded))
    }

    /// Takes all networks' parameters from `loaded`, those of others that an answer needs from the network's;
    /// the rest, which nothing needs to be measured, is left at zero. Draws nothing.
    pub fn loaded(
        plan: &Plan,
        device: Device,
        loaded: &HashMap<String, NamedTensors>,
    ) -> Result<Parameters> {
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
        Parameters::assemble(plan, device, tensors, absent)
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

/// By the parameter's full name.
type Tensors<'a> = BTreeMap<&'a str, Tensor>;

fn draw_all<'a>(
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

/// What the files of teachers lack. `weights::load` has seen to it that they may.
fn absent(plan: &Plan, loaded: &HashMap<String, NamedTensors>) -> HashSet<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{alone, golden, parameters, plan};

    const NETWORK: &str = "
        use \"data.kd\"::images
        model Net() {
            input image: [N, 3, 32, 32]
            features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(8)
            output logits = features -> flatten -> linear(10)
        }
        student net = Net()
        edge ce: images.label ~> net.logits by cross_entropy
    ";
    const TRAIN: &str = "\ntrain on images { epochs: 1, optimizer: sgd(lr: 0.1), seed: 42 }";
    /// A layer that learns beside the network.
    const TAP: &str = "
        tap wide = net.features -> conv2d(8, kernel: 1)
        edge even: net.features ~> wide by first
        loss first(a: [N, C, H, W], b: [N, D, H, W]) { output mean(a^2) }
    ";

    fn drawn(text: &str) -> (Parameters, Tensor) {
        let plan = plan(text);
        let parameters = Parameters::new(&plan, 42, Device::Cpu, &HashMap::new()).unwrap();
        (parameters, Tensor::rand([5], (Kind::Float, Device::Cpu)))
    }

    #[test]
    fn weights_and_what_is_drawn_next_are_pytorchs() {
        let _alone = alone();
        let (parameters, next) = drawn(&format!("{NETWORK}{TRAIN}"));
        let names = ["0.weight", "0.bias", "3.weight", "3.bias"];
        let own = parameters.of_network("net").unwrap();
        assert_eq!(own.len(), names.len());
        for ((own, tensor), name) in own.iter().zip(names) {
            assert!(tensor.equal(&golden(&format!("init.{name}"))), "{own}");
        }
        assert!(next.equal(&golden("init.next")));
    }

    #[test]
    fn params_and_states_start_as_pytorch_draws_them() {
        let _alone = alone();
        let (parameters, _) = drawn(&format!(
            "use \"data.kd\"::images
            model Net() {{
                input image: [N, 3, 32, 32]
                param token: [1, 1, 48] = trunc_normal(0.02)
                param wide: [5, 7] = trunc_normal(2, mean: 0.5)
                param spread: [4, 3] = normal(0.5, mean: -1)
                param even: [9] = uniform(0.3)
                state bank: [6, 4] = normal -> l2norm
                state count: [] = -1
                own = sum(token) + sum(wide) + sum(spread) + sum(even) + sum(bank) + count
                output logits = (image -> flatten -> linear(10)) + own
            }}
            student net = Net()
            edge ce: images.label ~> net.logits by cross_entropy{TRAIN}"
        ));
        for name in ["token", "wide", "spread", "even", "bank"] {
            let (own, expected) = (format!("net.{name}"), golden(&format!("starts.{name}")));
            assert!(parameters.get(&own).unwrap().equal(&expected), "{name}");
        }
        let count = parameters.get("net.count").unwrap();
        assert!(count.equal(&Tensor::from(-1f32)));
    }

    #[test]
    fn of_several_inits_the_one_that_names_the_layer_counts_then_the_outer_one() {
        let _alone = alone();
        let (parameters, _) = drawn(&format!(
            "use \"data.kd\"::images
            model Block() {{
                input x: [N, C, H, W]
                init last.weight = zeros
                init conv2d.bias = 3
                output x -> conv2d(4, kernel: 1) as first -> batch_norm as last
            }}
            model Net() {{
                input image: [N, 3, 32, 32]
                init batch_norm.weight = 2
                init conv2d.bias = 4
                init conv2d.bias = 5
                init stem.bias = 6
                stem = image -> conv2d(4, kernel: 1) -> batch_norm
                output logits = stem -> Block as block -> global_avg_pool -> linear(10)
            }}
            student net = Net()
            edge ce: images.label ~> net.logits by cross_entropy{TRAIN}"
        ));
        for (name, expected) in [
            ("stem.0.bias", 6.0),
            ("stem.1.bias", 6.0),
            ("stem.1.weight", 2.0),
            ("block.first.bias", 5.0),
            ("block.last.weight", 0.0),
            ("block.last.bias", 0.0),
        ] {
            let found = parameters.get(&format!("net.{name}")).unwrap();
            assert!(
                found.equal(&Tensor::from_slice(&[expected as f32; 4])),
                "{name}"
            );
        }
    }

    #[test]
    fn a_tap_changes_nobody_elses_weights() {
        let _alone = alone();
        let (without, next) = drawn(&format!("{NETWORK}{TRAIN}"));
        let (with, next_with) = drawn(&format!("{NETWORK}{TAP}{TRAIN}"));
        for (name, tensor) in without.of_network("net").unwrap() {
            let same = with.get(&format!("net.{name}")).unwrap();
            assert!(tensor.equal(same), "{name}");
        }
        assert!(next.equal(&next_with));
        let tap = with.get("wide.weight").or(with.get("wide.0.weight"));
        assert!(f64::try_from(tap.unwrap().std(false)).unwrap() > 0.0);
    }

    #[test]
    fn files_hold_pytorchs_names() {
        let _alone = alone();
        let plan = plan(crate::testing::STUDENT);
        let parameters = parameters(&plan, 1);
        let names = |tensors: NamedTensors| tensors.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        let own = names(parameters.of_network("light").unwrap());
        assert_eq!(own[..2], ["features.0.weight", "features.0.bias"]);
        assert!(
            own.contains(&"features.1.running_var".to_string()),
            "{own:?}"
        );
        let auxiliary = names(parameters.auxiliary(&plan).unwrap());
        assert!(
            auxiliary.iter().all(|n| n.starts_with("regressed.")),
            "{auxiliary:?}"
        );
        assert_eq!(auxiliary.len(), 2);
    }

    #[test]
    fn weights_of_another_shape_are_refused() {
        let _alone = alone();
        let plan = plan(crate::testing::STUDENT);
        let wrong = ["features.0.weight", "features.0.bias"].map(|name| {
            (
                name.to_string(),
                Tensor::zeros([1], (Kind::Float, Device::Cpu)),
            )
        });
        let loaded = HashMap::from([("deep".to_string(), wrong.into())]);
        let failure = Parameters::new(&plan, 1, Device::Cpu, &loaded)
            .err()
            .unwrap();
        let text = failure.to_string();
        assert!(
            text.contains("features.0.weight") && text.contains("[4, 3, 3, 3]"),
            "{text}"
        );
        assert_eq!(failure.exit_code(), 3);
    }
}
