//! Builds kdc with cargo, then runs or tests it.

use crate::libtorch::{self, Libtorch};
use crate::say;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

/// Builds `kdc`, and the engine where the command needs it, then becomes `kdc`.
pub fn kdc(libtorch: &Libtorch, args: &[OsString]) -> Result<ExitCode, String> {
    let release = target_dir()?.join("release");
    let engine = needs_engine(args);
    if engine {
        libtorch.set_up()?;
    }
    // Never with the engine's features, so that no command rebuilds what another has built.
    let mut compiler = cargo(libtorch, "build");
    compiler.args(["--release", "--bin", "kdc", "--no-default-features"]);
    if let Some(failure) = build(compiler, "kdc", &release)? {
        return Ok(failure);
    }
    if engine {
        let mut compiler = cargo(libtorch, "build");
        compiler.args(["--release", "--bin", "kdc-torch"]);
        if let Some(failure) = build(compiler, "kdc-torch", &release)? {
            return Ok(failure);
        }
    }
    let kdc = release.join("kdc");
    let failure = Command::new(&kdc).args(args).exec();
    Err(format!("cannot run {}: {failure}", kdc.display()))
}

pub fn test(libtorch: &Libtorch, args: &[OsString]) -> Result<ExitCode, String> {
    libtorch.set_up()?;
    let mut tests = cargo(libtorch, "test");
    tests.arg("--workspace").args(args);
    tests
        .status()
        .map(exit_code)
        .map_err(|e| format!("cannot run cargo: {e}"))
}

/// Whether the command trains or measures networks; asking for its help does neither.
fn needs_engine(args: &[OsString]) -> bool {
    let has = |words: &[&str]| args.iter().any(|arg| words.iter().any(|word| arg == word));
    has(&["train", "eval"]) && !has(&["-h", "--help"])
}

/// Cargo as the user would call it in the project's folder: it finds libtorch as it would then, so
/// that neither rebuilds what the other has built.
fn cargo(libtorch: &Libtorch, subcommand: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg(subcommand).current_dir(&libtorch.root);
    if libtorch.chosen_by_user().is_none() {
        command.env_remove(libtorch::VARIABLE);
    }
    command
}

/// The folder that holds `debug/xtask`: wherever cargo was told to put it.
fn target_dir() -> Result<PathBuf, String> {
    std::env::current_exe()
        .ok()
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .ok_or_else(|| "cannot find cargo's target folder".to_string())
}

/// Runs the build; the code to exit with if it fails. Says nothing where there is nothing to build.
fn build(mut compiler: Command, binary: &str, release: &Path) -> Result<Option<ExitCode>, String> {
    let announcement = format!("building {binary} (release)…");
    let first = !release.join(binary).exists();
    if first {
        say(&announcement);
    } else {
        compiler.arg("--quiet");
    }
    let failed = |e| format!("cannot run cargo: {e}");
    let mut child = compiler.spawn().map_err(failed)?;
    if !first && !ends_within(&mut child, Duration::from_secs(1)) {
        say(&announcement);
    }
    let status = child.wait().map_err(failed)?;
    Ok((!status.success()).then(|| exit_code(status)))
}

fn ends_within(child: &mut Child, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(line: &str) -> bool {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        needs_engine(&args)
    }

    #[test]
    fn only_training_and_measuring_need_the_engine() {
        assert!(needs("train examples/hint.kd"));
        assert!(needs(
            "--message-format json train examples/hint.kd --device cpu"
        ));
        assert!(needs("eval examples/hint.kd"));
        assert!(!needs("check examples/train.kd"));
        assert!(!needs("plan examples/hint.kd"));
        assert!(!needs("train --help"));
        assert!(!needs("help"));
    }
}
