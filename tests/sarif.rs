//! `--message-format sarif` keeps to the standard. `sarif-schema-2.1.0.json` is the schema that OASIS publishes.

use crate::ui::cases;
use kdc::cli::files::Disk;
use kdc::cli::render::sarif::Log;
use kdc::diag::{Applicability, Code, Diagnostic, Edit};
use kdc::source::{Sources, Span};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let text = include_str!("sarif-schema-2.1.0.json");
    // As it is published, one pattern has a bracket that is never opened. kdc writes no `language`.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema = serde_json::from_str(&text).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn parsed(log: &Log) -> Value {
    serde_json::from_str(&log.render()).expect("JSON")
}

fn assert_valid(log: &Value) {
    let validator = validator();
    let errors = validator.iter_errors(log);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let log = json!({ "version": "2.1.0", "runs": [{ "results": [] }] });
    assert!(!validator().is_valid(&log), "a run has no tool");
}

#[test]
fn everything_that_kdc_finds_fits_the_schema() {
    let mut log = Log::default();
    let mut found = 0;
    for case in cases() {
        let checked = kdc::check(&Disk, &case.path);
        found += checked.diagnostics.len();
        for diagnostic in &checked.diagnostics {
            log.add(diagnostic, &checked.sources);
        }
    }
    let log = parsed(&log);
    assert_valid(&log);
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), found);
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
    }
}

#[test]
fn nothing_found() {
    let log = parsed(&Log::default());
    assert_valid(&log);
    assert_eq!(log["runs"][0]["results"], json!([]));
    assert_eq!(
        log["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
}

#[test]
fn the_parts_of_a_result() {
    let mut sources = Sources::default();
    let path = "./my runs/é.kd";
    let file = sources.add(path.into(), Some(path.into()), "use x\né = y -> rellu\n");
    let span = |range| Span::new(file, range);
    let edit = Edit {
        span: span(16..21),
        text: "relu".into(),
    };
    let diagnostic = Diagnostic::new(Code::E0201, "there is no layer `rellu`")
        .at(span(16..21), "unknown")
        .also(span(11..12), "given here")
        .note("a note without a place")
        .note_at(span(4..5), "imported here")
        .fix("there is `relu`", Applicability::Safe, vec![edit]);
    let mut log = Log::default();
    log.add(&diagnostic, &sources);
    let log = parsed(&log);
    assert_valid(&log);
    let place = |line: u32, from: u32, to: u32| {
        json!({
            "artifactLocation": { "uri": "my%20runs/%C3%A9.kd" },
            "region": { "startLine": line, "startColumn": from, "endLine": line, "endColumn": to },
        })
    };
    let result = &log["runs"][0]["results"][0];
    let expected = json!({
        "ruleId": "E0201",
        "ruleIndex": result["ruleIndex"],
        "level": "error",
        "message": {
            "text": "there is no layer `rellu`\nunknown\nnote: a note without a place\nhelp: there is `relu`",
        },
        "locations": [{ "physicalLocation": place(2, 10, 15) }],
        "relatedLocations": [
            { "physicalLocation": place(2, 5, 6), "message": { "text": "given here" } },
            { "physicalLocation": place(1, 5, 6), "message": { "text": "imported here" } },
        ],
        "fixes": [{
            "description": { "text": "there is `relu`" },
            "artifactChanges": [{
                "artifactLocation": { "uri": "my%20runs/%C3%A9.kd" },
                "replacements": [{
                    "deletedRegion": place(2, 10, 15)["region"],
                    "insertedContent": { "text": "relu" },
                }],
            }],
            "properties": { "applicability": "safe" },
        }],
    });
    assert_eq!(result, &expected);
}

/// A result needs a place in a file; what has none is told of the run itself.
#[test]
fn a_file_that_cannot_be_read() {
    let checked = kdc::check(&Disk, "nowhere.kd".as_ref());
    let mut log = Log::default();
    for diagnostic in &checked.diagnostics {
        log.add(diagnostic, &checked.sources);
    }
    let log = parsed(&log);
    assert_valid(&log);
    let run = &log["runs"][0];
    assert_eq!(run["results"], json!([]));
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["descriptor"]["id"], "E0501");
}
