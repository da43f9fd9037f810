//! A funnel: a bar per stage split into advanced, still open, lost and unknown, with the conversion from the previous
//! stage.

use super::Sheet;
use super::font;
use super::frame::{Mark, legend};
use super::palette::{BLUE, GREY, ORANGE, SHADE, SKY};
use super::picture::{Anchor, Color, Picture};
use super::rows::name_column;
use crate::model::unit::Unit;
use crate::report::render::number::NONE;

/// Advanced, still open, lost, in an unknown stage.
const COLORS: [Color; 4] = [BLUE, SKY, GREY, ORANGE];

/// The funnel. `rest` are the open, lost and unplaced deals. `None` if no stage was reached.
pub fn funnel(
    sheet: &Sheet,
    stages: &[String],
    reached: &[f64],
    rest: &[&[f64]; 3],
    shares: &[Option<f64>],
) -> Option<Picture> {
    let most = reached.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let mut picture = Picture::new(sheet.width);
    let [open, lost, unplaced] = rest;
    let parts = if unplaced.iter().any(|n| *n > 0.0) { 4 } else { 3 };
    let names = sheet.words.funnel_parts().into_iter().zip(COLORS).take(parts);
    legend(sheet, &mut picture, &names.map(|(n, c)| (n.to_string(), Mark::Square(c))).collect::<Vec<_>>());

    let [count_head, share_head] = sheet.words.funnel_heads();
    let column = |head: &str, texts: Vec<String>| {
        texts.iter().map(|t| font::width(t, sheet.size, true)).fold(font::width(head, sheet.size, false), f64::max)
            + 16.0
    };
    let counts: Vec<String> = reached.iter().map(|v| sheet.numbers.exact(*v, Unit::Count)).collect();
    let share = |(at, share): (usize, &Option<f64>)| match share {
        _ if at == 0 => String::new(),
        Some(share) => sheet.numbers.exact(*share, Unit::Share),
        None => NONE.to_owned(),
    };
    let shares: Vec<String> = shares.iter().enumerate().map(share).collect();
    let share_right = sheet.width;
    let count_right = share_right - column(share_head, shares.clone());
    let left = if sheet.narrow() { 0.0 } else { name_column(sheet, stages) };
    let right = if sheet.narrow() { sheet.width } else { count_right - column(count_head, counts.clone()) };

    let head = picture.height + sheet.size;
    picture.text(count_right, head, count_head, sheet.muted(Anchor::End));
    picture.text(share_right, head, share_head, sheet.muted(Anchor::End));
    let mut y = picture.height + sheet.size * 1.7;
    let thickness = if sheet.narrow() { 16.0 } else { 26.0 };
    for (i, stage) in stages.iter().enumerate() {
        let name_room = if sheet.narrow() { count_right - column(count_head, counts.clone()) } else { left - 12.0 };
        let name = font::fit(stage, name_room, sheet.size, false);
        let (name_x, anchor) = if sheet.narrow() { (0.0, Anchor::Start) } else { (left - 10.0, Anchor::End) };
        let baseline = if sheet.narrow() { y + sheet.size } else { y + thickness / 2.0 + sheet.size * 0.35 };
        picture.text(name_x, baseline, name, sheet.ink(anchor));
        picture.text(count_right, baseline, counts[i].as_str(), sheet.strong(Anchor::End));
        picture.text(share_right, baseline, shares[i].as_str(), sheet.ink(Anchor::End));
        if sheet.narrow() {
            y += sheet.size * 1.5;
        }
        picture.rect(left, y, right - left, thickness, SHADE);
        let parts = [reached[i] - open[i] - lost[i] - unplaced[i], open[i], lost[i], unplaced[i]];
        let mut x = left;
        for (part, color) in parts.into_iter().zip(COLORS) {
            let width = (part / most).max(0.0) * (right - left);
            picture.rect(x, y, width, thickness, color);
            x += width.max(0.0);
        }
        y += thickness + 9.0;
    }
    picture.height = y - 5.0;
    Some(picture)
}
