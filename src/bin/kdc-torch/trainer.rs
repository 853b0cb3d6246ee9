//! One stage of training, a step at a time.

use crate::amount::{Amount, Time};
use crate::data::Batch;
use crate::evaluate::classes_of;
use crate::failure::{Failure, Result};
use crate::gathered::{Gathered, clip};
use crate::interpreter::Executable;
use crate::optimizer::{Optimizer, Rule, rule_of};
use crate::parameters::Parameters;
use crate::running_mean::RunningMean;
use kdc::plan::{self, Arg, Evaluation, Stage};
use tch::{Kind, Tensor, no_grad_guard};

pub struct Trainer {
    constant: Executable,
    step: Executable,
    edges: Vec<Edge>,
    watched: Option<Watched>,
    optimizer: Optimizer,
    updates: Vec<Update>,
    /// The names of the parameters that learn, in the optimizer's order.
    learns: Vec<String>,
    /// Of how many batches gradients are gathered for a step, and the largest norm that they may have.
    accumulate: u64,
    clip: Option<f64>,
    gathered: Gathered,
    /// When the next step of the optimizer begins.
    time: Time,
    followers: Vec<RunningMean>,
    /// Of the students, to be measured and saved.
    pub average: Option<RunningMean>,
}

struct Edge {
    /// Of its loss, among the outputs of `step`.
    place: usize,
    weight: Amount,
}

/// What a state becomes, by places among the outputs of `step`.
struct Update {
    state: Tensor,
    rows: Option<usize>,
    value: usize,
}

/// Logits that the step computes anyway, and the labels that say what they should be.
struct Watched {
    /// Among the outputs of `step`.
    logits: usize,
    /// Among the batch's fields.
    label: usize,
}

/// What one batch gave, on the device.
pub struct Step {
    /// `[edges]`, before the step and without weights.
    pub losses: Tensor,
    /// Of the edges.
    pub weights: Vec<f64>,
    /// How many samples of the batch the watched network recognised.
    pub right: Option<Tensor>,
}

impl Trainer {
    /// `fields` are the names of a batch's values, in order. The network that `watch` measures is watched while
    /// it learns.
    pub fn new(
        stage: &Stage,
        fields: &[String],
        parameters: &Parameters,
        watch: Option<&Evaluation>,
    ) -> Result<Trainer> {
        parameters.learn(&stage.learns)?;
        let updates = (stage.updates.iter()).map(|u| Update::new(u, stage, parameters));
        let inputs = [fields, &stage.constant.outputs].concat();
        let mut program = stage.step.clone();
        let watched = watch.and_then(|evaluation| {
            let computed = program.nodes.iter().any(|n| n.value == evaluation.logits);
            let label = fields.iter().position(|name| *name == evaluation.label)?;
            program
                .outputs
                .extend(computed.then(|| evaluation.logits.clone()));
            let logits = program.outputs.len() - 1;
            computed.then_some(Watched { logits, label })
        });
        let followers = stage.followers.iter().map(|follower| {
            let pairs = parameters.following(&follower.network, &follower.of)?;
            Ok(RunningMean::new(amount(&follower.decay)?, pairs))
        });
        let average = stage.average.as_ref().map(|decay| {
            let pairs = parameters.averaged(&stage.learns)?;
            Ok::<_, Failure>(RunningMean::new(amount(decay)?, pairs))
        });
        Ok(Trainer {
            constant: Executable::new(&stage.constant, fields, parameters)?,
            step: Executable::new(&program, &inputs, parameters)?,
            watched,
            edges: edges(stage)?,
            optimizer: optimizer(stage, parameters)?,
            updates: updates.collect::<Result<_>>()?,
            learns: stage.learns.clone(),
            accumulate: stage.accumulate,
            clip: stage.clip,
            gathered: Gathered::default(),
            time: Time::default(),
            followers: followers.collect::<Result<_>>()?,
            average: average.transpose()?,
        })
    }

    /// How long the stage lasts, which schedules follow.
    pub fn set_length(&mut self, steps_per_epoch: u64, steps: u64) {
        self.time.steps_per_epoch = steps_per_epoch;
        self.time.steps = steps;
    }

    /// Whether the optimizer has taken all steps of the stage.
    pub fn is_done(&self) -> bool {
        self.time.step == self.time.steps
    }

    /// What the teachers give for the batch: the outputs of the stage's `constant` program.
    pub fn constants(&mut self, batch: &Batch) -> Result<Vec<Tensor>> {
        let _no_grad = no_grad_guard();
        let fields: Vec<&Tensor> = batch.fields.iter().collect();
        self.constant.run(&fields, batch.size)
    }

    /// Takes a batch's gradients of the weighted sum of the edges' losses, and a step along them once enough
    /// batches have been seen.
    pub fn step(&mut self, batch: &Batch, constants: &[Tensor]) -> Result<Step> {
        let inputs: Vec<&Tensor> = batch.fields.iter().chain(constants).collect();
        self.step.set_time(self.time);
        let outputs = self.step.run(&inputs, batch.size)?;
        let weights = self
            .edges
            .iter()
            .map(|e| e.weight.of(batch.size, self.time));
        let weights: Vec<f64> = weights.collect();
        let total = self.total(&outputs, &weights)?;
        let gradients = self.gradients(&total)?;
        self.gathered.add(gradients)?;
        if self.gathered.batches == self.accumulate {
            self.finish_step()?;
        }
        self.update(&outputs)?;
        let losses = self.edges.iter().map(|edge| outputs[edge.place].f_detach());
        let losses = losses.collect::<std::result::Result<Vec<_>, _>>()?;
        let right = self.watched.as_ref().map(|watched| {
            let predicted = outputs[watched.logits].f_detach()?.f_argmax(1, false)?;
            predicted
                .f_eq_tensor(&classes_of(&batch.fields[watched.label])?)?
                .f_sum(Kind::Double)
        });
        Ok(Step {
            losses: Tensor::f_stack(&losses, 0)?,
            weights,
            right: right.transpose()?,
        })
    }

    /// A step along the mean of the gradients that have been gathered, if there are any.
    pub fn finish_step(&mut self) -> Result<()> {
        let Some(mut gradients) = self.gathered.mean()? else {
            return Ok(());
        };
        if let Some(largest) = self.clip {
            clip(&mut gradients, largest)?;
        }
        self.optimizer.step(&gradients, self.time)?;
        for follower in self.followers.iter_mut().chain(&mut self.average) {
            follower.follow(self.time)?;
        }
        self.time.step += 1;
        Ok(())
    }

    /// Gives the states their new values, all as the forward pass computed them: one may be another's old
    /// value.
    fn update(&self, outputs: &[Tensor]) -> Result<()> {
        let _no_grad = no_grad_guard();
        let values = self
            .updates
            .iter()
            .map(|u| outputs[u.value].f_detach_copy());
        let values = values.collect::<std::result::Result<Vec<_>, _>>()?;
        for (update, value) in self.updates.iter().zip(&values) {
            let mut state = update.state.shallow_clone();
            match update.rows {
                Some(rows) => state.f_index_copy_(0, &outputs[rows], value).map(drop)?,
                None => state.f_copy_(value)?,
            }
        }
        Ok(())
    }

    fn total(&self, outputs: &[Tensor], weights: &[f64]) -> Result<Tensor> {
        let mut total: Option<Tensor> = None;
        for (edge, weight) in self.edges.iter().zip(weights) {
            let weighted = outputs[edge.place].f_mul_scalar(*weight)?;
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

impl Update {
    fn new(update: &plan::Update, stage: &Stage, parameters: &Parameters) -> Result<Update> {
        let place = |value: &String| {
            let place = stage.step.outputs.iter().position(|o| o == value);
            place.ok_or_else(|| {
                let state = &update.state;
                Failure::Bug(format!(
                    "the plan does not compute `{value}`, which updates `{state}`"
                ))
            })
        };
        let state = parameters.get(&update.state).ok_or_else(|| {
            let state = &update.state;
            Failure::Bug(format!(
                "the plan updates `{state}`, which it does not declare"
            ))
        })?;
        Ok(Update {
            state: state.shallow_clone(),
            rows: update.rows.as_ref().map(place).transpose()?,
            value: place(&update.value)?,
        })
    }
}

fn edges(stage: &Stage) -> Result<Vec<Edge>> {
    let edge = |edge: &kdc::plan::EdgeLoss| {
        let place = stage.step.outputs.iter().position(|o| *o == edge.value);
        let place = place.ok_or_else(|| {
            Failure::Bug(format!(
                "the plan does not compute the loss of edge `{}`",
                edge.name
            ))
        })?;
        Ok(Edge {
            place,
            weight: amount(&edge.weight)?,
        })
    };
    stage.edges.iter().map(edge).collect()
}

fn optimizer(stage: &Stage, parameters: &Parameters) -> Result<Optimizer> {
    let base = rule_of(&stage.optimizer)
        .ok_or_else(|| Failure::Bug("the plan's learning rate is no number".into()))?;
    let rule = |name: &String| -> Result<Rule> {
        let mut rule = base.clone();
        if let Some(group) = stage.groups.iter().find(|g| g.parameters.contains(name)) {
            if let Some(lr) = &group.lr {
                rule.lr = amount(lr)?;
            }
            rule.weight_decay = group.weight_decay.unwrap_or(rule.weight_decay);
        }
        Ok(rule)
    };
    let learning = stage.learns.iter().map(|name| {
        let tensor = parameters.get(name).map(Tensor::shallow_clone);
        tensor.ok_or_else(|| {
            Failure::Bug(format!(
                "the plan trains `{name}`, which it does not declare"
            ))
        })
    });
    Ok(Optimizer::new(
        &stage.optimizer,
        learning.collect::<Result<_>>()?,
        stage.learns.iter().map(rule).collect::<Result<_>>()?,
    ))
}

fn amount(arg: &Arg) -> Result<Amount> {
    Amount::read(arg).ok_or_else(|| Failure::Bug(format!("the plan has `{arg}` for a number")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{STUDENT, alone, data, parameters, plan};
    use kdc::plan::{Plan, Program};
    use kdc::shape::Dim;

    #[test]
    fn the_teacher_stays_as_it_is_and_the_others_learn() {
        let _alone = alone();
        let plan = plan(STUDENT);
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        let copies = |owner: &str| parameters.of_network(owner).unwrap();
        let (teacher, student) = (copies("deep"), copies("light"));
        let tap = parameters.auxiliary(&plan).unwrap();
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        for _ in 0..3 {
            let batch = data.train.range(0, 32).unwrap();
            let constants = trainer.constants(&batch).unwrap();
            trainer.step(&batch, &constants).unwrap();
        }
        for ((name, before), (_, after)) in teacher.iter().zip(copies("deep")) {
            assert!(before.equal(&after), "{name}");
        }
        let learned = student.into_iter().chain(tap);
        let now = copies("light")
            .into_iter()
            .chain(parameters.auxiliary(&plan).unwrap());
        for ((name, before), (_, after)) in learned.zip(now) {
            assert!(!before.equal(&after), "{name}");
        }
    }

    #[test]
    fn a_network_that_is_applied_again_has_the_same_weights() {
        let _alone = alone();
        let plan = plan(
            "use \"data.kd\"::images
            model Light(classes: int = 10) {
                input image: [N, 3, 32, 32]
                mix    = linear(16)
                flat   = image -> max_pool2d(8) -> flatten -> linear(16) -> mix -> Twice(mix)
                output logits = flat -> linear(classes) as fc
            }
            model Twice(inner: layer) {
                input x: [N, D]
                output x -> inner -> relu -> inner
            }
            loss through(student: [N, D], teacher: [N, D], heads: list(layer)) {
                output sum(for head in heads { mse(student -> head, teacher -> head) })
            }
            teacher deep from \"teacher.kd\"
            student light = Light()
            tap again = images.image -> light
            tap wide = light.flat -> linear(256)
            edge same: again.logits ~> light.logits by mse
            edge fc: (light.flat -> light.fc) ~> light.logits by mse
            edge heads: (deep.features -> flatten) ~> wide by through(heads: [deep.logits[-1], deep.logits[-1]])
            train on images { epochs: 1, optimizer: sgd(lr: 0.01), seed: 42 }",
        );
        let names: Vec<&str> = plan.parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names.iter().filter(|n| n.starts_with("light.")).count(),
            6,
            "{names:?}"
        );
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        let teacher = parameters.of_network("deep").unwrap();
        let student = parameters.of_network("light").unwrap();
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        let batch = data.train.range(0, 32).unwrap();
        let constants = trainer.constants(&batch).unwrap();
        let losses = trainer.step(&batch, &constants).unwrap().losses;
        let losses = Vec::<f32>::try_from(losses).unwrap();
        assert_eq!(losses[..2], [0.0, 0.0]);
        assert!(losses[2] > 0.0);
        // what stands behind the teacher's layer learns, the layer does not
        for ((name, before), (_, after)) in
            teacher.iter().zip(parameters.of_network("deep").unwrap())
        {
            assert!(before.equal(&after), "{name}");
        }
        let flat = |weights: &[(String, Tensor)]| {
            let found = weights.iter().find(|(name, _)| name == "flat.2.weight");
            found.unwrap().1.shallow_clone()
        };
        assert!(!flat(&student).equal(&flat(&parameters.of_network("light").unwrap())));
    }

    #[test]
    fn states_take_the_values_of_the_forward_pass() {
        let _alone = alone();
        let plan = plan(
            "use \"data.kd\"::images
            loss remembering(logits: [N, C], index: id(M)) {
                state steps: [] = 0
                state left: [2] = 1
                state right: [2] = 2
                state bank: [M, C] = -7
                update steps = steps + 1
                update left = right
                update right = left
                update bank[index] = logits
                output mean((logits - bank[index])^2) + sum(left) / sum(right) + steps
            }
            model Net() {
                input image: [N, 3, 32, 32]
                output logits = image -> flatten -> linear(10)
            }
            student net = Net()
            edge own: images.index ~> net.logits by remembering
            train on images { epochs: 1, optimizer: sgd(lr: 0.01), seed: 42 }",
        );
        let data = data(&plan);
        let plan = plan.with_samples(data.train.samples as u64);
        let parameters = Parameters::new(&plan, 3, Device::Cpu, &HashMap::new()).unwrap();
        let own = |name: &str| parameters.get(&format!("own.{name}")).unwrap().copy();
        let number = |name: &str| own(name).double_value(&[0]);
        let stage = &plan.stages[0];
        let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None).unwrap();
        assert_eq!(own("bank").size(), [90, 10]);
        // what the swapped states and the counter add in each step
        for (rows, added) in [([4i64, 80], 0.5), ([80, 5], 2.0 + 1.0)] {
            let weights = parameters.of_network("net").unwrap();
            let batch = data.train.gather(&Tensor::from_slice(&rows)).unwrap();
            let index = Tensor::from_slice(&rows);
            let before = own("bank").index_select(0, &index);
            let loss = trainer.step(&batch, &[]).unwrap().losses;
            // the logits of the pass, before the optimizer's step
            let flat = batch.fields[0].flatten(1, -1);
            let logits = flat.linear(&weights[0].1, Some(&weights[1].1));
            let expected = (&logits - before).square().mean(tch::Kind::Float) + added;
            assert!(loss.allclose(&expected.unsqueeze(0), 1e-5, 1e-6, false));
            let kept = own("bank").index_select(0, &index);
            assert!(kept.allclose(&logits, 1e-5, 1e-6, false));
        }
        assert_eq!(own("steps").double_value(&[]), 2.0);
        assert_eq!((number("left"), number("right")), (1.0, 2.0));
        let untouched = own("bank").eq(-7.0).sum(tch::Kind::Int64);
        assert_eq!(untouched.int64_value(&[]), 87 * 10);
    }

    #[test]
    fn equal_seeds_give_equal_losses() {
        let _alone = alone();
        let plan = plan(STUDENT);
        let data = data(&plan);
        let losses = |seed| {
            let parameters = parameters(&plan, seed);
            let mut trainer =
                Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
            let batch = data.train.range(0, 32).unwrap();
            let constants = trainer.constants(&batch).unwrap();
            trainer.step(&batch, &constants).unwrap();
            trainer.step(&batch, &constants).unwrap().losses
        };
        assert!(losses(3).equal(&losses(3)));
        assert!(!losses(3).equal(&losses(4)));
    }

    /// The program as it was before pooling moved and relu wrote in place.
    fn unoptimised(program: &mut Program) {
        for node in &mut program.nodes {
            node.args.remove("in_place");
        }
        for pool in 0..program.nodes.len() {
            let Some(given) = program.nodes[pool].value.strip_suffix(" before relu") else {
                continue;
            };
            let given = given.to_string();
            let relu = program.nodes.iter().position(|n| n.value == given).unwrap();
            let source = program.nodes[pool].inputs.clone();
            program.nodes.swap(pool, relu);
            let before = program.nodes.iter().find(|n| n.value == source[0]);
            let shape = before.unwrap().shape.clone();
            program.nodes[pool].shape = shape;
            program.nodes[pool].value = format!("{given} relu");
            program.nodes[pool].inputs = source;
            program.nodes[relu].inputs = vec![format!("{given} relu")];
            program.nodes[relu].value = given;
        }
    }

    #[test]
    fn optimised_programs_give_the_same_bits() {
        let _alone = alone();
        let optimised = plan(STUDENT);
        let mut plain = optimised.clone();
        unoptimised(&mut plain.stages[0].constant);
        unoptimised(&mut plain.stages[0].step);
        assert_ne!(plain.stages[0].constant, optimised.stages[0].constant);
        assert_ne!(plain.stages[0].step, optimised.stages[0].step);
        let trained = |plan: &Plan| {
            let (data, parameters) = (data(plan), parameters(plan, 3));
            let stage = &plan.stages[0];
            let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None).unwrap();
            for start in [0, 32] {
                let batch = data.train.range(start, 32).unwrap();
                let constants = trainer.constants(&batch).unwrap();
                trainer.step(&batch, &constants).unwrap();
            }
            parameters.of_network("light").unwrap()
        };
        for ((name, plain), (_, optimised)) in trained(&plain).iter().zip(trained(&optimised)) {
            assert!(plain.equal(&optimised), "{name}");
        }
    }

    #[test]
    fn a_shape_that_the_plan_states_wrongly_is_named() {
        let _alone = alone();
        let mut plan = plan(STUDENT);
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        let node = &mut plan.stages[0].step.nodes[0];
        node.shape.0[1] = Dim::Known(77);
        let name = node.value.clone();
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        let batch = data.train.range(0, 32).unwrap();
        let constants = trainer.constants(&batch).unwrap();
        let failure = trainer.step(&batch, &constants).err().unwrap();
        let text = failure.to_string();
        assert!(
            text.contains(&name) && text.contains("[N, 77, 32, 32]"),
            "{text}"
        );
        assert!(text.contains("[32, 2, 32, 32]"), "{text}");
        assert_eq!(failure.exit_code(), 101);
    }

    #[test]
    fn an_operation_that_the_engine_does_not_know_is_named() {
        let _alone = alone();
        let mut plan = plan(STUDENT);
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        plan.stages[0].step.nodes[0].op = "conv9d".into();
        let failure = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None);
        let failure = failure.err().unwrap();
        assert!(failure.to_string().contains("`conv9d`"));
        assert_eq!(failure.exit_code(), 3);
    }
}
