use super::*;
use crate::testing::{STUDENT, alone, data, parameters, plan};
use kdc::plan::{Node, Plan, Program};
use kdc::shape::{Dim, Shape};
use std::collections::HashMap;
use tch::Device;

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
    for ((name, before), (_, after)) in teacher.iter().zip(parameters.of_network("deep").unwrap()) {
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
    let plan = plan.with_samples(&[("images".into(), data.train.samples as u64)].into());
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

/// With `accumulate`, when the optimizer steps: all batches give their rows, and a whole state is what the last one
/// says.
#[test]
fn states_change_once_for_each_step_of_the_optimizer() {
    let _alone = alone();
    let plan = plan(
        "use \"data.kd\"::images
        loss remembering(logits: [N, C], index: id(M)) {
            state steps: [] = 0
            state bank: [M, C] = -7
            update steps = steps + 1
            update bank[index] = logits
            output mean((logits - bank[index])^2) + steps
        }
        model Net() {
            input image: [N, 3, 32, 32]
            output logits = image -> flatten -> linear(10)
        }
        student net = Net()
        edge own: images.index ~> net.logits by remembering
        train on images { epochs: 1, optimizer: sgd(lr: 0.01), accumulate: 2, seed: 42 }",
    );
    let data = data(&plan);
    let plan = plan.with_samples(&[("images".into(), data.train.samples as u64)].into());
    let parameters = Parameters::new(&plan, 3, Device::Cpu, &HashMap::new()).unwrap();
    let own = |name: &str| parameters.get(&format!("own.{name}")).unwrap().copy();
    let untouched = || own("bank").eq(-7.0).sum(tch::Kind::Int64).int64_value(&[]) / 10;
    let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
    for (rows, steps, left) in [([4i64, 80], 0.0, 90), ([5, 80], 1.0, 87), ([6, 7], 1.0, 87)] {
        let batch = data.train.gather(&Tensor::from_slice(&rows)).unwrap();
        trainer.step(&batch, &[]).unwrap();
        assert_eq!((own("steps").double_value(&[]), untouched()), (steps, left));
    }
    // what an epoch leaves over makes a step as well
    trainer.finish_step().unwrap();
    assert_eq!((own("steps").double_value(&[]), untouched()), (2.0, 85));
}

#[test]
fn equal_seeds_give_equal_losses() {
    let _alone = alone();
    let plan = plan(STUDENT);
    let data = data(&plan);
    let losses = |seed| {
        let parameters = parameters(&plan, seed);
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        let batch = data.train.range(0, 32).unwrap();
        let constants = trainer.constants(&batch).unwrap();
        trainer.step(&batch, &constants).unwrap();
        trainer.step(&batch, &constants).unwrap().losses
    };
    assert!(losses(3).equal(&losses(3)));
    assert!(!losses(3).equal(&losses(4)));
}

/// The program as it was before relu went into pooling and wrote in place.
fn unoptimised(program: &mut Program) {
    let shapes: HashMap<String, Shape> = (program.nodes.iter())
        .map(|node| (node.value.clone(), node.shape.clone()))
        .collect();
    program.nodes = std::mem::take(&mut program.nodes)
        .into_iter()
        .flat_map(|mut node| {
            node.args.remove("in_place");
            let relu = node.args.remove("relu").map(|_| Node {
                value: format!("{} relu", node.value),
                op: "relu".into(),
                args: Default::default(),
                shape: shapes[&node.inputs[0]].clone(),
                inputs: std::mem::take(&mut node.inputs),
                ..node.clone()
            });
            if let Some(relu) = &relu {
                node.inputs = vec![relu.value.clone()];
            }
            relu.into_iter().chain([node])
        })
        .collect();
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
