//! Asking a metric: check the ask and the needs, bind the period, run, shape the answer.

use arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::MetricError;
use super::ask::Ask;
use super::columns;
use super::dimension::DIMENSIONS;
use super::kept::Computed;
use super::metric::Metric;
use super::result::{self, MetricResult};
use super::select::Compute;
use crate::model::calendar::Calendar;
use crate::model::lang::Text;
use crate::model::problem::hint;
use crate::model::tables::Table;
use crate::model::timings;
use crate::session::bounds::guarded;
use crate::session::{Session, SessionError, Wanted, elsewhere};

impl Metric {
    /// Computes the metric.
    pub async fn run(&self, session: &Session, ask: &Ask) -> Result<MetricResult, MetricError> {
        let metric = || self.name.clone();
        let began = timings::begin();
        self.check(session, ask)?;
        let engine = |source| MetricError::Engine { metric: metric(), source: Box::new(source) };
        let (kept, question) = session.answered(&self.question(ask));
        let raw = match kept {
            Some(raw) => raw,
            None => {
                let raw = self.compute(session, ask).await?;
                session.keep(&question, &raw);
                raw
            }
        };
        let own = self.columns.iter().cloned();
        let columns: Vec<_> = ask.by.iter().map(|name| columns::dimension_column(name)).chain(own).collect();
        let batch = result::shape(&raw, &ask.by, &self.columns).map_err(|e| engine(e.into()))?;
        timings::end(began, || format!("metric {}", self.name), Some(batch.num_rows()));
        Ok(MetricResult { metric: metric(), ask: ask.clone(), version: session.version(), columns, batch })
    }

    /// Refuses what cannot be asked.
    pub(super) fn check(&self, session: &Session, ask: &Ask) -> Result<(), MetricError> {
        if ask.from >= ask.to {
            return Err(MetricError::Period { from: ask.from, to: ask.to });
        }
        if ask.as_of != session.as_of() {
            return Err(MetricError::AsOf { metric: self.name.clone(), session: session.as_of(), asked: ask.as_of });
        }
        self.check_dimensions(session, &ask.by)?;
        self.check_needs(session)?;
        self.check_held(session)
    }

    /// What is asked: all of the SQL that answers it, and the ask.
    pub(super) fn question(&self, ask: &Ask) -> String {
        let mut question = format!("metric {} {ask:?}", self.name);
        for select in self.reads.iter().map(|read| &read.select).chain([&self.select]) {
            question.extend(["\n", select.name.as_str(), "\n", &select.sql()]);
        }
        question
    }

    async fn compute(&self, session: &Session, ask: &Ask) -> Result<RecordBatch, MetricError> {
        let began = timings::begin();
        let wanted = Wanted {
            by: &ask.by,
            names: &self.named,
            all_columns: false,
            shares: true,
            period: Some([ask.from, ask.to]),
        };
        let context = session.scope(&wanted).await.map_err(|e| self.session_error(e))?;
        elsewhere::name(&context, &self.name);
        timings::end(began, || "make views".to_owned(), None);
        self.check_relations(&context)?;
        match guarded(self.rows_of(&context, session, ask)).await {
            Ok(raw) => Ok(raw),
            Err(error) => {
                // a column that does not exist is told beside all that do
                if matches!(error.find_root(), DataFusionError::SchemaError(..)) {
                    self.plan(session).await?;
                }
                Err(MetricError::Engine { metric: self.name.clone(), source: Box::new(error) })
            }
        }
    }

    /// Plans the metric and runs nothing: whether the store has the tables, columns and functions that it names.
    pub async fn plan(&self, session: &Session) -> Result<(), MetricError> {
        let day = session.as_of();
        let wanted = Wanted { by: &[], names: &self.named, all_columns: true, shares: false, period: Some([day; 2]) };
        let context = session.scope(&wanted).await.map_err(|e| self.session_error(e))?;
        self.check_relations(&context)?;
        let ask = Ask { from: day, to: day, as_of: day, by: Vec::new() };
        let planned = guarded(async {
            let calendar = session.regulation().calendar();
            self.register_reads(&context, calendar, &ask, Compute::Plan).await?;
            self.select.plan(&context, calendar, &ask).await?.into_optimized_plan()
        });
        let engine = |source| MetricError::Engine { metric: self.name.clone(), source: Box::new(source) };
        planned.await.map(|_| ()).map_err(engine)
    }

    fn check_dimensions(&self, session: &Session, by: &[String]) -> Result<(), MetricError> {
        let mut allowed = self.dimensions.clone();
        if self.extra_dimensions {
            let columns: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
            let known = DIMENSIONS;
            let further = |name: &String| !known.contains(&name.as_str()) && !columns.contains(&name.as_str());
            allowed.extend(session.dimensions().into_iter().filter(further));
        }
        match by.iter().enumerate().find(|(i, name)| !allowed.contains(name) || by[..*i].contains(name)) {
            None => Ok(()),
            Some((i, dimension)) => {
                let hint = match by[..i].contains(dimension) {
                    true => Text::new("он назван дважды", "it stands there twice"),
                    false => hint(dimension, allowed.iter().map(String::as_str)),
                };
                Err(MetricError::Dimension { metric: self.name.clone(), dimension: dimension.clone(), hint })
            }
        }
    }

    fn check_needs(&self, session: &Session) -> Result<(), MetricError> {
        for need in self.needs.iter().chain(&self.read_needs) {
            let mut found = false;
            for (table, column) in need.columns() {
                let filled = session.columns_filled(table).map_err(|e| self.session_error(e))?;
                found |= filled.contains(column);
            }
            if !found {
                let (what, why) = need.missing();
                return Err(MetricError::Missing { metric: self.name.clone(), what, why });
            }
        }
        Ok(())
    }

    /// The rows of its SELECT, columns as they come.
    async fn rows_of(
        &self,
        context: &SessionContext,
        session: &Session,
        ask: &Ask,
    ) -> Result<RecordBatch, DataFusionError> {
        let calendar = session.regulation().calendar();
        let _computed = self.register_reads(context, calendar, ask, Compute::RowsOnce(session)).await?;
        self.select.rows(context, calendar, ask).await
    }

    /// What it reads by name becomes tables of the context. Returns what was computed of it.
    pub(super) async fn register_reads(
        &self,
        context: &SessionContext,
        calendar: &Calendar,
        ask: &Ask,
        compute: Compute<'_>,
    ) -> Result<Computed, DataFusionError> {
        let mut all = Computed::default();
        for read in &self.reads {
            let computed = read.register(context, calendar, ask, compute).await?;
            all.held.extend(computed.held);
            all.plans.extend(computed.plans);
        }
        Ok(all)
    }

    /// Refuses what a session that is held to some may not see.
    fn check_held(&self, session: &Session) -> Result<(), MetricError> {
        let refused = Table::Quarantine.name();
        match session.hides(refused) && self.relations.iter().any(|name| name == refused) {
            false => Ok(()),
            true => {
                let why = Text::new(
                    "этот отчёт — об одном, а чьи строки в этой таблице, не доказать; смотрите общий отчёт",
                    "this report is held to one, and whose rows these are cannot be proven; see the report for all",
                );
                Err(MetricError::Missing { metric: self.name.clone(), what: format!("{refused}.raw"), why })
            }
        }
    }

    pub(super) fn check_relations(&self, context: &SessionContext) -> Result<(), MetricError> {
        let mut known = context.state().schema_for_ref("deals").map(|schema| schema.table_names()).unwrap_or_default();
        known.sort();
        match self.relations.iter().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let hint = hint(name, known.iter().map(String::as_str));
                Err(MetricError::Table { metric: self.name.clone(), table: name.clone(), hint })
            }
        }
    }

    pub(super) fn session_error(&self, error: SessionError) -> MetricError {
        MetricError::Session { metric: self.name.clone(), source: Box::new(error) }
    }
}
