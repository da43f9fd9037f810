//! A table of coloured cells. Columns that do not fit side by side continue in another panel below.

use super::Sheet;
use super::axis::Labels;
use super::font;
use super::palette::{BLUE, GRID, INK, VERMILION, WHITE};
use super::picture::{Anchor, Color, Picture, Type};
use crate::model::unit::Unit;

/// The table. `None` if there is no value.
pub fn heat(
    sheet: &Sheet,
    rows: &[String],
    columns: &[String],
    values: &[Vec<Option<f64>>],
    pivot: f64,
    unit: Unit,
) -> Option<Picture> {
    let all = || values.iter().flatten().flatten().copied().filter(|v| v.is_finite());
    all().next()?;
    // The same distance from the pivot has the same depth of colour on both sides, and one cell far out does not make all
    // others pale: beyond the pivot's own size the colour is full.
    let reach = all().map(|v| (v - pivot).abs()).fold(0.0, f64::max);
    let reach = if pivot > 0.0 { reach.min(pivot) } else { reach };
    let text = |v: f64| match unit {
        Unit::Share => sheet.numbers.ticks(&[(v * 100.0).round() / 100.0], unit).concat(),
        _ => sheet.numbers.compact(v, unit),
    };
    let size = sheet.size - 1.0;
    let names = Labels::read(rows, &sheet.numbers).words(&sheet.numbers);
    let heads = Labels::read(columns, &sheet.numbers).words(&sheet.numbers);
    let left =
        (names.iter().map(|n| font::width(n, sheet.size, false)).fold(0.0, f64::max) + 10.0).min(sheet.width * 0.3);
    let widest = all().map(|v| font::width(&text(v), size, true)).fold(0.0, f64::max);
    let widest = heads.iter().map(|h| font::width(h, size, false).min(90.0)).fold(widest, f64::max) + 8.0;
    let fitting = (((sheet.width - left) / widest).floor() as usize).clamp(1, columns.len().max(1));
    let panels = columns.len().div_ceil(fitting);
    let per_panel = columns.len().div_ceil(panels);
    let width = ((sheet.width - left) / per_panel as f64).min(92.0);
    let height = 26.0;

    let mut picture = Picture::new(sheet.width);
    for panel in 0..panels {
        let shown: Vec<usize> = (panel * per_panel..((panel + 1) * per_panel).min(columns.len())).collect();
        // A later panel leaves out the rows that end before it: a triangle stays one.
        let some = |r: &usize| panel == 0 || shown.iter().any(|c| values[*r][*c].is_some());
        let lines: Vec<usize> = (0..rows.len()).filter(some).collect();
        let top = picture.height + size * 1.7;
        for (k, c) in shown.iter().enumerate() {
            let x = left + width * (k as f64 + 0.5);
            let look = Type { size, ..sheet.muted(Anchor::Middle) };
            picture.text(x, top - 6.0, font::fit(&heads[*c], width - 4.0, size, false), look);
        }
        for (n, r) in lines.iter().enumerate() {
            let y = top + height * n as f64;
            let name = font::fit(&names[*r], left - 8.0, sheet.size, false);
            picture.text(0.0, y + height / 2.0 + sheet.size * 0.35, name, sheet.ink(Anchor::Start));
            for (k, c) in shown.iter().enumerate() {
                let x = left + width * k as f64;
                let Some(value) = values[*r][*c].filter(|v| v.is_finite()) else {
                    picture.rect(x + width / 2.0 - 3.0, y + height / 2.0, 6.0, 1.0, GRID);
                    continue;
                };
                let ground = ground(value, pivot, reach);
                picture.rect(x + 1.0, y + 1.0, width - 2.0, height - 2.0, ground);
                let look = Type { size, bold: value >= pivot, color: on(ground), anchor: Anchor::Middle };
                picture.text(x + width / 2.0, y + height / 2.0 + size * 0.35, text(value), look);
            }
        }
        picture.height = top + height * lines.len() as f64 + 8.0;
    }
    Some(picture)
}

/// Blue above the pivot, vermilion below it, deeper with distance.
fn ground(value: f64, pivot: f64, reach: f64) -> Color {
    let depth = if reach > 0.0 { ((value - pivot).abs() / reach).min(1.0) } else { 0.0 };
    let hue = if value >= pivot { BLUE } else { VERMILION };
    hue.tint(if value >= pivot { 0.22 + 0.6 * depth } else { 0.06 + 0.5 * depth })
}

/// Ink or white, whichever has more contrast with the background.
fn on(ground: Color) -> Color {
    let (r, g, b) = ground.rgb;
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if light < 140.0 { WHITE } else { INK }
}
