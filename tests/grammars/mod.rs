//! The grammars of editors, `grammar/vscode` and `grammar/tree-sitter-kd`, beside kdc's own.

mod keywords;
mod textmate;
mod tree_sitter;

use crate::shipped;
use crate::syntax::source;
use std::fs;
use std::path::{Path, PathBuf};

/// All `.kd` files that kdc comes with, and those that show the formatter the whole language.
fn shipped() -> Vec<(PathBuf, String)> {
    let others = ["src/cli/new", "tests/format"].map(shipped::texts);
    [shipped::shipped(), others.concat()].concat()
}

/// Whether kdc reads a text without a word.
fn sound(text: &str) -> bool {
    kdc::syntax::parse(&source(text)).diagnostics.is_empty()
}

fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the package");
    let files = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("text")
}
