//! Builds kdc with cargo, then runs or tests it.

use crate::libtorch::{self, Libtorch};
use crate::say;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

const ENGINE: &str = "kdc-torch";

/// Builds `kdc`, and the engine where the command needs it, then becomes `kdc`.
pub fn kdc(libtorch: &Libtorch, args: &[OsString]) -> Result<ExitCode, String> {
    let release = target_dir()?.join("release");
    let mut compiler = cargo(libtorch, "build");
    compiler.args(["--release", "--bin", "kdc"]);
    let mut product = "kdc";
    if needs_engine(args) {
        libtorch.set_up()?;
        compiler.args(["--bin", ENGINE]);
        product = ENGINE;
    } else if !release.join(ENGINE).exists() {
        // Until something is to be trained, nobody has to wait for libtorch.
        compiler.arg("--no-default-features");
    }
    if let Some(failure) = build(compiler, &release.join(product))? {
        return Ok(failure);
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

/// Builds `kdc` and the engine; the folder where they are.
pub fn release(libtorch: &Libtorch) -> Result<PathBuf, String> {
    libtorch.set_up()?;
    let release = target_dir()?.join("release");
    let mut compiler = cargo(libtorch, "build");
    compiler.args(["--release", "--bin", "kdc", "--bin", ENGINE]);
    match build(compiler, &release.join(ENGINE))? {
        None => Ok(release),
        Some(_) => Err("kdc cannot be built".to_string()),
    }
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
fn build(mut compiler: Command, product: &Path) -> Result<Option<ExitCode>, String> {
    const ANNOUNCEMENT: &str = "building kdc (release)…";
    let first = !product.exists();
    if first {
        say(ANNOUNCEMENT);
    } else {
        compiler.arg("--quiet");
    }
    let failed = |e| format!("cannot run cargo: {e}");
    let mut child = compiler.spawn().map_err(failed)?;
    if !first && !ends_within(&mut child, Duration::from_secs(1)) {
        say(ANNOUNCEMENT);
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
