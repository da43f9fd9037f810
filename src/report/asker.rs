//! Runs the metrics for the parts of a report, each question once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::build::ReportError;
use super::definition::{Compare, Question};
use super::grid::Grid;
use super::period::{Period, Range};
use super::reach::Reach;
use crate::metrics::{Ask, Catalog, Metric, MetricError, way_out};
use crate::model::lang::Lang;
use crate::model::problem::hint;
use crate::model::tables::Table;
use crate::regulation::Target;
use crate::session::Session;

/// Why something could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// The store does not hold what it needs.
    Data,
    /// The query needs more memory than it was given.
    Memory,
    /// It failed: a fault of the metric, of the store or of ours.
    Fault,
}

/// What could not be computed, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Missing {
    /// The kind of failure.
    pub lack: Lack,
    /// What is missing (such as `spend.cost`), or the metric that failed or ran out of memory.
    pub what: String,
    /// How to fix it, in the report's language. For a fault: its message, then how to fix it.
    pub why: String,
}

/// The metric that counts closings without a date.
pub(super) const QUALITY: &str = "data_quality";

/// The metric that counts wins without a date which may lie within a period.
const UNDATED: &str = "wins_without_date";

/// A result, or what is missing for it.
pub(super) type Answer = Result<Arc<Grid>, Missing>;

/// The results for earlier periods, and the fault that prevented one of them.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub answers: Vec<(Compare, Arc<Grid>)>,
    pub fault: Option<Missing>,
}

/// Which part of a period the exports cover, if not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Covered up to and including this day.
    Until(NaiveDate),
    /// Not covered: the exports end on this day, before the period.
    Not(NaiveDate),
}

/// Runs metrics and caches the results: tiles, charts and tables often share one.
pub(super) struct Asker<'a> {
    session: &'a Session,
    /// Sessions as of earlier days. An earlier period is computed as of its own end: otherwise deals that ripened since
    /// then would make every current period look worse than the one before.
    earlier: BTreeMap<NaiveDate, Session>,
    catalog: &'a Catalog,
    as_of: NaiveDate,
    lang: Lang,
    reach: Reach,
    answers: BTreeMap<(Question, Range, NaiveDate), Answer>,
    /// Metrics that failed or ran out of memory, each once.
    faults: Vec<Missing>,
}

impl<'a> Asker<'a> {
    pub async fn new(
        session: &'a Session,
        catalog: &'a Catalog,
        as_of: NaiveDate,
        lang: Lang,
    ) -> Result<Asker<'a>, ReportError> {
        let reach = Reach::of(session).await?;
        let (earlier, answers, faults) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Ok(Asker { session, earlier, catalog, as_of, lang, reach, answers, faults })
    }

    /// The days of a period.
    pub fn range(&self, period: Period) -> Range {
        period.range(self.as_of, self.reach.first.unwrap_or(self.as_of))
    }

    /// The last day on which a deal was created or closed; `None` if there are no deals.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.reach.last
    }

    /// The regulation's targets.
    pub fn targets(&self) -> &'a [Target] {
        self.session.regulation().targets()
    }

    /// Groups of fewer deals are not judged (the regulation's `small_group`).
    #[allow(clippy::cast_precision_loss)] // a number that a person wrote
    pub fn small_group(&self) -> f64 {
        self.session.regulation().rules().small_group as f64
    }

    /// The faults so far, each once.
    pub fn take_faults(&mut self) -> Vec<Missing> {
        std::mem::take(&mut self.faults)
    }

    /// Checks that each target of the regulation names an existing metric and column; the regulation cannot check that
    /// itself.
    pub fn check_target(&mut self, target: &Target) -> Result<(), Missing> {
        let metric = self.catalog.get(&target.metric).map_err(ReportError::from);
        let checked =
            metric.and_then(|metric| match metric.columns.iter().any(|column| column.name == target.column) {
                true => Ok(()),
                false => Err(ReportError::TargetColumn {
                    metric: target.metric.clone(),
                    column: target.column.clone(),
                    hint: hint(&target.column, metric.columns.iter().map(|column| column.name.as_str())),
                }),
            });
        checked.map_err(|error| self.fault(&target.metric, &error.to_string()))
    }

    /// The result of a question for the given days, or what is missing for it.
    pub async fn ask(&mut self, question: &Question, range: Range) -> Answer {
        self.ask_as_of(question, range, self.as_of).await
    }

    /// The results for earlier periods, each as of its own end. Periods that the data do not cover completely are left
    /// out: before the first possible occurrence there is no value, which is not the same as zero. If the current
    /// period is covered in part, all earlier periods are left out.
    pub async fn earlier(&mut self, question: &Question, column: &str, compare: &[Compare]) -> Earlier {
        let now = self.range(question.period);
        let (mut found, mut seen) = (Earlier::default(), BTreeSet::new());
        if self.cover(question, now, &[column]).is_some() {
            return found;
        }
        for compare in compare {
            let then = match compare {
                Compare::Before => question.period.before(now),
                Compare::Year => question.period.year_ago(now),
            };
            let Some(then) = then.filter(|then| self.begins(question, column).is_some_and(|day| then.from >= day))
            else {
                continue;
            };
            // 52 weeks ago is both the period before and the same period a year ago
            if !seen.insert(then) {
                continue;
            }
            let as_of = self.as_of - Days::new(then.days_before(now));
            match self.ask_as_of(question, then, as_of).await {
                Ok(grid) => found.answers.push((*compare, grid)),
                Err(missing) if missing.lack == Lack::Fault => found.fault = Some(missing),
                Err(_) => {}
            }
        }
        found
    }

    /// Which part of a period the exports behind these columns cover; `None` if all of it, as far as the exports show.
    pub fn cover(&self, question: &Question, range: Range, columns: &[&str]) -> Option<Cover> {
        let metric = self.metric(question).filter(|metric| metric.has_period)?;
        let until = self.reach.until(metric, columns).filter(|until| *until < range.to)?;
        let last = until - Days::new(1);
        Some(if until <= range.from { Cover::Not(last) } else { Cover::Until(last) })
    }

    /// The tables whose exports end before the report's day, each with the last day covered.
    pub fn ended(&self) -> impl Iterator<Item = (Table, NaiveDate)> {
        let ended = self.reach.until.iter().filter(|(_, until)| **until < self.as_of);
        ended.map(|(table, until)| (*table, *until - Days::new(1)))
    }

    /// The first day on which what a column counts could happen. If nothing determines it, the report's day.
    pub fn begins(&self, question: &Question, column: &str) -> Option<NaiveDate> {
        self.metric(question).and_then(|metric| self.reach.begins(metric, column))
    }

    /// Whether a column is zero (and not unknown) where the metric has no row: what it counts could happen within the
    /// period, and the exports cover the period.
    pub fn is_zero(&self, question: &Question, range: Range, column: &str) -> bool {
        let counted = self.metric(question).is_some_and(|metric| metric.zero.iter().any(|name| name == column));
        let possible = self.begins(question, column).is_some_and(|day| day < range.to);
        counted && possible && self.cover(question, range, &[column]).is_none()
    }

    /// How many wins without a closing date may lie within the days, where the metric counts wins by theirs: none of its figures
    /// has them.
    pub async fn undated_wins(&mut self, question: &Question, range: Range) -> Option<f64> {
        let metric = self.metric(question)?;
        metric
            .needs
            .iter()
            .any(|need| need.columns().any(|needed| needed == (Table::Deals, "closed_at")))
            .then_some(())?;
        let undated = Question { metric: UNDATED.to_owned(), by: Vec::new(), period: question.period };
        let grid = self.ask(&undated, range).await.ok()?;
        let wins = (0..grid.rows.len()).filter_map(|row| grid.number(row, "wins")).sum();
        Some(wins).filter(|wins| *wins > 0.0)
    }

    /// What a column of a metric cannot do without, if no row of the store has it; the metric's other columns can.
    pub fn lacking(&self, question: &Question, column: &str) -> Option<Missing> {
        let column = self.metric(question)?.columns.iter().find(|known| known.name == column)?;
        // what cannot be asked is not said to be missing
        let unfilled = |(table, name): (Table, &str)| {
            self.session.columns_filled(table).is_ok_and(|filled| !filled.contains(name))
        };
        let lacking = column.needs.iter().find(|need| need.columns().all(unfilled))?;
        let (table, name) = lacking.columns().next_back()?;
        let what = format!("{}.{name}", table.name());
        let why = way_out(&what)?.get(self.lang).to_owned();
        Some(Missing { lack: Lack::Data, what, why })
    }

    /// The metric of a question; `None` if it does not exist.
    pub fn metric(&self, question: &Question) -> Option<&'a Metric> {
        self.catalog.get(&question.metric).ok()
    }

    async fn ask_as_of(&mut self, question: &Question, range: Range, as_of: NaiveDate) -> Answer {
        let key = (question.clone(), range, as_of);
        if let Some(known) = self.answers.get(&key) {
            return known.clone();
        }
        let answer = match self.run(question, range, as_of).await {
            Ok(grid) => match grid.unfilled_dimension() {
                Some(dimension) => Err(self.unfilled(dimension)),
                None => Ok(Arc::new(grid)),
            },
            Err(ReportError::Metric(MetricError::Dimension { dimension, .. })) => Err(self.unfilled(&dimension)),
            Err(ReportError::Metric(MetricError::Missing { what, why, .. })) => {
                Err(Missing { lack: Lack::Data, what, why: why.get(self.lang).to_owned() })
            }
            Err(error) if error.is_short_of_memory() => Err(self.too_large(&question.metric)),
            Err(error) => Err(self.fault(&question.metric, &error.to_string())),
        };
        self.answers.insert(key, answer.clone());
        answer
    }

    async fn run(&mut self, question: &Question, range: Range, as_of: NaiveDate) -> Result<Grid, ReportError> {
        if as_of != self.as_of && !self.earlier.contains_key(&as_of) {
            let session = self.session.at(as_of).await?;
            self.earlier.insert(as_of, session);
        }
        let session = self.earlier.get(&as_of).unwrap_or(self.session);
        let ask = Ask { from: range.from, to: range.to, as_of, by: question.by.clone() };
        let result = self.catalog.get(&question.metric)?.run(session, &ask).await?;
        Grid::of(&result).map_err(ReportError::Cells)
    }
}

impl Asker<'_> {
    /// Records a fault, so that one failing question does not fail the whole report.
    fn fault(&mut self, metric: &str, error: &str) -> Missing {
        let way = match self.lang {
            Lang::Ru => format!(
                "свою метрику поправьте (voronka check), о поставляемой сообщите разработчикам: voronka query {metric} повторит ошибку"
            ),
            Lang::En => format!(
                "mend a metric of your own (voronka check), report one that ships: voronka query {metric} repeats the error"
            ),
        };
        let said = error.split_whitespace().collect::<Vec<_>>().join(" ");
        self.remember(Missing { lack: Lack::Fault, what: metric.to_owned(), why: format!("{said}; {way}") })
    }

    fn remember(&mut self, missing: Missing) -> Missing {
        if !self.faults.contains(&missing) {
            self.faults.push(missing.clone());
        }
        missing
    }

    /// Maps an out-of-memory error to `Missing`, so that one large question does not fail the whole report.
    fn too_large(&mut self, metric: &str) -> Missing {
        let why = match self.lang {
            Lang::Ru => "дайте запросам больше, например --memory 6GiB",
            Lang::En => "give queries more, such as --memory 6GiB",
        };
        self.remember(Missing { lack: Lack::Memory, what: metric.to_owned(), why: why.to_owned() })
    }

    /// A split by a dimension that no row fills shows only the total, so it counts as missing.
    fn unfilled(&self, dimension: &str) -> Missing {
        let why = match self.lang {
            Lang::Ru => "разрез не заполнен ни в одной строке: назовите его столбец в маппинге",
            Lang::En => "no row names it: name its column in the mapping",
        };
        Missing { lack: Lack::Data, what: dimension.to_owned(), why: why.to_owned() }
    }
}
