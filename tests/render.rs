//! Diagnostics as text, in all three forms.

use kdc::cli::render::human::{self, Style};
use kdc::cli::render::{json, short};
use kdc::diag::{Applicability, Code, Diagnostic, Edit};
use kdc::source::{FileId, Sources, Span};

const STYLE: Style = Style {
    width: 92,
    ..Style::PLAIN
};

/// A file in which places are found by their text.
struct Case {
    sources: Sources,
    file: FileId,
}

impl Case {
    fn new(text: &str) -> Case {
        let mut sources = Sources::default();
        let file = sources.add("a.kd".into(), None, text);
        Case { sources, file }
    }

    /// The span of the first occurrence.
    fn span(&self, of: &str) -> Span {
        let start = self
            .sources
            .get(self.file)
            .text
            .find(of)
            .expect("is in the text");
        self.range(start..start + of.len())
    }

    fn range(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    fn human(&self, diagnostic: &Diagnostic) -> String {
        human::render(diagnostic, &self.sources, &STYLE)
    }
}

fn unknown(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0201, "there is no layer `conv3d`").at(span, "unknown")
}

#[track_caller]
fn assert_text(actual: &str, expected: &str) {
    assert!(
        actual == expected,
        "--- expected\n{expected}\n--- actual\n{actual}"
    );
}

#[test]
fn the_parts_of_a_message() {
    let case = Case::new("a = 1\nb = x -> conv3d(8)\nc = 2\n\n\n\n\nd = x -> relu\n");
    let diagnostic = unknown(case.span("conv3d"))
        .also(case.span("x"), "[N, 3]")
        .note("only pictures are convolved")
        .note_at(case.span("d = x"), "`d` is like it")
        .replace("there is `conv2d`", case.span("conv3d"), "conv2d");
    assert_text(
        &case.human(&diagnostic),
        "\
E0201

  × there is no layer `conv3d`
   ╭─[a.kd:2:10]
 1 │ a = 1
 2 │ b = x -> conv3d(8)
   ·     ┬    ───┬──
   ·     │       ╰── unknown
   ·     ╰── [N, 3]
 3 │ c = 2
   ╰────
  note: only pictures are convolved
  help: there is `conv2d`

            b = x -> conv2d(8)

  ╰─▶   ☞ `d` is like it
         ╭─[a.kd:8:1]
       7 │
       8 │ d = x -> relu
         · ─────
         ╰────
",
    );
}

#[test]
fn the_primary_label_decides_the_place() {
    let case = Case::new("a = 1\nb = 2\nc = 3\n");
    let diagnostic = Diagnostic::new(Code::E0202, "`c` is defined twice")
        .at(case.span("c"), "again")
        .also(case.span("a"), "first");
    assert!(case.human(&diagnostic).contains("╭─[a.kd:3:1]"));
    assert_eq!(
        short::render(&diagnostic, &case.sources),
        "a.kd:3:1: error[E0202]: `c` is defined twice\n"
    );
}

#[test]
fn a_far_label_and_one_of_another_file_become_notes() {
    let mut case = Case::new(&format!("a = 1\n{}b = 2\n", "\n".repeat(20)));
    let other = case.sources.add("b.kd".into(), None, "use x\n");
    let diagnostic = Diagnostic::new(Code::E0202, "`b` is defined twice")
        .at(case.span("b"), "again")
        .also(case.span("a"), "first here")
        .also(Span::new(other, 0..3), "and imported here");
    assert_text(
        &case.human(&diagnostic),
        "\
E0202

  × `b` is defined twice
    ╭─[a.kd:22:1]
 21 │
 22 │ b = 2
    · ┬
    · ╰── again
    ╰────
  ├─▶   ☞ and imported here
  │      ╭─[b.kd:1:1]
  │    1 │ use x
  │      · ───
  │      ╰────
  ╰─▶   ☞ first here
         ╭─[a.kd:1:1]
       1 │ a = 1
         · ─
       2 │
         ╰────
",
    );
}

#[test]
fn a_place_without_text_and_the_end_of_the_file() {
    for text in ["a = (", "a = (\n", "", "\n\n"] {
        let case = Case::new(text);
        let end = case.range(text.len()..text.len());
        let human = case.human(&Diagnostic::new(Code::E0002, "never closed").at(end, "here"));
        assert!(
            human.contains("▲\n") && human.contains("╰── here"),
            "{text:?}\n{human}"
        );
    }
}

#[test]
fn no_place_at_all() {
    let diagnostic = Diagnostic::new(Code::E0501, "cannot read `x.kd`").help("look again");
    let sources = Sources::default();
    assert_text(
        &human::render(&diagnostic, &sources, &STYLE),
        "E0501\n\n  × cannot read `x.kd`\n  help: look again\n",
    );
    assert_eq!(
        short::render(&diagnostic, &sources),
        "error[E0501]: cannot read `x.kd`\n"
    );
}

#[test]
fn tabs_line_ends_and_a_byte_order_mark() {
    let case = Case::new("\u{feff}x = y\r\n\ta = é -> conv3d\r\nb = 1\r\n");
    let human = case.human(&unknown(case.span("conv3d")));
    assert_text(
        &human,
        "\
E0201

  × there is no layer `conv3d`
   ╭─[a.kd:2:11]
 1 │ x = y
 2 │     a = é -> conv3d
   ·              ───┬──
   ·                 ╰── unknown
 3 │ b = 1
   ╰────
",
    );
    let first = short::render(&unknown(case.span("x")), &case.sources);
    assert!(first.starts_with("a.kd:1:1: "), "{first}");
}

#[test]
fn a_label_of_several_lines_is_shown_on_its_first() {
    let case = Case::new("a = x\n  -> relu\n  -> relu\n");
    let human = case.human(&unknown(case.range(4..25)));
    assert!(
        human.contains("   ·     ┬\n   ·     ╰── unknown"),
        "{human}"
    );
}

#[test]
fn a_long_line_is_cut_around_the_label() {
    let text = format!("a = [{}conv3d{}]\n", "1, ".repeat(100), ", 2".repeat(100));
    let case = Case::new(&text);
    let human = case.human(&unknown(case.span("conv3d")).also(case.span("a"), "first"));
    assert_text(
        &human,
        "\
E0201

  × there is no layer `conv3d`
   ╭─[a.kd:1:306]
 1 │ …1, 1, 1, 1, 1, 1, 1, 1, conv3d, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,…
   ·                          ───┬──
   ·                             ╰── unknown
   ╰────
  ╰─▶   ☞ first
         ╭─[a.kd:1:1]
       1 │ a = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,…
         · ─
         ╰────
",
    );
}

#[test]
fn a_line_of_a_megabyte_gives_a_short_message() {
    let text = format!("a = {}\nb = conv3d\n", "é+".repeat(500_000));
    let case = Case::new(&text);
    for span in [
        case.span("b"),
        case.range(4..text.len()),
        case.range(900_004..900_006),
        case.range(0..0),
    ] {
        let diagnostic = unknown(span).replace("there is", span, "x");
        assert!(case.human(&diagnostic).len() < 2_000);
    }
}

#[test]
fn a_long_label_and_message_stay_within_the_width() {
    let case = Case::new(&format!("a = {} conv3d\n", "x + ".repeat(15)));
    let words = "word ".repeat(60);
    let diagnostic = Diagnostic::new(Code::E0201, words.trim())
        .at(case.span("conv3d"), words.trim())
        .help(words.trim())
        .note_at(case.span("a"), words.trim());
    for line in case.human(&diagnostic).lines() {
        assert!(line.chars().count() <= 110, "{line}");
    }
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_as_a_command() {
    let case = Case::new("a = \u{1b}[31m\u{202e}conv3d \u{7}\n");
    let diagnostic = unknown(case.span("conv3d")).replace("x \u{1b}[0m", case.span("a"), "\u{9b}b");
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    let human = case.human(&diagnostic);
    assert!(!human.contains(bad), "{human:?}");
    assert!(human.contains("         ───┬──\n"), "{human}");
}

#[test]
fn a_repair_shows_the_lines_to_write() {
    let case = Case::new("model A {\n    a = x\n        -> relu\n    b = a\n}\n");
    let edit = |at: &str, text: &str| Edit {
        span: case.span(at).after(),
        text: text.into(),
    };
    let diagnostic = unknown(case.span("relu")).fix(
        "add two layers",
        Applicability::Unsafe,
        vec![
            edit("b = a", " -> flatten"),
            edit("relu", "\n        -> flatten"),
        ],
    );
    let human = case.human(&diagnostic);
    let expected = "  help: add two layers\n
                -> relu
                -> flatten
            b = a -> flatten\n";
    assert!(human.ends_with(expected), "{human}");
}

#[test]
fn a_repair_in_another_file_names_it() {
    let mut case = Case::new("a = b\n");
    let other = case.sources.add("b.kd".into(), None, "x = 1\n");
    let diagnostic = unknown(case.span("b")).replace("say", Span::new(other, 4..5), "2");
    let human = case.human(&diagnostic);
    assert!(human.contains("in b.kd:\n            x = 2\n"), "{human}");
}

#[test]
fn ascii_color_and_narration() {
    let case = Case::new("a = conv3d\n");
    let diagnostic = unknown(case.span("conv3d"))
        .help("look")
        .note_at(case.span("a"), "`a`");
    let render = |style| human::render(&diagnostic, &case.sources, &style);
    let ascii = render(Style {
        unicode: false,
        ..STYLE
    });
    assert!(ascii.is_ascii(), "{ascii}");
    let color = render(Style {
        color: true,
        ..STYLE
    });
    assert!(color.contains("\u{1b}[36mhelp\u{1b}[0m: look"), "{color:?}");
    assert!(!render(STYLE).contains('\u{1b}'));
    let narrated = render(Style {
        narrated: true,
        ..STYLE
    });
    assert!(
        narrated.contains("label at line 1, columns 5 to 10: unknown"),
        "{narrated}"
    );
    assert!(
        narrated.contains("help: look") && narrated.contains("`a`"),
        "{narrated}"
    );
}

/// The example of docs/diagnostics-json.md is what comes out, and every field is described there.
#[test]
fn json_is_as_documented() {
    let case = Case::new("student light = LightNN()\nedge a ~> é.flat by mse\n");
    let span = case.span("flat");
    let diagnostic = Diagnostic::new(Code::E0209, "`light` has no `flat`")
        .at(span, "no such value")
        .note("it has 3 values")
        .note_at(case.span("light"), "`light` is declared here")
        .replace("there is `flatter`", span, "flatter");
    let text = json::render(&diagnostic, &case.sources);
    assert!(text.ends_with("}\n") && text.matches('\n').count() == 1);
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    let documentation = include_str!("../docs/diagnostics-json.md");
    let example = documentation
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("there is an example");
    let example: serde_json::Value = serde_json::from_str(example).unwrap();
    assert_eq!(object, example, "{object:#}");
    for field in fields(&object) {
        assert!(documentation.contains(&format!("| `{field}` |")), "{field}");
    }
}

/// The names of all fields, at any depth.
fn fields(value: &serde_json::Value) -> std::collections::BTreeSet<String> {
    match value {
        serde_json::Value::Array(values) => values.iter().flat_map(fields).collect(),
        serde_json::Value::Object(map) => map
            .iter()
            .flat_map(|(name, value)| fields(value).into_iter().chain([name.clone()]))
            .collect(),
        _ => Default::default(),
    }
}

#[test]
fn a_repair_at_the_end_of_a_long_line_can_be_seen() {
    let case = Case::new(&format!("a = [{}conv3d]\n", "1, ".repeat(100)));
    let diagnostic = unknown(case.span("conv3d")).replace("say", case.span("conv3d"), "conv2d");
    let human = case.human(&diagnostic);
    assert!(
        human.contains("1, 1, conv3d]\n") && human.ends_with("1, 1, conv2d]\n"),
        "{human}"
    );
}

#[test]
fn a_shape_stays_on_one_line() {
    let case = Case::new("a = 1\n");
    let shape = "[N, 32, 8, 8]";
    for padding in 1..80 {
        let words = format!("{} {shape}", "x".repeat(padding));
        let diagnostic = Diagnostic::new(Code::E0301, &words)
            .at(case.span("a"), &words)
            .help(&words);
        assert_eq!(
            case.human(&diagnostic).matches(shape).count(),
            3,
            "{padding}"
        );
    }
}
