//! Bars side by side.

use super::bars::{self, Rows};
use super::data::ChartData;
use super::kind::{Filled, Kind, Length, Translate};
use super::sample::{line, names, series, texts, week_labels};
use super::series::{Beyond, Series, SeriesEncoding};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::Axis;
use crate::report::render::draw::font;
use crate::report::render::draw::frame::{Frame, Mark, legend};
use crate::report::render::draw::palette::{PEERS, SHADE, nth};
use crate::report::render::draw::picture::{Anchor, Picture};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::Numbers;

/// Bars side by side, a group per label (spend against return).
#[derive(Debug, Clone, PartialEq)]
pub struct Grouped(pub Series);

impl Kind for Grouped {
    const NAME: &'static str = "grouped";
    const KEYS: &'static str = "as `stacked`; series beyond the `limit` are left out";
    type Encoding = SeriesEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> SeriesEncoding {
        SeriesEncoding::read(asked, part)
    }

    fn values(encoding: &SeriesEncoding) -> Vec<&str> {
        encoding.values()
    }

    fn has_series(encoding: &SeriesEncoding) -> bool {
        encoding.series.is_some()
    }

    fn fill(encoding: &SeriesEncoding, view: &View<'_>) -> Filled<Grouped> {
        let Filled { plot, shown } = Series::fill(encoding, view, Beyond::LeftOut);
        Filled { plot: Grouped(plot), shown }
    }

    fn lengths(&self) -> Vec<Length> {
        self.0.lengths()
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, &self.0)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let kind = Text::new("Столбцы рядом", "Grouped bars");
        self.0.describe(kind.get(numbers.lang), numbers)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        self.0.bars(numbers, &PEERS, false)
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.0.names()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Grouped)> {
        let waits = [
            ("до 5 мин", "≤ 5 min"),
            ("5–15 мин", "5–15 min"),
            ("15–60 мин", "15–60 min"),
            ("1–4 ч", "1–4 h"),
            ("> 4 ч", "> 4 h"),
        ];
        let cooling = vec![Some(0.214), Some(0.187), Some(0.142), Some(0.094), Some(0.051)];
        let campaigns = [
            ("Поиск — бренд", "Search: brand"),
            ("Поиск — общие запросы по окнам и дверям", "Search: generic windows and doors"),
            ("РСЯ", "Network"),
            ("Ремаркетинг", "Remarketing"),
            ("Таргет VK", "VK target"),
        ];
        let by_campaign = vec![
            (t("расход", "spend"), vec![Some(120_000.0), Some(1_450_000.0), Some(640_000.0), Some(88_000.0), None]),
            (
                t("маржа", "margin"),
                vec![Some(910_000.0), Some(1_980_000.0), Some(-210_000.0), Some(240_000.0), Some(45_300.0)],
            ),
        ];
        let by_month =
            vec![(t("расход", "spend"), line(6, 450_000.0, 0.0)), (t("выручка", "revenue"), line(6, 4_450_000.0, 1.0))];
        let months = (1..=6).map(|m| format!("2025-{m:02}")).collect();
        let samples = vec![
            ("response", series(texts(t, &waits), vec![(t("доля продаж", "win rate"), cooling)], Unit::Share)),
            ("by-campaign", series(texts(t, &campaigns), by_campaign, Unit::Money)),
            ("spend", series(months, by_month, Unit::Money)),
            (
                "all-zero",
                series(week_labels(8), vec![("a", vec![Some(0.0); 8]), ("b", vec![Some(0.0); 8])], Unit::Money),
            ),
            ("loss-only", series(names(5), vec![("убыток", line(5, -40_000.0, 1.0))], Unit::Money)),
        ];
        samples.into_iter().map(|(id, series)| (id, Grouped(series))).collect()
    }
}

/// Vertical bars if the names fit below them, else horizontal ones. `None` if there is no value.
fn draw(sheet: &Sheet, series: &Series) -> Option<Picture> {
    let labels = bars::labels(series)?;
    if !bars::are_vertical(sheet, &labels, series.labels.len()) {
        return Some(horizontal(sheet, series, &labels.words(&sheet.numbers)));
    }
    let mut picture = Picture::new(sheet.width);
    let is_unknown = |value: &Option<f64>| value.is_none_or(|v| !v.is_finite());
    if series.lines.len() > 1 {
        let entries = series.lines.iter().enumerate();
        let entries = entries.map(|(i, (name, _))| (name.clone(), Mark::Square(nth(&PEERS, i))));
        let unknown = series.lines.iter().any(|(_, values)| values.iter().any(is_unknown));
        let unknown = unknown.then(|| (sheet.no_data().to_string(), Mark::Square(SHADE)));
        legend(sheet, &mut picture, &entries.chain(unknown).collect::<Vec<_>>());
    }
    let all = series.lines.iter().flat_map(|(_, values)| values.iter().copied().flatten());
    let axis = Axis::from_zero(all, 4, series.unit);
    let frame = Frame::open(sheet, &mut picture, axis, series.unit, series.labels.len(), 0.0);
    let whole = bars::width(frame.slot, 44.0 * series.lines.len() as f64);
    let width = whole / series.lines.len() as f64;
    let zero = frame.y(0.0);
    let names = |k: usize| series.lines[k].1.iter().flatten().map(|v| sheet.numbers.compact(*v, series.unit));
    let name_width = (0..series.lines.len()).flat_map(names).map(|n| font::width(&n, sheet.size - 1.0, false));
    // Figures above the bars, if all of them fit.
    let named = name_width.fold(0.0, f64::max) <= width - 2.0;
    for i in 0..series.labels.len() {
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let gap = if width > 5.0 { 1.0 } else { 0.0 };
            let x = frame.x(i) - whole / 2.0 + width * k as f64;
            let Some(value) = values[i].filter(|v| v.is_finite()) else {
                // an empty place would be taken for zero
                picture.rect(x, frame.top, width - gap, frame.bottom - frame.top, SHADE);
                continue;
            };
            let y = frame.y(value);
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

/// A bar per name and series, each with its figure behind it.
fn horizontal(sheet: &Sheet, series: &Series, names: &[String]) -> Picture {
    let ends = series.lines.iter().flat_map(|(_, values)| values.iter().copied().flatten());
    let rows = Rows::open(sheet, series, names, &PEERS, ends.collect());
    rows.draw(sheet, series, names, series.lines.len(), |rows, picture, i, y, height| {
        let height = height / series.lines.len() as f64;
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let value = values[i].filter(|v| v.is_finite());
            let y = y + height * k as f64;
            rows.bar(picture, (0.0, value.unwrap_or(0.0)), y, height - 2.0, nth(&PEERS, k));
            rows.figure(sheet, picture, value, value.unwrap_or(0.0).max(0.0), y + height / 2.0 - 1.0, series);
        }
    })
}
