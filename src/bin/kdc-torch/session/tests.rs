mod answers;
mod stages;

use super::*;
use crate::testing::{Folder, STUDENT, alone, plan, plan_with, teacher_plan};
use crate::{interrupt, report};
use kdc::plan::{Optimizer, TestTime};
use serde_json::Value;
use std::fs;

fn source(plan: &mut Plan) -> &mut Plan {
    let found = plan.networks.iter_mut().find_map(|n| match &mut n.weights {
        Weights::Experiment { plan, .. } => Some(&mut **plan),
        Weights::File(_) | Weights::Initialised { .. } | Weights::Follows { .. } => None,
    });
    found.expect("the test's student has a teacher")
}

fn record(folder: &Folder, experiment: &str) -> Record {
    let path = folder.0.join(experiment);
    RunFolder { path }.record().expect("a readable run.yaml")
}

fn names(folder: &Folder, experiment: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.0.join(experiment)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_trains_its_teacher_first_and_leaves_its_files() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    plan.data[0].hold_out = Some(0.1);
    plan.stages[0].test = TestTime::EachEpoch;
    folder.session().train(&plan, Existing::Keep).unwrap();

    let teacher = [
        "metrics.jsonl",
        "plan.yaml",
        "run.yaml",
        "student.safetensors",
    ];
    assert_eq!(names(&folder, "teacher"), teacher);
    let expected = [&["auxiliary.safetensors"], &teacher[..]].concat();
    assert_eq!(names(&folder, "student"), expected);

    let record = record(&folder, "student");
    assert_eq!(record.status, Status::Finished);
    assert_eq!((record.results.epochs, record.threads), (2, 1));
    assert!(record.results.test_accuracy.keys().eq(["deep", "light"]));
    assert_eq!(record.data[0].source, "shapes(train: 90, test: 40)");
    assert_eq!(record.data[0].training_samples, 81);

    let metrics = fs::read_to_string(folder.0.join("student/metrics.jsonl")).unwrap();
    let lines: Vec<Value> = metrics
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    let last = &lines[1];
    assert_eq!(last["epoch"], 2);
    let loss = |edge: &str| last["losses"][edge].as_f64().unwrap();
    let total = 0.5 * loss("ce") + 0.25 * loss("hint") + 0.25 * loss("soft");
    assert!((last["total"].as_f64().unwrap() - total).abs() < 1e-12);
    assert!(last["hold_out_accuracy"]["light"].is_number());
    assert_eq!(
        last["test_accuracy"]["light"],
        record.results.test_accuracy["light"]
    );
}

#[test]
fn two_runs_of_one_seed_are_equal_to_the_bit() {
    let _alone = alone();
    let folders = [Folder::new(), Folder::new()];
    let weights = folders.map(|folder| {
        folder
            .session()
            .train(&plan(STUDENT), Existing::Keep)
            .unwrap();
        fs::read(folder.0.join("student/student.safetensors")).unwrap()
    });
    assert_eq!(weights[0], weights[1]);
}

#[test]
fn a_finished_run_is_replaced_only_when_told_to() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan(STUDENT);
    let session = folder.session();
    session.train(&plan, Existing::Keep).unwrap();
    let refused = session.train(&plan, Existing::Keep).unwrap_err();
    assert_eq!(refused.exit_code(), 2);
    assert!(refused.to_string().contains("--force"), "{refused}");
    session.train(&plan, Existing::Replace).unwrap();
}

#[test]
fn a_teacher_may_be_named_behind_its_student() {
    let _alone = alone();
    let folder = Folder::new();
    let session = folder.session();
    let plans = [plan(STUDENT), teacher_plan()];
    session.train_all(&plans, Existing::Keep).unwrap();
    assert_eq!(record(&folder, "teacher").status, Status::Finished);
    let refused = session.train_all(&plans[1..], Existing::Keep);
    assert!(refused.unwrap_err().to_string().contains("--force"));
}

#[test]
fn a_teacher_is_trained_again_when_what_it_depends_on_changes() {
    let _alone = alone();
    let folder = Folder::new();
    let session = folder.session();
    let original = plan(STUDENT);
    let fit = |plan: &mut Plan| session.fit(source(plan)).unwrap();
    assert_eq!(fit(&mut original.clone()), Fit::Missing);
    session.train(&original, Existing::Keep).unwrap();
    assert_eq!(fit(&mut original.clone()), Fit::Fits);

    let changed = |change: &dyn Fn(&mut Plan)| {
        let mut plan = original.clone();
        change(source(&mut plan));
        fit(&mut plan)
    };
    assert_eq!(
        changed(&|plan| plan.sources[0].hash = "0".into()),
        Fit::Fits
    );
    assert_eq!(changed(&|plan| plan.kdc = "9".into()), Fit::Fits);
    assert_eq!(
        changed(&|plan| plan.seeds = vec![1]),
        Fit::Changed(vec!["seed"])
    );
    let settings = Fit::Changed(vec!["settings"]);
    assert_eq!(changed(&|plan| plan.stages[0].epochs = Some(3)), settings);
    assert_eq!(
        changed(&|plan| plan.stages[0].edges[0].weight = 2.0.into()),
        Fit::Changed(vec!["edges"])
    );
    let other_operation = |plan: &mut Plan| plan.stages[0].step.nodes[1].op = "silu".into();
    assert_eq!(changed(&other_operation), Fit::Changed(vec!["computation"]));
    assert_eq!(
        changed(&|plan| plan.data[0].batch.size = 8),
        Fit::Changed(vec!["data"])
    );

    let weights = folder.0.join("teacher/student.safetensors");
    let before = fs::read(&weights).unwrap();
    session.teachers(&original).unwrap();
    assert_eq!(fs::read(&weights).unwrap(), before);
    let mut longer = original.clone();
    source(&mut longer).stages[0].epochs = Some(3);
    session.teachers(&longer).unwrap();
    assert_ne!(fs::read(&weights).unwrap(), before);
}

#[test]
fn a_teacher_is_trained_again_when_the_data_behind_the_same_name_change() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    folder.session().train(&plan, Existing::Keep).unwrap();
    let mut then = record(&folder, "teacher");
    then.data[0].hash = "fnv1a64:0".into();
    let path = folder.0.join("teacher");
    RunFolder { path }.write_record(&then).unwrap();
    assert_eq!(
        folder.session().fit(source(&mut plan)).unwrap(),
        Fit::Changed(vec!["data"])
    );
}

#[test]
fn divergence_names_edge_epoch_and_batch() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    plan.stages[0].optimizer = Optimizer::Sgd {
        lr: 1e30.into(),
        momentum: 0.0,
        weight_decay: 0.0,
        nesterov: false,
    };
    let failure = folder.session().train(&plan, Existing::Keep).unwrap_err();
    let text = failure.to_string();
    assert_eq!(failure.exit_code(), 4);
    assert!(
        text.contains("edge `hint`") && text.contains("in epoch 1, batch 2 of 3"),
        "{text}"
    );
    assert_eq!(record(&folder, "student").status, Status::Diverged);
}

#[test]
fn a_run_that_diverges_leaves_no_weights_of_the_run_before() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    folder.session().train(&plan, Existing::Keep).unwrap();
    plan.stages[0].edges[0].weight = f64::INFINITY.into();
    plan.stages[0].edges[1].weight = f64::INFINITY.into();
    folder
        .session()
        .train(&plan, Existing::Replace)
        .unwrap_err();
    assert_eq!(names(&folder, "student"), ["plan.yaml", "run.yaml"]);
}

#[test]
fn an_interrupted_run_keeps_what_there_is_and_may_be_run_again() {
    let _alone = alone();
    let folder = Folder::new();
    let session = folder.session();
    let plan = plan(STUDENT);
    session.teachers(&plan).unwrap();
    interrupt::tests::pretend(true);
    let failure = session.train(&plan, Existing::Keep).unwrap_err();
    interrupt::tests::pretend(false);
    assert_eq!(failure.exit_code(), 130);
    assert_eq!(record(&folder, "student").status, Status::Interrupted);
    assert!(names(&folder, "student").contains(&"student.safetensors".to_string()));
    session.train(&plan, Existing::Keep).unwrap();
    assert_eq!(record(&folder, "student").status, Status::Finished);
}

/// Whatever there is to go on with: momentum, a rate that falls, dropout, batch norm, a running mean, the best epoch,
/// two stages.
const LONG: &str = "
    data images = shapes(train: 320, test: 40)
        -> normalize(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
        -> augment(flip) -> hold_out(0.2) -> batch(32)
    model Light() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(4)
        output logits = features -> flatten -> dropout(0.1) -> linear(10)
    }
    student light = Light()
    edge ce: images.label ~> light.logits by cross_entropy
    train warm on images { edges: [ce], epochs: 2, optimizer: adam(lr: 0.01 * linear_decay()), seed: 42 }
    train main on images {
        edges: [ce], epochs: 3, optimizer: sgd(lr: 0.1, momentum: 0.9), accumulate: 3
        average: ema(0.9), keep: best(accuracy), stop: patience(2)
    }
";

#[test]
fn an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been() {
    let _alone = alone();
    for plan in [plan(LONG), plan(LONG).fast()] {
        let whole = Folder::new();
        whole.session().train(&plan, Existing::Keep).unwrap();
        let files = ["student.safetensors", "metrics.jsonl"];
        let bytes = |folder: &Folder| {
            let read = |file| fs::read(folder.0.join("student").join(file)).unwrap();
            let weights = read(files[0]);
            let lines = String::from_utf8(read(files[1])).unwrap();
            // how fast it was differs
            let lines = lines.lines().map(|line| {
                let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["samples_per_second"].take();
                line
            });
            (weights, lines.collect::<Vec<_>>())
        };
        let folder = Folder::new();
        let mut parts = 0;
        loop {
            parts += 1;
            // in the second epoch of this part
            interrupt::tests::pretend_after(12);
            let ended = folder.session().train(&plan, Existing::Keep);
            interrupt::tests::pretend(false);
            match ended {
                Ok(()) => break,
                Err(failure) => assert_eq!(failure.exit_code(), 130, "{failure}"),
            }
        }
        assert!((4..=5).contains(&parts), "{parts}");
        assert!(bytes(&folder) == bytes(&whole));
        let (then, now) = (record(&whole, "student"), record(&folder, "student"));
        assert_eq!(then.results.epochs, now.results.epochs);
        assert_eq!(then.results.losses, now.results.losses);
        assert!(!names(&folder, "student").contains(&"checkpoint.safetensors".to_string()));
    }
}

#[test]
fn an_interrupted_run_of_something_else_begins_anew() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(LONG);
    let session = folder.session();
    interrupt::tests::pretend_after(12);
    session.train(&plan, Existing::Keep).unwrap_err();
    interrupt::tests::pretend(false);
    assert_eq!(record(&folder, "student").results.epochs, 1);
    plan.stages[0].epochs = Some(1);
    session.train(&plan, Existing::Keep).unwrap();
    let lines = fs::read_to_string(folder.0.join("student/metrics.jsonl")).unwrap();
    assert_eq!(
        lines.lines().filter(|line| line.contains("warm")).count(),
        1
    );
}

#[test]
fn of_several_seeds_the_finished_ones_stay() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    plan.seeds = vec![1, 2];
    let session = folder.session();
    session.teachers(&plan).unwrap();
    session.train(&plan, Existing::Keep).unwrap();
    let first = fs::metadata(folder.0.join("student/seed-1/student.safetensors"));
    let written = first.unwrap().modified().unwrap();
    let mut second = record(&folder, "student/seed-2");
    second.status = Status::Running;
    let text = serde_yaml::to_string(&second).unwrap();
    fs::write(folder.0.join("student/seed-2/run.yaml"), text).unwrap();
    session.train(&plan, Existing::Keep).unwrap();
    let first = fs::metadata(folder.0.join("student/seed-1/student.safetensors"));
    assert_eq!(first.unwrap().modified().unwrap(), written);
    assert_eq!(record(&folder, "student/seed-2").status, Status::Finished);
}

#[test]
fn several_seeds_are_several_runs_and_a_summary() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    plan.seeds = vec![1, 2];
    folder.session().train(&plan, Existing::Keep).unwrap();
    assert_eq!(
        names(&folder, "student"),
        ["seed-1", "seed-2", "summary.yaml"]
    );
    let summary = fs::read_to_string(folder.0.join("student/summary.yaml")).unwrap();
    let summary: serde_yaml::Value = serde_yaml::from_str(&summary).unwrap();
    let mean = summary["test_accuracy"]["light"]["mean"].as_f64().unwrap();
    let each = ["student/seed-1", "student/seed-2"]
        .map(|run| record(&folder, run).results.test_accuracy["light"]);
    assert!((mean - (each[0] + each[1]) / 2.0).abs() < 1e-12);
}

/// FitNets: first the student's features towards the teacher's, then its head alone.
const STAGES: &str = "
    use \"data.kd\"::images
    model Light() {
        input image: [N, 3, 32, 32]
        features = image -> conv2d(4, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(4)
        output logits = features -> flatten -> dropout(0.1) -> linear(10)
    }
    teacher deep from \"teacher.kd\"
    student light = Light()
    edge hint: deep.features ~> light.features by mse
    edge ce: images.label ~> light.logits by cross_entropy
    train warm on images { edges: [hint], epochs: 1, optimizer: adam(lr: 0.001), seed: 42 }
    train main on images { edges: [ce], learns: [light.logits], epochs: 1, optimizer: sgd(lr: 0.1) }
";

/// Learns fast, then so fast that it forgets everything.
const CHOOSING: &str = "
    data images = shapes(train: 320, test: 40)
        -> normalize(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
        -> hold_out(0.5) -> batch(32)
    model Light() {
        input image: [N, 3, 32, 32]
        output logits = image -> avg_pool2d(4) -> flatten -> linear(10)
    }
    student light = Light()
    edge ce: images.label ~> light.logits by cross_entropy
    train on images {
        epochs: 9, optimizer: sgd(lr: ramp(0.05, 500)), keep: best(accuracy), stop: patience(2), seed: 42
    }
";
