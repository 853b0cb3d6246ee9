//! What people see: what is being done on standard error, results on standard output.

use indicatif::{ProgressBar, ProgressStyle};
use kdc::cli::output::{Stream, write};
use std::io::IsTerminal;
use std::time::Duration;

/// Nothing but what was asked for, and errors, if quiet.
#[derive(Clone, Copy)]
pub struct Console {
    pub quiet: bool,
}

impl Console {
    pub fn say(&self, line: &str) {
        if !self.quiet {
            write(Stream::Err, &format!("{line}\n"));
        }
    }

    /// What training ends with.
    pub fn summary(&self, text: &str) {
        if !self.quiet {
            self.result(text);
        }
    }

    /// What was asked for.
    pub fn result(&self, text: &str) {
        write(Stream::Out, &format!("{text}\n"));
    }

    /// A bar over the steps of a run, on a terminal; elsewhere nothing.
    pub fn steps(&self, steps: u64) -> ProgressBar {
        if self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {msg}  {eta} left");
        let bar = ProgressBar::new(steps);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar
    }

    /// A line above the bar.
    pub fn say_above(&self, bar: &ProgressBar, line: &str) {
        bar.suspend(|| self.say(line));
    }
}

/// `70.65 %`
pub fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// `3 min 12 s`
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) => format!("{:.1} s", time.as_secs_f64()),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Columns side by side, the first to the left, the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        rows.iter()
            .filter_map(|r| r.get(c))
            .map(|t| t.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(i, (cell, &width))| match i {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
        cells.collect::<Vec<_>>().join("   ").trim_end().to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(percent(0.70654), "70.65 %");
        assert_eq!(duration(Duration::from_millis(192_700)), "3 min 12 s");
    }

    #[test]
    fn tables_align() {
        let rows = [
            vec!["a".into(), "10".into()],
            vec!["long".into(), "2".into()],
        ];
        assert_eq!(table(&rows), "a      10\nlong    2");
    }
}
