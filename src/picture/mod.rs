//! An experiment as a picture: what is computed from what, and what learns from what.
//!
//! A [`Picture`] is boxes and arrows without places; `compose` makes it of an experiment. `dot` and `mermaid` write
//! it for tools that find the places themselves. `layout` finds them and `svg` draws.

mod colours;
mod compose;
mod dot;
mod grid;
mod layout;
mod legend;
mod mermaid;
mod order;
mod parts;
mod route;
mod seats;
mod svg;
mod text;
mod words;

pub use compose::compose;
pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

use crate::plan::Role;

#[derive(Debug)]
pub struct Picture {
    /// `hint`
    pub title: String,
    /// How it is trained, a line for each stage.
    pub training: Vec<String>,
    pub networks: Vec<Network>,
    /// Those of one network in the order in which they are computed.
    pub boxes: Vec<Item>,
    pub arrows: Vec<Arrow>,
}

#[derive(Debug)]
pub struct Network {
    pub name: String,
    pub role: Role,
    pub state: State,
    /// Its model, and where its weights come from.
    pub notes: Vec<String>,
}

/// One box.
#[derive(Debug)]
pub struct Item {
    pub kind: Kind,
    /// The network that it stands in, by its place in [`Picture::networks`].
    pub network: Option<usize>,
    pub title: String,
    /// What it consists of; of a loss what is said of it.
    pub notes: Vec<String>,
    /// Taps that are other names for its value.
    pub taps: Vec<String>,
    /// Of the value that it gives, `[N, 10]`; empty for a loss.
    pub shape: String,
    /// That it owns; buffers do not count.
    pub parameters: u64,
    pub state: State,
    /// Whether training computes it.
    pub computed: bool,
    /// Whether a value of it is computed once and kept, instead of in each epoch.
    pub kept: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A field of the data. What reads one has a box of its own for it.
    Field,
    /// Of a network.
    Part,
    Tap,
    Loss,
}

/// What becomes of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// They learn and are saved.
    Trained,
    /// They learn beside the students and are dropped on export.
    Beside,
    /// They are the running mean of a student's.
    Follows,
    Frozen,
    /// Neither network nor tap.
    Outside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arrow {
    pub from: usize,
    pub to: usize,
    pub flow: Flow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// A tensor.
    Value,
    /// Knowledge: from what is imitated to the loss, and from there to what learns.
    Knowledge,
    /// What a loss reads besides the two sides of its edge.
    Aside,
}

impl Item {
    /// What is said below what it consists of.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        let taps = self.taps.iter().map(|tap| format!("tap {tap}"));
        taps.chain(self.kept.then(|| "kept between epochs".to_string()))
    }
}

impl Network {
    /// `light: student, trained`
    pub fn title(&self) -> String {
        format!("{}: {}", self.name, self.what())
    }

    /// `student, trained`
    pub fn what(&self) -> &'static str {
        match (self.role, self.state) {
            (Role::Student, _) => "student, trained",
            (Role::Teacher, State::Follows) => "teacher, follows",
            (Role::Teacher, _) => "teacher, frozen",
        }
    }
}

impl Picture {
    /// The boxes of a network, or of none, with their numbers.
    fn boxes_of(&self, network: Option<usize>) -> impl Iterator<Item = (usize, &Item)> {
        let boxes = self.boxes.iter().enumerate();
        boxes.filter(move |(_, item)| item.network == network)
    }

    /// The boxes that are losses.
    fn losses(&self) -> impl Iterator<Item = usize> {
        (0..self.boxes.len()).filter(|id| self.boxes[*id].kind == Kind::Loss)
    }

    /// The boxes that arrows to a box come from.
    fn sources_of(&self, to: usize, flow: Flow) -> impl Iterator<Item = usize> {
        let arrows = self
            .arrows
            .iter()
            .filter(move |a| a.to == to && a.flow == flow);
        arrows.map(|arrow| arrow.from)
    }

    /// The boxes that arrows from a box lead to.
    fn targets_of(&self, from: usize, flow: Flow) -> impl Iterator<Item = usize> {
        let arrows = self
            .arrows
            .iter()
            .filter(move |a| a.from == from && a.flow == flow);
        arrows.map(|arrow| arrow.to)
    }

    /// The box of a network that a box is, or is computed from.
    fn part_behind(&self, id: usize) -> Option<usize> {
        match self.boxes[id].network {
            Some(_) => Some(id),
            // arrows to a tap come from boxes before it
            None => self
                .sources_of(id, Flow::Value)
                .filter(|from| *from < id)
                .find_map(|from| self.part_behind(from)),
        }
    }

    /// The network of the box behind.
    fn home(&self, id: usize) -> Option<usize> {
        self.boxes[self.part_behind(id)?].network
    }
}
