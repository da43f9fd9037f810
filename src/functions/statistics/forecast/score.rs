//! How wrong forecasts were: made again on past days, from what was known then, beside what people do without a model.

use std::convert::Infallible;

use super::band::{Z90, quantile};
use super::baseline::Baseline;
use super::book::Book;
use super::ledger::Ledger;
use super::pair::Pair;
use super::view::{Parts, View};
use crate::model::parallel::each;

/// A period that is forecast, and how long before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// A calendar month, so many days before its end.
    Month(i32),
    /// So many weeks from the day on.
    Weeks(i32),
}

impl Ahead {
    /// What is scored.
    pub const ALL: [Ahead; 5] =
        [Ahead::Month(21), Ahead::Month(14), Ahead::Month(7), Ahead::Weeks(4), Ahead::Weeks(13)];

    fn is_month(self) -> bool {
        matches!(self, Ahead::Month(_))
    }

    /// Which of the scored ones tells of it.
    pub fn nearest(self) -> Ahead {
        match self {
            Ahead::Month(days) => {
                [21, 14, 7].into_iter().map(Ahead::Month).min_by_key(|of| of.distance(days)).unwrap_or(self)
            }
            weeks => weeks,
        }
    }

    fn distance(self, days: i32) -> i32 {
        let (Ahead::Month(own) | Ahead::Weeks(own)) = self;
        (own - days).abs()
    }
}

/// Scored are the periods that ended within so many months.
const MONTHS: usize = 36;
/// Before the first origin so many days must be known.
const LEARNING_DAYS: i32 = 180;
/// And so many wins within the year before it, of a group too.
pub const FEWEST_WINS: f64 = 20.0;
/// A band needs so many earlier origins to be scaled by.
const FEWEST_EARLIER: usize = 4;
/// What is known before any of them is worth so many.
const PRIOR_ORIGINS: f64 = 4.0;
/// Before any was seen: the share of what is not won yet by which a model errs, whatever chance does.
const MODEL_ERROR: f64 = 0.12;
/// The share of earlier origins that a band is to hold so that it covers 80 % of later ones: the world drifts, and what is scored next is wider off than what was
/// scored before.
const COVERED: f64 = 0.825;
/// Origins without bias that stand beside those that were seen.
const UNBIASED_ORIGINS: f64 = 12.0;
/// Bias is learnt from as many of the last months.
const BIAS_DAYS: i32 = 400;

/// The forecast of one past day for one period, and what came.
#[derive(Debug, Clone)]
pub struct Origin {
    /// How far ahead.
    pub ahead: Ahead,
    /// The day.
    pub day: i32,
    /// The period.
    pub period: [i32; 2],
    /// By group, and at last of all: the parts, corrected by what was known of the bias.
    pub parts: Vec<Parts>,
    /// Parts before the correction, of all.
    raw: Parts,
    /// By group: the factor of the standard deviation that earlier origins ask for; none where they are too few.
    pub scale: Vec<Option<Pair>>,
    /// What the baselines said.
    pub baselines: [Vec<Option<Pair>>; 3],
    /// What came.
    pub actual: Vec<Pair>,
    /// Wins within the year before: those with an amount, and all.
    pub recent: Vec<Pair>,
}

/// Low, middle and high.
pub type Band = [f64; 3];

impl Parts {
    /// The expected total.
    pub fn mean(&self) -> Pair {
        self.won.plus(self.open).plus(self.coming)
    }

    /// What is expected beyond what is won.
    pub fn rest(&self) -> Pair {
        self.open.plus(self.coming)
    }

    /// P10, P50 and P90 of the total, of money and of wins, the standard deviation times a factor.
    pub fn bands(&self, scale: Pair) -> [Band; 2] {
        let rest = self.rest();
        let of = |won: f64, rest: f64, variance: f64, scale: f64| {
            [-Z90, 0.0, Z90].map(|z| won + quantile(rest, variance * scale * scale, z))
        };
        [
            of(self.won.money, rest.money, self.variance.money, scale.money),
            of(self.won.wins, rest.wins, self.variance.wins, scale.wins),
        ]
    }

    pub(super) fn times(&self, factor: Pair) -> Parts {
        let by = |pair: Pair| Pair { money: pair.money * factor.money, wins: pair.wins * factor.wins };
        let square = Pair { money: factor.money * factor.money, wins: factor.wins * factor.wins };
        let variance = Pair { money: self.variance.money * square.money, wins: self.variance.wins * square.wins };
        Parts { won: self.won, open: by(self.open), coming: by(self.coming), variance }
    }

    pub(super) fn with_model_error(mut self) -> Parts {
        let error = self.rest().map(|rest| (rest * MODEL_ERROR).powi(2));
        self.variance = self.variance.plus(error);
        self
    }

    /// By how many of its standard deviations what came was off.
    fn off(&self, actual: Pair) -> Pair {
        let mean = self.mean();
        let one = |actual: f64, mean: f64, variance: f64| {
            if variance > 0.0 { (actual - mean) / variance.sqrt() } else { 0.0 }
        };
        Pair {
            money: one(actual.money, mean.money, self.variance.money),
            wins: one(actual.wins, mean.wins, self.variance.wins),
        }
    }
}

/// All origins whose periods are over before the day `until`, the earliest first.
pub fn origins(book: &Book, ledger: &Ledger, until: i32) -> Vec<Origin> {
    let Some(begin) = book.days.get(ledger.begin).map(|day| day.day) else { return Vec::new() };
    let mut asked: Vec<(i32, [i32; 2], Ahead)> = Vec::new();
    let mut month = book.month(until.max(begin));
    for _ in 0..MONTHS + 3 {
        if month[0] <= begin + LEARNING_DAYS - 31 {
            break;
        }
        for ahead in Ahead::ALL {
            let (day, period) = match ahead {
                Ahead::Month(days) => (month[1] - days, month),
                Ahead::Weeks(weeks) => (month[0], [month[0], month[0] + 7 * weeks]),
            };
            if day >= begin + LEARNING_DAYS && period[1] <= until {
                asked.push((day, period, ahead));
            }
        }
        month = book.month(month[0] - 1);
    }
    asked.sort_by_key(|(day, period, _)| (*day, period[1]));
    let days: Vec<&[(i32, [i32; 2], Ahead)]> = asked.chunk_by(|a, b| a.0 == b.0).collect();
    let Ok(seen) = each(&days, |asked| Ok::<_, Infallible>(of_day(book, ledger, asked)), |_| ());
    let mut origins: Vec<Origin> = Vec::with_capacity(asked.len());
    for origin in seen.into_iter().flatten() {
        let origin = corrected(&origins, origin);
        origins.push(origin);
    }
    origins
}

/// The origins of one day, not corrected yet: they depend on no other day.
fn of_day(book: &Book, ledger: &Ledger, asked: &[(i32, [i32; 2], Ahead)]) -> Vec<Origin> {
    let Some((day, ..)) = asked.first() else { return Vec::new() };
    let furthest = asked.iter().map(|(_, period, _)| period[1] - day).max().unwrap_or(0);
    let mut view = View::of(book, ledger, *day, usize::try_from(furthest).unwrap_or(0));
    let origin = |(day, period, ahead): &(i32, [i32; 2], Ahead)| {
        let raw = view.until(period[0], period[1]);
        Origin {
            ahead: *ahead,
            day: *day,
            period: *period,
            raw: raw[book.groups],
            parts: raw,
            scale: Vec::new(),
            baselines: Baseline::ALL.map(|of| of.of(book, ledger, &view, *period)),
            actual: ledger.won(book, period[0], period[1]),
            recent: view.recent.clone(),
        }
    };
    asked.iter().map(origin).collect()
}

/// An origin, its bias taken off and its band scaled by what the origins before it had shown by then.
fn corrected(earlier: &[Origin], mut origin: Origin) -> Origin {
    let factor = bias(earlier, origin.ahead, origin.day);
    origin.parts.iter_mut().for_each(|parts| *parts = parts.times(factor).with_model_error());
    origin.scale = (0..origin.parts.len()).map(|of| scale(earlier, origin.ahead, origin.day, of)).collect();
    origin
}

/// How much an earlier origin tells of another, by how far ahead they look; none where its period was not over.
fn likeness(earlier: &Origin, ahead: Ahead, day: i32) -> Option<f64> {
    let is_over = earlier.period[1] <= day;
    let weight = match (earlier.ahead, ahead) {
        (of, ahead) if of == ahead => 1.0,
        (of, ahead) if of.is_month() && ahead.is_month() => 0.2,
        _ => return None,
    };
    is_over.then_some(weight)
}

/// What forecasts are to be multiplied by, learnt from periods that were over on a day.
pub fn bias(earlier: &[Origin], ahead: Ahead, day: i32) -> Pair {
    let (mut came, mut said, mut n) = (Pair::default(), Pair::default(), 0.0);
    for origin in earlier {
        let Some(weight) = likeness(origin, ahead, day).filter(|_| origin.day >= day - BIAS_DAYS) else { continue };
        let Some(all) = origin.actual.last() else { continue };
        let (won, rest) = (origin.raw.won, origin.raw.rest());
        came = came.plus(Pair { money: all.money - won.money, wins: all.wins - won.wins }.map(|x| x * weight));
        said = said.plus(rest.map(|x| x * weight));
        n += weight;
    }
    let one = |came: f64, said: f64| {
        let prior = if n > 0.0 { UNBIASED_ORIGINS * said / n } else { 0.0 };
        if said + prior > 0.0 { ((came + prior) / (said + prior)).clamp(0.5, 2.0) } else { 1.0 }
    };
    Pair { money: one(came.money, said.money), wins: one(came.wins, said.wins) }
}

/// By what the standard deviation of a group is to be multiplied, learnt from periods that were over on a day.
///
/// Conformal: the share of earlier origins whose error was below the band's is to be [`COVERED`] of one more than there were (V. Vovk, A. Gammerman,
/// G. Shafer (2005), "Algorithmic Learning in a Random World"), beside what the root mean square asks for; the wider of the two, for of few
/// origins each alone is unsteady.
pub fn scale(earlier: &[Origin], ahead: Ahead, day: i32, group: usize) -> Option<Pair> {
    let mut offs: Vec<(Pair, f64)> = Vec::new();
    for origin in earlier {
        let Some(weight) = likeness(origin, ahead, day) else { continue };
        offs.push((origin.parts.get(group)?.off(*origin.actual.get(group)?), weight));
    }
    let own = offs.iter().filter(|(_, weight)| *weight == 1.0).count();
    let one = |measure: Measure| {
        let mut offs: Vec<(f64, f64)> = offs.iter().map(|(off, weight)| (measure.of(*off).abs(), *weight)).collect();
        let n: f64 = offs.iter().map(|(_, weight)| weight).sum();
        let squares: f64 = offs.iter().map(|(off, weight)| off * off * weight).sum();
        let freedom = n + PRIOR_ORIGINS;
        let by_squares = ((squares + PRIOR_ORIGINS) / (freedom - 2.0)).sqrt();
        offs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut seen = 0.0;
        let reaches = |(_, weight): &&(f64, f64)| {
            seen += weight;
            seen >= COVERED * (n + 1.0)
        };
        let by_rank = offs.iter().find(reaches).or(offs.last()).map_or(1.0, |(off, _)| off / Z90);
        by_squares.max(by_rank).clamp(0.5, 10.0)
    };
    (own >= FEWEST_EARLIER).then(|| Pair { money: one(Measure::Money), wins: one(Measure::Wins) })
}

/// How one way to forecast did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// Origins that it is scored on.
    pub origins: u64,
    /// Σ |forecast − actual| / Σ actual.
    pub wape: Option<f64>,
    /// Σ (forecast − actual) / Σ actual.
    pub bias: Option<f64>,
    /// Ours, on the same origins.
    pub ours: Option<f64>,
    /// The root of the mean square error.
    pub error: Option<f64>,
    /// Origins with a band, and those within it.
    pub banded: u64,
    /// Of them: within.
    pub within: u64,
}

/// Money or wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Money.
    Money,
    /// The number of wins.
    Wins,
}

impl Measure {
    /// Both.
    pub const ALL: [Measure; 2] = [Measure::Money, Measure::Wins];

    /// Its part of a pair.
    pub fn of(self, pair: Pair) -> f64 {
        match self {
            Measure::Money => pair.money,
            Measure::Wins => pair.wins,
        }
    }
}

/// Scores ours, then the baselines, on the origins of one kind for one group.
pub fn scores(origins: &[Origin], ahead: Ahead, group: usize, measure: Measure) -> [Score; 4] {
    let mut sums = [[0.0_f64; 6]; 4];
    let mut scores = [Score::default(); 4];
    for origin in
        origins.iter().filter(|origin| origin.ahead == ahead && measure.of(origin.recent[group]) >= FEWEST_WINS)
    {
        let actual = measure.of(origin.actual[group]);
        let bands = origin.scale[group].map(|scale| origin.parts[group].bands(scale)[measure as usize]);
        if let Some([low, _, high]) = bands {
            scores[0].banded += 1;
            scores[0].within += u64::from((low..=high).contains(&actual));
        }
        let ours = measure.of(origin.parts[group].mean());
        let said =
            std::iter::once(Some(ours)).chain(origin.baselines.iter().map(|of| of[group].map(|pair| measure.of(pair))));
        for (at, said) in said.enumerate() {
            let Some(said) = said else { continue };
            let off = said - actual;
            let more = [off.abs(), off, actual, off * off, (ours - actual).abs(), 1.0];
            sums[at].iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }
    for (score, [absolute, off, actual, squares, ours, n]) in scores.iter_mut().zip(sums) {
        let share = |sum: f64| (actual > 0.0).then(|| sum / actual);
        score.origins = n as u64;
        (score.wape, score.bias, score.ours) = (share(absolute), share(off), share(ours));
        score.error = (n > 0.0).then(|| (squares / n).sqrt());
    }
    scores
}
