//! Vertical bars over labels, stacked or grouped. If the names do not fit below the bars, horizontal bars are drawn:
//! see `rows`.

use super::Sheet;
use super::axis::{Axis, Labels};
use super::font;
use super::frame::{Frame, Mark, legend};
use super::palette::{PARTS, PEERS, WHITE, nth};
use super::picture::{Anchor, Picture};
use super::rows;
use crate::report::document::Series;

/// Stacked bars. `None` if there is no value.
pub fn stacked(sheet: &Sheet, series: &Series) -> Option<Picture> {
    let labels = read(sheet, series)?;
    let sums = |i: usize| {
        let values = series.lines.iter().filter_map(move |(_, values)| values[i]).filter(|v| v.is_finite());
        values.fold((0.0, 0.0), |(below, above), v| if v < 0.0 { (below + v, above) } else { (below, above + v) })
    };
    if !stands(sheet, &labels, series.labels.len()) {
        return Some(rows::stacked(sheet, series, &labels.words(&sheet.numbers)));
    }
    let mut picture = Picture::new(sheet.width);
    let entries = series.lines.iter().enumerate().map(|(i, (name, _))| (name.clone(), Mark::Square(nth(&PARTS, i))));
    legend(sheet, &mut picture, &entries.collect::<Vec<_>>());
    let count = series.labels.len();
    let axis = Axis::from_zero((0..count).flat_map(|i| [sums(i).0, sums(i).1]), 4, series.unit);
    let frame = Frame::open(sheet, &mut picture, axis, series.unit, count, 0.0);
    let width = bar_width(frame.slot, 56.0);
    // A hairline between parts helps where two hues look alike; in thin bars it would eat the bar.
    let gap = if width > 6.0 { 1.0 } else { 0.0 };
    for i in 0..count {
        let (mut below, mut above) = (0.0, 0.0);
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let Some(value) = values[i].filter(|v| v.is_finite()) else { continue };
            let end = if value < 0.0 { &mut below } else { &mut above };
            let (from, to) = (frame.y(*end), frame.y(*end + value));
            *end += value;
            let x = frame.x(i) - width / 2.0;
            picture.rect(x, from.min(to), width, (from - to).abs(), nth(&PARTS, k));
            picture.rect(x, to - gap, width, gap, WHITE);
        }
    }
    frame.finish(sheet, &mut picture, &labels);
    Some(picture)
}

/// Grouped bars. `None` if there is no value.
pub fn grouped(sheet: &Sheet, series: &Series) -> Option<Picture> {
    let labels = read(sheet, series)?;
    if !stands(sheet, &labels, series.labels.len()) {
        return Some(rows::grouped(sheet, series, &labels.words(&sheet.numbers)));
    }
    let mut picture = Picture::new(sheet.width);
    if series.lines.len() > 1 {
        let entries = series.lines.iter().enumerate();
        let entries = entries.map(|(i, (name, _))| (name.clone(), Mark::Square(nth(&PEERS, i))));
        legend(sheet, &mut picture, &entries.collect::<Vec<_>>());
    }
    let all = series.lines.iter().flat_map(|(_, values)| values.iter().copied().flatten());
    let axis = Axis::from_zero(all, 4, series.unit);
    let frame = Frame::open(sheet, &mut picture, axis, series.unit, series.labels.len(), 0.0);
    let whole = bar_width(frame.slot, 44.0 * series.lines.len() as f64);
    let width = whole / series.lines.len() as f64;
    let zero = frame.y(0.0);
    let names = |k: usize| series.lines[k].1.iter().flatten().map(|v| sheet.numbers.compact(*v, series.unit));
    let name_width = (0..series.lines.len()).flat_map(names).map(|n| font::width(&n, sheet.size - 1.0, false));
    // Figures above the bars, if all of them fit.
    let named = name_width.fold(0.0, f64::max) <= width - 2.0;
    for i in 0..series.labels.len() {
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let Some(value) = values[i].filter(|v| v.is_finite()) else { continue };
            let (x, y) = (frame.x(i) - whole / 2.0 + width * k as f64, frame.y(value));
            let gap = if width > 5.0 { 1.0 } else { 0.0 };
            picture.rect(x, y.min(zero), width - gap, (y - zero).abs(), nth(&PEERS, k));
            if named && value >= 0.0 {
                let mut look = sheet.ink(Anchor::Middle);
                look.size -= 1.0;
                picture.text(x + width / 2.0, y - 4.0, sheet.numbers.compact(value, series.unit), look);
            }
        }
    }
    frame.finish(sheet, &mut picture, &labels);
    Some(picture)
}

/// The labels, if there is anything to draw.
fn read(sheet: &Sheet, series: &Series) -> Option<Labels> {
    let some = series.lines.iter().any(|(_, values)| values.iter().flatten().any(|v| v.is_finite()));
    some.then(|| Labels::read(&series.labels, &sheet.numbers))
}

/// Whether vertical bars are possible: their names fit below them.
fn stands(sheet: &Sheet, labels: &Labels, count: usize) -> bool {
    labels.fit((sheet.width - 70.0) / count.max(1) as f64, sheet.size)
}

fn bar_width(slot: f64, most: f64) -> f64 {
    match slot {
        s if s < 4.0 => s,
        s => (s * 0.78).min(most),
    }
}
