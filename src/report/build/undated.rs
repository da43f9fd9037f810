//! Wins without a closing date, beside the figures that count wins by theirs.

use crate::model::tables::Table;
use crate::report::definition::Question;
use crate::report::inputs::Inputs;
use crate::report::period::Range;

/// The metric that counts wins without a date which may lie within a period.
const UNDATED: &str = "wins_without_date";

/// How many wins without a closing date may lie within the days, where the metric counts wins by theirs: none of its figures
/// has them.
pub(super) async fn undated_wins(inputs: &mut Inputs<'_>, question: &Question, range: Range) -> Option<f64> {
    let metric = inputs.metrics.metric(question)?;
    let is_closing = |needed: (Table, &str)| needed == (Table::Deals, "closed_at");
    metric.needs.iter().any(|need| need.columns().any(is_closing)).then_some(())?;
    let undated = Question { metric: UNDATED.to_owned(), by: Vec::new(), period: question.period };
    let grid = inputs.metrics.ask(&undated, range).await.ok()?;
    let wins = (0..grid.rows.len()).filter_map(|row| grid.number(row, "wins")).sum();
    Some(wins).filter(|wins| *wins > 0.0)
}
