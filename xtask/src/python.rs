//! Python, which brings libtorch, and pip, which installs it.

use crate::say;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// PyTorch that Python can import needs all of its dependencies, used or not.
const PACKAGES: [&str; 2] = ["torch==2.11.0", "numpy"];

/// The one that is on `PATH`.
pub const ON_PATH: &str = "python3";

/// The interpreters whose packages count, the nearest first.
pub fn interpreters() -> Vec<PathBuf> {
    let active = env::var_os("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python"));
    active.into_iter().chain([PathBuf::from(ON_PATH)]).collect()
}

/// Where the interpreter would import a package from, without importing it.
pub fn package_folder(python: &Path, package: &str) -> Option<PathBuf> {
    let program = "import importlib.util, sys\n\
                   found = importlib.util.find_spec(sys.argv[1])\n\
                   print(found.origin if found and found.origin else '')";
    let printed = output(Command::new(python).args(["-c", program, package])).ok()?;
    let module = Path::new(printed.trim());
    module
        .parent()
        .filter(|folder| folder.is_dir())
        .map(Path::to_path_buf)
}

/// Whether the system can load a library with all that it needs; else what it says is missing.
pub fn loads(python: &Path, library: &Path) -> Result<(), String> {
    let program = "import ctypes, sys; ctypes.CDLL(sys.argv[1])";
    output(Command::new(python).args(["-c", program]).arg(library)).map(drop)
}

/// What a command prints; where it fails, the last line of its complaint.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(complaint.lines().last().unwrap_or_default().to_string())
}

/// What is wrong with an interpreter that is to install packages.
pub fn require_pip(python: &Path) -> Result<(), String> {
    if output(Command::new(python).arg("--version")).is_err() {
        return Err(format!(
            "`{}` is not there: libtorch is a Python package, which pip downloads\n  \
             Debian, Ubuntu: sudo apt install python3-pip\n  \
             Fedora: sudo dnf install python3-pip\n  \
             macOS: brew install python",
            python.display()
        ));
    }
    output(Command::new(python).args(["-m", "pip", "--version"])).map_err(|_| {
        format!(
            "`{}` has no pip, which downloads libtorch\n  \
             Debian, Ubuntu: sudo apt install python3-pip\n  \
             Fedora: sudo dnf install python3-pip\n  \
             elsewhere: python3 -m ensurepip",
            python.display()
        )
    })?;
    Ok(())
}

/// `pip install`, with pip's own progress; the reason if it fails. Temporary files go to `scratch`.
pub fn pip_install(python: &Path, args: &[&str], scratch: &Path) -> Result<(), String> {
    let mut pip = Command::new(python)
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(args)
        // On the disk where the packages end up: `/tmp` is often small, and a move is then a rename.
        .env("TMPDIR", scratch)
        // Settings of the user's that are meant for other environments.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run {}: {e}", python.display()))?;
    let mut complaint = String::new();
    let stderr = pip.stderr.take().expect("it is piped");
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        eprintln!("{line}");
        complaint.push_str(&line);
        complaint.push('\n');
    }
    match pip.wait() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(reason(&complaint).to_string()),
    }
}

/// Why pip failed, in a sentence, with what to do about it.
fn reason(complaint: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
    if says(&["No space left on device", "Disk quota exceeded"]) {
        "the disk is full; make room, then run the command again"
    } else if says(&[
        "connection broken by",
        "ConnectionError",
        "ReadTimeoutError",
        "IncompleteRead",
    ]) {
        "pip cannot reach its package index; when the network is back, run the command again \
         (behind a proxy, set `https_proxy`; for a mirror, `pip config set global.index-url URL`)"
    } else if says(&["No matching distribution"]) {
        "pip finds no PyTorch 2.11.0 for this system; it exists for Linux with glibc 2.28 or newer on \
         x86-64 and aarch64, and for macOS 11 or newer on Apple silicon (an old pip may not know: \
         `python3 -m pip install --upgrade pip`)"
    } else {
        "pip failed with the message above; run the command again once it is mended"
    }
}

/// An interpreter that can import PyTorch 2.11.0, numpy and the packages named besides, in the versions that they state.
/// Makes an environment where there is none.
pub fn with_torch(root: &Path, besides: &[&str]) -> Result<PathBuf, String> {
    let environment = root.join(".libtorch/python");
    let own = environment.join("bin/python");
    let packages: Vec<&str> = PACKAGES.iter().chain(besides).copied().collect();
    let candidates = interpreters().into_iter().chain([own.clone()]);
    if let Some(python) = candidates.into_iter().find(|python| has(python, &packages)) {
        return Ok(python);
    }
    let python = Path::new(ON_PATH);
    require_pip(python)?;
    say(&format!(
        "making {} with {}: downloading about 2.8 GB, once; it will take 5 GB",
        environment.display(),
        packages.join(", ")
    ));
    let scratch = root.join(".libtorch/partial-python");
    fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    output(Command::new(python).args(["-m", "venv"]).arg(&environment)).map_err(|e| {
        format!("cannot make a Python environment ({e})\n  Debian, Ubuntu: sudo apt install python3-venv")
    })?;
    pip_install(&own, &packages, &scratch)?;
    fs::remove_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    Ok(own)
}

/// Whether an interpreter has all of the packages, each in its version if it states one.
fn has(python: &Path, packages: &[&str]) -> bool {
    let program = "import sys\n\
                   from importlib.metadata import version\n\
                   for package in sys.argv[1:]:\n    \
                       name, _, wanted = package.partition('==')\n    \
                       assert version(name).split('+')[0].startswith(wanted)";
    output(Command::new(python).args(["-c", program]).args(packages)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_cause_and_not_what_follows_from_it() {
        // Without a network pip first retries, then says that there is no such distribution.
        let offline = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': \
                       /simple/torch/\n\
                       ERROR: No matching distribution found for torch==2.11.0\n";
        assert!(reason(offline).contains("cannot reach"));
        let old = "ERROR: No matching distribution found for torch==2.11.0";
        assert!(reason(old).contains("glibc 2.28"));
        let full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device";
        assert!(reason(full).contains("disk is full"));
    }

    #[test]
    fn a_failed_command_answers_with_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo last >&2; exit 1"]);
        assert_eq!(output(&mut command), Err("last".to_string()));
    }
}
