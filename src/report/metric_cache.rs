//! Runs the metrics that the parts of a report ask for, each question once: tiles, charts and tables often share a result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{Days, NaiveDate};

use super::ahead::{is_large, side_by_side};
use super::definition::question::Question;
use super::error::ReportError;
use super::grid::Grid;
use super::missing::{Lack, Missing};
use super::period::Range;
use crate::metrics::{Ask, Catalog, Listed, Metric, MetricError, Need, Picked, way_out};
use crate::model::calendar::Calendar;
use crate::model::lang::{Lang, Text};
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::session::Session;

/// A result, or what is missing for it.
pub(super) type Answer = Result<Arc<Grid>, Missing>;

/// The results so far.
pub(super) struct MetricCache<'a> {
    session: &'a Session,
    /// Sessions as of earlier days. An earlier period is computed as of its own end: otherwise deals that ripened since
    /// then would make every current period look worse than the one before.
    earlier: BTreeMap<NaiveDate, Session>,
    catalog: &'a Catalog,
    as_of: NaiveDate,
    answers: BTreeMap<Key, Answer>,
    /// What columns of questions count; `None` for one that cannot be listed.
    lists: BTreeMap<ListKey, Option<Arc<Listed>>>,
    /// What was asked for and is not computed yet, where questions are only collected: each is answered as if it were missing.
    collected: Option<Collected>,
    /// Metrics that failed or ran out of memory, each once.
    faults: Vec<Missing>,
    /// The questions whose fault was noted: in the section that asked first.
    told: BTreeSet<Key>,
}

/// A question for some days, as of a day.
type Key = (Question, Range, NaiveDate);
/// A question for some days, and the column whose rows are listed.
type ListKey = (Question, Range, String);

/// What was asked while questions were only collected.
#[derive(Default)]
struct Collected {
    questions: BTreeSet<Key>,
    lists: BTreeSet<ListKey>,
}

/// One piece of work that was collected.
enum Work {
    Question(Key),
    List(ListKey),
}

/// What came of it.
enum Done {
    Answer(Answer),
    List(Result<Option<Arc<Listed>>, ReportError>),
}

/// What comes of work within the time that is left.
async fn in_time<T>(progress: &dyn Progress, work: impl Future<Output = T>) -> Option<T> {
    match progress.left() {
        None => Some(work.await),
        Some(left) => tokio::time::timeout(left, work).await.ok(),
    }
}

impl<'a> MetricCache<'a> {
    /// No results yet.
    pub fn new(session: &'a Session, catalog: &'a Catalog, as_of: NaiveDate) -> MetricCache<'a> {
        let (earlier, answers, lists) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (faults, told) = (Vec::new(), BTreeSet::new());
        MetricCache { session, earlier, catalog, as_of, answers, lists, collected: None, faults, told }
    }

    /// From here on, what has no answer yet is collected and not computed.
    pub fn collect(&mut self) {
        self.collected = Some(Collected::default());
    }

    /// Computes what was collected, so much at once, and ends the collecting. `progress` hears how much of it is done. Returns how much there
    /// was. What is not done when the time is over has no answer.
    pub async fn compute_collected(&mut self, threads: usize, what: &str, progress: &dyn Progress) -> usize {
        let Collected { questions, lists } = self.collected.take().unwrap_or_default();
        for (_, _, as_of) in &questions {
            // a session that does not open is told where it is asked again
            let _ = self.open_as_of(*as_of).await;
        }
        // a list takes longer than its figure
        let work: Vec<Work> =
            lists.into_iter().map(Work::List).chain(questions.into_iter().map(Work::Question)).collect();
        let (this, all, done) = (&*self, work.len(), AtomicU64::new(0));
        let results = side_by_side(&work, threads, |handle, work| {
            let result = match work {
                Work::Question((question, range, as_of)) => {
                    let session = if *as_of == this.as_of { Some(this.session) } else { this.earlier.get(as_of) };
                    let answer = session.map(|session| this.answer(session, question, *range, *as_of));
                    answer.and_then(|answer| handle.block_on(in_time(progress, answer))).map(Done::Answer)
                }
                Work::List((question, range, column)) => {
                    handle.block_on(in_time(progress, this.list(question, *range, column))).map(Done::List)
                }
            };
            progress.step(what, done.fetch_add(1, Ordering::Relaxed) + 1, all as u64);
            result
        });
        for (work, result) in work.into_iter().zip(results) {
            match (work, result.flatten()) {
                (Work::Question(key), Some(Done::Answer(answer))) => {
                    self.answers.insert(key, answer);
                }
                // one that fails is made again where it is told
                (Work::List(key), Some(Done::List(Ok(list)))) => {
                    self.lists.insert(key, list);
                }
                _ => {}
            }
        }
        all
    }

    /// Whether the store is so large that each further question takes seconds.
    pub fn is_large(&self) -> bool {
        is_large(self.session)
    }

    /// Whether only rows of some are seen.
    pub fn is_held(&self) -> bool {
        !self.session.held().is_empty()
    }

    /// The day as of which questions are answered.
    pub fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// The metrics asked so far, by name.
    pub fn asked(&self) -> Vec<&'a Metric> {
        let names: BTreeSet<&str> = self.answers.keys().map(|(question, ..)| question.metric.as_str()).collect();
        names.into_iter().filter_map(|name| self.catalog.get(name).ok()).collect()
    }

    /// What a column of a question counts, deal by deal. `None` where it cannot be listed, is not known, or questions are only
    /// collected.
    pub async fn rows(&mut self, question: &Question, range: Range, column: &str) -> Option<Arc<Listed>> {
        let key = (question.clone(), range, column.to_owned());
        if let Some(known) = self.lists.get(&key) {
            return known.clone();
        }
        if let Some(collected) = &mut self.collected {
            collected.lists.insert(key);
            return None;
        }
        match self.list(question, range, column).await {
            Ok(list) => {
                self.lists.insert(key, list.clone());
                list
            }
            Err(error) => {
                self.fault(&question.metric, &error);
                None
            }
        }
    }

    async fn list(&self, question: &Question, range: Range, column: &str) -> Result<Option<Arc<Listed>>, ReportError> {
        let ask = Ask { from: range.from, to: range.to, as_of: self.as_of, by: question.by.clone() };
        let picked = Picked { column: Some(column.to_owned()), ..Picked::default() };
        match self.known(&question.metric)?.rows(self.session, &ask, &picked).await {
            Ok(listed) => Ok(Some(Arc::new(listed))),
            Err(MetricError::NoRows { .. } | MetricError::NotJudged { .. } | MetricError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The time zone by which days are told.
    pub fn calendar(&self) -> &'a Calendar {
        self.session.regulation().calendar()
    }

    /// The regulation in force.
    pub fn regulation(&self) -> &'a Regulation {
        self.session.regulation()
    }

    /// The metric of a question; `None` if it does not exist.
    pub fn metric(&self, question: &Question) -> Option<&'a Metric> {
        self.catalog.get(&question.metric).ok()
    }

    /// The metric of this name.
    pub fn known(&self, name: &str) -> Result<&'a Metric, ReportError> {
        Ok(self.catalog.get(name)?)
    }

    /// The result of a question for the given days, or what is missing for it.
    pub async fn ask(&mut self, question: &Question, range: Range) -> Answer {
        self.ask_as_of(question, range, self.as_of).await
    }

    /// As [`MetricCache::ask`], with what was known so many days before.
    pub async fn ask_back(&mut self, question: &Question, range: Range, days: u64) -> Answer {
        self.ask_as_of(question, range, self.as_of - Days::new(days)).await
    }

    async fn ask_as_of(&mut self, question: &Question, range: Range, as_of: NaiveDate) -> Answer {
        let key = (question.clone(), range, as_of);
        let is_collecting = self.collected.is_some();
        let answer = match (self.answers.get(&key), &mut self.collected) {
            (Some(known), _) => known.clone(),
            (None, Some(collected)) => {
                collected.questions.insert(key);
                return Err(Missing::data(question.metric.as_str(), Text::default()));
            }
            (None, None) => {
                let answer = match self.open_as_of(as_of).await {
                    Ok(()) => {
                        let session = self.earlier.get(&as_of).unwrap_or(self.session);
                        self.answer(session, question, range, as_of).await
                    }
                    Err(error) => Err(fault_of(&question.metric, &error)),
                };
                self.answers.insert(key.clone(), answer.clone());
                answer
            }
        };
        answer.map_err(|missing| {
            let is_fault = missing.lack != Lack::Data;
            if is_fault && !is_collecting && self.told.insert(key) { self.remember(missing) } else { missing }
        })
    }

    /// Opens the session as of an earlier day, if it is not yet.
    async fn open_as_of(&mut self, as_of: NaiveDate) -> Result<(), ReportError> {
        if as_of != self.as_of && !self.earlier.contains_key(&as_of) {
            let session = self.session.at(as_of).await?;
            self.earlier.insert(as_of, session);
        }
        Ok(())
    }

    async fn answer(&self, session: &Session, question: &Question, range: Range, as_of: NaiveDate) -> Answer {
        match self.run(session, question, range, as_of).await {
            Ok(grid) => match grid.unfilled_dimension() {
                Some(dimension) => Err(Missing::unfilled(dimension)),
                None => Ok(Arc::new(grid)),
            },
            Err(ReportError::Metric(MetricError::Dimension { dimension, .. })) => Err(Missing::unfilled(&dimension)),
            Err(ReportError::Metric(MetricError::Missing { what, why, .. })) => Err(Missing::data(what, why)),
            Err(error) if error.is_short_of_memory() => Err(Missing::memory(&question.metric)),
            Err(error) => Err(fault_of(&question.metric, &error)),
        }
    }

    async fn run(
        &self,
        session: &Session,
        question: &Question,
        range: Range,
        as_of: NaiveDate,
    ) -> Result<Grid, ReportError> {
        let ask = Ask { from: range.from, to: range.to, as_of, by: question.by.clone() };
        let result = self.known(&question.metric)?.run(session, &ask).await?;
        Grid::of(&result).map_err(ReportError::Cells)
    }

    /// What else a metric cannot do without, where something else is missing already: who exports the first is not to learn of the
    /// next only then.
    pub fn also_lacking(&self, question: &Question, first: &Missing) -> Vec<Missing> {
        let Some(metric) = self.metric(question).filter(|_| first.lack == Lack::Data) else { return Vec::new() };
        let unfilled = |(table, name): (Table, &str)| {
            self.session.columns_filled(table).is_ok_and(|filled| !filled.contains(name))
        };
        let lacking = metric.needs.iter().filter(|need| need.columns().all(unfilled)).map(Need::missing);
        lacking.map(|(what, why)| Missing::data(what, why)).filter(|missing| missing.what != first.what).collect()
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
        let why = way_out(&what)?;
        Some(Missing::data(what, why))
    }

    /// Remembers that a metric failed, so that one failing question does not fail the whole report.
    pub fn fault(&mut self, metric: &str, error: &ReportError) -> Missing {
        self.remember(fault_of(metric, error))
    }

    /// The faults so far, each once.
    pub fn take_faults(&mut self) -> Vec<Missing> {
        std::mem::take(&mut self.faults)
    }

    fn remember(&mut self, missing: Missing) -> Missing {
        if self.collected.is_none() && !self.faults.contains(&missing) {
            self.faults.push(missing.clone());
        }
        missing
    }
}

fn fault_of(metric: &str, error: &ReportError) -> Missing {
    Missing::fault(metric, &Text::new(error.text(Lang::Ru), error.text(Lang::En)))
}
