//! Lines over labels, with a band around the first line; the unripe end is drawn differently.

use super::Sheet;
use super::axis::{Axis, Labels};
use super::font;
use super::frame::{Frame, Mark, legend};
use super::palette::{PEERS, SHADE, WHITE, nth};
use super::picture::{Anchor, Color, Picture, Type};
use crate::report::document::Series;

/// A run of neighbouring points.
type Run = Vec<(usize, f64)>;

/// Lines; a missing value breaks a line. `None` if there is no value.
pub fn lines(
    sheet: &Sheet,
    series: &Series,
    band: Option<&[Option<(f64, f64)>]>,
    young_from: Option<usize>,
) -> Option<Picture> {
    let count = series.labels.len();
    let values = series.lines.iter().flat_map(|(_, values)| values.iter().copied().flatten());
    let bounds = band.unwrap_or_default().iter().flatten().flat_map(|(low, high)| [*low, *high]);
    let all: Vec<f64> = values.clone().chain(bounds).filter(|v| v.is_finite()).collect();
    if !values.clone().any(f64::is_finite) {
        return None;
    }
    let mut picture = Picture::new(sheet.width);
    let mut entries: Vec<(String, Mark)> = Vec::new();
    if series.lines.len() > 1 || band.is_some() {
        let lines = series.lines.iter().enumerate();
        entries.extend(lines.map(|(i, (name, _))| (name.clone(), Mark::Stroke(nth(&PEERS, i)))));
    }
    if band.is_some() {
        entries.push((sheet.words.band().to_string(), Mark::Square(nth(&PEERS, 0).tint(0.2))));
    }
    legend(sheet, &mut picture, &entries);
    let young = young_from.filter(|from| *from < count);
    if young.is_some() {
        picture.height += sheet.size * 1.3;
    }
    let frame_top = picture.height;
    let axis = Axis::around(all.into_iter(), 4, series.unit);
    let ends = if young.is_none() { ends(sheet, series) } else { Vec::new() };
    let beside = ends.iter().map(|(_, _, name)| font::width(name, sheet.size, true) + 9.0).fold(0.0, f64::max);
    // The shade lies under the grid, but its position is known only after the frame is laid out; hence the splice.
    let mut over = Picture::new(sheet.width);
    over.height = frame_top;
    let frame = Frame::open(sheet, &mut over, axis, series.unit, count, beside);
    if let Some(from) = young {
        let left = frame.x(from) - frame.slot / 2.0;
        picture.rect(left, frame.top, frame.right - left, frame.bottom - frame.top, SHADE);
        let label = sheet.words.young();
        let half = font::width(label, sheet.size, false) / 2.0;
        let middle = ((left + frame.right) / 2.0).clamp(half, sheet.width - half);
        picture.text(middle, frame.top - 5.0, label, sheet.muted(Anchor::Middle));
    }
    if let Some(band) = band {
        draw_band(&mut picture, &frame, band, nth(&PEERS, 0).tint(0.2));
    }
    picture.shapes.append(&mut over.shapes);
    for (i, (_, values)) in series.lines.iter().enumerate() {
        draw_line(&mut picture, &frame, values, young, nth(&PEERS, i), count);
    }
    name_ends(sheet, &mut picture, &frame, ends);
    frame.finish(sheet, &mut picture, &Labels::read(&series.labels, &sheet.numbers));
    Some(picture)
}

/// The last value of each line that reaches the end: index, value, text. Unripe ends get no label, because readers
/// would take them for news.
fn ends(sheet: &Sheet, series: &Series) -> Vec<(usize, f64, String)> {
    let last = series.lines.iter().enumerate().filter_map(|(i, (_, values))| {
        let value = values.last().copied().flatten().filter(|v| v.is_finite())?;
        Some((i, value, sheet.numbers.compact(value, series.unit)))
    });
    let mut ends: Vec<_> = last.collect();
    ends.sort_by(|a, b| b.1.total_cmp(&a.1));
    ends
}

/// Writes the last values beside the line ends, from the top, moved apart if they would overlap.
fn name_ends(sheet: &Sheet, picture: &mut Picture, frame: &Frame, ends: Vec<(usize, f64, String)>) {
    let line = sheet.size * 1.15;
    let mut free = frame.top - line / 2.0;
    let count = ends.len();
    for (n, (i, value, name)) in ends.into_iter().enumerate() {
        // Room is kept for those that are still to come below.
        let lowest = frame.bottom - line * (count - 1 - n) as f64;
        let y = frame.y(value).max(free).min(lowest.max(free));
        free = y + line;
        let look = Type { color: nth(&PEERS, i).darker(), ..sheet.strong(Anchor::Start) };
        picture.text(frame.right + 7.0, y + sheet.size * 0.35, name, look);
    }
}

fn draw_band(picture: &mut Picture, frame: &Frame, band: &[Option<(f64, f64)>], color: Color) {
    let low: Vec<Option<f64>> = band.iter().map(|b| b.map(|(low, _)| low)).collect();
    let high: Vec<Option<f64>> = band.iter().map(|b| b.map(|(_, high)| high)).collect();
    for (below, above) in runs(&low).into_iter().zip(runs(&high)) {
        let upper = above.iter().map(|(i, v)| (frame.x(*i), frame.y(*v)));
        let lower = below.iter().rev().map(|(i, v)| (frame.x(*i), frame.y(*v)));
        match below.len() {
            1 => {
                let (i, v) = below[0];
                let (top, bottom) = (frame.y(above[0].1), frame.y(v));
                picture.rect(frame.x(i) - 3.0, top, 6.0, bottom - top, color);
            }
            _ => picture.polygon(upper.chain(lower).collect(), color),
        }
    }
}

fn draw_line(
    picture: &mut Picture,
    frame: &Frame,
    values: &[Option<f64>],
    young: Option<usize>,
    color: Color,
    count: usize,
) {
    let ripe = young.unwrap_or(count);
    let at = |(i, v): &(usize, f64)| (frame.x(*i), frame.y(*v));
    // Dots while there is room for them; an isolated point always needs one.
    let dots = frame.slot > 14.0;
    for run in runs(values) {
        let solid: Vec<(f64, f64)> = run.iter().filter(|(i, _)| *i < ripe).map(at).collect();
        picture.line(solid, 2.0, color);
        for pair in run.windows(2).filter(|pair| pair[1].0 >= ripe) {
            picture.dashed(at(&pair[0]), at(&pair[1]), 1.5, color.faded(0.7));
        }
        for point in run.iter().filter(|(i, _)| dots || run.len() == 1 || *i >= ripe) {
            let (x, y) = at(point);
            picture.dot(x, y, 3.5, color);
            if point.0 >= ripe {
                picture.dot(x, y, 2.0, WHITE);
            }
        }
    }
}

/// The values as runs without gaps.
fn runs(values: &[Option<f64>]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (i, value) in values.iter().enumerate() {
        match value.filter(|v| v.is_finite()) {
            None => open = false,
            Some(value) => {
                if !open {
                    runs.push(Vec::new());
                    open = true;
                }
                if let Some(run) = runs.last_mut() {
                    run.push((i, value));
                }
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_breaks_the_line() {
        let broken = runs(&[Some(1.0), Some(2.0), None, Some(3.0), Some(f64::NAN)]);
        assert_eq!(broken, [vec![(0, 1.0), (1, 2.0)], vec![(3, 3.0)]]);
    }
}
