//! The ten shapes, as signed distances.

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Circle,
    Ring,
    Crescent,
    Square,
    Triangle,
    Pentagon,
    Star,
    Cross,
    Heart,
    Arrow,
}

impl Kind {
    /// In the order of [`CLASSES`].
    pub(super) const ALL: [Kind; 10] = [
        Kind::Circle,
        Kind::Ring,
        Kind::Crescent,
        Kind::Square,
        Kind::Triangle,
        Kind::Pentagon,
        Kind::Star,
        Kind::Cross,
        Kind::Heart,
        Kind::Arrow,
    ];

    /// No shape goes further from its centre.
    pub(super) const REACH: f32 = 1.25;

    /// Signed distance from a point to the outline, negative inside. Exact near the outline, away from
    /// corners; a bound elsewhere.
    pub(super) fn distance(self, p: [f32; 2]) -> f32 {
        match self {
            Kind::Circle => length(p) - 0.9,
            Kind::Ring => (length(p) - 0.75).abs() - 0.22,
            Kind::Crescent => (length(p) - 1.0).max(0.85 - length([p[0] - 0.5, p[1]])),
            Kind::Square => slab(p, 0.8, 0.8),
            Kind::Triangle => polygon(&TRIANGLE, p),
            Kind::Pentagon => polygon(&PENTAGON, p),
            Kind::Star => polygon(&STAR, p),
            Kind::Cross => slab(p, 1.0, 0.32).min(slab(p, 0.32, 1.0)),
            Kind::Heart => polygon(&HEART, p)
                .min(length([p[0] - 0.45, p[1] + 0.35]) - 0.55)
                .min(length([p[0] + 0.45, p[1] + 0.35]) - 0.55),
            Kind::Arrow => polygon(&ARROW, p),
        }
    }
}

const TRIANGLE: [[f32; 2]; 3] = [[0.0, -1.1], [0.953, 0.55], [-0.953, 0.55]];
const PENTAGON: [[f32; 2]; 5] = [
    [0.0, -1.0],
    [0.951, -0.309],
    [0.588, 0.809],
    [-0.588, 0.809],
    [-0.951, -0.309],
];
const STAR: [[f32; 2]; 10] = [
    [0.0, -1.15],
    [0.282, -0.388],
    [1.094, -0.355],
    [0.457, 0.148],
    [0.676, 0.930],
    [0.0, 0.480],
    [-0.676, 0.930],
    [-0.457, 0.148],
    [-1.094, -0.355],
    [-0.282, -0.388],
];
/// The lower part, which two circles complete.
const HEART: [[f32; 2]; 4] = [[0.0, -0.35], [0.880, -0.006], [0.0, 1.05], [-0.880, -0.006]];
const ARROW: [[f32; 2]; 7] = [
    [1.1, 0.0],
    [0.15, 0.85],
    [0.15, 0.3],
    [-1.05, 0.3],
    [-1.05, -0.3],
    [0.15, -0.3],
    [0.15, -0.85],
];

pub(super) fn length([x, y]: [f32; 2]) -> f32 {
    (x * x + y * y).sqrt()
}

fn slab([x, y]: [f32; 2], half_width: f32, half_height: f32) -> f32 {
    (x.abs() - half_width).max(y.abs() - half_height)
}

/// The distance to the nearest side; the point is inside if a ray from it crosses an odd number of them.
fn polygon(corners: &[[f32; 2]], [x, y]: [f32; 2]) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let mut from = corners[corners.len() - 1];
    for &to in corners {
        let side = [to[0] - from[0], to[1] - from[1]];
        let point = [x - from[0], y - from[1]];
        let dot = point[0] * side[0] + point[1] * side[1];
        let share = (dot / (side[0] * side[0] + side[1] * side[1])).clamp(0.0, 1.0);
        let gap = [point[0] - side[0] * share, point[1] - side[1] * share];
        nearest = nearest.min(gap[0] * gap[0] + gap[1] * gap[1]);
        if (from[1] > y) != (to[1] > y) && point[0] < side[0] * point[1] / side[1] {
            inside = !inside;
        }
        from = to;
    }
    let distance = nearest.sqrt();
    if inside { -distance } else { distance }
}
