//! What `kdc train` gives to the engine, and what it says when there is none.

use kdc::plan::{Keep, Mode, Plan};
use std::process::{Command, Output};

/// `kdc` in the project's folder, with another program as its engine.
fn kdc(engine: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kdc"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("KDC_TORCH", engine)
        .env_remove("OMP_WAIT_POLICY")
        .output()
        .unwrap()
}

/// Prints its arguments, its setting of OpenMP and the plan, and ends with 42.
const ENGINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/handover.sh");

/// What the engine got: its arguments and the plans.
fn all_handed_over(arguments: &[&str]) -> (String, Vec<Plan>) {
    let output = kdc(ENGINE, arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(42), "{errors}");
    let mut lines = text.splitn(3, '\n');
    let arguments = lines.next().unwrap().to_string();
    assert_eq!(lines.next(), Some("PASSIVE"));
    let plans = Plan::all_from_yaml(lines.next().unwrap());
    (arguments, plans.unwrap())
}

fn handed_over(arguments: &[&str]) -> (String, Plan) {
    let (arguments, mut plans) = all_handed_over(arguments);
    assert_eq!(plans.len(), 1);
    (arguments, plans.remove(0))
}

#[test]
fn the_engine_gets_the_plan_and_its_code_is_the_answer() {
    let (arguments, plan) = handed_over(&["train", "examples/baseline.kd"]);
    assert_eq!(arguments, "train /dev/stdin --device auto");
    assert_eq!(plan.experiment, "baseline");
    let (arguments, _) = handed_over(&["eval", "examples/baseline.kd", "--threads", "2"]);
    assert_eq!(arguments, "eval /dev/stdin --device auto --threads 2");
}

#[test]
fn settings_of_the_command_line_are_in_the_plan() {
    let line = "train examples/baseline.kd --seed 7 --epochs 3 --device cpu --force --quiet";
    let (arguments, plan) = handed_over(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(arguments, "train /dev/stdin --device cpu --quiet --force");
    assert_eq!(plan.seeds, [7]);
    let epochs: Vec<Option<u64>> = plan.stages.iter().map(|stage| stage.epochs).collect();
    assert_eq!(epochs, [Some(3)]);
}

#[test]
fn several_experiments_go_to_one_engine() {
    let line = "train examples/kd.kd examples/hint.kd --seeds 3 --profile --cache disk";
    let (arguments, plans) = all_handed_over(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(arguments, "train /dev/stdin --device auto --profile");
    let names: Vec<&str> = plans.iter().map(|plan| plan.experiment.as_str()).collect();
    assert_eq!(names, ["kd", "hint"]);
    for plan in &plans {
        assert_eq!(plan.seeds, [42, 43, 44]);
        let cache = plan.stages[0].cache.as_ref().unwrap();
        assert_eq!((cache.keep, cache.asked), (Keep::Disk, true));
    }
}

#[test]
fn results_of_two_experiments_have_two_folders() {
    let twice = [
        "train",
        "examples/kd.kd",
        "examples/hint.kd",
        "./examples/kd.kd",
    ];
    let output = kdc(ENGINE, &twice);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("results of `kd`"), "{errors}");
}

#[test]
fn exact_is_asked_for() {
    let mode = |line: &str| handed_over(&line.split(' ').collect::<Vec<_>>()).1.mode;
    assert_eq!(mode("train examples/kd.kd"), Mode::Fast);
    assert_eq!(mode("train examples/kd.kd --exact"), Mode::Exact);
}

#[test]
fn a_missing_engine_is_named() {
    let output = kdc("/nowhere/engine", &["train", "examples/baseline.kd"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("/nowhere/engine"), "{errors}");
}
