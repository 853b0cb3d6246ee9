//! Which gutter, row and side losses, taps and fields beside them have.

use super::grid::{Gutter, Slot};
use super::{Flow, Picture};
use std::collections::BTreeMap;

/// Of a slot.
const LEFT: usize = 0;
const MIDDLE: usize = 1;
const RIGHT: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Seat {
    gutter: usize,
    row: usize,
    side: usize,
}

struct Seating<'a> {
    picture: &'a Picture,
    /// Of each network.
    column: &'a [usize],
    /// Of each box of a network.
    row: &'a BTreeMap<usize, usize>,
    gutters: Vec<Gutter>,
    seated: Vec<bool>,
}

/// The gutters between networks that stand in these columns, with all that stands in none.
pub fn gutters(picture: &Picture, column: &[usize], row: &BTreeMap<usize, usize>) -> Vec<Gutter> {
    let count = column.len().saturating_sub(1).max(1);
    let mut seating = Seating {
        picture,
        column,
        row,
        gutters: (0..count).map(|_| Gutter::default()).collect(),
        seated: picture
            .boxes
            .iter()
            .map(|item| item.network.is_some())
            .collect(),
    };
    for loss in picture.losses() {
        seating.loss(loss);
    }
    // what no loss reads: a tap of a tap, what an output is made of
    for id in 0..picture.boxes.len() {
        if !seating.seated[id] {
            let gutter = seating.gutter_beside(picture.home(id), None);
            let near = Seat {
                gutter,
                row: 0,
                side: MIDDLE,
            };
            seating.alone(id, seating.beside(id, near));
        }
    }
    seating.gutters
}

impl Seating<'_> {
    /// Seats a loss, and beside it what only leads to it from one side.
    fn loss(&mut self, loss: usize) {
        let picture = self.picture;
        let seat = self.seat(loss);
        let mut slot = Slot::default();
        slot[MIDDLE] = Some(loss);
        self.seated[loss] = true;
        let sources = picture.sources_of(loss, Flow::Knowledge);
        let targets = picture.targets_of(loss, Flow::Knowledge);
        let aside = picture.sources_of(loss, Flow::Aside);
        let ends: Vec<usize> = sources.chain(targets).chain(aside).collect();
        let mut elsewhere = Vec::new();
        for id in &ends {
            if self.seated[*id] {
                continue;
            }
            self.seated[*id] = true;
            let own = self.beside(*id, seat);
            let mut others = ends.iter().filter(|other| *other != id);
            let free = others.all(|other| self.side(*other, seat) != own.side);
            match free && (own.gutter, own.row) == (seat.gutter, seat.row) {
                true => slot[own.side] = Some(*id),
                false => elsewhere.push((*id, own)),
            }
        }
        self.gutters[seat.gutter].add(seat.row, slot);
        for (id, own) in elsewhere {
            self.alone(id, own);
        }
    }

    /// Gives a box a slot of its own.
    fn alone(&mut self, id: usize, seat: Seat) {
        let mut slot = Slot::default();
        slot[seat.side] = Some(id);
        self.seated[id] = true;
        self.gutters[seat.gutter].add(seat.row, slot);
    }

    /// The gutter beside a network, towards another; else the one before it.
    fn gutter_beside(&self, network: Option<usize>, towards: Option<usize>) -> usize {
        let at = network.map_or(0, |network| self.column[network]);
        let right = towards.is_some_and(|towards| self.column[towards] > at);
        match right || at == 0 {
            true => at.min(self.gutters.len() - 1),
            false => at - 1,
        }
    }

    /// A loss stands beside what learns from it: of several in the row of the middle one.
    fn seat(&self, loss: usize) -> Seat {
        let picture = self.picture;
        let targets: Vec<usize> = picture.targets_of(loss, Flow::Knowledge).collect();
        let middle = targets.get(targets.len() / 2);
        let part = middle.and_then(|target| picture.part_behind(*target));
        let target = part.and_then(|part| picture.boxes[part].network);
        let sources = picture.sources_of(loss, Flow::Knowledge);
        let mut sources = sources.filter_map(|id| picture.home(id));
        let source = sources.find(|source| Some(*source) != target);
        Seat {
            gutter: self.gutter_beside(target, source),
            row: part.map_or(0, |part| self.row[&part]),
            side: MIDDLE,
        }
    }

    /// Of a tap or a field that a loss in a gutter has to do with.
    fn beside(&self, id: usize, loss: Seat) -> Seat {
        let Some(part) = self.picture.part_behind(id) else {
            return Seat {
                side: self.field_side(id, loss),
                ..loss
            };
        };
        let network = self.picture.boxes[part].network;
        let at = network.map_or(0, |network| self.column[network]);
        let is_near = self.column.len() == 1 || at == loss.gutter || at == loss.gutter + 1;
        let gutter = match is_near {
            true => loss.gutter,
            false => self.gutter_beside(network, None),
        };
        Seat {
            gutter,
            row: self.row[&part],
            side: self.side_of_column(at, gutter),
        }
    }

    /// A field stands on the other side than the network that learns from it.
    fn field_side(&self, id: usize, loss: Seat) -> usize {
        let picture = self.picture;
        let mut losses = picture.targets_of(id, Flow::Knowledge);
        let mut targets = losses
            .next()
            .into_iter()
            .flat_map(|loss| picture.targets_of(loss, Flow::Knowledge));
        let target = targets.find_map(|target| picture.home(target));
        match target.map(|target| self.side_of_column(self.column[target], loss.gutter)) {
            Some(LEFT) => RIGHT,
            _ => LEFT,
        }
    }

    /// On which side of a loss something stands, in its gutter or beyond.
    fn side(&self, id: usize, loss: Seat) -> usize {
        match self.picture.home(id) {
            Some(network) => self.side_of_column(self.column[network], loss.gutter),
            None => self.beside(id, loss).side,
        }
    }

    /// Of a gutter. A single network stands on the right of its gutter.
    fn side_of_column(&self, column: usize, gutter: usize) -> usize {
        match self.column.len() > 1 && column <= gutter {
            true => LEFT,
            false => RIGHT,
        }
    }
}
