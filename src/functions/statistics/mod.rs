//! The statistics: plain functions on slices, which know nothing of SQL. Each names its formula and its source, and
//! is compared with an independent implementation by the numbers in `tests/oracles`.

pub mod beta;
pub mod bgnbd;
pub mod chi_squared;
pub mod competing;
pub mod event_time;
pub mod forecast;
pub mod funnel;
pub mod gamma;
pub mod gamma_gamma;
pub mod lift;
pub mod maximum;
pub mod multiple;
pub mod normal;
pub mod observations;
pub mod outlook;
pub mod poisson;
pub mod regression;
pub mod shapley;
pub mod shares;
pub mod standard;
pub mod student;
pub mod survival;
pub mod tally;
pub mod variation;
pub mod wilson;

/// The standard normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// What to multiply numbers by, so that the square of none is beyond a double or nothing: a power of two, which changes no digit; 1 for
/// numbers of ordinary size.
fn moderate(numbers: impl Iterator<Item = f64>) -> f64 {
    let largest = numbers.fold(0.0, |largest: f64, number| largest.max(number.abs()));
    match largest {
        _ if largest > 0.0 && !(1e-100..=1e100).contains(&largest) => {
            2.0_f64.powi(-(largest.log2().clamp(-1000.0, 1000.0) as i32))
        }
        _ => 1.0,
    }
}

#[cfg(test)]
pub(super) mod golden {
    //! Reads the golden numbers: a small CSV with a header, no quotes, `NA` for none.

    /// The rows below the header, split into cells.
    pub fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
        text.lines().skip(1).map(|line| line.split(',').collect())
    }

    /// A cell that may be empty of a number.
    pub fn number(cell: &str) -> Option<f64> {
        (cell != "NA").then(|| cell.parse().expect("a golden number"))
    }

    /// Cells such as `1 2.5 3`.
    pub fn numbers(cell: &str) -> Vec<f64> {
        cell.split_ascii_whitespace().map(|part| part.parse().expect("golden numbers")).collect()
    }

    /// Holds two numbers together to a tolerance, absolute below 1 and relative above.
    pub fn same(ours: f64, golden: f64, tolerance: f64, what: &str) {
        let difference = (ours - golden).abs() / golden.abs().max(1.0);
        assert!(difference <= tolerance, "{what}: ours {ours}, golden {golden}, off by {difference:e}");
    }
}
