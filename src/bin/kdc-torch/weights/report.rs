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
    let mut text = counts(wanted.len(), difference);
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

fn counts(wanted: usize, difference: &Difference) -> String {
    let counts = [
        (difference.missing.len(), "missing"),
        (difference.reshaped.len(), "of another shape"),
        (difference.unexpected.len(), "not expected"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = counts.map(|(n, what)| format!("{n} {what}")).collect();
    format!("of {wanted} parameters, {}", words.join(", "))
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
            let anew = anew(difference);
            format!(
                "the file is of another variant of the model; `ignore: [{anew}], missing: [{anew}]` leaves these out: \
                 a student starts them anew, of a teacher no edge may need them"
            )
        }
        None => {
            "`rename:` gives names of the file others, `ignore:` passes over what is not expected, \
                 `missing:` allows the file to lack a parameter"
                .into()
        }
    }
}

/// Patterns of the layers whose parameters have another shape.
fn anew(difference: &Difference) -> String {
    let layers = difference
        .reshaped
        .iter()
        .map(|(name, ..)| match name.rsplit_once('.') {
            Some((layer, _)) => format!("\"{layer}.*\""),
            None => format!("\"{name}\""),
        });
    let mut layers: Vec<_> = layers.collect();
    layers.dedup();
    if layers.len() > MOST_LISTED {
        return "…".into();
    }
    layers.join(", ")
}
