//! The days for which the data show what a metric counts. A period that exceeds them is incomplete.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use arrow::record_batch::RecordBatch;
use chrono::{Days, NaiveDate, TimeDelta};

use super::error::ReportError;
use super::missing::Cover;
use super::period::{Period, Range};
use crate::metrics::{Metric, MetricColumn, Need};
use crate::model::tables::Table;
use crate::session::{Session, SessionError};

/// The tables that grow day by day. Promotions and staff are exported once and stay valid.
const GROWING: [Table; 3] = [Table::Deals, Table::Events, Table::Spend];

/// The first and last days that the data show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// The day of the report.
    as_of: NaiveDate,
    /// The first local day on which a deal was created or closed.
    first: Option<NaiveDate>,
    /// The last one; `None` if there are no deals.
    pub last: Option<NaiveDate>,
    /// The local day of the first win, and of the first lead.
    first_win: Option<NaiveDate>,
    first_lead: Option<NaiveDate>,
    first_spend: Option<NaiveDate>,
    /// The first local day that is not completely covered, by table.
    until: BTreeMap<Table, NaiveDate>,
}

impl Reach {
    /// Queries the store.
    pub async fn of(session: &Session, as_of: NaiveDate) -> Result<Reach, ReportError> {
        let days = "SELECT local_day(min(least(created_at, closed_at))), local_day(max(greatest(created_at, closed_at))), \
                    local_day(min(created_at)), local_day(min(closed_at) FILTER (WHERE status = 'won')) FROM journeys";
        let batches = asked(session, days).await?;
        let mut reach = Reach { as_of, ..Reach::default() };
        if let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) {
            reach.first = day(batch, 0, 0)?;
            reach.last = day(batch, 1, 0)?;
            reach.first_lead = day(batch, 2, 0)?;
            reach.first_win = day(batch, 3, 0)?;
        }
        if session.present(Table::Spend) {
            for batch in asked(session, "SELECT min(day) FROM spend").await?.iter().filter(|b| b.num_rows() > 0) {
                reach.first_spend = day(batch, 0, 0)?;
            }
        }
        reach.until = until(session).await?;
        Ok(reach)
    }

    /// The days of a period.
    pub fn range(&self, period: Period) -> Range {
        period.range(self.as_of, self.first.unwrap_or(self.as_of))
    }

    /// The tables whose exports end before the report's day, each with the last day covered.
    pub fn ended(&self) -> impl Iterator<Item = (Table, NaiveDate)> {
        let ended = self.until.iter().filter(|(_, until)| **until < self.as_of);
        ended.map(|(table, until)| (*table, *until - Days::new(1)))
    }

    /// Which part of a period the exports behind these columns cover; `None` if all of it, as far as the exports show.
    pub fn cover(&self, metric: &Metric, range: Range, columns: &[&str]) -> Option<Cover> {
        let to = if metric.so_far { range.to.min(self.as_of) } else { range.to };
        let until = self.until(metric, columns).filter(|until| metric.has_period && *until < to)?;
        let last = until - Days::new(1);
        Some(if until <= range.from { Cover::Not(last) } else { Cover::Until(last) })
    }

    /// Whether a column is zero (and not unknown) where the metric has no row: what it counts could happen within the
    /// period, and the exports cover the period.
    pub fn is_zero(&self, metric: &Metric, range: Range, column: &str) -> bool {
        let possible = self.begins(metric, column).is_some_and(|day| day < range.to);
        counts(metric, column) && possible && self.cover(metric, range, &[column]).is_none()
    }

    /// The first local day on which a column can differ from zero: the first win for sales, the first lead for leads.
    /// `None` if there is none.
    pub fn begins(&self, metric: &Metric, column: &str) -> Option<NaiveDate> {
        let needs = |of: &dyn Fn(&Need) -> bool| metric.needs.iter().any(of);
        let sold = needs(&|need| need.names(Table::Deals, "closed_at")) && !column.starts_with("leads");
        let first = match sold {
            true => self.first_win,
            false => self.first_lead.or(self.first),
        };
        match needs(&|need| need.is_of(Table::Spend)) {
            true => first.max(self.first_spend),
            false => first,
        }
    }

    /// The first local day that the exports behind a metric do not completely cover; `None` if it is not known. The
    /// coverage of spend matters only for columns computed from spend, unless the whole metric needs it.
    fn until(&self, metric: &Metric, columns: &[&str]) -> Option<NaiveDate> {
        let spent = |column: &MetricColumn| column.spending.is_some() && columns.contains(&column.name.as_str());
        let of_spend = metric.needs.iter().any(|need| need.is_of(Table::Spend)) || metric.columns.iter().any(spent);
        let tables = metric.tables().into_iter().filter(|table| of_spend || *table != Table::Spend);
        tables.filter_map(|table| self.until.get(&table).copied()).min()
    }
}

/// Whether a column of the metric counts, so that it is zero for a group without rows.
pub(super) fn counts(metric: &Metric, column: &str) -> bool {
    metric.zero.iter().any(|name| name == column)
}

/// The first local day that is not completely covered, by table of exports.
async fn until(session: &Session) -> Result<BTreeMap<Table, NaiveDate>, ReportError> {
    let calendar = session.regulation().calendar();
    let mut until = BTreeMap::new();
    for table in GROWING {
        let Some(taken) = session.taken(table).await? else { continue };
        until.insert(table, calendar.day(taken + TimeDelta::microseconds(1)));
    }
    Ok(until)
}

/// Queries tables only: views would read all events.
async fn asked(session: &Session, query: &str) -> Result<Vec<RecordBatch>, ReportError> {
    let frame = session.context().sql(query).await.map_err(SessionError::from)?;
    Ok(frame.collect().await.map_err(SessionError::from)?)
}

fn day(batch: &RecordBatch, column: usize, row: usize) -> Result<Option<NaiveDate>, ReportError> {
    let days = cast(batch.column(column), &DataType::Date32).map_err(ReportError::Cells)?;
    let days = days.as_primitive::<Date32Type>();
    Ok(days.is_valid(row).then(|| days.value(row)).and_then(NaiveDate::from_epoch_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Catalog;

    #[test]
    fn history_begins_where_the_thing_counted_could_first_happen() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let reach = Reach {
            as_of: NaiveDate::default(),
            first: day("2025-01-02"),
            last: day("2025-06-01"),
            first_lead: day("2025-01-02"),
            first_win: day("2025-04-10"),
            first_spend: day("2025-05-01"),
            until: BTreeMap::from([
                (Table::Deals, day("2025-06-02").unwrap()),
                (Table::Spend, day("2025-05-30").unwrap()),
            ]),
        };
        let catalog = Catalog::shipped();
        let metric = |name: &str| catalog.get(name).unwrap();
        for (name, column, first, until) in [
            ("revenue_weekly", "revenue", "2025-04-10", "2025-06-02"),
            ("lead_quality", "leads", "2025-01-02", "2025-06-02"),
            ("lead_quality", "cpl", "2025-01-02", "2025-05-30"),
            ("eventual_conversion", "eventual", "2025-01-02", "2025-06-02"),
            ("campaign_roi", "romi", "2025-05-01", "2025-05-30"),
            ("campaign_roi", "leads", "2025-05-01", "2025-05-30"),
        ] {
            assert_eq!(reach.begins(metric(name), column), day(first), "{name} {column}");
            assert_eq!(reach.until(metric(name), &[column]), day(until), "{name}");
        }
        assert_eq!(Reach::default().begins(metric("revenue_weekly"), "won"), None);
        assert_eq!(Reach::default().until(metric("revenue_weekly"), &["won"]), None);
    }

    #[test]
    fn a_period_that_is_not_over_is_covered_up_to_the_report_for_what_tells_how_far_it_has_come() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let until = |deals: &str| Reach {
            as_of: day("2025-06-20"),
            until: BTreeMap::from([(Table::Deals, day(deals))]),
            ..Reach::default()
        };
        let catalog = Catalog::shipped();
        let cover = |reach: Reach, name: &str| {
            let range = Range { from: day("2025-06-01"), to: day("2025-07-01") };
            reach.cover(catalog.get(name).unwrap(), range, &[])
        };
        assert_eq!(cover(until("2025-06-20"), "month_outlook"), None);
        assert_eq!(cover(until("2025-06-18"), "month_outlook"), Some(Cover::Until(day("2025-06-17"))));
        assert_eq!(cover(until("2025-06-01"), "month_outlook"), Some(Cover::Not(day("2025-05-31"))));
        assert_eq!(cover(until("2025-06-20"), "revenue_weekly"), Some(Cover::Until(day("2025-06-19"))));
    }
}
