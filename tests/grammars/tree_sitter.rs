//! The tree-sitter grammar: it reads what kdc reads, makes the trees of `test/corpus`, and its queries fit it.

use super::{files_in, read, shipped, sound};
use crate::{golden, ui};
use std::fs;
use std::path::Path;
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator};

const FOLDER: &str = "grammar/tree-sitter-kd";

pub fn parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_kd::LANGUAGE.into())
        .expect("a parser of this version of tree-sitter");
    parser
}

/// The first place in a text that fits nothing.
fn misfit(text: &str) -> Option<String> {
    let tree = parser().parse(text, None).expect("a tree");
    let mut node = tree.root_node();
    while node.has_error() && !node.is_error() && !node.is_missing() {
        let mut cursor = node.walk();
        let broken = node.children(&mut cursor).find(Node::has_error);
        node = broken?;
    }
    let line = text
        .lines()
        .nth(node.start_position().row)
        .unwrap_or_default();
    (node.is_error() || node.is_missing()).then(|| format!("{}: {line}", node.start_position()))
}

#[test]
fn shipped_files_have_no_error() {
    for (path, text) in shipped() {
        assert_eq!(misfit(&text), None, "{}", path.display());
    }
}

/// Files of the test cases, most of which are wrong only in what they mean.
#[test]
fn what_kdc_reads_without_a_word_has_no_error() {
    let cases = ui::cases().into_iter().map(|case| (read(&case.path), case));
    let sound: Vec<_> = cases.filter(|(text, _)| sound(text)).collect();
    for (text, case) in &sound {
        assert_eq!(misfit(text), None, "{}", case.path.display());
    }
    assert!(sound.len() > 100, "{}", sound.len());
}

/// Every line end of a file is the same to both with a comment before it, an empty line behind it, and as `\r\n`.
#[test]
fn line_ends_count_as_they_do_for_kdc() {
    for (path, text) in shipped() {
        let bare = text
            .lines()
            .map(|line| match line.contains("//") || line.contains('"') {
                true => format!("{line}\n"),
                false => format!("{line}  // why\n\n\t\n  // and\n"),
            });
        for changed in [bare.collect(), text.replace('\n', "\r\n")] {
            assert!(sound(&changed), "{changed}");
            assert_eq!(misfit(&changed), None, "{}", path.display());
        }
    }
}

/// A case of a corpus file, in tree-sitter's own form: a title between lines of `=`, a text, `---`, its tree.
struct Case<'a> {
    title: &'a str,
    text: &'a str,
    tree: &'a str,
}

fn cases(corpus: &str) -> Vec<Case<'_>> {
    let parts: Vec<&str> = corpus.split("==================\n").skip(1).collect();
    let cases = parts.chunks(2).map(|part| {
        let (text, tree) = part[1].split_once("\n---\n").expect("a text and its tree");
        Case {
            title: part[0].trim(),
            text: text.trim_start_matches('\n'),
            tree,
        }
    });
    cases.collect()
}

/// The node on a line of its own, its named parts below.
fn drawn(node: Node, field: Option<&str>, depth: usize, into: &mut String) {
    let indent = "  ".repeat(depth);
    let field = field.map(|field| format!("{field}: ")).unwrap_or_default();
    into.push_str(&format!("\n{indent}{field}({}", node.kind()));
    for at in 0..node.child_count() as u32 {
        let child = node.child(at).expect("a part");
        if child.is_named() {
            drawn(child, node.field_name_for_child(at), depth + 1, into);
        }
    }
    into.push(')');
}

#[test]
fn the_corpus_has_the_trees_that_it_shows() {
    for path in files_in(&Path::new(FOLDER).join("test/corpus"), "txt") {
        let corpus = read(&path);
        let mut blessed = String::new();
        for case in cases(&corpus) {
            let tree = parser().parse(case.text, None).expect("a tree");
            let mut found = String::new();
            drawn(tree.root_node(), None, 0, &mut found);
            let bar = "==================\n";
            blessed.push_str(&format!(
                "{bar}{}\n{bar}\n{}\n---\n{found}\n\n",
                case.title, case.text
            ));
            if !golden::blessed() {
                assert_eq!(
                    found.trim(),
                    case.tree.trim(),
                    "{} in {}",
                    case.title,
                    path.display()
                );
            }
        }
        if golden::blessed() {
            fs::write(&path, blessed.trim_end().to_string() + "\n")
                .expect("the corpus can be written");
        }
    }
}

/// What the highlight query says of each piece of a text that it names; the last word on a piece counts.
fn shown(text: &str) -> Vec<(String, String)> {
    let language = tree_sitter_kd::LANGUAGE.into();
    let query = Query::new(&language, tree_sitter_kd::HIGHLIGHTS).expect("a query that fits");
    let tree = parser().parse(text, None).expect("a tree");
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut pieces: Vec<(String, String)> = Vec::new();
    let mut places = Vec::new();
    while let Some((found, index)) = captures.next() {
        let capture = found.captures[*index];
        let name = query.capture_names()[capture.index as usize].to_string();
        let place = capture.node.byte_range();
        if places.last() == Some(&place) {
            pieces.pop();
        }
        pieces.push((text[place.clone()].to_string(), name));
        places.push(place);
    }
    pieces
}

#[test]
fn every_kind_of_word_is_shown_as_what_it_is() {
    let text = "/// The whole.
use models::LightNN  // one
model Net(width: int = 24) {
    input image: [N, 3]
    mix = linear(width, bias: false)
    output logits = image -> mix -> relu as last
}
teacher deep from \"teacher.kd\"
tap t = deep.features[0] * 2.5
edge deep.logits ~> t by mse(weight: 1) weight 3
";
    let shown = shown(text);
    let is = |piece: &str, name: &str| {
        let all: Vec<&str> = (shown.iter())
            .filter(|(text, _)| text == piece)
            .map(|(_, name)| name.as_str())
            .collect();
        assert!(all.contains(&name), "`{piece}` is {all:?}");
    };
    is("/// The whole.", "comment.documentation");
    is("// one", "comment");
    is("use", "keyword.import");
    is("models", "module");
    is("LightNN", "type");
    is("model", "keyword.type");
    is("Net", "type");
    is("width", "variable.parameter");
    is("int", "type.builtin");
    is("24", "number");
    is("image", "variable.parameter");
    is("linear", "function.call");
    is("bias", "variable.parameter");
    is("false", "constant.builtin");
    is("output", "keyword");
    is("relu", "function.call");
    is("last", "label");
    is("teacher", "keyword");
    is("deep", "variable");
    is("\"teacher.kd\"", "string");
    is("features", "variable.member");
    is("~>", "operator");
    is("by", "keyword");
    is("mse", "function.call");
    is("weight", "variable.parameter");
    is("weight", "keyword");
    is("2.5", "number");
}

#[test]
fn the_other_queries_fit_the_grammar() {
    let language = tree_sitter_kd::LANGUAGE.into();
    for path in files_in(&Path::new(FOLDER).join("queries"), "scm") {
        let query = Query::new(&language, &read(&path));
        assert!(query.is_ok(), "{}: {query:?}", path.display());
    }
}
