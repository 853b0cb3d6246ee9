//! Runs the project's PyTorch programs again: their output is what the engine's tests compare with.

use crate::{python, say};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The code that the library's models and metrics are compared with.
const PEERS: [&str; 4] = [
    "torchvision==0.26.0",
    "timm==1.0.31",
    "transformers==5.23.0",
    "seqeval==1.2.2",
];

/// Runs `tests/fixtures/*.py` in the project's folder, each of which writes its fixtures beside itself.
pub fn make(root: &Path) -> Result<ExitCode, String> {
    let folder = root.join("tests/fixtures");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut programs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    let python = python::with_torch(root, &PEERS)?;
    for program in programs {
        say(&format!("running {}", program.display()));
        let status = Command::new(&python)
            .arg(&program)
            .current_dir(root)
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(_) => return Err(format!("{} failed", program.display())),
            Err(e) => return Err(format!("cannot run {}: {e}", python.display())),
        }
    }
    Ok(ExitCode::SUCCESS)
}
