//! Why a metric gives no result.

use chrono::NaiveDate;
use datafusion::error::DataFusionError;

use crate::model::lang::Text;
use crate::session::SessionError;

/// Why a metric gives no result.
#[derive(Debug, thiserror::Error)]
pub enum MetricError {
    /// No metric has this name.
    #[error("there is no metric `{name}`\n    {hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name, or all.
        hint: String,
    },
    /// The metric cannot be split by this.
    #[error("`{metric}` cannot be split by `{dimension}`\n    {hint}")]
    Dimension {
        /// The metric.
        metric: String,
        /// What was asked for.
        dimension: String,
        /// The nearest dimension, or all.
        hint: String,
    },
    /// The store does not hold what the metric counts. No data is not zero.
    #[error("`{metric}` cannot be computed: {what} holds no data, and no data is not zero\n    {}", why.en)]
    Missing {
        /// The metric.
        metric: String,
        /// The table and column that hold nothing, as `table.column`.
        what: String,
        /// What it is filled from: the way out.
        why: Text,
    },
    /// The metric reads a table that there is none of.
    #[error("`{metric}`: there is no table `{table}`\n    {hint}")]
    Table {
        /// The metric.
        metric: String,
        /// What it names.
        table: String,
        /// The nearest name, or all.
        hint: String,
    },
    /// The period is empty or runs backwards.
    #[error("the period from {from} to {to} holds no day\n    the last day is not part of it: give a later --to")]
    Period {
        /// Its first day.
        from: NaiveDate,
        /// The day after its last.
        to: NaiveDate,
    },
    /// The session shows another day than the one asked for.
    #[error(
        "the session was opened as of {session}, and `{metric}` was asked as of {asked}\n    open a session for that day"
    )]
    AsOf {
        /// The metric.
        metric: String,
        /// The session's day.
        session: NaiveDate,
        /// The day asked for.
        asked: NaiveDate,
    },
    /// The columns that came out are not the declared ones.
    #[error(
        "`{metric}` declares the columns {declared}, and its SELECT gives {found}\n    make its front matter and its SQL agree"
    )]
    Columns {
        /// The metric.
        metric: String,
        /// Those of the front matter.
        declared: String,
        /// Those of the SELECT.
        found: String,
    },
    /// The session could not be asked.
    #[error("`{metric}`: {source}")]
    Session {
        /// The metric.
        metric: String,
        /// What the session said.
        source: Box<SessionError>,
    },
    /// The engine refused or failed.
    #[error("`{metric}`: {source}")]
    Engine {
        /// The metric.
        metric: String,
        /// What it said.
        source: Box<DataFusionError>,
    },
}

impl MetricError {
    /// Whether the engine had less memory than the question needs.
    pub fn is_short_of_memory(&self) -> bool {
        match self {
            MetricError::Engine { source, .. } => matches!(source.find_root(), DataFusionError::ResourcesExhausted(_)),
            MetricError::Session { source, .. } => source.is_short_of_memory(),
            _ => false,
        }
    }
}
