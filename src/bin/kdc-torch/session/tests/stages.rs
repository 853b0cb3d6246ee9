//! Stages: what learns, when they end, what is kept.

use super::*;

#[test]
fn each_stage_changes_what_it_learns_and_nothing_else() {
    let _alone = alone();
    let plan = plan(STAGES);
    let weights_after = |stages: usize| {
        let folder = Folder::new();
        let mut plan = plan.clone();
        plan.stages.truncate(stages);
        folder.session().train(&plan, Existing::Keep).unwrap();
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
        .train(&plan(STAGES), Existing::Keep)
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
        .train(&expecting(0.99), Existing::Keep)
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
        .train(&good_enough, Existing::Keep)
        .unwrap();
}

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
    session.train(&plan, Existing::Keep).unwrap();
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
    folder.session().train(&plan, Existing::Keep).unwrap();
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
    session.train(&plan, Existing::Keep).unwrap();
    assert!(names(&folder, "student").contains(&"slow.safetensors".to_string()));
    let accuracy = record(&folder, "student").results.test_accuracy;
    assert!(accuracy.keys().eq(["light", "slow"]));
    let tables = report::of_seed(&session, &plan, 42).unwrap();
    assert!(tables.contains(&percent(accuracy["slow"])), "{tables}");
}
