//! A chart described in a sentence, for screen readers.

use super::axis::Labels;
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::document::{Plot, Series};
use crate::report::render::number::{NONE, Numbers};

/// The kind of chart, and its last or only values.
pub fn describe(plot: &Plot, numbers: &Numbers) -> String {
    let ru = numbers.lang == Lang::Ru;
    match plot {
        Plot::Stacked(series) => {
            series_in_words(if ru { "Столбцы из частей" } else { "Stacked bars" }, series, numbers)
        }
        Plot::Grouped(series) => series_in_words(if ru { "Столбцы рядом" } else { "Grouped bars" }, series, numbers),
        Plot::Lines { series, .. } => series_in_words(if ru { "Линии" } else { "Lines" }, series, numbers),
        Plot::Funnel { stages, reached, .. } => {
            let parts = stages.iter().zip(reached).map(|(s, v)| format!("{s} {}", numbers.exact(*v, Unit::Count)));
            sentence(if ru { "Воронка" } else { "Funnel" }, parts)
        }
        Plot::Intervals { labels, points, unit, .. } => {
            let parts = labels.iter().zip(points).map(|(label, point)| match point {
                Some((v, low, high)) => {
                    format!("{label} {} ({})", numbers.compact(*v, *unit), numbers.bounds(*low, *high, *unit))
                }
                None => format!("{label} {NONE}"),
            });
            sentence(if ru { "Значения с интервалами" } else { "Values with intervals" }, parts)
        }
        Plot::Heat { rows, columns, .. } => {
            let name = if ru { "Таблица цветных ячеек" } else { "Table of coloured cells" };
            format!("{name}: {} × {}.", rows.len(), columns.len())
        }
    }
}

fn series_in_words(kind: &str, series: &Series, numbers: &Numbers) -> String {
    let labels = Labels::read(&series.labels, numbers).words(numbers);
    let span = match (labels.first(), labels.last()) {
        (Some(first), Some(last)) if first != last => format!(", {first} – {last}"),
        _ => String::new(),
    };
    let parts = series.lines.iter().map(|(name, values)| {
        let last = values.iter().zip(&labels).rev().find_map(|(value, label)| value.map(|v| (v, label)));
        last.map_or(format!("{name} {NONE}"), |(v, label)| {
            format!("{name} {} ({label})", numbers.compact(v, series.unit))
        })
    });
    sentence(&format!("{kind}{span}"), parts)
}

fn sentence(kind: &str, parts: impl Iterator<Item = String>) -> String {
    format!("{kind}: {}.", parts.collect::<Vec<_>>().join("; "))
}
