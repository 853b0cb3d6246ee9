//! `kdc check --fix`, `--deny` and `--allow`.

use super::{Folder, GOOD, Ran};

const MISSPELT: &str = "fn a(x: [N, D]) = x -> rellu\n";

const UNUSED: &str = "\
use models::LightNN
data images = shapes() -> batch(4)
width = 16
student light = LightNN(classes: 10)
edge images.label ~> light.logits by cross_entropy
train on images { epochs: 1, optimizer: sgd(lr: 0.1), seed: 1 }
";

/// The misspelt loss is surely `cross_entropy`; the hint needs a layer, which a person decides.
const HINT: &str = "\
data images = shapes() -> batch(4)

model Maps(channels: int) {
    input image: [N, 3, 32, 32]
    maps = image -> conv2d(channels, kernel: 3)
    output logits = maps -> global_avg_pool -> linear(10)
}

teacher deep = Maps(8) from \"deep.safetensors\"
student light = Maps(4)

edge images.label ~> light.logits by cros_entropy
edge deep.maps ~> light.maps by mse

train on images { epochs: 1, optimizer: sgd(lr: 0.1), seed: 1 }
";

fn read(folder: &Folder, file: &str) -> String {
    std::fs::read_to_string(folder.0.join(file)).unwrap()
}

fn ended(ran: &Ran, code: i32, last: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.err.ends_with(last), "{}", ran.err);
}

#[test]
fn a_safe_repair_is_made_and_told() {
    let folder = Folder::new("fix", &[("a.kd", MISSPELT), ("b.kd", GOOD)]);
    let ran = folder.kdc(&["check"]);
    let last = "1 error in 1 file\n1 can be fixed with `kdc check --fix`\n";
    ended(&ran, 1, last);
    let ran = folder.kdc(&["check", "--fix"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "",
            "a.kd:1:24: fixed[E0201]: there is no layer `rellu`; there is something with a similar name: `relu`\n\
             1 problem fixed; no problems left in 2 files\n"
        )
    );
    assert_eq!(read(&folder, "a.kd"), MISSPELT.replace("rellu", "relu"));
    ended(
        &folder.kdc(&["check", "--fix"]),
        0,
        "no problems in 2 files\n",
    );
}

#[test]
fn other_repairs_have_to_be_asked_for() {
    let folder = Folder::new("unsafe", &[("hint.kd", HINT), ("deep.safetensors", "")]);
    let ran = folder.kdc(&["check", "hint.kd"]);
    ended(
        &ran,
        1,
        "1 can be fixed with `kdc check --fix`, 1 more with `--unsafe-fixes`\n",
    );
    let ran = folder.kdc(&["check", "--fix", "hint.kd"]);
    let last =
        "1 problem fixed; 1 error in 1 file\n1 can be fixed with `kdc check --unsafe-fixes`\n";
    ended(&ran, 1, last);
    let ran = folder.kdc(&["check", "--unsafe-fixes", "hint.kd"]);
    ended(&ran, 0, "1 problem fixed; no problems left in 1 file\n");
    assert!(read(&folder, "hint.kd").contains("light.maps -> conv2d(8, kernel: 3"));
}

#[test]
fn what_is_imported_is_repaired_as_well() {
    let files = [
        ("main.kd", "use \"part.kd\"::a\nfn b(x: [N, D]) = x -> a\n"),
        ("part.kd", MISSPELT),
    ];
    let folder = Folder::new("imported", &files);
    ended(
        &folder.kdc(&["check", "--fix", "main.kd"]),
        0,
        "1 problem fixed; no problems left in 1 file\n",
    );
    assert_eq!(read(&folder, "part.kd"), MISSPELT.replace("rellu", "relu"));
}

#[test]
fn a_repair_keeps_line_ends_and_a_byte_order_mark() {
    let text = format!("\u{feff}{}# é\n", MISSPELT).replace('\n', "\r\n");
    let folder = Folder::new("ends", &[("a.kd", &text)]);
    folder.kdc(&["check", "--fix", "a.kd"]);
    let repaired = text.replace("rellu", "relu").replace('#', "//");
    assert_eq!(read(&folder, "a.kd"), repaired);
}

#[test]
fn what_cannot_be_repaired() {
    let folder = Folder::new("cannot", &[("a.kd", MISSPELT)]);
    let ran = folder.kdc(&["check", "--fix", "-"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("instead of `-`"), "{}", ran.err);
    let path = folder.0.join("a.kd");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let ran = folder.kdc(&["check", "--fix", "a.kd"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no permission to write"), "{}", ran.err);
    assert_eq!(read(&folder, "a.kd"), MISSPELT);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link_and_the_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("link", &[("real.kd", MISSPELT)]);
    let real = folder.0.join("real.kd");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.kd", folder.0.join("a.kd")).unwrap();
    folder.kdc(&["check", "--fix", "a.kd"]);
    assert!(folder.0.join("a.kd").is_symlink());
    assert_eq!(read(&folder, "real.kd"), MISSPELT.replace("rellu", "relu"));
    let mode = std::fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn tools_get_only_what_they_read() {
    let folder = Folder::new("fix-tools", &[("hint.kd", HINT), ("deep.safetensors", "")]);
    let ran = folder.kdc(&["check", "--fix", "--message-format", "sarif", "hint.kd"]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
    let log: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["ruleId"], "E0301");
}

#[test]
fn warnings_denied_and_allowed() {
    let folder = Folder::new("levels", &[("a.kd", UNUSED)]);
    let short = |options: &[&str]| {
        let all = [&["check", "--message-format", "short"], options, &["a.kd"]].concat();
        let ran = folder.kdc(&all);
        (ran.code, ran.out)
    };
    let line = |severity: &str| format!("a.kd:3:1: {severity}[W0404]: `width` is never used\n");
    for (options, code, printed) in [
        (&[][..], 0, line("warning")),
        (&["--deny", "warnings"], 1, line("error")),
        (&["-D", "warnings"], 1, line("error")),
        (&["--deny", "W0404"], 1, line("error")),
        (&["--deny", "unused-binding"], 1, line("error")),
        (&["--deny", "W0401,w0404"], 1, line("error")),
        (&["--deny", "W0401"], 0, line("warning")),
        (&["--allow", "W0404"], 0, String::new()),
        (
            &["--deny", "warnings", "--allow", "W0404"],
            0,
            String::new(),
        ),
    ] {
        assert_eq!(short(options), (code, printed), "{options:?}");
    }
    for (options, words) in [
        (
            &["--allow", "E0301"][..],
            "E0301 is an error, and only warnings",
        ),
        (
            &["--allow", "W0444"],
            "there is no such code; `kdc explain codes`",
        ),
        (
            &["--allow", "unused-bindings"],
            "there is no such code; there is `unused-binding`",
        ),
        (&["--deny", "warning"], "there is no such code"),
        (
            &["--deny", "W0404", "--allow", "W0404"],
            "both denied and allowed",
        ),
    ] {
        let ran = folder.kdc(&[&["check"], options].concat());
        assert_eq!(ran.code, 2, "{options:?}");
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}
