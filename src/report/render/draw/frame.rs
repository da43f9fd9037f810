//! The common parts of charts with a vertical axis: legend above, grid and values at the left, labels below.

use super::axis::{Axis, Labels};
use super::font;
use super::palette::{AXIS, GRID};
use super::picture::{Anchor, Color, Picture};
use super::sheet::Sheet;
use crate::model::unit::Unit;

/// The legend symbol of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// A square, for bars and areas.
    Square(Color),
    /// A stroke, for lines.
    Stroke(Color),
}

/// Draws a legend with line breaks, and increases the height of the picture.
pub fn legend(sheet: &Sheet, picture: &mut Picture, entries: &[(String, Mark)]) {
    if entries.is_empty() {
        return;
    }
    let (line, gap, mark) = (sheet.size * 1.6, 18.0, 18.0);
    let (mut x, mut y) = (0.0, picture.height);
    for (name, how) in entries {
        let name = font::fit(name, sheet.width - mark, sheet.size, false);
        let width = mark + font::width(&name, sheet.size, false);
        if x > 0.0 && x + width > sheet.width {
            (x, y) = (0.0, y + line);
        }
        let middle = y + line / 2.0;
        match how {
            Mark::Square(color) => picture.rect(x, middle - 6.0, 12.0, 12.0, *color),
            Mark::Stroke(color) => picture.line(vec![(x, middle), (x + 13.0, middle)], 3.0, *color),
        }
        picture.text(x + mark, middle + sheet.size * 0.35, name, sheet.ink(Anchor::Start));
        x += width + gap;
    }
    picture.height = y + line + 8.0;
}

/// The plot area between the axes.
pub struct Frame {
    /// Its left edge.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its top.
    pub top: f64,
    /// Its bottom: where the axis' lowest value lies.
    pub bottom: f64,
    /// The width of one label's slot.
    pub slot: f64,
    /// The vertical scale.
    pub axis: Axis,
}

impl Frame {
    /// Lays out the area below what is already drawn. The grid is drawn at once, the zero line last: see
    /// [`Frame::finish`]. A margin of `beside` is kept free at the right.
    pub fn open(sheet: &Sheet, picture: &mut Picture, axis: Axis, unit: Unit, slots: usize, beside: f64) -> Frame {
        let names = sheet.numbers.ticks(&axis.ticks, unit);
        let left = names.iter().map(|n| font::width(n, sheet.size, false)).fold(0.0, f64::max).ceil() + 8.0;
        let top = picture.height + sheet.size * 0.6;
        let bottom = top + if sheet.narrow() { 200.0 } else { 260.0 };
        let right = sheet.width - beside;
        for (tick, name) in axis.ticks.iter().zip(names) {
            let y = axis.at(*tick, bottom, top);
            picture.line(vec![(left, y), (right, y)], 1.0, GRID);
            picture.text(left - 8.0, y + sheet.size * 0.35, name, sheet.muted(Anchor::End));
        }
        let slot = (right - left) / slots.max(1) as f64;
        Frame { left, right, top, bottom, slot, axis }
    }

    /// The height at which a value lies.
    pub fn y(&self, value: f64) -> f64 {
        self.axis.at(value, self.bottom, self.top)
    }

    /// The middle of a label's slot.
    pub fn x(&self, index: usize) -> f64 {
        self.left + self.slot * (index as f64 + 0.5)
    }

    /// Draws the zero line over the bars, and the labels.
    pub fn finish(&self, sheet: &Sheet, picture: &mut Picture, labels: &Labels) {
        let zero = self.y(0f64.clamp(self.axis.low, self.axis.high));
        picture.line(vec![(self.left, zero), (self.right, zero)], 1.0, AXIS);
        let top = self.bottom + 7.0;
        let taken = labels.draw(picture, &sheet.numbers, self.left, self.slot, top, sheet.size);
        picture.height = top + taken;
    }
}

/// The width of a column of names: as wide as they need, up to a third of the sheet.
pub fn name_column(sheet: &Sheet, names: &[String]) -> f64 {
    let widest = names.iter().map(|n| font::width(n, sheet.size, false)).fold(0.0, f64::max);
    (widest + 15.0).min(sheet.width * 0.33)
}
