//! `tests/plan/NAME.yaml` is the plan of `examples/NAME.kd`. `KDC_BLESS=1 cargo test plans` writes what comes
//! out; read it before it is committed.

use kdc::cli::files::{Disk, walk};
use kdc::plan::Plan;
use std::path::{Path, PathBuf};

/// The examples that are experiments, with their plans.
fn plans() -> Vec<(PathBuf, Plan)> {
    let examples = walk(Path::new("examples")).expect("the examples are there");
    examples
        .into_iter()
        .filter_map(|path| {
            let plan = kdc::check(&Disk, &path).plan?;
            let golden = Path::new("tests/plan").join(path.file_name()?);
            Some((golden.with_extension("yaml"), plan))
        })
        .collect()
}

#[test]
fn examples_give_the_golden_plans() {
    for (golden, plan) in plans() {
        let text = plan.to_yaml();
        if std::env::var_os("KDC_BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        let line = expected.lines().zip(text.lines()).position(|(a, b)| a != b);
        assert!(
            expected == text,
            "{} differs, first in line {:?} (KDC_BLESS=1 rewrites it)",
            golden.display(),
            line.map(|line| line + 1)
        );
    }
}

#[test]
fn every_golden_plan_has_an_example() {
    let known: Vec<PathBuf> = plans().into_iter().map(|(golden, _)| golden).collect();
    for entry in std::fs::read_dir("tests/plan").unwrap() {
        let path = entry.unwrap().path();
        assert!(known.contains(&path), "{} belongs to no example", path.display());
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    for (golden, plan) in plans() {
        let again = Plan::from_yaml(&plan.to_yaml());
        assert_eq!(again.as_ref(), Ok(&plan), "{}", golden.display());
    }
}
