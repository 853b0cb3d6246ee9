//! The words of the language, as each grammar has them.

use super::textmate::TextMate;
use super::tree_sitter::parser;
use super::{read, sound};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The literals that are words in the rules for keywords, operators and constants, but for those that are read only to
/// be reported.
fn of_kdc() -> BTreeSet<String> {
    let grammar = read(Path::new("grammar/kd.pest"));
    let rules = ["kw_", "literal ", "operator ", "prefix "];
    let mut words = BTreeSet::new();
    let mut inside = false;
    for line in grammar.lines() {
        inside |= rules.iter().any(|rule| line.starts_with(rule));
        if inside && !line.contains("// mistake") {
            let literals = line.split('"').skip(1).step_by(2);
            let all_letters = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
            let literals = literals.filter(|word| !word.is_empty()).filter(all_letters);
            words.extend(literals.map(str::to_string));
        }
        inside &= !line.ends_with('}') && !line.contains("} //");
    }
    words
}

fn of_tree_sitter() -> BTreeSet<String> {
    let types = read(Path::new("grammar/tree-sitter-kd/src/node-types.json"));
    let types: Value = serde_json::from_str(&types).unwrap();
    let unnamed = types.as_array().unwrap().iter();
    let unnamed = unnamed.filter(|kind| kind["named"] == false);
    let words = unnamed.map(|kind| kind["type"].as_str().unwrap().to_string());
    words
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

#[test]
fn tree_sitter_has_the_keywords_of_kdc() {
    let words = of_kdc();
    assert!(words.contains("train") && words.contains("none") && words.contains("or"));
    assert_eq!(of_tree_sitter(), words);
}

/// Where kdc takes a word as a name, tree-sitter does, and nowhere else.
#[test]
fn tree_sitter_reserves_what_kdc_reserves() {
    for word in of_kdc() {
        let uses = [
            format!("fn f(x: [N]) = g({word}: 1)\n"),
            format!("fn f(x: [N]) = x + {word}\n"),
            format!("fn f(x: [N]) = x.{word}\n"),
            format!("tap {word} = 1\n"),
            format!("{word} = 1\n"),
            format!("fn f(x: [N]) {{\n    {word} = x\n}}\n"),
        ];
        for text in uses {
            let tree = parser().parse(&text, None).unwrap();
            assert_eq!(!tree.root_node().has_error(), sound(&text), "{text}");
        }
    }
}

#[test]
fn text_mate_shows_the_keywords_of_kdc() {
    let mut shown = TextMate::new();
    let sample = "use models::LightNN as L
model M(x: [N]) {
    input a: [N]
    param w: [3] = normal(1)
    state s: [3] = 0
    init w = 0
    require true and not false or none, \"\"
    update w = for i in [1] { if x { y } else { z } }
    output a
}
loss l(x: [N]) = x
fn f(x: [N]) = x
data d = shapes()
teacher t = M() from \"x.pt\"
student s = M()
tap p = s.a
edge p ~> s.b by mse weight 2
settings r { epochs: 1 }
train on d { ..r }
";
    let scopes = shown.scopes(sample);
    for word in of_kdc() {
        let scope = scopes.iter().find(|(text, _)| *text == word);
        let scope = scope.map(|(_, scope)| *scope);
        assert!(
            matches!(scope, Some("keyword" | "storage" | "constant.language")),
            "`{word}` is {scope:?}"
        );
    }
}
