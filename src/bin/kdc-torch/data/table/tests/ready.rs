//! Tokens that are made already.

use super::*;
use kdc::plan::{TokenPart, Tokenizer, TokenizerKind};
use serde_json::json;

fn ready(padding: Option<u64>) -> Tokenizer {
    Tokenizer {
        kind: TokenizerKind::Ready,
        path: String::new(),
        vocab: 50,
        lowercase: None,
        length: 4,
        pack: None,
        padding,
    }
}

fn parts(tokenizer: &Tokenizer) -> [Column; 3] {
    [TokenPart::Ids, TokenPart::Mask, TokenPart::Next].map(|part| {
        let tokenizer = tokenizer.clone();
        Column {
            field: format!("{part:?} field"),
            ..column("ids", Read::Tokens { tokenizer, part })
        }
    })
}

fn rows(samples: &Samples, part: &str) -> serde_json::Value {
    let tensor = tensor(samples, part).to_kind(Kind::Int64);
    let row = |row| json!(Vec::<i64>::try_from(tensor.get(row)).unwrap());
    (0..samples.count).map(row).collect()
}

#[test]
fn lists_of_tokens_are_cut_and_filled_up() {
    let folder = Folder::new();
    let lines = "{\"ids\": [7, 0, 9]}\n{\"ids\": [1, 2, 3, 4, 5]}\n{\"ids\": [6, 49, 49]}\n";
    let path = write(&folder, "x.jsonl", lines);
    let read = |padding| {
        let columns = parts(&ready(padding));
        read(TableFormat::Jsonl, &path, None, &columns)
            .unwrap()
            .train
    };
    let train = read(None);
    assert_eq!(
        rows(&train, "Ids"),
        json!([[7, 0, 9, 0], [1, 2, 3, 4], [6, 49, 49, 0]])
    );
    assert_eq!(
        rows(&train, "Mask"),
        json!([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 0]])
    );
    let next = json!([[0, 9, -100, -100], [2, 3, 4, 5], [49, 49, -100, -100]]);
    assert_eq!(rows(&train, "Next"), next);
    // what fills up is no token at the end
    let train = read(Some(49));
    assert_eq!(
        rows(&train, "Ids"),
        json!([[7, 0, 9, 49], [1, 2, 3, 4], [6, 49, 49, 49]])
    );
    assert_eq!(
        rows(&train, "Mask"),
        json!([[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    );
}

#[test]
fn arrays_of_numpy_are_lists_of_tokens() {
    let folder = Folder::new();
    let path = folder.0.join("x.npz");
    let ids = Tensor::arange(6, (Kind::Int, tch::Device::Cpu)).reshape([2, 3]);
    Tensor::write_npz(&[("ids", &ids)], &path).unwrap();
    let text = path.to_string_lossy();
    let columns = parts(&ready(None));
    let train = read(TableFormat::Npz, &text, None, &columns).unwrap().train;
    assert_eq!(rows(&train, "Ids"), json!([[0, 1, 2, 0], [3, 4, 5, 0]]));
    for wrong in [ids.reshape([2, 3, 1]), ids.to_kind(Kind::Float)] {
        Tensor::write_npz(&[("ids", &wrong)], &path).unwrap();
        let told = refusal(TableFormat::Npz, &text, &columns);
        assert!(
            told.contains("but a list of whole numbers is needed"),
            "{told}"
        );
    }
}

#[test]
fn what_is_no_list_of_tokens_is_told() {
    let folder = Folder::new();
    for (ids, expected) in [
        (
            json!([1, 50]),
            "line 2: `ids` is 50, which is not from 0 to 49, as `tokens(50)` says",
        ),
        (json!([-1]), "`ids` is -1, which is not from 0 to 49"),
        (json!([1.5]), "`ids` is 1.5, which is no whole number"),
        (json!(["the"]), "`ids` is \"the\", which is no whole number"),
        (json!(3), "`ids` is 3, which is no list of whole numbers"),
        (
            json!("[1, 2]"),
            "`ids` is \"[1, 2]\", which is no list of whole numbers",
        ),
        (json!([]), "`ids` is [], which holds no token"),
        (json!([49, 49]), "`ids` is [49,49], which holds no token"),
    ] {
        let lines = format!("{}\n{}\n", json!({ "ids": [1] }), json!({ "ids": ids }));
        let path = write(&folder, "x.jsonl", &lines);
        let told = refusal(TableFormat::Jsonl, &path, &parts(&ready(Some(49))));
        assert!(told.contains(expected), "{told}");
    }
}
