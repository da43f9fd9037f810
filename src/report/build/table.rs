//! Tables.

use std::sync::Arc;

use super::absent::with_absent;
use super::made::Made;
use super::rows::{caption, pick};
use crate::metrics::Bound;
use crate::report::definition;
use crate::report::document::{Block, Cell, Column, Table};
use crate::report::grid::{Grid, number};
use crate::report::inputs::Inputs;
use crate::report::phrases::Phrases;

/// A table: the dimensions, then the requested columns. A value that has an interval is shown with it.
pub(super) async fn table(inputs: &mut Inputs<'_>, say: &Phrases<'_>, table: &definition::Table) -> Made {
    let range = inputs.reach.range(table.ask.period);
    let grid = inputs.metrics.ask(&table.ask, range).await?;
    let grid = if table.is_bare { grid } else { with_absent(inputs, &table.ask, range, grid).await };
    let grid = table.rows.ratios_are.map_or(Arc::clone(&grid), |unit| Arc::new(grid.with_ratios(unit)));
    let title = say.text(&table.title);
    let picked = pick(&grid, &table.rows, say);
    if picked.rows.is_empty() {
        let lacking = table.columns.iter().find_map(|column| inputs.metrics.lacking(&table.ask, column));
        return lacking.map_or(Ok(None), Err);
    }
    let shown = columns(&grid, table, &picked.rows, say);
    let cell = |row: usize, at: usize| match with_bounds(&grid, row, at) {
        _ if grid.is_no_return(row, &grid.columns[at].name) => Cell::Empty,
        Some(known) => known,
        None => say.titles.shown(&table.ask.metric, &grid, at, &grid.rows[row][at]),
    };
    let rows: Vec<Vec<Cell>> = picked.rows.iter().map(|row| shown.iter().map(|at| cell(*row, *at)).collect()).collect();
    let column = |at: &usize| {
        let column = &grid.columns[*at];
        Column { name: column.name.clone(), title: say.text(&column.title).to_owned(), unit: column.unit }
    };
    let names: Vec<&str> = shown.iter().map(|at| grid.columns[*at].name.as_str()).collect();
    let cover = inputs.cover(&table.ask, range, &names);
    Ok(Some(Block::Table(Table {
        id: table.id.clone(),
        title: say.with_cover(caption(title, rows.len(), picked.of, say), cover, table.ask.period),
        columns: shown.iter().map(column).collect(),
        rows,
        source: say.source(&table.ask, inputs.days(&table.ask, range)),
    })))
}

/// Dimensions first, then those asked for, or all that say something: bounds stand with their value, of titles in two languages one is
/// enough, and on the page of a metric a code is left out that is shown in the words of its title (in files columns do not depend on rows).
fn columns(grid: &Grid, table: &definition::Table, rows: &[usize], say: &Phrases<'_>) -> Vec<usize> {
    let shown = |row: usize, at: usize| say.titles.shown(&table.ask.metric, grid, at, &grid.rows[row][at]);
    let own = grid.dimensions..grid.columns.len();
    let titles: Vec<usize> = own.clone().filter(|at| grid.columns[*at].lang == Some(say.lang)).collect();
    let says_something = |at: &usize| {
        let column = &grid.columns[*at];
        let is_title_of = |title: &usize| title > at && rows.iter().all(|row| shown(*row, *at) == shown(*row, *title));
        column.lang.is_none_or(|lang| lang == say.lang)
            && column.bound_of.is_none()
            && !(table.is_bare && column.lang.is_none() && titles.iter().any(is_title_of))
    };
    let own: Vec<usize> = match table.columns.is_empty() {
        true => own.filter(says_something).collect(),
        false => table.columns.iter().filter_map(|name| grid.position(&say.titles.column(name))).collect(),
    };
    let dimensions = (0..grid.dimensions).filter(|at| !own.contains(at));
    dimensions.chain(own.iter().copied()).collect()
}

/// A value with its interval; an unknown value with the ends between which it lies.
fn with_bounds(grid: &Grid, row: usize, at: usize) -> Option<Cell> {
    let name = &grid.columns[at].name;
    let bound = |end: Bound| grid.bound(row, name, end);
    match number(&grid.rows[row][at]) {
        Some(value) => Some(Cell::Interval { value, low: bound(Bound::Low)?, high: bound(Bound::High)? }),
        None => Some(Cell::Bounds { least: bound(Bound::Least)?, most: bound(Bound::Most)? }),
    }
}
