//! Where boxes stand in relation to each other: networks in columns, all of them in common rows, and what is
//! between networks in gutters.
//!
//! A row is as high as the highest that stands in it, so that nothing in one row can meet anything in another.

use super::order::order;
use super::seats;
use super::{Flow, Picture};
use std::collections::BTreeMap;

pub struct Grid {
    /// Networks from left to right.
    pub columns: Vec<Column>,
    /// One between each two columns; of a single network the one on its left.
    pub gutters: Vec<Gutter>,
    pub rows: usize,
}

pub struct Column {
    pub network: usize,
    /// Its boxes with their rows, from the top.
    pub boxes: Vec<(usize, usize)>,
}

#[derive(Default)]
pub struct Gutter {
    /// By row, from the top.
    pub slots: BTreeMap<usize, Vec<Slot>>,
}

/// Beside each other: a box of the network on the left, a loss, and a box of the network on the right.
pub type Slot = [Option<usize>; SIDES];

/// How many boxes stand beside each other in a gutter.
pub const SIDES: usize = 3;

struct Arranging<'p> {
    picture: &'p Picture,
    /// The column of each network.
    column: Vec<usize>,
    /// The row of each box of a network.
    row: BTreeMap<usize, usize>,
}

pub fn arrange(picture: &Picture) -> Grid {
    let order = order(picture);
    let mut column = vec![0; order.len()];
    for (at, network) in order.iter().enumerate() {
        column[*network] = at;
    }
    let mut arranging = Arranging {
        picture,
        column,
        row: BTreeMap::new(),
    };
    arranging.rows(&order);
    let columns = order.iter().map(|network| Column {
        network: *network,
        boxes: arranging
            .boxes(*network)
            .map(|id| (id, arranging.row[&id]))
            .collect(),
    });
    Grid {
        columns: columns.collect(),
        gutters: seats::gutters(picture, &arranging.column, &arranging.row),
        rows: arranging.row.values().max().map_or(1, |last| last + 1),
    }
}

impl Grid {
    /// The gutter that stands before a column, if one does.
    pub fn gutter_before(&self, column: usize) -> Option<usize> {
        match self.columns.len() {
            1 => Some(0),
            _ => column.checked_sub(1),
        }
    }
}

impl Arranging<'_> {
    fn boxes(&self, network: usize) -> impl Iterator<Item = usize> {
        self.picture.boxes_of(Some(network)).map(|(id, _)| id)
    }

    /// Rows for all boxes of networks: what an edge compares stands in one row where that can be.
    fn rows(&mut self, order: &[usize]) {
        let columns: Vec<Vec<usize>> = order
            .iter()
            .map(|network| self.boxes(*network).collect())
            .collect();
        let mut aligned: Vec<(usize, usize)> = Vec::new();
        let first = columns.iter().filter_map(|column| column.first());
        let mut wanted: Vec<(usize, usize)> = first
            .clone()
            .zip(first.skip(1))
            .map(|(a, b)| (*a, *b))
            .collect();
        wanted.extend(self.compared());
        let mut row = lengths(&columns, &aligned).unwrap_or_default();
        for pair in wanted {
            aligned.push(pair);
            match lengths(&columns, &aligned) {
                Some(found) => row = found,
                None => drop(aligned.pop()),
            }
        }
        let anchored = |id: &usize| aligned.iter().any(|(a, b)| a == id || b == id);
        for column in &columns {
            spread(column, &mut row, anchored);
        }
        self.row = row;
    }

    /// The boxes that losses bring together, in order.
    fn compared(&self) -> Vec<(usize, usize)> {
        let picture = self.picture;
        let mut pairs = Vec::new();
        for loss in picture.losses() {
            let parts = |ids: Vec<usize>| -> Vec<usize> {
                ids.into_iter()
                    .filter_map(|id| picture.part_behind(id))
                    .collect()
            };
            let sources = parts(picture.sources_of(loss, Flow::Knowledge).collect());
            let targets = parts(picture.targets_of(loss, Flow::Knowledge).collect());
            let both = sources.into_iter().rev().zip(targets.into_iter().rev());
            pairs.extend(
                both.filter(|(a, b)| picture.boxes[*a].network != picture.boxes[*b].network),
            );
        }
        pairs
    }
}

impl Gutter {
    pub fn add(&mut self, row: usize, slot: Slot) {
        self.slots.entry(row).or_default().push(slot);
    }
}

/// The lowest rows in which boxes of a column follow each other and the aligned ones are in one row. None if
/// that cannot be.
fn lengths(columns: &[Vec<usize>], aligned: &[(usize, usize)]) -> Option<BTreeMap<usize, usize>> {
    let mut row: BTreeMap<usize, usize> = columns.iter().flatten().map(|id| (*id, 0)).collect();
    for _ in 0..=row.len() + aligned.len() {
        let before = row.clone();
        for pair in columns.iter().flat_map(|column| column.windows(2)) {
            let least = row[&pair[0]] + 1;
            row.entry(pair[1]).and_modify(|row| *row = least.max(*row));
        }
        for (a, b) in aligned {
            let common = row[a].max(row[b]);
            row.insert(*a, common);
            row.insert(*b, common);
        }
        if row == before {
            return Some(row);
        }
    }
    None
}

/// Moves those that are free to even distances between those that are not.
fn spread(column: &[usize], row: &mut BTreeMap<usize, usize>, anchored: impl Fn(&usize) -> bool) {
    let anchors: Vec<usize> = (0..column.len())
        .filter(|at| anchored(&column[*at]))
        .collect();
    for pair in anchors.windows(2) {
        let (from, to) = (row[&column[pair[0]]], row[&column[pair[1]]]);
        let steps = pair[1] - pair[0];
        for at in 1..steps {
            // rounding up keeps the order, for there are at least as many rows as steps
            row.insert(
                column[pair[0] + at],
                from + ((to - from) * at).div_ceil(steps),
            );
        }
    }
}
