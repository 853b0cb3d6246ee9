//! Plans as text: YAML in which what fits on a line stands on one.

use serde_yaml::{Mapping, Value};

/// Columns that a line may have.
const WIDTH: usize = 120;

/// The words of YAML's several versions that are no strings.
const WORDS: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

pub fn text(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Mapping(mapping) => block(mapping, 0, &mut text),
        other => text.push_str(&flow(other)),
    }
    text
}

/// A mapping, an entry on a line. The first stands where the text ends.
fn block(mapping: &Mapping, indent: usize, text: &mut String) {
    for (at, (key, value)) in mapping.iter().enumerate() {
        if at > 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&flow(key));
        text.push(':');
        entry(value, indent, text);
    }
}

/// What stands behind a key.
fn entry(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Mapping(mapping) if !fits(value, text) => {
            text.push('\n');
            text.push_str(&" ".repeat(indent + 2));
            block(mapping, indent + 2, text);
        }
        Value::Sequence(items) if !fits(value, text) && holds_mappings(value) => {
            text.push('\n');
            for item in items {
                text.push_str(&" ".repeat(indent));
                text.push('-');
                element(item, indent + 2, text);
            }
        }
        _ => record(value, indent + 2, text),
    }
}

/// What stands behind the dash of a list.
fn element(value: &Value, indent: usize, text: &mut String) {
    let Value::Mapping(mapping) = value else {
        return record(value, indent, text);
    };
    match fits(value, text) || !mapping.values().any(holds_mappings) {
        true => record(value, indent, text),
        false => {
            text.push(' ');
            block(mapping, indent, text);
        }
    }
}

/// Whether there is a list of mappings in it.
fn holds_mappings(value: &Value) -> bool {
    match value {
        Value::Sequence(items) => items
            .iter()
            .any(|item| item.is_mapping() || holds_mappings(item)),
        Value::Mapping(mapping) => mapping.values().any(holds_mappings),
        _ => false,
    }
}

/// Whether a value can stand where the last line ends.
fn fits(value: &Value, text: &str) -> bool {
    column(text) + 1 + flow(value).chars().count() <= WIDTH
}

fn column(text: &str) -> usize {
    let line = text.rfind('\n').map_or(text, |at| &text[at + 1..]);
    line.chars().count()
}

/// A value in brackets, with as much on each line as fits.
fn record(value: &Value, indent: usize, text: &mut String) {
    let line = flow(value);
    let (open, parts, close) = match value {
        Value::Mapping(mapping) if !fits(value, text) => {
            ("{", mapping.iter().map(pair).collect(), "}")
        }
        Value::Sequence(items) if !fits(value, text) => {
            ("[", items.iter().map(flow).collect(), "]")
        }
        _ => ("", vec![line], ""),
    };
    let last = parts.len().saturating_sub(1);
    text.push(' ');
    text.push_str(open);
    for (at, part) in parts.iter().enumerate() {
        let end = if at == last { close } else { "," };
        if at > 0 && column(text) + 1 + part.chars().count() + end.len() > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
        }
        // a line begins with its indent or the opening bracket, and a space would be one too many
        if at > 0 && !text.ends_with(' ') {
            text.push(' ');
        }
        text.push_str(part);
        text.push_str(end);
    }
    text.push('\n');
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(string) => scalar(string),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(mapping) => {
            let entries: Vec<String> = mapping.iter().map(pair).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Tagged(tagged) => format!("{} {}", tagged.tag, flow(&tagged.value)),
    }
}

fn pair((key, value): (&Value, &Value)) -> String {
    format!("{}: {}", flow(key), flow(value))
}

/// A string, quoted where it could be read as something else.
fn scalar(string: &str) -> String {
    let first = string.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let inside = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    let is_word = WORDS.contains(&string.to_ascii_lowercase().as_str());
    match first && string.chars().all(inside) && !string.ends_with(' ') && !is_word {
        true => string.to_string(),
        false => quoted(string),
    }
}

/// A string between quotes, on one line.
pub fn quoted(string: &str) -> String {
    let mut text = String::from("\"");
    for c in string.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            // what YAML does not allow, or takes for the end of a line
            c if c.is_control() || "\u{2028}\u{2029}\u{fffe}\u{ffff}\u{feff}".contains(c) => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written is read as the same, whatever it looks like.
    #[test]
    fn strings_stay_strings() {
        let strings = [
            "",
            "a",
            "light.features.0",
            "[N, 3]",
            "1e5",
            "0x10",
            "true",
            "No",
            "~",
            "null",
            "a: b",
            "a # b",
            "- a",
            "'a'",
            "\"a\"",
            "a\nb",
            "\\",
            "ä 😀",
            " a",
            "a ",
            "{a}",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "a,b",
            "1_000",
            "before relu",
            "\u{7f}",
            "\u{1}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{ffff}",
        ];
        for string in strings {
            let value = Value::from(vec![Value::from(string), Value::from(1)]);
            let mapping: Mapping = [(Value::from(string), value)].into_iter().collect();
            let written = text(&Value::Mapping(mapping.clone()));
            let read: Value = serde_yaml::from_str(&written).unwrap();
            assert_eq!(read, Value::Mapping(mapping), "{written}");
        }
    }
}
