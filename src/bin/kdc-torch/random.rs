//! Randomness that does not depend on libtorch's default generator, and seeds made from names.

/// A seed of its own for `purpose` in the run with `seed`: FNV-1a, 64 bits, over the purpose's bytes, then
/// the seed and the index, each as eight little-endian bytes.
///
/// - `("parameters", seed, FNV-1a of the owner's name)`: before a tap's or an edge's parameters are drawn;
/// - `("shuffle", seed, epoch)`: the order of an epoch's samples;
/// - `("epoch", seed, epoch)`: the default generator at the start of every epoch but the first;
/// - `("hold_out", 0, 0)`: which samples are kept apart, the same in every run.
pub fn derive_seed(purpose: &str, seed: u64, index: u64) -> u64 {
    let mut hash = Fnv::default();
    hash.write(purpose.as_bytes());
    hash.write(&seed.to_le_bytes());
    hash.write(&index.to_le_bytes());
    hash.finish()
}

/// FNV-1a, 64 bits.
#[derive(Clone, Copy)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub fn of(bytes: &[u8]) -> u64 {
        let mut hash = Fnv::default();
        hash.write(bytes);
        hash.finish()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn finish(self) -> u64 {
        self.0
    }
}

/// `torch.randperm(n, generator=torch.Generator().manual_seed(seed))`.
pub fn permutation(n: usize, seed: u64) -> Vec<i64> {
    // From here on PyTorch draws 64 bits a step.
    assert!((n as u64) < u64::from(u32::MAX) / 20, "too many samples");
    // PyTorch seeds this generator with the lower half only.
    let mut generator = Mt19937::new(seed as u32);
    let mut order: Vec<i64> = (0..n as i64).collect();
    for i in 0..n.saturating_sub(1) {
        let offset = generator.next_u32() as usize % (n - i);
        order.swap(i, i + offset);
    }
    order
}

/// Matsumoto and Nishimura's Mersenne Twister (1998).
struct Mt19937 {
    state: [u32; Self::SIZE],
    next: usize,
}

impl Mt19937 {
    const SIZE: usize = 624;
    const MIDDLE: usize = 397;

    fn new(seed: u32) -> Mt19937 {
        let mut state = [seed; Self::SIZE];
        for i in 1..Self::SIZE {
            let previous = state[i - 1];
            state[i] = (previous ^ (previous >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Mt19937 {
            state,
            next: Self::SIZE,
        }
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == Self::SIZE {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..Self::SIZE {
            let y =
                (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % Self::SIZE] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + Self::MIDDLE) % Self::SIZE] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::golden;

    #[test]
    fn permutations_are_pytorchs() {
        for seed in [0, 1, 42, (1 << 31) - 1, (1 << 32) + 7] {
            for n in [1, 2, 10, 1000] {
                let expected = Vec::<i64>::try_from(golden(&format!("randperm.{seed}.{n}")));
                assert_eq!(permutation(n, seed), expected.unwrap(), "{n} by {seed}");
            }
        }
        assert!(permutation(0, 1).is_empty());
    }

    #[test]
    fn hashes_are_fnv_1a() {
        // From the algorithm's own test vectors.
        assert_eq!(Fnv::of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv::of(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv::of(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn seeds_differ_by_purpose_seed_and_index() {
        let seeds = [
            derive_seed("shuffle", 1, 2),
            derive_seed("shuffle", 2, 1),
            derive_seed("epoch", 1, 2),
            derive_seed("epoch", 1, 3),
        ];
        let distinct: std::collections::HashSet<_> = seeds.iter().collect();
        assert_eq!(distinct.len(), seeds.len());
    }
}
