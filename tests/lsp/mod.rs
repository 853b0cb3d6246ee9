//! The language server as an editor meets it.

mod editor;
mod names;
mod robust;
mod typing;

use editor::{Editor, at, edited, of, uri};
use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::io::{BufReader, Write};
use std::process::{Command, Stdio};

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
    let (mut editor, uri, text) = Editor::with("models/lightnn.kd");
    let mut hover = |word: &str| {
        let params = at(&uri, &text, word);
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

/// The tutorial's numbers: PyTorch's count of parameters, and 1024·27·16 + 256·144·16 + 1024·256 + 256·10.
#[test]
fn hover_tells_what_a_network_is_in_all() {
    let (mut editor, uri, text) = Editor::with("examples/hint.kd");
    let mut hover = |word: &str| {
        let hover = editor.ask("textDocument/hover", at(&uri, &text, word));
        hover["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    let student = "**light** `[N, 3, 32, 32]` → logits `[N, 10]`\n\n\
                   267,738 parameters, 1,296,896 multiply-adds a sample";
    for place in ["light = ", "light.features -> ", "light.logits by"] {
        assert_eq!(hover(place), student, "{place}");
    }
    let teacher = hover("deep.features ~>");
    assert!(teacher.contains("1,186,986 parameters"), "{teacher}");
    let model = hover("LightNN(");
    assert!(model.starts_with(student), "{model}");
    assert!(model.contains("model LightNN("), "{model}");
    // A model that no network is made of.
    let (mut editor, uri, text) = Editor::with("models/lightnn.kd");
    let hover = editor.ask("textDocument/hover", at(&uri, &text, "LightNN"));
    let whole = hover["contents"]["value"].as_str().unwrap();
    assert!(
        whole.contains("267,738 parameters, 1,296,896 multiply-adds"),
        "{whole}"
    );
}

#[test]
fn hover_shows_a_loss_as_its_formula() {
    let mut editor = Editor::new(&["utf-8"]);
    let (uri, text) = without_regressor();
    editor.open(&uri, &text);
    let params = at(&uri, &text, "mse");
    let hover = editor.ask("textDocument/hover", params);
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("loss mse("), "{hover}");
    let params = at(&uri, &text, "adam");
    let hover = editor.ask("textDocument/hover", params);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("adam(lr: "),
        "{hover}"
    );
    let (mut editor, uri, text) = Editor::with("examples/kd.kd");
    let hover = editor.ask("textDocument/hover", at(&uri, &text, "soft_target"));
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(
        hover.contains("log_softmax(") && hover.contains("Paper: Hinton"),
        "{hover}"
    );
}

#[test]
fn shapes_stand_behind_lines() {
    let (mut editor, uri, _) = Editor::with("models/lightnn.kd");
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
    // Only of the lines that are asked for, and of those all.
    for hint in hints.as_array().unwrap() {
        let part = json!({"start": hint["position"], "end": hint["position"]});
        let params = json!({"textDocument": {"uri": uri}, "range": part});
        assert_eq!(editor.ask("textDocument/inlayHint", params), json!([hint]));
    }
}

#[test]
fn the_outline_has_models_with_their_values() {
    let (mut editor, uri, _) = Editor::with("models/lightnn.kd");
    let symbols = editor.ask("textDocument/documentSymbol", of(&uri));
    assert_eq!(symbols[0]["name"], "LightNN");
    let values = symbols[0]["children"].as_array().unwrap().iter();
    let names: Vec<&str> = values
        .map(|value| value["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["image", "features", "flat", "classifier", "logits"]);
}

#[test]
fn words_are_told_by_what_they_are() {
    let mut editor = Editor::new(&["utf-16"]);
    let uri = uri("examples/hint.kd");
    let text = std::fs::read_to_string("examples/hint.kd").unwrap();
    let text = text
        .replace("/// A hint", "/// 😀 é A hint")
        .replace("\n", "\r\n");
    editor.open(&uri, &text);
    let server = editor.ask("textDocument/semanticTokens/full", of(&uri));
    let legend = &editor.capabilities["semanticTokensProvider"]["legend"];
    let word = |list: &str, at: usize| legend[list][at].as_str().unwrap().to_string();
    let lines: Vec<Vec<u16>> = text
        .split("\r\n")
        .map(|l| l.encode_utf16().collect())
        .collect();
    let (mut line, mut column) = (0, 0);
    let mut tokens = Vec::new();
    for token in server["data"].as_array().unwrap().chunks(5) {
        let [down, right, length, kind, bits] =
            [0, 1, 2, 3, 4].map(|at| token[at].as_u64().unwrap() as usize);
        column = if down == 0 { column + right } else { right };
        line += down;
        let piece = String::from_utf16(&lines[line][column..column + length]).unwrap();
        let mut says = word("tokenTypes", kind);
        for bit in (0..3).filter(|bit| bits >> bit & 1 == 1) {
            says = format!("{says} {}", word("tokenModifiers", bit));
        }
        tokens.push((line, piece, says));
    }
    let is = |line: usize, piece: &str, says: &str| {
        let expected = (line, piece.to_string(), says.to_string());
        assert!(tokens.contains(&expected), "{expected:?} in {tokens:#?}");
    };
    is(1, "/// teacher's 32 channels.", "comment");
    is(2, "use", "keyword");
    is(2, "models", "namespace defaultLibrary");
    is(2, "LightNN", "class defaultLibrary");
    is(3, "\"cifar10.kd\"", "string");
    is(5, "deep", "variable definition readonly");
    is(6, "light", "variable definition");
    is(6, "classes", "parameter");
    is(6, "10", "number");
    is(8, "light", "variable");
    is(8, "features", "property");
    is(8, "->", "operator");
    is(8, "conv2d", "function defaultLibrary");
    is(10, "images", "variable");
    is(10, "cross_entropy", "function defaultLibrary");
    is(10, "weight", "keyword");
    is(11, "deep", "variable readonly");
    is(11, "regressed", "variable");
    is(13, "on", "keyword");
    is(13, "epochs", "parameter");
    is(13, "adam", "function defaultLibrary");
    // Only the lines that are asked for, counted as before.
    let range = json!({"start": {"line": 5, "character": 3}, "end": {"line": 6, "character": 0}});
    let params = json!({"textDocument": {"uri": uri}, "range": range});
    let part = editor.ask("textDocument/semanticTokens/range", params);
    assert_eq!(
        part["data"].as_array().unwrap()[..3],
        [json!(5), json!(0), json!(7)]
    );
    let there = tokens
        .iter()
        .filter(|(line, ..)| [5, 6].contains(line))
        .count();
    assert_eq!(part["data"].as_array().unwrap().len(), 5 * there);
}

#[test]
fn what_spans_lines_can_be_folded() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("examples/unsaved.kd");
    let text = "/// one\n/// two\nuse models::LightNN\nuse models::DeepNN\n\nmodel M() {\n    input x: [N, 3]\n\
                \n    y = x -> repeat(2,\n        linear(3),\n    )\n    output y\n}\nloss l(x: [N]) { output mean(x) }\n";
    let mut folds = |text: &str| {
        editor.open(&uri, text);
        let params = of(&uri);
        let folds = editor.ask("textDocument/foldingRange", params);
        let folds = folds.as_array().unwrap().iter();
        folds
            .map(|fold| {
                let kind = fold["kind"].as_str().unwrap_or("block").to_string();
                (
                    fold["startLine"].as_u64().unwrap(),
                    fold["endLine"].as_u64().unwrap(),
                    kind,
                )
            })
            .collect::<Vec<_>>()
    };
    let block = |first, last| (first, last, "block".to_string());
    let expected = [
        (0, 1, "comment".to_string()),
        (2, 3, "imports".to_string()),
        block(5, 11),
        block(8, 9),
    ];
    assert_eq!(folds(text), expected);
    // In a text that is broken above, too.
    let broken = folds(&text.replace("/// two", "model (("));
    assert!(broken.contains(&block(5, 11)), "{broken:?}");
}

#[test]
fn the_first_repair_is_the_one_that_a_key_applies() {
    let mut editor = Editor::new(&["utf-8"]);
    let (uri, broken) = without_regressor();
    let pooled = broken.replace(
        "deep.features ~> light.features by mse",
        "deep.flat ~> light.flat by cosine",
    );
    for (text, title) in [
        (&broken, "lift the 16 channels to 32 with a convolution"),
        (&pooled, "average-pool the 2048 values to 1024"),
    ] {
        editor.open(&uri, text);
        let range = editor.published(&uri)[0]["range"].clone();
        let context = json!({"diagnostics": []});
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
        let actions = editor.ask("textDocument/codeAction", params);
        let preferred = actions.as_array().unwrap().iter();
        let mut preferred = preferred.filter(|action| action["isPreferred"] == true);
        let first = preferred.next().unwrap();
        assert!(
            first["title"].as_str().unwrap().starts_with(title),
            "{first}"
        );
        assert_eq!(preferred.next(), None);
        editor.diagnostics.clear();
        let repaired = edited(text, &first["edit"]["changes"][&uri]);
        editor.open(&uri, &repaired);
        assert_eq!(editor.published(&uri), Vec::<Value>::new());
        editor.diagnostics.clear();
    }
}

#[test]
fn lines_may_end_as_on_windows() {
    let mut editor = Editor::new(&["utf-8"]);
    let (uri, broken) = without_regressor();
    editor.open(&uri, &broken);
    let expected = editor.published(&uri)[0]["range"].clone();
    editor.diagnostics.clear();
    let windows = broken.replace('\n', "\r\n");
    editor.change(&uri, 2, &windows);
    let found = editor.published(&uri);
    assert_eq!(found[0]["range"], expected);
    let params =
        json!({"textDocument": {"uri": uri}, "range": expected, "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", params);
    let repaired = edited(&windows, &actions[0]["edit"]["changes"][&uri]);
    editor.diagnostics.clear();
    editor.change(&uri, 3, &repaired);
    assert_eq!(editor.published(&uri), Vec::<Value>::new());
    let options = json!({"tabSize": 4, "insertSpaces": true});
    let params = json!({"textDocument": {"uri": uri}, "options": options});
    let edits = editor.ask("textDocument/formatting", params);
    let formatted = edited(&repaired, &edits);
    assert!(
        !formatted.replace("\r\n", "").contains('\n'),
        "{formatted:?}"
    );
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
    editor.tell("textDocument/didClose", of(&mine));
    assert_eq!(editor.published(&user), missing);
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
