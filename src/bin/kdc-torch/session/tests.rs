use super::*;
use crate::testing::{Folder, STUDENT, alone, plan, plan_with};
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
    folder.session().train(&plan, Existing::Refuse).unwrap();

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
            .train(&plan(STUDENT), Existing::Refuse)
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
    session.train(&plan, Existing::Refuse).unwrap();
    let refused = session.train(&plan, Existing::Refuse).unwrap_err();
    assert_eq!(refused.exit_code(), 2);
    assert!(refused.to_string().contains("--force"), "{refused}");
    session.train(&plan, Existing::Replace).unwrap();
}

#[test]
fn a_teacher_is_trained_again_when_what_it_depends_on_changes() {
    let _alone = alone();
    let folder = Folder::new();
    let session = folder.session();
    let original = plan(STUDENT);
    let fit = |plan: &mut Plan| session.fit(source(plan)).unwrap();
    assert_eq!(fit(&mut original.clone()), Fit::Missing);
    session.train(&original, Existing::Refuse).unwrap();
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
    folder.session().train(&plan, Existing::Refuse).unwrap();
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
    let failure = folder.session().train(&plan, Existing::Refuse).unwrap_err();
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
    folder.session().train(&plan, Existing::Refuse).unwrap();
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
    interrupt::pretend(true);
    let failure = session.train(&plan, Existing::Refuse).unwrap_err();
    interrupt::pretend(false);
    assert_eq!(failure.exit_code(), 130);
    assert_eq!(record(&folder, "student").status, Status::Interrupted);
    assert!(names(&folder, "student").contains(&"student.safetensors".to_string()));
    session.train(&plan, Existing::Refuse).unwrap();
    assert_eq!(record(&folder, "student").status, Status::Finished);
}

#[test]
fn several_seeds_are_several_runs_and_a_summary() {
    let _alone = alone();
    let folder = Folder::new();
    let mut plan = plan(STUDENT);
    plan.seeds = vec![1, 2];
    folder.session().train(&plan, Existing::Refuse).unwrap();
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

#[test]
fn eval_measures_what_training_measured() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan(STUDENT);
    let session = folder.session();
    let failure = report::eval(&session, &plan).unwrap_err();
    assert!(
        failure.to_string().contains("train the experiment first"),
        "{failure}"
    );
    session.train(&plan, Existing::Refuse).unwrap();
    let tables = report::of_seed(&session, &plan, 42).unwrap();
    for (network, accuracy) in record(&folder, "student").results.test_accuracy {
        let row = tables
            .lines()
            .find(|line| line.starts_with(&network))
            .unwrap();
        assert!(row.contains(&percent(accuracy)), "{row}");
    }
    assert!(tables.contains("agrees with deep"));
    assert_eq!(
        tables
            .lines()
            .filter(|line| line.starts_with(char::is_numeric))
            .count(),
        10
    );
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

#[test]
fn each_stage_changes_what_it_learns_and_nothing_else() {
    let _alone = alone();
    let plan = plan(STAGES);
    let weights_after = |stages: usize| {
        let folder = Folder::new();
        let mut plan = plan.clone();
        plan.stages.truncate(stages);
        folder.session().train(&plan, Existing::Refuse).unwrap();
        let path = folder.0.join("student/student.safetensors");
        let weights = run_folder::read_tensors(&path).unwrap();
        weights.into_iter().collect::<HashMap<_, _>>()
    };
    let initial = crate::testing::parameters(&plan, 42)
        .of_network("light")
        .unwrap();
    let (warm, main) = (weights_after(1), weights_after(2));
    for (name, initial) in initial {
        // running statistics too: in the second stage the features evaluate
        let in_features = name.starts_with("features");
        assert_eq!(initial.equal(&warm[&name]), !in_features, "{name}");
        assert_eq!(warm[&name].equal(&main[&name]), in_features, "{name}");
    }
}

#[test]
fn results_tell_of_each_edge_what_its_last_stage_gave() {
    let _alone = alone();
    let folder = Folder::new();
    folder
        .session()
        .train(&plan(STAGES), Existing::Refuse)
        .unwrap();
    let results = record(&folder, "student").results;
    assert!(results.losses.keys().eq(["ce", "hint"]));
    assert_eq!(results.epochs, 2);
}

fn expecting(share: f64) -> Plan {
    let train = "train on images { expect: accuracy(deep) >= SHARE, epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }";
    let start = STUDENT.find("train on").unwrap();
    let train = train.replace("SHARE", &share.to_string());
    plan(&format!("{}{train}", &STUDENT[..start]))
}

#[test]
fn a_teacher_that_is_too_bad_stops_the_run_before_it_trains() {
    let _alone = alone();
    let folder = Folder::new();
    let failure = folder
        .session()
        .train(&expecting(0.99), Existing::Refuse)
        .unwrap_err();
    assert_eq!(failure.exit_code(), 4);
    let text = failure.to_string();
    assert!(text.contains("`accuracy(deep) >= 0.99`"), "{text}");
    assert!(text.contains("student.kd:14"), "{text}");
    let record = record(&folder, "student");
    assert_eq!((record.status, record.results.epochs), (Status::Refused, 0));
    assert_eq!(names(&folder, "student"), ["plan.yaml", "run.yaml"]);
    let good_enough = expecting(0.0);
    folder
        .session()
        .train(&good_enough, Existing::Refuse)
        .unwrap();
}

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

fn held_out(folder: &Folder) -> Vec<f64> {
    let metrics = fs::read_to_string(folder.0.join("student/metrics.jsonl")).unwrap();
    let lines = metrics
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let accuracy = |line: Value| line["hold_out_accuracy"]["light"].as_f64().unwrap();
    lines.map(accuracy).collect()
}

#[test]
fn the_best_epoch_is_kept_and_patience_ends() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan(CHOOSING);
    let session = folder.session();
    session.train(&plan, Existing::Refuse).unwrap();
    let shares = held_out(&folder);
    let best = shares.iter().copied().fold(0.0, f64::max);
    let first_best = shares.iter().position(|share| *share == best).unwrap();
    assert!(shares.len() < 9, "{shares:?}");
    assert_eq!(shares.len(), first_best + 3, "{shares:?}");

    let weights = run_folder::read_tensors(&folder.0.join("student/student.safetensors")).unwrap();
    let weights = HashMap::from([("light".to_string(), weights)]);
    let parameters = Parameters::loaded(&plan, Device::Cpu, &weights).unwrap();
    let data = session.data(&plan.data[0]).unwrap();
    let kept = evaluate(
        &plan.evaluations[0],
        &parameters,
        &data,
        data.hold_out.as_ref().unwrap(),
    );
    assert_eq!(kept.unwrap().accuracy().unwrap(), best);
}

#[test]
fn a_stage_may_last_some_steps() {
    let _alone = alone();
    let folder = Folder::new();
    let steps = "steps: 7, accumulate: 2, optimizer: sgd(lr: 0.1)";
    let start = CHOOSING.find("epochs: 9").unwrap();
    let plan = plan(&format!("{}{steps} }}", &CHOOSING[..start]));
    folder.session().train(&plan, Existing::Refuse).unwrap();
    // an epoch has five batches, which make three steps
    assert_eq!(record(&folder, "student").results.epochs, 3);
}

#[test]
fn a_teacher_that_follows_is_measured_and_saved() {
    let _alone = alone();
    let folder = Folder::new();
    let text = CHOOSING.replace(
        "keep: best(accuracy), stop: patience(2)",
        "keep: best(slow), average: ema(0.9)",
    );
    let start = text.find("train on").unwrap();
    let follower = "teacher slow = ema(light, decay: 0.5)
        edge soft: slow.logits ~> light.logits by soft_target(T: 2)
        ";
    let plan = plan(&format!("{}{follower}{}", &text[..start], &text[start..]));
    let session = folder.session();
    session.train(&plan, Existing::Refuse).unwrap();
    assert!(names(&folder, "student").contains(&"slow.safetensors".to_string()));
    let accuracy = record(&folder, "student").results.test_accuracy;
    assert!(accuracy.keys().eq(["light", "slow"]));
    let tables = report::of_seed(&session, &plan, 42).unwrap();
    assert!(tables.contains(&percent(accuracy["slow"])), "{tables}");
}

#[test]
fn a_replaced_output_is_measured_and_saved_with_all_that_it_needs() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan(
        "use \"data.kd\"::images
        model Light() {
            input image: [N, 3, 32, 32]
            features = image -> conv2d(2, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
            output logits = features -> flatten -> linear(10)
        }
        teacher deep from \"teacher.kd\"
        student light = Light()
        tap lifted = light.features -> conv2d(4, kernel: 1) -> batch_norm
        edge deep.features ~> lifted by mse
        output light.logits = lifted -> deep.logits
        train on images { epochs: 1, optimizer: adam(lr: 0.001), seed: 42 }",
    );
    folder.session().train(&plan, Existing::Refuse).unwrap();

    let saved = |file: &str| run_folder::read_tensors(&folder.0.join(file)).unwrap();
    let (student, teacher) = (
        saved("student/student.safetensors"),
        saved("teacher/student.safetensors"),
    );
    let of = |tensors: &NamedTensors, name: &str| {
        let found = tensors.iter().find(|(n, _)| n == name);
        found
            .unwrap_or_else(|| panic!("no {name}"))
            .1
            .shallow_clone()
    };
    let classifier = of(&student, "deep.logits.2.weight");
    assert!(classifier.equal(&of(&teacher, "logits.2.weight")));
    assert_eq!(plan.networks[1].grafted.len(), 2 + 2 + 4);

    // by hand: what the student answers is the teacher's classifier on the lifted features
    let data = folder.session().data(&plan.data[0]).unwrap();
    let batch = data.test.range(0, data.test.samples).unwrap();
    let w = |name: &str| of(&student, name);
    let x = batch.fields[0].conv2d(
        &w("features.0.weight"),
        Some(w("features.0.bias")),
        1,
        1,
        1,
        1,
    );
    let x = x.relu().max_pool2d(4, 4, 0, 1, false);
    let x = x.conv2d(&w("lifted.0.weight"), Some(w("lifted.0.bias")), 1, 0, 1, 1);
    let (mean, variance) = (w("lifted.1.running_mean"), w("lifted.1.running_var"));
    let x = x.batch_norm(
        Some(w("lifted.1.weight")),
        Some(w("lifted.1.bias")),
        Some(mean),
        Some(variance),
        false,
        0.1,
        1e-5,
        true,
    );
    let logits = x
        .flatten(1, -1)
        .linear(&classifier, Some(&w("deep.logits.2.bias")));
    let right = logits.argmax(1, false).eq_tensor(&batch.fields[1]);
    let expected = right
        .to_kind(tch::Kind::Double)
        .mean(None)
        .double_value(&[]);
    let record = record(&folder, "student");
    assert_eq!(record.results.test_accuracy["light"], expected);
    let table = report::of_seed(&folder.session(), &plan, 42).unwrap();
    assert!(table.contains("light"), "{table}");
}

/// A student whose file replaces what it answers is the same network as another file's teacher.
#[test]
fn a_student_with_a_replaced_output_is_a_teacher() {
    let _alone = alone();
    let folder = Folder::new();
    let model = "model Net(width: int) {
            input image: [N, 3, 32, 32]
            features = image -> conv2d(width, kernel: 3, padding: 1) -> batch_norm -> relu -> max_pool2d(4)
            output logits = features -> flatten -> linear(10)
        }";
    let grafting = format!(
        "use \"data.kd\"::images
        {model}
        student deep = Net(4)
        student light = Net(2)
        tap lifted = light.features -> conv2d(4, kernel: 1) -> batch_norm
        edge images.label ~> deep.logits by cross_entropy
        edge deep.features ~> lifted by mse
        output light.logits = lifted -> deep.logits
        train on images {{ epochs: 2, optimizer: adam(lr: 0.01), seed: 42 }}"
    );
    let learning = format!(
        "use \"data.kd\"::images
        {model}
        teacher light from \"teacher.kd\"::light
        student small = Net(2)
        edge light.logits ~> small.logits by soft_target(T: 2)
        train on images {{ epochs: 1, optimizer: adam(lr: 0.01), seed: 42, metrics: [agreement(light)] }}"
    );
    let plan = plan_with(&learning, &grafting);
    folder.session().train(&plan, Existing::Refuse).unwrap();
    let there = record(&folder, "teacher").results.test_accuracy;
    let here = record(&folder, "student").results.test_accuracy;
    assert_eq!(here["light"], there["light"]);
    assert_ne!(there["light"], there["deep"]);
    let tables = report::of_seed(&folder.session(), &plan, 42).unwrap();
    assert!(tables.contains(&percent(there["light"])), "{tables}");
}

/// The layer that `fit` stands for learns, and stays behind.
#[test]
fn a_fit_learns_with_its_student_and_is_not_saved_with_it() {
    let _alone = alone();
    let folder = Folder::new();
    let start = STUDENT.find("tap regressed").unwrap();
    let plan = plan(&format!(
        "{}
        edge ce: images.label ~> light.logits by cross_entropy
        edge hint: deep.features ~> light.features -> fit by mse
        train on images {{ epochs: 2, optimizer: adam(lr: 0.01), seed: 42 }}",
        &STUDENT[..start]
    ));
    let fits = &plan.stages[0].edges[1].fits;
    assert_eq!(
        (fits[0].layers.as_str(), fits[0].parameters),
        ("conv2d(channels: 4, kernel: 1)", 4 * 2 + 4)
    );
    folder.session().train(&plan, Existing::Refuse).unwrap();

    let saved =
        |file: &str| run_folder::read_tensors(&folder.0.join("student").join(file)).unwrap();
    let light = saved("student.safetensors");
    assert!(light.iter().all(|(name, _)| !name.contains("fit")));
    let auxiliary = saved("auxiliary.safetensors");
    assert!(
        auxiliary
            .iter()
            .map(|(name, _)| name.as_str())
            .eq(["hint.fit.bias", "hint.fit.weight"])
    );
    let teachers = folder.session().teachers(&plan).unwrap();
    let initial = Parameters::new(&plan, 42, Device::Cpu, &teachers).unwrap();
    for (name, learned) in auxiliary {
        assert!(!learned.equal(initial.get(&name).unwrap()), "{name}");
    }
    let losses = fs::read_to_string(folder.0.join("student/metrics.jsonl")).unwrap();
    let losses: Vec<Value> = losses
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let hint = |epoch: usize| losses[epoch]["losses"]["hint"].as_f64().unwrap();
    assert!(hint(1) < hint(0));
}

fn student_with(train: &str) -> Plan {
    let start = STUDENT.find("train on").unwrap();
    plan(&format!("{}{train}", &STUDENT[..start]))
}

/// The last batch of 40 test samples is smaller than the others, and counts for less.
#[test]
fn a_metric_of_ones_own_is_the_mean_over_the_samples_for_each_seed() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = student_with(
        "fn right(logits: [N, C], label: class(C)) =
            mean(where(pick(logits, label, dim: 1) >= amax(logits, dim: 1), 1, 0))
        train on images { metrics: [accuracy, right, mse(teacher: deep.logits), mse(teacher: light.logits)],
            epochs: 1, optimizer: adam(lr: 0.001), seed: [1, 2] }",
    );
    folder.session().train(&plan, Existing::Refuse).unwrap();
    let records = ["student/seed-1", "student/seed-2"].map(|run| record(&folder, run));
    for record in &records {
        let metrics = &record.results.metrics;
        let of = |metric: &str| metrics[metric]["light"];
        assert!((of("right") - of("accuracy")).abs() < 1e-7);
        assert!(of("mse(teacher: deep.logits)") > 0.0);
        assert_eq!(of("mse(teacher: light.logits)"), 0.0);
    }
    let summary = fs::read_to_string(folder.0.join("student/summary.yaml")).unwrap();
    let summary: serde_yaml::Value = serde_yaml::from_str(&summary).unwrap();
    let right = &summary["metrics"]["right"]["light"];
    let each = records.map(|record| record.results.metrics["right"]["light"]);
    let mean = (each[0] + each[1]) / 2.0;
    assert!((right["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    let deviation = ((each[0] - mean).powi(2) + (each[1] - mean).powi(2)).sqrt();
    assert!((right["standard_deviation"].as_f64().unwrap() - deviation).abs() < 1e-12);
}

#[test]
fn metrics_that_are_asked_for_are_measured_in_the_end() {
    let _alone = alone();
    let folder = Folder::new();
    let train = "train on images { metrics: [top5, calibration, agreement(deep.logits)], epochs: 1, \
                 optimizer: adam(lr: 0.001), seed: 42 }";
    let plan = student_with(train);
    folder.session().train(&plan, Existing::Refuse).unwrap();
    let metrics = record(&folder, "student").results.metrics;
    assert!(
        metrics
            .keys()
            .eq(["agreement(deep)", "calibration", "top5"])
    );
    for (metric, values) in &metrics {
        assert!(values.keys().eq(["light"]), "{metric}");
        assert!((0.0..=1.0).contains(&values["light"]), "{metric}");
    }
    let tables = report::of_seed(&folder.session(), &plan, 42).unwrap();
    let agreement = percent(metrics["agreement(deep)"]["light"]);
    let row = tables
        .lines()
        .find(|line| line.starts_with("light"))
        .unwrap();
    assert!(row.ends_with(&agreement), "{row}, {agreement}");
}
