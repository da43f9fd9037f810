//! From a number to its deals: exactly the deals, clients or events that a figure counts.
//!
//! The metric is computed once more with what links its rows to the counted ones (`lineage`); then these are read for the figures that
//! were picked, and told with what is known of them. A list that is not as long as its figure is refused.

mod counted;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use super::ask::Ask;
use super::columns::Bound;
use super::kept;
use super::lineage::{Counted, DETAILS, KEYS, Lineage, Unit, Why};
use super::select::Compute;
use super::{Metric, MetricColumn, MetricError};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::timings;
use crate::model::unit;
use crate::session::bounds::guarded;
use crate::session::{Session, Wanted, elsewhere};

/// Which figures of a metric are to be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picked {
    /// The column. `None` for the first that can be listed.
    pub column: Option<String>,
    /// Columns of the result and the values that they have, as a table shows them; nothing for an absent one. A name without its
    /// language, such as `title`, stands for both.
    pub only: Vec<(String, String)>,
    /// How many rows of the list are given. `None` for all.
    pub limit: Option<usize>,
}

/// What one figure, or several of a column, count.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The metric's name.
    pub metric: String,
    /// The column whose figures are listed.
    pub column: MetricColumn,
    /// What was asked of the metric.
    pub ask: Ask,
    /// The version of the store that was read.
    pub version: u64,
    /// What is listed. `None` where nothing is counted, whatever it might be.
    pub unit: Option<Unit>,
    /// The figures, one for each row of the metric's result that was picked. `None` where it cannot be judged: such are not listed.
    pub figures: Vec<Option<i64>>,
    /// How long the whole list is: the sum of the figures.
    pub total: usize,
    /// The list, at most as long as the limit: the dimensions and what else tells the figures apart, the keys, what is known of each.
    pub batch: RecordBatch,
}

/// Where a kept list has what stands beside its rows: in the metadata of its schema.
const BESIDE: &str = "voronka.list";

/// What is kept of a list beside its rows.
#[derive(serde::Serialize, serde::Deserialize)]
struct KeptBeside {
    column: String,
    unit: Option<Unit>,
    figures: Vec<Option<i64>>,
    total: usize,
}

impl Listed {
    /// The rows, with what else is kept of the list.
    fn to_keep(&self) -> Option<RecordBatch> {
        let Listed { column, unit, figures, total, batch, .. } = self;
        let beside = KeptBeside { column: column.name.clone(), unit: *unit, figures: figures.clone(), total: *total };
        let metadata = [(BESIDE.to_owned(), serde_json::to_string(&beside).ok()?)].into();
        let schema = batch.schema().as_ref().clone().with_metadata(metadata);
        RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).ok()
    }
}

/// The result of a metric, linked to what one column of it counts.
struct Linked {
    /// The columns of the result as a metric gives them: dimensions, then its own.
    result: RecordBatch,
    /// The same rows with all columns of the plan.
    raw: RecordBatch,
    /// By the columns that were traced.
    counted: BTreeMap<usize, Vec<Counted>>,
}

/// The plan of a metric, with what links its rows to what some of its columns count.
struct Tracing {
    plan: LogicalPlan,
    lineage: Lineage,
    counted: BTreeMap<usize, Vec<Counted>>,
}

impl Tracing {
    fn of(plan: LogicalPlan, computed: BTreeMap<String, LogicalPlan>) -> Tracing {
        Tracing { plan, lineage: Lineage::new(computed), counted: BTreeMap::new() }
    }

    /// Traces a column of the metric. The first column of the plan is the group.
    fn trace(&mut self, column: usize) -> Result<(), Why> {
        if !self.counted.contains_key(&column) {
            let (plan, counted) = self.lineage.trace(&self.plan, column + 1)?;
            self.plan = plan;
            self.counted.insert(column, counted);
        }
        Ok(())
    }
}

/// Why there is no list: the engine failed, or the question was refused.
enum Failed {
    Engine(DataFusionError),
    Refused(MetricError),
}

impl From<DataFusionError> for Failed {
    fn from(error: DataFusionError) -> Failed {
        Failed::Engine(error)
    }
}

impl From<ArrowError> for Failed {
    fn from(error: ArrowError) -> Failed {
        Failed::Engine(error.into())
    }
}

impl From<MetricError> for Failed {
    fn from(error: MetricError) -> Failed {
        Failed::Refused(error)
    }
}

impl Metric {
    /// Lists what figures of the metric count.
    ///
    /// # Errors
    /// What is refused of [`Metric::run`]. The column counts no deals, clients or events; no row of the result was picked; of no
    /// picked figure it is known how many it counts; the list is not as long as the figure, which is a fault of Voronka.
    pub async fn rows(&self, session: &Session, ask: &Ask, picked: &Picked) -> Result<Listed, MetricError> {
        self.check(session, ask)?;
        let (kept, question) = session.answered(&format!("rows {picked:?}\n{}", self.question(ask)));
        if let Some(listed) = kept.and_then(|batch| self.listed_before(session, ask, &batch)) {
            return Ok(listed);
        }
        let began = timings::begin();
        let mut lists = self.lists(session, ask, std::slice::from_ref(picked)).await?;
        timings::end(began, || format!("list {}", self.name), None);
        let listed = lists.pop().unwrap_or_else(|| Err(self.no_rows(None, Text::default())))?;
        if let Some(batch) = listed.to_keep() {
            session.keep(&question, &batch);
        }
        Ok(listed)
    }

    /// A list that was kept; `None` if it is not one of this metric.
    fn listed_before(&self, session: &Session, ask: &Ask, kept: &RecordBatch) -> Option<Listed> {
        let schema = kept.schema();
        let said: KeptBeside = serde_json::from_str(schema.metadata().get(BESIDE)?).ok()?;
        let column = self.columns.iter().find(|column| column.name == said.column)?.clone();
        let plain = schema.as_ref().clone().with_metadata([].into());
        let batch = RecordBatch::try_new(Arc::new(plain), kept.columns().to_vec()).ok()?;
        let (metric, version) = (self.name.clone(), session.version());
        let KeptBeside { unit, figures, total, .. } = said;
        Some(Listed { metric, column, ask: ask.clone(), version, unit, figures, total, batch })
    }

    /// Several lists of one metric, for which it is computed once: a result for each, as of [`Metric::rows`].
    ///
    /// # Errors
    /// What is refused of [`Metric::run`].
    pub async fn lists(
        &self,
        session: &Session,
        ask: &Ask,
        picked: &[Picked],
    ) -> Result<Vec<Result<Listed, MetricError>>, MetricError> {
        self.check(session, ask)?;
        let context = self.context_of_rows(session, ask).await?;
        let listed = guarded(async {
            let calendar = session.regulation().calendar();
            let mut computed = self.register_reads(&context, calendar, ask, Compute::Rows).await?;
            let (frame, steps) = self.select.plan_in_steps(&context, calendar, ask).await?;
            computed.held.extend(steps.held);
            computed.plans.extend(steps.plans);
            let mut tracing = Tracing::of(frame.logical_plan().clone(), computed.plans);
            let columns: Vec<_> = picked.iter().map(|picked| self.traced(&mut tracing, picked)).collect();
            if columns.iter().all(Result::is_err) {
                return Ok(columns.into_iter().filter_map(Result::err).map(Err).collect());
            }
            let linked = self.linked(&context, tracing, ask).await?;
            let mut lists = Vec::new();
            for (column, picked) in columns.into_iter().zip(picked) {
                lists.push(match column {
                    Ok(column) => match self.list(session, &context, ask, picked, column, &linked).await {
                        Err(Failed::Engine(error)) => return Err(error),
                        listed => listed.map_err(|failed| self.refused(failed)),
                    },
                    Err(error) => Err(error),
                });
            }
            Ok(lists)
        });
        listed.await.map_err(|error| self.refused(Failed::Engine(error)))
    }

    /// For each column that counts: what it counts, or why it cannot be listed.
    ///
    /// # Errors
    /// The metric cannot be planned on this store.
    pub async fn listable(
        &self,
        session: &Session,
    ) -> Result<Vec<(&MetricColumn, Result<Option<Unit>, Text>)>, MetricError> {
        let day = session.as_of();
        let ask = Ask { from: day, to: day, as_of: day, by: Vec::new() };
        let context = self.context_of_rows(session, &ask).await?;
        let told = guarded(async {
            let calendar = session.regulation().calendar();
            let _computed = self.register_reads(&context, calendar, &ask, Compute::Plan).await?;
            let frame = self.select.plan(&context, calendar, &ask).await?;
            Ok(self.told_listable(frame.logical_plan(), &Lineage::default()))
        });
        told.await.map_err(|error| self.refused(Failed::Engine(error)))
    }

    fn told_listable(&self, plan: &LogicalPlan, lineage: &Lineage) -> Vec<(&MetricColumn, Result<Option<Unit>, Text>)> {
        let told = |place: usize| {
            let traced = lineage.clone().trace(plan, place + 1).map_err(|why| why.text())?;
            Ok(traced.1.iter().map(|counted| counted.units.unit).min())
        };
        self.counts().map(|(place, column)| (column, told(place))).collect()
    }

    /// Its columns that count, and their places.
    fn counts(&self) -> impl Iterator<Item = (usize, &MetricColumn)> {
        self.columns.iter().enumerate().filter(|(_, column)| column.unit == unit::Unit::Count)
    }

    fn count(&self, name: &str) -> Result<usize, MetricError> {
        let found = self.counts().find(|(_, column)| column.name == name);
        let refused = |why| self.no_rows(Some(name), why);
        match (found, self.columns.iter().any(|column| column.name == name)) {
            (Some((place, _)), _) => Ok(place),
            (None, true) => Err(refused(Text::new("он ничего не считает", "it counts nothing"))),
            (None, false) => {
                let names = self.counts().map(|(_, column)| column.name.as_str());
                let (metric, column) = (self.name.clone(), name.to_owned());
                Err(MetricError::NoColumn { metric, column, hint: hint(name, names) })
            }
        }
    }

    async fn context_of_rows(&self, session: &Session, ask: &Ask) -> Result<SessionContext, MetricError> {
        let mut names = self.named.clone();
        let keys = KEYS.iter().map(|(name, _)| *name);
        names.extend(keys.chain(DETAILS).chain(told::OF_DEALS).map(str::to_owned));
        let period = Some([ask.from, ask.to]);
        let wanted = Wanted { by: &ask.by, names: &names, all_columns: false, shares: false, period };
        let context = session.scope(&wanted).await.map_err(|e| self.session_error(e))?;
        elsewhere::name(&context, &self.name);
        self.check_relations(&context)?;
        Ok(context)
    }

    /// The column that is listed, traced.
    fn traced(&self, tracing: &mut Tracing, picked: &Picked) -> Result<usize, MetricError> {
        if let Some(name) = &picked.column {
            let column = self.count(name)?;
            return match tracing.trace(column) {
                Ok(()) => Ok(column),
                Err(why) => Err(self.no_rows(Some(name), why.text().and(self.others(tracing)))),
            };
        }
        let mut why = Text::new(
            "она ничего не считает; сами её строки показывает voronka query",
            "it counts nothing; its rows themselves are shown by voronka query",
        );
        for (column, _) in self.counts() {
            match tracing.trace(column) {
                Ok(()) => return Ok(column),
                Err(refused) => why = refused.text(),
            }
        }
        Err(self.no_rows(None, why))
    }

    /// Which columns can be listed, below the reason why one cannot.
    fn others(&self, tracing: &Tracing) -> Text {
        let can = self.told_listable(&tracing.plan, &tracing.lineage);
        let can: Vec<&str> =
            can.iter().filter(|(_, told)| told.is_ok()).map(|(column, _)| column.name.as_str()).collect();
        match can.is_empty() {
            true => Text::new(
                "\n    у этой метрики не перечислить ни одного столбца",
                "\n    no column of this metric can be listed",
            ),
            false => {
                both!(
                    "\n    у этой метрики перечисляются: {}",
                    "\n    of this metric these can be listed: {}",
                    can.join(", ")
                )
            }
        }
    }

    async fn linked(&self, context: &SessionContext, tracing: Tracing, ask: &Ask) -> Result<Linked, DataFusionError> {
        let frame = context.execute_logical_plan(tracing.plan).await?;
        let (schema, rows) = kept::execute(&self.name, frame).await?;
        let raw = concat_batches(&schema, rows.iter().flatten())?;
        let own: Vec<usize> = (0..=self.columns.len()).collect();
        let result = raw.project(&own).and_then(|own| super::result::shape(&own, &ask.by, &self.columns));
        Ok(Linked { result: result?, raw, counted: tracing.counted })
    }

    /// Reads what the picked figures count, and tells it.
    async fn list(
        &self,
        session: &Session,
        context: &SessionContext,
        ask: &Ask,
        picked: &Picked,
        column: usize,
        linked: &Linked,
    ) -> Result<Listed, Failed> {
        let rows = self.matching(&linked.result, &picked.only)?;
        let all: &Int64Array = linked.result.column(ask.by.len() + column).as_primitive::<Int64Type>();
        let value = |row: &usize| (!all.is_null(*row)).then(|| all.value(*row));
        let figures: Vec<Option<i64>> = rows.iter().map(value).collect();
        if !figures.is_empty() && figures.iter().all(Option::is_none) {
            return Err(self.not_judged(column).into());
        }
        let counted = linked.counted.get(&column).map(Vec::as_slice).unwrap_or_default();
        let known: Vec<usize> = rows.iter().copied().filter(|row| value(row).is_some()).collect();
        let mut found = counted::read(context, &linked.raw, counted, &known).await?;
        found.cancel()?;
        for row in &known {
            let (figure, listed) = (value(row).unwrap_or_default(), found.of(*row));
            if found.is_short() || usize::try_from(figure) != Ok(listed) {
                return Err(Failed::Refused(MetricError::OtherList {
                    metric: self.name.clone(),
                    column: self.columns[column].name.clone(),
                    figure,
                    listed,
                }));
            }
        }
        let total = found.len();
        let shown = found.first(picked.limit)?;
        let unit = counted.iter().map(|counted| counted.units.unit).min();
        let unit = unit.map(|unit| found.unit(unit));
        let apart = self.apart(&linked.result, ask);
        let batch = told::tell(session, context, &apart, &shown, unit).await?;
        let column = self.columns[column].clone();
        let (metric, ask, version) = (self.name.clone(), ask.clone(), session.version());
        Ok(Listed { metric, column, ask, version, unit, figures, total, batch })
    }

    /// The columns that tell the rows of a result apart: the dimensions, and those of its own that stand before its first figure.
    fn apart(&self, result: &RecordBatch, ask: &Ask) -> RecordBatch {
        let is_name =
            |column: &&MetricColumn| matches!(column.unit, unit::Unit::Text | unit::Unit::Date | unit::Unit::Days);
        let own = self.columns.iter().take_while(is_name).enumerate();
        let own = own.filter(|(_, column)| column.lang.is_none()).map(|(place, _)| ask.by.len() + place);
        let places: Vec<usize> = (0..ask.by.len()).chain(own).collect();
        result.project(&places).unwrap_or_else(|_| result.clone())
    }

    /// The rows of a result that have these values.
    fn matching(&self, result: &RecordBatch, only: &[(String, String)]) -> Result<Vec<usize>, Failed> {
        let mut rows: Vec<usize> = (0..result.num_rows()).collect();
        for (name, wanted) in only {
            let schema = result.schema();
            let is_meant = |own: &str| own == name || ["ru", "en"].iter().any(|lang| own == format!("{name}_{lang}"));
            let mut columns: Vec<StringArray> = Vec::new();
            for (field, column) in schema.fields().iter().zip(result.columns()) {
                if is_meant(field.name()) {
                    columns.push(shown(column)?);
                }
            }
            if columns.is_empty() {
                let hint = match self.dimensions.contains(name) {
                    true => both!("добавьте --by {name}", "add --by {name}"),
                    false => hint(name, schema.fields().iter().map(|field| field.name().as_str())),
                };
                let (metric, column) = (self.name.clone(), name.clone());
                return Err(MetricError::NoColumn { metric, column, hint }.into());
            }
            let value = |column: &StringArray, row: usize| match column.is_null(row) {
                true => String::new(),
                false => column.value(row).to_owned(),
            };
            let before = rows.clone();
            rows.retain(|row| columns.iter().any(|column| value(column, *row) == *wanted));
            if rows.is_empty() && !before.is_empty() {
                let mut values: Vec<String> = before.iter().map(|row| value(&columns[0], *row)).collect();
                values.dedup();
                let hint = hint(wanted, values.iter().map(String::as_str));
                let (metric, column, value) = (self.name.clone(), name.clone(), wanted.clone());
                return Err(MetricError::NoValue { metric, column, value, hint }.into());
            }
        }
        Ok(rows)
    }

    fn not_judged(&self, column: usize) -> MetricError {
        let column = self.columns[column].name.clone();
        let is_least = |other: &&MetricColumn| {
            other.unit == unit::Unit::Count && other.bound_of == Some((column.clone(), Bound::Least))
        };
        let least = self.columns.iter().find(is_least).map(|other| other.name.clone());
        MetricError::NotJudged { metric: self.name.clone(), column, least }
    }

    fn no_rows(&self, column: Option<&str>, why: Text) -> MetricError {
        MetricError::NoRows { metric: self.name.clone(), column: column.map(str::to_owned), why }
    }

    fn refused(&self, failed: Failed) -> MetricError {
        match failed {
            Failed::Refused(error) => error,
            Failed::Engine(source) => MetricError::Engine { metric: self.name.clone(), source: Box::new(source) },
        }
    }
}

/// The values of a column as text.
fn shown(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}
