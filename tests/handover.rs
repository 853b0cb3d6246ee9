//! What `kdc train` gives to the engine, and what it says when there is none.

use kdc::plan::Plan;
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

/// What the engine got: its arguments and the plan.
fn handed_over(arguments: &[&str]) -> (String, Plan) {
    let output = kdc(ENGINE, arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(42), "{errors}");
    let mut lines = text.splitn(3, '\n');
    let arguments = lines.next().unwrap().to_string();
    assert_eq!(lines.next(), Some("PASSIVE"));
    (arguments, Plan::from_yaml(lines.next().unwrap()).unwrap())
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
fn a_missing_engine_is_named() {
    let output = kdc("/nowhere/engine", &["train", "examples/baseline.kd"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("/nowhere/engine"), "{errors}");
}
