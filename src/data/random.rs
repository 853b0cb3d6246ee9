//! The random numbers that the built-in data are made of.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Train,
    Test,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(u64);

impl Random {
    /// Neighbouring samples get unrelated streams: the index goes through the generator's mixer.
    pub(super) fn of(split: Split, index: usize) -> Random {
        let split = match split {
            Split::Train => 0x7472_6169_6e00_0000,
            Split::Test => 0x7465_7374_0000_0000,
        };
        Random(Random(split + index as u64).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to below 1, in steps that an f32 holds exactly.
    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }

    pub(super) fn within(&mut self, (low, high): (f32, f32)) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Both ends included.
    pub(super) fn between(&mut self, (low, high): (u32, u32)) -> u32 {
        low + (self.next() % u64::from(high - low + 1)) as u32
    }

    /// About normal, with standard deviation 1: four 16-bit numbers added.
    pub(super) fn bell(&mut self) -> f32 {
        let bits = self.next();
        let sum: u32 = (0..4).map(|k| (bits >> (16 * k)) as u16 as u32).sum();
        (sum as f32 / 65536.0 - 2.0) * 1.732
    }

    pub(super) fn colour(&mut self, range: (f32, f32)) -> [f32; 3] {
        [self.within(range), self.within(range), self.within(range)]
    }

    /// A direction at most `2 atan(limit)` from the x axis. (1 - t², 2t) / (1 + t²) has length 1 and
    /// takes no sine.
    pub(super) fn tilt(&mut self, limit: f32) -> [f32; 2] {
        let t = self.within((-limit, limit));
        [(1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)]
    }

    /// Any direction: one within an eighth of a turn of the x axis, and quarter turns.
    pub(super) fn direction(&mut self) -> [f32; 2] {
        let [x, y] = self.tilt(0.414_213_56);
        match self.next() >> 62 {
            0 => [x, y],
            1 => [-y, x],
            2 => [-x, -y],
            _ => [y, -x],
        }
    }
}
