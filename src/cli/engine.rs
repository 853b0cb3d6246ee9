//! Hands plans to the engine, `kdc-torch`: a program of its own, because libtorch takes long to load.

use super::exit::Exit;
use super::output;
use crate::plan::Plan;
use std::convert::Infallible;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Names the engine, instead of where it is looked for.
const VARIABLE: &str = "KDC_TORCH";
const NAME: &str = "kdc-torch";

/// Becomes the engine, so that its exit code and signals are kdc's own. Returns only if that fails.
pub fn run(command: &str, plans: &[Plan], options: &[OsString]) -> Exit {
    let Err(message) = hand_over(command, plans, options);
    output::complain(&message);
    Exit::NoEngine
}

fn hand_over(command: &str, plans: &[Plan], options: &[OsString]) -> Result<Infallible, String> {
    let engine = find()?;
    let plans = unnamed(plans).map_err(|e| format!("the plan cannot be written: {e}"))?;
    let error = replace_process(process(&engine, command, plans, options));
    Err(format!(
        "the engine `{}` does not start: {error}",
        engine.display()
    ))
}

/// The engine, or what to tell the user.
pub fn find() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os(VARIABLE) {
        let named = PathBuf::from(named);
        return match named.is_file() {
            true => Ok(named),
            false => Err(format!("${VARIABLE} names no file: `{}`", named.display())),
        };
    }
    let own = env::current_exe().ok();
    let path = env::var_os("PATH").unwrap_or_default();
    places(own.as_deref(), &path)
        .into_iter()
        .find(|place| place.is_file())
        .ok_or_else(|| {
            format!(
                "the engine `{NAME}` is not there; it trains and measures, and is built apart\n  \
                 looked beside `kdc` and in $PATH\n  \
                 in kdc's own folder, `cargo kdc train FILE` builds it; elsewhere, set ${VARIABLE}"
            )
        })
}

/// Where the engine may be, the likeliest first.
fn places(own: Option<&Path>, path: &OsStr) -> Vec<PathBuf> {
    let file = format!("{NAME}{}", env::consts::EXE_SUFFIX);
    let beside = own.and_then(Path::parent).map(Path::to_path_buf);
    beside
        .into_iter()
        .chain(env::split_paths(path))
        .map(|folder| folder.join(&file))
        .collect()
}

/// The plans in a file that has no name any more: nothing is left behind however the engine ends.
fn unnamed(plans: &[Plan]) -> io::Result<File> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let name = format!("kdc-{}-{}.plan.yaml", std::process::id(), now.as_nanos());
    let path = env::temp_dir().join(name);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    file.write_all(Plan::all_to_yaml(plans).as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn process(engine: &Path, command: &str, plans: File, options: &[OsString]) -> Command {
    let mut process = Command::new(engine);
    process
        .args([command, "/dev/stdin"])
        .args(options)
        .stdin(plans);
    // libtorch's threads otherwise spin while they wait, which costs other programs dear. Read when
    // libtorch is loaded: too late for the engine to set.
    if env::var_os("OMP_WAIT_POLICY").is_none() {
        process.env("OMP_WAIT_POLICY", "PASSIVE");
    }
    process
}

#[cfg(unix)]
fn replace_process(mut process: Command) -> io::Error {
    use std::os::unix::process::CommandExt;
    process.exec()
}

#[cfg(not(unix))]
fn replace_process(_: Command) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "it runs on Linux and macOS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_beside_kdc_comes_before_those_on_the_path() {
        let path = env::join_paths(["/usr/bin", "/opt/bin"]).unwrap();
        let found = places(Some(Path::new("/kdc/target/release/kdc")), &path);
        let folders: Vec<_> = found.iter().filter_map(|p| p.parent()?.to_str()).collect();
        assert_eq!(folders, ["/kdc/target/release", "/usr/bin", "/opt/bin"]);
    }
}
