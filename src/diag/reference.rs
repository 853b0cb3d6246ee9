//! The reference of all diagnostics, as Markdown.

use super::Code;
use std::fmt::Write;

/// Codes are grouped by how they begin.
const GROUPS: [(&str, &str); 7] = [
    ("E00", "Text"),
    ("E02", "Names and calls"),
    ("E03", "Shapes and types"),
    ("E04", "Knowledge and training"),
    ("E05", "Files"),
    ("E09", "Limits of kdc"),
    ("W", "Legal, but probably not what was meant"),
];

/// The text of `docs/diagnostics.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Diagnostics\n\n\
         What `kdc check` reports. This page is generated from the table that kdc uses. A code is never \
         renumbered. `kdc explain CODE` says the same, and takes the name as well. All examples are tested.\n\n\
         An error stops `kdc plan` and `kdc train`. A warning does not; `kdc check --deny CODE` makes \
         it an error, `--deny warnings` all of them, and `--allow CODE` leaves it out.\n",
    );
    for (prefix, title) in GROUPS {
        let codes = Code::ALL.iter().copied();
        let codes: Vec<Code> = codes
            .filter(|code| code.name().starts_with(prefix))
            .collect();
        let _ = write!(
            text,
            "\n## {title}\n\n| Code | Name | Severity | Meaning |\n|---|---|---|---|\n"
        );
        text.extend(codes.iter().copied().map(row));
        text.extend(codes.iter().copied().map(section));
    }
    text
}

fn row(code: Code) -> String {
    format!(
        "| [{code}](#{}) | `{}` | {} | {} |\n",
        code.name().to_lowercase(),
        code.slug(),
        code.severity().word(),
        code.summary()
    )
}

fn section(code: Code) -> String {
    format!("\n### {code}\n\n{}", code.explanation())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_one_group() {
        for code in Code::ALL {
            let groups = GROUPS
                .iter()
                .filter(|(prefix, _)| code.name().starts_with(prefix));
            assert_eq!(groups.count(), 1, "{code}");
        }
    }
}
