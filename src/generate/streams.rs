//! Named seeded streams: one per aspect, so that a slice of the clients or a new column shifts no other value.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The random numbers of one aspect, such as `deal.money`. Each client or deal has its own sequence in it.
pub struct Stream {
    keyed: ChaCha8Rng,
}

impl Stream {
    /// The stream of that name. The key is made of seed and name alone: streams know nothing of each other.
    pub fn new(seed: u64, name: &str) -> Stream {
        let mut key = [0; 32];
        for (part, word) in key.chunks_exact_mut(8).zip(0_u64..) {
            let word = xxh3_64_with_seed(name.as_bytes(), seed ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            part.copy_from_slice(&word.to_le_bytes());
        }
        Stream { keyed: ChaCha8Rng::from_seed(key) }
    }

    /// The sequence of one client or deal.
    pub fn of(&self, index: u64) -> Draws {
        let mut rng = self.keyed.clone();
        rng.set_stream(index);
        Draws { rng }
    }
}

/// A sequence of random numbers and the draws made from it.
pub struct Draws {
    rng: ChaCha8Rng,
}

impl Draws {
    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[from, to)`.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A whole number in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// An index drawn by weights; they need not add up to 1.
    pub fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// Lognormal by its median and the spread of its logarithm.
    pub fn lognormal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_depends_on_seed_name_and_index_alone() {
        let first = |seed, name, index| Stream::new(seed, name).of(index).unit();
        assert_eq!(first(1, "deal.money", 7), first(1, "deal.money", 7));
        assert_ne!(first(1, "deal.money", 7), first(2, "deal.money", 7));
        assert_ne!(first(1, "deal.money", 7), first(1, "deal.pace", 7));
        assert_ne!(first(1, "deal.money", 7), first(1, "deal.money", 8));
    }

    #[test]
    fn weights_are_kept() {
        let mut draws = Stream::new(1, "test").of(0);
        let mut seen = [0.0_f64; 3];
        for _ in 0..30_000 {
            seen[draws.pick(&[1.0, 2.0, 3.0])] += 1.0 / 5_000.0;
        }
        for (share, weight) in seen.iter().zip([1.0, 2.0, 3.0]) {
            assert!((share - weight).abs() < 0.15, "{seen:?}");
        }
    }
}
