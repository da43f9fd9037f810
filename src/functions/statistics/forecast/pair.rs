//! Money and the number of wins, which are forecast side by side.

/// Money and wins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pair {
    /// The money.
    pub money: f64,
    /// The number of wins.
    pub wins: f64,
}

impl Pair {
    /// The sum of two.
    pub fn plus(self, other: Pair) -> Pair {
        Pair { money: self.money + other.money, wins: self.wins + other.wins }
    }

    /// Each part by its own function.
    pub fn map(self, of: impl Fn(f64) -> f64) -> Pair {
        Pair { money: of(self.money), wins: of(self.wins) }
    }

    /// Takes another in.
    pub fn add(&mut self, other: Pair) {
        *self = self.plus(other);
    }
}
