//! What networks answer: how it is measured, and what is saved for it.

use super::*;

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
    session.train(&plan, Existing::Keep).unwrap();
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
    folder.session().train(&plan, Existing::Keep).unwrap();

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
    folder.session().train(&plan, Existing::Keep).unwrap();
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
    folder.session().train(&plan, Existing::Keep).unwrap();

    let saved =
        |file: &str| run_folder::read_tensors(&folder.0.join("student").join(file)).unwrap();
    let light = saved("student.safetensors");
    assert!(light.iter().all(|(name, _)| !name.contains("fit")));
    let auxiliary = saved("auxiliary.safetensors");
    let mut names: Vec<&str> = auxiliary.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["hint.fit.bias", "hint.fit.weight"]);
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

/// Nothing, a 1×1 convolution, one with a stride, a transposed one, pooling, and linear layers.
#[test]
fn every_kind_of_fit_learns_and_stays_behind() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = plan(
        "use \"data.kd\"::images
        model Net(width: int) {
            input image: [N, 3, 32, 32]
            large = image -> conv2d(width, kernel: 3, stride: 4, padding: 1) -> relu
            small = large -> conv2d(2 * width, kernel: 3, stride: 2, padding: 1) -> relu
            vector = small -> global_avg_pool
            output logits = vector -> linear(10)
        }
        student deep = Net(4)
        student light = Net(2)
        edge own: images.label ~> deep.logits by cross_entropy
        edge ce: images.label ~> light.logits by cross_entropy
        edge nothing: deep.logits ~> light.logits -> fit by mse
        edge channels: deep.large ~> light.large -> fit by mse
        edge strided: deep.small ~> light.large -> fit by mse
        edge transposed: deep.large ~> light.small -> fit by mse
        edge pooled: light.small ~> deep.large -> fit by mse
        edge mapped: deep.vector ~> light.small -> fit by mse
        edge linear: deep.vector ~> light.vector -> fit by mse
        train on images { epochs: 2, optimizer: adam(lr: 0.01), seed: 42 }",
    );
    folder.session().train(&plan, Existing::Keep).unwrap();

    let saved =
        |file: &str| run_folder::read_tensors(&folder.0.join("student").join(file)).unwrap();
    for student in ["deep", "light"] {
        let own = saved(&format!("{student}.safetensors"));
        assert!(own.iter().all(|(name, _)| !name.contains("fit")));
    }
    let initial = Parameters::new(&plan, 42, Device::Cpu, &HashMap::new()).unwrap();
    let mut shapes = Vec::new();
    for (name, learned) in saved("auxiliary.safetensors") {
        assert!(!learned.equal(initial.get(&name).unwrap()), "{name}");
        if name.ends_with("weight") {
            shapes.push(format!("{name} {:?}", learned.size()));
        }
    }
    shapes.sort_unstable();
    assert_eq!(
        shapes,
        [
            "channels.fit.weight [4, 2, 1, 1]",
            "linear.fit.weight [8, 4]",
            "mapped.fit.1.weight [8, 4]",
            "strided.fit.weight [8, 2, 3, 3]",
            "transposed.fit.weight [4, 4, 4, 4]",
        ]
    );
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
    folder.session().train(&plan, Existing::Keep).unwrap();
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
    folder.session().train(&plan, Existing::Keep).unwrap();
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
    let of = |metric: &str| metrics[metric]["light"];
    let (top5, agreement) = (percent(of("top5")), percent(of("agreement(deep)")));
    let calibration = format!("{:.4}", of("calibration"));
    let row = tables.lines().find(|line| line.starts_with("light"));
    let cells: Vec<&str> = row
        .unwrap()
        .split("  ")
        .map(str::trim)
        .filter(|c| !c.is_empty())
        .collect();
    assert_eq!(cells[2..], [top5, agreement, calibration], "{tables}");
}

/// Also one that reads what a tap has learned.
#[test]
fn eval_measures_the_metrics_of_the_file() {
    let _alone = alone();
    let folder = Folder::new();
    let plan = student_with(
        "fn distance(logits: [N, C], student: [N, ..S], teacher: [N, ..S]) = mse(student, teacher) + 0 * mean(logits)
        train on images { metrics: [perplexity, cross_entropy, distance(student: regressed, teacher: deep.features)],
            epochs: 1, optimizer: adam(lr: 0.001), seed: 42 }",
    );
    folder.session().train(&plan, Existing::Keep).unwrap();
    let metrics = record(&folder, "student").results.metrics;
    assert_eq!(metrics.len(), 3);
    let tables = report::of_seed(&folder.session(), &plan, 42).unwrap();
    let row = |start: &str| tables.lines().find(|line| line.starts_with(start)).unwrap();
    let mut places = Vec::new();
    for (metric, values) in &metrics {
        places.push(row("network").find(metric.as_str()).unwrap());
        let value = format!("{:.4}", values["light"]);
        assert!(
            row("light").contains(&value),
            "{metric} is {value}:\n{tables}"
        );
    }
    assert!(places.is_sorted(), "{tables}");
    assert!(row("deep").ends_with('-'), "{tables}");
}
