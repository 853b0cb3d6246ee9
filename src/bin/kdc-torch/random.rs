//! Randomness that does not depend on libtorch's default generator, and seeds made from names.

use kdc::hash::Fnv;

/// A seed of its own for `purpose` in the run with `seed`: FNV-1a, 64 bits, over the purpose's bytes, then
/// the seed and the index, each as eight little-endian bytes.
///
/// - `("parameters", seed, FNV-1a of the owner's name)`: before a tap's or an edge's parameters are drawn;
/// - `("shuffle", seed, epoch)`: the order of an epoch's samples;
/// - `("epoch", seed, epoch)`: the default generator at the start of every epoch but the first;
/// - `("hold_out", 0, 0)`: which samples are kept apart, the same in every run;
/// - `("beside " + data set, seed, round)`: the order of a round through a data set that makes no epochs;
/// - `("transform " + its place, seed, 2³² · epoch + step)`: what a batch's augmentation draws;
/// - `("mix", seed, 2³² · epoch + step)`: how a batch's samples are mixed.
pub fn derive_seed(purpose: &str, seed: u64, index: u64) -> u64 {
    let mut hash = Fnv::default();
    hash.write(purpose.as_bytes());
    hash.write(&seed.to_le_bytes());
    hash.write(&index.to_le_bytes());
    hash.finish()
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

/// Numbers at random for one purpose, seeded by [`derive_seed`].
pub struct Generator(Mt19937);

impl Generator {
    pub fn new(purpose: &str, seed: u64, index: u64) -> Generator {
        Generator(Mt19937::new(derive_seed(purpose, seed, index) as u32))
    }

    /// From 0 to below 1, in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        let (high, low) = (self.0.next_u32() >> 5, self.0.next_u32() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// From Beta(alpha, alpha).
    pub fn beta(&mut self, alpha: f64) -> f64 {
        let (a, b) = (self.gamma(alpha), self.gamma(alpha));
        match a + b > 0.0 {
            true => a / (a + b),
            // both too small for a number: then one of them is as good as all
            false => self.below(2) as f64,
        }
    }

    /// From Gamma(alpha, 1), by rejection (Marsaglia and Tsang 2000).
    fn gamma(&mut self, alpha: f64) -> f64 {
        if alpha < 1.0 {
            let boost = (1.0 - self.unit()).powf(1.0 / alpha);
            return self.gamma(alpha + 1.0) * boost;
        }
        let d = alpha - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            let u = 1.0 - self.unit();
            if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// From the standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A whole number from 0 to below `count`.
    pub fn below(&mut self, count: u64) -> u64 {
        ((self.unit() * count as f64) as u64).min(count.saturating_sub(1))
    }
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

    /// NumPy's `RandomState(seed).random_sample()` is the same generator with the same 53 bits.
    #[test]
    fn fractions_are_numpys() {
        let mut generator = Generator(Mt19937::new(42));
        let got = [(); 3].map(|()| generator.unit());
        assert_eq!(
            got,
            [0.3745401188473625, 0.9507143064099162, 0.7319939418114051]
        );
    }

    /// Beta(a, a) has the mean 1/2 and the variance 1 / (8a + 4).
    #[test]
    fn beta_has_its_mean_and_variance() {
        for alpha in [0.2, 1.0, 4.0] {
            let mut generator = Generator::new("test", 1, 1);
            let draws: Vec<f64> = (0..20_000).map(|_| generator.beta(alpha)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            let expected = 1.0 / (8.0 * alpha + 4.0);
            assert!(
                (variance / expected - 1.0).abs() < 0.05,
                "{alpha}: {variance}"
            );
        }
    }

    #[test]
    fn whole_numbers_are_below_their_count() {
        let mut generator = Generator::new("test", 1, 1);
        let mut counts = [0; 3];
        for _ in 0..300 {
            counts[generator.below(3) as usize] += 1;
        }
        assert!(counts.iter().all(|count| *count > 70), "{counts:?}");
        assert_eq!(generator.below(1), 0);
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
