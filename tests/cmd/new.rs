//! `kdc new`.

use super::{Folder, Ran};
use std::fs;

#[test]
fn a_new_experiment_checks_clean_and_has_a_plan() {
    let folder = Folder::new("new", &[]);
    let ran = folder.kdc(&["new", "my birds"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    for line in [
        "  my birds/data.kd     the data: put yours in here\n",
        "  cd \"my birds\"\n  kdc train student.kd\n",
    ] {
        assert!(ran.err.contains(line), "{}", ran.err);
    }
    let inside = |arguments: &[&str]| Ran::in_folder(&folder.0.join("my birds"), arguments);
    let ran = inside(&["check", "-D", "warnings"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "no problems in 4 files\n")
    );
    assert_eq!(inside(&["fmt", "--check"]).code, 0);
    for file in ["teacher.kd", "student.kd"] {
        assert_eq!(inside(&["plan", file]).code, 0, "{file}");
    }
}

/// As its comment says how.
#[test]
fn ones_own_pictures() {
    let folder = Folder::new("new-own", &[]);
    folder.kdc(&["new", "."]);
    let path = folder.0.join("data.kd");
    let text = fs::read_to_string(&path).unwrap();
    let own = text
        .replace("classes = 10", "classes = 7")
        .replace(" or shapes()\n", "\n");
    fs::write(&path, own).unwrap();
    let ran = folder.kdc(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let plan = folder.kdc(&["plan", "student.kd"]).out;
    assert!(
        plan.contains("classes: 7") && !plan.contains("shapes"),
        "{plan}"
    );
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::new("new-again", &[("full/mine.txt", "mine"), ("file", "mine")]);
    for name in ["full", "file", "file/below"] {
        let ran = folder.kdc(&["new", name]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.err.contains(&format!("`{name}`")), "{}", ran.err);
    }
    assert_eq!(fs::read_dir(folder.0.join("full")).unwrap().count(), 1);
    let ran = folder.kdc(&["new", "-q", "quiet"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        folder
            .kdc(&["new", "quiet"])
            .err
            .contains("is there already")
    );
}
