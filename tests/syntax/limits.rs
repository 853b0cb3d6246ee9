//! Nothing makes the parser fail: damaged, deep, long and huge texts.

use super::{complaints, parse, source, spans};
use crate::mutate::mutations;
use crate::shipped::shipped;
use kdc::diag::{Code, Diagnostic};
use kdc::syntax::MAX_HEIGHT;
use kdc::syntax::ast::*;

#[test]
fn every_file_of_the_project_is_read_without_complaint() {
    for (path, text) in shipped() {
        assert_eq!(parse(&text).diagnostics, [], "{}", path.display());
    }
}

#[test]
fn damaged_files_give_a_tree_with_places_in_the_text() {
    let files = shipped();
    let each = 20_000usize.div_ceil(files.len());
    for (seed, (_, text)) in files.iter().enumerate() {
        for damaged in mutations(text, seed as u64 + 1).take(each) {
            check(&damaged);
        }
    }
}

/// A tree within the limits, and complaints with places in the text.
fn check(text: &str) -> Vec<Diagnostic> {
    let parse = kdc::syntax::parse(&source(text));
    assert!(spans::check(&parse.file, text) <= MAX_HEIGHT);
    for diagnostic in &parse.diagnostics {
        assert!(diagnostic.primary().is_some(), "{diagnostic:?}");
        assert!(diagnostic.code.is_syntax(), "{diagnostic:?}");
        let edits = diagnostic
            .help
            .iter()
            .filter_map(|help| help.fix.as_ref())
            .flat_map(|fix| &fix.edits);
        let places = diagnostic
            .labels
            .iter()
            .map(|label| label.span)
            .chain(edits.map(|edit| edit.span));
        for span in places {
            assert!(
                span.start <= span.end && text.get(span.range()).is_some(),
                "{diagnostic:?} in {text:?}"
            );
        }
    }
    parse.diagnostics
}

fn codes(text: &str) -> Vec<Code> {
    let mut codes: Vec<Code> = check(text).iter().map(|d| d.code).collect();
    codes.dedup();
    codes
}

#[test]
fn deep_nesting_is_reported_once_and_the_rest_is_read() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("x[", "]"),
        ("if a { ", " } else { 0 }"),
    ] {
        let deep = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let text = format!("tap a = {deep}\ntap b = {deep}\ntap c = d\n");
        assert_eq!(codes(&text), [Code::E0008], "{open}");
        let items = super::items(&text);
        assert_eq!(items.len(), 3, "{open}");
        assert!(matches!(&items[2].kind, ItemKind::Tap(tap) if tap.name.text == "c"));
    }
}

#[test]
fn what_is_not_too_deep_is_read() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("x[", "]"),
        ("if a { ", " } else { 0 }"),
    ] {
        let text = format!("tap a = {}1{}", open.repeat(60), close.repeat(60));
        assert_eq!(codes(&text), [], "{open}");
    }
}

#[test]
fn unclosed_and_unopened_brackets_without_end() {
    for piece in [
        "(",
        "[",
        "{",
        ")",
        "]",
        "}",
        "f(",
        "if ",
        "for x in ",
        "if a {",
        "not ",
        "-",
        "model A {\n",
        "{ ) ",
        "( ] ",
        "(\nedge (",
        "(\ntap and (",
        "x = (\n",
        "edge a ~> (\n",
        "if if a { b } else { c } + ",
        "\"",
        "'",
        "`",
        "tap x = f(\n",
        "\u{201c}",
        "else ",
        "x.",
        "..",
        "/",
        "//",
        "\\",
        "\0",
        "é",
        "a, ",
    ] {
        check(&piece.repeat(500));
        check(&format!("model M() {{ x = {} }}", piece.repeat(500)));
    }
}

#[test]
fn long_rows_of_operators_are_limited_and_chains_are_not() {
    for (first, more) in [
        ("1", "+1"),
        ("a", "^a"),
        ("a", ".b"),
        ("a", "[0]"),
        ("a", "()"),
        ("a", " and b"),
    ] {
        let text = format!("tap t = {first}{}\ntap u = v\n", more.repeat(20_000));
        assert_eq!(codes(&text), [Code::E0008], "{more}");
    }
    let prefixes = format!("tap t = {}1\n", "-".repeat(20_000));
    assert_eq!(codes(&prefixes), [Code::E0008]);
    let chain = format!("tap t = a{}\n", " -> relu".repeat(20_000));
    assert_eq!(codes(&chain), []);
    let branches = format!("tap t = {} {{ 0 }}\n", "if a { 1 } else ".repeat(20_000));
    assert_eq!(codes(&branches), [Code::E0008]);
}

#[test]
fn a_line_of_a_hundred_thousand_characters() {
    let list = format!("tap t = [{}]\n", "12, ".repeat(25_000));
    assert_eq!(codes(&list), []);
    let name = format!("tap {} = {}\n", "n".repeat(100_000), "9".repeat(100_000));
    assert_eq!(codes(&name), [Code::E0007]);
    check(&format!("tap t = {}", "a b ".repeat(25_000)));
    check(&"; ".repeat(50_000));
}

#[test]
fn a_hundred_thousand_lines() {
    let text = "a = b -> f(1)  // as it is\n".repeat(100_000);
    assert_eq!(codes(&text), []);
    assert_eq!(super::items(&text).len(), 100_000);
    let broken = "tap a deep.layer1 -> conv2d(16, kernel 3)\n".repeat(5_000);
    assert_eq!(check(&broken).len(), 5_000);
}

#[test]
fn models_that_are_never_closed_are_all_read() {
    let text = "model A {\n    x = y\n".repeat(3_000);
    let complaints = complaints(&text);
    assert_eq!(complaints.len(), 3_000);
    assert!(complaints.iter().all(|(code, ..)| *code == Code::E0002));
    assert_eq!(super::items(&text).len(), 3_000);
}
