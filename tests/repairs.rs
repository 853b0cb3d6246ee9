//! What holds of the repairs that diagnostics carry, over all cases of `tests/ui`.

use crate::ui::cases;
use kdc::Checked;
use kdc::cli::files::{Disk, Overlay};
use kdc::cli::repair::repair;
use kdc::diag::{Applicability, Code, Diagnostic, Edit, Fix, fix};
use kdc::source::FileId;
use std::path::Path;

/// The files after a repair; none if its edits overlap.
fn repaired(before: &Checked, repair: &Fix) -> Option<Overlay> {
    let mut repaired = Overlay::default();
    let mut files: Vec<FileId> = repair.edits.iter().map(|edit| edit.span.file).collect();
    files.dedup();
    for file in files {
        let source = before.sources.get(file);
        let edits = repair.edits.iter().filter(|edit| edit.span.file == file);
        let edits: Vec<Edit> = edits.cloned().collect();
        let path = source.path.as_ref().expect("the library needs no repair");
        repaired.set(path, fix::apply(&source.text, &edits)?);
    }
    Some(repaired)
}

fn count(checked: &Checked, is: impl Fn(&Diagnostic) -> bool) -> usize {
    checked.diagnostics.iter().filter(|d| is(d)).count()
}

/// What a repair leaves as it was, or makes worse.
fn failure(path: &Path, before: &Checked, diagnostic: &Diagnostic, fix: &Fix) -> Option<String> {
    let Some(files) = repaired(before, fix) else {
        return Some("its edits overlap".into());
    };
    let after = kdc::check(&files, path);
    let same = |d: &Diagnostic| d.code == diagnostic.code && d.message == diagnostic.message;
    let syntax = |d: &Diagnostic| d.code.is_syntax();
    let texts = || {
        files
            .texts()
            .map(|(_, text)| text.as_str())
            .collect::<String>()
    };
    if count(&after, same) >= count(before, same) {
        return Some(format!("it is still there in\n{}", texts()));
    }
    (count(&after, syntax) > count(before, syntax)).then(|| {
        let found: Vec<(Code, &str)> = after
            .diagnostics
            .iter()
            .map(|d| (d.code, d.message.as_str()))
            .collect();
        format!("new syntax errors, {found:?} in\n{}", texts())
    })
}

#[test]
fn a_repair_mends_what_it_is_offered_for() {
    let (mut failures, mut repairs) = (Vec::new(), 0);
    for case in cases() {
        let checked = kdc::check(&Disk, &case.path);
        for diagnostic in &checked.diagnostics {
            for help in &diagnostic.help {
                let Some(fix) = &help.fix else { continue };
                repairs += 1;
                let failure = failure(&case.path, &checked, diagnostic, fix);
                failures.extend(failure.map(|why| {
                    let path = case.path.display();
                    let Diagnostic { code, message, .. } = diagnostic;
                    format!("{path}: {code} {message}\n{}: {why}", help.text)
                }));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(repairs >= 90, "only {repairs} repairs were tried");
}

/// A diagnostic has no two safe repairs: which one is surely meant?
#[test]
fn only_one_repair_is_surely_meant() {
    for case in cases() {
        for diagnostic in kdc::check(&Disk, &case.path).diagnostics {
            let fixes = diagnostic.help.iter().filter_map(|help| help.fix.as_ref());
            let safe = fixes.filter(|fix| fix.applicability == Applicability::Safe);
            assert!(
                safe.count() <= 1,
                "{}: {diagnostic:#?}",
                case.path.display()
            );
        }
    }
}

#[test]
fn repairing_comes_to_an_end_and_leaves_nothing_that_it_could_mend() {
    for case in cases() {
        let safe = repair(&case.path, Applicability::Safe, |found| found);
        let all = repair(&case.path, Applicability::Unsafe, |found| found);
        assert!(safe.finished && all.finished, "{}", case.path.display());
    }
}
