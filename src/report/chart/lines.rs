//! Lines over labels, with a band around the first line; the unripe end is drawn differently.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate};
use super::sample::{line, names, series, wave, week_labels};
use super::series::{Beyond, Series, SeriesEncoding};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::{Axis, Labels};
use crate::report::render::draw::font;
use crate::report::render::draw::frame::{Frame, Mark, legend};
use crate::report::render::draw::palette::{PEERS, SHADE, WHITE, nth};
use crate::report::render::draw::picture::{Anchor, Color, Picture, Type};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::Numbers;

/// Lines over labels; missing values break the line (conversion by week).
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// The lines. A value may be absent.
    pub series: Series,
    /// Lower and upper bound around the first line, one pair per label.
    pub band: Option<Vec<Option<(f64, f64)>>>,
    /// From this label on, the values are still unripe and drawn apart.
    pub young_from: Option<usize>,
}

/// The columns of lines.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct LinesEncoding {
    series: SeriesEncoding,
    bounds: Option<(String, String)>,
    young: Option<String>,
}

/// The bounds without those that come back after a gap among the unripe labels: a band that goes on and off says nothing.
fn unbroken(mut band: Vec<Option<(f64, f64)>>, young_from: Option<usize>) -> Vec<Option<(f64, f64)>> {
    let from = young_from.unwrap_or(band.len());
    if let Some(gap) = (from..band.len()).find(|at| band[*at].is_none()) {
        band[gap..].fill(None);
    }
    band
}

impl Kind for Lines {
    const NAME: &'static str = "lines";
    const KEYS: &'static str =
        "as `grouped`; `low` and `high` (a band around the first line), `young` (not 0: still maturing)";
    type Encoding = LinesEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> LinesEncoding {
        let bounds = match (asked.optional_column(part, "low"), asked.optional_column(part, "high")) {
            (Some(low), Some(high)) => Some((low, high)),
            (None, None) => None,
            _ => {
                part.problem(
                    part.line(),
                    Text::new("интервалу нужны и `low`, и `high`", "an interval needs both `low` and `high`"),
                    Text::new("добавьте второе или удалите это", "add the other one, or remove this one"),
                );
                None
            }
        };
        LinesEncoding { series: SeriesEncoding::read(asked, part), bounds, young: asked.optional_column(part, "young") }
    }

    fn values(encoding: &LinesEncoding) -> Vec<&str> {
        encoding.series.values()
    }

    fn has_series(encoding: &LinesEncoding) -> bool {
        encoding.series.series.is_some()
    }

    fn fill(encoding: &LinesEncoding, view: &View<'_>) -> Filled<Lines> {
        let Filled { plot: series, shown } = Series::fill(&encoding.series, view, Beyond::LeftOut);
        let bounds = encoding.bounds.as_ref().filter(|_| encoding.series.series.is_none());
        let first_young = |young: &String| view.numbers(young).iter().position(|n| n.is_some_and(|n| n > 0.0));
        let young_from = encoding.young.as_ref().and_then(first_young);
        let band = bounds.map(|(low, high)| unbroken(view.bounds(low, high), young_from));
        Filled { plot: Lines { series, band, young_from }, shown }
    }

    fn lengths(&self) -> Vec<Length> {
        let band = self.band.as_ref().map(|band| Length::of("bounds", band, self.series.labels.len()));
        self.series.lengths().into_iter().chain(band).collect()
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        self.series.describe(Text::new("Линии", "Lines").get(numbers.lang), numbers)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let count = self.series.lines.len();
        let lines = (0..count).map(|line| (line + 1, nth(&PEERS, line))).collect();
        let band = self.band.as_ref().map(|_| (count + 1, count + 2));
        let young_from = self.young_from;
        let mut data = self.series.data(numbers, |_| Native::Lines { lines, band, young_from });
        if let Some(band) = &self.band {
            let name = self.series.lines.first().map_or("", |(name, _)| name);
            for end in [numbers.lang.pick("от", "low"), numbers.lang.pick("до", "high")] {
                data.columns.push((format!("{name}: {end}"), self.series.unit));
            }
            for (row, bounds) in data.rows.iter_mut().zip(band) {
                row.extend([bounds.map(|(low, _)| low), bounds.map(|(_, high)| high)].map(data::cell));
            }
        }
        if let Some(from) = young_from {
            data.columns.push((numbers.lang.pick("Ещё дозревает", "Still maturing").to_owned(), Unit::Text));
            for (at, row) in data.rows.iter_mut().enumerate() {
                let said =
                    if at >= from { numbers.lang.pick("да", "yes") } else { numbers.lang.pick("нет", "no") };
                row.push(Cell::Text(said.to_owned()));
            }
        }
        data
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.series.names()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Lines)> {
        vec![
            ("conversion", conversion(t)),
            ("median-response", response(t)),
            ("depth", depth(t)),
            ("near-lines", near()),
            (
                "all-young",
                Lines {
                    band: Some(vec![Some((0.3, 0.7)), None, Some((0.3, 0.9))]),
                    young_from: Some(0),
                    ..plain(week_labels(3), vec![("a", line(3, 0.5, 0.0))], Unit::Share)
                },
            ),
            (
                "last-young",
                Lines {
                    young_from: Some(39),
                    ..plain(week_labels(40), vec![("a", line(40, 61_000.0, 0.0))], Unit::Minutes)
                },
            ),
            ("one-point", plain(week_labels(1), vec![("a", vec![Some(3.0)])], Unit::Days)),
            ("no-point", plain(week_labels(4), vec![("a", vec![None, Some(f64::NAN), None, None])], Unit::Days)),
            (
                "high-line",
                plain(names(6), vec![("a", [0.91, 0.935, 0.93, 0.96, 0.95, 0.94].map(Some).to_vec())], Unit::Share),
            ),
            (
                "word-line",
                plain(
                    (1..=30).map(|i| format!("{i}-е касание")).collect(),
                    vec![("шанс", line(30, 0.08, 0.0))],
                    Unit::Share,
                ),
            ),
        ]
    }
}

/// Lines alone: no band, all ripe.
fn plain<N: Into<String>>(labels: Vec<String>, lines: Vec<(N, Vec<Option<f64>>)>, unit: Unit) -> Lines {
    Lines { series: series(labels, lines, unit), band: None, young_from: None }
}

fn conversion(t: Translate<'_>) -> Lines {
    let value = |i: usize| 0.123 * wave(i, 0.5) + 0.002 * i as f64;
    let some = |i: usize| i != 7 && i != 8;
    let mut settled: Vec<Option<f64>> = (0..26).map(|i| some(i).then(|| value(i))).collect();
    settled[25] = None;
    let bounds = |(i, v): (usize, &Option<f64>)| v.map(|v| (v - 0.02 - 0.001 * i as f64, v + 0.025 + 0.001 * i as f64));
    let band = settled.iter().enumerate().map(bounds).collect();
    let lines = vec![
        (t("конверсия за 90 дней", "conversion within 90 days"), settled),
        (t("из закрытых сделок", "of closed deals"), (0..26).map(|i| Some(value(i) * 1.3)).collect()),
    ];
    Lines { band: Some(band), young_from: Some(20), ..plain(week_labels(26), lines, Unit::Share) }
}

fn response(t: Translate<'_>) -> Lines {
    let median = (0..13).map(|i| Some(40.0 * wave(i, 1.5) + 7.0 * i as f64)).collect();
    plain(week_labels(13), vec![(t("медиана", "median"), median)], Unit::Minutes)
}

fn depth(t: Translate<'_>) -> Lines {
    let line = |base: f64, salt: f64| (0..52).map(|i| Some(base * wave(i, salt) * (1.0 + 0.015 * i as f64))).collect();
    let lines = vec![
        (t("доля продаж по акции", "share of sales in promotions"), line(0.24, 0.0)),
        (t("глубина скидки", "discount depth"), line(0.09, 2.0)),
    ];
    plain(week_labels(52), lines, Unit::Share)
}

/// Ends so near that their values must be moved apart.
fn near() -> Lines {
    let lines = [("один", 0.20), ("два", 0.201), ("три", 0.202), ("четыре", 0.001)];
    let lines = lines.map(|(name, base)| (name, line(20, base, 0.0)));
    plain(week_labels(20), lines.to_vec(), Unit::Share)
}

/// A run of neighbouring points.
type Run = Vec<(usize, f64)>;

fn draw(sheet: &Sheet, Lines { series, band, young_from }: &Lines) -> Option<Picture> {
    let (count, band) = (series.labels.len(), band.as_deref());
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
        entries.push((sheet.pick("95 % интервал", "95% interval").to_string(), Mark::Square(nth(&PEERS, 0).tint(0.2))));
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
        let label = sheet.pick("ещё дозревают", "still maturing");
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
    frame.finish(sheet, &mut picture, &Labels::read(&series.labels));
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
