//! Places for boxes and arrows, in pixels.

use super::grid::{self, Grid, Gutter, SIDES, Slot};
use super::route::{self, Lane, Ways, Wire};
use super::text::Face;
use super::{Kind, Picture};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

pub struct Layout {
    /// Of each network, in the picture's order.
    pub frames: Vec<Rect>,
    pub headings: Vec<Face>,
    /// Of each box, in the picture's order.
    pub places: Vec<Rect>,
    pub faces: Vec<Face>,
    pub wires: Vec<Wire>,
    pub width: f64,
    pub height: f64,
}

/// Between a frame and what is in it.
const INSET: f64 = 14.0;
/// Between rows: an arrow has room.
const ROW_GAP: f64 = 26.0;
/// Between boxes of a gutter in one row.
const SLOT_GAP: f64 = 12.0;
/// The least between boxes beside each other.
const LANE: f64 = 24.0;
/// Between wires that run beside each other.
pub const TRACK: f64 = 9.0;

/// The places of everything below `top`.
pub fn layout(picture: &Picture, top: f64) -> Layout {
    let grid = grid::arrange(picture);
    let ways = route::plan(picture, &grid);
    let mut placing = Placing {
        picture,
        grid: &grid,
        ways: &ways,
        faces: picture.boxes.iter().map(Face::of).collect(),
        headings: picture.networks.iter().map(Face::heading).collect(),
        rows: Vec::new(),
        places: vec![Rect::default(); picture.boxes.len()],
        frames: vec![Rect::default(); picture.networks.len()],
        lanes: HashMap::new(),
        x: 0.0,
    };
    placing.rows(top);
    let bottom = placing.rows.last().map_or(top, Rect::bottom) + INSET;
    for at in 0..grid.columns.len() {
        if let Some(gutter) = grid.gutter_before(at) {
            placing.gutter(gutter);
        }
        placing.column(at, top, bottom);
    }
    let wires = ways.wires(&placing.places, &placing.lanes, bottom + INSET);
    let points = wires.iter().flat_map(|wire| &wire.points);
    Layout {
        height: points.map(|(_, y)| *y).fold(bottom, f64::max),
        width: placing.x,
        frames: placing.frames,
        headings: placing.headings,
        places: placing.places,
        faces: placing.faces,
        wires,
    }
}

/// Places from left to right.
struct Placing<'a> {
    picture: &'a Picture,
    grid: &'a Grid,
    ways: &'a Ways,
    faces: Vec<Face>,
    headings: Vec<Face>,
    /// How high and how far down each row is.
    rows: Vec<Rect>,
    places: Vec<Rect>,
    frames: Vec<Rect>,
    /// Where each starts, and how wide it is.
    lanes: HashMap<Lane, (f64, f64)>,
    /// Where what is placed ends.
    x: f64,
}

impl Placing<'_> {
    fn rows(&mut self, top: f64) {
        let heading = self.headings.iter().map(Face::height).fold(0.0, f64::max);
        let mut y = top + heading + 10.0;
        for row in 0..self.grid.rows {
            let columns = self.grid.columns.iter().flat_map(|column| &column.boxes);
            let boxes = columns.filter(|(_, at)| *at == row);
            let stacks = self
                .grid
                .gutters
                .iter()
                .map(|gutter| self.stack(gutter, row));
            let heights = boxes.map(|(id, _)| self.height(*id)).chain(stacks);
            let height = heights.fold(0.0, f64::max);
            self.rows.push(Rect {
                y,
                height,
                ..Rect::default()
            });
            y += height + ROW_GAP;
        }
    }

    /// Room for its text, and for its wires.
    fn height(&self, id: usize) -> f64 {
        let wires = TRACK * (2 * self.ways.ports.most(id)) as f64;
        self.faces[id].height().max(wires)
    }

    /// Of the boxes of a gutter in a row.
    fn stack(&self, gutter: &Gutter, row: usize) -> f64 {
        let slots = gutter.slots.get(&row).map_or(&[][..], Vec::as_slice);
        let heights: f64 = slots.iter().map(|slot| self.slot(slot)).sum();
        heights + SLOT_GAP * slots.len().saturating_sub(1) as f64
    }

    fn slot(&self, slot: &Slot) -> f64 {
        let heights = slot.iter().flatten().map(|id| self.height(*id));
        heights.fold(0.0, f64::max)
    }

    fn lane(&mut self, lane: Lane, width: f64) {
        self.lanes.insert(lane, (self.x, width));
        self.x += width;
    }

    fn column(&mut self, at: usize, top: f64, bottom: f64) {
        let column = &self.grid.columns[at];
        let start = self.x;
        let inner = lane_width(self.ways.tracks(Lane::Inner(at)), 0.0);
        let widths = column.boxes.iter().map(|(id, _)| self.faces[*id].width());
        let heading = self.headings[column.network].width();
        let width = widths.fold(heading - 2.0 * INSET - inner, f64::max);
        self.x += INSET;
        let is_left = self.ways.inner_is_left(at);
        if is_left {
            self.lane(Lane::Inner(at), inner);
        }
        for (id, row) in &column.boxes {
            let height = self.height(*id);
            let y = self.rows[*row].middle().1 - height / 2.0;
            self.places[*id] = Rect {
                x: self.x,
                y,
                width,
                height,
            };
        }
        self.x += width;
        if !is_left {
            self.lane(Lane::Inner(at), inner);
        }
        self.x += INSET;
        self.frames[column.network] = Rect {
            x: start,
            y: top,
            width: self.x - start,
            height: bottom - top,
        };
    }

    fn gutter(&mut self, number: usize) {
        let gutter = &self.grid.gutters[number];
        for side in 0..SIDES {
            let boxes = gutter
                .slots
                .values()
                .flatten()
                .filter_map(|slot| slot[side]);
            let widths = boxes.map(|id| self.faces[id].width());
            // a side without boxes needs no lane of its own
            let width = widths.reduce(f64::max);
            let least = if width.is_some() || side == 1 {
                LANE
            } else {
                0.0
            };
            let lane = Lane::Gutter(number, side);
            self.lane(lane, lane_width(self.ways.tracks(lane), least));
            self.side(gutter, side, width.unwrap_or(0.0));
        }
        let lane = Lane::Gutter(number, SIDES);
        self.lane(lane, lane_width(self.ways.tracks(lane), LANE));
    }

    /// Places the boxes on one side of a gutter: losses all as wide, others towards them.
    fn side(&mut self, gutter: &Gutter, side: usize, width: f64) {
        for (row, slots) in &gutter.slots {
            let mut y = self.rows[*row].middle().1 - self.stack(gutter, *row) / 2.0;
            for slot in slots {
                let height = self.slot(slot);
                if let Some(id) = slot[side] {
                    let own = match self.picture.boxes[id].kind {
                        Kind::Loss => width,
                        _ => self.faces[id].width(),
                    };
                    self.places[id] = Rect {
                        x: self.x + if side == 0 { width - own } else { 0.0 },
                        y: y + (height - self.height(id)) / 2.0,
                        width: own,
                        height: self.height(id),
                    };
                }
                y += height + SLOT_GAP;
            }
        }
        self.x += width;
    }
}

fn lane_width(tracks: usize, least: f64) -> f64 {
    match tracks {
        0 => least,
        n => (TRACK * (n + 1) as f64 + 8.0).max(least),
    }
}
