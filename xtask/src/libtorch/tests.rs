use super::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

/// An empty project in which a shell script plays Python.
struct Project(Libtorch);

impl Project {
    fn new(name: &str) -> Project {
        let root = env::temp_dir().join(format!("kdc-xtask-{}-{name}", std::process::id()));
        remove(root.clone()).unwrap();
        fs::create_dir_all(&root).unwrap();
        Project(Libtorch {
            root: fs::canonicalize(root).unwrap(),
            variable: None,
            pythons: Vec::new(),
            installer: "/nowhere/python3".into(),
            has_gpu: || false,
        })
    }

    fn torch(&self, name: &str, version: &str) -> PathBuf {
        let folder = self.0.root.join(name).join("torch");
        fs::create_dir_all(folder.join("lib")).unwrap();
        fs::write(
            folder.join("version.py"),
            format!("__version__ = '{version}'\n"),
        )
        .unwrap();
        fs::write(library(&folder), "").unwrap();
        folder
    }

    /// Python that finds a package in the folder, and whose pip does what the line of shell says in
    /// the folder that it is to install to.
    fn python(&self, torch: &Path, pip: &str) -> PathBuf {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/libtorch/python.sh");
        let python = self.0.root.join("python3");
        remove(python.clone()).unwrap();
        // A link: a script that was only just written cannot always be run at once.
        symlink(script, &python).unwrap();
        fs::write(self.0.root.join("package"), torch.as_os_str().as_bytes()).unwrap();
        fs::write(self.0.root.join("pip"), pip).unwrap();
        python
    }

    fn linked(&self) -> PathBuf {
        fs::canonicalize(self.0.link()).unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        remove(self.0.root.clone()).unwrap();
    }
}

const INSTALLS: &str = "echo \"__version__ = '2.11.0+cu130'\" > version.py; \
                        touch lib/libtorch_cpu.so lib/libtorch_cpu.dylib";

#[test]
fn the_users_own_comes_first() {
    let mut project = Project::new("own");
    let own = project.torch("own", "2.11.0+cpu");
    let other = project.torch("environment", "2.11.0");
    project.0.pythons = vec![project.python(&other, "")];
    project.0.variable = Some(own.clone());
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), own);
}

#[test]
fn a_python_environment_that_holds_the_version_is_linked() {
    let mut project = Project::new("environment");
    let held = project.torch("environment", "2.11.0+cu130");
    project.0.variable = Some(project.torch("own", "2.5.1"));
    project.0.pythons = vec!["/nowhere/python".into(), project.python(&held, "")];
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), held);
    assert_eq!(project.0.chosen_by_user(), None);
}

#[test]
fn another_version_is_left_alone_and_the_right_one_installed() {
    let mut project = Project::new("install");
    let old = project.torch("environment", "2.10.0");
    let python = project.python(&old, INSTALLS);
    project.0.pythons = vec![python.clone()];
    project.0.installer = python;
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), project.0.installed());
    assert!(!project.0.folder().join("partial").exists());
}

#[test]
fn one_without_cuda_is_not_taken_where_there_is_a_gpu() {
    let mut project = Project::new("gpu");
    let cpu = project.torch("environment", "2.11.0+cpu");
    let python = project.python(&cpu, INSTALLS);
    project.0.pythons = vec![python.clone()];
    project.0.installer = python;
    project.0.has_gpu = || true;
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), project.0.installed());
}

#[test]
fn headers_that_a_gpu_could_use_are_added() {
    for (pip, there) in [
        ("mkdir -p ../nvidia/cu13/include/crt", true),
        ("exit 1", false),
    ] {
        let mut project = Project::new(&format!("headers-{there}"));
        let held = project.torch("environment", "2.11.0+cu130");
        fs::write(held.join("lib/libtorch_cuda.so"), "").unwrap();
        fs::create_dir_all(held.with_file_name("nvidia/cu13/include")).unwrap();
        let python = project.python(&held, pip);
        project.0.pythons = vec![python.clone()];
        project.0.installer = python;
        project.0.has_gpu = || true;
        project.0.set_up().unwrap();
        assert_eq!(project.linked(), held);
        let headers = project.0.folder().join("cuda/nvidia/cu13/include/crt");
        assert_eq!(headers.exists(), there);
    }
}

#[test]
fn a_broken_installation_is_started_again() {
    let mut project = Project::new("again");
    let none = project.0.root.join("none");
    project.0.installer = project.python(&none, "touch half; exit 1");
    assert!(project.0.set_up().is_err());
    assert!(check(&project.0.link()).is_err());
    project.0.installer = project.python(&none, INSTALLS);
    project.0.set_up().unwrap();
    assert!(!project.linked().join("half").exists());
}

#[test]
fn a_link_that_leads_nowhere_is_made_anew() {
    let mut project = Project::new("dangling");
    let first = project.torch("first", "2.11.0");
    project.0.pythons = vec![project.python(&first, "")];
    project.0.set_up().unwrap();
    fs::remove_dir_all(&first).unwrap();
    let second = project.torch("second", "2.11.0");
    project.0.pythons = vec![project.python(&second, "")];
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), second);
}

#[test]
fn what_is_set_up_needs_no_python() {
    let mut project = Project::new("ready");
    let held = project.torch("environment", "2.11.0");
    project.0.pythons = vec![project.python(&held, "")];
    project.0.set_up().unwrap();
    project.0.pythons = Vec::new();
    project.0.set_up().unwrap();
    assert_eq!(project.linked(), held);
}

#[test]
fn missing_python_is_named_before_anything_is_downloaded() {
    let project = Project::new("no-python");
    let message = project.0.set_up().unwrap_err();
    assert!(
        message.contains("/nowhere/python3") && message.contains("apt install"),
        "{message}"
    );
}
