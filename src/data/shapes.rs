//! `shapes()`: pictures of ten drawn shapes, for machines that have no data set.
//!
//! A picture shows one large shape, among small ones of any kind, over a coloured background and under
//! grain; the class is that of the large one. Each picture is drawn from its own random stream, which is
//! seeded by the split and the picture's index alone, so a longer draw begins with the shorter one.
//!
//! The bytes are the same on every platform: the arithmetic is `+ - * /` and square root in `f32`,
//! which IEEE 754 rounds in one way only. Nothing here may call `sin`, `powf` or `mul_add`.

mod outline;

use super::random::Random;
pub use super::random::Split;
use outline::Kind;

/// The classes, in the order of their labels.
pub const CLASSES: [&str; 10] = [
    "circle", "ring", "crescent", "square", "triangle", "pentagon", "star", "cross", "heart",
    "arrow",
];

/// Width and height of a picture, in pixels.
pub const SIDE: usize = 32;

/// Bytes of a picture: a plane each of red, green and blue, by rows.
pub const PICTURE: usize = 3 * SIDE * SIDE;

/// How many pictures `shapes()` has to train on: what lets a teacher and its student train in five minutes on two
/// cores.
pub const TRAIN: u64 = 8_000;

/// How many pictures `shapes()` has to test with.
pub const TEST: u64 = 2_000;

/// Pictures and what they show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// [`PICTURE`] bytes for each picture.
    pub images: Vec<u8>,
    /// For each picture, its class's place in [`CLASSES`].
    pub labels: Vec<u8>,
}

/// The first `count` pictures of a split. Every ten in a row show each class once.
pub fn draw(split: Split, count: usize) -> Pictures {
    let mut images = Vec::with_capacity(count * PICTURE);
    let mut labels = Vec::with_capacity(count);
    for index in 0..count {
        let label = index % CLASSES.len();
        let mut random = Random::of(split, index);
        let canvas = picture(Kind::ALL[label], &mut random);
        images.extend(canvas.planes.iter().flatten().map(|&level| byte(level)));
        labels.push(label as u8);
    }
    Pictures { images, labels }
}

/// A level of 0…1 as a byte.
fn byte(level: f32) -> u8 {
    // `as` rounds towards zero and saturates.
    (level * 255.0 + 0.5) as u8
}

fn picture(kind: Kind, random: &mut Random) -> Canvas {
    let background = [random.colour(BACKGROUND), random.colour(BACKGROUND)];
    let mut canvas = Canvas::shaded(background, random.direction());
    for _ in 0..random.between(CLUTTER_BEHIND) {
        canvas.paint(&Figure::clutter(random));
    }
    canvas.paint(&Figure::subject(kind, background, random));
    for _ in 0..random.between(CLUTTER_BEFORE) {
        canvas.paint(&Figure::clutter(random));
    }
    canvas.grain(random.within(GRAIN), random);
    canvas
}

// What makes the pictures as hard as they are: PyTorch with the tutorial's recipe, 10 epochs and seed 42,
// recognises 83 in 100 with DeepNN and 74 with LightNN. A pair is a range.
/// Levels of the background's colours.
const BACKGROUND: (f32, f32) = (0.0, 0.7);
/// Levels of the shapes' colours.
const FOREGROUND: (f32, f32) = (0.3, 1.0);
/// How far the subject leans: `Random::tilt`'s limit, about a third of a right angle.
const SUBJECT_TILT: f32 = 0.3;
/// In pixels.
const SUBJECT_RADIUS: (f32, f32) = (6.5, 12.0);
/// How far the subject is from the middle, in pixels along either axis.
const SUBJECT_OFFSET: f32 = 5.0;
/// How far the subject's colour is from the background's.
const SUBJECT_CONTRAST: f32 = 0.35;
/// In pixels.
const CLUTTER_RADIUS: (f32, f32) = (2.0, 5.0);
/// How many small shapes are behind the subject.
const CLUTTER_BEHIND: (u32, u32) = (2, 5);
/// How many small shapes are before the subject.
const CLUTTER_BEFORE: (u32, u32) = (0, 2);
/// Standard deviation of the grain.
const GRAIN: (f32, f32) = (0.02, 0.08);

/// Red, green and blue, 0…1.
type Colour = [f32; 3];

/// One shape in its place.
struct Figure {
    kind: Kind,
    /// In pixels from the picture's upper left corner.
    centre: [f32; 2],
    /// Pixels to the unit of the shape's own coordinates.
    radius: f32,
    /// The direction of the shape's x axis, of length 1.
    axis: [f32; 2],
    colour: Colour,
    opacity: f32,
}

impl Figure {
    fn subject(kind: Kind, background: [Colour; 2], random: &mut Random) -> Figure {
        let radius = random.within(SUBJECT_RADIUS);
        let middle = SIDE as f32 / 2.0;
        let range = (middle - SUBJECT_OFFSET, middle + SUBJECT_OFFSET);
        Figure {
            kind,
            centre: [random.within(range), random.within(range)],
            radius,
            axis: random.tilt(SUBJECT_TILT),
            colour: contrasting(background, random),
            opacity: random.within((0.75, 1.0)),
        }
    }

    fn clutter(random: &mut Random) -> Figure {
        let range = (0.0, SIDE as f32);
        Figure {
            kind: Kind::ALL[random.between((0, 9)) as usize],
            centre: [random.within(range), random.within(range)],
            radius: random.within(CLUTTER_RADIUS),
            axis: random.direction(),
            colour: random.colour(FOREGROUND),
            opacity: random.within((0.6, 1.0)),
        }
    }

    /// How much of the pixel at this place is covered, 0…1: its distance to the outline, cut off at half
    /// a pixel on either side.
    fn coverage(&self, x: f32, y: f32) -> f32 {
        let [dx, dy] = [x - self.centre[0], y - self.centre[1]];
        let [cos, sin] = self.axis;
        let own = [
            (dx * cos + dy * sin) / self.radius,
            (dy * cos - dx * sin) / self.radius,
        ];
        (0.5 - self.kind.distance(own) * self.radius).clamp(0.0, 1.0)
    }
}

/// A colour that stands out from both of these.
fn contrasting(others: [Colour; 2], random: &mut Random) -> Colour {
    loop {
        let colour = random.colour(FOREGROUND);
        let differs = |other: Colour| {
            let squares = (0..3).map(|c| (colour[c] - other[c]) * (colour[c] - other[c]));
            squares.sum::<f32>() >= SUBJECT_CONTRAST * SUBJECT_CONTRAST
        };
        if others.into_iter().all(differs) {
            return colour;
        }
    }
}

struct Canvas {
    /// Red, green and blue, by rows; 0…1.
    planes: [[f32; SIDE * SIDE]; 3],
}

impl Canvas {
    /// One colour that turns into another along a direction.
    fn shaded([from, to]: [Colour; 2], direction: [f32; 2]) -> Canvas {
        let mut canvas = Canvas {
            planes: [[0.0; SIDE * SIDE]; 3],
        };
        let middle = SIDE as f32 / 2.0;
        for (pixel, x, y) in pixels(0..SIDE, 0..SIDE) {
            let along = (x - middle) * direction[0] + (y - middle) * direction[1];
            let share = (0.5 + along / SIDE as f32).clamp(0.0, 1.0);
            for (plane, (from, to)) in canvas.planes.iter_mut().zip(from.into_iter().zip(to)) {
                plane[pixel] = from + (to - from) * share;
            }
        }
        canvas
    }

    fn paint(&mut self, figure: &Figure) {
        let reach = figure.radius * Kind::REACH + 1.0;
        let [columns, rows] = figure.centre.map(|c| {
            // `as` saturates at 0.
            (c - reach) as usize..((c + reach) as usize + 1).min(SIDE)
        });
        for (pixel, x, y) in pixels(columns, rows) {
            let share = figure.coverage(x, y) * figure.opacity;
            for (plane, colour) in self.planes.iter_mut().zip(figure.colour) {
                plane[pixel] += (colour - plane[pixel]) * share;
            }
        }
    }

    /// Adds noise of this standard deviation to every level.
    fn grain(&mut self, deviation: f32, random: &mut Random) {
        for level in self.planes.iter_mut().flatten() {
            *level += deviation * random.bell();
        }
    }
}

/// The pixels of a rectangle: their place in a plane, and their centres.
fn pixels(
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
) -> impl Iterator<Item = (usize, f32, f32)> {
    rows.flat_map(move |row| {
        let columns = columns.clone();
        columns.map(move |column| (row * SIDE + column, column as f32 + 0.5, row as f32 + 0.5))
    })
}

#[cfg(test)]
mod tests;
