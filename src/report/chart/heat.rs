//! A table of coloured cells. Columns that do not fit side by side continue in another panel below.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate};
use super::sample::{line, names, wave, week_labels};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::grid::number;
use crate::report::render::draw::axis::Labels;
use crate::report::render::draw::font;
use crate::report::render::draw::palette::{BLUE, GRID, INK, VERMILION, WHITE};
use crate::report::render::draw::picture::{Anchor, Color, Picture, Type};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::Numbers;

/// A table of coloured cells (payback triangle).
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// Row labels.
    pub rows: Vec<String>,
    /// Column labels.
    pub columns: Vec<String>,
    /// Values by row and column; absent: blank.
    pub values: Vec<Vec<Option<f64>>>,
    /// Where the colour turns, such as 1.0 for paid back.
    pub pivot: f64,
    /// What the numbers are.
    pub unit: Unit,
}

/// The columns of a table of coloured cells, and where the colour turns.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct HeatEncoding {
    row: String,
    column: String,
    value: String,
    pivot: f64,
}

impl Kind for Heat {
    const NAME: &'static str = "heat";
    const KEYS: &'static str = "`row`, `column`, `value`, `pivot` (where the colour turns)";
    type Encoding = HeatEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> HeatEncoding {
        let column = |key: &str| asked.column(part, key);
        HeatEncoding {
            row: column("row"),
            column: column("column"),
            value: column("value"),
            pivot: part.optional_number("pivot").unwrap_or(0.0),
        }
    }

    fn values(encoding: &HeatEncoding) -> Vec<&str> {
        vec![&encoding.value]
    }

    fn fill(encoding: &HeatEncoding, view: &View<'_>) -> Filled<Heat> {
        let HeatEncoding { row, column, value, pivot } = encoding;
        let (down, mut across) = (view.distinct(row), view.distinct(column));
        across.sort_by(|(_, a), (_, b)| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
        let at = |y, x| view.number_where(value, (row, y), (column, x));
        Heat {
            rows: down.iter().map(|(at, _)| view.label(*at, row)).collect(),
            columns: across.iter().map(|(at, _)| view.label(*at, column)).collect(),
            values: down.iter().map(|(_, y)| across.iter().map(|(_, x)| at(y, x)).collect()).collect(),
            pivot: *pivot,
            unit: view.grid.unit(value),
        }
        .into()
    }

    fn lengths(&self) -> Vec<Length> {
        let rows = self.values.iter().map(|row| Length::of("values in a row", row, self.columns.len()));
        [Length::of("rows of values", &self.values, self.rows.len())].into_iter().chain(rows).collect()
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let name = Text::new("Таблица цветных ячеек", "Table of coloured cells");
        format!("{}: {} × {}.", name.get(numbers.lang), self.rows.len(), self.columns.len())
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let labels = data::labels(&self.rows, numbers);
        let first = data::label_column(&labels, numbers.lang.pick("Группа", "Group"), numbers);
        let heads = Labels::read(&self.columns).words(numbers).into_iter().map(|head| (head, self.unit));
        let row = |(label, values): (Cell, &Vec<Option<f64>>)| {
            [label].into_iter().chain(values.iter().map(|value| data::cell(*value))).collect()
        };
        let colours = [VERMILION.tint(0.5), WHITE, BLUE.tint(0.6)];
        ChartData {
            columns: [first].into_iter().chain(heads).collect(),
            rows: labels.into_iter().zip(&self.values).map(row).collect(),
            native: Native::Colours { pivot: self.pivot, colours },
        }
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.rows.iter_mut().chain(&mut self.columns).collect()
    }

    fn samples(_: Translate<'_>) -> Vec<(&'static str, Heat)> {
        let of_money = Heat {
            rows: names(4),
            columns: names(7),
            values: (0..4).map(|r| line(7, -1_234_567.0 + 900_000.0 * r as f64, 0.0)).collect(),
            pivot: 0.0,
            unit: Unit::Money,
        };
        let long = Heat {
            rows: week_labels(3),
            columns: (0..40).map(|i| i.to_string()).collect(),
            values: (0..3).map(|r| line(40, 0.5 * r as f64, 0.0)).collect(),
            pivot: 1.0,
            unit: Unit::Ratio,
        };
        vec![("payback", payback(14)), ("heat-of-money", of_money), ("heat-long", long)]
    }
}

/// A triangle: the younger the row, the fewer its cells.
fn payback(count: usize) -> Heat {
    let margin = |m: usize, age: usize| 0.12 + 0.16 * age as f64 * wave(m, 0.3) + 0.01 * m as f64;
    let row = |m: usize| (0..count).map(|age| (age < count - m).then(|| margin(m, age))).collect();
    Heat {
        rows: (0..count).map(|m| format!("{}-{:02}", 2024 + (m + 4) / 12, (m + 4) % 12 + 1)).collect(),
        columns: (0..count).map(|age| age.to_string()).collect(),
        values: (0..count).map(row).collect(),
        pivot: 1.0,
        unit: Unit::Share,
    }
}

fn draw(sheet: &Sheet, Heat { rows, columns, values, pivot, unit }: &Heat) -> Option<Picture> {
    let (pivot, unit) = (*pivot, *unit);
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
    let names = Labels::read(rows).words(&sheet.numbers);
    let heads = Labels::read(columns).words(&sheet.numbers);
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
