//! The F1 of entities is seqeval's: `tests/fixtures/entities.py` says what is in its fixture.

use crate::data::DataSet;
use crate::evaluate::evaluate;
use crate::parameters::Parameters;
use crate::testing::{Folder, alone};
use kdc::data::tags::{Tag, entities};
use kdc::plan::Plan;
use serde_json::{Value, json};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor, no_grad};

/// Texts whose tokens are the classes that the student shall answer.
const TAGGED: &str = r#"
    data words = jsonl("PATH", test: "PATH") {
        (ids, mask, word) = column("answered") -> tokens(COUNT, length: 9)
        label = column("marked") -> align(word) -> class(COUNT, ignore: -100, names: NAMES)
        batch: 5, hold_out: 0.2
    }
    model Tagger() {
        input ids: id(COUNT)[N, L]
        output logits = ids -> embedding(COUNT, COUNT)
    }
    student a = Tagger()
    edge words.label ~> a.logits by cross_entropy
    train on words { epochs: 1, optimizer: sgd(lr: 0.1), metrics: [entity_f1], keep: best(entity_f1(a)) }
"#;

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entities.json");
    let text = std::fs::read_to_string(path).expect("it is part of the sources");
    serde_json::from_str(&text).expect("it is JSON")
}

fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn tags_mark_the_entities_that_seqeval_finds() {
    let mut found_some = 0;
    for case in cases() {
        let texts = case["marked"].as_array().unwrap();
        for (text, expected) in texts.iter().zip(case["entities"].as_array().unwrap()) {
            let tags: Vec<Tag> = (strings(text).into_iter())
                .map(|name| Tag::read(name).unwrap())
                .collect();
            let found = entities(&tags).into_iter().map(|entity| {
                // theirs have no kind where tags have none, and end with the last word
                let kind = if entity.kind.is_empty() {
                    "_"
                } else {
                    entity.kind
                };
                json!([kind, entity.words.0, entity.words.1 - 1])
            });
            assert_eq!(Value::from_iter(found), *expected, "{text}");
            found_some += expected.as_array().unwrap().len();
        }
    }
    assert!(found_some > 100);
}

/// A row for each text: classes as they are called, answers as numbers.
fn rows(case: &Value) -> String {
    let names = strings(&case["names"]);
    let class = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let texts = |of: &str| case[of].as_array().unwrap().clone();
    let rows = texts("marked").into_iter().zip(texts("answered"));
    let line = |(marked, answered)| {
        let answered: Vec<usize> = strings(&answered).into_iter().map(class).collect();
        format!("{}\n", json!({ "marked": marked, "answered": answered }))
    };
    rows.map(line).collect()
}

/// [`TAGGED`] on these rows.
fn plan_of(folder: &Folder, rows: &str, names: &Value, text: &str) -> Plan {
    let path = folder.0.join("words.jsonl");
    std::fs::write(&path, rows).unwrap();
    let count = strings(names).len().to_string();
    let text = text.replace("PATH", &path.to_string_lossy());
    let text = text.replace("COUNT", &count);
    crate::testing::plan(&text.replace("NAMES", &names.to_string()))
}

#[test]
fn the_f1_of_entities_is_that_of_seqeval() {
    let _alone = alone();
    for case in cases() {
        let folder = Folder::new();
        let plan = plan_of(&folder, &rows(&case), &case["names"], TAGGED);
        let data = DataSet::open(&plan.data[0], Device::Cpu).unwrap();
        let parameters = Parameters::new(&plan, 0, Device::Cpu, &HashMap::new()).unwrap();
        let mut weight = parameters.get("a.logits.weight").unwrap().shallow_clone();
        let answers_its_token = Tensor::eye(weight.size()[0], (Kind::Float, Device::Cpu));
        no_grad(|| weight.copy_(&answers_its_token));

        let evaluation = &plan.evaluations[0];
        let answers = evaluate(evaluation, &parameters, &data, &data.test).unwrap();
        let found = answers.entity_f1().unwrap();
        let expected = case["f1"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}: {case}");
    }
}

/// Tags that the file does not name are those of the column, and it is known before training whether they are any.
#[test]
fn the_data_tell_what_tags_there_are() {
    let _alone = alone();
    let case = &cases()[0];
    let text = TAGGED.replace(", names: NAMES", "");
    let train = |rows: &str| {
        let folder = Folder::new();
        let plan = plan_of(&folder, rows, &case["names"], &text);
        let session = folder.session();
        let trained = session.train(&plan, crate::session::Existing::Keep);
        trained.map_err(|failure| failure.to_string())?;
        let run = crate::run_folder::RunFolder::of(&session.runs, &plan, 0);
        Ok::<f64, String>(run.record().unwrap().results.metrics["entity_f1"]["a"])
    };
    let words = rows(case);
    let f1 = train(&words).unwrap();
    assert!((0.0..=1.0).contains(&f1));
    let told = train(&words.replace("B-PER", "person")).unwrap_err();
    let wanted = "`entity_f1` takes classes such as `O`, `B-PER` and `I-PER`, but one of `words.label` is called `person`";
    assert_eq!(told, wanted);
    let named = strings(&case["names"]).into_iter().zip(0..);
    let numbers = named.fold(words, |rows, (name, number)| {
        rows.replace(&format!("\"{name}\""), &number.to_string())
    });
    let told = train(&numbers).unwrap_err();
    assert!(
        told.contains("what the classes of `words.label` are called, but the file has numbers"),
        "{told}"
    );
}
