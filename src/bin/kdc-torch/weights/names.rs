//! How a file's names become the network's.

use kdc::plan::WeightsFile;

/// The name under which the network knows what the file calls `name`: stripped, then renamed.
pub fn resulting(file: &WeightsFile, name: &str) -> String {
    let stripped = file
        .strip
        .as_deref()
        .and_then(|prefix| name.strip_prefix(prefix));
    let mut name = stripped.unwrap_or(name).to_string();
    for (old, new) in &file.rename {
        if let Some(renamed) = renamed(&name, old, new) {
            name = renamed;
        }
    }
    name
}

/// The name with the words `old`, wherever they stand in it, replaced by `new`. A `*` stands for any part of
/// one word, and is what it stood for in the new words. None if the old words are not in it.
pub fn renamed(name: &str, old: &str, new: &str) -> Option<String> {
    let words: Vec<&str> = name.split('.').collect();
    let old: Vec<&str> = old.split('.').collect();
    let mut result: Vec<String> = Vec::new();
    let (mut at, mut found) = (0, false);
    while at < words.len() {
        let captured = words
            .get(at..at + old.len())
            .and_then(|words| captured(&old, words));
        match captured {
            Some(captured) => {
                found = true;
                at += old.len();
                result.extend(filled(new, &captured));
            }
            None => {
                result.push(words[at].to_string());
                at += 1;
            }
        }
    }
    found.then(|| result.join("."))
}

/// What each `*` of the patterns stands for, if they fit the words.
fn captured<'w>(patterns: &[&str], words: &[&'w str]) -> Option<Vec<&'w str>> {
    let mut found = Vec::new();
    for (pattern, word) in patterns.iter().zip(words) {
        match pattern.split_once('*') {
            Some((before, after)) => {
                found.push(word.strip_prefix(before)?.strip_suffix(after)?);
            }
            None if pattern == word => {}
            None => return None,
        }
    }
    Some(found)
}

/// The new words; none for an empty text.
fn filled(new: &str, captured: &[&str]) -> Option<String> {
    let mut text = new.to_string();
    for part in captured {
        text = text.replacen('*', part, 1);
    }
    (!text.is_empty()).then_some(text)
}

/// Whether one of the patterns fits the whole name. A `*` stands for any text.
pub fn any_fits(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, name))
}

pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        // the parts between two stars, each at its first place
        if let Some(part) = last.replace(part) {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_renamed_wherever_they_stand() {
        for (name, old, new, expected) in [
            (
                "a.LayerNorm.gamma",
                "gamma",
                "weight",
                Some("a.LayerNorm.weight"),
            ),
            ("h.11.attn.weight", "h.11", "h.5", Some("h.5.attn.weight")),
            ("h.1.attn.weight", "h.11", "h.5", None),
            ("gammas.weight", "gamma", "weight", None),
            (
                "layers.layer_7.ln.weight",
                "layers.layer_*",
                "blocks.*",
                Some("blocks.7.ln.weight"),
            ),
            ("backbone.stem.weight", "backbone", "", Some("stem.weight")),
            ("a.a", "a", "b", Some("b.b")),
        ] {
            assert_eq!(renamed(name, old, new).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn prefixes_are_stripped_before_renaming() {
        let file = WeightsFile {
            strip: Some("module.".into()),
            rename: vec![("module".into(), "m".into()), ("m".into(), "n".into())],
            ..WeightsFile::default()
        };
        assert_eq!(resulting(&file, "module.fc.weight"), "fc.weight");
        assert_eq!(resulting(&file, "module.module.fc"), "n.fc");
        assert_eq!(resulting(&file, "fc"), "fc");
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, expected) in [
            ("fc.*", "fc.weight", true),
            ("fc.*", "layer.fc.weight", false),
            ("*.position_ids", "bert.embeddings.position_ids", true),
            ("*.c_attn.*", "h.0.c_attn.weight", true),
            ("*.c_attn.*", "h.0.c_proj.weight", false),
            ("*", "anything", true),
            ("fc", "fc", true),
            ("fc", "fc.bias", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
