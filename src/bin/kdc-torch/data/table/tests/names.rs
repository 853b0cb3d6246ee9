//! What classes are called.

use super::*;
use kdc::plan::Labels;

fn named(read: Read, names: &[&str]) -> Column {
    Column {
        names: names.iter().map(|name| name.to_string()).collect(),
        ..column("x", read)
    }
}

fn classes(format: TableFormat, path: &str, column: &Column) -> (Vec<i64>, Vec<String>) {
    let splits = read(format, path, None, std::slice::from_ref(column)).unwrap();
    let classes = Vec::try_from(tensor(&splits.train, "x")).unwrap();
    let names = splits.class_names.get("x field").cloned();
    (classes, names.unwrap_or_default())
}

#[test]
fn listed_names_number_the_classes() {
    let folder = Folder::new();
    let path = write(&folder, "x.csv", "x\nwren\nowl\n0\nwren\n");
    let listed = named(Read::Class(3), &["wren", "eagle", "owl"]);
    let (found, names) = classes(TableFormat::Csv, &path, &listed);
    assert_eq!(found, [0, 2, 0, 0]);
    assert_eq!(names, ["wren", "eagle", "owl"]);
    // where classes are called by numbers, a number is a name
    let path = write(&folder, "x.csv", "x\n7\n5\n");
    let listed = named(Read::Class(2), &["5", "7"]);
    assert_eq!(classes(TableFormat::Csv, &path, &listed).0, [1, 0]);
    let unlisted = named(Read::Class(8), &[]);
    assert_eq!(
        classes(TableFormat::Csv, &path, &unlisted),
        (vec![7, 5], vec![])
    );
    let path = write(&folder, "x.csv", "x\n1\n");
    let told = refusal(TableFormat::Csv, &path, &[listed]);
    assert!(
        told.contains("line 2: `x` is \"1\", which is none of the `names`"),
        "{told}"
    );
}

#[test]
fn a_column_holds_words_or_numbers() {
    let folder = Folder::new();
    let label = Read::Label(Labels {
        classes: 4,
        ignore: -1,
        words: None,
    });
    for (read, text, expected) in [
        (
            Read::Class(4),
            "0\n1\nx\n2\n",
            "line 4: `x` is \"x\", which is no number, as others",
        ),
        (
            Read::Class(4),
            "a\n1\nb\n",
            "line 3: `x` is \"1\", which is no word, as others",
        ),
        (
            Read::Class(4),
            "a\n\"\"\nb\n",
            "line 3: `x` is \"\", which is no class",
        ),
        (
            label.clone(),
            "0\n-1\nx\n",
            "line 4: `x` is \"x\", which is no number",
        ),
    ] {
        let path = write(&folder, "x.csv", format!("x\n{text}"));
        let told = refusal(TableFormat::Csv, &path, &[column("x", read)]);
        assert!(told.contains(expected), "{told}");
    }
    // the number for no class may stand among words
    let path = write(&folder, "x.csv", "x\nb\n-1\na\n");
    let (found, names) = classes(TableFormat::Csv, &path, &column("x", label));
    assert_eq!(found, [1, kdc::plan::UNCOUNTED, 0]);
    assert_eq!(names, ["a", "b"]);
}
