//! Tokens are those of Hugging Face's tokenizers: `tests/fixtures/tokens.py` says what is in its fixture.

use super::*;
use kdc::plan::{Labels, TokenPart, Tokenizer, TokenizerKind, UNCOUNTED, Words};
use serde_json::json;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tokens");

fn expected() -> serde_json::Value {
    let text = std::fs::read_to_string(format!("{FIXTURE}/expected.json"));
    serde_json::from_str(&text.expect("it is part of the sources")).expect("it is JSON")
}

/// The tokenizer of a file of the fixture.
fn tokenizer(kind: TokenizerKind, path: &str) -> Tokenizer {
    Tokenizer {
        kind,
        path: format!("{FIXTURE}/{path}"),
        vocab: 330,
        lowercase: None,
        length: 12,
        pack: None,
        padding: None,
    }
}

fn wordpiece(path: &str) -> Tokenizer {
    tokenizer(TokenizerKind::Wordpiece, path)
}

fn part(of: &str, tokenizer: &Tokenizer, part: TokenPart) -> Column {
    Column {
        column: of.into(),
        field: format!("{part:?}"),
        read: Read::Tokens {
            tokenizer: tokenizer.clone(),
            part,
        },
        names: Vec::new(),
    }
}

/// A file with an object for each value.
fn file(folder: &Folder, name: &str, values: &[serde_json::Value]) -> String {
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    write(folder, name, &lines)
}

fn under(name: &str, values: &serde_json::Value) -> Vec<serde_json::Value> {
    let values = values.as_array().unwrap();
    values.iter().map(|value| json!({ name: value })).collect()
}

fn rows(samples: &Samples, field: &str) -> serde_json::Value {
    let Some(Values::Tensor(tensor)) = samples.column(field) else {
        panic!("no tensor {field}");
    };
    let rows = (0..samples.count).map(|row| {
        let row = tensor.get(row).to_kind(Kind::Int64);
        json!(Vec::<i64>::try_from(row).unwrap())
    });
    rows.collect()
}

#[test]
fn texts_and_words_become_the_tokens_of_bert() {
    let (folder, expected) = (Folder::new(), expected());
    for (given, of) in [("texts", "texts"), ("words", "words")] {
        let path = file(&folder, given, &under("text", &expected["given"][given]));
        for case in ["uncased", "cased"] {
            let tokenizer = wordpiece(&format!("{case}/vocab.txt"));
            let parts = [TokenPart::Ids, TokenPart::Mask, TokenPart::Kinds];
            let columns = parts.map(|p| part("text", &tokenizer, p));
            let train = read(TableFormat::Jsonl, &path, None, &columns)
                .unwrap()
                .train;
            assert_eq!(rows(&train, "Ids"), expected[case][of], "{case} {given}");
            if given == "texts" {
                assert_eq!(rows(&train, "Mask"), expected[case]["masks"], "{case}");
            }
            let Some(Values::Tensor(kinds)) = train.column("Kinds") else {
                panic!("no kinds");
            };
            assert_eq!(kinds.count_nonzero(None).int64_value(&[]), 0);
        }
    }
}

#[test]
fn capitals_are_kept_or_dropped_as_it_is_said() {
    let (folder, expected) = (Folder::new(), expected());
    let path = file(
        &folder,
        "texts",
        &under("text", &expected["given"]["texts"]),
    );
    let mut tokenizer = wordpiece("cased/vocab.txt");
    tokenizer.lowercase = Some(true);
    let columns = [part("text", &tokenizer, TokenPart::Ids)];
    let train = read(TableFormat::Jsonl, &path, None, &columns)
        .unwrap()
        .train;
    assert_ne!(rows(&train, "Ids"), expected["cased"]["texts"]);
}

#[test]
fn texts_are_filled_up_or_packed_as_gpt2_reads_them() {
    let (folder, expected) = (Folder::new(), expected());
    let path = file(
        &folder,
        "texts",
        &under("text", &expected["given"]["texts"]),
    );
    let texts: Vec<Vec<i64>> = serde_json::from_value(expected["bpe"]["texts"].clone()).unwrap();
    let end = expected["bpe"]["end"].as_i64().unwrap();
    let joined: Vec<i64> = texts
        .iter()
        .flat_map(|text| [text.clone(), vec![end]].concat())
        .collect();
    for form in ["gpt2", "json", "json/tokenizer.json"] {
        let mut tokenizer = tokenizer(TokenizerKind::Bpe, form);
        let of = |tokenizer: &Tokenizer| {
            let parts = [TokenPart::Ids, TokenPart::Next, TokenPart::Mask];
            let columns = parts.map(|p| part("text", tokenizer, p));
            read(TableFormat::Jsonl, &path, None, &columns)
                .unwrap()
                .train
        };
        let filled = of(&tokenizer);
        let id = |text: &Vec<i64>, place: usize, none| {
            text.get(place)
                .copied()
                .filter(|_| place < 12)
                .unwrap_or(none)
        };
        let row = |from: usize, none| -> serde_json::Value {
            let row = |text: &Vec<i64>| (0..12).map(|i| id(text, i + from, none)).collect();
            json!(texts.iter().map(row).collect::<Vec<Vec<i64>>>())
        };
        assert_eq!(rows(&filled, "Ids"), row(0, 0), "{form}");
        assert_eq!(rows(&filled, "Next"), row(1, UNCOUNTED), "{form}");

        tokenizer.pack = Some("<|endoftext|>".into());
        let packed = of(&tokenizer);
        let count = (joined.len() - 1) / 12;
        assert!(count > 5 && packed.count == count as i64);
        let cut = |from: usize| json!(joined[from..].chunks(12).take(count).collect::<Vec<_>>());
        assert_eq!(rows(&packed, "Ids"), cut(0), "{form}");
        assert_eq!(rows(&packed, "Next"), cut(1), "{form}");
    }
}

/// Classes of the fixture's words: of each its place in the text.
fn of_words(tokenizer: &Tokenizer, classes: u64) -> Column {
    Column {
        column: "tags".into(),
        field: "label".into(),
        read: Read::Label(Labels {
            classes,
            ignore: -1,
            words: Some(Words {
                column: "words".into(),
                tokenizer: tokenizer.clone(),
            }),
        }),
        names: Vec::new(),
    }
}

#[test]
fn a_words_class_counts_at_its_first_token() {
    let (folder, expected) = (Folder::new(), expected());
    let tokenizer = wordpiece("uncased/vocab.txt");
    let given = expected["given"]["words"].as_array().unwrap();
    let lines = given.iter().map(|words| {
        let count = words.as_array().unwrap().len() as i64;
        // the second word of each has no class
        let tags = (0..count).map(|i| if i == 1 { -1 } else { i });
        json!({ "words": words, "tags": tags.collect::<Vec<i64>>() })
    });
    let path = file(&folder, "words", &lines.collect::<Vec<_>>());
    let column = of_words(&tokenizer, 13);
    let train = read(TableFormat::Jsonl, &path, None, &[column])
        .unwrap()
        .train;
    let words: Vec<Vec<Option<i64>>> =
        serde_json::from_value(expected["uncased"]["words_of"].clone()).unwrap();
    let labels = words.iter().map(|words| {
        let first = |i: usize| words[..i].iter().all(|before| *before != words[i]);
        let label = |(i, word): (usize, &Option<i64>)| match word {
            Some(word) if *word != 1 && first(i) => *word,
            _ => UNCOUNTED,
        };
        words.iter().enumerate().map(label).collect::<Vec<i64>>()
    });
    assert_eq!(rows(&train, "label"), json!(labels.collect::<Vec<_>>()));
}

#[test]
fn classes_of_words_may_be_words() {
    let folder = Folder::new();
    let tokenizer = wordpiece("uncased/vocab.txt");
    let lines = [
        json!({ "words": ["the", "fox"], "tags": ["O", "B"] }),
        json!({ "words": ["dog"], "tags": ["O"] }),
    ];
    let path = file(&folder, "words", &lines);
    let train = read(TableFormat::Jsonl, &path, None, &[of_words(&tokenizer, 2)])
        .unwrap()
        .train;
    let Some(Values::Tensor(label)) = train.column("label") else {
        panic!("no label");
    };
    // [CLS], the first word, …
    assert_eq!(label.int64_value(&[0, 1]), 1);
    assert_eq!(label.int64_value(&[1, 1]), 1);
}

#[test]
fn what_is_wrong_with_texts_is_told() {
    let folder = Folder::new();
    let good = wordpiece("uncased/vocab.txt");
    let ids = |tokenizer: &Tokenizer| part("words", tokenizer, TokenPart::Ids);
    let row = |words: serde_json::Value, tags: serde_json::Value| {
        file(
            &folder,
            "x.jsonl",
            &[json!({ "words": words, "tags": tags })],
        )
    };
    let (bpe, packed) = (tokenizer(TokenizerKind::Bpe, "gpt2"), |end: &str| {
        Tokenizer {
            pack: Some(end.into()),
            ..tokenizer(TokenizerKind::Bpe, "gpt2")
        }
    });
    let text = json!("the fox");
    for (words, tags, column, wanted) in [
        (
            json!(5),
            json!([]),
            ids(&good),
            "line 1: `words` is 5, which is no text",
        ),
        (
            json!(null),
            json!([]),
            ids(&good),
            "`words` is null, which is no text",
        ),
        (
            json!(["a", 1]),
            json!([]),
            ids(&good),
            "which is no list of words",
        ),
        (
            text.clone(),
            json!([]),
            ids(&Tokenizer {
                vocab: 100,
                ..good.clone()
            }),
            "has 160 tokens, but the networks know 100\nwrite `vocab: 160`",
        ),
        (
            text.clone(),
            json!([]),
            ids(&wordpiece("none.txt")),
            "there is no `",
        ),
        (
            text.clone(),
            json!([]),
            ids(&wordpiece("gpt2/merges.txt")),
            "has no token `[CLS]`",
        ),
        (
            text.clone(),
            json!([]),
            ids(&tokenizer(TokenizerKind::Bpe, "uncased/vocab.txt")),
            "cannot be used as tokens",
        ),
        (
            text.clone(),
            json!([]),
            ids(&Tokenizer {
                length: 1,
                ..good.clone()
            }),
            "adds 2 tokens to each text, which leaves nothing of 1",
        ),
        (
            text.clone(),
            json!([]),
            ids(&packed("</s>")),
            "has no token `</s>`\nsay which token ends a text",
        ),
        (
            text.clone(),
            json!([]),
            ids(&packed("<|endoftext|>")),
            "have fewer tokens than one sample",
        ),
        (
            json!(["the", "fox"]),
            json!([1]),
            of_words(&good, 3),
            "`tags` is [1], which has 1 classes, but `words` has 2 words",
        ),
        (
            json!("the fox"),
            json!([1, 2]),
            of_words(&good, 3),
            "which belongs to words, but `words` is one string",
        ),
        (
            json!(["the", "fox"]),
            json!([1, 3]),
            of_words(&good, 3),
            "`tags` is 3, which is not from 0 to 2",
        ),
        (
            json!(["the", "fox"]),
            json!(2),
            of_words(&good, 3),
            "which is no list of classes",
        ),
        (
            json!(["the", "fox"]),
            json!([-1, -1]),
            of_words(&good, 3),
            "no class in the column `tags`",
        ),
    ] {
        let told = refusal(TableFormat::Jsonl, &row(words, tags), &[column]);
        assert!(told.contains(wanted), "{told}");
    }
    let path = row(text, json!([]));
    assert!(read(TableFormat::Jsonl, &path, None, &[ids(&bpe)]).is_ok());
}
