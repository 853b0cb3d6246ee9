//! Some lines of tiles on their way through the points, in memory that stays in the cache.

use super::product::{Product, TILES};
use super::transform::{Largest, POINTS, RESULTS, ToPixels, ToPoints, ToResults};
use super::{Convolution, Tiling};
use crate::shared::Shared;
use std::ops::Range;

/// Between what is computed of one point and of the next: a distance that is no power of two, whose numbers would
/// take each other's place in the cache.
const GAP: usize = 16;

/// The memory of one thread, for the tiles that it works on.
pub struct Block<'a> {
    of: &'a Convolution,
    tiling: &'a Tiling,
    /// Zeros, as many as a row of a picture has numbers.
    outside: Vec<f32>,
    /// The six rows of a line of tiles, taken to the points downwards, with the padding beside them.
    rows: Vec<f32>,
    /// `[point, tile, channel]`
    tiles: Vec<f32>,
    /// `[point, tile, filter]`
    products: Vec<f32>,
    /// `[point across, row, filter]` of one tile.
    columns: Vec<f32>,
    /// `[row, column, filter]` of one tile: what is pooled or lies outside of the result.
    pixels: Vec<f32>,
}

impl<'a> Block<'a> {
    pub fn new(of: &'a Convolution, tiling: &'a Tiling) -> Block<'a> {
        let zeros = |count: usize| vec![0.0; count];
        let mut block = Block {
            of,
            tiling,
            outside: zeros(tiling.size[1] * of.channels),
            rows: Vec::new(),
            tiles: Vec::new(),
            products: Vec::new(),
            columns: zeros(POINTS * RESULTS * of.bias.len()),
            pixels: zeros(RESULTS * RESULTS * of.filters),
        };
        block.rows = zeros(POINTS * block.row());
        block.tiles = zeros(POINTS * POINTS * block.tiles_of_point());
        block.products = zeros(POINTS * POINTS * block.products_of_point());
        block
    }

    /// Of a tile, up to a whole vector.
    fn channels(&self) -> usize {
        self.of.channels.next_multiple_of(self.of.lanes)
    }

    /// Numbers in one of `rows`. The last pixel is read up to a whole vector.
    fn row(&self) -> usize {
        (self.tiling.columns * RESULTS + POINTS - RESULTS) * self.of.channels + self.of.lanes
    }

    fn most_tiles(&self) -> usize {
        (self.tiling.at_once * self.tiling.columns).next_multiple_of(TILES)
    }

    fn tiles_of_point(&self) -> usize {
        self.most_tiles() * self.channels() + GAP
    }

    fn products_of_point(&self) -> usize {
        self.most_tiles() * self.of.bias.len() + GAP
    }

    /// Takes the pixels of tiles to the points.
    pub fn read(&mut self, x: &[f32], lines: Range<usize>) {
        for (at, line) in lines.enumerate() {
            self.read_down(x, line);
            for column in 0..self.tiling.columns {
                self.read_across(at * self.tiling.columns + column, column);
            }
        }
    }

    fn read_down(&mut self, x: &[f32], line: usize) {
        let [height, width] = self.tiling.size;
        let (picture, line) = (line / self.tiling.lines, line % self.tiling.lines);
        let [above, left] = self.of.padding;
        let (row, length) = (self.row(), width * self.of.channels);
        let rows = std::array::from_fn(|i| {
            let y = (line * RESULTS + i).checked_sub(above);
            match y.filter(|&y| y < height) {
                Some(y) => &x[(picture * height + y) * length..][..length],
                None => &self.outside,
            }
        });
        let start = left * self.of.channels;
        let points = parts(&mut self.rows, row).map(|row| &mut row[start..start + length]);
        self.of.arch.dispatch(ToPoints { rows, points });
    }

    fn read_across(&mut self, tile: usize, column: usize) {
        let (row, channels) = (self.row(), self.channels());
        let of_point = self.tiles_of_point();
        let points = self.tiles.chunks_exact_mut(POINTS * of_point);
        for (row, points) in self.rows.chunks_exact(row).zip(points) {
            let pixel = |i: usize| &row[(column * RESULTS + i) * self.of.channels..][..channels];
            let points =
                parts(points, of_point).map(|points| &mut points[tile * channels..][..channels]);
            let rows = std::array::from_fn(pixel);
            self.of.arch.dispatch(ToPoints { rows, points });
        }
    }

    pub fn multiply(&mut self, lines: usize) {
        let tiles = (lines * self.tiling.columns).next_multiple_of(TILES);
        let (channels, filters) = (self.channels(), self.of.bias.len());
        let (of_point, products) = (self.tiles_of_point(), self.products_of_point());
        let points = self.tiles.chunks_exact(of_point);
        let products = self.products.chunks_exact_mut(products);
        let weights = self.of.weight.chunks_exact(self.of.channels * filters);
        for ((point, products), weights) in points.zip(products).zip(weights) {
            self.of.arch.dispatch(Product {
                tiles: &point[..tiles * channels],
                stride: channels,
                filters: weights,
                channels: self.of.channels,
                sums: &mut products[..tiles * filters],
            });
        }
    }

    pub fn write(&mut self, lines: Range<usize>, to: &Shared<f32>) {
        let columns = self.tiling.columns;
        for (at, line) in lines.enumerate() {
            for column in 0..columns {
                self.write_down(at * columns + column);
                match self.of.after.pool {
                    true => self.write_pooled([line, column], to),
                    false => self.write_across([line, column], to),
                }
            }
        }
    }

    fn write_down(&mut self, tile: usize) {
        let filters = self.of.bias.len();
        let of_point = self.products_of_point();
        let columns = self.columns.chunks_exact_mut(RESULTS * filters);
        for (x, column) in columns.enumerate() {
            let points = std::array::from_fn(|y| {
                &self.products[(y * POINTS + x) * of_point + tile * filters..][..filters]
            });
            let results = parts(column, filters);
            self.of.arch.dispatch(ToResults { points, results });
        }
    }

    /// What a row of a tile has at the points across.
    fn across(&self, y: usize) -> [&[f32]; POINTS] {
        let filters = self.of.bias.len();
        std::array::from_fn(|x| &self.columns[(x * RESULTS + y) * filters..][..filters])
    }

    fn write_across(&mut self, [line, column]: [usize; 2], to: &Shared<f32>) {
        let [height, width] = self.tiling.results;
        let (picture, line) = (line / self.tiling.lines, line % self.tiling.lines);
        let filters = self.of.filters;
        let rows = RESULTS.min(height - line * RESULTS);
        let left = column * RESULTS;
        let within = RESULTS.min(width - left);
        let mut outside = std::mem::take(&mut self.pixels);
        for y in 0..rows {
            let row = (picture * height + line * RESULTS + y) * width;
            let part = (row + left) * filters..(row + left + within) * filters;
            // SAFETY: no two tiles have a pixel of the result together.
            #[allow(unsafe_code)]
            let part = unsafe { to.part(part) };
            let mut pixels = part
                .chunks_exact_mut(filters)
                .chain(outside.chunks_exact_mut(filters));
            let pixels = std::array::from_fn(|_| pixels.next().expect("a tile is outside"));
            self.to_pixels(y, pixels);
        }
        self.pixels = outside;
    }

    fn write_pooled(&mut self, [line, column]: [usize; 2], to: &Shared<f32>) {
        let [height, width] = self.of.size(self.tiling);
        let (picture, line) = (line / self.tiling.lines, line % self.tiling.lines);
        let filters = self.of.filters;
        let mut pixels = std::mem::take(&mut self.pixels);
        for (y, row) in pixels.chunks_exact_mut(RESULTS * filters).enumerate() {
            self.to_pixels(y, parts(row, filters));
        }
        let (top, left) = (line * RESULTS / 2, column * RESULTS / 2);
        let half = RESULTS / 2;
        for y in 0..half.min(height - top.min(height)) {
            for x in 0..half.min(width - left.min(width)) {
                let pixel = (picture * height + top + y) * width + left + x;
                // SAFETY: no two tiles have a pixel of the result together.
                #[allow(unsafe_code)]
                let largest = unsafe { to.part(pixel * filters..(pixel + 1) * filters) };
                let of = std::array::from_fn(|i| {
                    let at = (2 * y + i / 2) * RESULTS + 2 * x + i % 2;
                    &pixels[at * filters..][..filters]
                });
                self.of.arch.dispatch(Largest { of, largest });
            }
        }
        self.pixels = pixels;
    }

    /// A row of a tile.
    fn to_pixels(&self, y: usize, pixels: [&mut [f32]; RESULTS]) {
        self.of.arch.dispatch(ToPixels {
            points: self.across(y),
            bias: &self.of.bias,
            least: match self.of.after.relu {
                true => 0.0,
                false => f32::NEG_INFINITY,
            },
            pixels,
        });
    }
}

/// The first of many, each so long.
fn parts<const COUNT: usize>(all: &mut [f32], length: usize) -> [&mut [f32]; COUNT] {
    let mut parts = all.chunks_exact_mut(length);
    std::array::from_fn(|_| parts.next().expect("there are as many"))
}
