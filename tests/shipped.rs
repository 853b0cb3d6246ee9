//! The `.kd` files that kdc comes with.

use kdc::cli::files::walk;
use std::path::{Path, PathBuf};

/// Experiments and the standard library.
pub const FOLDERS: [&str; 3] = ["examples", "models", "losses"];

/// The files of those folders with their texts, sorted.
pub fn shipped() -> Vec<(PathBuf, String)> {
    FOLDERS.iter().flat_map(|folder| texts(folder)).collect()
}

/// The `.kd` files below a folder with their texts, sorted.
pub fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let paths = walk(Path::new(folder)).expect("a folder of the package");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}
