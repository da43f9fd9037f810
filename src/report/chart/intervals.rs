//! A point with its interval per name, and a line to compare with.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate, sentence};
use super::sample::{names, texts};
use super::view::View;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::findings::evidence::Estimate;
use crate::report::grid::Grid;
use crate::report::render::draw::axis::Axis;
use crate::report::render::draw::font;
use crate::report::render::draw::frame::name_column;
use crate::report::render::draw::palette::{BLUE, GRID, SHADE, VERMILION};
use crate::report::render::draw::picture::{Anchor, Picture, Type};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::{NONE, Numbers};

/// A point with its interval per label (lead quality by contractor), and a reference line.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// The groups.
    pub labels: Vec<String>,
    /// A point per label; absent where nothing can be said.
    pub points: Vec<Option<Point>>,
    /// A line to compare with, such as the mean of all.
    pub reference: Option<f64>,
    /// What the numbers are.
    pub unit: Unit,
}

/// The estimate, and the lower and upper bound; without the estimate where it is known only within the bounds.
pub(in crate::report) type Point = (Option<f64>, f64, f64);

/// The columns of intervals, and whether the value of all groups together is drawn as a line.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct IntervalsEncoding {
    label: String,
    value: String,
    low: String,
    high: String,
    reference: bool,
}

impl Kind for Intervals {
    const NAME: &'static str = "intervals";
    const KEYS: &'static str =
        "`label`, `value`, `low`, `high`; `reference = \"all\"` draws the value of all groups together";
    type Encoding = IntervalsEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> IntervalsEncoding {
        let column = |key: &str| asked.column(part, key);
        IntervalsEncoding {
            label: column("label"),
            value: column("value"),
            low: column("low"),
            high: column("high"),
            reference: part.optional_one_of("reference", &[("all", ())]).is_some(),
        }
    }

    fn values(encoding: &IntervalsEncoding) -> Vec<&str> {
        vec![&encoding.value]
    }

    fn whole<'e>(encoding: &'e IntervalsEncoding, grid: &Grid) -> Option<&'e str> {
        (encoding.reference && !has_unnamed(grid)).then_some(&encoding.value)
    }

    fn fill(encoding: &IntervalsEncoding, view: &View<'_>) -> Filled<Intervals> {
        let IntervalsEncoding { label, value, low, high, reference } = encoding;
        let point = |(value, bounds): (Option<f64>, Option<(f64, f64)>)| bounds.map(|(low, high)| (value, low, high));
        let reference = match (reference, has_unnamed(view.grid)) {
            (false, _) => None,
            (true, true) => mean_of_named(view.grid, value, low, high),
            (true, false) => view.whole,
        };
        Intervals {
            labels: view.words(label),
            points: view.numbers(value).into_iter().zip(view.bounds(low, high)).map(point).collect(),
            reference,
            unit: view.grid.unit(value),
        }
        .into()
    }

    fn lengths(&self) -> Vec<Length> {
        vec![Length::of("points", &self.points, self.labels.len())]
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let parts = self.labels.iter().zip(&self.points).map(|(label, point)| match point {
            Some((Some(v), low, high)) => {
                format!("{label} {} ({})", numbers.compact(*v, self.unit), numbers.bounds(*low, *high, self.unit))
            }
            Some((None, low, high)) => {
                let maybe = numbers.lang.pick("может быть", "may be");
                format!("{label} {maybe} {}", numbers.bounds(*low, *high, self.unit))
            }
            None => format!("{label} {NONE}"),
        });
        sentence(Text::new("Значения с интервалами", "Values with intervals").get(numbers.lang), parts)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let pick = |ru, en| numbers.lang.pick(ru, en);
        let labels = data::labels(&self.labels, numbers);
        let mut columns = vec![data::label_column(&labels, pick("Группа", "Group"), numbers)];
        let titles = [pick("Значение", "Value"), pick("от", "low"), pick("до", "high")];
        columns.extend(titles.map(|title| (title.to_owned(), self.unit)));
        columns.extend(self.reference.map(|_| (pick("Все вместе", "All together").to_owned(), self.unit)));
        let row = |(label, point): (Cell, &Option<Point>)| {
            let (value, low, high) =
                point.map_or((None, None, None), |(value, low, high)| (value, Some(low), Some(high)));
            let mut row = vec![label];
            row.extend([value, low, high].map(data::cell));
            row.extend(self.reference.map(|value| data::cell(Some(value))));
            row
        };
        let rows = labels.into_iter().zip(&self.points).map(row).collect();
        ChartData { columns, rows, native: Native::None }
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.labels.iter_mut().collect()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Intervals)> {
        let sources = [
            ("Лидоруб", "Lidorub"),
            (
                "Агентство контекстной рекламы «Северо-Западный проспект»",
                "North-West Prospect Contextual Advertising Agency",
            ),
            ("ВКонтакте", "VK"),
            ("Сарафан", "Word of mouth"),
            ("Авито", "Avito"),
            ("Холодный обзвон", "Cold calls"),
        ];
        let known = |(v, low, high): (f64, f64, f64)| Some((Some(v), low, high));
        let quality = [(0.212, 0.181, 0.247), (0.317, 0.29, 0.347), (0.345, 0.3, 0.393), (0.461, 0.38, 0.545)];
        let quality = quality.into_iter().chain([(0.371, 0.36, 0.382)]).map(known).chain([None]);
        let around_zero =
            [Some((-0.4, -1.2, 0.3)), Some((0.2, 0.1, 0.3)), None, Some((0.0, 0.0, 0.0)), Some((2.0, 1.0, 3.0))];
        let around_zero = around_zero.map(|point| point.and_then(known)).to_vec();
        let of_money = vec![
            known((1_234_567.0, 1_000_000.0, 2_345_678.0)),
            known((12_345.0, 10_000.0, 23_456.0)),
            known((9e6, 8e6, 1e7)),
        ];
        let one = |labels: Vec<String>, points: Vec<Option<Point>>, reference: Option<f64>, unit: Unit| Intervals {
            labels,
            points,
            reference,
            unit,
        };
        vec![
            ("quality", one(texts(t, &sources), quality.collect(), Some(0.334), Unit::Share)),
            ("intervals-around-zero", one(names(5), around_zero, Some(-1.2), Unit::Ratio)),
            ("intervals-of-money", one(names(3), of_money, Some(1e7), Unit::Money)),
            ("intervals-one", one(vec!["A".into()], vec![known((0.5, 0.5, 0.5))], None, Unit::Share)),
        ]
    }
}

/// Whether some cases have no value of the split: those are no peers of anybody.
fn has_unnamed(grid: &Grid) -> bool {
    (0..grid.rows.len()).any(|row| grid.is_unnamed(row))
}

/// The value of the groups with a name together: the mean of the groups, weighted by the cases that their intervals tell of.
/// `None` if the cases of a group cannot be told.
fn mean_of_named(grid: &Grid, value: &str, low: &str, high: &str) -> Option<f64> {
    let of = |row: usize| {
        let (value, low, high) = (grid.number(row, value)?, grid.number(row, low)?, grid.number(row, high)?);
        Some((value, Estimate { value, low, high }.observations()?))
    };
    let rows = (0..grid.rows.len()).filter(|row| !grid.is_unnamed(*row));
    let known: Vec<(f64, f64)> = rows.map(of).collect::<Option<_>>()?;
    let cases: f64 = known.iter().map(|(_, cases)| cases).sum();
    (cases > 0.0).then(|| known.iter().map(|(value, cases)| value * cases).sum::<f64>() / cases)
}

/// Dots with whiskers, in the order given.
fn draw(sheet: &Sheet, Intervals { labels, points, reference, unit }: &Intervals) -> Option<Picture> {
    let unit = *unit;
    let points: Vec<_> =
        points.iter().map(|p| p.filter(|(v, low, high)| (v.unwrap_or(0.0) + low + high).is_finite())).collect();
    if points.iter().all(Option::is_none) {
        return None;
    }
    let reference = reference.filter(|r| r.is_finite());
    let numbers = &sheet.numbers;
    let all: Vec<f64> =
        points.iter().flatten().flat_map(|(v, l, h)| [v.unwrap_or(*l), *l, *h]).chain(reference).collect();
    let axis = Axis::around(all.into_iter(), if sheet.narrow() { 3 } else { 6 }, unit);

    let value = |p: &Point| p.0.map_or(NONE.to_owned(), |value| numbers.compact(value, unit));
    let bounds = |p: &Point| numbers.bounds(p.1, p.2, unit);
    let widest = |texts: &mut dyn Iterator<Item = String>, bold| {
        texts.map(|t| font::width(&t, sheet.size, bold)).fold(0.0, f64::max)
    };
    let values = widest(&mut points.iter().flatten().map(value), true);
    let figures = values + 10.0 + widest(&mut points.iter().flatten().map(bounds), false);
    let figures = figures.max(font::width(sheet.no_data(), sheet.size, false));
    let left = if sheet.narrow() { 8.0 } else { name_column(sheet, labels) };
    let right = if sheet.narrow() { sheet.width - 8.0 } else { sheet.width - figures - 18.0 };

    let mut picture = Picture::new(sheet.width);
    let top = if reference.is_some() { sheet.size * 1.7 } else { 4.0 };
    let row = if sheet.narrow() { sheet.size * 1.5 + 20.0 } else { 30.0 };
    let bottom = top + row * labels.len() as f64 + 4.0;
    for (tick, name) in axis.ticks.iter().zip(numbers.ticks(&axis.ticks, unit)) {
        let x = axis.at(*tick, left, right);
        picture.line(vec![(x, top), (x, bottom)], 1.0, GRID);
        let half = font::width(&name, sheet.size, false) / 2.0;
        picture.text(x.clamp(half, sheet.width - half), bottom + sheet.size + 4.0, name, sheet.muted(Anchor::Middle));
    }
    if let Some(reference) = reference {
        let x = axis.at(reference, left, right);
        picture.dashed((x, top), (x, bottom), 1.5, VERMILION);
        let label = format!("{} {}", sheet.pick("в целом", "overall"), numbers.compact(reference, unit));
        let half = font::width(&label, sheet.size, false) / 2.0;
        let look = Type { color: VERMILION, ..sheet.ink(Anchor::Middle) };
        picture.text(x.clamp(half, sheet.width - half), sheet.size, label, look);
    }
    for (i, (label, point)) in labels.iter().zip(&points).enumerate() {
        let y = top + row * i as f64;
        let middle = if sheet.narrow() { y + row - 11.0 } else { y + row / 2.0 };
        let baseline = if sheet.narrow() { y + sheet.size + 2.0 } else { middle + sheet.size * 0.35 };
        let room = if sheet.narrow() { sheet.width - figures - 10.0 } else { left - 14.0 };
        let name = font::fit(label, room, sheet.size, false);
        let (x, anchor) = if sheet.narrow() { (0.0, Anchor::Start) } else { (left - 12.0, Anchor::End) };
        if sheet.narrow() {
            // The name covers the grid lines behind it.
            picture.rect(0.0, y, sheet.width, sheet.size * 1.5, SHADE);
        }
        picture.text(x, baseline, name, sheet.ink(anchor));
        match point {
            Some(point) => {
                let (from, to) = (axis.at(point.1, left, right), axis.at(point.2, left, right));
                picture.line(vec![(from, middle), (to, middle)], 2.0, BLUE.faded(0.55));
                for end in [from, to] {
                    picture.line(vec![(end, middle - 4.0), (end, middle + 4.0)], 2.0, BLUE.faded(0.55));
                }
                if let Some(value) = point.0 {
                    picture.dot(axis.at(value, left, right), middle, 5.0, BLUE);
                }
                picture.text(sheet.width, baseline, bounds(point), sheet.muted(Anchor::End));
                let x = sheet.width - figures + values;
                picture.text(x, baseline, value(point), sheet.strong(Anchor::End));
            }
            None => picture.text(sheet.width, baseline, sheet.no_data(), sheet.muted(Anchor::End)),
        }
    }
    picture.height = bottom + sheet.size * 1.6 + 4.0;
    Some(picture)
}
