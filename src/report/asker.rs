//! Asks metrics for the parts of a report: each question once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use chrono::{Days, NaiveDate};

use super::build::ReportError;
use super::definition::{Compare, Question};
use super::grid::Grid;
use super::period::{Period, Range};
use crate::metrics::{Ask, Catalog, MetricError};
use crate::model::lang::Lang;
use crate::model::problem::hint;
use crate::regulation::Target;
use crate::session::{Session, SessionError};

/// Why something could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// The store does not hold what it needs.
    Data,
    /// The query needs more memory than it was given.
    Memory,
}

/// What could not be computed for want of something, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Missing {
    /// What is lacking.
    pub lack: Lack,
    /// Of what: such as `spend.cost`, or the metric that is too large.
    pub what: String,
    /// The way out, in the report's language.
    pub why: String,
}

/// A result, or what is missing for it.
pub(super) type Answer = Result<Arc<Grid>, Missing>;

/// Asks metrics, remembering the answers: tiles, charts and tables often share one.
pub(super) struct Asker<'a> {
    session: &'a Session,
    /// Sessions of earlier days. An earlier period is seen as it was seen then: deals that have ripened since would
    /// make every present period look worse than the one before.
    earlier: BTreeMap<NaiveDate, Session>,
    catalog: &'a Catalog,
    as_of: NaiveDate,
    lang: Lang,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    answers: BTreeMap<(Question, Range, NaiveDate), Answer>,
}

impl<'a> Asker<'a> {
    pub async fn new(
        session: &'a Session,
        catalog: &'a Catalog,
        as_of: NaiveDate,
        lang: Lang,
    ) -> Result<Asker<'a>, ReportError> {
        let (first, last_day) = extent(session).await?;
        let (earlier, answers, first_day) = (BTreeMap::new(), BTreeMap::new(), first.unwrap_or(as_of));
        Ok(Asker { session, earlier, catalog, as_of, lang, first_day, last_day, answers })
    }

    /// The days of a period.
    pub fn range(&self, period: Period) -> Range {
        period.range(self.as_of, self.first_day)
    }

    /// The last day on which anything happened; none where there are no deals.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last_day
    }

    /// The regulation's targets.
    pub fn targets(&self) -> &'a [Target] {
        self.session.regulation().targets()
    }

    /// Groups of fewer deals are too small to judge.
    #[allow(clippy::cast_precision_loss)] // a number that a person wrote
    pub fn small_group(&self) -> f64 {
        self.session.regulation().rules().small_group as f64
    }

    /// A target of the regulation must name a metric and a column that exist: the regulation alone cannot know.
    pub fn check_target(&self, target: &Target) -> Result<(), ReportError> {
        let metric = self.catalog.get(&target.metric)?;
        match metric.columns.iter().any(|column| column.name == target.column) {
            true => Ok(()),
            false => Err(ReportError::TargetColumn {
                metric: target.metric.clone(),
                column: target.column.clone(),
                hint: hint(&target.column, metric.columns.iter().map(|column| column.name.as_str())),
            }),
        }
    }

    /// The answer to a question about the given days, or what is missing for it.
    pub async fn ask(&mut self, question: &Question, range: Range) -> Result<Answer, ReportError> {
        self.ask_as_of(question, range, self.as_of).await
    }

    /// The answers about earlier periods, each as it was seen then. Those that the data do not reach back to are left
    /// out: before the data begin there is nothing, which is not the same as zero.
    pub async fn earlier(
        &mut self,
        question: &Question,
        compare: &[Compare],
    ) -> Result<Vec<(Compare, Arc<Grid>)>, ReportError> {
        let now = self.range(question.period);
        let (mut answers, mut seen) = (Vec::new(), BTreeSet::new());
        for compare in compare {
            let then = match compare {
                Compare::Before => question.period.before(now),
                Compare::Year => question.period.year_ago(now),
            };
            let Some(then) = then.filter(|then| then.from >= self.first_day) else { continue };
            // 52 weeks ago is both the period before and the same period a year ago
            if !seen.insert(then) {
                continue;
            }
            let as_of = self.as_of - Days::new(then.days_before(now));
            if let Ok(grid) = self.ask_as_of(question, then, as_of).await? {
                answers.push((*compare, grid));
            }
        }
        Ok(answers)
    }

    async fn ask_as_of(&mut self, question: &Question, range: Range, as_of: NaiveDate) -> Result<Answer, ReportError> {
        let key = (question.clone(), range, as_of);
        if let Some(known) = self.answers.get(&key) {
            return Ok(known.clone());
        }
        if as_of != self.as_of && !self.earlier.contains_key(&as_of) {
            let session = self.session.at(as_of).await?;
            self.earlier.insert(as_of, session);
        }
        let session = self.earlier.get(&as_of).unwrap_or(self.session);
        let ask = Ask { from: range.from, to: range.to, as_of, by: question.by.clone() };
        let answer = match self.catalog.get(&question.metric)?.run(session, &ask).await {
            Ok(result) => {
                let grid = Grid::of(&result).map_err(ReportError::Cells)?;
                match grid.unfilled_dimension() {
                    Some(dimension) => Err(self.unfilled(dimension)),
                    None => Ok(Arc::new(grid)),
                }
            }
            Err(MetricError::Dimension { dimension, .. }) => Err(self.unfilled(&dimension)),
            Err(MetricError::Missing { what, why, .. }) => {
                Err(Missing { lack: Lack::Data, what, why: why.get(self.lang).to_owned() })
            }
            Err(error) if error.is_short_of_memory() => Err(self.too_large(&question.metric)),
            Err(error) => return Err(error.into()),
        };
        self.answers.insert(key, answer.clone());
        Ok(answer)
    }
}

impl Asker<'_> {
    /// One question that needs more memory than there is must not take the answers to all others with it.
    fn too_large(&self, metric: &str) -> Missing {
        let why = match self.lang {
            Lang::Ru => "дайте запросам больше, например --memory 6GiB",
            Lang::En => "give queries more, such as --memory 6GiB",
        };
        Missing { lack: Lack::Memory, what: metric.to_owned(), why: why.to_owned() }
    }

    /// A split by something that no row has shows nothing but the whole once more.
    fn unfilled(&self, dimension: &str) -> Missing {
        let why = match self.lang {
            Lang::Ru => "разрез не заполнен ни в одной строке: назовите его столбец в маппинге",
            Lang::En => "no row names it: name its column in the mapping",
        };
        Missing { lack: Lack::Data, what: dimension.to_owned(), why: why.to_owned() }
    }
}

/// The first and the last local day on which a deal was created or closed.
async fn extent(session: &Session) -> Result<(Option<NaiveDate>, Option<NaiveDate>), ReportError> {
    let query = "SELECT local_day(min(least(created_at, closed_at))) AS first_day, \
                 local_day(max(greatest(created_at, closed_at))) AS last_day FROM journeys";
    let batches = session.sql(query).await?.collect().await.map_err(SessionError::from)?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok((None, None)) };
    let day = |column: usize| -> Result<Option<NaiveDate>, ReportError> {
        let days = cast(batch.column(column), &DataType::Date32).map_err(ReportError::Cells)?;
        Ok(days.as_primitive::<Date32Type>().iter().next().flatten().and_then(NaiveDate::from_epoch_days))
    };
    Ok((day(0)?, day(1)?))
}
