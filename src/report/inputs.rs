//! What the parts of a report are made of: the results of metrics, and how far the data behind them reach.

use chrono::NaiveDate;

use super::definition::question::Question;
use super::error::ReportError;
use super::metric_cache::MetricCache;
use super::missing::Cover;
use super::period::Range;
use super::reach::{Reach, counts};
use crate::metrics::Catalog;
use crate::session::Session;

/// The results, and how far the data reach.
pub(super) struct Inputs<'a> {
    pub metrics: MetricCache<'a>,
    pub reach: Reach,
}

impl<'a> Inputs<'a> {
    /// Reads how far the data reach; runs no metric.
    pub async fn open(session: &'a Session, catalog: &'a Catalog, as_of: NaiveDate) -> Result<Inputs<'a>, ReportError> {
        let reach = Reach::of(session, as_of).await?;
        Ok(Inputs { metrics: MetricCache::new(session, catalog, as_of), reach })
    }

    /// As [`Reach::cover`]; `None` for a metric that does not exist.
    pub fn cover(&self, question: &Question, range: Range, columns: &[&str]) -> Option<Cover> {
        self.reach.cover(self.metrics.metric(question)?, range, columns)
    }

    /// The first day on which what a column counts could happen; `None` if there is none.
    pub fn begins(&self, question: &Question, column: &str) -> Option<NaiveDate> {
        self.reach.begins(self.metrics.metric(question)?, column)
    }

    /// As [`Reach::is_zero`].
    pub fn is_zero(&self, question: &Question, range: Range, column: &str) -> bool {
        self.metrics.metric(question).is_some_and(|metric| self.reach.is_zero(metric, range, column))
    }

    /// Whether a column counts, so that it is zero for a group without rows.
    pub fn counts(&self, question: &Question, column: &str) -> bool {
        self.metrics.metric(question).is_some_and(|metric| counts(metric, column))
    }

    /// Whether the result depends on the period.
    pub fn has_period(&self, question: &Question) -> bool {
        self.metrics.metric(question).is_none_or(|metric| metric.has_period)
    }

    /// The days that a result is of; `None` if it describes the current state.
    pub fn days(&self, question: &Question, range: Range) -> Option<Range> {
        self.has_period(question).then_some(range)
    }
}
