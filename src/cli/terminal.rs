//! What the terminal, the environment and `--color` allow the output to look like.

use super::args::ColorChoice;
use super::render::human::Style;
use std::io::IsTerminal;

const WIDEST: usize = 100;
const NARROWEST: usize = 40;

/// How diagnostics look on standard error.
pub fn style(choice: ColorChoice) -> Style {
    let terminal = std::io::stderr().is_terminal();
    let columns = terminal
        .then(|| terminal_size::terminal_size_of(std::io::stderr()))
        .flatten()
        .map(|(columns, _)| columns.0.into());
    decide(choice, terminal, columns, |name| std::env::var(name).ok())
}

fn decide(
    choice: ColorChoice,
    terminal: bool,
    columns: Option<usize>,
    variable: impl Fn(&str) -> Option<String>,
) -> Style {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if no_color => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    };
    Style {
        color,
        unicode: unicode(&variable),
        narrated: set("NO_GRAPHICS"),
        width: columns.map_or(80, |columns| columns.clamp(NARROWEST, WIDEST)),
    }
}

/// The first of these variables that is set decides the character set. Where none is (a container, CI), UTF-8 is
/// what is read in the end.
fn unicode(variable: &impl Fn(&str) -> Option<String>) -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(choice: ColorChoice, terminal: bool, variables: &[(&str, &str)]) -> Style {
        decide(choice, terminal, None, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn colour_follows_the_option_then_the_environment_then_the_stream() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, terminal, variables, expected) in [
            (Auto, true, &[][..], true),
            (Auto, false, &[], false),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, true, &[("TERM", "dumb")], false),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (
                Auto,
                false,
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
                false,
            ),
            (Always, false, &[("NO_COLOR", "1")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            assert_eq!(
                style(choice, terminal, variables).color,
                expected,
                "{choice:?} {terminal} {variables:?}"
            );
        }
    }

    #[test]
    fn the_locale_decides_the_characters() {
        for (variables, expected) in [
            (&[][..], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "de_DE.UTF-8")], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")], false),
            (&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")], true),
        ] {
            assert_eq!(
                style(ColorChoice::Auto, true, variables).unicode,
                expected,
                "{variables:?}"
            );
        }
    }

    #[test]
    fn the_width_is_that_of_the_terminal_within_reason() {
        let width = |columns| decide(ColorChoice::Auto, true, columns, |_| None).width;
        assert_eq!(
            [
                width(None),
                width(Some(250)),
                width(Some(90)),
                width(Some(3))
            ],
            [80, 100, 90, 40]
        );
    }
}
