//! Rows of numbers, alike ones counted: clients of whom the data say the same are one row.

/// Rows of `N` numbers, and how often each was seen.
#[derive(Debug, Clone)]
pub struct Tally<const N: usize> {
    rows: Vec<Counted<N>>,
    /// With so many rows, alike ones are merged.
    limit: usize,
}

/// A row, and how often it was seen.
pub type Counted<const N: usize> = ([f64; N], u64);

/// Below so many rows merging is not worth it.
const FEW: usize = 1024;

impl<const N: usize> Default for Tally<N> {
    fn default() -> Tally<N> {
        Tally { rows: Vec::new(), limit: FEW }
    }
}

impl<const N: usize> Tally<N> {
    /// Takes in a row that was seen `count` times. No number in it may be NaN.
    pub fn add(&mut self, row: [f64; N], count: u64) {
        if self.rows.len() >= self.limit {
            self.merge();
            // twice as many before the next merge: each row is sorted a few times, however many there are
            self.limit = FEW.max(2 * self.rows.len());
        }
        // adding 0 makes the negative zero a positive one: they would sort apart
        self.rows.push((row.map(|number| number + 0.0), count));
    }

    /// All rows in ascending order, no two alike.
    pub fn sorted(&mut self) -> &[Counted<N>] {
        self.merge();
        &self.rows
    }

    fn merge(&mut self) {
        let order = |a: &[f64; N], b: &[f64; N]| {
            a.iter()
                .zip(b)
                .map(|(a, b)| a.total_cmp(b))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        self.rows.sort_unstable_by(|(a, _), (b, _)| order(a, b));
        self.rows.dedup_by(|(later, count), (kept, sum)| {
            let alike = later == kept;
            *sum += if alike { *count } else { 0 };
            alike
        });
    }

    /// All rows as numbers, each followed by its count.
    pub fn save(&self) -> Vec<f64> {
        self.rows.iter().flat_map(|(row, count)| row.iter().copied().chain([*count as f64])).collect()
    }

    /// Takes in what another one saved; false where that is none of ours.
    pub fn absorb(&mut self, saved: &[f64]) -> bool {
        let rows = saved.chunks_exact(N + 1);
        let whole = rows.remainder().is_empty();
        for row in rows {
            if let Ok(numbers) = <[f64; N]>::try_from(&row[..N]) {
                self.add(numbers, row[N] as u64);
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_rows_are_one_whatever_the_order() {
        let row = |i: u64| [(i * 7 % 5) as f64, if i.is_multiple_of(2) { 0.0 } else { -0.0 }];
        let mut forth = Tally::default();
        let mut back = Tally::default();
        (0..10_000).for_each(|i| forth.add(row(i), 1));
        (0..10_000).rev().for_each(|i| back.add(row(i), 1));
        let expected: Vec<_> = (0..5).map(|x| ([f64::from(x), 0.0], 2000)).collect();
        assert_eq!(forth.sorted(), expected);
        assert!(back.rows.len() <= FEW);
        let mut both = Tally::default();
        assert!(both.absorb(&back.save()) && both.absorb(&[]) && both.absorb(&forth.save()));
        assert_eq!(both.sorted(), expected.iter().map(|(row, count)| (*row, 2 * count)).collect::<Vec<_>>());
        assert!(!both.absorb(&[1.0, 2.0]));
    }
}
