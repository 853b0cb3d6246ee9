//! Which words after `from` would make a file's names fit a network's.

use super::compare::{Difference, Named, compare};
use kdc::plan::WeightsFile;
use std::collections::BTreeSet;

/// A repair has at most so many parts: more is no repair.
const MOST_STEPS: usize = 6;
/// More renamings are not worth trying.
const MOST_RENAMINGS: usize = 24;

/// The file's arguments with what makes the difference smallest, and that difference. None if nothing helps.
pub fn repair(
    file: &WeightsFile,
    wanted: &[Named],
    found: &[Named],
) -> Option<(WeightsFile, Difference)> {
    let mut best: Option<(WeightsFile, Difference)> = None;
    for _ in 0..MOST_STEPS {
        let now = best.as_ref().map_or(file, |(file, _)| file);
        let (difference, _) = compare(now, wanted, found).ok()?;
        let tried = candidates(now, &difference, found)
            .into_iter()
            .filter_map(|candidate| {
                let (left, _) = compare(&candidate, wanted, found).ok()?;
                Some((candidate, left))
            });
        match tried.min_by_key(|(_, left)| left.count()) {
            Some((candidate, left)) if left.count() < difference.count() => {
                let done = left.count() == 0;
                best = Some((candidate, left));
                if done {
                    break;
                }
            }
            _ => break,
        }
    }
    best
}

/// The file's arguments, each with one thing more.
fn candidates(file: &WeightsFile, difference: &Difference, found: &[Named]) -> Vec<WeightsFile> {
    let mut all = Vec::new();
    if file.strip.is_none() {
        all.extend(prefixes(found).into_iter().map(|prefix| WeightsFile {
            strip: Some(prefix),
            ..file.clone()
        }));
    }
    all.extend(renamings(difference).into_iter().map(|pair| {
        let mut rename = file.rename.clone();
        rename.push(pair);
        WeightsFile {
            rename,
            ..file.clone()
        }
    }));
    let turned = turned(difference);
    if !turned.is_empty() {
        let transpose = file.transpose.iter().cloned().chain(turned).collect();
        all.push(WeightsFile {
            transpose,
            ..file.clone()
        });
    }
    all
}

/// The first words of the file's names, one, two or three of them.
fn prefixes(found: &[Named]) -> BTreeSet<String> {
    let ends = |name: &str| {
        let dots = name.match_indices('.').take(3);
        dots.map(|(at, _)| name[..=at].to_string())
            .collect::<Vec<_>>()
    };
    found.iter().flat_map(|(name, _)| ends(name)).collect()
}

/// Words of names that the network may call otherwise: a parameter that is missing and one that is not expected,
/// of one shape, whose names differ in one word.
fn renamings(difference: &Difference) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for (wanted, shape) in &difference.missing {
        for (found, other) in &difference.unexpected {
            if shape != other {
                continue;
            }
            pairs.extend(one_word(found, wanted));
            if pairs.len() == MOST_RENAMINGS {
                return pairs;
            }
        }
    }
    pairs
}

/// The only word in which two names differ, with the word before it where that is a number's owner.
fn one_word(old: &str, new: &str) -> Option<(String, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('.').collect(), new.split('.').collect());
    if old.len() != new.len() {
        return None;
    }
    let mut differ = (0..old.len()).filter(|at| old[*at] != new[*at]);
    let at = differ.next()?;
    if differ.next().is_some() {
        return None;
    }
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let from = match number(old[at]) || number(new[at]) {
        true => at.saturating_sub(1),
        false => at,
    };
    Some((old[from..=at].join("."), new[from..=at].join(".")))
}

/// Patterns of the matrices that are the other way round in the file.
fn turned(difference: &Difference) -> BTreeSet<String> {
    let reversed = difference
        .reshaped
        .iter()
        .filter(|(_, here, there)| here.len() == 2 && here.iter().eq(there.iter().rev()));
    let pattern = |name: &str| {
        let words: Vec<&str> = name.split('.').collect();
        match words.len() {
            0..=2 => name.to_string(),
            n => format!("*.{}", words[n - 2..].join(".")),
        }
    };
    reversed.map(|(name, ..)| pattern(name)).collect()
}

/// The arguments of `weights` that the repair adds: `strip: "module."`.
pub fn words(file: &WeightsFile, repaired: &WeightsFile) -> String {
    let mut words = Vec::new();
    if file.strip != repaired.strip {
        let strip = repaired.strip.as_deref().unwrap_or_default();
        words.push(format!("strip: \"{strip}\""));
    }
    if file.rename != repaired.rename {
        let pairs: Vec<String> = repaired
            .rename
            .iter()
            .map(|(old, new)| format!("(\"{old}\", \"{new}\")"))
            .collect();
        words.push(format!("rename: [{}]", pairs.join(", ")));
    }
    if file.transpose != repaired.transpose {
        let patterns: Vec<String> = repaired
            .transpose
            .iter()
            .map(|p| format!("\"{p}\""))
            .collect();
        words.push(format!("transpose: [{}]", patterns.join(", ")));
    }
    words.join(", ")
}
