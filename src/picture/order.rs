//! In which order networks stand beside each other.

use super::{Flow, Picture};
use crate::plan::Role;

/// More than so many stay as they are written.
const PERMUTED: usize = 6;

/// Networks from left to right: so that as few as possible that have to do with each other stand apart.
pub fn order(picture: &Picture) -> Vec<usize> {
    let count = picture.networks.len();
    let mut written: Vec<usize> = (0..count).collect();
    written.sort_by_key(|at| (picture.networks[*at].role == Role::Student, *at));
    if count > PERMUTED {
        return written;
    }
    let pairs = pairs(picture);
    let apart = |order: &Vec<usize>| -> usize {
        let place = |network| order.iter().position(|n| *n == network).unwrap_or(0);
        let gaps = pairs
            .iter()
            .map(|(a, b)| place(*a).abs_diff(place(*b)).saturating_sub(1));
        gaps.sum()
    };
    // the first of several that are equally good is nearest to the file's order
    permutations(&written)
        .into_iter()
        .min_by_key(apart)
        .unwrap_or(written)
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..of.len() {
        let mut rest = of.to_vec();
        let first = rest.remove(at);
        all.extend(
            permutations(&rest)
                .into_iter()
                .map(|rest| [vec![first], rest].concat()),
        );
    }
    all
}

/// The networks that losses and arrows bring together.
fn pairs(picture: &Picture) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for loss in picture.losses() {
        let sources = picture
            .sources_of(loss, Flow::Knowledge)
            .filter_map(|id| picture.home(id));
        for source in sources {
            let targets = picture
                .targets_of(loss, Flow::Knowledge)
                .filter_map(|id| picture.home(id));
            pairs.extend(targets.map(|target| (source, target)));
        }
    }
    for arrow in picture
        .arrows
        .iter()
        .filter(|arrow| arrow.flow == Flow::Value)
    {
        pairs.extend(picture.home(arrow.from).zip(picture.home(arrow.to)));
    }
    pairs
}
