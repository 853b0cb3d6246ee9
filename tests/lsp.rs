//! The language server as an editor meets it.

use crate::mutate::{Random, mutations};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// An editor with a server of its own, which has to answer everything and to end in good order.
struct Editor {
    connection: Connection,
    server: Option<JoinHandle<()>>,
    requests: i32,
    /// What was sent last for each file.
    diagnostics: HashMap<String, Value>,
}

impl Editor {
    fn new(encodings: &[&str]) -> Editor {
        let (connection, other) = Connection::memory();
        let server = std::thread::spawn(move || kdc::cli::lsp::serve(&other).unwrap());
        let mut editor = Editor {
            connection,
            server: Some(server),
            requests: 0,
            diagnostics: HashMap::new(),
        };
        let params = json!({"capabilities": {"general": {"positionEncodings": encodings}}});
        editor.ask("initialize", params);
        editor.tell("initialized", json!({}));
        editor
    }

    fn tell(&mut self, method: &str, params: Value) {
        let notification = Notification::new(method.to_string(), params);
        let message = Message::Notification(notification);
        self.connection.sender.send(message).unwrap();
    }

    fn response(&mut self, method: &str, params: Value) -> Response {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        let request = Request::new(id.clone(), method.to_string(), params);
        self.connection
            .sender
            .send(Message::Request(request))
            .unwrap();
        loop {
            match self.receive() {
                Message::Response(response) if response.id == id => return response,
                Message::Notification(notification) => self.keep(notification),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.response(method, params)
            .response_result
            .expect("an answer")
    }

    fn receive(&self) -> Message {
        let wait = Duration::from_secs(60);
        self.connection
            .receiver
            .recv_timeout(wait)
            .expect("the server says something")
    }

    fn keep(&mut self, notification: Notification) {
        assert_eq!(notification.method, "textDocument/publishDiagnostics");
        let uri = notification.params["uri"].as_str().unwrap().to_string();
        self.diagnostics.insert(uri, notification.params);
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "kd", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", params);
    }

    /// The diagnostics of a file, once the server has nothing more to say.
    fn published(&mut self, uri: &str) -> Vec<Value> {
        // Diagnostics come before the answer to a later request, or right after it.
        let of = json!({"textDocument": {"uri": uri}});
        while !self.diagnostics.contains_key(uri) {
            match self.receive() {
                Message::Notification(notification) => self.keep(notification),
                other => panic!("unexpected: {other:?}"),
            }
        }
        self.ask("textDocument/documentSymbol", of);
        self.diagnostics[uri]["diagnostics"]
            .as_array()
            .unwrap()
            .clone()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

fn uri(path: &str) -> String {
    format!("file://{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn position(text: &str, word: &str) -> Value {
    let at = text.find(word).unwrap();
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    json!({"line": line, "character": at - start})
}

/// The text with an editor's edits, whose positions count bytes.
fn edited(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let start = starts.chain([text.len()]).nth(line).unwrap();
        start + position["character"].as_u64().unwrap() as usize
    };
    let mut edits: Vec<(usize, usize, &str)> = (edits.as_array().unwrap().iter())
        .map(|edit| {
            let range = &edit["range"];
            (
                offset(&range["start"]),
                offset(&range["end"]),
                edit["newText"].as_str().unwrap(),
            )
        })
        .collect();
    edits.sort_unstable();
    let mut text = text.to_string();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

fn without_regressor() -> (String, String) {
    let uri = uri("examples/hint.kd");
    let text = std::fs::read_to_string("examples/hint.kd").unwrap();
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("tap regressed"));
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    (uri, text.replace("~> regressed   ", "~> light.features"))
}

#[test]
fn the_missing_regressor_is_found_and_put_back() {
    let mut editor = Editor::new(&["utf-8"]);
    let (uri, broken) = without_regressor();
    editor.open(&uri, &broken);
    let diagnostics = editor.published(&uri);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    let found = &diagnostics[0];
    assert_eq!(found["source"], "kdc");
    assert!(
        found["message"].as_str().unwrap().contains("regressor"),
        "{found:#?}"
    );
    assert!(!found["relatedInformation"].as_array().unwrap().is_empty());
    let params = json!({"textDocument": {"uri": uri}, "range": found["range"], "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", params);
    let repaired = edited(&broken, &actions[0]["edit"]["changes"][&uri]);
    assert!(
        repaired.contains("conv2d(32, kernel: 3, padding: 1)"),
        "{repaired}"
    );
    editor.diagnostics.clear();
    editor.change(&uri, 2, &repaired);
    assert_eq!(editor.published(&uri), Vec::<Value>::new());
    assert_eq!(editor.diagnostics[&uri]["version"], 2);
}

#[test]
fn hover_tells_shapes_and_costs() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("models/lightnn.kd");
    let text = std::fs::read_to_string("models/lightnn.kd").unwrap();
    editor.open(&uri, &text);
    let mut hover = |word: &str| {
        let params = json!({"textDocument": {"uri": uri}, "position": position(&text, word)});
        let hover = editor.ask("textDocument/hover", params);
        hover["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    let convolution = hover("conv2d");
    assert!(
        convolution.contains("`[N, 3, 32, 32]` → `[N, 16, 32, 32]`"),
        "{convolution}"
    );
    assert!(
        convolution.contains("448 parameters, 442,368 multiply-adds"),
        "{convolution}"
    );
    assert!(hover("max_pool2d").contains("`[N, 16, 16, 16]`"));
    assert_eq!(hover("///"), "");
}

#[test]
fn hover_shows_a_loss_as_its_formula() {
    let mut editor = Editor::new(&["utf-8"]);
    let (uri, text) = without_regressor();
    editor.open(&uri, &text);
    let params = json!({"textDocument": {"uri": uri}, "position": position(&text, "mse")});
    let hover = editor.ask("textDocument/hover", params);
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("loss mse("), "{hover}");
}

#[test]
fn shapes_stand_behind_lines() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("models/lightnn.kd");
    let text = std::fs::read_to_string("models/lightnn.kd").unwrap();
    editor.open(&uri, &text);
    let all = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let hints = editor.ask(
        "textDocument/inlayHint",
        json!({"textDocument": {"uri": uri}, "range": all}),
    );
    let labels: Vec<&str> = (hints.as_array().unwrap().iter())
        .map(|hint| hint["label"].as_str().unwrap())
        .collect();
    assert!(labels.contains(&"[N, 16, 16, 16]"), "{labels:?}");
    assert!(labels.contains(&"[N, 1024]"), "{labels:?}");
}

#[test]
fn the_outline_has_models_with_their_values() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("models/lightnn.kd");
    editor.open(&uri, &std::fs::read_to_string("models/lightnn.kd").unwrap());
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        json!({"textDocument": {"uri": uri}}),
    );
    assert_eq!(symbols[0]["name"], "LightNN");
    let values = symbols[0]["children"].as_array().unwrap().iter();
    let names: Vec<&str> = values
        .map(|value| value["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["image", "features", "flat", "classifier", "logits"]);
}

#[test]
fn formatting_changes_only_what_differs() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("models/lightnn.kd");
    let text = std::fs::read_to_string("models/lightnn.kd").unwrap();
    let crooked = text.replace("-> relu\n", "->   relu\n");
    editor.open(&uri, &crooked);
    let options = json!({"tabSize": 4, "insertSpaces": true});
    let params = json!({"textDocument": {"uri": uri}, "options": options});
    let edits = editor.ask("textDocument/formatting", params);
    assert_eq!(edited(&crooked, &edits), text);
    let lines: usize = (edits.as_array().unwrap().iter())
        .map(|edit| edit["newText"].as_str().unwrap().matches('\n').count())
        .sum();
    assert!(lines < 4, "{edits:#?}");
}

#[test]
fn positions_are_counted_as_the_editor_counts() {
    let text = "// é 😀\nnote = \"é 😀\" + widht\nwidth = 3\n";
    for (encodings, start) in [(&["utf-8"][..], 19), (&["utf-16"][..], 16), (&[][..], 16)] {
        let mut editor = Editor::new(encodings);
        let uri = uri("examples/unsaved.kd");
        editor.open(&uri, text);
        let diagnostics = editor.published(&uri);
        let starts: Vec<&Value> = diagnostics.iter().map(|d| &d["range"]["start"]).collect();
        let expected = json!({"line": 1, "character": start});
        assert!(
            starts.contains(&&expected),
            "{encodings:?}: {diagnostics:#?}"
        );
    }
}

#[test]
fn an_open_import_counts_as_it_stands_in_the_editor() {
    let mut editor = Editor::new(&["utf-8"]);
    let mine = uri("examples/mine.kd");
    let user = uri("examples/user.kd");
    editor.open(
        &user,
        "use \"mine.kd\"::{double}\nloss twice(x: [N]) { output mean(double(x)) }\n",
    );
    let missing = editor.published(&user);
    assert_eq!(missing.len(), 1, "{missing:#?}");
    editor.diagnostics.clear();
    editor.open(&mine, "fn double(x: [N]) = 2 * x\n");
    assert_eq!(editor.published(&user), Vec::<Value>::new());
    editor.diagnostics.clear();
    editor.tell(
        "textDocument/didClose",
        json!({"textDocument": {"uri": mine}}),
    );
    assert_eq!(editor.published(&user), missing);
}

#[test]
fn completions_fit_their_place() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("examples/unsaved.kd");
    let file = [
        "use models::LightNN",
        "use \"cifar10.kd\"::images",
        "student light = LightNN(classes: 10)",
        "train on images { epochs: 1, optimizer: adam(lr: 0.1) }",
    ]
    .join("\n");
    let mut offered = |line: &str| {
        editor.open(&uri, &format!("{file}\n{line}\n"));
        let place = json!({"line": 4, "character": line.len()});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        let items = editor.ask("textDocument/completion", params);
        let labels = items.as_array().unwrap().iter();
        let labels = labels.map(|item| item["label"].as_str().unwrap().to_string());
        labels.collect::<Vec<_>>()
    };
    let has = |labels: &[String], word: &str| labels.iter().any(|label| label == word);
    let parts = offered("tap x = light.fe");
    assert!(
        has(&parts, "features") && has(&parts, "logits"),
        "{parts:?}"
    );
    assert!(!has(&parts, "conv2d"), "{parts:?}");
    let fields = offered("edge images.");
    assert!(has(&fields, "label") && has(&fields, "image"), "{fields:?}");
    let layers = offered("tap x = light.flat -> li");
    assert!(
        has(&layers, "linear") && has(&layers, "light"),
        "{layers:?}"
    );
    let arguments = offered("tap x = light.features -> conv2d(8, ");
    assert!(has(&arguments, "kernel:"), "{arguments:?}");
    assert!(has(&offered("student b = LightNN("), "classes:"));
    let losses = offered("edge images.label ~> light.logits by s");
    assert!(
        has(&losses, "soft_target") && !has(&losses, "conv2d"),
        "{losses:?}"
    );
    assert!(has(&offered("use models::"), "DeepNN"));
    assert_eq!(offered("// light."), Vec::<String>::new());
}

#[test]
fn definitions_and_references() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("examples/hint.kd");
    let text = std::fs::read_to_string("examples/hint.kd").unwrap();
    editor.open(&uri, &text);
    let mut ask = |method: &str, word: &str| {
        let place = position(&text, word);
        let context = json!({"includeDeclaration": true});
        let params = json!({"textDocument": {"uri": uri}, "position": place, "context": context});
        editor.ask(method, params)
    };
    let tap = ask("textDocument/definition", "regressed    by");
    assert_eq!(tap["range"]["start"], position(&text, "regressed ="));
    let data = ask("textDocument/definition", "images.label");
    assert!(
        data["uri"].as_str().unwrap().ends_with("cifar10.kd"),
        "{data}"
    );
    // A binding of a model of the library, which is no file.
    assert_eq!(
        ask("textDocument/definition", "features -> conv2d"),
        Value::Null
    );
    let student = ask("textDocument/references", "light = ");
    assert_eq!(student.as_array().unwrap().len(), 3, "{student:#?}");
}

#[test]
fn a_name_changes_everywhere() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("examples/unsaved.kd");
    let text = "fn twice(x: [N]) = 2 * x\nloss four(a: [N]) {\n    b = twice(a)\n    output mean(twice(b))\n}\n";
    editor.open(&uri, text);
    let mut rename = |word: &str, name: &str| {
        let params = json!({"textDocument": {"uri": uri}, "position": position(text, word), "newName": name});
        editor
            .response("textDocument/rename", params)
            .response_result
    };
    let edits = rename("twice(a)", "double").unwrap()["changes"][&uri].clone();
    assert_eq!(edited(text, &edits), text.replace("twice", "double"));
    let edits = rename("b))", "c").unwrap()["changes"][&uri].clone();
    let expected = text.replace("b = ", "c = ").replace("(b)", "(c)");
    assert_eq!(edited(text, &edits), expected);
    assert_eq!(rename("mean", "average").unwrap(), Value::Null);
    assert!(rename("twice(a)", "2x").is_err());
}

#[test]
fn what_the_server_does_not_know_is_an_error_and_no_end() {
    let mut editor = Editor::new(&["utf-8"]);
    let unknown = editor.response("textDocument/dance", json!({}));
    assert_eq!(unknown.response_result.unwrap_err().code, -32601);
    let wrong = editor.response("textDocument/hover", json!({"textDocument": 3}));
    assert_eq!(wrong.response_result.unwrap_err().code, -32602);
    let not_open = json!({"textDocument": {"uri": "file:///none.kd"}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/hover", not_open), Value::Null);
}

/// Every range lies in the text, whatever the text is like and wherever is asked.
#[test]
fn damaged_texts_are_answered() {
    let mut editor = Editor::new(&["utf-8"]);
    let mut random = Random::new(3);
    let mut version = 1;
    for path in [
        "examples/hint.kd",
        "models/deepnn.kd",
        "losses/soft_target.kd",
    ] {
        let uri = uri(path);
        let text = std::fs::read_to_string(Path::new(path)).unwrap();
        editor.open(&uri, &text);
        editor.published(&uri);
        for damaged in mutations(&text, 5).take(60) {
            version += 1;
            editor.diagnostics.clear();
            editor.change(&uri, version, &damaged);
            let place = json!({"line": random.below(40), "character": random.below(80)});
            let document = json!({"uri": uri});
            let range = json!({"start": place, "end": place});
            let range =
                json!({"textDocument": document, "range": range, "context": {"diagnostics": []}});
            editor.ask(
                "textDocument/hover",
                json!({"textDocument": document, "position": place}),
            );
            let at = json!({"textDocument": document, "position": place});
            editor.ask("textDocument/completion", at.clone());
            editor.ask("textDocument/definition", at);
            editor.ask("textDocument/codeAction", range.clone());
            editor.ask("textDocument/inlayHint", range);
            for diagnostic in editor.published(&uri) {
                inside(&damaged, &diagnostic["range"]);
            }
        }
    }
}

fn inside(text: &str, range: &Value) {
    // The parts of a text are its lines, also where a carriage return stands alone in one.
    let lines: Vec<&str> = text.split('\n').collect();
    for end in ["start", "end"] {
        let line = range[end]["line"].as_u64().unwrap() as usize;
        let character = range[end]["character"].as_u64().unwrap() as usize;
        assert!(line < lines.len(), "{range}\n{text}");
        assert!(character <= lines[line].len(), "{range}\n{text}");
    }
}

#[test]
fn the_program_speaks_the_protocol_on_its_streams() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_kdc"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    let mut send = |message: Message| message.write(&mut input).unwrap();
    let initialize = json!({"capabilities": {}});
    send(Request::new(RequestId::from(1), "initialize".into(), initialize).into());
    let Some(Message::Response(first)) = Message::read(&mut output).unwrap() else {
        panic!("no answer");
    };
    let capabilities = first.response_result.unwrap()["capabilities"].clone();
    assert_eq!(capabilities["hoverProvider"], true);
    send(Notification::new("initialized".into(), json!({})).into());
    let (uri, text) = without_regressor();
    let document = json!({"uri": uri, "languageId": "kd", "version": 1, "text": text});
    send(
        Notification::new(
            "textDocument/didOpen".into(),
            json!({"textDocument": document}),
        )
        .into(),
    );
    let Some(Message::Notification(published)) = Message::read(&mut output).unwrap() else {
        panic!("no diagnostics");
    };
    assert_eq!(published.params["diagnostics"].as_array().unwrap().len(), 1);
    send(Request::new(RequestId::from(2), "shutdown".into(), Value::Null).into());
    assert!(matches!(
        Message::read(&mut output).unwrap(),
        Some(Message::Response(_))
    ));
    send(Notification::new("exit".into(), Value::Null).into());
    input.flush().unwrap();
    drop(input);
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
