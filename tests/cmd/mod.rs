//! The program `kdc` as it is run: exit codes, and what goes to which stream.

mod fix;
mod new;
mod shell;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder = std::env::temp_dir().join(format!("kdc-cmd-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Folder(folder)
    }

    fn kdc(&self, arguments: &[&str]) -> Ran {
        Ran::in_folder(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn in_folder(folder: &Path, arguments: &[&str]) -> Ran {
        Ran::from(kdc(folder, arguments).output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// `kdc` with nothing of this environment that could change what it prints.
fn kdc(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kdc"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

const GOOD: &str = "/// A constant.\nwidth = 16\n";
const BAD: &str = "width = = 16\n";

/// As many mistakes.
fn bad(count: usize) -> String {
    (0..count).map(|at| format!("width{at} = = 16\n")).collect()
}

#[test]
fn a_good_file() {
    let folder = Folder::new("good", &[("a.kd", GOOD)]);
    let ran = folder.kdc(&["check", "a.kd"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "no problems in 1 file\n")
    );
    let ran = folder.kdc(&["check", "-q", "a.kd"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
}

#[test]
fn a_bad_file_for_people() {
    let folder = Folder::new("bad", &[("a.kd", BAD)]);
    let ran = folder.kdc(&["check", "a.kd"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("[a.kd:1:"), "{}", ran.err);
    assert!(ran.err.ends_with("\n1 error in 1 file\n"), "{}", ran.err);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn a_bad_file_for_tools() {
    let folder = Folder::new("tools", &[("a.kd", BAD)]);
    let ran = folder.kdc(&["check", "--message-format", "short", "a.kd"]);
    assert_eq!(
        (ran.code, ran.err.as_str(), ran.out.lines().count()),
        (1, "", 1)
    );
    assert!(
        ran.out.starts_with("a.kd:1:9: error[E0001]: "),
        "{}",
        ran.out
    );
    let ran = folder.kdc(&["check", "--message-format", "json", "a.kd"]);
    assert_eq!(
        (ran.code, ran.err.as_str(), ran.out.lines().count()),
        (1, "", 1)
    );
    let object: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(object["kdc"], 1);
    assert_eq!(object["code"], "E0001");
    assert_eq!(object["span"]["start"]["line"], 1);
}

#[test]
fn standard_input() {
    let folder = Folder::new("stdin", &[]);
    let mut child = kdc(&folder.0, &["check", "--message-format", "short", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(BAD.as_bytes())
        .unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("<stdin>:1:9: error"), "{}", ran.out);
}

#[test]
fn folders_are_searched() {
    let files = [
        ("b.kd", GOOD),
        ("a.kd", BAD),
        ("deep/er/c.kd", GOOD),
        ("readme.md", "="),
        (".hidden/d.kd", BAD),
        ("runs/hint/e.kd", BAD),
        ("target/f.kd", BAD),
    ];
    let folder = Folder::new("folders", &files);
    for arguments in [
        &["check"][..],
        &["check", "."],
        &["check", "a.kd", "b.kd", "deep", "./"],
    ] {
        let ran = folder.kdc(arguments);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.ends_with("\n1 error in 1 file\n"), "{}", ran.err);
        assert!(ran.err.contains("[a.kd:1:"), "{}", ran.err);
    }
    let ran = folder.kdc(&["check", "deep"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "no problems in 1 file\n"));
}

#[test]
fn what_cannot_be_read() {
    let folder = Folder::new("unreadable", &[("hint.kd", GOOD), ("empty/readme.md", "")]);
    std::fs::write(folder.0.join("latin.kd"), b"a = \"\xe9\"\n").unwrap();
    std::fs::create_dir(folder.0.join("folder.kd")).unwrap();
    for (file, words) in [
        ("hnt.kd", "help: there is `hint.kd`"),
        ("latin.kd", "byte 5 is 0xe9"),
        ("hint.kd/x.kd", "folder"),
    ] {
        let ran = folder.kdc(&["check", file, "hint.kd"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(
            ran.err.contains("E0501") && ran.err.contains(words),
            "{}",
            ran.err
        );
    }
    for path in ["empty", "folder.kd"] {
        let ran = folder.kdc(&["check", path]);
        assert_eq!(ran.code, 2);
        assert!(
            ran.err.contains("there is no .kd file in the folder"),
            "{}",
            ran.err
        );
    }
    for command in ["plan", "train", "eval"] {
        assert_eq!(folder.kdc(&[command, "hnt.kd"]).code, 2, "{command}");
        let ran = folder.kdc(&[command, "hint.kd"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command}");
        assert!(ran.err.contains("`hint.kd` is a library"), "{}", ran.err);
    }
}

#[test]
fn color_follows_the_environment() {
    let folder = Folder::new("color", &[("a.kd", BAD)]);
    let colored = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = kdc(&folder.0, arguments);
        let ran = Ran::from(command.envs(variables.iter().copied()).output().unwrap());
        ran.err.contains("\u{1b}[")
    };
    let forced = ("CLICOLOR_FORCE", "1");
    assert!(colored(&["check", "a.kd"], &[forced]));
    assert!(colored(
        &["check", "a.kd", "--color", "always"],
        &[("NO_COLOR", "1")]
    ));
    assert!(!colored(&["check", "a.kd"], &[forced, ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never", "check", "a.kd"], &[forced]));
}

#[test]
fn many_errors_are_counted() {
    let folder = Folder::new("many", &[("a.kd", &bad(80))]);
    let ran = folder.kdc(&["check", "a.kd"]);
    assert!(
        ran.err.ends_with("\n… and 30 more\n80 errors in 1 file\n"),
        "{}",
        ran.err
    );
    let ran = folder.kdc(&["check", "--message-format", "short", "a.kd"]);
    assert_eq!(ran.out.lines().count(), 80);
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away() {
    let folder = Folder::new("pipe", &[("a.kd", &bad(2_000))]);
    let mut child = kdc(&folder.0, &["check", "--message-format", "short", "a.kd"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
}

#[test]
fn usage() {
    let folder = Folder::new("usage", &[]);
    let ran = folder.kdc(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.contains("Usage: kdc") && !ran.err.contains("Examples:"),
        "{}",
        ran.err
    );
    let ran = folder.kdc(&["-q"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("a command is missing"), "{}", ran.err);
    let ran = folder.kdc(&["chek"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("'check'"), "{}", ran.err);
    let ran = folder.kdc(&["train", "a.kd", "--device", "gpu"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`cuda:1`"), "{}", ran.err);
}

#[test]
fn help_and_versions() {
    let folder = Folder::new("help", &[]);
    let ran = folder.kdc(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.starts_with("Examples:") && ran.out.contains("130  interrupted"),
        "{}",
        ran.out
    );
    let commands = "new check plan graph train eval fmt explain lsp info completions man";
    for command in commands.split(' ') {
        assert_eq!(folder.kdc(&[command, "--help"]).code, 0, "{command}");
        assert_eq!(folder.kdc(&["help", command]).code, 0, "{command}");
    }
    let version = format!("kdc {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.kdc(&["--version"]).out, version);
    let long = folder.kdc(&["--version", "--verbose"]);
    assert!(
        long.code == 0 && long.out.contains("plan format"),
        "{}",
        long.out
    );
    assert_eq!(folder.kdc(&["info"]).out, long.out);
}

#[test]
fn explain() {
    let folder = Folder::new("explain", &[]);
    let ran = folder.kdc(&["explain", "e0301"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.starts_with("E0301, edge-shapes (error)\n"),
        "{}",
        ran.out
    );
    assert_eq!(folder.kdc(&["explain", "edge-shapes"]).out, ran.out);
    let ran = folder.kdc(&["explain", "edge-shape"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("there is `edge-shapes`"), "{}", ran.err);
    let ran = folder.kdc(&["explain", "conv2d"]);
    assert!(
        ran.code == 0 && ran.out.starts_with("conv2d(x: [N, C, H, W], channels: int"),
        "{}",
        ran.out
    );
    let ran = folder.kdc(&["explain", "nn.Conv2d"]);
    assert!(
        ran.out.contains("`conv2d`") && ran.out.contains("size of the kernel"),
        "{}",
        ran.out
    );
    let ran = folder.kdc(&["explain", "operations"]);
    assert!(
        ran.code == 0 && ran.out.contains("conv2d conv_transpose2d"),
        "{}",
        ran.out
    );
    let ran = folder.kdc(&["explain", "dkd"]);
    assert!(
        ran.code == 0
            && ran
                .out
                .starts_with("dkd(student: [N, C], teacher: [N, C], label: class(C),"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("\nPaper: Zhao, Cui, Song, Qiu, Liang 2022"),
        "{}",
        ran.out
    );
    let ran = folder.kdc(&["explain", "losses"]);
    assert!(ran.out.contains("cross_entropy"), "{}", ran.out);
    let ran = folder.kdc(&["explain", "adam"]);
    assert!(ran.out.starts_with("adam(lr, "), "{}", ran.out);
    let ran = folder.kdc(&["explain", "codes"]);
    assert_eq!(ran.out.lines().count(), kdc::diag::Code::ALL.len());
}

/// Whatever the lists name is explained in more than a line.
#[test]
fn everything_that_is_listed_is_explained() {
    let folder = Folder::new("explained", &[]);
    let mut count = 0;
    for list in ["codes", "operations", "losses", "models", "data"] {
        let listed = folder.kdc(&["explain", list]).out;
        let lines = listed.lines().filter(|line| match list {
            // a title, and below it the names
            "operations" | "data" => line.starts_with(' '),
            _ => true,
        });
        for name in lines.flat_map(|line| match list {
            "codes" => line.split_whitespace().take(1).collect::<Vec<_>>(),
            _ => line.split_whitespace().collect(),
        }) {
            count += 1;
            let ran = folder.kdc(&["explain", name]);
            let paragraphs = ran.out.split("\n\n").count();
            assert!(ran.code == 0 && paragraphs >= 2, "{name}: {ran:?}");
            let widest = ran.out.lines().map(|line| line.chars().count()).max();
            assert!(list == "codes" || widest <= Some(80), "{name}: {}", ran.out);
        }
    }
    assert!(count >= 250, "only {count} names");
}

#[test]
fn fmt_writes_files_or_says_which_would_change() {
    let folder = Folder::new("fmt", &[("a.kd", "width=16\n"), ("b.kd", GOOD)]);
    let checked = folder.kdc(&["fmt", "--check"]);
    assert_eq!((checked.code, checked.out.as_str()), (1, "a.kd\n"));
    assert_eq!(checked.err, "1 file would change, of 2 files\n");
    let diff = folder.kdc(&["fmt", "--diff", "a.kd"]);
    assert_eq!(diff.code, 0);
    assert!(
        diff.out.contains("-width=16\n+width = 16\n"),
        "{}",
        diff.out
    );
    assert_eq!(folder.kdc(&["fmt"]).err, "1 file changed, of 2 files\n");
    let again = folder.kdc(&["fmt", "--check"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (0, "2 files formatted already\n")
    );
}

#[test]
fn fmt_leaves_files_with_syntax_errors_alone() {
    let folder = Folder::new("fmt-bad", &[("bad.kd", BAD)]);
    let ran = folder.kdc(&["fmt", "bad.kd"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("E0001"), "{}", ran.err);
    assert_eq!(
        std::fs::read_to_string(folder.0.join("bad.kd")).unwrap(),
        BAD
    );
    let missing = folder.kdc(&["fmt", "bd.kd"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.ends_with("help: there is `bad.kd`\n\n"),
        "{}",
        missing.err
    );
}

/// An experiment that needs no other file.
const EXPERIMENT: &str = "use models::LightNN

data images = shapes() -> batch(128)
student light = LightNN()

edge images.label ~> light.logits by cross_entropy

train on images { epochs: 1, optimizer: adam(lr: 0.001) }
";

#[test]
fn a_plan_begins_with_a_summary() {
    let folder = Folder::new("plan", &[("a.kd", EXPERIMENT)]);
    let ran = folder.kdc(&["plan", "a.kd"]);
    let summary = "\
# a
#
#   train on images: 1 epoch, batches of 128, adam, lr 0.001
#
#   light  student  LightNN()
#
#   weight 1  images.label ~> light.logits by cross_entropy
#
#             parameters  multiply-adds of a sample
#   students     267,738                  1,296,896

kdc_plan: ";
    assert!(ran.code == 0 && ran.out.starts_with(summary), "{}", ran.out);
    assert!(kdc::plan::Plan::from_yaml(&ran.out).is_ok());
}

#[test]
fn graph_writes_what_is_asked_for() {
    let folder = Folder::new("graph", &[("a.kd", EXPERIMENT)]);
    let ran = folder.kdc(&["graph", "a.kd"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("<svg "), "{}", ran.out);
    let dot = folder.kdc(&["graph", "a.kd", "--format", "dot"]).out;
    assert!(dot.starts_with("digraph "), "{dot}");
    for (name, start) in [("a.svg", "<svg "), ("a.gv", "digraph "), ("a.mmd", "---\n")] {
        let ran = folder.kdc(&["graph", "a.kd", "-o", name]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
        let written = std::fs::read_to_string(folder.0.join(name)).unwrap();
        assert!(written.starts_with(start), "{written}");
    }
    let whole = folder.kdc(&["graph", "a.kd", "--depth", "0"]).out;
    assert_eq!(whole.matches("class=\"part\"").count(), 1, "{whole}");
}

#[test]
fn graph_draws_nothing_wrong() {
    let wrong = EXPERIMENT.replace("light.logits", "light.logit");
    let folder = Folder::new(
        "graph-wrong",
        &[("bad.kd", &wrong), ("a.kd", EXPERIMENT), ("b.kd", GOOD)],
    );
    let (graph, plan) = (
        folder.kdc(&["graph", "bad.kd"]),
        folder.kdc(&["plan", "bad.kd"]),
    );
    assert_eq!((graph.code, graph.out.as_str()), (1, ""));
    assert!(
        graph.err.contains("`logits`") && graph.err == plan.err,
        "{}",
        graph.err
    );
    assert_eq!(folder.kdc(&["graph", "none.kd"]).code, 2);
    let (graph, plan) = (
        folder.kdc(&["graph", "b.kd"]),
        folder.kdc(&["plan", "b.kd"]),
    );
    assert!(graph.err.contains("`b.kd` is a library"), "{}", graph.err);
    assert_eq!(
        (graph.code, graph.out, graph.err),
        (plan.code, plan.out, plan.err)
    );
    let ran = folder.kdc(&["graph", "a.kd", "-o", "a.png"]);
    assert!(ran.code == 2 && ran.err.contains(".svg"), "{}", ran.err);
    let ran = folder.kdc(&["graph", "a.kd", "-o", "none/a.svg"]);
    assert!(
        ran.code == 2 && ran.err.contains("cannot write `none/a.svg`"),
        "{}",
        ran.err
    );
}
