//! Chance by a seed, and how late late is.

use std::time::Duration;

/// An attempt is given up after so many seconds,
pub const TIMEOUT: &str = "2.5";
/// and a late answer comes after so long.
pub const LATE: Duration = Duration::from_millis(4500);

/// Numbers of a linear congruence.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}
