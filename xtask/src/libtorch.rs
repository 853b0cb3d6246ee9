//! Finds libtorch 2.11.0 or makes one, and links `.libtorch/torch` to it.

use crate::{python, say};
use std::env;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const VERSION: &str = "2.11.0";

/// Names libtorch's folder to the build. `.cargo/config.toml` sets it to the link unless the user has.
pub const VARIABLE: &str = "LIBTORCH";

/// What `libtorch_cpu.so` itself needs to be loaded.
const RUNTIME: [&str; 2] = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];

/// Headers that those of CUDA's runtime include, and that PyTorch does not bring: with them training steps can become
/// CUDA graphs.
const HEADERS: &str = "nvidia-cuda-crt==13.0.88";

pub struct Libtorch {
    /// The project's folder.
    pub root: PathBuf,
    /// `$LIBTORCH`, unless it is only cargo's own setting.
    variable: Option<PathBuf>,
    /// Interpreters that may hold PyTorch.
    pythons: Vec<PathBuf>,
    /// The interpreter whose pip downloads it.
    installer: PathBuf,
    /// Whether there is an NVIDIA driver to run on.
    has_gpu: fn() -> bool,
}

impl Libtorch {
    pub fn of(root: &Path) -> Libtorch {
        let link = root.join(".libtorch/torch");
        let variable = env::var_os(VARIABLE).map(PathBuf::from);
        Libtorch {
            root: root.to_path_buf(),
            variable: variable.filter(|folder| *folder != link),
            pythons: python::interpreters(),
            installer: python::ON_PATH.into(),
            has_gpu,
        }
    }

    /// `$LIBTORCH`, if the user set it to a usable one.
    pub fn chosen_by_user(&self) -> Option<&Path> {
        self.variable
            .as_deref()
            .filter(|folder| check(folder).is_ok())
    }

    /// Makes `.libtorch/torch` lead to a usable libtorch. Can be interrupted and run again; does nothing
    /// where there is nothing to do.
    pub fn set_up(&self) -> Result<(), String> {
        self.warn_of_unusable_variable();
        if check(&self.link()).is_ok() {
            return Ok(());
        }
        require_compiler()?;
        self.in_folder("", fs::create_dir_all)?;
        let _lock = self.lock()?;
        // Another set-up may have done it while this one waited.
        if check(&self.link()).is_ok() {
            return Ok(());
        }
        let found = match self.find() {
            Some(folder) => folder,
            None => self.install()?,
        };
        self.link_to(&found)?;
        self.add_headers(&found);
        say(&format!("using PyTorch {VERSION} in {}", found.display()));
        Ok(())
    }

    fn warn_of_unusable_variable(&self) {
        if let Some(folder) = &self.variable
            && let Err(reason) = check(folder)
        {
            say(&format!(
                "not using ${VARIABLE} ({}): {reason}; unset it before you call cargo yourself",
                folder.display()
            ));
        }
    }

    /// One that is there already.
    fn find(&self) -> Option<PathBuf> {
        if let Some(chosen) = self.chosen_by_user() {
            return fs::canonicalize(chosen).ok();
        }
        let in_pythons = self.pythons.iter().find_map(|python| self.find_in(python));
        // An earlier set-up may have been interrupted before it made the link.
        in_pythons.or_else(|| Some(self.installed()).filter(|folder| check(folder).is_ok()))
    }

    fn find_in(&self, python: &Path) -> Option<PathBuf> {
        let folder = fs::canonicalize(python::package_folder(python, "torch")?).ok()?;
        let usable = check(&folder)
            .and_then(|()| python::loads(python, &library(&folder)))
            .and_then(|()| {
                match (self.has_gpu)() && !folder.join("lib/libtorch_cuda.so").exists() {
                    true => Err("it cannot use this machine's GPU".into()),
                    false => Ok(()),
                }
            });
        match usable {
            Ok(()) => Some(folder),
            Err(reason) => {
                say(&format!(
                    "not using PyTorch in {}: {reason}",
                    folder.display()
                ));
                None
            }
        }
    }

    /// Downloads it into a temporary folder, which is renamed when it is complete.
    fn install(&self) -> Result<PathBuf, String> {
        python::require_pip(&self.installer)?;
        let gpu = (self.has_gpu)();
        say(&self.announcement(gpu));
        let partial = self.folder().join("partial");
        self.in_folder("partial", remove)?;
        let scratch = partial.join("tmp");
        self.in_folder("partial/tmp", fs::create_dir_all)?;
        let packages = partial.join("site-packages");
        let torch = format!("torch=={VERSION}");
        let target = packages.to_string_lossy();
        // Only the libraries matter, and they are the same for every version of Python: take one.
        let mut args = vec![
            "--target",
            &target,
            "--only-binary=:all:",
            "--python-version=3.12",
        ];
        args.extend(["--no-compile", &torch]);
        if !gpu {
            args.push("--no-deps");
        }
        if cfg!(target_os = "linux") {
            args.extend(if gpu { &[][..] } else { &RUNTIME });
            args.push(HEADERS);
        }
        python::pip_install(&self.installer, &args, &scratch)?;
        let torch = packages.join("torch");
        check(&torch)
            .and_then(|()| python::loads(&self.installer, &library(&torch)))
            .map_err(|reason| format!("PyTorch was installed but cannot be used: {reason}"))?;
        self.in_folder("site-packages", remove)?;
        self.in_folder("site-packages", |to| fs::rename(&packages, to))?;
        self.in_folder("partial", remove)?;
        Ok(self.installed())
    }

    /// Where a GPU could use them and PyTorch in `torch` lacks them. It trains without them too.
    fn add_headers(&self, torch: &Path) {
        let include = "nvidia/cu13/include";
        let beside = torch.with_file_name(include);
        if !(self.has_gpu)() || !beside.exists() || beside.join("crt").exists() {
            return;
        }
        let target = self.folder().join("cuda");
        if target.join(include).exists() {
            return;
        }
        let place = target.to_string_lossy();
        let args = [
            "--target",
            &place,
            "--no-deps",
            "--only-binary=:all:",
            HEADERS,
        ];
        if let Err(reason) = python::pip_install(&self.installer, &args, &self.folder()) {
            say(&format!(
                "training steps will not become CUDA graphs, as headers of CUDA are missing: {reason}"
            ));
        }
    }

    fn announcement(&self, gpu: bool) -> String {
        let (download, disk) = match (cfg!(target_os = "macos"), gpu) {
            (true, _) => ("80 MB", "0.4 GB"),
            (false, false) => ("545 MB", "1.3 GB"),
            (false, true) => ("2.7 GB, CUDA included", "4.2 GB"),
        };
        format!(
            "kdc trains with libtorch (PyTorch {VERSION}), which is not here yet\n       \
             downloading about {download}, once; it will take {disk} in {}",
            self.folder().display()
        )
    }

    fn link_to(&self, folder: &Path) -> Result<(), String> {
        // A rename replaces the link in one step, whatever it led to.
        self.in_folder("torch.new", remove)?;
        self.in_folder("torch.new", |new| std::os::unix::fs::symlink(folder, new))?;
        self.in_folder("torch.new", |new| fs::rename(new, self.link()))
    }

    /// Held by one set-up at a time, in whichever process; the system frees it when the process ends.
    fn lock(&self) -> Result<File, String> {
        let lock = self.in_folder("lock", File::create)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                say("waiting for another set-up of this folder to end");
                self.in_folder("lock", |_| lock.lock())?;
            }
            other => self.in_folder("lock", |_| other.map_err(io::Error::from))?,
        }
        Ok(lock)
    }

    fn folder(&self) -> PathBuf {
        self.root.join(".libtorch")
    }

    fn link(&self) -> PathBuf {
        self.folder().join("torch")
    }

    fn installed(&self) -> PathBuf {
        self.folder().join("site-packages/torch")
    }

    /// Does something to a path in `.libtorch`; a failure names the path.
    fn in_folder<T>(
        &self,
        path: &str,
        action: impl FnOnce(PathBuf) -> io::Result<T>,
    ) -> Result<T, String> {
        let path = self.folder().join(path);
        action(path.clone()).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// Whether a folder holds libtorch of the right version; if not, why not.
fn check(folder: &Path) -> Result<(), String> {
    match version(folder) {
        None => Err("there is no libtorch in it".into()),
        Some(other) if other != VERSION => Err(format!("it is {other}, kdc needs {VERSION}")),
        Some(_) if !library(folder).exists() => {
            Err(format!("{} is missing", library(folder).display()))
        }
        Some(_) => Ok(()),
    }
}

fn library(folder: &Path) -> PathBuf {
    folder.join(match cfg!(target_os = "macos") {
        true => "lib/libtorch_cpu.dylib",
        false => "lib/libtorch_cpu.so",
    })
}

/// `2.11.0`, without what says for which CUDA. Python's package and the C++ archive state it differently.
fn version(folder: &Path) -> Option<String> {
    let read = |file| fs::read_to_string(folder.join(file)).ok();
    let full = read("build-version").or_else(|| {
        let text = read("version.py")?;
        let line = text.lines().find(|line| line.starts_with("__version__"))?;
        line.split(['\'', '"']).nth(1).map(str::to_string)
    })?;
    full.trim().split('+').next().map(str::to_string)
}

fn require_compiler() -> Result<(), String> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".into());
    python::output(Command::new(&compiler).arg("--version"))
        .map(drop)
        .map_err(|_| {
            format!(
                "`{compiler}` is not there: the engine needs a C++ compiler\n  \
                 Debian, Ubuntu: sudo apt install g++\n  \
                 Fedora: sudo dnf install gcc-c++\n  \
                 macOS: xcode-select --install"
            )
        })
}

fn has_gpu() -> bool {
    Path::new("/proc/driver/nvidia/version").exists()
        || python::output(Command::new("nvidia-smi").arg("-L")).is_ok_and(|gpus| !gpus.is_empty())
}

fn remove(folder: PathBuf) -> io::Result<()> {
    let removed = match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&folder),
        Ok(_) => fs::remove_file(&folder),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
