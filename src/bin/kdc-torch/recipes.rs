//! Tests that settings of training do what they do in PyTorch. `tests/fixtures/recipes.py` is the other side.

use crate::parameters::{NamedTensors, Parameters};
use crate::parity::{batch, distance};
use crate::testing::{self, fixture};
use crate::trainer::Trainer;
use kdc::plan::{Plan, Stage};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Relative. Another processor sums in another order; any other deviation is larger.
const TOLERANCE: f64 = 1e-5;

const NETWORK: &str = "
    use \"data.kd\"::images
    model Small() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1, bias: false) -> batch_norm -> relu -> max_pool2d(8)
        output logits = features -> flatten -> linear(10)
    }
    student light = Small()
    edge ce: images.label ~> light.logits by cross_entropy
";

fn plan(rest: &str) -> Plan {
    testing::plan(&format!("{NETWORK}{rest}"))
}

fn initial(plan: &Plan) -> Parameters {
    Parameters::new(plan, 42, Device::Cpu, &HashMap::new()).unwrap()
}

/// Trains on PyTorch's batches, from the given one to the one before the last, as one epoch.
fn train(stage: &Stage, parameters: &Parameters, from: i64, to: i64) -> Trainer {
    let fields = ["images.image", "images.label"].map(String::from);
    let mut trainer = Trainer::new(stage, &fields, parameters, None).unwrap();
    let steps = (to - from) as u64 / stage.accumulate;
    trainer.set_length(steps, steps);
    for step in from..to {
        let batch = batch(step);
        let constants = trainer.constants(&batch).unwrap();
        trainer.step(&batch, &constants).unwrap();
    }
    trainer
}

fn is_as_in_pytorch(found: NamedTensors, case: &str) {
    let golden = fixture("recipes.safetensors");
    assert_eq!(found.len(), 7);
    for (name, tensor) in found {
        let difference = distance(&tensor, &golden[&format!("{case}.{name}")]);
        assert!(
            difference <= TOLERANCE,
            "{case}.{name} differs by {difference:e}"
        );
    }
}

#[test]
fn groups_clipping_accumulation_schedules_and_means() {
    let _alone = testing::alone();
    let plan = plan(
        "train on images {
            steps: 6, accumulate: 2, clip: 0.5, average: ema(0.8)
            optimizer: sgd(lr: 0.1 * warmup(steps: 2) * cosine_decay(), momentum: 0.9, weight_decay: 0.01,
                           nesterov: true, groups: [group(light.logits, lr: 0.02),
                                                    group(norms_and_biases, weight_decay: 0)])
        }",
    );
    let parameters = initial(&plan);
    let mut trainer = train(&plan.stages[0], &parameters, 0, 12);
    let light = || parameters.of_network("light").unwrap();
    is_as_in_pytorch(light(), "recipe.light");
    trainer.average.as_mut().unwrap().swap().unwrap();
    is_as_in_pytorch(light(), "recipe.mean");
    trainer.average.as_mut().unwrap().swap().unwrap();
    is_as_in_pytorch(light(), "recipe.light");
}

#[test]
fn a_teacher_that_follows_a_changing_weight_and_temperature() {
    let _alone = testing::alone();
    let plan = plan(
        "teacher slow = ema(light, decay: 0.9 * warmup(steps: 2))
        edge soft: slow.logits ~> light.logits by soft_target(T: ramp(4, 1))  weight warmup(steps: 3)
        train on images { steps: 6, optimizer: adam(lr: 0.01, eps: 0.01) }",
    );
    let parameters = initial(&plan);
    train(&plan.stages[0], &parameters, 0, 6);
    for network in ["light", "slow"] {
        let found = parameters.of_network(network).unwrap();
        is_as_in_pytorch(found, &format!("follower.{network}"));
    }
}

#[test]
fn a_stage_that_learns_the_head_alone() {
    let _alone = testing::alone();
    let plan = plan(
        "train body on images { steps: 3, optimizer: adam(lr: 0.01, eps: 0.01) }
        train head on images { steps: 3, learns: [light.logits], optimizer: sgd(lr: 0.1, momentum: 0.9) }",
    );
    let parameters = initial(&plan);
    train(&plan.stages[0], &parameters, 0, 3);
    train(&plan.stages[1], &parameters, 3, 6);
    is_as_in_pytorch(parameters.of_network("light").unwrap(), "stages.light");
}

/// The teacher is the student before it has learned; its norms normalise by the batch and keep what they have.
#[test]
fn a_teacher_that_normalises_by_the_batch() {
    let _alone = testing::alone();
    let plan = plan(
        "teacher deep = ema(light, decay: 1)
        edge soft: deep.logits ~> light.logits by soft_target(T: 2)
        train on images { steps: 3, optimizer: sgd(lr: 0.1), batch_statistics: true }",
    );
    let mut plan = plan;
    plan.stages[0].followers.clear();
    let parameters = initial(&plan);
    let before = parameters.of_network("deep").unwrap();
    train(&plan.stages[0], &parameters, 0, 3);
    is_as_in_pytorch(
        parameters.of_network("light").unwrap(),
        "batch_statistics.light",
    );
    let after = parameters.of_network("deep").unwrap();
    assert!(before.iter().zip(&after).all(|((_, a), (_, b))| a.equal(b)));
}

/// The operations that autocast casts for, on this processor: golden values would be those of another, which rounds
/// the sums of bf16 elsewhere.
#[test]
fn products_in_bf16() {
    let _alone = testing::alone();
    let plan = plan("train on images { steps: 3, precision: bf16, optimizer: sgd(lr: 0.1) }");
    let parameters = initial(&plan);
    let copy = |(name, tensor): (String, Tensor)| (name, tensor.copy());
    let expected = parameters.of_network("light").unwrap();
    let expected: HashMap<String, Tensor> = expected.into_iter().map(copy).collect();
    let learns = [
        "features.0.weight",
        "features.1.weight",
        "features.1.bias",
        "logits.1.weight",
        "logits.1.bias",
    ];
    let learns = learns.map(|name| expected[name].set_requires_grad(true));
    let statistics = ["running_mean", "running_var"];
    let statistics = statistics.map(|role| &expected[&format!("features.1.{role}")]);
    for step in 0..3 {
        let logits = autocast(&batch(step).fields[0], &learns, statistics);
        let loss = logits.cross_entropy_for_logits(&batch(step).fields[1]);
        let gradients = Tensor::run_backward(&[&loss], &learns, false, false);
        let _no_grad = tch::no_grad_guard();
        for (parameter, gradient) in learns.iter().zip(gradients) {
            let _moved = parameter.shallow_clone().g_sub_(&(gradient * 0.1));
        }
    }
    train(&plan.stages[0], &parameters, 0, 3);
    let found = parameters.of_network("light").unwrap();
    assert_eq!(found.len(), 7);
    for (name, tensor) in found {
        let difference = distance(&tensor, &expected[&name]);
        assert!(difference <= 1e-6, "{name} differs by {difference:e}");
    }
}

/// The network's logits, in f32.
fn autocast(x: &Tensor, learns: &[Tensor; 5], statistics: [&Tensor; 2]) -> Tensor {
    let low = |tensor: &Tensor| tensor.to_kind(Kind::BFloat16);
    let [convolution, scale, shift, weight, bias] = learns;
    let map = low(x).conv2d(&low(convolution), None::<&Tensor>, 1, 1, 1, 1);
    let [mean, variance] = statistics.map(Some);
    let (scale, shift) = (Some(scale), Some(shift));
    let map = map.batch_norm(scale, shift, mean, variance, true, 0.1, 1e-5, false);
    let pooled = map.relu().max_pool2d(8, 8, 0, 1, false);
    let logits = pooled.flatten(1, -1).linear(&low(weight), Some(&low(bias)));
    logits.to_kind(Kind::Float)
}
