use super::*;
use crate::data::Batch;
use crate::testing::{STUDENT, alone, data, parameters, plan};
use kdc::plan::Plan;

fn obstacle_of(student: &str) -> Option<String> {
    obstacle(&plan(student).fast().stages[0])
}

#[test]
fn what_stands_in_the_way_is_said() {
    let with = |settings: &str| STUDENT.replace("epochs: 2", settings);
    assert_eq!(obstacle_of(STUDENT), None);
    // the host sets these before each step
    let scheduled = with("epochs: 2, precision: bf16, clip: 1")
        .replace("adam(lr: 0.001)", "adam(lr: 0.001 * cosine_decay(to: 0))")
        .replace("weight 0.5", "weight 0.5 * ramp(0, 1)");
    assert_eq!(obstacle_of(&scheduled), None);
    let cases = [
        (with("epochs: 2, accumulate: 2"), "2 batches make a step"),
        (
            with("epochs: 2, average: ema(ramp(0.9, 0.99))"),
            "the decay of `average` changes while it trains",
        ),
        (
            STUDENT.replace("soft_target(T: 2)", "soft_target(T: ramp(1, 4))"),
            "a number of `",
        ),
    ];
    for (text, expected) in cases {
        let why = obstacle_of(&text).unwrap_or_default();
        assert!(why.starts_with(expected), "{expected}: {why}");
    }
    let exact = obstacle(&plan(STUDENT).stages[0]).unwrap();
    assert!(exact.starts_with("`--exact`"), "{exact}");
}

/// Three batches; the last is smaller, as at the end of an epoch.
fn batches(plan: &Plan) -> Vec<Batch> {
    let data = data(plan);
    [(0, 32), (32, 32), (64, 26)]
        .map(|(from, size)| data.train.range(from, size).unwrap())
        .into()
}

/// The losses and parameters after two rounds through the batches, with tensors that stay or as they come.
fn trained(plan: &Plan, fixed: bool) -> Vec<Tensor> {
    let parameters = parameters(plan, 3);
    let names = data(plan).fields();
    let mut trainer = Trainer::new(&plan.stages[0], &names, &parameters, None).unwrap();
    trainer.set_length(3, 6);
    let mut buffers: Option<Buffers> = None;
    let mut all = Vec::new();
    for batch in batches(plan).iter().chain(&batches(plan)) {
        let mut known = trainer.constants(batch).unwrap();
        let mut batch = Batch {
            fields: batch.fields.iter().map(Tensor::shallow_clone).collect(),
            size: batch.size,
        };
        let inputs: Vec<&Tensor> = batch.fields.iter().chain(&known).collect();
        let buffers = buffers.get_or_insert_with(|| Buffers::like(&inputs, batch.size).unwrap());
        if fixed && batch.size == buffers.size {
            buffers.fill(&inputs).unwrap();
            let own = buffers.inputs().into_iter().map(Tensor::shallow_clone);
            let mut own: Vec<Tensor> = own.collect();
            known = own.split_off(batch.fields.len());
            batch.fields = own;
        }
        all.push(trainer.step(&batch, &known).unwrap().losses);
    }
    all.extend(parameters.snapshot().unwrap());
    all
}

#[test]
fn tensors_that_stay_give_the_same_bits() {
    let _alone = alone();
    let scheduled = STUDENT.replace("weight 0.5", "weight ramp(0.1, 0.5)");
    for text in [STUDENT, &scheduled] {
        for plan in [plan(text), plan(text).fast()] {
            let (usual, fixed) = (trained(&plan, false), trained(&plan, true));
            assert!(usual.iter().zip(&fixed).all(|(a, b)| a.equal(b)));
        }
    }
}

#[test]
fn a_step_that_is_taken_back_can_be_taken_again() {
    let _alone = alone();
    // without momentum nothing but the parameters changes; dropout draws
    let plan = plan(&STUDENT.replace("adam(lr: 0.001)", "sgd(lr: 0.1)")).fast();
    let parameters = parameters(&plan, 3);
    let names = data(&plan).fields();
    let mut trainer = Trainer::new(&plan.stages[0], &names, &parameters, None).unwrap();
    let batch = batches(&plan).remove(0);
    let known = trainer.constants(&batch).unwrap();
    let inputs: Vec<&Tensor> = batch.fields.iter().chain(&known).collect();
    let tensors = (plan.parameters.iter()).filter_map(|p| parameters.get(&p.name));
    let state = State {
        groups: tensors.map(|tensor| vec![tensor.shallow_clone()]).collect(),
        device: Device::Cpu,
    };
    let before = state.snapshot().unwrap();
    let first = trainer.compute(&inputs, 32).unwrap();
    let plain = state.snapshot().unwrap();
    state.put(&before).unwrap();
    assert!(state.strays(&before, &plain).unwrap().is_some());
    let second = trainer.compute(&inputs, 32).unwrap();
    assert_eq!(state.strays(&before, &plain).unwrap(), None);
    assert_eq!(losses_differ(&first, &second).unwrap(), None);
    // another step from there is not the same one
    let third = trainer.compute(&inputs, 32).unwrap();
    let why = state.strays(&before, &plain).unwrap().unwrap();
    assert!(why.contains("% of its length"), "{why}");
    assert!(losses_differ(&first, &third).unwrap().is_some());
}

#[test]
fn what_is_no_number_agrees_with_nothing() {
    let given = |loss: f32| Given {
        losses: Tensor::from_slice(&[1.0, loss]),
        right: None,
    };
    for (plain, replayed) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NAN)] {
        let why = losses_differ(&given(plain), &given(replayed)).unwrap();
        assert!(why.is_some());
    }
    assert_eq!(
        losses_differ(&given(2.0), &given(2.0 + 1e-5)).unwrap(),
        None
    );
}
