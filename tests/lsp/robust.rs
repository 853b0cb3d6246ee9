//! What holds whatever the text is like and wherever is asked: there is an answer, and every place in it lies in the
//! text. CI takes a sample, the same each time; `KDC_WHOLE=1 cargo test --test tests robust` takes every beginning of
//! every file and 500 damaged texts of each, which takes half an hour.

use super::editor::{Editor, of, uri};
use crate::mutate::{Random, mutations};
use crate::shipped::shipped;
use serde_json::{Value, json};

/// How many damaged texts are made of each file, and of how many of its beginnings one is taken.
fn sample() -> (usize, usize) {
    match std::env::var_os("KDC_WHOLE") {
        Some(_) => (500, 1),
        None => (8, 160),
    }
}

const AT_A_PLACE: [&str; 6] = [
    "hover",
    "completion",
    "signatureHelp",
    "definition",
    "references",
    "prepareRename",
];
const OF_A_RANGE: [&str; 3] = ["codeAction", "inlayHint", "semanticTokens/range"];
const OF_ALL: [&str; 3] = ["documentSymbol", "foldingRange", "semanticTokens/full"];

#[test]
fn beginnings_of_texts_are_answered() {
    let (_, step) = sample();
    each_file(|text, seed| {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let ends = ends.into_iter().skip(seed as usize % step).step_by(step);
        ends.map(|end| text[..end].to_string()).collect()
    });
}

#[test]
fn damaged_texts_are_answered() {
    let (damaged, _) = sample();
    each_file(|text, seed| mutations(text, seed).take(damaged).collect());
}

fn each_file(texts: impl Fn(&str, u64) -> Vec<String>) {
    let mut editor = Editor::new(&["utf-8"]);
    let mut random = Random::new(3);
    for ((path, text), seed) in shipped().into_iter().zip(1..) {
        let uri = uri(&path.display().to_string());
        editor.open(&uri, "");
        for (text, version) in texts(&text, seed).iter().zip(2..) {
            editor.diagnostics.clear();
            editor.change(&uri, version, text);
            for diagnostic in editor.published(&uri) {
                inside(text, &uri, &diagnostic);
            }
            asked(&mut editor, &uri, text, &mut random);
        }
        let closed = of(&uri);
        editor.tell("textDocument/didClose", closed);
    }
}

fn asked(editor: &mut Editor, uri: &str, text: &str, random: &mut Random) {
    let document = json!({"uri": uri});
    let context = json!({
        "diagnostics": [], "includeDeclaration": true, "triggerKind": 1, "isRetrigger": false,
    });
    let lines = text.split('\n').count();
    let line = random.below(lines + 1);
    let place = json!({"line": line, "character": random.below(130)});
    let at = json!({"textDocument": document, "position": place, "context": context});
    let end = json!({"line": line + random.below(9), "character": random.below(130)});
    let range = json!({"start": place, "end": end});
    let part = json!({"textDocument": document, "range": range, "context": context});
    let all = json!({"textDocument": document});
    let requests = AT_A_PLACE.iter().map(|method| (method, &at));
    let requests = requests.chain(OF_A_RANGE.iter().map(|method| (method, &part)));
    for (method, params) in requests.chain(OF_ALL.iter().map(|method| (method, &all))) {
        let response = editor.response(&format!("textDocument/{method}"), params.clone());
        match response.response_result {
            Ok(answer) if method.starts_with("semanticTokens") => tokens(text, &answer),
            Ok(answer) => inside(text, uri, &answer),
            Err(refused) => assert!(
                refused.message.contains("comes with kdc"),
                "{method}: {}\n{text}",
                refused.message
            ),
        }
    }
}

/// Every range of an answer that is about this text.
fn inside(text: &str, uri: &str, answer: &Value) {
    match answer {
        Value::Array(parts) => parts.iter().for_each(|part| inside(text, uri, part)),
        Value::Object(parts) if parts.get("uri").is_none_or(|other| other == uri) => {
            if parts.contains_key("start") && parts.contains_key("end") {
                in_order_and_inside(text, answer);
            }
            let edits = parts.get("changes").and_then(|changes| changes.get(uri));
            let parts = parts.iter().filter(|(key, _)| *key != "changes");
            let parts = parts.map(|(_, part)| part).chain(edits);
            parts.for_each(|part| inside(text, uri, part));
        }
        _ => {}
    }
}

fn in_order_and_inside(text: &str, range: &Value) {
    // The parts of a text are its lines, also where a carriage return stands alone in one.
    let lines: Vec<&str> = text.split('\n').collect();
    let ends = ["start", "end"].map(|end| {
        let line = range[end]["line"].as_u64().unwrap() as usize;
        let character = range[end]["character"].as_u64().unwrap() as usize;
        assert!(line < lines.len(), "{range}\n{text}");
        assert!(character <= lines[line].len(), "{range}\n{text}");
        assert!(lines[line].is_char_boundary(character), "{range}\n{text}");
        (line, character)
    });
    assert!(ends[0] <= ends[1], "{range}\n{text}");
}

fn tokens(text: &str, answer: &Value) {
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut line, mut start) = (0, 0);
    let mut end = 0;
    for token in answer["data"].as_array().unwrap().chunks(5) {
        let [down, right, length] = [0, 1, 2].map(|at| token[at].as_u64().unwrap() as usize);
        (line, start, end) = match down {
            0 => (line, start + right, end),
            _ => (line + down, right, 0),
        };
        assert!(start >= end, "tokens overlap in line {line}\n{text}");
        end = start + length;
        assert!(
            length > 0 && lines[line].get(start..end).is_some(),
            "{line}:{start}\n{text}"
        );
    }
}
