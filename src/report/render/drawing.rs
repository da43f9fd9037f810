//! A chart as a drawing: for a page, or with its title and source to stand alone. How a kind is drawn stands in its file in
//! `report/chart`.

use super::draw::font;
use super::draw::palette::{INK, MUTED, WHITE};
use super::draw::picture::{Anchor, Picture, Type};
use super::draw::sheet::Sheet;
use super::number::Numbers;
use crate::report::document::Chart;

/// Width of a chart on a page or a sheet, in logical pixels.
pub const WIDE: f64 = 820.0;
/// Width of a chart on a phone.
pub const NARROW: f64 = 350.0;

/// Draws a chart without its caption.
pub fn draw(chart: &Chart, numbers: Numbers, width: f64) -> Picture {
    let sheet = Sheet::new(numbers, width);
    chart.plot.draw(&sheet).unwrap_or_else(|| sheet.nothing())
}

/// Draws a chart with its title above and its source below, on white, for use outside of a page.
pub fn draw_captioned(chart: &Chart, numbers: Numbers, width: f64) -> Picture {
    let margin = 24.0;
    let room = width - 2.0 * margin;
    let mut inner = Picture::new(room);
    inner.height = margin;
    let title = Type { size: 18.0, bold: true, color: INK, anchor: Anchor::Start };
    for line in font::wrap(&chart.title, room, title.size, title.bold) {
        inner.text(0.0, inner.height + 18.0, line, title);
        inner.height += 24.0;
    }
    inner.height += 12.0;
    inner.append(draw(chart, numbers, room));
    inner.height += 14.0;
    let source = Type { size: 11.0, bold: false, color: MUTED, anchor: Anchor::Start };
    for line in font::wrap(&chart.source, room, source.size, source.bold) {
        inner.text(0.0, inner.height + 11.0, line, source);
        inner.height += 15.0;
    }
    let height = inner.height + margin;
    let mut whole = Picture::new(width);
    whole.rect(0.0, 0.0, width, height, WHITE);
    whole.shapes.extend(inner.shapes.into_iter().map(|shape| shape.moved(margin, 0.0)));
    whole.height = height;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;
    use crate::report::render::sample;

    /// Every text is within the picture, and no two texts run into each other.
    fn faults(picture: &Picture) -> Vec<String> {
        let texts: Vec<_> = picture.shapes.iter().filter_map(|s| s.text_box().map(|b| (b, s))).collect();
        let mut faults = Vec::new();
        for (i, ((left, top, right, bottom), shape)) in texts.iter().enumerate() {
            if *left < -0.6 || *top < -0.6 || *right > picture.width + 0.6 || *bottom > picture.height + 0.6 {
                faults.push(format!("outside {}×{}: {shape:?}", picture.width, picture.height));
            }
            for ((l, t, r, b), other) in &texts[..i] {
                if left < r && l < right && top < b && t < bottom {
                    faults.push(format!("{shape:?} runs into {other:?}"));
                }
            }
        }
        faults
    }

    #[test]
    fn nothing_overlaps_and_nothing_is_cut_off() {
        let mut all = Vec::new();
        for lang in [Lang::Ru, Lang::En] {
            let numbers = Numbers { lang, currency: "₽" };
            for chart in sample::charts(lang) {
                for width in [WIDE, NARROW] {
                    let found = faults(&draw(&chart, numbers, width)).into_iter();
                    all.extend(found.map(|fault| format!("{} {lang:?} {width}: {fault}", chart.id)));
                }
                let found = faults(&draw_captioned(&chart, numbers, WIDE)).into_iter();
                all.extend(found.map(|fault| format!("{} {lang:?} captioned: {fault}", chart.id)));
            }
        }
        assert!(all.is_empty(), "{}", all.join("\n"));
    }
}
