//! Bars stacked into a whole.

use super::bars::{self, Rows};
use super::data::ChartData;
use super::kind::{Filled, Kind, Length, Translate};
use super::sample::{LONG, line, names, series, texts, wave, week_labels};
use super::series::{Beyond, Series, SeriesEncoding};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::Axis;
use crate::report::render::draw::frame::{Frame, Mark, legend};
use crate::report::render::draw::palette::{PARTS, SHADE, WHITE};
use crate::report::render::draw::picture::Picture;
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::Numbers;

/// Bars stacked into a whole, one bar per label (revenue split by week).
#[derive(Debug, Clone, PartialEq)]
pub struct Stacked(pub Series);

impl Kind for Stacked {
    const NAME: &'static str = "stacked";
    const KEYS: &'static str = "`x`, `values` (one or several), `series` (a column whose values become the series; then `limit` counts \
                                 series, and the others are summed into one)";
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

    fn fill(encoding: &SeriesEncoding, view: &View<'_>) -> Filled<Stacked> {
        let Filled { plot, shown } = Series::fill(encoding, view, Beyond::Summed);
        Filled { plot: Stacked(plot), shown }
    }

    fn lengths(&self) -> Vec<Length> {
        self.0.lengths()
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, &self.0)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let kind = Text::new("Столбцы из частей", "Stacked bars");
        self.0.describe(kind.get(numbers.lang), numbers)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        self.0.bars(numbers, &PARTS, true)
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.0.names()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Stacked)> {
        let grown = |base: f64, growth: f64, salt: f64| -> Vec<Option<f64>> {
            (0..26).map(|i| Some(base * wave(i, salt) * (1.0 + growth * i as f64))).collect()
        };
        let revenue = vec![
            (t("повторные без скидки", "repeat, full price"), grown(520_000.0, -0.008, 0.0)),
            (t("новые без скидки", "new, full price"), grown(340_000.0, -0.005, 1.0)),
            (t("по акции", "in a promotion"), grown(180_000.0, 0.05, 2.0)),
            (t("под давлением", "under pressure"), grown(60_000.0, 0.01, 3.0)),
        ];
        let branches = [
            ("Санкт-Петербург, Васильевский остров", "Saint Petersburg, Vasilyevsky Island"),
            ("Москва", "Moscow"),
            ("Казань", "Kazan"),
        ];
        let by_branch = vec![
            (t("без скидки", "full price"), vec![Some(3_120_000.0), Some(5_480_000.0), Some(1_210_000.0)]),
            (t("по акции", "in a promotion"), vec![Some(1_950_000.0), Some(1_150_000.0), None]),
        ];
        let two_years = vec![("a", line(110, 4.2e9, 0.0)), (LONG, line(110, 3.1e9, 1.0))];
        let losses = vec![("прибыль", line(12, 90_000.0, 0.0)), ("убыток", line(12, -40_000.0, 1.0))];
        let parts = names(9).into_iter().map(|name| (name, line(9, 10.0, 0.5))).collect();
        let samples = vec![
            ("revenue-split", series(week_labels(26), revenue, Unit::Money)),
            ("split-by-branch", series(texts(t, &branches), by_branch, Unit::Money)),
            ("empty", Series { labels: vec![], lines: vec![], unit: Unit::Count, unknown: None }),
            ("one-bar", series(week_labels(1), vec![("a", vec![Some(1.0)])], Unit::Count)),
            ("two-years", series(week_labels(110), two_years, Unit::Money)),
            ("below-zero", series(week_labels(12), losses, Unit::Money)),
            ("many-parts", series(week_labels(9), parts, Unit::Count)),
        ];
        samples.into_iter().map(|(id, series)| (id, Stacked(series))).collect()
    }
}

/// Vertical bars if the names fit below them, else horizontal ones. `None` if there is no value.
fn draw(sheet: &Sheet, series: &Series) -> Option<Picture> {
    let labels = bars::labels(series)?;
    let sums = |i: usize| {
        let values = series.lines.iter().filter_map(move |(_, values)| values[i]).filter(|v| v.is_finite());
        values.fold((0.0, 0.0), |(below, above), v| if v < 0.0 { (below + v, above) } else { (below, above + v) })
    };
    if !bars::are_vertical(sheet, &labels, series.labels.len()) {
        return Some(horizontal(sheet, series, &labels.words(&sheet.numbers)));
    }
    let mut picture = Picture::new(sheet.width);
    let is_unknown = |i: usize| series.lines.iter().all(|(_, values)| values[i].is_none_or(|v| !v.is_finite()));
    let entries = series.lines.iter().enumerate();
    let entries = entries.map(|(i, (name, _))| (name.clone(), Mark::Square(series.color(&PARTS, i))));
    let unknown = (0..series.labels.len()).any(is_unknown).then(|| (sheet.no_data().to_string(), Mark::Square(SHADE)));
    legend(sheet, &mut picture, &entries.chain(unknown).collect::<Vec<_>>());
    let count = series.labels.len();
    let axis = Axis::from_zero((0..count).flat_map(|i| [sums(i).0, sums(i).1]), 4, series.unit);
    let frame = Frame::open(sheet, &mut picture, axis, series.unit, count, 0.0);
    let width = bars::width(frame.slot, 56.0);
    // A hairline between parts helps where two hues look alike; in thin bars it would eat the bar.
    let gap = if width > 6.0 { 1.0 } else { 0.0 };
    for i in 0..count {
        let (mut below, mut above) = (0.0, 0.0);
        if is_unknown(i) {
            // an empty place would be taken for zero
            picture.rect(frame.x(i) - width / 2.0, frame.top, width, frame.bottom - frame.top, SHADE);
        }
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let Some(value) = values[i].filter(|v| v.is_finite()) else { continue };
            let end = if value < 0.0 { &mut below } else { &mut above };
            let (from, to) = (frame.y(*end), frame.y(*end + value));
            *end += value;
            let x = frame.x(i) - width / 2.0;
            picture.rect(x, from.min(to), width, (from - to).abs(), series.color(&PARTS, k));
            picture.rect(x, to - gap, width, gap, WHITE);
        }
    }
    frame.finish(sheet, &mut picture, &labels);
    Some(picture)
}

/// A bar per name, made of parts, with the sum behind it.
fn horizontal(sheet: &Sheet, series: &Series, names: &[String]) -> Picture {
    let sum = |i: usize, sign: f64| -> f64 {
        let values =
            series.lines.iter().filter_map(|(_, values)| values[i]).filter(|v| v.is_finite() && v * sign > 0.0);
        values.sum()
    };
    let ends = (0..names.len()).flat_map(|i| [sum(i, 1.0), sum(i, -1.0)]);
    let rows = Rows::open(sheet, series, names, &PARTS, ends.collect());
    rows.draw(sheet, series, names, 1, |rows, picture, i, y, height| {
        let (mut below, mut above) = (0.0, 0.0);
        let mut any = false;
        for (k, (_, values)) in series.lines.iter().enumerate() {
            let Some(value) = values[i].filter(|v| v.is_finite()) else { continue };
            any = true;
            let end = if value < 0.0 { &mut below } else { &mut above };
            rows.bar(picture, (*end, *end + value), y, height, series.color(&PARTS, k));
            *end += value;
        }
        rows.figure(sheet, picture, any.then_some(above + below), above, y + height / 2.0, series);
    })
}
