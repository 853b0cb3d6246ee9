//! How long `kdc check` takes on a file of 100,000 lines, from the program's start to its end:
//!
//!     cargo bench --no-default-features --bench check

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

mod texts;

const LINES: usize = 100_000;
const RUNS: usize = 9;

fn main() {
    let text = texts::long(LINES);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for imported in ["cifar10.kd", "teacher.kd"] {
        let from = Path::new("examples").join(imported);
        std::fs::copy(from, folder.join(imported)).expect("the file can be copied");
    }
    let path = folder.join("long.kd");
    std::fs::write(&path, &text).expect("the file can be written");
    let mut took: Vec<Duration> = (0..RUNS).map(|_| checked(&path)).collect();
    took.sort_unstable();
    println!(
        "check of {} lines, {RUNS} times: median {:.2} s, longest {:.2} s",
        text.lines().count(),
        took[RUNS / 2].as_secs_f64(),
        took[RUNS - 1].as_secs_f64()
    );
}

fn checked(path: &Path) -> Duration {
    let mut check = Command::new(env!("CARGO_BIN_EXE_kdc"));
    check.args(["check", "--quiet"]).arg(path);
    let start = Instant::now();
    let status = check.status().expect("kdc starts");
    let took = start.elapsed();
    assert!(status.success(), "{status}");
    took
}
