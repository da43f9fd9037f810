//! Charts.

use std::sync::Arc;

use super::Made;
use super::rows::{Picked, caption, pick};
use crate::model::unit::Unit;
use crate::report::asker::Asker;
use crate::report::definition::{self, Lines, Question, Rows, Shape};
use crate::report::document::{Block, Cell, Chart, Plot, Series};
use crate::report::findings::evidence::Estimate;
use crate::report::grid::{Grid, number};
use crate::report::period::Range;
use crate::report::say::Say;

/// A chart.
pub(super) async fn chart(asker: &mut Asker<'_>, say: &Say<'_>, chart: &definition::Chart) -> Made {
    let range = asker.range(chart.ask.period);
    let grid = asker.ask(&chart.ask, range).await?;
    let grid = chart.rows.ratios_are.map_or(Arc::clone(&grid), |unit| Arc::new(grid.with_ratios(unit)));
    let title = say.text(&chart.title);
    // if a column makes the series, the limit counts series, not rows
    let by_series = chart.shape.lines().is_some_and(|lines| lines.series.is_some());
    let rows = Rows { limit: chart.rows.limit.filter(|_| !by_series), ..chart.rows.clone() };
    let picked = pick(&grid, &rows, say);
    if picked.rows.is_empty() {
        return Ok(None);
    }
    let drawn = chart.shape.values();
    let blank = drawn.iter().all(|column| grid.is_blank(column));
    if let Some(missing) = drawn.iter().filter(|_| blank).find_map(|column| asker.lacking(&chart.ask, column)) {
        return Err(missing);
    }
    let view = View { say, metric: &chart.ask.metric, grid: &grid, picked: &picked };
    let limit = chart.rows.limit.filter(|_| by_series);
    let reference = match &chart.shape {
        // a line that cannot be had leaves the chart
        Shape::Intervals { value, low, high, reference: true, .. } => match named(&grid, value, low, high) {
            Some(mean) => mean,
            None => overall(asker, &chart.ask, range, value).await,
        },
        _ => None,
    };
    let (plot, shown, of) = view.plot(&chart.shape, limit, reference);
    let cover = asker.cover(&chart.ask, range, &chart.shape.values());
    Ok(Some(Block::Chart(Chart {
        id: chart.id.clone(),
        title: say.with_cover(caption(title, shown, of, say), cover, chart.ask.period),
        source: say.source(&chart.ask, range),
        plot,
    })))
}

impl Shape {
    fn lines(&self) -> Option<&Lines> {
        match self {
            Shape::Stacked(lines) | Shape::Grouped(lines) | Shape::Lines { lines, .. } => Some(lines),
            Shape::Funnel { .. } | Shape::Intervals { .. } | Shape::Heat { .. } => None,
        }
    }

    /// The columns that are drawn.
    fn values(&self) -> Vec<&str> {
        match self {
            Shape::Stacked(lines) | Shape::Grouped(lines) | Shape::Lines { lines, .. } => {
                lines.values.iter().map(String::as_str).collect()
            }
            Shape::Funnel { reached, .. } => vec![reached],
            Shape::Intervals { value, .. } | Shape::Heat { value, .. } => vec![value],
        }
    }
}

/// The value of the groups with a name together, where some cases have none: those are no peers of anybody. The mean of the groups
/// by what their intervals say of their cases. `None`: every case has a name.
fn named(grid: &Grid, value: &str, low: &str, high: &str) -> Option<Option<f64>> {
    let rows = 0..grid.rows.len();
    rows.clone().any(|row| grid.is_unnamed(row)).then_some(())?;
    let of = |row: usize| {
        let (value, low, high) = (grid.number(row, value)?, grid.number(row, low)?, grid.number(row, high)?);
        Some((value, Estimate { value, low, high }.observations()?))
    };
    let known: Option<Vec<(f64, f64)>> = rows.filter(|row| !grid.is_unnamed(*row)).map(of).collect();
    let known = known.unwrap_or_default();
    let cases: f64 = known.iter().map(|(_, cases)| cases).sum();
    Some((cases > 0.0).then(|| known.iter().map(|(value, cases)| value * cases).sum::<f64>() / cases))
}

/// The value of all groups together: the same question without a split.
async fn overall(asker: &mut Asker<'_>, ask: &Question, range: Range, column: &str) -> Option<f64> {
    let whole = Question { by: Vec::new(), ..ask.clone() };
    let answer = asker.ask(&whole, range).await;
    answer.ok().filter(|grid| grid.rows.len() == 1).and_then(|grid| grid.number(0, column))
}

/// The picked rows of a result.
struct View<'a> {
    say: &'a Say<'a>,
    metric: &'a str,
    grid: &'a Grid,
    picked: &'a Picked,
}

impl View<'_> {
    /// The plot, the number of shown rows or series, and their total number.
    fn plot(&self, shape: &Shape, limit: Option<usize>, reference: Option<f64>) -> (Plot, usize, usize) {
        let all = (self.picked.rows.len(), self.picked.of);
        // stacked bars sum up the rest as one part, so that the total stays right
        let cut = |(series, of): (Series, usize)| match limit {
            Some(limit) => (series, limit.min(of), of),
            None => (series, all.0, all.1),
        };
        let plot = match shape {
            Shape::Stacked(lines) => Plot::Stacked(self.series(lines, limit, true).0),
            Shape::Grouped(lines) => {
                let (series, shown, of) = cut(self.series(lines, limit, false));
                return (Plot::Grouped(series), shown, of);
            }
            Shape::Lines { lines, bounds, young } => {
                let (series, shown, of) = cut(self.series(lines, limit, false));
                let band = bounds.as_ref().filter(|_| lines.series.is_none()).map(|(low, high)| self.pairs(low, high));
                let is_young = |young: &String| self.numbers(young).iter().position(|n| n.is_some_and(|n| n > 0.0));
                return (Plot::Lines { series, band, young_from: young.as_ref().and_then(is_young) }, shown, of);
            }
            Shape::Funnel { label, reached, open, lost, gone_on, share } => {
                let (stages, reached) = (self.labels(label), self.filled(reached));
                let (open, lost) = (self.filled(open), self.filled(lost));
                let unplaced = |gone_on: &String| {
                    let on = self.filled(gone_on);
                    (0..on.len()).map(|at| (reached[at] - on[at] - open[at] - lost[at]).max(0.0)).collect()
                };
                let unplaced = gone_on.as_ref().map_or_else(|| vec![0.0; reached.len()], unplaced);
                let of_previous = |at: usize| {
                    let before = reached.get(at.checked_sub(1)?).filter(|before| **before > 0.0)?;
                    Some(reached[at] / before)
                };
                let shares = share.as_ref().map(|share| self.numbers(share));
                let shares = shares.unwrap_or_else(|| (0..reached.len()).map(of_previous).collect());
                Plot::Funnel { stages, reached, open, lost, unplaced, shares }
            }
            Shape::Intervals { label, value, low, high, .. } => {
                let point = |(value, bounds): (Option<f64>, Option<(f64, f64)>)| Some((value?, bounds?.0, bounds?.1));
                Plot::Intervals {
                    labels: self.labels(label),
                    points: self.numbers(value).into_iter().zip(self.pairs(low, high)).map(point).collect(),
                    reference,
                    unit: self.grid.unit(value),
                }
            }
            Shape::Heat { row, column, value, pivot } => self.heat(row, column, value, *pivot),
        };
        (plot, all.0, all.1)
    }

    fn label(&self, row: usize, column: &str) -> String {
        self.say.label(self.metric, self.grid, row, &self.say.column(column))
    }

    fn labels(&self, column: &str) -> Vec<String> {
        self.picked.rows.iter().map(|row| self.label(*row, column)).collect()
    }

    fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.picked.rows.iter().map(|row| self.grid.number(*row, column)).collect()
    }

    fn filled(&self, column: &str) -> Vec<f64> {
        self.numbers(column).into_iter().map(Option::unwrap_or_default).collect()
    }

    fn pairs(&self, low: &str, high: &str) -> Vec<Option<(f64, f64)>> {
        self.numbers(low).into_iter().zip(self.numbers(high)).map(|(low, high)| low.zip(high)).collect()
    }

    /// The series, and their number without the limit. `rest`: sum up those beyond the limit into one series, so that
    /// the total stays right.
    fn series(&self, lines: &Lines, limit: Option<usize>, rest: bool) -> (Series, usize) {
        let unit = lines.values.first().map_or(Unit::Text, |column| self.grid.unit(column));
        let Some(by) = &lines.series else {
            let title = |column: &String| match self.grid.position(column) {
                Some(at) => self.say.text(&self.grid.columns[at].title).to_owned(),
                None => column.clone(),
            };
            let made: Vec<_> = lines.values.iter().map(|column| (title(column), self.numbers(column))).collect();
            let count = made.len();
            return (Series { labels: self.labels(&lines.x), lines: made, unit }, count);
        };
        let value = lines.values.first().map_or("", String::as_str);
        let (mut xs, names) = (self.distinct(&lines.x), self.distinct(by));
        // groups begin at different weeks: the axis follows the calendar, not the row order
        xs.sort_by_key(|(_, x)| match x {
            Cell::Date(day) => Some(*day),
            _ => None,
        });
        let at = |x: &Cell, name: &Cell| {
            let same = |row: &&usize| self.grid.cell(**row, &lines.x) == x && self.grid.cell(**row, by) == name;
            self.picked.rows.iter().find(same).and_then(|row| self.grid.number(*row, value))
        };
        let line = |(row, name): &(usize, &Cell)| (self.label(*row, by), xs.iter().map(|(_, x)| at(x, name)).collect());
        let mut made: Vec<(String, Vec<Option<f64>>)> = names.iter().map(line).collect();
        let count = made.len();
        if let Some(limit) = limit.filter(|limit| *limit < count) {
            let total = |line: &(String, Vec<Option<f64>>)| line.1.iter().flatten().sum::<f64>();
            made.sort_by(|a, b| total(b).total_cmp(&total(a)));
            let cut = made.split_off(limit);
            if rest {
                let sum = |x: usize| cut.iter().filter_map(|line| line.1[x]).reduce(|a, b| a + b);
                made.push((self.say.pick("остальные", "others").to_owned(), (0..xs.len()).map(sum).collect()));
            }
        }
        let labels = xs.iter().map(|(row, _)| self.label(*row, &lines.x)).collect();
        (Series { labels, lines: made, unit }, count)
    }

    fn heat(&self, row: &str, column: &str, value: &str, pivot: f64) -> Plot {
        let (down, mut across) = (self.distinct(row), self.distinct(column));
        across.sort_by(|(_, a), (_, b)| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
        let at = |y: &Cell, x: &Cell| {
            let same = |at: &&usize| self.grid.cell(**at, row) == y && self.grid.cell(**at, column) == x;
            self.picked.rows.iter().find(same).and_then(|at| self.grid.number(*at, value))
        };
        Plot::Heat {
            rows: down.iter().map(|(at, _)| self.label(*at, row)).collect(),
            columns: across.iter().map(|(at, _)| self.label(*at, column)).collect(),
            values: down.iter().map(|(_, y)| across.iter().map(|(_, x)| at(y, x)).collect()).collect(),
            pivot,
            unit: self.grid.unit(value),
        }
    }

    /// The distinct values of a column in order of appearance, each with its first row.
    fn distinct(&self, column: &str) -> Vec<(usize, &Cell)> {
        let mut found: Vec<(usize, &Cell)> = Vec::new();
        for row in &self.picked.rows {
            let cell = self.grid.cell(*row, column);
            if !found.iter().any(|(_, known)| *known == cell) {
                found.push((*row, cell));
            }
        }
        found
    }
}
