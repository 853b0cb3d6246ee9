//! Words for weights that do not fit.

use super::compare::{Difference, Named};
use super::repair;
use kdc::diag::suggest::nearest;
use kdc::plan::WeightsFile;
use std::fmt::Write;

/// Of each kind that many are listed.
const MOST_LISTED: usize = 8;

/// The head of all such messages, and why.
pub fn unfit(network: &str, file: &WeightsFile, why: &str) -> String {
    format!(
        "the weights in `{}` do not fit `{network}` ({}): {why}",
        file.path, file.at
    )
}

/// All that is missing, not expected or of another shape, and what would mend it.
pub fn difference(
    file: &WeightsFile,
    wanted: &[Named],
    found: &[Named],
    difference: &Difference,
) -> String {
    let mut text = format!(
        "{} of its {} parameters are missing, {} have another shape, and {} in the file are not expected",
        difference.missing.len(),
        wanted.len(),
        difference.reshaped.len(),
        difference.unexpected.len()
    );
    let missing = difference.missing.iter().map(|(name, shape)| {
        match candidate(name, shape, &difference.unexpected) {
            Some(near) => format!("{name} {shape:?}; the file has {near} {shape:?}"),
            None => format!("{name} {shape:?}"),
        }
    });
    list(&mut text, "missing in the file", missing.collect());
    let reshaped = difference
        .reshaped
        .iter()
        .map(|(name, here, there)| format!("{name} is {here:?} here and {there:?} in the file"));
    list(&mut text, "of another shape", reshaped.collect());
    let unexpected = difference.unexpected.iter();
    let unexpected = unexpected.map(|(name, shape)| format!("{name} {shape:?}"));
    list(&mut text, "not expected", unexpected.collect());
    let _ = write!(text, "\n  help: {}", help(file, wanted, found, difference));
    text
}

fn list(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n  {title}:");
    for line in lines.iter().take(MOST_LISTED) {
        let _ = write!(text, "\n    {line}");
    }
    if lines.len() > MOST_LISTED {
        let _ = write!(text, "\n    and {} more", lines.len() - MOST_LISTED);
    }
}

/// The parameter of the same shape that is probably meant: its name ends alike, or is similar.
fn candidate<'n>(name: &str, shape: &[i64], there: &'n [Named]) -> Option<&'n str> {
    let same_shape = || {
        there
            .iter()
            .filter(|(_, s)| s == shape)
            .map(|(n, _)| n.as_str())
    };
    let ends = |n: &&str| {
        n.strip_suffix(name)
            .is_some_and(|front| front.ends_with('.'))
    };
    let longer = same_shape().find(ends);
    longer.or_else(|| nearest(name, same_shape()))
}

fn help(file: &WeightsFile, wanted: &[Named], found: &[Named], difference: &Difference) -> String {
    match repair::repair(file, wanted, found) {
        Some((repaired, left)) => {
            let words = repair::words(file, &repaired);
            match left.count() {
                0 => format!("with `{words}` it fits"),
                n => format!("with `{words}` all but {n} would fit"),
            }
        }
        None if difference.count() == difference.reshaped.len() => {
            "the file is of another variant of the model; to start these anew, name them in `ignore:` and in \
             `missing:`"
                .into()
        }
        None => "`rename:` gives names of the file others, `ignore:` passes over what is not expected, \
                 `missing:` allows the file to lack a parameter"
            .into(),
    }
}
