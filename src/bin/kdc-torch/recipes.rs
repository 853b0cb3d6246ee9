//! Tests that settings of training do what they do in PyTorch. `tests/fixtures/recipes.py` is the other side.

use crate::parameters::{NamedTensors, Parameters};
use crate::parity::{batch, distance};
use crate::testing::{self, fixture};
use crate::trainer::Trainer;
use kdc::plan::{Plan, Stage};
use std::collections::HashMap;
use tch::Device;

/// Relative. Another processor sums in another order; any other deviation is larger.
const TOLERANCE: f64 = 1e-5;

const NETWORK: &str = "
    use \"data.kd\"::images
    model Small() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(8)
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
    is_near(found, case, TOLERANCE);
}

fn is_near(found: NamedTensors, case: &str, tolerance: f64) {
    let golden = fixture("recipes.safetensors");
    assert_eq!(found.len(), 8);
    for (name, tensor) in found {
        let difference = distance(&tensor, &golden[&format!("{case}.{name}")]);
        assert!(
            difference <= tolerance,
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
        train on images { steps: 6, optimizer: adam(lr: 0.01) }",
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
        "train body on images { steps: 3, optimizer: adam(lr: 0.01) }
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

/// Under autocast. Where sums are rounded to 8 bits, another order of summation shows; f32 throughout differs by more.
#[test]
fn products_in_bf16() {
    let _alone = testing::alone();
    let plan = plan("train on images { steps: 3, precision: bf16, optimizer: sgd(lr: 0.1) }");
    let parameters = initial(&plan);
    train(&plan.stages[0], &parameters, 0, 3);
    is_near(parameters.of_network("light").unwrap(), "bf16.light", 1e-4);
}
