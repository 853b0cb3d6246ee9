//! What a file holds against what a network wants, by names and shapes alone.

use super::names::{any_fits, resulting};
use kdc::plan::WeightsFile;
use std::collections::HashMap;

/// A name and a shape.
pub type Named = (String, Vec<i64>);

/// How the two differ.
#[derive(Debug, Default)]
pub struct Difference {
    /// What the network wants and the file lacks.
    pub missing: Vec<Named>,
    /// What the file holds and the network does not take, under the resulting name.
    pub unexpected: Vec<Named>,
    /// The name, the network's shape, and the file's.
    pub reshaped: Vec<(String, Vec<i64>, Vec<i64>)>,
}

impl Difference {
    pub fn count(&self) -> usize {
        self.missing.len() + self.unexpected.len() + self.reshaped.len()
    }
}

/// The place in the file of each parameter that the network takes from it.
pub type Places = HashMap<String, usize>;

/// Finds for each wanted parameter its place among the file's. Two that end up with one name are an error, unless
/// one of them was renamed: it then replaces the other.
pub fn compare(
    file: &WeightsFile,
    wanted: &[Named],
    found: &[Named],
) -> Result<(Difference, Places), String> {
    let mut places: HashMap<String, (usize, bool)> = HashMap::new();
    for (at, (name, _)) in found.iter().enumerate() {
        let now = resulting(file, name);
        let renamed = now != *name;
        match places.get(&now) {
            Some((_, true)) if !renamed => {}
            Some((other, was)) if *was == renamed => {
                return Err(format!(
                    "`{}` and `{name}` both become `{now}`",
                    found[*other].0
                ));
            }
            _ => {
                places.insert(now, (at, renamed));
            }
        }
    }
    let mut difference = Difference::default();
    let mut taken = Places::new();
    for (name, shape) in wanted {
        let place = places
            .remove(name)
            .filter(|_| !any_fits(&file.ignore, name));
        match place {
            Some((at, _)) => {
                let there = in_place(file, name, &found[at].1);
                if there != *shape {
                    let reshaped = (name.clone(), shape.clone(), there);
                    difference.reshaped.push(reshaped);
                }
                taken.insert(name.clone(), at);
            }
            None if any_fits(&file.missing, name) => {}
            None => difference.missing.push((name.clone(), shape.clone())),
        }
    }
    let mut rest: Vec<(String, usize)> = places
        .into_iter()
        .filter(|(name, _)| !name.ends_with("num_batches_tracked") && !any_fits(&file.ignore, name))
        .map(|(name, (at, _))| (name, at))
        .collect();
    rest.sort_by_key(|(_, at)| *at);
    let shaped = |(name, at): (String, usize)| (name, found[at].1.clone());
    difference.unexpected = rest.into_iter().map(shaped).collect();
    Ok((difference, taken))
}

/// The shape after the file's own transposition, if the name is to be transposed.
fn in_place(file: &WeightsFile, name: &str, shape: &[i64]) -> Vec<i64> {
    let mut shape = shape.to_vec();
    if shape.len() == 2 && any_fits(&file.transpose, name) {
        shape.reverse();
    }
    shape
}
