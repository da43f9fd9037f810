//! What is answered of a forecast: the table of horizons, the scores, the path of the month, what past months needed.

use super::band::Z90;
use super::baseline::{Baseline, weighted};
use super::book::Book;
use super::ledger::Ledger;
use super::pair::Pair;
use super::score::{Ahead, Band, FEWEST_WINS, Measure, Origin, Score, bias, origins, scale, scores};
use super::view::{Parts, View, open};

/// Why there is no number.
const FEW_WINS: f64 = 1.0;
/// Or too few of the wins have an amount.
const FEW_AMOUNTS: f64 = 3.0;
/// Or no band: too few past days to scale it by.
const FEW_ORIGINS: f64 = 2.0;
/// A way to forecast is told from ours only on so many origins.
const FEWEST_ORIGINS: u64 = 6;
/// Weeks ahead that are always told.
const WEEKS: [i32; 2] = [4, 13];
/// Past months whose coverage is told.
const COVERED_MONTHS: usize = 12;

/// A row of an answer: numbers in the order of its names.
pub type Line = Vec<Option<f64>>;

/// What the answers are made of, on one day.
#[derive(Debug)]
pub struct Desk {
    book: Book,
    ledger: Ledger,
    day: i32,
    /// The forecasts of past days.
    origins: Vec<Origin>,
}

/// A forecast for one group and measure, as it is shown.
struct Shown {
    parts: [f64; 3],
    band: Option<Band>,
    baselines: [Option<f64>; 3],
    scores: [Score; 4],
    best: usize,
    headline: Option<f64>,
    wins: Pair,
}

impl Desk {
    /// On the day `day`, of which and of later days nothing is seen.
    pub fn new(book: Book, day: i32) -> Desk {
        let ledger = Ledger::of(&book);
        let origins = origins(&book, &ledger, day);
        Desk { book, ledger, day, origins }
    }

    /// Each group's place among the parts; where there is one group, it is all.
    fn places(&self) -> Vec<(usize, usize)> {
        match self.book.groups {
            1 => vec![(0, 1)],
            groups => (0..groups).map(|of| (of, of)).collect(),
        }
    }

    /// `grp, horizon (0 month, 4, 13 weeks), measure (0 money, 1 wins), starts, ends, won, open, coming, mean, p10, p50, p90, last_year,
    /// run_rate, weighted, headline, low, high, method (0 ours, 1 …), wape, best_wape, origins, covered, banded, wins, why`.
    pub fn horizons(&self) -> Vec<Line> {
        let month = self.book.month(self.day);
        let asked = std::iter::once((0, month, Ahead::Month(month[1] - self.day)))
            .chain(WEEKS.map(|weeks| (weeks, [self.day, self.day + 7 * weeks], Ahead::Weeks(weeks))));
        let mut view = View::of(&self.book, &self.ledger, self.day, 7 * WEEKS[1] as usize);
        let mut lines = Vec::new();
        for (horizon, period, ahead) in asked {
            let parts = self.corrected(&mut view, ahead, period);
            let baselines = Baseline::ALL.map(|of| of.of(&self.book, &self.ledger, &view, period));
            for (group, place) in self.places() {
                for measure in Measure::ALL {
                    let shown = self.shown(ahead, place, measure, &parts[place], &baselines, view.recent[place]);
                    lines.push(line(&shown, group, horizon, measure, period));
                }
            }
        }
        lines
    }

    fn corrected(&self, view: &mut View<'_>, ahead: Ahead, period: [i32; 2]) -> Vec<Parts> {
        let factor = bias(&self.origins, ahead.nearest(), self.day);
        let parts = view.until(period[0], period[1]);
        parts.iter().map(|parts| parts.times(factor).with_model_error()).collect()
    }

    fn shown(
        &self,
        ahead: Ahead,
        place: usize,
        measure: Measure,
        parts: &Parts,
        baselines: &[Vec<Option<Pair>>; 3],
        wins: Pair,
    ) -> Shown {
        let nearest = ahead.nearest();
        let scores = scores(&self.origins, nearest, place, measure);
        let band = scale(&self.origins, nearest, self.day, place).map(|scale| parts.bands(scale)[measure as usize]);
        let baselines = [0, 1, 2].map(|at: usize| baselines[at][place].map(|pair| measure.of(pair)));
        let [won, open, coming] = [parts.won, parts.open, parts.coming].map(|pair| measure.of(pair));
        let best = better(&scores, &baselines);
        let headline = if best == 0 { Some(won + open + coming) } else { baselines[best - 1] };
        Shown { parts: [won, open, coming], band, baselines, scores, best, headline, wins }
    }

    /// `grp, ahead (21, 14, 7 days; 4, 13 weeks as 28, 91), measure, method, origins, wape, bias, ours, covered, banded, first, last`.
    pub fn scores(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (group, place) in self.places() {
            for ahead in Ahead::ALL {
                let days = match ahead {
                    Ahead::Month(days) => days,
                    Ahead::Weeks(weeks) => 7 * weeks,
                };
                for measure in Measure::ALL {
                    let scored = self
                        .origins
                        .iter()
                        .filter(|of| of.ahead == ahead && measure.of(of.recent[place]) >= FEWEST_WINS);
                    let (first, last) = (scored.clone().map(|of| of.day).min(), scored.map(|of| of.day).max());
                    for (method, score) in scores(&self.origins, ahead, place, measure).into_iter().enumerate() {
                        let key = [group as f64, f64::from(days), measure as usize as f64, method as f64];
                        let banded = score.banded > 0;
                        let told = [
                            Some(score.origins as f64),
                            score.wape,
                            score.bias,
                            score.ours.filter(|_| method > 0),
                            banded.then_some(score.within as f64),
                            banded.then_some(score.banded as f64),
                            first.map(f64::from),
                            last.map(f64::from),
                        ];
                        lines.push(key.into_iter().map(Some).chain(told).collect());
                    }
                }
            }
        }
        lines
    }

    /// `grp, measure, day, fact, p10, p50, p90`: by day of the month that the day lies in, what is won by the end of it.
    pub fn path(&self) -> Vec<Line> {
        let [from, to] = self.book.month(self.day);
        let ahead = Ahead::Month(to - self.day);
        let mut view = View::of(&self.book, &self.ledger, self.day, usize::try_from(to - self.day).unwrap_or(0));
        let mut lines = Vec::new();
        for day in from..to {
            let parts = self.corrected(&mut view, ahead, [from, day + 1]);
            let sums = self.ledger.won(&self.book, from, (day + 1).min(self.day));
            for (group, place) in self.places() {
                let scale = scale(&self.origins, ahead.nearest(), self.day, place).filter(|_| day >= self.day);
                for measure in Measure::ALL {
                    let recent = measure.of(view.recent[place]);
                    let is_known = recent > 0.0 || view.recent[place].wins <= 0.0;
                    let fact = (day < self.day && is_known).then(|| measure.of(sums[place]));
                    let band = scale
                        .filter(|_| recent >= FEWEST_WINS)
                        .map(|scale| parts[place].bands(scale)[measure as usize]);
                    let key = [group as f64, measure as usize as f64, f64::from(day)].map(Some);
                    let band = [0, 1, 2].map(|at: usize| band.map(|band| band[at]));
                    lines.push(key.into_iter().chain([fact]).chain(band).collect());
                }
            }
        }
        lines
    }

    /// `grp, measure, month, day, open, won, still`: at the same distance from the end of the month, of this and past months: the weighted
    /// open pipeline, what was won until then, and what was still won by the end of the month.
    pub fn coverage(&self) -> Vec<Line> {
        let now = self.book.month(self.day);
        let passed = self.day - now[0];
        let (mut lines, mut month) = (Vec::new(), now);
        for _ in 0..=COVERED_MONTHS {
            let day = (month[0] + passed).min(month[1]);
            let open = weighted(&self.book, &self.ledger, &open(&self.book, day), day, month[1]);
            let won = |from: i32, to: i32| self.ledger.won(&self.book, from, to);
            let (so_far, still) = (won(month[0], day), won(day, month[1]));
            for (group, place) in self.places() {
                for measure in Measure::ALL {
                    let key = [group as f64, measure as usize as f64, f64::from(month[0]), f64::from(day)].map(Some);
                    let is_over = month[1] <= self.day;
                    let still = is_over.then(|| measure.of(still[place]));
                    let told = [Some(measure.of(open[place])), Some(measure.of(so_far[place])), still];
                    lines.push(key.into_iter().chain(told).collect());
                }
            }
            month = self.book.month(month[0] - 1);
            // the first month is known in part
            if month[0] <= self.book.days[self.ledger.begin].day || month[1] > now[0] {
                break;
            }
        }
        lines
    }
}

/// The method to show: ours (0), unless a baseline was better on the same origins.
fn better(scores: &[Score; 4], now: &[Option<f64>; 3]) -> usize {
    let ratio = |at: usize| {
        let (own, ours) = (scores[at].wape?, scores[at].ours?);
        (scores[at].origins >= FEWEST_ORIGINS && now[at - 1].is_some() && own < ours).then(|| own / ours.max(1e-12))
    };
    let better = (1..4).filter_map(|at| Some((at, ratio(at)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    better.map_or(0, |(at, _)| at)
}

fn line(shown: &Shown, group: usize, horizon: i32, measure: Measure, [from, to]: [i32; 2]) -> Line {
    let key = [group as f64, f64::from(horizon), measure as usize as f64, f64::from(from), f64::from(to)].map(Some);
    let recent = measure.of(shown.wins);
    let told = recent >= FEWEST_WINS;
    // wins of which none has an amount have brought nobody knows what
    let is_known = recent > 0.0 || shown.wins.wins <= 0.0;
    let [won, open, coming] = shown.parts;
    let if_told = |value: f64| told.then_some(value);
    let band = shown.band.filter(|_| told);
    let banded = [0, 1, 2].map(|at: usize| band.map(|band| band[at]));
    let headline = shown.headline.filter(|_| told);
    // a baseline's band is made of its own past errors
    let (low, high) = match (shown.best, headline, shown.scores[shown.best].error) {
        (0, ..) => (banded[0], banded[2]),
        (_, Some(value), Some(error)) => (Some((value - Z90 * error).max(won)), Some(value + Z90 * error)),
        _ => (None, None),
    };
    let why = match (told, band) {
        (false, _) if shown.wins.wins >= FEWEST_WINS => Some(FEW_AMOUNTS),
        (false, _) => Some(FEW_WINS),
        (true, None) => Some(FEW_ORIGINS),
        _ => None,
    };
    let ours = &shown.scores[0];
    let best = &shown.scores[shown.best];
    let banded_at = ours.banded > 0 && told;
    key.into_iter()
        .chain([is_known.then_some(won), if_told(open), if_told(coming), if_told(won + open + coming)])
        .chain(banded)
        .chain(shown.baselines.map(|of| of.filter(|_| told)))
        .chain([headline, low, high, told.then_some(shown.best as f64)])
        .chain([ours.wape, best.wape, Some(ours.origins as f64)])
        .chain([banded_at.then_some(ours.within as f64), banded_at.then_some(ours.banded as f64)])
        .chain([Some(shown.wins.wins), why])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_shown_only_where_it_was_less_wrong_on_enough_of_the_same_days() {
        let score = |origins: u64, wape: f64, ours: f64| Score {
            origins,
            wape: Some(wape),
            ours: Some(ours),
            ..Score::default()
        };
        let ours = score(12, 0.2, 0.2);
        let now = [Some(1.0), Some(2.0), Some(3.0)];
        // last year is known of fewer days, on which ours was worse than on all
        let scores = [ours, score(6, 0.25, 0.3), score(12, 0.19, 0.2), score(12, 0.9, 0.2)];
        assert_eq!(better(&scores, &now), 1);
        assert_eq!(better(&scores, &[None, Some(2.0), Some(3.0)]), 2);
        // five days are too few, and as good is not better
        let scores = [ours, score(5, 0.1, 0.3), score(12, 0.2, 0.2), Score::default()];
        assert_eq!(better(&scores, &now), 0);
    }
}
