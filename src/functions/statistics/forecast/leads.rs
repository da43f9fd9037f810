//! How many deals are still to come.

use super::book::Book;
use super::clock::{KINDS, Pace};

/// What came so many days ago counts half for the level.
const HALF_LIFE: f64 = 42.0;
/// A season is learnt from so many days at least.
const SEASON_DAYS: usize = 730;
/// Months of the year.
const MONTHS: usize = 12;
/// A month's season is shrunk as if so many leads of an even year stood beside its own.
const PRIOR_LEADS: f64 = 60.0;
/// Of a trend over the next weeks so much is believed a week later, and so on.
const DAMPED: f64 = 0.9;
/// The trend compares so many days with as many before.
const TREND_DAYS: usize = 91;

/// The deals that are expected to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Leads {
    /// On each day of the calendar from the origin on, by days after it.
    pub daily: Vec<f64>,
    /// Variance of a number of them, as a multiple of its expectation.
    pub dispersion: f64,
    /// Relative variance of their level.
    pub level_variance: f64,
}

impl Leads {
    /// From the leads of each day (places of the calendar) in `[begin, until)`, for so many days ahead.
    pub fn of(book: &Book, counts: &[f64], begin: usize, until: usize, ahead: usize) -> Leads {
        let pace = Pace::of(book, counts, until);
        let season = season(book, counts, begin, until);
        let weight = |at: usize| pace.0[book.kinds[at].min(KINDS - 1)] * season[month(book, at)];
        let (mut came, mut expected) = (0.0, 0.0);
        for (at, count) in counts.iter().enumerate().take(until).skip(begin) {
            let memory = (-((until - at) as f64) / HALF_LIFE).exp2();
            came += memory * count;
            expected += memory * weight(at);
        }
        let level = if expected > 0.0 { came / expected } else { 0.0 };
        let weekly = trend(counts, &weight, begin, until);
        let daily = (0..ahead).map(|after| {
            let at = (until + after).min(book.kinds.len() - 1);
            // the level is that of half a life ago
            let weeks = after as f64 / 7.0;
            let grown = weekly * (1.0 - DAMPED.powf(weeks + 4.0)) / (1.0 - DAMPED);
            level * weight(at) * grown.exp()
        });
        let dispersion = dispersion(counts, &weight, level, begin, until);
        let seen = came.max(1.0);
        Leads { daily: daily.collect(), dispersion, level_variance: dispersion / seen }
    }
}

fn month(book: &Book, at: usize) -> usize {
    book.days[at].month.rem_euclid(MONTHS as i32) as usize
}

/// By month of the year: its leads beside those of an even year, from whole years back. Even where two years are not known.
fn season(book: &Book, counts: &[f64], begin: usize, until: usize) -> [f64; MONTHS] {
    let mut season = [1.0; MONTHS];
    if until < begin + SEASON_DAYS {
        return season;
    }
    let (mut own, mut even) = ([0.0; MONTHS], [0.0; MONTHS]);
    for year in 0..(until - begin) / 365 {
        let (from, to) = (until - 365 * (year + 1), until - 365 * year);
        let rate = counts[from..to].iter().sum::<f64>() / 365.0;
        for at in from..to {
            own[month(book, at)] += counts[at];
            even[month(book, at)] += rate;
        }
    }
    for of in 0..MONTHS {
        season[of] = (own[of] + PRIOR_LEADS) / (even[of] + PRIOR_LEADS);
    }
    season
}

/// Growth per week, as a logarithm; half of it is taken for chance where the leads are few.
fn trend(counts: &[f64], weight: &impl Fn(usize) -> f64, begin: usize, until: usize) -> f64 {
    if until < begin + 2 * TREND_DAYS {
        return 0.0;
    }
    let rate = |from: usize, to: usize| {
        let came: f64 = counts[from..to].iter().sum();
        (came, came / (from..to).map(weight).sum::<f64>().max(1e-9))
    };
    let (late, early) = (rate(until - TREND_DAYS, until), rate(until - 2 * TREND_DAYS, until - TREND_DAYS));
    if late.0 < 1.0 || early.0 < 1.0 {
        return 0.0;
    }
    let growth = (late.1 / early.1).ln();
    // as if growth were normal about none: what chance alone would do is taken off
    let chance = 1.0 / late.0 + 1.0 / early.0;
    let usual = 0.05 * 0.05;
    growth * usual / (usual + chance) / (TREND_DAYS as f64 / 7.0)
}

/// Pearson's χ² of weeks over their number; 1 at the least.
fn dispersion(counts: &[f64], weight: &impl Fn(usize) -> f64, level: f64, begin: usize, until: usize) -> f64 {
    let weeks = ((until - begin) / 7).min(26);
    let (mut sum, mut n) = (0.0, 0.0);
    for week in 0..weeks {
        let (from, to) = (until - 7 * (week + 1), until - 7 * week);
        let expected = level * (from..to).map(weight).sum::<f64>();
        if expected > 0.0 {
            sum += (counts[from..to].iter().sum::<f64>() - expected).powi(2) / expected;
            n += 1.0;
        }
    }
    if n > 3.0 { (sum / n).max(1.0) } else { 1.0 }
}
