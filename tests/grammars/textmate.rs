//! The TextMate grammar, as VS Code reads it: every kind of word gets its scope.

use super::{read, shipped};
use giallo::{HighlightOptions, Registry, ThemeVariant};
use std::path::Path;

/// The scopes that `theme.json` gives colours of their own, #000001 and so on.
const SCOPES: [&str; 13] = [
    "comment",
    "string",
    "constant.numeric",
    "constant.language",
    "keyword",
    "storage",
    "support.type",
    "entity.name.type",
    "entity.name.function",
    "entity.name.namespace",
    "variable.parameter",
    "variable",
    "invalid",
];

pub struct TextMate(Registry);

impl TextMate {
    pub fn new() -> TextMate {
        let mut registry = Registry::default();
        let grammar = "grammar/vscode/syntaxes/kd.tmLanguage.json";
        registry.add_grammar_from_path(grammar).expect("a grammar");
        let theme = "tests/grammars/theme.json";
        registry.add_theme_from_path(theme).expect("a theme");
        registry.link_grammars();
        TextMate(registry)
    }

    /// The pieces of a text that are shown alike, without the blanks around them; `text` for no scope.
    pub fn scopes(&mut self, text: &str) -> Vec<(String, &'static str)> {
        let options = HighlightOptions::new("kd", ThemeVariant::Single("scopes"))
            .merge_whitespace(false)
            .merge_same_style_tokens(false);
        let shown = self.0.highlight(text, &options).expect("a known language");
        let pieces = shown.tokens.iter().flatten().map(|piece| {
            let ThemeVariant::Single(style) = &piece.style else {
                panic!("there is one theme");
            };
            let colour = style.foreground.as_hex();
            let number = usize::from_str_radix(&colour[1..7], 16).expect("a colour");
            let scope = number.checked_sub(1).map_or("text", |at| SCOPES[at]);
            (piece.text.trim().to_string(), scope)
        });
        pieces.filter(|(text, _)| !text.is_empty()).collect()
    }
}

#[test]
fn the_theme_has_all_scopes() {
    let theme: serde_json::Value =
        serde_json::from_str(&read(Path::new("tests/grammars/theme.json"))).unwrap();
    let rules = theme["tokenColors"].as_array().unwrap();
    let rules: Vec<(&str, String)> = (rules.iter())
        .map(|rule| {
            let colour = rule["settings"]["foreground"].as_str().unwrap();
            (rule["scope"].as_str().unwrap(), colour.to_string())
        })
        .collect();
    let expected = SCOPES.iter().zip(1..);
    let expected: Vec<(&str, String)> = expected
        .map(|(scope, number)| (*scope, format!("#{number:06x}")))
        .collect();
    assert_eq!(rules, expected);
}

#[test]
fn nothing_in_a_sound_file_is_invalid() {
    let mut shown = TextMate::new();
    for (path, text) in shipped() {
        for (text, scope) in shown.scopes(&text) {
            assert_ne!(scope, "invalid", "`{text}` in {}", path.display());
        }
    }
}

#[test]
fn every_kind_of_word_has_its_scope() {
    let mut shown = TextMate::new();
    let mut is = |line: &str, text: &str, scope: &str| {
        let scopes = shown.scopes(line);
        let found = scopes.iter().find(|(piece, _)| piece == text);
        assert_eq!(
            found.map(|(_, s)| *s),
            Some(scope),
            "`{text}` in `{line}`: {scopes:?}"
        );
    };
    is("/// doc", "/// doc", "comment");
    is("x = 1  // why", "// why", "comment");
    is("x = \"a // b\"", "a // b", "string");
    is("require a, \"no \\\"b\\\" in it\"", "\\\"", "string");
    for number in ["3", "0.5", "5e-4", "100_000", "1e-12"] {
        is(&format!("x = {number}"), number, "constant.numeric");
    }
    is("model Net(width: int) {", "Net", "entity.name.type");
    is("model Net(width: int) {", "width", "variable.parameter");
    is("model Net(width: int) {", "int", "support.type");
    is("loss l(a: [N])", "l", "entity.name.function");
    is("use models::LightNN", "models", "entity.name.namespace");
    is("student light = LightNN(classes: 10)", "light", "variable");
    is(
        "student light = LightNN(classes: 10)",
        "LightNN",
        "entity.name.function",
    );
    is("    y = x -> relu", "relu", "entity.name.function");
    is(
        "    y = x -> conv2d(3, kernel: 1) as conv1",
        "conv2d",
        "entity.name.function",
    );
    is(
        "    y = x -> conv2d(3, kernel: 1) as conv1",
        "as",
        "keyword",
    );
    is("edge a.label ~> b.logits by mse  weight 2", "~>", "keyword");
    is("edge a.label ~> b.logits by mse  weight 2", "by", "keyword");
    is("    by mse", "by", "keyword");
    // Keywords only where a statement expects them.
    is("    weight = x", "weight", "variable");
    is("    y = x.weight", "weight", "variable");
    is("    y = f(weight: 2)", "weight", "variable.parameter");
    is("    `output` = x", "`output`", "variable");
    is("x = 1; y = 2", ";", "invalid");
    is("# not a comment", "#", "invalid");
}
