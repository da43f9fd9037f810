//! How unsteady a series is, as a share of its mean.

use std::collections::BTreeMap;

/// Weeks in a season's round.
const YEAR: i64 = 52;
/// From so many weeks on, two rounds, the season can be told from chance.
const SEASONAL: usize = 104;

/// The coefficient of variation: the sample standard deviation (n − 1) by the mean. None for fewer than two values,
/// or where the mean is not above 0 and a share of it would mean nothing.
pub fn cv(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (values.len() >= 2 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean)
}

/// The coefficient of variation of a weekly series after a straight trend and, from 104 weeks on, a 52-week season are
/// taken out.
///
/// One least-squares fit, y = season(week mod 52) + b·week, all weeks below 104 being one season; then
/// √(Σ residual² / (n − seasons − 1)) / ȳ, `seasons` being the different ones that occur. By the theorem of
/// R. Frisch, F. V. Waugh (1933), Econometrica 1:387–401, b is the slope of what is left of y on what is left of the
/// week when each has its season's mean taken off. None where nothing is left to judge by, or the mean is not above 0.
pub fn detrended_cv(weeks: &[(i64, f64)]) -> Option<f64> {
    let season = |week: i64| if weeks.len() >= SEASONAL { week.rem_euclid(YEAR) } else { 0 };
    let mut seasons: BTreeMap<i64, (f64, f64, f64)> = BTreeMap::new();
    for (week, value) in weeks {
        let (count, week_sum, value_sum) = seasons.entry(season(*week)).or_default();
        (*count, *week_sum, *value_sum) = (*count + 1.0, *week_sum + *week as f64, *value_sum + value);
    }
    let centred: Vec<(f64, f64)> = weeks
        .iter()
        .map(|(week, value)| {
            let (count, week_sum, value_sum) = seasons[&season(*week)];
            (*week as f64 - week_sum / count, value - value_sum / count)
        })
        .collect();
    let spread = centred.iter().map(|(week, _)| week * week).sum::<f64>();
    let slope = centred.iter().map(|(week, value)| week * value).sum::<f64>() / spread;
    let rest = centred.iter().map(|(week, value)| (value - slope * week).powi(2)).sum::<f64>();
    let freedom = weeks.len().checked_sub(seasons.len() + 1)?;
    let mean = weeks.iter().map(|(_, value)| value).sum::<f64>() / weeks.len() as f64;
    (freedom > 0 && spread > 0.0 && mean > 0.0).then(|| (rest / freedom as f64).sqrt() / mean)
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_numpy() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/variation.csv")) {
            let values = golden::numbers(cells[1]);
            let weeks: Vec<_> = golden::numbers(cells[0]).iter().map(|week| *week as i64).zip(values.clone()).collect();
            golden::same(cv(&values).unwrap(), golden::number(cells[2]).unwrap(), 1e-12, &format!("case {cases}"));
            let golden = golden::number(cells[3]).unwrap();
            golden::same(detrended_cv(&weeks).unwrap(), golden, 1e-12, &format!("case {cases}, detrended"));
            cases += 1;
        }
        assert!(cases >= 8);
    }

    #[test]
    fn a_straight_line_does_not_vary() {
        let line: Vec<_> = (0..26).map(|week| (week, 100.0 + 5.0 * week as f64)).collect();
        assert!(detrended_cv(&line).unwrap() < 1e-14);
        assert_eq!(detrended_cv(&line[..2]), None);
        assert_eq!(detrended_cv(&[]), None);
        assert_eq!(detrended_cv(&[(1, 0.0), (2, 0.0), (3, 0.0)]), None);
        assert_eq!((cv(&[5.0]), cv(&[]), cv(&[-1.0, -2.0]), cv(&[2.0, 2.0])), (None, None, None, Some(0.0)));
    }
}
