//! What stacked and grouped bars share.

use super::axis::Labels;
use super::sheet::Sheet;
use crate::report::chart::series::Series;

/// The labels below the bars. `None` if there is no value to draw.
pub fn labels(sheet: &Sheet<'_>, series: &Series) -> Option<Labels> {
    series.has_value().then(|| Labels::read(&series.labels, &sheet.numbers))
}

/// Whether vertical bars are possible: their names fit below them.
pub fn are_vertical(sheet: &Sheet<'_>, labels: &Labels, count: usize) -> bool {
    labels.fit((sheet.width - 70.0) / count.max(1) as f64, sheet.size)
}

/// The width of a bar in a slot.
pub fn width(slot: f64, most: f64) -> f64 {
    match slot {
        s if s < 4.0 => s,
        s => (s * 0.78).min(most),
    }
}
