//! A point with its interval per name, and a line to compare with.

use super::Sheet;
use super::axis::Axis;
use super::font;
use super::palette::{BLUE, GRID, SHADE, VERMILION};
use super::picture::{Anchor, Picture, Type};
use super::rows::name_column;
use crate::model::unit::Unit;

/// Dots with whiskers, in the order given. `None` if there is no point.
pub fn intervals(
    sheet: &Sheet,
    labels: &[String],
    points: &[Option<(f64, f64, f64)>],
    reference: Option<f64>,
    unit: Unit,
) -> Option<Picture> {
    let points: Vec<_> = points.iter().map(|p| p.filter(|(v, low, high)| (v + low + high).is_finite())).collect();
    if points.iter().all(Option::is_none) {
        return None;
    }
    let reference = reference.filter(|r| r.is_finite());
    let numbers = &sheet.numbers;
    let all: Vec<f64> = points.iter().flatten().flat_map(|(v, l, h)| [*v, *l, *h]).chain(reference).collect();
    let axis = Axis::around(all.into_iter(), if sheet.narrow() { 3 } else { 6 }, unit);

    let value = |p: &(f64, f64, f64)| numbers.compact(p.0, unit);
    let bounds = |p: &(f64, f64, f64)| numbers.bounds(p.1, p.2, unit);
    let widest = |texts: &mut dyn Iterator<Item = String>, bold| {
        texts.map(|t| font::width(&t, sheet.size, bold)).fold(0.0, f64::max)
    };
    let values = widest(&mut points.iter().flatten().map(value), true);
    let figures = values + 10.0 + widest(&mut points.iter().flatten().map(bounds), false);
    let figures = figures.max(font::width(sheet.words.no_data(), sheet.size, false));
    let left = if sheet.narrow() { 8.0 } else { name_column(sheet, labels) };
    let right = if sheet.narrow() { sheet.width - 8.0 } else { sheet.width - figures - 18.0 };

    let mut picture = Picture::new(sheet.width);
    let top = if reference.is_some() { sheet.size * 1.7 } else { 4.0 };
    let row = if sheet.narrow() { sheet.size * 1.5 + 20.0 } else { 30.0 };
    let bottom = top + row * labels.len() as f64 + 4.0;
    for (tick, name) in axis.ticks.iter().zip(numbers.ticks(&axis.ticks, unit)) {
        let x = axis.at(*tick, left, right);
        picture.line(vec![(x, top), (x, bottom)], 1.0, GRID);
        let half = font::width(&name, sheet.size, false) / 2.0;
        picture.text(x.clamp(half, sheet.width - half), bottom + sheet.size + 4.0, name, sheet.muted(Anchor::Middle));
    }
    if let Some(reference) = reference {
        let x = axis.at(reference, left, right);
        picture.dashed((x, top), (x, bottom), 1.5, VERMILION);
        let label = format!("{} {}", sheet.words.reference(), numbers.compact(reference, unit));
        let half = font::width(&label, sheet.size, false) / 2.0;
        let look = Type { color: VERMILION, ..sheet.ink(Anchor::Middle) };
        picture.text(x.clamp(half, sheet.width - half), sheet.size, label, look);
    }
    for (i, (label, point)) in labels.iter().zip(&points).enumerate() {
        let y = top + row * i as f64;
        let middle = if sheet.narrow() { y + row - 11.0 } else { y + row / 2.0 };
        let baseline = if sheet.narrow() { y + sheet.size + 2.0 } else { middle + sheet.size * 0.35 };
        let room = if sheet.narrow() { sheet.width - figures - 10.0 } else { left - 14.0 };
        let name = font::fit(label, room, sheet.size, false);
        let (x, anchor) = if sheet.narrow() { (0.0, Anchor::Start) } else { (left - 12.0, Anchor::End) };
        if sheet.narrow() {
            // The name covers the grid lines behind it.
            picture.rect(0.0, y, sheet.width, sheet.size * 1.5, SHADE);
        }
        picture.text(x, baseline, name, sheet.ink(anchor));
        match point {
            Some(point) => {
                let (from, to) = (axis.at(point.1, left, right), axis.at(point.2, left, right));
                picture.line(vec![(from, middle), (to, middle)], 2.0, BLUE.faded(0.55));
                for end in [from, to] {
                    picture.line(vec![(end, middle - 4.0), (end, middle + 4.0)], 2.0, BLUE.faded(0.55));
                }
                picture.dot(axis.at(point.0, left, right), middle, 5.0, BLUE);
                picture.text(sheet.width, baseline, bounds(point), sheet.muted(Anchor::End));
                let x = sheet.width - figures + values;
                picture.text(x, baseline, value(point), sheet.strong(Anchor::End));
            }
            None => picture.text(sheet.width, baseline, sheet.words.no_data(), sheet.muted(Anchor::End)),
        }
    }
    picture.height = bottom + sheet.size * 1.6 + 4.0;
    Some(picture)
}
