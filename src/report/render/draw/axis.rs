//! Scales: round tick values for any unit, and labels along an axis that do not overlap.

use chrono::{Datelike, NaiveDate};

use super::font;
use super::palette::{INK, MUTED};
use super::picture::{Anchor, Picture, Type};
use crate::model::unit::Unit;
use crate::report::render::number::Numbers;

/// A linear scale from values to pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The value at the axis' start.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
    /// Round values to mark.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// An axis from zero (and below, where values are negative) that holds all values in about `count` steps.
    pub fn from_zero(values: impl Iterator<Item = f64>, count: usize, unit: Unit) -> Axis {
        let (low, high) = values.filter(|v| v.is_finite()).fold((0f64, 0f64), |(l, h), v| (l.min(v), h.max(v)));
        Axis::over(low, high, count, unit)
    }

    /// An axis that holds all values, and zero unless that would compress the values into less than half of it.
    pub fn around(values: impl Iterator<Item = f64> + Clone, count: usize, unit: Unit) -> Axis {
        let finite = values.filter(|v| v.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.clone().fold(f64::NEG_INFINITY, f64::max);
        match low > 0.0 && low > high * 0.6 && high > low {
            true => Axis::over(low - (high - low) * 0.1, high, count, unit),
            false => Axis::from_zero(finite, count, unit),
        }
    }

    fn over(low: f64, high: f64, count: usize, unit: Unit) -> Axis {
        let span = if high > low { high - low } else { default_span(unit) };
        let step = round_step(span / count as f64, unit);
        let first = (low / step + 1e-9).floor();
        let last = ((low + span).max(high) / step - 1e-9).ceil().max(first + 1.0);
        let ticks: Vec<f64> = (first as i64..=last as i64).map(|i| i as f64 * step).collect();
        Axis { low: first * step, high: last * step, ticks }
    }

    /// The position of a value between `start` and `end`.
    pub fn at(&self, value: f64, start: f64, end: f64) -> f64 {
        start + (value - self.low) / (self.high - self.low) * (end - start)
    }
}

fn default_span(unit: Unit) -> f64 {
    match unit {
        Unit::Share => 0.1,
        Unit::Money => 1000.0,
        _ => 1.0,
    }
}

/// The least round step that is not below `rough`.
fn round_step(rough: f64, unit: Unit) -> f64 {
    const MINUTES: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 1440.0];
    match unit {
        Unit::Minutes if rough <= 1440.0 => MINUTES.into_iter().find(|s| *s >= rough).unwrap_or(1440.0),
        Unit::Minutes => decimal_step(rough / 60.0) * 60.0,
        Unit::Count => decimal_step(rough).ceil().max(1.0),
        _ => decimal_step(rough),
    }
}

fn decimal_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(power * 10.0)
}

/// Labels along an axis. Days and months written as ISO dates are shown as people write them.
pub enum Labels {
    /// Days.
    Days(Vec<NaiveDate>),
    /// Months, by their first days.
    Months(Vec<NaiveDate>),
    /// Anything else, as given.
    Words(Vec<String>),
}

impl Labels {
    /// Detects the kind of labels: all `YYYY-MM-DD`, all `YYYY-MM`, or words.
    pub fn read(labels: &[String]) -> Labels {
        let parse = |add: &str| {
            let day = |l: &String| NaiveDate::parse_from_str(&format!("{l}{add}"), "%Y-%m-%d").ok();
            labels.iter().map(day).collect::<Option<Vec<_>>>().filter(|days| !days.is_empty())
        };
        match (parse(""), parse("-01")) {
            (Some(days), _) => Labels::Days(days),
            (None, Some(months)) => Labels::Months(months),
            _ => Labels::Words(labels.to_vec()),
        }
    }

    /// The labels as words, each complete by itself.
    pub fn words(&self, numbers: &Numbers) -> Vec<String> {
        match self {
            Labels::Days(days) => days.iter().map(|d| numbers.date(*d)).collect(),
            Labels::Months(months) => months.iter().map(|m| numbers.month(*m)).collect(),
            Labels::Words(words) => words.clone(),
        }
    }

    /// Whether each label fits into a slot of this width on one line, or the labels are times, of which some may be left out.
    pub fn fit(&self, slot: f64, size: f64) -> bool {
        match self {
            Labels::Days(_) | Labels::Months(_) => true,
            Labels::Words(words) => words.iter().all(|w| font::width(w, size, false) <= slot - 6.0),
        }
    }

    /// Writes the labels centred on their slots, counted from the last so that the newest is always named; the year stands
    /// under the first and wherever it changes. Returns the height taken.
    pub fn draw(&self, picture: &mut Picture, numbers: &Numbers, left: f64, slot: f64, top: f64, size: f64) -> f64 {
        let look = Type { size, bold: false, color: INK, anchor: Anchor::Middle };
        let short: Vec<String> = match self {
            Labels::Days(days) => days.iter().map(|d| numbers.short_date(*d)).collect(),
            Labels::Months(months) => months.iter().map(|m| numbers.short_month(*m).to_owned()).collect(),
            // Better a part of each name than a few whole ones.
            Labels::Words(words) => words.iter().map(|w| font::fit(w, (slot - 8.0).max(84.0), size, false)).collect(),
        };
        let spans: Vec<(f64, f64)> = short
            .iter()
            .enumerate()
            .map(|(i, label)| {
                let half = font::width(label, size, false) / 2.0;
                (left + slot * (i as f64 + 0.5)).clamp(half, (picture.width - half).max(half)) - half
            })
            .zip(&short)
            .map(|(start, label)| (start, start + font::width(label, size, false)))
            .collect();
        let mut year = None;
        for i in spread(&spans) {
            let x = (spans[i].0 + spans[i].1) / 2.0;
            picture.text(x, top + size, short[i].as_str(), look);
            if let Labels::Days(days) | Labels::Months(days) = self
                && year != Some(days[i].year())
            {
                year = Some(days[i].year());
                picture.text(x, top + size * 2.25, days[i].year().to_string(), Type { color: MUTED, ..look });
            }
        }
        match self {
            Labels::Days(_) | Labels::Months(_) => size * 2.6,
            Labels::Words(_) => size * 1.4,
        }
    }
}

/// The densest regular choice of labels, counted from the last, that do not overlap.
fn spread(spans: &[(f64, f64)]) -> Vec<usize> {
    let chosen = |step: usize| -> Vec<usize> {
        (0..spans.len()).filter(|i| (spans.len() - 1 - i).is_multiple_of(step)).collect()
    };
    (1..=spans.len())
        .map(chosen)
        .find(|chosen| chosen.windows(2).all(|pair| spans[pair[0]].1 + 8.0 <= spans[pair[1]].0))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_hold_the_data_and_never_vanish() {
        let axis = Axis::from_zero([0.113, 0.21].into_iter(), 4, Unit::Share);
        assert_eq!(axis.ticks.iter().map(|t| (t * 1000.0).round()).collect::<Vec<_>>(), [0.0, 100.0, 200.0, 300.0]);
        let flat = Axis::from_zero([0.0, 0.0].into_iter(), 4, Unit::Count);
        assert!(flat.high > flat.low && flat.ticks.len() >= 2, "{flat:?}");
        let below = Axis::from_zero([-120.0, 340.0].into_iter(), 4, Unit::Money);
        assert!(below.low <= -120.0 && below.high >= 340.0 && below.ticks.contains(&0.0), "{below:?}");
        let minutes = Axis::from_zero([100.0].into_iter(), 4, Unit::Minutes);
        assert_eq!(minutes.ticks, [0.0, 30.0, 60.0, 90.0, 120.0]);
        let high = Axis::around([0.91, 0.96].into_iter(), 4, Unit::Share);
        assert!(high.low > 0.5, "{high:?}");
    }
}
