//! A period under way: what has been reached, what was planned by each day, and what is expected up to the end.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate, sentence};
use super::sample::LONG;
use super::view::View;
use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::{Axis, Labels};
use crate::report::render::draw::font;
use crate::report::render::draw::frame::{Frame, Mark, legend};
use crate::report::render::draw::palette::{AXIS, BLUE, INK, MUTED};
use crate::report::render::draw::picture::{Anchor, Color, Picture, Type};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::{NONE, Numbers};

/// A value per day that adds up over the period: the fact, the plan and the forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// The days.
    pub labels: Vec<String>,
    /// What was reached by the end of each day, as far as it is known.
    pub fact: Vec<Option<f64>>,
    /// What was planned to be reached.
    pub plan: Vec<Option<f64>>,
    /// The 10th percentile, the median and the 90th percentile of what will be reached.
    pub forecast: Vec<[Option<f64>; 3]>,
    /// What the numbers are.
    pub unit: Unit,
}

/// The columns of a fan; all but the days and the fact may be absent.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct FanEncoding {
    x: String,
    fact: String,
    plan: Option<String>,
    forecast: Option<[String; 3]>,
}

const BAND: f64 = 0.2;
/// A stretch from day to day that is longer has dashes of its own.
const LONG_STRETCH: f64 = 30.0;

impl Kind for Fan {
    const NAME: &'static str = "fan";
    const KEYS: &'static str = "`x` (the day), `fact` (reached by then), `plan` (planned by then), `low`, `middle`, `high` (P10, P50 and P90 of \
                                 what will be reached; all three or none)";
    type Encoding = FanEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> FanEncoding {
        let ends = ["low", "middle", "high"].map(|key| asked.optional_column(part, key));
        let forecast = match ends {
            [Some(low), Some(middle), Some(high)] => Some([low, middle, high]),
            [None, None, None] => None,
            _ => {
                part.problem(
                    part.line(),
                    Text::new("вееру нужны `low`, `middle` и `high`", "a fan needs `low`, `middle` and `high`"),
                    Text::new(
                        "добавьте недостающие или удалите остальные",
                        "add what is missing, or remove the others",
                    ),
                );
                None
            }
        };
        FanEncoding {
            x: asked.column(part, "x"),
            fact: asked.column(part, "fact"),
            plan: asked.optional_column(part, "plan"),
            forecast,
        }
    }

    fn values(encoding: &FanEncoding) -> Vec<&str> {
        let forecast = encoding.forecast.iter().flatten().map(String::as_str);
        [encoding.fact.as_str()].into_iter().chain(encoding.plan.as_deref()).chain(forecast).collect()
    }

    fn fill(encoding: &FanEncoding, view: &View<'_>) -> Filled<Fan> {
        let FanEncoding { x, fact, plan, forecast } = encoding;
        let count = view.rows.len();
        let of = |column: &Option<String>| column.as_ref().map_or(vec![None; count], |column| view.numbers(column));
        let ends = [0, 1, 2].map(|end| of(&forecast.as_ref().map(|columns| columns[end].clone())));
        let fact_by = view.numbers(fact);
        let mut forecast: Vec<_> = (0..count).map(|at| [ends[0][at], ends[1][at], ends[2][at]]).collect();
        // it opens where the fact ends
        if let Some(at) = fact_by.iter().rposition(Option::is_some)
            && forecast[at] == [None; 3]
            && forecast.get(at + 1).is_some_and(|next| next[1].is_some())
        {
            forecast[at] = [fact_by[at]; 3];
        }
        Fan { labels: view.labels(x), fact: fact_by, plan: of(plan), forecast, unit: view.grid.unit(fact) }.into()
    }

    fn lengths(&self) -> Vec<Length> {
        let count = self.labels.len();
        vec![
            Length::of("facts", &self.fact, count),
            Length::of("plans", &self.plan, count),
            Length::of("forecasts", &self.forecast, count),
        ]
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let words = Words::of(numbers.lang);
        let labels = Labels::read(&self.labels).words(numbers);
        let last = |name: &str, values: &[Option<f64>]| {
            let known = values.iter().zip(&labels).rev().find_map(|(value, label)| finite(*value).map(|v| (v, label)));
            known.map_or(format!("{name} {NONE}"), |(value, label)| {
                format!("{name} {} ({label})", numbers.compact(value, self.unit))
            })
        };
        let middle = self.end(1);
        let band = self
            .band(self.labels.len().saturating_sub(1))
            .map(|(low, high)| format!("{} {}", words.band, numbers.bounds(low, high, self.unit)));
        let parts = [last(words.fact, &self.fact), last(words.plan, &self.plan), last(words.forecast, &middle)];
        sentence(
            Text::new("Факт, план и прогноз", "Fact, plan and forecast").get(numbers.lang),
            parts.into_iter().chain(band),
        )
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let words = Words::of(numbers.lang);
        let labels = data::labels(&self.labels, numbers);
        let first = data::label_column(&labels, numbers.lang.pick("День", "Day"), numbers);
        let titles = [words.fact, words.plan, words.forecast, "P10", "P90"].map(|title| (title.to_owned(), self.unit));
        let row = |(at, label): (usize, Cell)| {
            let [low, middle, high] = self.forecast[at];
            let values = [self.fact[at], self.plan[at], middle, low, high];
            [label].into_iter().chain(values.map(data::cell)).collect()
        };
        let lines = vec![(1, BLUE), (2, MUTED), (3, BLUE.tint(0.6)), (4, BLUE.tint(0.35)), (5, BLUE.tint(0.35))];
        ChartData {
            columns: [first].into_iter().chain(titles).collect(),
            rows: labels.into_iter().enumerate().map(row).collect(),
            native: Native::Lines { lines, band: None, young_from: None },
        }
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.labels.iter_mut().collect()
    }

    fn samples(_: Translate<'_>) -> Vec<(&'static str, Fan)> {
        let month = |day: usize| format!("2025-06-{:02}", day + 1);
        let labels: Vec<String> = (0..30).map(month).collect();
        let plan = |at: usize| Some(5_200_000.0 * (at + 1) as f64 / 30.0);
        let fact = |at: usize| 168_000.0 * at as f64 + 60_000.0 * (at as f64 * 0.9).sin();
        let ahead = |at: usize, times: f64| fact(17) + (at as f64 - 17.0) * 150_000.0 * times;
        let forecast = |at: usize| match at < 17 {
            true => [None; 3],
            false => [ahead(at, 0.72), ahead(at, 1.0), ahead(at, 1.31)].map(Some),
        };
        let under_way = Fan {
            labels: labels.clone(),
            fact: (0..30).map(|at| (at < 18).then(|| fact(at))).collect(),
            plan: (0..30).map(plan).collect(),
            forecast: (0..30).map(forecast).collect(),
            unit: Unit::Money,
        };
        let nothing = Fan {
            labels: labels[..3].to_vec(),
            fact: vec![None; 3],
            plan: vec![None; 3],
            forecast: vec![[None; 3]; 3],
            unit: Unit::Count,
        };
        let without_plan = Fan { plan: vec![None; 30], ..under_way.clone() };
        let without_forecast = Fan { forecast: vec![[None; 3]; 30], ..under_way.clone() };
        let over = Fan { fact: (0..30).map(|at| Some(fact(at))).collect(), ..without_forecast.clone() };
        let first_day = Fan {
            labels: vec![LONG.into(), LONG.into()],
            fact: vec![Some(0.0), None],
            plan: vec![Some(1e9), Some(2e9)],
            forecast: vec![[Some(0.0); 3], [Some(1e9), Some(2e9), Some(2.1e9)]],
            unit: Unit::Money,
        };
        vec![
            ("month", under_way),
            ("month-without-plan", without_plan),
            ("month-without-forecast", without_forecast),
            ("month-over", over),
            ("month-first-day", first_day),
            ("month-of-nothing", nothing),
        ]
    }
}

/// What its parts are called.
struct Words {
    fact: &'static str,
    plan: &'static str,
    forecast: &'static str,
    band: &'static str,
}

impl Words {
    fn of(lang: Lang) -> Words {
        Words {
            fact: lang.pick("факт", "fact"),
            plan: lang.pick("план", "plan"),
            forecast: lang.pick("прогноз", "forecast"),
            band: lang.pick("80 % полоса", "80% band"),
        }
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

impl Fan {
    /// One of the three of the forecast, by day.
    fn end(&self, end: usize) -> Vec<Option<f64>> {
        self.forecast.iter().map(|ends| ends[end]).collect()
    }

    /// The band of a day.
    fn band(&self, at: usize) -> Option<(f64, f64)> {
        let [low, _, high] = *self.forecast.get(at)?;
        finite(low).zip(finite(high))
    }

    /// The ends of the lines that reach the last day: value, colour, and what it is.
    fn ends(&self, lang: Lang, numbers: &Numbers<'_>) -> Vec<(f64, Color, String)> {
        let words = Words::of(lang);
        let last = |values: &[Option<f64>]| finite(values.last().copied().flatten());
        let of = |name: &str, value: Option<f64>, color: Color| {
            value.map(|value| (value, color, format!("{name} {}", numbers.compact(value, self.unit))))
        };
        let mut ends: Vec<_> = [
            of(words.fact, last(&self.fact), BLUE.darker()),
            of(words.plan, last(&self.plan), MUTED),
            of("P10", last(&self.end(0)), BLUE),
            of("P50", last(&self.end(1)), BLUE.darker()),
            of("P90", last(&self.end(2)), BLUE),
        ]
        .into_iter()
        .flatten()
        .collect();
        ends.sort_by(|a, b| b.0.total_cmp(&a.0));
        ends
    }
}

fn draw(sheet: &Sheet, fan: &Fan) -> Option<Picture> {
    let count = fan.labels.len();
    let all = fan.fact.iter().chain(&fan.plan).copied().chain(fan.forecast.iter().flatten().copied());
    let all: Vec<f64> = all.filter_map(finite).collect();
    if all.is_empty() {
        return None;
    }
    let words = Words::of(sheet.numbers.lang);
    let has = |values: &[Option<f64>]| values.iter().any(|value| finite(*value).is_some());
    let middle = fan.end(1);
    let has_band = (0..count).any(|at| fan.band(at).is_some());
    let entries = [
        (has(&fan.fact), words.fact, Mark::Stroke(BLUE)),
        (has(&fan.plan), words.plan, Mark::Stroke(MUTED)),
        (has(&middle), words.forecast, Mark::Stroke(BLUE.tint(0.6))),
        (has_band, words.band, Mark::Square(BLUE.tint(BAND))),
    ];
    let entries: Vec<_> = entries.into_iter().filter(|e| e.0).map(|(_, name, mark)| (name.to_owned(), mark)).collect();
    let mut picture = Picture::new(sheet.width);
    legend(sheet, &mut picture, &entries);
    let axis = Axis::from_zero(all.into_iter(), 4, fan.unit);
    let ends = fan.ends(sheet.numbers.lang, &sheet.numbers);
    let beside = ends.iter().map(|(_, _, name)| font::width(name, sheet.size, true) + 9.0).fold(0.0, f64::max);
    // the band lies under the grid, but its position is known only after the frame is laid out
    let mut over = Picture::new(sheet.width);
    over.height = picture.height;
    let frame = Frame::open(sheet, &mut over, axis, fan.unit, count, beside);
    band(&mut picture, &frame, fan);
    picture.shapes.append(&mut over.shapes);
    stroke(&mut picture, &frame, &fan.plan, false, MUTED);
    stroke(&mut picture, &frame, &middle, true, BLUE.tint(0.6));
    stroke(&mut picture, &frame, &fan.fact, false, BLUE);
    now(sheet, &mut picture, &frame, fan);
    name_ends(sheet, &mut picture, &frame, ends);
    frame.finish(sheet, &mut picture, &Labels::read(&fan.labels));
    Some(picture)
}

fn band(picture: &mut Picture, frame: &Frame, fan: &Fan) {
    let known = (0..fan.labels.len()).filter_map(|at| fan.band(at).map(|band| (frame.x(at), band)));
    let known: Vec<(f64, (f64, f64))> = known.collect();
    let upper = known.iter().map(|(x, (_, high))| (*x, frame.y(*high)));
    let lower = known.iter().rev().map(|(x, (low, _))| (*x, frame.y(*low)));
    picture.polygon(upper.chain(lower).collect(), BLUE.tint(BAND));
}

/// A line through the days that have a value.
fn stroke(picture: &mut Picture, frame: &Frame, values: &[Option<f64>], is_dashed: bool, color: Color) {
    let points = values.iter().enumerate().filter_map(|(at, value)| Some((frame.x(at), frame.y(finite(*value)?))));
    let points: Vec<(f64, f64)> = points.collect();
    match (points.as_slice(), is_dashed) {
        ([(x, y)], _) => picture.dot(*x, *y, 3.5, color),
        (_, false) => picture.line(points, 2.0, color),
        (_, true) if frame.slot > LONG_STRETCH => {
            points.windows(2).for_each(|pair| picture.dashed(pair[0], pair[1], 2.0, color));
        }
        (_, true) => points.windows(2).for_each(|pair| picture.line(shortened(pair[0], pair[1]), 2.0, color)),
    }
}

/// The first two thirds of a stretch: of many short stretches, these are dashes.
fn shortened((x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> Vec<(f64, f64)> {
    vec![(x, y), (x + (to_x - x) * 0.65, y + (to_y - y) * 0.65)]
}

/// The last day of which the fact is known, where days are still to come.
fn now(sheet: &Sheet, picture: &mut Picture, frame: &Frame, fan: &Fan) {
    let last = fan.fact.iter().rposition(|value| finite(*value).is_some());
    let Some(at) = last.filter(|at| at + 1 < fan.labels.len()) else { return };
    let (x, value) = (frame.x(at), finite(fan.fact[at]).unwrap_or_default());
    picture.dashed((x, frame.top), (x, frame.bottom), 1.0, AXIS);
    picture.dot(x, frame.y(value), 3.5, BLUE);
    let name = sheet.numbers.compact(value, fan.unit);
    let width = font::width(&name, sheet.size, true);
    let look = Type { color: INK, ..sheet.strong(Anchor::End) };
    picture.text((x - 7.0).max(frame.left + width + 2.0), frame.top + sheet.size, name, look);
}

/// Writes the last values beside the ends of the lines, from the top, moved apart if they would overlap.
fn name_ends(sheet: &Sheet, picture: &mut Picture, frame: &Frame, ends: Vec<(f64, Color, String)>) {
    let line = sheet.size * 1.15;
    let mut free = frame.top - line / 2.0;
    let count = ends.len();
    for (n, (value, color, name)) in ends.into_iter().enumerate() {
        // room is kept for those that are still to come below
        let lowest = frame.bottom - line * (count - 1 - n) as f64;
        let y = frame.y(value).max(free).min(lowest.max(free));
        free = y + line;
        picture.text(frame.right + 7.0, y + sheet.size * 0.35, name, Type { color, ..sheet.strong(Anchor::Start) });
    }
}
