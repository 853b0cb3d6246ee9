//! Runs the project's PyTorch programs again: their output is what the engine's tests compare with.

use crate::{python, say};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// PyTorch that Python can import needs all of its dependencies, used or not.
const PACKAGES: [&str; 2] = ["torch==2.11.0", "numpy"];

/// Runs `tests/fixtures/*.py` in the project's folder, each of which writes its fixtures beside itself.
pub fn make(root: &Path) -> Result<ExitCode, String> {
    let folder = root.join("tests/fixtures");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut programs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    let python = python_with_torch(root)?;
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

fn python_with_torch(root: &Path) -> Result<PathBuf, String> {
    let environment = root.join(".libtorch/python");
    let own = environment.join("bin/python");
    let candidates = python::interpreters().into_iter().chain([own.clone()]);
    if let Some(python) = candidates.into_iter().find(|python| has_packages(python)) {
        return Ok(python);
    }
    let python = Path::new(python::ON_PATH);
    python::require_pip(python)?;
    say(&format!(
        "making {} with {}: downloading about 2.8 GB, once; it will take 5 GB",
        environment.display(),
        PACKAGES.join(" and ")
    ));
    let scratch = root.join(".libtorch/partial-python");
    fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    python::output(Command::new(python).args(["-m", "venv"]).arg(&environment)).map_err(|e| {
        format!("cannot make a Python environment ({e})\n  Debian, Ubuntu: sudo apt install python3-venv")
    })?;
    python::pip_install(&own, &PACKAGES, &scratch)?;
    fs::remove_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    Ok(own)
}

fn has_packages(python: &Path) -> bool {
    let program = "import numpy, torch; assert torch.__version__.split('+')[0] == '2.11.0'";
    python::output(Command::new(python).args(["-c", program])).is_ok()
}
