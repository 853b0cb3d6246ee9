//! Crops and flips of a whole batch: in one pass over its bytes where it lies in the CPU's memory. They draw and
//! give what [`super::change`] draws and gives picture by picture.

use super::{on_device, outcome};
use crate::failure::Result;
use crate::layout;
use crate::random::Generator;
use kdc::plan::PictureChange;
use kdc::plan::views::{Corners, Outcomes};
use tch::{Device, Tensor};

/// Whether the change is one of these.
pub fn has(change: &PictureChange) -> bool {
    matches!(
        change,
        PictureChange::Crop { .. } | PictureChange::Flip { .. }
    )
}

/// The pictures `[N, C, H, W]` after the change; none if it is not one of these.
pub fn change(
    change: &PictureChange,
    pictures: &Tensor,
    draw: &mut Generator,
) -> Result<Option<Tensor>> {
    if pictures.dim() != 4 {
        return Ok(None);
    }
    if pictures.device() != Device::Cpu {
        return on_device::change(change, pictures, draw);
    }
    Ok(match *change {
        PictureChange::Crop { size, padding } => {
            Some(Bytes::of(pictures)?.cropped(size, padding, draw)?)
        }
        PictureChange::Flip { probability } => {
            Some(Bytes::of(pictures)?.flipped(probability, draw)?)
        }
        _ => None,
    })
}

/// Pictures as bytes, row after row.
struct Bytes<'p> {
    pictures: &'p Tensor,
    bytes: Vec<u8>,
    count: usize,
    channels: usize,
    height: usize,
    width: usize,
    /// Of one number.
    element: usize,
}

impl Bytes<'_> {
    fn of(pictures: &Tensor) -> Result<Bytes<'_>> {
        let size = pictures.size();
        let side = |place: usize| size[place] as usize;
        let element = pictures.kind().elt_size_in_bytes();
        Ok(Bytes {
            pictures,
            bytes: layout::bytes(pictures)?,
            count: side(0),
            channels: side(1),
            height: side(2),
            width: side(3),
            element,
        })
    }

    fn cropped(&self, size: (u64, u64), padding: u64, draw: &mut Generator) -> Result<Tensor> {
        let corners = Corners::of((self.height as u64, self.width as u64), size, padding);
        let (height, width) = (size.0 as usize, size.1 as usize);
        let padding = padding as usize;
        let (from_row, to_row) = (self.width * self.element, width * self.element);
        // what lies outside of a picture is black
        let mut cropped = vec![0; self.count * self.channels * height * to_row];
        let planes = self.channels * height * to_row;
        for (picture, part) in cropped.chunks_exact_mut(planes).enumerate() {
            let (top, left) = corners.place(outcome(Outcomes::Corner(corners), draw));
            let (top, left) = (top as usize, left as usize);
            let first = padding.saturating_sub(left);
            let last = width.min((self.width + padding).saturating_sub(left));
            if last <= first {
                continue;
            }
            let length = (last - first) * self.element;
            for (row, part) in part.chunks_exact_mut(to_row).enumerate() {
                let (channel, y) = (row / height, top + row % height);
                if y < padding || y >= self.height + padding {
                    continue;
                }
                let plane = (picture * self.channels + channel) * self.height;
                let from =
                    (plane + y - padding) * from_row + (left + first - padding) * self.element;
                part[first * self.element..][..length]
                    .copy_from_slice(&self.bytes[from..from + length]);
            }
        }
        self.tensor(&cropped, height, width)
    }

    fn flipped(mut self, probability: f64, draw: &mut Generator) -> Result<Tensor> {
        let row = self.width * self.element;
        let picture = self.channels * self.height * row;
        for picture in self.bytes.chunks_exact_mut(picture) {
            if outcome(Outcomes::Flip { probability }, draw) == 1 {
                for row in picture.chunks_exact_mut(row) {
                    // all bytes, then those of each number back
                    row.reverse();
                    row.chunks_exact_mut(self.element).for_each(<[u8]>::reverse);
                }
            }
        }
        self.tensor(&self.bytes, self.height, self.width)
    }

    fn tensor(&self, bytes: &[u8], height: usize, width: usize) -> Result<Tensor> {
        let size = [self.count, self.channels, height, width].map(|n| n as i64);
        Ok(Tensor::f_from_data_size(
            bytes,
            &size,
            self.pictures.kind(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture;
    use crate::data::picture::tests::picture as example;
    use tch::Kind;

    #[test]
    fn a_batch_is_changed_as_its_pictures_are() {
        let bytes = example().unsqueeze(0).repeat([20, 1, 1, 1]);
        let reals = bytes.to_kind(Kind::Float) / 255.0 - 0.5;
        let crop = |size, padding| PictureChange::Crop { size, padding };
        for (change, batch) in [
            (crop((20, 27), 4), &bytes),
            (crop((20, 27), 4), &reals),
            (crop((7, 30), 9), &bytes),
            (crop((3, 3), 0), &reals),
            (PictureChange::Flip { probability: 0.5 }, &bytes),
            (PictureChange::Flip { probability: 0.5 }, &reals),
        ] {
            let draw = || Generator::new("test", 1, 1);
            let found = super::change(&change, batch, &mut draw()).unwrap().unwrap();
            let as_on_gpu = on_device::change(&change, batch, &mut draw()).unwrap();
            assert!(as_on_gpu.unwrap().equal(&found), "{change:?}");
            let mut each = draw();
            let expected = batch.unbind(0).into_iter();
            let expected = expected.map(|one| picture::change(&change, &one, &mut each).unwrap());
            let expected = Tensor::stack(&expected.collect::<Vec<_>>(), 0);
            assert!(found.equal(&expected), "{change:?}");
        }
    }
}
