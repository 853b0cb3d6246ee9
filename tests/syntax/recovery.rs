//! One mistake is one complaint, at its place, and the rest is read.

use super::{complaint, complaints, fixed, items, parse, show};
use kdc::diag::Code::{self, *};

fn messages(text: &str) -> Vec<(Code, String)> {
    complaints(text)
        .into_iter()
        .map(|(code, at, _)| (code, at))
        .collect()
}

fn shown(text: &str) -> String {
    show::file(&parse(text).file)
}

#[test]
fn five_mistakes_are_five_complaints_and_the_rest_is_read() {
    let text = "\
use models::{DeepNN, LightNN}
modle Extra(width: int) {
    input x: [N, C]
    output x -> linear(width)
}
data images = shapes() -> batch(128
teacher deep from \"teacher.kd\"
student light = LightNN(classes: 10)
tap pooled deep.flat -> avg_pool1d(2)
edge images.label ~> light.logits by cross_entropy weight 0.75
edge pooled ~> light.flat cosine weight 0.25
train on images {
    epochs: 10
    optimizer adam(lr: 0.001)
    seed: 42
}
model Last(classes: int) {
    input x: [N, 8]
    output x -> linear(classes)
}
";
    let found: Vec<_> = complaints(text);
    let found: Vec<_> = found
        .iter()
        .map(|(code, at, message)| (*code, at.as_str(), message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (E0003, "modle", "nothing in a kd file starts with `modle`"),
            (E0002, "(", "this `(` is never closed"),
            (E0001, "deep", "expected `=` in this tap, found `deep`"),
            (E0001, "cosine", "expected `by` before an edge's loss"),
            (E0001, "adam", "expected `:`, found `adam`"),
        ]
    );
    assert_eq!(
        shown(text),
        "(use models DeepNN LightNN)\n(model Extra !)\n(data images !)\n(teacher deep from:\"teacher.kd\")\n\
         (student light (call LightNN classes:10))\n(tap pooled !)\n\
         (edge images.label light.logits cross_entropy weight:0.75)\n(edge pooled light.flat cosine weight:0.25)\n\
         (train images epochs:10 (error) seed:42)\n\
         (model Last classes:int (input x:[N 8]) (output (-> x (call linear classes))))"
    );
}

#[test]
fn a_missing_brace_is_found_where_the_next_item_starts() {
    let text = "model A {\n    x = y\n\ntap t = u\nmodel B {\n    z = w\n";
    assert_eq!(
        messages(text),
        [(E0002, String::new()), (E0002, String::new())]
    );
    assert_eq!(
        shown(text),
        "(model A (let x y))\n(tap t u)\n(model B (let z w))"
    );
    let first = &parse(text).diagnostics[0];
    assert_eq!(first.message, "the `{` of `A` is never closed");
    assert_eq!(&text[first.labels[1].span.range()], "{");
}

#[test]
fn an_item_inside_a_body_is_one_complaint() {
    let text = "model A {\n    x = y\n    tap t = x\n    z = w\n    output z\n}\ntap u = v\n";
    let complaint = complaint(text);
    assert_eq!(
        complaint.message,
        "`tap` stands at the top of a file, not inside `A`"
    );
    assert_eq!(
        messages("model A {\n    tap t = x\n}\n}\n"),
        [(E0001, "tap".to_owned()), (E0002, "}".to_owned())]
    );
}

#[test]
fn braces_and_brackets_that_close_nothing() {
    assert_eq!(
        messages("tap t = u\n}\ntap v = w"),
        [(E0002, "}".to_owned())]
    );
    assert_eq!(
        messages("tap t = f(a]\ntap v = w"),
        [(E0002, "]".to_owned())]
    );
    assert_eq!(messages("tap t = a)\ntap v = w"), [(E0002, ")".to_owned())]);
}

#[test]
fn an_unclosed_bracket_ends_where_the_next_statement_starts() {
    let text = "model M {\n  a = b -> conv2d(16, kernel: 3\n  c = d\n  e = [1,\n    2\n  f = g\n}";
    assert_eq!(
        messages(text),
        [(E0002, "(".to_owned()), (E0002, "[".to_owned())]
    );
    assert_eq!(
        shown(text),
        "(model M (let a !) (let c d) (let e !) (let f g))"
    );
}

#[test]
fn a_statement_takes_its_braces_and_lines_with_it() {
    let text = "model M {\n  if x {\n    w = 1\n  } else {\n    w = 2\n  }\n  a b\n    -> c\n    -> d\n  e = f\n}";
    assert_eq!(
        messages(text),
        [(E0001, "if".to_owned()), (E0001, "b".to_owned())]
    );
    assert_eq!(shown(text), "(model M (error) (error) (let e f))");
}

#[test]
fn what_is_broken_keeps_its_name() {
    assert_eq!(shown("tap t u"), "(tap t !)");
    assert_eq!(shown("teacher t = = u"), "(teacher t !)");
    assert_eq!(
        shown("model M x {\n  a = b\n}\ntap t = u"),
        "(model M !)\n(tap t u)"
    );
    assert_eq!(shown("settings s x { a: b }"), "(settings s (error))");
    assert_eq!(shown("edge a to b"), "(edge ! ! !)");
    assert_eq!(shown("x = a b"), "(const x !)");
    assert_eq!(
        shown("model M {\n  input x [N]\n  param p = 2\n  output y = = d\n  (a, b) = = c\n}"),
        "(model M (input x:) (param p: !) (output y !) (let <a b> !))"
    );
}

#[test]
fn a_broken_part_leaves_the_others() {
    assert_eq!(shown("x = f(1 2, b: 3)"), "(const x (call f ! b:3))");
    assert_eq!(shown("x = [1 2, 3]"), "(const x (list ! 3))");
    assert_eq!(shown("fn f(x [N], y: int) = y"), "(fn f y:int =y)");
    assert_eq!(
        shown("settings s { a: 1 2, b 3, c: 4 }"),
        "(settings s a:! (error) c:4)"
    );
    assert_eq!(
        shown("data d = a {\n  b = c d\n  e f\n  g: 1\n}"),
        "(data d a b=! (error) g:1)"
    );
}

#[test]
fn what_was_expected_is_said_with_an_example() {
    for (text, message, help) in [
        (
            "tap feat net",
            "expected `=` in this tap, found `net`",
            "a tap is written `tap feat = net.layer1 -> flatten`",
        ),
        (
            "edge a to b by c",
            "expected `~>` in this edge, found `to`",
            "an edge is written",
        ),
        (
            "edge a ~> b",
            "expected `by` in this edge, found the end of the file",
            "an edge is written",
        ),
        (
            "train images { a: 1 }\n",
            "expected `on` in this `train`, found `{`",
            "training is written `train on images",
        ),
        (
            "model M {\n  input x [N]\n}",
            "expected `:` in this input, found `[`",
            "an input is written",
        ),
        (
            "model M {\n  a = b c\n}",
            "expected the end of the line, found `c`",
            "a value flows into a layer by `->`: `x -> relu`",
        ),
        (
            "x = if a { 1 }\n",
            "expected `else`, found the end of the file",
            "an `if` has two branches: `if c { a } else { b }`",
        ),
        (
            "model M {\n  z =\n  output z\n}",
            "expected a value, found the end of the line",
            "a value is named",
        ),
        (
            "edge a ~> b by\nedge c ~> d by e",
            "expected a value in this edge, found the end of the line",
            "an edge is written",
        ),
        (
            "tap t = a if b else c",
            "expected the end of the line in this tap, found `if`",
            "a choice is written `if c { a } else { b }`",
        ),
        (
            "teacher t =\n",
            "expected a value in this teacher, found the end of the file",
            "a teacher is written",
        ),
        (
            "fn f(x: ) = x",
            "expected a type in this parameter, found `)`",
            "a parameter is written",
        ),
    ] {
        let complaint = complaint(text);
        assert_eq!(complaint.message, message, "{text}");
        assert!(
            complaint.help[0].text.starts_with(help),
            "{text}: {}",
            complaint.help[0].text
        );
    }
}

#[test]
fn words_that_start_nothing() {
    let near = complaint("techer deep from \"t.kd\"");
    assert_eq!(
        (near.code, near.message.as_str()),
        (E0003, "nothing in a kd file starts with `techer`")
    );
    assert_eq!(
        fixed("techer deep from \"t.kd\""),
        "teacher deep from \"t.kd\""
    );
    assert_eq!(complaint("network x {\n  a = b\n}").code, E0003);
    assert_eq!(items("network x {\n  a = b\n}\ntap t = u").len(), 2);
    assert_eq!(complaint("input x: [N]").code, E0003);
}

#[test]
fn strings_that_never_end() {
    let text = "data d = csv(\"a.csv)\ntap t = u";
    assert_eq!(messages(text), [(E0002, "\"a.csv)".to_owned())]);
    assert_eq!(shown(text), "(data d (call csv !))\n(tap t u)");
}

#[test]
fn chains_and_operators_need_brackets() {
    assert_eq!(complaint("x = a + b -> f").code, E0004);
    assert_eq!(fixed("x = a + b -> f"), "x = (a + b) -> f");
    assert_eq!(shown("x = a + b -> f"), "(const x (-> ((+ a b)) f))");
    assert_eq!(complaint("x = a -> f + b").code, E0004);
    assert_eq!(fixed("x = a -> f -> g(1) + b"), "x = (a -> f -> g(1)) + b");
    assert_eq!(complaint("x = a or b -> f").code, E0004);
    assert_eq!(complaint("data d = a + b -> f").code, E0004);
    assert_eq!(complaint("x = a < b < c").code, E0001);
    assert_eq!(complaint("x = a + not b").code, E0001);
    assert_eq!(complaint("x = a as b").code, E0001);
}
