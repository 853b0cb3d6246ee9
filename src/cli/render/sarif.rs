//! One SARIF 2.1.0 log of all that was found.
//!
//! Standard: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.

use super::{applicability, plain};
use crate::diag::{Code, Diagnostic, Edit, Fix, Help};
use crate::source::{FileId, Sources, Span};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::path::Path;

const SCHEMA: &str = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json";

/// What stays as it is in a path: a URI's unreserved characters, and what parts its segments.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Collects diagnostics of any number of files.
#[derive(Default)]
pub struct Log {
    results: Vec<Value>,
    /// What is wrong with no place in a file, such as a file that cannot be read.
    notifications: Vec<Value>,
}

impl Log {
    pub fn add(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        match diagnostic.primary() {
            Some(span) => self.results.push(result(diagnostic, span, sources)),
            None => self.notifications.push(json!({
                "descriptor": { "id": diagnostic.code.name() },
                "level": diagnostic.severity.word(),
                "message": { "text": plain(diagnostic) },
            })),
        }
    }

    /// The document, with its line end.
    pub fn render(&self) -> String {
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "kdc",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": Code::ALL.iter().copied().map(rule).collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": self.notifications.is_empty(),
                    "toolExecutionNotifications": self.notifications,
                }],
                "results": self.results,
            }],
        });
        format!("{log:#}\n")
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "name": code.slug(),
        "shortDescription": { "text": code.summary() },
        "help": { "text": code.explanation(), "markdown": code.explanation() },
        "defaultConfiguration": { "level": code.severity().word() },
    })
}

fn result(diagnostic: &Diagnostic, span: Span, sources: &Sources) -> Value {
    let related = diagnostic.related().map(|(span, text)| {
        let mut location = location(span, sources);
        location["message"] = json!({ "text": text });
        location
    });
    let fixes = diagnostic.help.iter();
    let fixes = fixes.filter_map(|help| Some(repair(help, help.fix.as_ref()?, sources)));
    json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": diagnostic.code as usize,
        "level": diagnostic.severity.word(),
        "message": { "text": plain(diagnostic) },
        "locations": [location(span, sources)],
        "relatedLocations": related.collect::<Vec<_>>(),
        "fixes": fixes.collect::<Vec<_>>(),
    })
}

fn repair(help: &Help, fix: &Fix, sources: &Sources) -> Value {
    let mut files: Vec<FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.sort();
    files.dedup();
    let changes = files.iter().map(|&file| {
        let edits = fix.edits.iter().filter(|edit| edit.span.file == file);
        json!({
            "artifactLocation": artifact(file, sources),
            "replacements": edits.map(|edit| replacement(edit, sources)).collect::<Vec<_>>(),
        })
    });
    json!({
        "description": { "text": help.text },
        "artifactChanges": changes.collect::<Vec<_>>(),
        // The standard has no word for it.
        "properties": { "applicability": applicability(fix.applicability) },
    })
}

fn replacement(edit: &Edit, sources: &Sources) -> Value {
    json!({
        "deletedRegion": region(edit.span, sources),
        "insertedContent": { "text": edit.text },
    })
}

fn location(span: Span, sources: &Sources) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": artifact(span.file, sources),
        "region": region(span, sources),
    } })
}

/// Relative paths stay so: those who read the log know the folder in which kdc was started.
fn artifact(file: FileId, sources: &Sources) -> Value {
    let name = &sources.get(file).name;
    let path = name.strip_prefix("./").unwrap_or(name);
    let scheme = match Path::new(path).is_absolute() {
        true => "file://",
        false => "",
    };
    json!({ "uri": format!("{scheme}{}", utf8_percent_encode(path, ESCAPED)) })
}

/// Lines and columns count from 1, and the end is the first place behind.
fn region(span: Span, sources: &Sources) -> Value {
    let file = sources.get(span.file);
    let start = file.position(span.start as usize);
    let end = file.position(span.end as usize);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}
