//! What stacked and grouped bars share: how wide they are, and the layout of horizontal ones, a row or a group of rows per name,
//! each with its figure.

use super::series::Series;
use crate::report::render::draw::axis::{Axis, Labels};
use crate::report::render::draw::font;
use crate::report::render::draw::frame::{Mark, legend, name_column};
use crate::report::render::draw::palette::AXIS;
use crate::report::render::draw::picture::{Anchor, Color, Picture};
use crate::report::render::draw::sheet::Sheet;

/// The labels below the bars. `None` if there is no value to draw.
pub fn labels(series: &Series) -> Option<Labels> {
    series.has_value().then(|| Labels::read(&series.labels))
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

/// The layout of horizontal bars.
pub struct Rows {
    picture: Picture,
    axis: Axis,
    left: f64,
    right: f64,
}

impl Rows {
    /// Draws the legend and lays the rows out so that bars from zero to `ends` fit, with their figures behind them.
    pub fn open(sheet: &Sheet, series: &Series, names: &[String], colors: &[Color], ends: Vec<f64>) -> Rows {
        let mut picture = Picture::new(sheet.width);
        if series.lines.len() > 1 {
            let entries = series.lines.iter().enumerate();
            let entries = entries.map(|(i, (name, _))| (name.clone(), Mark::Square(series.color(colors, i))));
            legend(sheet, &mut picture, &entries.collect::<Vec<_>>());
        }
        let figure = |v: f64| font::width(&sheet.numbers.compact(v, series.unit), sheet.size, false);
        let figures = ends.iter().map(|v| figure(*v)).fold(font::width(sheet.no_data(), sheet.size, false), f64::max);
        let left = if sheet.narrow() { 0.0 } else { name_column(sheet, names) };
        // No ticks are drawn, so the scale ends where the bars end.
        let (low, high) = ends.iter().filter(|v| v.is_finite()).fold((0f64, 0f64), |(l, h), v| (l.min(*v), h.max(*v)));
        let high = if high > low { high } else { low + 1.0 };
        let axis = Axis { low, high, ticks: Vec::new() };
        Rows { picture, axis, left, right: sheet.width - figures - 10.0 }
    }

    /// Draws the names, and `row` draws the bars of each: it gets the row's index, top and height.
    pub fn draw(
        self,
        sheet: &Sheet,
        series: &Series,
        names: &[String],
        bars: usize,
        row: impl Fn(&Rows, &mut Picture, usize, f64, f64),
    ) -> Picture {
        let mut picture = self.picture.clone();
        let thickness = if series.lines.len() > 1 && bars > 1 { sheet.size + 3.0 } else { sheet.size + 7.0 };
        let height = thickness * bars as f64;
        let mut y = picture.height + 2.0;
        for (i, name) in names.iter().enumerate() {
            if sheet.narrow() {
                let name = font::fit(name, sheet.width, sheet.size, false);
                picture.text(0.0, y + sheet.size, name, sheet.ink(Anchor::Start));
                y += sheet.size * 1.5;
            } else {
                let name = font::fit(name, self.left - 12.0, sheet.size, false);
                picture.text(self.left - 10.0, y + height / 2.0 + sheet.size * 0.35, name, sheet.ink(Anchor::End));
            }
            row(&self, &mut picture, i, y, height);
            // The zero line does not run through the names above the bars.
            let (over, under) = if sheet.narrow() { (1.0, 1.0) } else { (5.0, 5.0) };
            let zero = self.x(0.0);
            picture.line(vec![(zero, y - over), (zero, y + height + under)], 1.0, AXIS);
            y += height + 10.0;
        }
        picture.height = y - 4.0;
        picture
    }

    fn x(&self, value: f64) -> f64 {
        self.axis.at(value, self.left, self.right)
    }

    /// A bar between two values.
    pub fn bar(&self, picture: &mut Picture, (from, to): (f64, f64), y: f64, height: f64, color: Color) {
        let (from, to) = (self.x(from), self.x(to));
        picture.rect(from.min(to), y, (to - from).abs(), height, color);
    }

    /// The figure behind a bar that ends at `end`.
    pub fn figure(
        &self,
        sheet: &Sheet,
        picture: &mut Picture,
        value: Option<f64>,
        end: f64,
        middle: f64,
        series: &Series,
    ) {
        let (text, look) = match value {
            Some(value) => (sheet.numbers.compact(value, series.unit), sheet.ink(Anchor::Start)),
            None => (sheet.no_data().to_string(), sheet.muted(Anchor::Start)),
        };
        picture.text(self.x(end) + 6.0, middle + sheet.size * 0.35, text, look);
    }
}
