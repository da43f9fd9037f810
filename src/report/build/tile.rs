//! Headline figures.

use super::made::Made;
use super::rows::is;
use super::undated::undated_wins;
use crate::metrics::Bound;
use crate::model::unit::Unit;
use crate::report::definition::{self, Compare, Pick, Question};
use crate::report::document::{Before, Block, Cell, Tile};
use crate::report::earlier::earlier;
use crate::report::grid::{Grid, number};
use crate::report::inputs::Inputs;
use crate::report::period::Range;
use crate::report::phrases::Phrases;

/// The metric that has a row for each rule that was judged.
const ADHERENCE: &str = "adherence";
/// The metric that says of each rule what the data lack to judge it.
const UNJUDGED: &str = "unjudged";

/// A figure with its changes against other periods, or the reason why there is none.
pub(super) async fn tile(inputs: &mut Inputs<'_>, say: &Phrases<'_>, tile: &definition::Tile) -> Made {
    let range = inputs.reach.range(tile.ask.period);
    let grid = inputs.metrics.ask(&tile.ask, range).await?;
    let (column, unit) = (say.titles.column(&tile.column), grid.unit(&tile.column));
    if let Some(missing) = grid.is_blank(&column).then(|| inputs.metrics.lacking(&tile.ask, &column)).flatten() {
        return Err(missing);
    }
    let value = value(inputs, tile, &column, &grid, range).map(|value| within(value, tile, &column, &grid));
    let mut notes = beside(say, tile, &grid);
    let cover = inputs.cover(&tile.ask, range, &[&column]);
    match (&value, cover) {
        (Some(Cell::Bounds { .. }), _) => {
            notes.push(unjudged(inputs, say, tile).await.unwrap_or_else(|| say.within().to_owned()));
        }
        (Some(Cell::Empty), _) => {
            notes.push(unjudged(inputs, say, tile).await.unwrap_or_else(|| say.not_told().to_owned()));
        }
        (None, None) => {
            let known = unjudged(inputs, say, tile).await;
            notes.push(known.unwrap_or_else(|| reason(inputs, say, tile, &column, range)));
        }
        (_, Some(cover)) => notes.push(say.cover(cover, tile.ask.period)),
        (Some(_), None) => {}
    }
    let value = value.unwrap_or(Cell::Empty);
    let undated = undated_wins(inputs, &tile.ask, range).await;
    // what may have been won in this period or in another is no change
    let compared: &[Compare] = if undated.is_some() { &[] } else { &tile.compare };
    let mut before = Before::default();
    let earlier = earlier(inputs, &tile.ask, &column, compared).await;
    for (compare, earlier) in earlier.answers {
        let was = picked(&earlier, &tile.pick, &column).cloned();
        let was = was.unwrap_or_else(|| zero(inputs, tile, &column, unit).unwrap_or(Cell::Empty));
        if let (Some(now), Some(past)) = (number(&value), number(&was)) {
            let (to, was_cell) = (say.compared(compare, tile.ask.period), was);
            let was = say.titles.value(&was_cell, unit);
            notes.push(format!("{} {to} ({} {was})", say.difference(now, past, unit), say.pick("было", "was")));
            *match compare {
                Compare::Before => &mut before.previous,
                Compare::Year => &mut before.year,
            } = was_cell;
        }
    }
    notes.extend(undated.map(|wins| say.undated_wins(wins)));
    notes.extend(earlier.fault.map(|fault| say.not_compared(&fault)));
    notes.extend(tile.note.as_ref().map(|note| say.text(note).to_owned()));
    let (label, source) = (say.text(&tile.label).to_owned(), say.source(&tile.ask, inputs.days(&tile.ask, range)));
    Ok(Some(Block::Tiles(vec![Tile { label, value, unit, before, notes, source }])))
}

/// The further columns of the row, a line each: a number with its name and its bounds, a text alone, and nothing of an empty text.
fn beside(say: &Phrases<'_>, tile: &definition::Tile, grid: &Grid) -> Vec<String> {
    let Some(row) = row(grid, &tile.pick) else { return Vec::new() };
    let line = |name: &String| {
        let (column, unit) = (say.titles.column(name), grid.unit(name));
        let cell = grid.cell(row, &column);
        let known = grid.column(&column)?;
        match cell {
            Cell::Text(text) => (!text.is_empty()).then(|| text.clone()),
            Cell::Empty if unit == Unit::Text => None,
            cell => {
                let title = say.text(&known.title);
                let value = say.titles.value(cell, unit);
                let end = |end: &str| grid.number(row, &format!("{column}{end}"));
                let bounds = end("_low").zip(end("_high")).filter(|_| !matches!(cell, Cell::Interval { .. }));
                let bounds = bounds.map(|(low, high)| format!(" ({})", say.titles.numbers.bounds(low, high, unit)));
                Some(format!("{title}: {value}{}", bounds.unwrap_or_default()))
            }
        }
    };
    tile.beside.iter().filter_map(line).collect()
}

/// A value that is not known, by the ends between which it lies.
fn within(value: Cell, tile: &definition::Tile, column: &str, grid: &Grid) -> Cell {
    let ends = || {
        let row = row(grid, &tile.pick)?;
        let (least, most) = (grid.bound(row, column, Bound::Least)?, grid.bound(row, column, Bound::Most)?);
        Some(Cell::Bounds { least, most })
    };
    if value == Cell::Empty { ends().unwrap_or(value) } else { value }
}

/// The figure: the row's value, or zero if a missing row means zero. `None` if there is no row and the value is
/// unknown.
fn value(inputs: &Inputs<'_>, tile: &definition::Tile, column: &str, grid: &Grid, range: Range) -> Option<Cell> {
    match picked(grid, &tile.pick, column) {
        Some(cell) => Some(cell.clone()),
        None if inputs.is_zero(&tile.ask, range, column) => zero(inputs, tile, column, grid.unit(column)),
        None => None,
    }
}

/// Zero in a column's unit, if a missing row means zero. For an earlier period: only if the event could happen then.
fn zero(inputs: &Inputs<'_>, tile: &definition::Tile, column: &str, unit: Unit) -> Option<Cell> {
    let counted = inputs.counts(&tile.ask, column);
    counted.then(|| Cell::zero(unit)).flatten()
}

/// What the data lack to judge the rule that a tile is of, if they lack anything.
async fn unjudged(inputs: &mut Inputs<'_>, say: &Phrases<'_>, tile: &definition::Tile) -> Option<String> {
    let (Pick::Where(by, rule), true) = (&tile.pick, tile.ask.metric == ADHERENCE) else { return None };
    let all = Question { metric: UNJUDGED.to_owned(), by: Vec::new(), period: tile.ask.period };
    let grid = inputs.metrics.ask(&all, inputs.reach.range(all.period)).await.ok()?;
    let of_rule = (0..grid.rows.len()).filter(|row| is(grid.cell(*row, by), rule));
    let cases = |row: &usize| grid.number(*row, "cases").unwrap_or_default();
    let most = of_rule.max_by(|a, b| cases(a).total_cmp(&cases(b)))?;
    match grid.cell(most, &say.titles.column("span_{lang}")) {
        Cell::Text(span) => Some(span.clone()),
        _ => None,
    }
}

/// Why there is no figure.
fn reason(inputs: &Inputs<'_>, say: &Phrases<'_>, tile: &definition::Tile, column: &str, range: Range) -> String {
    let counted = inputs.counts(&tile.ask, column);
    match (counted, inputs.begins(&tile.ask, column)) {
        (true, Some(day)) if day >= range.to => say.begins(day),
        (true, None) => say.never().to_owned(),
        _ => say.nothing_to_judge().to_owned(),
    }
}

fn picked<'g>(grid: &'g Grid, pick: &Pick, column: &str) -> Option<&'g Cell> {
    row(grid, pick).map(|row| grid.cell(row, column))
}

fn row(grid: &Grid, pick: &Pick) -> Option<usize> {
    match pick {
        Pick::First => (!grid.rows.is_empty()).then_some(0),
        Pick::Last => grid.rows.len().checked_sub(1),
        Pick::Where(by, value) => (0..grid.rows.len()).find(|row| is(grid.cell(*row, by), value)),
    }
}
