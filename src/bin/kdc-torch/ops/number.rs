//! Elements of tensors as the engine's own operations compute with them: in f32.
//!
//! All of it becomes part of the functions that call it, which are compiled for the processor's vectors; a closure
//! would not.

/// An element of a tensor.
pub trait Number: Copy + Default + Send + Sync {
    fn value(self) -> f32;

    /// The nearest element.
    fn of(value: f32) -> Self;

    /// Elements as f32, for which there is room.
    fn read<'a>(elements: &'a [Self], room: &'a mut Vec<f32>) -> &'a [f32];

    /// Where to put numbers that are to become the elements once they are `written`: where these lie, or in the room.
    fn place<'a>(elements: &'a mut [Self], room: &'a mut Vec<f32>) -> &'a mut [f32];

    fn written(elements: &mut [Self], room: &[f32]);

    /// Makes of each number the nearest that is an element.
    fn round(numbers: &mut [f32]);
}

impl Number for f32 {
    #[inline(always)]
    fn value(self) -> f32 {
        self
    }

    #[inline(always)]
    fn of(value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn read<'a>(elements: &'a [f32], _: &'a mut Vec<f32>) -> &'a [f32] {
        elements
    }

    #[inline(always)]
    fn place<'a>(elements: &'a mut [f32], _: &'a mut Vec<f32>) -> &'a mut [f32] {
        elements
    }

    #[inline(always)]
    fn written(_: &mut [f32], _: &[f32]) {}

    #[inline(always)]
    fn round(_: &mut [f32]) {}
}

/// The upper half of an `f32`.
#[derive(Clone, Copy, Default)]
pub struct Bf16(u16);

impl Number for Bf16 {
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    /// To even between two that are as near.
    #[inline(always)]
    fn of(value: f32) -> Bf16 {
        let bits = value.to_bits();
        let even = (bits >> 16) & 1;
        let rounded = bits.wrapping_add(0x7fff + even) >> 16;
        // what is no number is not to become infinite
        let none = (bits >> 16) | 0x40;
        Bf16(if value.is_nan() { none } else { rounded } as u16)
    }

    #[inline(always)]
    fn read<'a>(elements: &'a [Bf16], room: &'a mut Vec<f32>) -> &'a [f32] {
        room.resize(elements.len(), 0.0);
        for (number, element) in room.iter_mut().zip(elements) {
            *number = element.value();
        }
        room
    }

    #[inline(always)]
    fn place<'a>(elements: &'a mut [Bf16], room: &'a mut Vec<f32>) -> &'a mut [f32] {
        room.resize(elements.len(), 0.0);
        room
    }

    #[inline(always)]
    fn written(elements: &mut [Bf16], room: &[f32]) {
        for (element, &number) in elements.iter_mut().zip(room) {
            *element = Bf16::of(number);
        }
    }

    #[inline(always)]
    fn round(numbers: &mut [f32]) {
        for number in numbers {
            *number = Bf16::of(*number).value();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Kind, Tensor};

    #[test]
    fn the_nearest_bf16_is_libtorchs() {
        let special = [
            0.0,
            -0.0,
            1.0,
            f32::INFINITY,
            f32::MAX,
            f32::MIN_POSITIVE,
            1e-40,
        ];
        // between two bf16, which have 7 bits behind the point
        let half = 0.5f32.powi(8);
        let halfway = [1.0 + half, 1.0 + 3.0 * half, -1.0 - half];
        let many = (0..20_000u32).map(|k| f32::from_bits(k.wrapping_mul(2_654_435_761)));
        let finite = many.filter(|value| !value.is_nan());
        let values: Vec<f32> = special.into_iter().chain(halfway).chain(finite).collect();
        let expected = Tensor::from_slice(&values).to_kind(Kind::BFloat16);
        let expected = Vec::<f32>::try_from(expected.to_kind(Kind::Float)).unwrap();
        for (value, expected) in values.iter().zip(&expected) {
            let found = Bf16::of(*value).value();
            assert_eq!(found.to_bits(), expected.to_bits(), "{value:e}");
        }
        assert!(Bf16::of(f32::NAN).value().is_nan());
        assert!(Bf16::of(f32::from_bits(0x7f80_0001)).value().is_nan());
    }
}
