//! Why a report cannot be built.

use crate::metrics::MetricError;
use crate::model::lang::{Lang, Text};
use crate::session::SessionError;

/// Why a report cannot be built. Missing data are no error: the report shows a notice in place of the part.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A metric failed, or a target of the regulation names one that does not exist.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A target of the regulation names a column that its metric does not have.
    #[error(
        "a target of the regulation names the column `{column}`, which the metric `{metric}` does not have\n    {}",
        hint.en
    )]
    TargetColumn {
        /// The metric.
        metric: String,
        /// What the target names.
        column: String,
        /// The nearest column, or all.
        hint: Text,
    },
    /// The report reads a column that a metric does not have: it was checked against another catalog, or a company's own metric is in the
    /// place of a shipped one.
    #[error("the report reads the column `{column}`, which the metric `{metric}` does not have\n    {}", hint.en)]
    Column {
        /// The metric.
        metric: String,
        /// What is read.
        column: String,
        /// The nearest column, or all.
        hint: Text,
    },
    /// The session for an earlier day could not be opened, or a query failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A result has a type that `Cell` cannot represent.
    #[error("a result cannot be read: {0}")]
    Cells(arrow::error::ArrowError),
}

impl ReportError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (_, Lang::En) => self.to_string(),
            (ReportError::Metric(error), Lang::Ru) => error.text(lang),
            (ReportError::Session(error), Lang::Ru) => error.text(lang),
            (ReportError::TargetColumn { metric, column, hint }, Lang::Ru) => {
                format!("цель регламента называет столбец `{column}`, а в метрике `{metric}` его нет\n    {}", hint.ru)
            }
            (ReportError::Column { metric, column, hint }, Lang::Ru) => {
                format!("отчёт читает столбец `{column}`, а в метрике `{metric}` его нет\n    {}", hint.ru)
            }
            (ReportError::Cells(error), Lang::Ru) => format!("результат не прочитать: {error}"),
        }
    }

    /// Whether a query ran out of memory.
    pub(super) fn is_short_of_memory(&self) -> bool {
        match self {
            ReportError::Metric(error) => error.is_short_of_memory(),
            ReportError::Session(error) => error.is_short_of_memory(),
            _ => false,
        }
    }
}
