//! `tests/ui/CODE/NAME.kd` gives the diagnostics in `NAME.stderr`, as people see them, and one of them has the
//! code. Files that a case imports lie in `tests/ui/CODE/NAME/`. `KDC_BLESS=1 cargo test ui` writes what comes out;
//! read it before it is committed.

use crate::golden;
use kdc::cli::files::{Disk, walk};
use kdc::cli::render::human::{self, Style};
use kdc::cli::repair::repair;
use kdc::diag::{Applicability, Code, Severity};
use kdc::source::Files;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOT: &str = "tests/ui";
const FEWEST: usize = 250;

/// Codes without a case, and why.
const WITHOUT: &[(Code, &str)] = &[(
    Code::E0501,
    "the file of a case can be read; tests/cmd has those that cannot",
)];

/// On the first line of a case whose repairs, all applied, leave no error.
const CLEAN: &str = "// clean after fixes";

const STYLE: Style = Style {
    width: 92,
    ..Style::PLAIN
};

pub struct Case {
    pub path: PathBuf,
    code: Code,
}

/// Every folder is a code; the files right in it are the cases.
pub fn cases() -> Vec<Case> {
    walk(Path::new(ROOT))
        .expect("the cases are there")
        .into_iter()
        .filter_map(|path| {
            let folder = path.parent()?;
            let name = folder.file_name()?.to_str()?;
            (folder.parent()? == Path::new(ROOT)).then(|| Case {
                code: Code::parse(name).unwrap_or_else(|| panic!("`{name}` is no code")),
                path: path.clone(),
            })
        })
        .collect()
}

fn rendered(checked: &kdc::Checked) -> String {
    let texts = checked.diagnostics.iter();
    let texts: Vec<String> = texts
        .map(|d| human::render(d, &checked.sources, &STYLE))
        .collect();
    texts.join("\n")
}

/// What is wrong with a case, if anything.
fn failure(case: &Case) -> Option<String> {
    let checked = kdc::check(&Disk, &case.path);
    let text = rendered(&checked);
    let expectation = case.path.with_extension("stderr");
    if golden::blessed() {
        std::fs::write(&expectation, &text).expect("the expectation can be written");
    }
    if !checked.diagnostics.iter().any(|d| d.code == case.code) {
        return Some(format!(
            "{} is not among its diagnostics:\n{text}",
            case.code
        ));
    }
    match std::fs::read_to_string(&expectation) {
        Err(_) => Some(format!(
            "{} is missing; it would be:\n{text}",
            expectation.display()
        )),
        Ok(expected) if expected != text => Some(difference(&expected, &text)),
        Ok(_) => unclean(case),
    }
}

/// The errors that are left after all repairs, where none may be.
fn unclean(case: &Case) -> Option<String> {
    let text = Disk.read(&case.path).expect("it was read before");
    if !text.starts_with(CLEAN) {
        return None;
    }
    let repairs = repair(&case.path, Applicability::Unsafe, |found| found);
    let after = kdc::check(&repairs.files, &case.path);
    let mut left = after.diagnostics.iter();
    let errors = left.any(|d| d.severity == Severity::Error);
    errors.then(|| format!("errors after the repairs:\n{}", rendered(&after)))
}

/// The lines that differ, between those that are the same at both ends.
fn difference(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut text = format!("from line {}:\n", same + 1);
    for line in &old[..old.len() - tail] {
        text += &format!("- {line}\n");
    }
    for line in &new[..new.len() - tail] {
        text += &format!("+ {line}\n");
    }
    text
}

#[test]
fn every_case_is_as_expected() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.path.display(), failure(case)?)))
        .collect();
    assert!(
        failures.is_empty(),
        "{} cases differ (KDC_BLESS=1 rewrites the expectations)\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn every_expectation_has_a_case() {
    let expected: BTreeSet<PathBuf> = cases()
        .iter()
        .map(|c| c.path.with_extension("stderr"))
        .collect();
    for folder in std::fs::read_dir(ROOT).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let stray =
                path.extension().is_some_and(|e| e == "stderr") && !expected.contains(&path);
            assert!(!stray, "{} belongs to no case", path.display());
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let cases = cases();
    let covered: BTreeSet<Code> = cases.iter().map(|case| case.code).collect();
    let excused: BTreeSet<Code> = WITHOUT.iter().map(|(code, _)| *code).collect();
    for code in Code::ALL {
        assert!(
            covered.contains(code) != excused.contains(code),
            "{code} has no case, or needs no excuse"
        );
    }
    assert!(cases.len() >= FEWEST, "only {} cases", cases.len());
}
