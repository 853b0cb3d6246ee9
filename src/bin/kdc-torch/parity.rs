//! Tests that the examples train as they do in PyTorch. `tests/fixtures/parity.py` is the other side and
//! says what its values are.

use crate::data::Batch;
use crate::parameters::{NamedTensors, Parameters};
use crate::testing::{self, fixture};
use crate::trainer::Trainer;
use kdc::cli::files::Disk;
use kdc::plan::{Optimizer, Plan, Role, Weights};
use std::collections::HashMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};

const SEED: u64 = 42;
const STEPS: i64 = 6;
const BATCH: i64 = 32;
const IMAGE: i64 = 3 * 32 * 32;
/// As in the program.
const KEPT: i64 = 4096;
/// Relative. Another processor sums in another order; any other deviation is larger.
const TOLERANCE: f64 = 1e-5;

#[test]
fn weights_start_as_in_pytorch() {
    let _alone = testing::alone();
    let golden = fixture("parity.safetensors");
    for (example, model) in [("teacher", "DeepNN"), ("baseline", "LightNN")] {
        let plan = plan_of(example);
        for seed in [SEED, 7] {
            let parameters = Parameters::new(&plan, seed, Device::Cpu, &HashMap::new()).unwrap();
            let prefix = format!("init.{seed}.{model}.");
            let weights = parameters.of_network(&plan.networks[0].name).unwrap();
            let expected = golden.keys().filter(|name| name.starts_with(&prefix));
            assert_eq!(weights.len(), expected.count());
            for (name, tensor) in weights {
                let expected = &golden[&format!("{prefix}{name}")];
                let expected = i64::try_from(expected).unwrap() as u64;
                assert_eq!(
                    testing::hash_of(&tensor),
                    expected,
                    "{model}, seed {seed}: {name}"
                );
            }
        }
    }
}

#[test]
fn teacher_trains_as_in_pytorch() {
    trains_as_in_pytorch("teacher");
}

#[test]
fn baseline_trains_as_in_pytorch() {
    trains_as_in_pytorch("baseline");
}

#[test]
fn kd_trains_as_in_pytorch() {
    trains_as_in_pytorch("kd");
}

#[test]
fn cosine_trains_as_in_pytorch() {
    trains_as_in_pytorch("cosine");
}

#[test]
fn hint_trains_as_in_pytorch() {
    trains_as_in_pytorch("hint");
}

/// Takes the example's first steps and compares all losses and, after them, all parameters.
fn trains_as_in_pytorch(example: &str) {
    let _alone = testing::alone();
    let golden = fixture("parity.safetensors");
    let plan = plan_of(example);
    let parameters = Parameters::new(&plan, SEED, Device::Cpu, &teachers(&plan)).unwrap();

    let losses = take_steps(&plan, &parameters);
    let expected = Vec::<Vec<f64>>::try_from(&golden[&format!("{example}.losses")]).unwrap();
    for (step, (losses, expected)) in losses.iter().zip(&expected).enumerate() {
        for (loss, expected) in losses.iter().zip(expected) {
            let difference = (loss - expected).abs() / expected.abs();
            assert!(
                difference <= TOLERANCE,
                "step {step}: {loss}, in PyTorch {expected}"
            );
        }
    }

    let student = plan.networks.iter().find(|n| n.role == Role::Student);
    let mut learnt = parameters.of_network(&student.unwrap().name).unwrap();
    learnt.extend(parameters.auxiliary(&plan).unwrap());
    let prefix = format!("{example}.final.");
    let expected = golden.keys().filter(|name| name.starts_with(&prefix));
    assert_eq!(learnt.len(), expected.count());
    for (name, tensor) in learnt {
        let difference = distance(&selection(&tensor), &golden[&format!("{prefix}{name}")]);
        assert!(difference <= TOLERANCE, "{name} differs by {difference:e}");
        let norm = tensor.to_kind(Kind::Double).norm();
        let difference = distance(&norm, &golden[&format!("{example}.norm.{name}")]);
        assert!(
            difference <= TOLERANCE,
            "{name}'s norm differs by {difference:e}"
        );
    }
}

fn plan_of(example: &str) -> Plan {
    let file = Path::new("examples").join(example).with_extension("kd");
    let checked = kdc::check(&Disk, &file);
    let mut plan = checked.plan.expect("the examples have no errors");
    // as in the program, which says why
    for stage in &mut plan.stages {
        let Optimizer::Adam { eps, .. } = &mut stage.optimizer else {
            panic!("the examples train with Adam");
        };
        *eps = 0.01;
    }
    plan
}

/// Each teacher as the program makes it: initialised, with a last layer 32 times as large.
fn teachers(plan: &Plan) -> HashMap<String, NamedTensors> {
    let mut weights = HashMap::new();
    for teacher in &plan.networks {
        if let Weights::Experiment { network, plan, .. } = &teacher.weights {
            let parameters = Parameters::new(plan, SEED, Device::Cpu, &HashMap::new()).unwrap();
            let mut tensors = parameters.of_network(network).unwrap();
            for (name, tensor) in &mut tensors {
                if name.starts_with("classifier.3.") {
                    let _same = tensor.g_mul_scalar_(32);
                }
            }
            weights.insert(teacher.name.clone(), tensors);
        }
    }
    weights
}

/// For each step, the edges' losses and their weighted sum.
fn take_steps(plan: &Plan, parameters: &Parameters) -> Vec<Vec<f64>> {
    let stage = &plan.stages[0];
    let fields = ["images.image", "images.label"].map(String::from);
    let mut trainer = Trainer::new(stage, &fields, parameters, None).unwrap();
    let step = |step| {
        let batch = batch(step);
        let constants = trainer.constants(&batch).unwrap();
        let step = trainer.step(&batch, &constants).unwrap();
        let mut losses = Vec::<f64>::try_from(step.losses.to_kind(Kind::Double)).unwrap();
        // as tensors are added
        let weighted = losses.iter().zip(&step.weights);
        let weighted = weighted.map(|(l, w)| *l as f32 * *w as f32);
        losses.push(f64::from(weighted.sum::<f32>()));
        losses
    };
    (0..STEPS).map(step).collect()
}

/// The program's images: noise, and faint squares of 8 by 8 pixels whose levels say the class.
pub fn batch(step: i64) -> Batch {
    let labels: Vec<i64> = (0..BATCH).map(|k| (step * 7 + k * 3) % 10).collect();
    let bytes: Vec<u8> = (0..BATCH * IMAGE)
        .map(|i| {
            let (label, pixel) = (labels[(i / IMAGE) as usize], i % IMAGE);
            let (channel, y, x) = (pixel / 1024, pixel / 32 % 32, pixel % 32);
            let square = ((label * 3 + channel) * 4 + y / 8) * 4 + x / 8;
            random_byte(step * BATCH * IMAGE + i) / 8 * 7 + random_byte((1 << 32) + square) / 8
        })
        .collect();
    let per_channel = |values: [f32; 3]| Tensor::from_slice(&values).reshape([3, 1, 1]);
    let images = Tensor::from_slice(&bytes).reshape([BATCH, 3, 32, 32]);
    let images = images.to_kind(Kind::Float) / 255.0;
    let images = (images - per_channel([0.485, 0.456, 0.406])) / per_channel([0.229, 0.224, 0.225]);
    Batch {
        fields: vec![images, Tensor::from_slice(&labels)],
        size: BATCH,
    }
}

/// The top byte of SplitMix64's i-th number after seed 0.
fn random_byte(i: i64) -> u8 {
    let z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 56) as u8
}

/// The values that the program keeps of a large parameter.
fn selection(tensor: &Tensor) -> Tensor {
    let flat = tensor.flatten(0, -1);
    let count = flat.size()[0];
    match count <= KEPT {
        true => flat,
        false => flat.slice(0, None, None, (count / KEPT) | 1),
    }
}

/// The Euclidean distance, relative to what is expected.
pub fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    let [found, expected] = [found, expected].map(|t| t.to_kind(Kind::Double));
    let relative = (found - &expected).norm() / expected.norm();
    relative.double_value(&[])
}
