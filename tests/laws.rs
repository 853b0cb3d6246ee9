//! What holds of every text, however damaged: the whole checker ends, without a panic, and every place that it
//! names lies in a text.

use crate::mutate::mutations;
use crate::shipped::shipped;
use kdc::source::{Files, Sources, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many damaged texts are checked, of all files together.
const DAMAGED: usize = 20_000;

/// Files in memory, one of them damaged.
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        let text = self.0.get(path).cloned();
        text.ok_or_else(|| "there is no such file".to_string())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn list(&self, _: &Path) -> Vec<String> {
        let names = self.0.keys().map(|path| path.display().to_string());
        names.collect()
    }
}

/// The shipped files as if they lay in one folder.
fn in_one_folder() -> BTreeMap<PathBuf, String> {
    let files = shipped().into_iter();
    files
        .map(|(path, text)| (path.file_name().expect("a file").into(), text))
        .collect()
}

fn lies_in_its_text(sources: &Sources, span: Span) -> bool {
    sources.get(span.file).text.get(span.range()).is_some()
}

#[test]
fn a_damaged_file_is_checked_to_the_end() {
    let mut files = Memory(in_one_folder());
    let names: Vec<PathBuf> = files.0.keys().cloned().collect();
    for (name, seed) in names.iter().zip(1..) {
        let whole = files.0[name].clone();
        for damaged in mutations(&whole, seed).take(DAMAGED / names.len()) {
            files.0.insert(name.clone(), damaged);
            let checked = kdc::check(&files, name);
            for diagnostic in &checked.diagnostics {
                let labels = diagnostic.labels.iter().map(|label| label.span);
                let notes = diagnostic.notes.iter().filter_map(|note| note.span);
                let fixes = diagnostic.help.iter().filter_map(|help| help.fix.as_ref());
                let edits = fixes.flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
                for span in labels.chain(notes).chain(edits) {
                    assert!(
                        lies_in_its_text(&checked.sources, span),
                        "{diagnostic:#?}\nof\n{}",
                        files.0[name]
                    );
                }
            }
            if let Some(plan) = checked.plan {
                let text = plan.to_yaml();
                assert_eq!(
                    kdc::plan::Plan::from_yaml(&text),
                    Ok(plan),
                    "{}",
                    files.0[name]
                );
            }
        }
        files.0.insert(name.clone(), whole);
    }
}
