//! Charts.

use std::sync::Arc;

use super::made::Made;
use super::rows::{caption, pick};
use crate::report::chart::View;
use crate::report::definition::{self, Question, Rows};
use crate::report::document::{Block, Chart};
use crate::report::inputs::Inputs;
use crate::report::period::Range;
use crate::report::phrases::Phrases;

/// A chart.
pub(super) async fn chart(inputs: &mut Inputs<'_>, say: &Phrases<'_>, chart: &definition::Chart) -> Made {
    let range = inputs.reach.range(chart.ask.period);
    let grid = inputs.metrics.ask(&chart.ask, range).await?;
    let grid = chart.rows.ratios_are.map_or(Arc::clone(&grid), |unit| Arc::new(grid.with_ratios(unit)));
    let title = say.text(&chart.title);
    // if a column makes the series, the limit counts series, not rows
    let by_series = chart.encoding.has_series();
    let rows = Rows { limit: chart.rows.limit.filter(|_| !by_series), ..chart.rows.clone() };
    let picked = pick(&grid, &rows, say);
    if picked.rows.is_empty() {
        return Ok(None);
    }
    let drawn = chart.encoding.values();
    let blank = drawn.iter().all(|column| grid.is_blank(column));
    if let Some(missing) = drawn.iter().filter(|_| blank).find_map(|column| inputs.metrics.lacking(&chart.ask, column))
    {
        return Err(missing);
    }
    let whole = match chart.encoding.whole(&grid) {
        // if it cannot be computed, the chart stands without it
        Some(column) => overall(inputs, &chart.ask, range, column).await,
        None => None,
    };
    let limit = chart.rows.limit.filter(|_| by_series);
    let view = View { titles: &say.titles, metric: &chart.ask.metric, grid: &grid, rows: &picked.rows, limit, whole };
    let (plot, shown) = chart.encoding.fill(&view);
    let (shown, of) = shown.unwrap_or((picked.rows.len(), picked.of));
    let cover = inputs.cover(&chart.ask, range, &drawn);
    Ok(Some(Block::Chart(Chart {
        id: chart.id.clone(),
        title: say.with_cover(caption(title, shown, of, say), cover, chart.ask.period),
        source: say.source(&chart.ask, inputs.days(&chart.ask, range)),
        plot,
    })))
}

/// The value of all groups together: the same question without a split.
async fn overall(inputs: &mut Inputs<'_>, ask: &Question, range: Range, column: &str) -> Option<f64> {
    let whole = Question { by: Vec::new(), ..ask.clone() };
    let answer = inputs.metrics.ask(&whole, range).await;
    answer.ok().filter(|grid| grid.rows.len() == 1).and_then(|grid| grid.number(0, column))
}
