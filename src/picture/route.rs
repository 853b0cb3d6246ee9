//! How arrows run: out of a box sideways, along a track of a lane, and sideways into the other box.
//!
//! All that leaves a box by one port has one track, and so has all that enters by one. In gutters, lane 0 stands
//! before the boxes on the left, lane 3 behind those on the right. What has to pass whole networks runs below them.

use super::grid::Grid;
use super::layout::{Rect, TRACK};
use super::{Arrow, Flow, Picture};
use std::collections::{BTreeMap, HashMap};

/// An arrow with its way. Points follow each other horizontally or vertically.
pub struct Wire {
    pub arrow: Arrow,
    pub points: Vec<(f64, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// The number of the gutter, and of the lane in it.
    Gutter(usize, usize),
    /// In the frame of a column.
    Inner(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// A place at the side of a box where arrows of one kind leave or arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Port {
    id: usize,
    side: Side,
    arrives: bool,
    flow: Flow,
}

/// The ports of each side of a box.
#[derive(Default)]
pub struct Ports(BTreeMap<(usize, Side), Vec<Port>>);

impl Ports {
    /// How many there are on the fuller side.
    pub fn most(&self, id: usize) -> usize {
        let sides =
            [Side::Left, Side::Right].map(|side| self.0.get(&(id, side)).map_or(0, Vec::len));
        sides[0].max(sides[1])
    }

    fn add(&mut self, port: Port) {
        let ports = self.0.entry((port.id, port.side)).or_default();
        if !ports.contains(&port) {
            ports.push(port);
        }
    }

    /// Their heights: those that lead up above those that lead down. One that leads straight to the other box is in
    /// the middle, so that its arrow has no bend.
    fn heights(&self, ways: &[Way], places: &[Rect]) -> HashMap<Port, f64> {
        let middle = |id: usize| places[id].middle().1;
        let lead = |port: &Port| -> f64 {
            let ends = ways.iter().filter_map(|way| way.ends());
            let others = ends.filter_map(|(from, to)| match () {
                () if from == port => Some(to.id),
                () if to == port => Some(from.id),
                () => None,
            });
            let leads: Vec<f64> = others
                .map(|other| middle(other) - middle(port.id))
                .collect();
            match leads.iter().any(|lead| lead.abs() < 0.5) {
                true => 0.0,
                false => leads.iter().sum::<f64>() / leads.len().max(1) as f64,
            }
        };
        let mut heights = HashMap::new();
        for ((id, _), ports) in &self.0 {
            let mut led: Vec<(f64, &Port)> = ports.iter().map(|port| (lead(port), port)).collect();
            led.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
            let straight = led.iter().position(|(lead, _)| lead.abs() < 0.5);
            let origin = straight.map_or((ports.len() - 1) as f64 / 2.0, |at| at as f64);
            let shifted = led.iter().enumerate();
            heights.extend(
                shifted.map(|(at, (_, port))| (**port, middle(*id) + TRACK * (at as f64 - origin))),
            );
        }
        heights
    }
}

/// One arrow's way, before there are places.
struct Way {
    arrow: Arrow,
    legs: Legs,
}

enum Legs {
    /// From one box to the next below.
    Down,
    /// Both ends, and the lane between them with the port whose track it is.
    Across {
        from: Port,
        to: Port,
        lane: Lane,
        track: Port,
    },
    /// Below everything, between two lanes.
    Below {
        from: Port,
        to: Port,
        first: Lane,
        second: Lane,
    },
}

impl Way {
    /// The ports, if it has any.
    fn ends(&self) -> Option<(&Port, &Port)> {
        match &self.legs {
            Legs::Down => None,
            Legs::Across { from, to, .. } | Legs::Below { from, to, .. } => Some((from, to)),
        }
    }
}

/// The ways of all arrows.
#[derive(Default)]
pub struct Ways {
    pub ports: Ports,
    lanes: HashMap<Lane, Vec<Port>>,
    ways: Vec<Way>,
    columns: usize,
}

/// Where a box stands: in a column, or in a gutter on the left (1), in the middle (2) or on the right (3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seat {
    Column(usize),
    Gutter(usize, usize),
}

/// Decides on the ways, which says how many tracks each lane needs.
pub fn plan(picture: &Picture, grid: &Grid) -> Ways {
    let seats = seats(grid);
    let mut plan = Ways {
        columns: grid.columns.len(),
        ..Ways::default()
    };
    let next = |a: usize, b: usize| {
        let mut columns = grid.columns.iter();
        columns.any(|c| {
            c.boxes
                .windows(2)
                .any(|pair| (pair[0].0, pair[1].0) == (a, b))
        })
    };
    for arrow in &picture.arrows {
        let legs = match next(arrow.from, arrow.to) {
            true => Legs::Down,
            false => plan.legs(arrow, (seats[&arrow.from], seats[&arrow.to])),
        };
        plan.enter(&legs);
        plan.ways.push(Way {
            arrow: *arrow,
            legs,
        });
    }
    plan
}

fn seats(grid: &Grid) -> HashMap<usize, Seat> {
    let mut seats = HashMap::new();
    for (at, column) in grid.columns.iter().enumerate() {
        seats.extend(column.boxes.iter().map(|(id, _)| (*id, Seat::Column(at))));
    }
    for (at, gutter) in grid.gutters.iter().enumerate() {
        for slot in gutter.slots.values().flatten() {
            let filled = slot
                .iter()
                .enumerate()
                .filter_map(|(side, id)| Some((side, (*id)?)));
            seats.extend(filled.map(|(side, id)| (id, Seat::Gutter(at, side + 1))));
        }
    }
    seats
}

impl Ways {
    /// Whether the lane inside a column's frame is on its left: on the side that has no gutter, if there is one.
    pub fn inner_is_left(&self, column: usize) -> bool {
        column == 0 && self.columns > 1
    }

    /// Where a seat is as seen from a gutter: 0 and 4 are the networks beside it.
    fn position(&self, seat: Seat, gutter: usize) -> Option<usize> {
        let alone = self.columns == 1;
        match seat {
            Seat::Gutter(at, position) => (at == gutter).then_some(position),
            Seat::Column(_) if alone => Some(4),
            Seat::Column(at) if at == gutter => Some(0),
            Seat::Column(at) if at == gutter + 1 => Some(4),
            Seat::Column(_) => None,
        }
    }

    fn legs(&self, arrow: &Arrow, (from, to): (Seat, Seat)) -> Legs {
        let port = |arrives: bool, side: Side| Port {
            id: if arrives { arrow.to } else { arrow.from },
            side,
            arrives,
            flow: arrow.flow,
        };
        if let (Seat::Column(a), Seat::Column(b)) = (from, to)
            && a == b
        {
            let side = if self.inner_is_left(a) {
                Side::Left
            } else {
                Side::Right
            };
            let (from, to) = (port(false, side), port(true, side));
            return Legs::Across {
                from,
                to,
                lane: Lane::Inner(a),
                track: from,
            };
        }
        let gutter = match (from, to) {
            (Seat::Gutter(at, _), _) | (_, Seat::Gutter(at, _)) => Some(at),
            _ => None,
        };
        let ends = gutter.and_then(|g| Some((g, self.position(from, g)?, self.position(to, g)?)));
        match ends {
            Some((gutter, a, b)) => {
                let (side_a, side_b) = match a <= b {
                    true if a == b => (Side::Right, Side::Right),
                    true => (Side::Right, Side::Left),
                    false => (Side::Left, Side::Right),
                };
                let (from, to) = (port(false, side_a), port(true, side_b));
                let (lane, track) = match (a, b) {
                    (0, _) => (0, from),
                    (4, _) => (3, from),
                    (_, 0) => (0, to),
                    (_, 4) => (3, to),
                    (a, b) if a <= b => (a, from),
                    (a, _) => (a - 1, from),
                };
                Legs::Across {
                    from,
                    to,
                    lane: Lane::Gutter(gutter, lane),
                    track,
                }
            }
            None => {
                let place = |seat| match seat {
                    Seat::Column(at) => 2 * at,
                    Seat::Gutter(at, _) => 2 * at + 1,
                };
                let right = place(to) > place(from);
                let (side_a, side_b) = if right {
                    (Side::Right, Side::Left)
                } else {
                    (Side::Left, Side::Right)
                };
                Legs::Below {
                    from: port(false, side_a),
                    to: port(true, side_b),
                    first: self.lane_beside(from, right),
                    second: self.lane_beside(to, !right),
                }
            }
        }
    }

    /// The lane next to a seat, on its right or on its left.
    fn lane_beside(&self, seat: Seat, right: bool) -> Lane {
        match seat {
            Seat::Column(at) if right => Lane::Gutter(at.min(self.columns.saturating_sub(2)), 0),
            Seat::Column(at) => Lane::Gutter(at.saturating_sub(1), 3),
            Seat::Gutter(at, position) => {
                Lane::Gutter(at, if right { position } else { position - 1 })
            }
        }
    }

    fn enter(&mut self, legs: &Legs) {
        let (ends, tracks) = match legs {
            Legs::Down => return,
            Legs::Across {
                from,
                to,
                lane,
                track,
            } => ([from, to], vec![(lane, track)]),
            Legs::Below {
                from,
                to,
                first,
                second,
            } => ([from, to], vec![(first, from), (second, to)]),
        };
        for port in ends {
            self.ports.add(*port);
        }
        for (lane, track) in tracks {
            let tracks = self.lanes.entry(*lane).or_default();
            if !tracks.contains(track) {
                tracks.push(*track);
            }
        }
    }

    /// How many tracks a lane has.
    pub fn tracks(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, Vec::len)
    }

    /// The ways through lanes that are so far from the left and so wide. `below` is where everything else ends.
    pub fn wires(
        &self,
        places: &[Rect],
        lanes: &HashMap<Lane, (f64, f64)>,
        below: f64,
    ) -> Vec<Wire> {
        let heights = self.ports.heights(&self.ways, places);
        let track_x = |lane: &Lane, track: &Port| {
            let (x, width) = lanes[lane];
            let tracks = &self.lanes[lane];
            let at = tracks.iter().position(|t| t == track).unwrap_or(0);
            x + width / 2.0 + TRACK * (at as f64 - (tracks.len() - 1) as f64 / 2.0)
        };
        let end = |port: &Port| {
            let place = &places[port.id];
            let x = match port.side {
                Side::Left => place.x,
                Side::Right => place.right(),
            };
            (x, heights[port])
        };
        let mut under = 0;
        let mut wire = |way: &Way| {
            let points = match &way.legs {
                Legs::Down => {
                    let (from, to) = (&places[way.arrow.from], &places[way.arrow.to]);
                    vec![(from.middle().0, from.bottom()), (from.middle().0, to.y)]
                }
                Legs::Across {
                    from,
                    to,
                    lane,
                    track,
                } => {
                    let ((x1, y1), (x2, y2)) = (end(from), end(to));
                    let x = track_x(lane, track);
                    match (y1 - y2).abs() < 0.5 && from.side != to.side {
                        true => vec![(x1, y1), (x2, y1)],
                        false => vec![(x1, y1), (x, y1), (x, y2), (x2, y2)],
                    }
                }
                Legs::Below {
                    from,
                    to,
                    first,
                    second,
                } => {
                    let ((x1, y1), (x2, y2)) = (end(from), end(to));
                    let (a, b) = (track_x(first, from), track_x(second, to));
                    let y = below + TRACK * f64::from(under);
                    under += 1;
                    vec![(x1, y1), (a, y1), (a, y), (b, y), (b, y2), (x2, y2)]
                }
            };
            Wire {
                arrow: way.arrow,
                points,
            }
        };
        self.ways.iter().map(&mut wire).collect()
    }
}
