//! `tests/format/NAME.kd` becomes `NAME.formatted.kd`, and the laws that formatting keeps.

use crate::mutate::{Random, mutations};
use crate::shipped;
use crate::syntax::source;
use std::path::PathBuf;

fn format(text: &str) -> Option<String> {
    kdc::format::format(&source(text)).ok()
}

/// The tree without its places.
fn meaning(text: &str) -> String {
    let tree = format!("{:?}", kdc::syntax::parse(&source(text)).file);
    let is_of_a_place = |c: char| c.is_ascii_digit() || c == ':' || c == '.';
    let mut shown = String::new();
    for part in tree.split_inclusive(|c| !is_of_a_place(c)) {
        let rest = part.trim_start_matches(is_of_a_place);
        let place = part[..part.len() - rest.len()].contains("..");
        shown.push_str(if place { rest } else { part });
    }
    shown
}

fn comments(text: &str) -> Vec<&str> {
    // A lone carriage return ends a line, too.
    let lines = text
        .split(['\n', '\r'])
        .filter_map(|line| line.find("//").map(|at| line[at..].trim_end()));
    lines.collect()
}

/// The templates of `kdc new` among them.
fn shipped() -> Vec<(PathBuf, String)> {
    [shipped::shipped(), shipped::texts("src/cli/new")].concat()
}

#[test]
fn cases_become_what_stands_beside_them() {
    for name in ["experiment", "model"] {
        let read =
            |end: &str| std::fs::read_to_string(format!("tests/format/{name}{end}")).unwrap();
        let formatted = format(&read(".kd")).unwrap_or_else(|| panic!("{name} has syntax errors"));
        assert_eq!(formatted, read(".formatted.kd"), "{name}");
    }
}

#[test]
fn every_shipped_file_is_formatted() {
    for (path, text) in shipped() {
        assert_eq!(
            format(&text).as_ref(),
            Some(&text),
            "{}: run `kdc fmt`",
            path.display()
        );
    }
}

#[test]
fn a_text_with_syntax_errors_is_left_alone() {
    assert_eq!(format("model A {\n"), None);
}

#[test]
fn line_ends_and_the_byte_order_mark() {
    assert_eq!(
        format("a=1\r\n\r\n\r\nb=2").unwrap(),
        "a = 1\r\n\r\nb = 2\r\n"
    );
    assert_eq!(format("\u{feff}a = 1\n").unwrap(), "a = 1\n");
    assert_eq!(format("").unwrap(), "");
}

/// Formatting keeps the meaning and the comments, and a second time changes nothing.
fn check(text: &str) -> bool {
    let Some(formatted) = format(text) else {
        return false;
    };
    assert_eq!(
        meaning(text),
        meaning(&formatted),
        "\n{text}\n----\n{formatted}"
    );
    assert_eq!(
        comments(text),
        comments(&formatted),
        "\n{text}\n----\n{formatted}"
    );
    assert_eq!(format(&formatted).as_ref(), Some(&formatted), "\n{text}");
    true
}

#[test]
fn damaged_files_keep_their_meaning() {
    let mut readable = 0;
    let files = shipped();
    let each = 3_000usize.div_ceil(files.len());
    for (seed, (_, text)) in files.iter().enumerate() {
        for damaged in mutations(text, seed as u64 + 1).take(each) {
            readable += usize::from(check(&damaged));
        }
    }
    assert!(readable > 100, "{readable}");
}

/// The text with other blanks where it has some.
fn respaced(text: &str, random: &mut Random) -> String {
    let mut changed = String::new();
    let mut in_string = false;
    for line in text.lines() {
        changed.push_str(&" ".repeat(random.below(9)));
        let (code, comment) = line.split_at(line.find("//").unwrap_or(line.len()));
        let mut last = ' ';
        for c in code.trim_start().chars() {
            in_string ^= c == '"';
            match c == ' ' && !in_string {
                true if last == ' ' => {}
                true => changed.push_str(&" ".repeat(1 + random.below(4))),
                false => changed.push(c),
            }
            last = c;
        }
        changed.push_str(comment);
        changed.push_str(&" ".repeat(random.below(2)));
        changed.push('\n');
    }
    changed
}

#[test]
fn blanks_do_not_matter() {
    let mut random = Random::new(7);
    for (path, text) in shipped() {
        for _ in 0..20 {
            let changed = respaced(&text, &mut random);
            assert_eq!(
                format(&changed).as_ref(),
                Some(&text),
                "{}\n{changed}",
                path.display()
            );
        }
    }
}
