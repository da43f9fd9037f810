//! Adds zero rows for groups that exist but have no activity, such as a manager without a sale in the week.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::unit::Unit;
use crate::report::definition::{Compare, Question};
use crate::report::document::Cell;
use crate::report::earlier::earlier;
use crate::report::grid::Grid;
use crate::report::inputs::Inputs;
use crate::report::period::Range;

/// The metric that lists the groups with leads in a period.
const LEADS: &str = "lead_quality";

/// The result plus a row for each group that has rows in the previous period, or leads in this one, but no row here:
/// columns in `zero` are 0, all others empty. Only for metrics with one row per group.
pub(super) async fn with_absent(inputs: &mut Inputs<'_>, ask: &Question, range: Range, grid: Arc<Grid>) -> Arc<Grid> {
    let Some(metric) = inputs.metrics.metric(ask).filter(|metric| !metric.zero.is_empty() && grid.dimensions > 0)
    else {
        return grid;
    };
    let zero: Vec<usize> = metric.zero.iter().filter_map(|name| grid.position(name)).collect();
    let series =
        grid.columns.get(grid.dimensions).is_none_or(|column| !matches!(column.unit, Unit::Count | Unit::Money));
    let counted = zero.iter().all(|at| inputs.is_zero(ask, range, &grid.columns[*at].name));
    if series || !counted {
        return grid;
    }
    let column = grid.columns[zero[0]].name.clone();
    let mut there = Vec::new();
    let before = earlier(inputs, ask, &column, &[Compare::Before]).await;
    there.extend(before.answers.into_iter().map(|(_, grid)| grid));
    if ask.metric != LEADS {
        there.extend(inputs.metrics.ask(&Question { metric: LEADS.to_owned(), ..ask.clone() }, range).await.ok());
    }
    filled(&grid, &there, &zero).map_or(grid, Arc::new)
}

/// `None` if no group is absent.
fn filled(grid: &Grid, there: &[Arc<Grid>], zero: &[usize]) -> Option<Grid> {
    let known: Vec<&[Cell]> = (0..grid.rows.len()).map(|row| grid.group(row)).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut rows = Vec::new();
    for other in there {
        for row in 0..other.rows.len() {
            let group = other.group(row);
            let named = group.iter().any(|cell| *cell != Cell::Empty);
            // cells have no order: their text is the key
            if named && !known.contains(&group) && seen.insert(format!("{group:?}")) {
                let cell = |at: usize| match zero.contains(&at) {
                    true => Cell::zero(grid.columns[at].unit).unwrap_or(Cell::Empty),
                    false => Cell::Empty,
                };
                let own = (grid.dimensions..grid.columns.len()).map(cell);
                rows.push(group.iter().cloned().chain(own).collect());
            }
        }
    }
    (!rows.is_empty()).then(|| {
        let mut all = grid.clone();
        all.rows.append(&mut rows);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MetricColumn;

    fn grid(rows: &[(&str, i64, f64)]) -> Grid {
        let columns = [("manager", Unit::Text), ("won", Unit::Count), ("share", Unit::Share)];
        let columns = MetricColumn::named(&columns);
        let row = |(name, won, share): &(&str, i64, f64)| {
            let name = if name.is_empty() { Cell::Empty } else { Cell::Text((*name).into()) };
            vec![name, Cell::Count(*won), Cell::Number(*share)]
        };
        Grid { columns, dimensions: 1, rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn who_was_there_and_sold_nothing_is_a_row_of_zeros() {
        let now = grid(&[("ann", 2, 0.5)]);
        let there =
            [Arc::new(grid(&[("ann", 1, 0.1), ("bob", 3, 0.3), ("", 7, 0.1)])), Arc::new(grid(&[("bob", 1, 0.1)]))];
        let filled = filled(&now, &there, &[1]).unwrap();
        assert_eq!(filled.rows[1], [Cell::Text("bob".into()), Cell::Count(0), Cell::Empty]);
        assert_eq!(filled.rows.len(), 2, "once, and not the group without a name");
        assert_eq!(super::filled(&now, &there[..0], &[1]), None);
    }
}
