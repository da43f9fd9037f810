//! How unsteady a series is, as a share of its mean.

use std::collections::BTreeMap;

use super::moderate;

/// Weeks in a season's round.
const YEAR: i64 = 52;
/// From so many weeks on, two rounds, the season can be told from chance.
const SEASONAL: usize = 104;
/// Weeks that the fit runs through have no deviation of their own but this.
const ROUNDING: f64 = 1e-9;

/// The coefficient of variation: the sample standard deviation (n − 1) by the mean. None for fewer than two values,
/// or where the mean is not above 0 and a share of it would mean nothing.
pub fn cv(values: &[f64]) -> Option<f64> {
    let (n, scale) = (values.len() as f64, moderate(values.iter().copied()));
    let mean = values.iter().map(|value| value * scale).sum::<f64>() / n;
    let squares = values.iter().map(|value| (value * scale - mean).powi(2)).sum::<f64>();
    (values.len() >= 2 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean)
}

/// A week of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Its index, one more for each week.
    pub index: i64,
    /// Its value.
    pub value: f64,
    /// Whether its distance from trend and season is asked for; otherwise it only helps to know them.
    pub judged: bool,
}

/// What is left of the variation of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detrended {
    /// The coefficient of variation; none where nothing is left to judge by, or the mean is not above 0.
    pub cv: Option<f64>,
    /// How many different seasons were told apart; 1 where the series is too short for it.
    pub seasons: usize,
}

/// The coefficient of variation of the judged weeks after a straight trend and, from 104 weeks on, a 52-week season,
/// both learnt from all weeks, are taken out.
///
/// One least-squares fit over all weeks, y = season(week mod 52) + b·week, fewer than 104 weeks being one season. By the
/// theorem of R. Frisch, F. V. Waugh (1933), Econometrica 1:387–401, b is the slope of what is left of y on what is left
/// of the week when each has its season's mean taken off. Then √(Σ residual² / Σ (1 − h)) / ȳ over the judged weeks. The
/// leverage h = 1/(weeks of that season) + (week − the season's mean week)²/Σ(…)² is the part of a week's own deviation
/// that the fit follows, E residual² = σ²(1 − h) (N. R. Draper, H. Smith (1998), "Applied Regression Analysis", 3rd ed.,
/// §8.1): so the fit pays for what it explains. Over all weeks Σ (1 − h) is the number of weeks less that of parameters.
pub fn detrended_cv(weeks: &[Week]) -> Detrended {
    let scale = moderate(weeks.iter().map(|week| week.value));
    let weeks: Vec<Week> = weeks.iter().map(|week| Week { value: week.value * scale, ..*week }).collect();
    let season = |index: i64| if weeks.len() >= SEASONAL { index.rem_euclid(YEAR) } else { 0 };
    let mut seasons: BTreeMap<i64, (f64, f64, f64)> = BTreeMap::new();
    for week in &weeks {
        let (count, index_sum, value_sum) = seasons.entry(season(week.index)).or_default();
        (*count, *index_sum, *value_sum) = (*count + 1.0, *index_sum + week.index as f64, *value_sum + week.value);
    }
    let centred: Vec<(f64, f64, f64)> = weeks
        .iter()
        .map(|week| {
            let (count, index_sum, value_sum) = seasons[&season(week.index)];
            (week.index as f64 - index_sum / count, week.value - value_sum / count, count)
        })
        .collect();
    let spread = centred.iter().map(|(index, _, _)| index * index).sum::<f64>();
    let slope = centred.iter().map(|(index, value, _)| index * value).sum::<f64>() / spread;
    let (mut rest, mut free, mut sum, mut judged) = (0.0, 0.0, 0.0, 0.0);
    for (week, (index, value, count)) in weeks.iter().zip(centred).filter(|(week, _)| week.judged) {
        rest += (value - slope * index).powi(2);
        free += 1.0 - 1.0 / count - index * index / spread;
        sum += week.value;
        judged += 1.0;
    }
    let enough = weeks.len() > seasons.len() + 1 && spread > 0.0 && free > ROUNDING && sum > 0.0;
    Detrended { cv: enough.then(|| (rest / free).sqrt() / (sum / judged)), seasons: seasons.len() }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// The last `judged` of the weeks are judged.
    fn series(indices: &[f64], values: &[f64], judged: usize) -> Vec<Week> {
        let first = values.len() - judged;
        let weeks = indices.iter().zip(values).enumerate();
        weeks.map(|(at, (index, value))| Week { index: *index as i64, value: *value, judged: at >= first }).collect()
    }

    #[test]
    fn agrees_with_numpy() {
        let (mut cases, mut seasonal) = (0, 0);
        for cells in golden::rows(include_str!("../../../tests/oracles/variation.csv")) {
            let (indices, values) = (golden::numbers(cells[0]), golden::numbers(cells[1]));
            let weeks = series(&indices, &values, cells[2].parse().unwrap());
            let what = format!("case {cases}");
            golden::same(cv(&values).unwrap(), golden::number(cells[3]).unwrap(), 1e-12, &what);
            let ours = detrended_cv(&weeks);
            golden::same(ours.cv.unwrap(), golden::number(cells[4]).unwrap(), 1e-11, &format!("{what}, detrended"));
            assert_eq!(ours.seasons, cells[5].parse::<usize>().unwrap(), "{what}");
            cases += 1;
            seasonal += usize::from(ours.seasons > 1);
        }
        assert!(cases >= 12 && seasonal >= 5);
    }

    #[test]
    fn a_straight_line_does_not_vary() {
        let indices: Vec<f64> = (0..26).map(f64::from).collect();
        let line: Vec<f64> = indices.iter().map(|week| 100.0 + 5.0 * week).collect();
        for judged in [26, 5, 1] {
            assert!(detrended_cv(&series(&indices, &line, judged)).cv.unwrap() < 1e-13);
        }
        assert_eq!(detrended_cv(&series(&indices, &line, 0)), Detrended { cv: None, seasons: 1 });
        assert_eq!(detrended_cv(&series(&indices[..2], &line, 2)).cv, None);
        assert_eq!(detrended_cv(&[]), Detrended { cv: None, seasons: 0 });
        assert_eq!(detrended_cv(&series(&[1.0, 2.0, 3.0], &[0.0; 3], 3)).cv, None);
        // as large as doubles get, and as small
        for scale in [1e307, 1e-320] {
            golden::same(cv(&[10.0 * scale, scale]).unwrap(), 1.157_084, 1e-3, "cv");
            let uneven = detrended_cv(&series(&indices[..4], &[scale, 5.0 * scale, 2.0 * scale, 9.0 * scale], 4));
            golden::same(uneven.cv.unwrap(), 0.679_915, 1e-3, "detrended");
        }
        assert_eq!((cv(&[5.0]), cv(&[]), cv(&[-1.0, -2.0]), cv(&[2.0, 2.0])), (None, None, None, Some(0.0)));
    }

    #[test]
    fn two_years_tell_a_season_from_chance() {
        // a wave of a year on a rising line, judged by the half year in which it moves most
        let values = |size: i64| -> Vec<Week> {
            let wave =
                |week: i64| 1000.0 + 2.0 * week as f64 + 300.0 * (week as f64 * std::f64::consts::TAU / 52.0).sin();
            (0..size).map(|index| Week { index, value: wave(index), judged: index >= size - 26 }).collect()
        };
        let (short, long) = (detrended_cv(&values(103)), detrended_cv(&values(104)));
        assert_eq!((short.seasons, long.seasons), (1, 52));
        assert!(short.cv.unwrap() > 0.1 && long.cv.unwrap() < 1e-12, "{short:?} {long:?}");
    }
}
