mod names;
mod parquet;
mod ready;
mod tokens;

use super::*;
use crate::testing::Folder;
use tch::Kind;

fn column(column: &str, read: Read) -> Column {
    Column {
        column: column.into(),
        field: format!("{column} field"),
        read,
        names: Vec::new(),
    }
}

fn write(folder: &Folder, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.0.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

fn tensor<'s>(samples: &'s Samples, column: &str) -> &'s Tensor {
    match samples.column(&format!("{column} field")) {
        Some(Values::Tensor(tensor)) => tensor,
        _ => panic!("no tensor {column}"),
    }
}

fn refusal(format: TableFormat, path: &str, columns: &[Column]) -> String {
    let failure = read(format, path, None, columns).err();
    let failure = failure.expect("a broken table");
    assert_eq!(failure.exit_code(), 2);
    failure.to_string()
}

const BIRDS: &str = "species,grams,age\nwren,9.5,2\n\"eagle\",4000,12\nwren, 8 ,1\n";

#[test]
fn csv_has_numbers_and_classes() {
    let folder = Folder::new();
    let path = write(&folder, "birds.csv", BIRDS);
    let test = write(&folder, "test.csv", "age,species,grams\n3,wren,7\n");
    let columns = [
        column("grams", Read::Number),
        column("species", Read::Class(2)),
        column("age", Read::Class(13)),
    ];
    let splits = read(TableFormat::Csv, &path, Some(&test), &columns).unwrap();
    let grams = Vec::<f32>::try_from(tensor(&splits.train, "grams")).unwrap();
    assert_eq!(grams, [9.5, 4000.0, 8.0]);
    let classes = |samples, name| Vec::<i64>::try_from(tensor(samples, name)).unwrap();
    assert_eq!(classes(&splits.train, "species"), [1, 0, 1]);
    assert_eq!(classes(&splits.train, "age"), [2, 12, 1]);
    assert_eq!(classes(&splits.test, "species"), [1]);
    assert_eq!(splits.test.count, 1);
}

#[test]
fn what_a_table_lacks_is_told_with_its_line() {
    let folder = Folder::new();
    let path = write(&folder, "birds.csv", BIRDS);
    let refused = |column| refusal(TableFormat::Csv, &path, &[column]);
    for (column, expected) in [
        (
            column("weight", Read::Number),
            "has no column `weight`\nits columns are `species`, `grams`, `age`",
        ),
        (
            column("species", Read::Number),
            "line 2: `species` is \"wren\", which is no number",
        ),
        (
            column("species", Read::Class(1)),
            "has 2 different values in the column `species`, but `class(1)`",
        ),
        (
            column("age", Read::Class(12)),
            "line 3: `age` is 12, which is not from 0 to 11",
        ),
        (
            column("grams", Read::Class(5000)),
            "line 2: `grams` is \"9.5\", which is no whole number",
        ),
        (
            column("species", Read::Picture("no/where".into())),
            "is no file: there is no `no/where/wren`",
        ),
        (
            column("grams", Read::Tensor(vec![2])),
            "line 2: `grams` is \"9.5\", which is no list of 2 numbers",
        ),
    ] {
        let text = refused(column);
        assert!(
            text.contains("birds.csv") && text.contains(expected),
            "{text}"
        );
    }
    let test = write(&folder, "test.csv", "species\nwren\nowl\n");
    let columns = [column("species", Read::Class(2))];
    let failure = read(TableFormat::Csv, &path, Some(&test), &columns)
        .err()
        .unwrap();
    let text = failure.to_string();
    assert!(
        text.contains("test.csv`, line 3: `species` is \"owl\", which is no class of"),
        "{text}"
    );
    for (text, expected) in [
        (&b"a,b\n1,2\n3\n"[..], "line 3 has not 2 values, but 1"),
        (b"a,b\n1,2\n\"3,4\n5,6\n", "line 3 has not 2 values, but 1"),
        (b"a,b\n1,2\n3,\xff\n", "line 3 is no text in UTF-8"),
        (b"a,b\r\n1,2\r\n\r\n3\r\n", "line 4 has not 2 values, but 1"),
        (b"a\r\n1\r\n\r\nx\r\n", "line 4: `a` is \"x\""),
        (b"a,b\n1,\"2\n\n\"\nx,1\n", "line 5: `a` is \"x\""),
        (b"b;a\n1;2\n", "is `b;a`, but commas are to separate"),
        (b"a\n", "has no rows"),
        (b"", "it is empty"),
        (b"a\n9\n", "classes are counted from 0"),
    ] {
        let path = write(&folder, "broken.csv", text);
        let told = refusal(TableFormat::Csv, &path, &[column("a", Read::Class(9))]);
        assert!(
            told.contains("broken.csv") && told.contains(expected),
            "{told}"
        );
    }
}

#[test]
fn jsonl_has_lists_and_numbers() {
    let folder = Folder::new();
    let lines = "{\"x\": [[1, 2], [3, 4]], \"y\": 1}\n\n{\"y\": 0, \"x\": [[5, 6], [7, 8.5]]}\n";
    let path = write(&folder, "x.jsonl", lines);
    let columns = [
        column("x", Read::Tensor(vec![2, 2])),
        column("y", Read::Class(2)),
    ];
    let splits = read(TableFormat::Jsonl, &path, None, &columns).unwrap();
    assert_eq!(tensor(&splits.train, "x").size(), [2, 2, 2]);
    assert_eq!(tensor(&splits.train, "x").double_value(&[1, 1, 1]), 8.5);
    assert_eq!(
        Vec::<i64>::try_from(tensor(&splits.train, "y")).unwrap(),
        [1, 0]
    );
    assert_eq!(splits.test.count, 0);
    for (text, expected) in [
        (
            "{\"x\": 1}\n{\"x\": ",
            "line 2 is no JSON object: EOF while parsing a value, at character 6",
        ),
        ("{\"x\": 1}\n{\"z\": 1}", "line 2 of `"),
        (
            "{\"x\": 1}\n{\"x\": {}}",
            "line 2: `x` is {}, which is no number",
        ),
        ("[1]\n", "line 1 is JSON, but no object"),
    ] {
        let path = write(&folder, "broken.jsonl", text);
        let told = refusal(TableFormat::Jsonl, &path, &[column("x", Read::Number)]);
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn several_files_are_one_table() {
    let folder = Folder::new();
    let numbers = |range| Tensor::arange_start(range, range + 3, (Kind::Int64, tch::Device::Cpu));
    let save = |name: &str, x: Tensor, y: Tensor| {
        Tensor::write_npz(&[("x", x), ("y", y)], folder.0.join(name)).unwrap();
    };
    for part in 0..3 {
        save(&format!("{part}.npz"), numbers(3 * part), numbers(0));
    }
    let path = folder.0.join("*.npz").to_string_lossy().into_owned();
    let columns = ["x", "y"].map(|name| column(name, Read::Class(9)));
    let splits = read(TableFormat::Npz, &path, None, &columns).unwrap();
    let all = Vec::<i64>::try_from(tensor(&splits.train, "x")).unwrap();
    assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    // in all of them there are as many of both
    save("0.npz", numbers(0), numbers(0).narrow(0, 0, 2));
    save("1.npz", numbers(0).narrow(0, 0, 2), numbers(0));
    let told = refusal(TableFormat::Npz, &path, &columns);
    assert!(
        told.contains("0.npz` have different numbers of samples: [3, 2]"),
        "{told}"
    );
}

#[test]
fn npz_has_arrays() {
    let folder = Folder::new();
    let path = folder.0.join("x.npz");
    let images = Tensor::arange(24, (Kind::Uint8, tch::Device::Cpu)).reshape([2, 12]);
    let labels = Tensor::from_slice(&[3i64, 1]);
    Tensor::write_npz(&[("x", &images), ("y", &labels)], &path).unwrap();
    let text = path.to_string_lossy();
    let columns = [
        column("x", Read::Tensor(vec![3, 4])),
        column("y", Read::Class(4)),
    ];
    let splits = read(TableFormat::Npz, &text, None, &columns).unwrap();
    assert_eq!(tensor(&splits.train, "x").size(), [2, 3, 4]);
    assert_eq!(tensor(&splits.train, "x").double_value(&[1, 2, 3]), 23.0);
    assert_eq!(
        Vec::<i64>::try_from(tensor(&splits.train, "y")).unwrap(),
        [3, 1]
    );
    for (column, expected) in [
        (column("z", Read::Number), "has no column `z`"),
        (
            column("x", Read::Tensor(vec![5])),
            "is [2, 12], which does not make [2, 5]",
        ),
        (
            column("y", Read::Class(3)),
            "sample 0: `y` is 3, which is not from 0 to 2",
        ),
        (
            column("x", Read::Class(3)),
            "a class is one whole number for each sample",
        ),
        (
            column("x", Read::Picture(".".into())),
            "needs names of files",
        ),
    ] {
        let told = refusal(TableFormat::Npz, &text, &[column]);
        assert!(told.contains(expected), "{told}");
    }
    let bytes = std::fs::read(&path).unwrap();
    for end in [0, 10, 60, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..end]).unwrap();
        assert!(refusal(TableFormat::Npz, &text, &columns).contains("cannot be read"));
    }
}
