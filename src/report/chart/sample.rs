//! What the examples of chart kinds are made of: no data, no randomness, the same bytes every time.

use chrono::{Days, NaiveDate};

use super::kind::Translate;
use super::series::Series;
use crate::model::unit::Unit;

/// A name that fits on no line of a phone.
pub(in crate::report) const LONG: &str =
    "Очень длинное имя ряда, которое не помещается даже в одну строку узкого экрана телефона, и ещё немного";

/// A wave about 1.
pub(in crate::report) fn wave(i: usize, salt: f64) -> f64 {
    1.0 + 0.22 * (i as f64 * 0.9 + salt).sin() + 0.1 * (i as f64 * 2.3 + salt * 3.0).cos()
}

/// The Mondays of so many weeks.
pub(in crate::report) fn weeks(count: usize) -> Vec<NaiveDate> {
    let last = NaiveDate::from_ymd_opt(2025, 6, 23).expect("a date");
    (0..count).map(|i| last - Days::new(7 * (count - 1 - i) as u64)).collect()
}

/// The weeks as labels.
pub(super) fn week_labels(count: usize) -> Vec<String> {
    weeks(count).iter().map(NaiveDate::to_string).collect()
}

/// A line that waves about `base`.
pub(super) fn line(count: usize, base: f64, salt: f64) -> Vec<Option<f64>> {
    (0..count).map(|i| Some(base * wave(i, salt))).collect()
}

/// Names short, long and without a space.
pub(super) fn names(count: usize) -> Vec<String> {
    let names = [
        "Ромашка",
        "Общество с ограниченной ответственностью «Рога, копыта и сыновья»",
        "X",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ-1234567890-ЩЩЩЩЩЩЩЩ",
    ];
    (0..count).map(|i| format!("{} {i}", names[i % names.len()])).collect()
}

/// Texts in the sample's language.
pub(super) fn texts(t: Translate<'_>, texts: &[(&str, &str)]) -> Vec<String> {
    texts.iter().map(|(ru, en)| t(ru, en)).collect()
}

/// Named rows of values over labels.
pub(super) fn series<N: Into<String>>(labels: Vec<String>, lines: Vec<(N, Vec<Option<f64>>)>, unit: Unit) -> Series {
    Series {
        labels,
        lines: lines.into_iter().map(|(name, values)| (name.into(), values)).collect(),
        unit,
        unknown: None,
    }
}
