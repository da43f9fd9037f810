//! From an opening level to a closing one: what was added and what went, a bar each, where it was added or went.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Kind, Length, Translate, sentence};
use super::sample::{LONG, names, texts};
use super::view::View;
use crate::model::lang::{Text, both};
use crate::model::unit::Unit;
use crate::model::written::Section;
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::Axis;
use crate::report::render::draw::font;
use crate::report::render::draw::frame::name_column;
use crate::report::render::draw::palette::{AXIS, BLUE, GREY, GRID, SHADE, VERMILION, WHITE};
use crate::report::render::draw::picture::{Anchor, Picture};
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::{NONE, Numbers};

/// An opening level, changes, and a closing level.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// The names of the steps, the two levels among them.
    pub labels: Vec<String>,
    /// The levels themselves, and what each change added; negative where it took away. Absent: not known.
    pub values: Vec<Option<f64>>,
    /// Which of them are levels.
    pub levels: Vec<bool>,
    /// What the numbers are.
    pub unit: Unit,
}

/// The columns of a waterfall.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct WaterfallEncoding {
    opening: String,
    /// The changes, and whether each is taken off.
    steps: Vec<(String, bool)>,
    closing: String,
}

impl Kind for Waterfall {
    const NAME: &'static str = "waterfall";
    const KEYS: &'static str = "`opening` and `closing` (levels), `steps` (what changed between them, in this order; steps of zero are left out), `minus` (those of \
                                 the steps whose number is taken off); of the first row shown";
    type Encoding = WaterfallEncoding;

    fn read(asked: &Asked<'_>, part: &Section<'_>) -> WaterfallEncoding {
        let (steps, minus) = (part.texts("steps"), part.texts("minus"));
        steps.iter().for_each(|step| asked.check_column(part, step, step.line));
        for wrong in minus.iter().filter(|name| steps.iter().all(|step| step.value != name.value)) {
            let name = &wrong.value;
            part.problem(
                wrong.line,
                both!("`{name}` нет среди `steps`", "`{name}` is not among `steps`"),
                Text::new("назовите его и в `steps`, или уберите отсюда", "name it in `steps` too, or remove it here"),
            );
        }
        if steps.is_empty() {
            part.problem(
                part.line(),
                Text::new("не сказано, из чего складывается изменение", "it is not said what the change is made of"),
                Text::new("добавьте steps = [\"…\"]: столбцы метрики", "add steps = [\"…\"]: the metric's columns"),
            );
        }
        let is_minus = |name: &str| minus.iter().any(|minus| minus.value == name);
        WaterfallEncoding {
            opening: asked.column(part, "opening"),
            steps: steps.into_iter().map(|step| (step.value.clone(), is_minus(&step.value))).collect(),
            closing: asked.column(part, "closing"),
        }
    }

    fn values(encoding: &WaterfallEncoding) -> Vec<&str> {
        vec![&encoding.opening, &encoding.closing]
    }

    fn fill(encoding: &WaterfallEncoding, view: &View<'_>) -> Filled<Waterfall> {
        let WaterfallEncoding { opening, steps, closing } = encoding;
        let of = |column: &str| view.rows.first().and_then(|row| view.grid.number(*row, column));
        let title = |column: &str| match view.grid.column(column) {
            Some(known) => known.title.get(view.lang()).to_owned(),
            None => column.to_owned(),
        };
        let changes = steps.iter().map(|(column, is_minus)| {
            let value = of(column).map(|value| if *is_minus { 0.0 - value } else { value });
            (title(column), value, false)
        });
        let all = [(title(opening), of(opening), true)].into_iter();
        let all = all.chain(changes.filter(|(_, value, _)| *value != Some(0.0)));
        let all: Vec<_> = all.chain([(title(closing), of(closing), true)]).collect();
        Waterfall {
            labels: all.iter().map(|(label, _, _)| label.clone()).collect(),
            values: all.iter().map(|(_, value, _)| *value).collect(),
            levels: all.iter().map(|(_, _, is_level)| *is_level).collect(),
            unit: view.grid.unit(opening),
        }
        .into()
    }

    fn lengths(&self) -> Vec<Length> {
        let count = self.labels.len();
        vec![Length::of("values", &self.values, count), Length::of("levels", &self.levels, count)]
    }

    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
        draw(sheet, self)
    }

    fn describe(&self, numbers: &Numbers<'_>) -> String {
        let parts = self.labels.iter().enumerate().map(|(at, label)| format!("{label} {}", self.figure(at, numbers)));
        sentence(Text::new("Что изменилось", "What changed").get(numbers.lang), parts)
    }

    fn data(&self, numbers: &Numbers<'_>) -> ChartData {
        let labels = data::labels(&self.labels, numbers);
        let pick = |ru, en| numbers.lang.pick(ru, en);
        let first = data::label_column(&labels, pick("Шаг", "Step"), numbers);
        let titles = [pick("Изменение", "Change"), pick("Уровень", "Level")];
        let ends = self.ends();
        let row = |(at, label): (usize, Cell)| {
            let value = self.values[at];
            let change = if self.levels[at] { None } else { value };
            vec![label, data::cell(change), data::cell(value.map(|_| ends[at].1))]
        };
        ChartData {
            columns: [first].into_iter().chain(titles.map(|title| (title.to_owned(), self.unit))).collect(),
            rows: labels.into_iter().enumerate().map(row).collect(),
            native: Native::None,
        }
    }

    fn names(&mut self) -> Vec<&mut String> {
        self.labels.iter_mut().collect()
    }

    fn samples(t: Translate<'_>) -> Vec<(&'static str, Waterfall)> {
        let of_words = |steps: &[(&str, &str)], values: &[f64], unit: Unit| {
            Waterfall::between(texts(t, steps), values.iter().copied().map(Some).collect(), unit)
        };
        let bridge = [
            ("На начало", "Opening"),
            ("Созданы", "Created"),
            ("Вернулись в работу", "Reopened"),
            ("Выросли", "Expanded"),
            ("Уменьшились", "Contracted"),
            ("Выиграны", "Won"),
            ("Потеряны", "Lost"),
            ("Пропали из выгрузки", "Gone from the export"),
            ("Перенесены на другие месяцы", "Moved to other months"),
            ("На конец", "Closing"),
        ];
        let sums = [
            4_810_000.0,
            2_240_000.0,
            130_000.0,
            310_000.0,
            -190_000.0,
            -1_720_000.0,
            -940_000.0,
            -60_000.0,
            -310_000.0,
            4_270_000.0,
        ];
        let counts = [("На начало", "Opening"), ("Созданы", "Created"), ("Закрыты", "Closed"), ("На конец", "Closing")];
        let mut unknown = Waterfall::between(names(5), [50.0, 12.0, 0.0, -71.0, -9.0].map(Some).to_vec(), Unit::Count);
        unknown.values[2] = None;
        vec![
            ("bridge", of_words(&bridge, &sums, Unit::Money)),
            ("waterfall-far-from-zero", of_words(&counts, &[9_120.0, 410.0, -385.0, 9_145.0], Unit::Count)),
            ("waterfall-below-zero", unknown),
            ("waterfall-flat", of_words(&counts[..2], &[0.0, 0.0], Unit::Money)),
            (
                "waterfall-long",
                Waterfall::between(
                    vec![LONG.into(); 4],
                    vec![Some(9e9), Some(3e9), Some(-1e9), Some(11e9)],
                    Unit::Money,
                ),
            ),
            ("waterfall-of-nothing", Waterfall::between(names(3), vec![None; 3], Unit::Money)),
        ]
    }
}

impl Waterfall {
    /// A level, changes and a level.
    fn between(labels: Vec<String>, values: Vec<Option<f64>>, unit: Unit) -> Waterfall {
        let count = labels.len();
        Waterfall { labels, values, levels: (0..count).map(|at| at == 0 || at + 1 == count).collect(), unit }
    }

    fn known(&self, at: usize) -> Option<f64> {
        self.values[at].filter(|value| value.is_finite())
    }

    /// The level before and after each step; of a level: zero and itself. A change that is not known changes nothing.
    fn ends(&self) -> Vec<(f64, f64)> {
        let mut level = 0.0;
        (0..self.labels.len())
            .map(|at| {
                let value = self.known(at);
                let from = if self.levels[at] { 0.0 } else { level };
                level = match (self.levels[at], value) {
                    (true, Some(value)) => value,
                    (_, value) => level + value.unwrap_or(0.0),
                };
                (from, level)
            })
            .collect()
    }

    /// The number of a step as words, a change with its sign.
    fn figure(&self, at: usize, numbers: &Numbers<'_>) -> String {
        match self.known(at) {
            None => NONE.to_owned(),
            Some(value) if self.levels[at] => numbers.compact(value, self.unit),
            Some(value) => {
                let sign = if value > 0.0 { "+" } else { "" };
                format!("{sign}{}", numbers.compact(value, self.unit))
            }
        }
    }
}

/// A row per step, from left to right: the names of steps are long.
fn draw(sheet: &Sheet, waterfall: &Waterfall) -> Option<Picture> {
    let Waterfall { labels, levels, unit, .. } = waterfall;
    let count = labels.len();
    if (0..count).all(|at| waterfall.known(at).is_none()) {
        return None;
    }
    let ends = waterfall.ends();
    // of a level its end counts alone: where changes are small against it, the axis does not begin at zero
    let reached = |at: usize| if levels[at] { [ends[at].1; 2] } else { [ends[at].0, ends[at].1] };
    let all: Vec<f64> = (0..count).filter(|at| waterfall.known(*at).is_some()).flat_map(reached).collect();
    let axis = Axis::around(all.into_iter(), if sheet.narrow() { 3 } else { 6 }, *unit);
    let figures: Vec<String> = (0..count).map(|at| waterfall.figure(at, &sheet.numbers)).collect();
    let widest = figures.iter().map(|text| font::width(text, sheet.size, true)).fold(0.0, f64::max);
    let left = if sheet.narrow() { 8.0 } else { name_column(sheet, labels) };
    let right = if sheet.narrow() { sheet.width - 8.0 } else { sheet.width - widest - 14.0 };
    let row = if sheet.narrow() { sheet.size * 1.5 + 20.0 } else { 28.0 };
    let (top, thick) = (4.0, 14.0);
    let bottom = top + row * count as f64 + 4.0;

    let mut picture = Picture::new(sheet.width);
    for (tick, name) in axis.ticks.iter().zip(sheet.numbers.ticks(&axis.ticks, *unit)) {
        let x = axis.at(*tick, left, right);
        picture.line(vec![(x, top), (x, bottom)], 1.0, if *tick == 0.0 { AXIS } else { GRID });
        let half = font::width(&name, sheet.size, false) / 2.0;
        picture.text(x.clamp(half, sheet.width - half), bottom + sheet.size + 4.0, name, sheet.muted(Anchor::Middle));
    }
    let mut before: Option<f64> = None;
    for at in 0..count {
        let y = top + row * at as f64;
        let middle = if sheet.narrow() { y + row - 11.0 } else { y + row / 2.0 };
        let baseline = if sheet.narrow() { y + sheet.size + 2.0 } else { middle + sheet.size * 0.35 };
        let room = if sheet.narrow() { sheet.width - widest - 10.0 } else { left - 14.0 };
        let (x, anchor) = if sheet.narrow() { (0.0, Anchor::Start) } else { (left - 12.0, Anchor::End) };
        if sheet.narrow() {
            // the name covers the grid lines behind it
            picture.rect(0.0, y, sheet.width, sheet.size * 1.5, SHADE);
        }
        picture.text(x, baseline, font::fit(&labels[at], room, sheet.size, false), sheet.ink(anchor));
        picture.text(sheet.width, baseline, figures[at].as_str(), sheet.strong(Anchor::End));
        let Some(value) = waterfall.known(at) else {
            picture.rect(left, middle - thick / 2.0, right - left, thick, SHADE);
            continue;
        };
        let from = axis.at(ends[at].0.clamp(axis.low, axis.high), left, right);
        let to = axis.at(ends[at].1, left, right);
        if let Some(before) = before {
            // where the step before ended, down to where this one begins
            let begins = if levels[at] { to } else { from };
            picture.line(vec![(begins, before), (begins, middle - thick / 2.0)], 1.0, AXIS);
        }
        let color = if levels[at] {
            GREY
        } else if value < 0.0 {
            VERMILION
        } else {
            BLUE
        };
        picture.rect(from.min(to), middle - thick / 2.0, (to - from).abs().max(1.0), thick, color);
        if levels[at] && axis.low > 0.0 {
            broken(&mut picture, left + 10.0, middle, thick);
        }
        before = Some(middle + thick / 2.0);
    }
    picture.height = bottom + sheet.size * 1.6 + 4.0;
    Some(picture)
}

/// A white cut through a bar that does not begin at zero.
fn broken(picture: &mut Picture, x: f64, middle: f64, thick: f64) {
    let half = thick / 2.0 + 1.0;
    let corners =
        [(x - 5.0, middle + half), (x + 1.0, middle - half), (x + 5.0, middle - half), (x - 1.0, middle + half)];
    picture.polygon(corners.to_vec(), WHITE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_begins_where_the_one_before_ended() {
        let labels = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let bridge = Waterfall::between(labels, vec![Some(5.0), Some(3.0), Some(-4.0), Some(4.0)], Unit::Count);
        assert_eq!(bridge.ends(), [(0.0, 5.0), (5.0, 8.0), (8.0, 4.0), (0.0, 4.0)]);
    }

    #[test]
    fn what_is_not_known_changes_nothing() {
        let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
        let bridge = Waterfall::between(labels, vec![Some(5.0), None, None], Unit::Count);
        assert_eq!(bridge.ends(), [(0.0, 5.0), (5.0, 5.0), (0.0, 5.0)]);
    }
}
