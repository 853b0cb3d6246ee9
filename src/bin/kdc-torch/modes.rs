//! Tests that the fast mode computes what the exact mode does, up to rounding.

use crate::data::Feed;
use crate::interpreter::Executable;
use crate::testing::{STUDENT, alone, data, parameters, plan};
use crate::trainer::Trainer;
use kdc::plan::Plan;
use std::rc::Rc;
use tch::Tensor;

/// What the student answers in evaluation, with running statistics far from where they start.
fn answers(plan: &Plan) -> Tensor {
    let (data, parameters) = (data(plan), parameters(plan, 3));
    for (name, value) in [("running_mean", 0.3), ("running_var", 2.5)] {
        let norms = parameters.of_network("light").unwrap();
        let named = norms.into_iter().filter(|(n, _)| n.ends_with(name));
        for (_, mut statistic) in named {
            let _ = statistic.f_fill_(value).unwrap();
        }
    }
    let evaluation = plan.evaluations.iter().find(|e| e.network == "light");
    let program = &evaluation.expect("the student is measured").program;
    let mut program = Executable::new(program, &data.fields(), &parameters).unwrap();
    let batch = data.test.range(0, 16).unwrap();
    let fields: Vec<&Tensor> = batch.fields.iter().collect();
    program.run(&fields, 16).unwrap().remove(0)
}

#[test]
fn a_folded_norm_changes_rounding_only() {
    let _alone = alone();
    let (exact, fast) = (plan(STUDENT), plan(STUDENT).fast());
    let norms = |plan: &Plan| {
        let programs = plan.evaluations.iter().flat_map(|e| &e.program.nodes);
        programs.filter(|node| node.op == "batch_norm").count()
    };
    assert_eq!((norms(&exact), norms(&fast)), (1, 0));
    let (expected, found) = (answers(&exact), answers(&fast));
    assert!(found.allclose(&expected, 1e-5, 1e-6, false));
}

#[test]
fn winograds_convolutions_change_rounding_only() {
    let _alone = alone();
    let convolution = "conv2d(32, kernel: 3, padding: 1)";
    let text = STUDENT.replace(
        "conv2d(2, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(4)",
        &format!(
            "{convolution} -> relu -> {convolution} -> batch_norm -> relu -> max_pool2d(2)
            -> {convolution} -> batch_norm -> {convolution} -> relu -> max_pool2d(2)"
        ),
    );
    let (exact, fast) = (plan(&text), plan(&text).fast());
    let operations = |plan: &Plan| {
        let of_light = plan.evaluations.iter().find(|e| e.network == "light");
        let nodes = of_light.unwrap().program.nodes.iter();
        nodes.map(|node| node.op.clone()).collect::<Vec<_>>()
    };
    // all that stand behind a convolution are within it
    assert_eq!(
        operations(&fast)[..6],
        ["conv2d", "relu", "conv2d", "conv2d", "conv2d", "flatten"]
    );
    let (expected, found) = (answers(&exact), answers(&fast));
    assert!(found.allclose(&expected, 1e-4, 1e-5, false));
    assert!(found != expected);
}

/// The losses of all steps of two epochs.
fn losses(plan: &Plan) -> Vec<Vec<f64>> {
    let (data, parameters) = (Rc::new(data(plan)), parameters(plan, 3));
    let stage = &plan.stages[0];
    let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None).unwrap();
    let feed = Feed::new(data, Vec::new(), 3);
    let mut losses = Vec::new();
    for epoch in 1..=2 {
        let epoch = feed.epoch(epoch).unwrap();
        for step in 0..feed.steps() {
            let (_, batch) = epoch.batch(step).unwrap();
            let known = trainer.constants(&batch).unwrap();
            let step = trainer.step(&batch, &known).unwrap().losses;
            losses.push(Vec::try_from(step.to_kind(tch::Kind::Double)).unwrap());
        }
    }
    losses
}

/// The fast plan's are the exact one's, rounded.
fn hold_losses(exact: &Plan, fast: &Plan) {
    let (exact, fast) = (losses(exact), losses(fast));
    for (exact, fast) in exact.iter().flatten().zip(fast.iter().flatten()) {
        assert!((exact - fast).abs() < 1e-4 * exact.abs(), "{exact}, {fast}");
    }
}

/// How often a step has an operation.
fn count(plan: &Plan, op: &str) -> usize {
    let nodes = plan.stages[0].step.nodes.iter();
    nodes.filter(|node| node.op == op).count()
}

#[test]
fn fast_steps_are_the_exact_ones_rounded() {
    let _alone = alone();
    hold_losses(&plan(STUDENT), &plan(STUDENT).fast());
}

/// Both banks of the loss are as long as the data, 90 rows, and each sample is held against 21 of them.
#[test]
fn scores_without_copies_are_those_of_the_rows() {
    let _alone = alone();
    let crd = "edge ce: images.label ~> light.logits by cross_entropy
        edge crd: deep.features ~> light.logits by crd(index: images.index, negatives: 20, dim: 8)
        train";
    let text = STUDENT.replace("use \"data.kd\"", "use losses::crd\n use \"data.kd\"");
    let (head, rest) = text.split_once("edge ce").unwrap();
    let text = format!("{head}{crd}{}", rest.split_once("train").unwrap().1);
    let text = text.replace("deep.features", "pooled").replace(
        "tap regressed = light.features -> conv2d(4, kernel: 3, padding: 1)",
        "tap pooled = deep.features -> flatten",
    );
    let plan = plan(&text);
    let samples = [("images".to_string(), 90)].into();
    let (exact, fast) = (
        plan.with_samples(&samples),
        plan.fast().with_samples(&samples),
    );
    assert_eq!((count(&exact, "scores"), count(&fast, "scores")), (0, 2));
    hold_losses(&exact, &fast);
}

#[test]
fn angles_from_products_are_those_of_the_differences() {
    let _alone = alone();
    let text = STUDENT.replace("use \"data.kd\"", "use losses::rkd\n use \"data.kd\"");
    let (head, _) = text.split_once("edge hint").unwrap();
    let text = format!(
        "{head}tap seen = deep.features -> flatten
        tap made = light.features -> flatten
        edge rkd: seen ~> made by rkd
        train on images {{ epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }}"
    );
    let plan = plan(&text.replace(
        "tap regressed = light.features -> conv2d(4, kernel: 3, padding: 1)",
        "",
    ));
    let (exact, fast) = (plan.clone(), plan.fast());
    assert_eq!((count(&exact, "angles"), count(&exact, "l2norm")), (0, 2));
    assert_eq!((count(&fast, "angles"), count(&fast, "l2norm")), (2, 0));
    hold_losses(&exact, &fast);
}

#[test]
fn a_convolution_of_joined_maps_is_that_of_each() {
    let _alone = alone();
    let text = STUDENT.replace("use \"data.kd\"", "use losses::at\n use \"data.kd\"");
    let (head, _) = text.split_once("tap regressed").unwrap();
    let text = format!(
        "{head}tap both = (light.features, sigmoid(light.features)) -> concat(dim: 1) -> conv2d(2, kernel: 3, padding: 1)
        edge images.label ~> light.logits by cross_entropy
        edge deep.features ~> both by at
        train on images {{ epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }}"
    );
    let (exact, fast) = (plan(&text), plan(&text).fast());
    assert_eq!(
        (count(&exact, "concat"), count(&exact, "joined_conv2d")),
        (1, 0)
    );
    assert_eq!(
        (count(&fast, "concat"), count(&fast, "joined_conv2d")),
        (0, 1)
    );
    hold_losses(&exact, &fast);
}
