//! The transforms of F(4x4, 3x3). Each is done number by number on whole rows of channels: first down the columns
//! of a tile, then across its rows.
//!
//! A filter of 3 and 4 results in a row make a polynomial of degree 5, which its values at six points tell. The points
//! are 0, ±A, ±B and infinity. The usual 1 and 2 are rounded twice as badly.

use pulp::{Simd, WithSimd};

/// Points in a row, and numbers that a row of a tile is computed from.
pub const POINTS: usize = 6;

/// Results in a row of a tile.
pub const RESULTS: usize = 4;

const A: f64 = 0.625;
const B: f64 = 1.5;
const A2: f64 = A * A;
const B2: f64 = B * B;

/// A filter's values at the points, as factors of its three numbers: `G` of the paper.
const FILTER: [[f64; 3]; POINTS] = {
    let zero = 1.0 / (A2 * B2);
    let a = 1.0 / (2.0 * A2 * (A2 - B2));
    let b = 1.0 / (2.0 * B2 * (B2 - A2));
    [
        [zero, 0.0, 0.0],
        [a, a * A, a * A2],
        [a, -a * A, a * A2],
        [b, b * B, b * B2],
        [b, -b * B, b * B2],
        [0.0, 0.0, 1.0],
    ]
};

/// The values of a filter of 3x3 at the 6x6 points.
pub fn filter(weight: &[f32]) -> [f32; POINTS * POINTS] {
    let dot = |factors: &[f64; 3], of: [f64; 3]| -> f64 {
        factors.iter().zip(of).map(|(factor, of)| factor * of).sum()
    };
    let columns: [[f64; 3]; POINTS] = std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            dot(
                &FILTER[y],
                [weight[x], weight[3 + x], weight[6 + x]].map(f64::from),
            )
        })
    });
    std::array::from_fn(|at| dot(&FILTER[at % POINTS], columns[at / POINTS]) as f32)
}

/// What lies below or beside each other, taken to the points: `Bᵗ d`.
pub struct ToPoints<'a> {
    pub rows: [&'a [f32]; POINTS],
    pub points: [&'a mut [f32]; POINTS],
}

impl WithSimd for ToPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let points = self.points.map(|points| S::as_mut_simd_f32s(points));
        let [(p0, e0), (p1, e1), (p2, e2), (p3, e3), (p4, e4), (p5, e5)] = points;
        let count = p0.len();
        let (p1, p2, p3) = (&mut p1[..count], &mut p2[..count], &mut p3[..count]);
        let (p4, p5) = (&mut p4[..count], &mut p5[..count]);
        let rows = self.rows.map(|row| S::as_simd_f32s(row));
        let whole = rows.map(|(whole, _)| &whole[..count]);
        for v in 0..count {
            let d = [
                whole[0][v],
                whole[1][v],
                whole[2][v],
                whole[3][v],
                whole[4][v],
                whole[5][v],
            ];
            [p0[v], p1[v], p2[v], p3[v], p4[v], p5[v]] = to_points(simd, d);
        }
        if !e0.is_empty() {
            let end = e0.len();
            let d = std::array::from_fn(|i| simd.partial_load_f32s(&rows[i].1[..end]));
            let values = to_points(simd, d);
            for (to, value) in [e0, e1, e2, e3, e4, e5].into_iter().zip(values) {
                simd.partial_store_f32s(to, value);
            }
        }
    }
}

#[inline(always)]
fn to_points<S: Simd>(simd: S, d: [S::f32s; POINTS]) -> [S::f32s; POINTS] {
    let all = |number: f64| simd.splat_f32s(number as f32);
    let [all_a, all_b, less_a] = [all(A), all(B), all(-A)];
    let [less_b, less_a2, less_b2] = [all(-B), all(-A2), all(-B2)];
    let [product, less_sum] = [all(A2 * B2), all(-A2 - B2)];
    let even_a = simd.mul_add_e_f32s(less_b2, d[2], d[4]);
    let odd_a = simd.mul_add_e_f32s(less_b2, d[1], d[3]);
    let even_b = simd.mul_add_e_f32s(less_a2, d[2], d[4]);
    let odd_b = simd.mul_add_e_f32s(less_a2, d[1], d[3]);
    let zero = simd.mul_add_e_f32s(less_sum, d[2], d[4]);
    let infinity = simd.mul_add_e_f32s(less_sum, d[3], d[5]);
    [
        simd.mul_add_e_f32s(product, d[0], zero),
        simd.mul_add_e_f32s(all_a, odd_a, even_a),
        simd.mul_add_e_f32s(less_a, odd_a, even_a),
        simd.mul_add_e_f32s(all_b, odd_b, even_b),
        simd.mul_add_e_f32s(less_b, odd_b, even_b),
        simd.mul_add_e_f32s(product, d[1], infinity),
    ]
}

/// The products at the points, taken to results: `Aᵗ m`.
pub struct ToResults<'a> {
    pub points: [&'a [f32]; POINTS],
    /// Whole vectors.
    pub results: [&'a mut [f32]; RESULTS],
}

impl WithSimd for ToResults<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [r0, r1, r2, r3] = self.results.map(|to| S::as_mut_simd_f32s(to).0);
        let count = r0.len();
        let (r1, r2, r3) = (&mut r1[..count], &mut r2[..count], &mut r3[..count]);
        let m = self.points.map(|of| &S::as_simd_f32s(of).0[..count]);
        for v in 0..count {
            let m = [m[0][v], m[1][v], m[2][v], m[3][v], m[4][v], m[5][v]];
            [r0[v], r1[v], r2[v], r3[v]] = to_results(simd, m);
        }
    }
}

/// The same, and then the bias is added, and what is below `least` becomes that.
pub struct ToPixels<'a> {
    pub points: [&'a [f32]; POINTS],
    pub bias: &'a [f32],
    pub least: f32,
    pub pixels: [&'a mut [f32]; RESULTS],
}

impl WithSimd for ToPixels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let least = simd.splat_f32s(self.least);
        let pixels = self.pixels.map(|pixel| S::as_mut_simd_f32s(pixel));
        let [(p0, e0), (p1, e1), (p2, e2), (p3, e3)] = pixels;
        let count = p0.len();
        let (p1, p2, p3) = (&mut p1[..count], &mut p2[..count], &mut p3[..count]);
        // whole vectors, one more where a pixel has a rest
        let bias = S::as_simd_f32s(self.bias).0;
        let m = self.points.map(|of| &S::as_simd_f32s(of).0[..bias.len()]);
        for v in 0..count {
            let values = [m[0][v], m[1][v], m[2][v], m[3][v], m[4][v], m[5][v]];
            let [r0, r1, r2, r3] = to_results(simd, values);
            p0[v] = at_least(simd, simd.add_f32s(r0, bias[v]), least);
            p1[v] = at_least(simd, simd.add_f32s(r1, bias[v]), least);
            p2[v] = at_least(simd, simd.add_f32s(r2, bias[v]), least);
            p3[v] = at_least(simd, simd.add_f32s(r3, bias[v]), least);
        }
        if !e0.is_empty() {
            let results = to_results(simd, std::array::from_fn(|i| m[i][count]));
            for (pixel, result) in [e0, e1, e2, e3].into_iter().zip(results) {
                let result = simd.add_f32s(result, bias[count]);
                simd.partial_store_f32s(pixel, at_least(simd, result, least));
            }
        }
    }
}

/// What is not a number stays so.
#[inline(always)]
fn at_least<S: Simd>(simd: S, value: S::f32s, least: S::f32s) -> S::f32s {
    simd.select_f32s(simd.less_than_f32s(value, least), least, value)
}

#[inline(always)]
fn to_results<S: Simd>(simd: S, m: [S::f32s; POINTS]) -> [S::f32s; RESULTS] {
    let all = |number: f64| simd.splat_f32s(number as f32);
    let [a, a2, a3] = [all(A), all(A2), all(A2 * A)];
    let [b, b2, b3] = [all(B), all(B2), all(B2 * B)];
    let (even_a, odd_a) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (even_b, odd_b) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(m[0], simd.add_f32s(even_a, even_b)),
        simd.mul_add_e_f32s(a, odd_a, simd.mul_f32s(b, odd_b)),
        simd.mul_add_e_f32s(a2, even_a, simd.mul_f32s(b2, even_b)),
        simd.mul_add_e_f32s(a3, odd_a, simd.mul_add_e_f32s(b3, odd_b, m[5])),
    ]
}

/// The largest of four pixels, channel by channel.
pub struct Largest<'a> {
    pub of: [&'a [f32]; 4],
    pub largest: &'a mut [f32],
}

impl WithSimd for Largest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (largest, end) = S::as_mut_simd_f32s(self.largest);
        let parts = self.of.map(|pixel| S::as_simd_f32s(pixel));
        let of = parts.map(|(whole, _)| &whole[..largest.len()]);
        for (v, largest) in largest.iter_mut().enumerate() {
            *largest = largest_of(simd, [of[0][v], of[1][v], of[2][v], of[3][v]]);
        }
        if !end.is_empty() {
            let of = std::array::from_fn(|i| simd.partial_load_f32s(parts[i].1));
            simd.partial_store_f32s(end, largest_of(simd, of));
        }
    }
}

#[inline(always)]
fn largest_of<S: Simd>(simd: S, of: [S::f32s; 4]) -> S::f32s {
    let [a, b, c, d] = of;
    larger(simd, larger(simd, a, b), larger(simd, c, d))
}

/// What is not a number is larger than any, as for libtorch.
#[inline(always)]
fn larger<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
    let none = simd.not_m32s(simd.equal_f32s(a, a));
    let more = simd.or_m32s(simd.greater_than_or_equal_f32s(a, b), none);
    simd.select_f32s(more, a, b)
}
