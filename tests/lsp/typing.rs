//! What helps while one types: completion and signatures.

use super::editor::{Editor, uri};
use serde_json::{Value, json};

fn labels(items: &Value) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    let labels = items.map(|item| item["label"].as_str().unwrap().to_string());
    labels.collect()
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
    let mut items = |line: &str| {
        editor.open(&uri, &format!("{file}\n{line}\n"));
        let place = json!({"line": 4, "character": line.len()});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        editor.ask("textDocument/completion", params)
    };
    let (model, loss) = (7, 24);
    for (line, kind) in [("use models::", model), ("use losses::", loss)] {
        let items = items(line);
        let mut kinds = items.as_array().unwrap().iter().map(|item| &item["kind"]);
        assert!(kinds.all(|found| *found == kind), "{line}: {items}");
    }
    let mut offered = |line: &str| labels(&items(line));
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
    // behind a character of several bytes
    assert_eq!(offered("tap x = \u{a0}light."), parts);
    let behind_a_string = offered("data d = folder(\"a//b\", ");
    assert!(has(&behind_a_string, "classes:"), "{behind_a_string:?}");
}

#[test]
fn strings_complete_to_files_and_what_these_define() {
    let mut editor = Editor::new(&["utf-8"]);
    let uri = uri("examples/unsaved.kd");
    let mut offered = |line: &str| {
        editor.open(&uri, line);
        let place = json!({"line": 0, "character": line.len()});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        editor.ask("textDocument/completion", params)
    };
    let files = offered("use \"cif");
    let all = labels(&files);
    assert!(all.contains(&"cifar10.kd".to_string()), "{all:?}");
    assert!(
        !all.iter()
            .any(|name| name.ends_with(".pt") || name == "unsaved.kd"),
        "{all:?}"
    );
    // All that is written behind the quote is replaced, also where a name holds a full stop.
    let start = &files[0]["textEdit"]["range"]["start"];
    assert_eq!(start["character"], "use \"".len());
    assert!(labels(&offered("teacher t from \"")).contains(&"pretrained.pt".to_string()));
    let weights = labels(&offered("teacher t = N() from weights(\""));
    assert_eq!(weights, ["pretrained.pt"]);
    let above = labels(&offered("use \"../models/l"));
    assert!(above.contains(&"lightnn.kd".to_string()), "{above:?}");
    let folders = labels(&offered("use \"../"));
    assert!(folders.contains(&"losses".to_string()), "{folders:?}");
    assert_eq!(labels(&offered("use \"cifar10.kd\"::")), ["images"]);
    assert_eq!(
        labels(&offered("use \"simkd.kd\"::{P")),
        ["lifted", "Projector"]
    );
    assert_eq!(
        labels(&offered("teacher t from \"teacher.kd\"::")),
        ["deep"]
    );
    let functions = offered("use \"../losses/mlkd.kd\"::");
    let kinds = functions.as_array().unwrap().iter();
    let kinds: Vec<_> = kinds
        .map(|item| {
            (
                item["label"].as_str().unwrap(),
                item["kind"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(kinds, [("mlkd", 24), ("relations", 3)]);
    assert_eq!(labels(&offered("x = \"any")), Vec::<String>::new());
    assert_eq!(labels(&offered("// use \"cif")), Vec::<String>::new());
}

#[test]
fn a_call_shows_its_signature() {
    let mut editor = Editor::new(&["utf-16"]);
    let uri = uri("examples/unsaved.kd");
    let mut shown = |line: &str| {
        let text = format!("loss own(s: [N, C], T: float = 1) {{ output mean(s) * T }}\n{line}");
        editor.open(&uri, &text);
        let place = json!({"line": 1, "character": line.len()});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        let help = editor.ask("textDocument/signatureHelp", params);
        let signature = &help["signatures"][0];
        let label: Vec<u16> = signature["label"].as_str()?.encode_utf16().collect();
        let active = help["activeParameter"].as_u64()? as usize;
        let range = signature["parameters"][active]["label"].as_array()?;
        let [from, to] = [0, 1].map(|at| range[at].as_u64().unwrap() as usize);
        Some(String::from_utf16(&label[from..to]).unwrap())
    };
    let slot = |text: &str| Some(text.to_string());
    assert_eq!(shown("tap x = a -> conv2d("), slot("channels: int"));
    assert_eq!(shown("tap x = conv2d("), slot("x: [N, C, H, W]"));
    assert_eq!(
        shown("tap x = a -> conv2d(8, padding: "),
        slot("padding: int or (h, w) = 0")
    );
    assert_eq!(shown("edge a ~> b by soft_target("), slot("T: float = 2"));
    assert_eq!(shown("edge a ~> b by own("), slot("T: float = 1"));
    // What takes lists takes no tensors, and a label is one.
    let smoothing = slot("smoothing: float = 0");
    assert_eq!(shown("edge a ~> b by cross_entropy("), smoothing);
    let temperatures = slot("temperatures: list(float) = [2, 3, 4, 5, 6]");
    assert_eq!(shown("edge a ~> b by mlkd("), temperatures);
    assert_eq!(shown("edge a ~> b by dkd("), slot("alpha: float = 1"));
    assert_eq!(shown("x = own(a, "), slot("T: float = 1"));
    assert_eq!(shown("x = concat((a, b), dim: "), slot("dim: int = 0"));
    assert_eq!(shown("student s = LightNN("), slot("image: [N, 3, 32, 32]"));
    assert!(shown("train on d { optimizer: adam(lr: ").is_some_and(|lr| lr.starts_with("lr: ")));
    assert_eq!(shown("tap x = unknown("), None);
    assert_eq!(shown("tap x = conv2d(8)"), None);
}

/// What an unsaved file defines is known where it is imported, by its name there.
#[test]
fn imports_are_known_by_their_names() {
    let mut editor = Editor::new(&["utf-8"]);
    let (library, uri) = (uri("examples/mine.kd"), uri("examples/unsaved.kd"));
    let mine = [
        "/// Mine.",
        "model Tiny(width: int = 8) {",
        "    input image: [N, 3, 32, 32]",
        "    output logits = image -> flatten -> linear(width)",
        "}",
        "loss near(student: [N, C], teacher: [N, C]) { output mse(student, teacher) }",
        "data drawn = shapes() -> batch(8)",
    ];
    editor.open(&library, &mine.join("\n"));
    let imports = "use \"mine.kd\"::{Tiny as Small, near, drawn}\nuse models::LightNN as Light\n";
    let mut ask = |method: &str, line: &str, character: usize| {
        editor.open(&uri, &format!("{imports}{line}\n"));
        let place = json!({"line": 2, "character": character});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        editor.ask(&format!("textDocument/{method}"), params)
    };
    for (line, first, slot) in [
        ("student a = Small(", "Small(", "width: int = 8"),
        ("student a = Light(", "Light(", "classes: int = 10"),
    ] {
        let help = ask("signatureHelp", line, line.len());
        let label = help["signatures"][0]["label"].as_str().unwrap();
        assert!(label.starts_with(first) && label.contains(slot), "{label}");
    }
    let mut offered = |line: &str| labels(&ask("completion", line, line.len()));
    for (line, word) in [
        ("student a = ", "Small"),
        ("student a = ", "Light"),
        ("student a = Small(", "width:"),
        ("edge ", "drawn"),
        ("edge a ~> b by ", "near"),
    ] {
        let count = offered(line).iter().filter(|label| *label == word).count();
        assert_eq!(count, 1, "{line}{word}");
    }
    let shown = ask("hover", "edge a ~> b by near", 16)["contents"]["value"].to_string();
    assert!(shown.contains("loss near(student: [N, C]"), "{shown}");
}
