//! Where names are defined and used, and other names for them.

use super::editor::{Editor, at, edited, library, position, uri};
use serde_json::{Value, json};

#[test]
fn definitions_and_references() {
    let (mut editor, uri, text) = Editor::with("examples/hint.kd");
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
    let file = ask("textDocument/definition", "\"teacher.kd");
    assert!(
        file["uri"]
            .as_str()
            .unwrap()
            .ends_with("/examples/teacher.kd")
    );
    // The library is put where the editor can open it.
    let path = library().join("models/lightnn.kd");
    let model = ask("textDocument/definition", "LightNN(");
    assert_eq!(model["uri"], format!("file://{}", path.display()));
    let written = std::fs::read_to_string(&path).unwrap();
    let shipped = std::fs::read_to_string("models/lightnn.kd").unwrap();
    assert_eq!(written, shipped);
    assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
    assert_eq!(model["range"]["start"], position(&shipped, "LightNN("));
    let binding = ask("textDocument/definition", "features -> conv2d");
    assert_eq!(binding["uri"], model["uri"]);
    let loss = ask("textDocument/definition", "mse ");
    assert!(
        loss["uri"].as_str().unwrap().ends_with("/losses/mse.kd"),
        "{loss}"
    );
    assert_eq!(ask("textDocument/definition", "conv2d"), Value::Null);
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
    let refused = rename("mean", "average").unwrap_err().message;
    assert!(refused.contains("`mean` comes with kdc"), "{refused}");
    let no_name = rename("twice(a)", "2x").unwrap_err().message;
    assert!(no_name.contains("`2x` is no name"), "{no_name}");
    let reserved = rename("twice(a)", "if").unwrap_err().message;
    assert!(reserved.contains("a word of the language"), "{reserved}");
    assert_eq!(rename("= 2", "three").unwrap(), Value::Null);
}

#[test]
fn a_name_that_can_change_is_shown_before_it_does() {
    let (mut editor, uri, text) = Editor::with("examples/hint.kd");
    let mut prepare = |word: &str| {
        let params = at(&uri, &text, word);
        editor
            .response("textDocument/prepareRename", params)
            .response_result
    };
    let tap = prepare("regressed    by").unwrap();
    assert_eq!(tap["placeholder"], "regressed");
    assert_eq!(tap["range"]["start"], position(&text, "regressed    by"));
    for theirs in ["conv2d", "LightNN(", "features -> conv2d", "adam("] {
        let why = prepare(theirs).unwrap_err().message;
        assert!(why.contains("comes with kdc"), "{why}");
    }
    assert_eq!(prepare("0.75").unwrap(), Value::Null);
    assert_eq!(prepare("///").unwrap(), Value::Null);
}

/// Whatever has a name in the examples can get another, and they still check.
#[test]
fn every_name_of_a_file_can_be_changed() {
    let mut editor = Editor::new(&["utf-8"]);
    let mut changed = 0;
    for name in [
        "hint",
        "fitnets",
        "simkd",
        "dkd_reviewkd",
        "pretrained",
        "resnet20",
        "zoo",
    ] {
        let uri = uri(&format!("examples/{name}.kd"));
        let text = std::fs::read_to_string(format!("examples/{name}.kd")).unwrap();
        let document = json!({"uri": uri});
        editor.open(&uri, &text);
        assert_eq!(editor.published(&uri), Vec::<Value>::new());
        let symbols = editor.ask(
            "textDocument/documentSymbol",
            json!({"textDocument": document}),
        );
        let symbols = symbols.as_array().unwrap();
        let parts = symbols
            .iter()
            .flat_map(|symbol| symbol["children"].as_array().unwrap());
        for (symbol, version) in symbols.iter().chain(parts).zip(2..) {
            let params = json!({
                "textDocument": document,
                "position": symbol["selectionRange"]["start"],
                "newName": "renamed_here",
            });
            let edit = editor
                .response("textDocument/rename", params)
                .response_result;
            let edit = edit.unwrap_or_default();
            if edit.is_null() {
                // An edge or stage without a name.
                continue;
            }
            let new = edited(&text, &edit["changes"][&uri]);
            editor.diagnostics.clear();
            editor.change(&uri, 2 * version, &new);
            assert_eq!(editor.published(&uri), Vec::<Value>::new(), "{new}");
            changed += 1;
            editor.diagnostics.clear();
            editor.change(&uri, 2 * version + 1, &text);
            editor.published(&uri);
        }
    }
    assert!(changed > 35, "{changed}");
}
