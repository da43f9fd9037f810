//! Filters over lists.
//!
//! The filter of the engine copies the lists of the rows that it lets through one after the other, each of their fields by a closure. Here the
//! elements of all lists of a batch are filtered at once.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, BooleanBufferBuilder, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{BatchCoalescer, FilterBuilder, prep_null_mask_filter};
use arrow::datatypes::DataType;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::stream::{self, StreamExt as _};

/// The rule that puts the operator in the place of filters that hand on lists. It comes last: the others know filters.
#[derive(Debug)]
pub(super) struct FilterLists;

impl PhysicalOptimizerRule for FilterLists {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let has_lists = plan.schema().fields().iter().any(|field| matches!(field.data_type(), DataType::List(_)));
            let is_filter = plan.downcast_ref::<FilterExec>().is_some_and(|filter| filter.fetch().is_none());
            Ok(match is_filter && has_lists {
                true => {
                    let (filter, metrics) = (plan, ExecutionPlanMetricsSet::new());
                    Transformed::yes(Arc::new(ListFilterExec { filter, metrics }) as Arc<dyn ExecutionPlan>)
                }
                false => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "filter_lists"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The operator.
#[derive(Debug)]
struct ListFilterExec {
    /// The filter of the engine, whose properties it has.
    filter: Arc<dyn ExecutionPlan>,
    metrics: ExecutionPlanMetricsSet,
}

impl DisplayAs for ListFilterExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListFilterExec instead of ")?;
        self.filter.fmt_as(format, f)
    }
}

impl ExecutionPlan for ListFilterExec {
    fn name(&self) -> &str {
        "ListFilterExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.filter.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.filter.children()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.filter.apply_expressions(visit)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let same = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        let filter = Arc::clone(&self.filter).replace_children(children, same)?;
        Ok(Arc::new(ListFilterExec { filter, metrics: ExecutionPlanMetricsSet::new() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(filter) = self.filter.downcast_ref::<FilterExec>() else { return internal_err!("no filter") };
        let size = context.session_config().batch_size();
        let rows = filter.input().execute(partition, context)?;
        // as the engine's filter: what has many rows is handed on as it is
        let together = BatchCoalescer::new(self.schema(), size).with_biggest_coalesce_batch_size(Some(size / 2));
        let filtering = Filtering {
            rows,
            predicate: Arc::clone(filter.predicate()),
            columns: filter.projection().as_ref().map(|columns| columns.to_vec()),
            together,
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let filtered = stream::try_unfold(filtering, |mut filtering| async {
            Ok(filtering.next().await?.map(|batch| (batch, filtering)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), filtered)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The rows of a partition, as they are filtered.
struct Filtering {
    rows: SendableRecordBatchStream,
    predicate: Arc<dyn PhysicalExpr>,
    /// Those that are handed on; `None` for all.
    columns: Option<Vec<usize>>,
    /// Small batches are put together.
    together: BatchCoalescer,
    metrics: BaselineMetrics,
}

impl Filtering {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.together.next_completed_batch() {
                self.metrics.record_output(batch.num_rows());
                return Ok(Some(batch));
            }
            let batch = self.rows.next().await.transpose()?;
            let _timer = self.metrics.elapsed_compute().timer();
            match batch {
                Some(batch) => {
                    let kept = self.predicate.evaluate(&batch)?.into_array(batch.num_rows())?;
                    let batch = match &self.columns {
                        Some(columns) => batch.project(columns)?,
                        None => batch,
                    };
                    self.together.push_batch(filtered(&batch, as_boolean_array(&kept)?)?)?;
                }
                None if self.together.is_empty() => return Ok(None),
                None => self.together.finish_buffered_batch()?,
            }
        }
    }
}

/// The rows for which it is true.
fn filtered(batch: &RecordBatch, kept: &BooleanArray) -> Result<RecordBatch> {
    let known = if kept.null_count() > 0 { prep_null_mask_filter(kept) } else { kept.clone() };
    let rows = known.true_count();
    if rows == batch.num_rows() {
        return Ok(batch.clone());
    }
    let filter = FilterBuilder::new(&known).optimize().build();
    let columns = batch.columns().iter().map(|column| match column.as_list_opt::<i32>() {
        Some(list) => lists(list, &known),
        None => Ok(filter.filter(column)?),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns.collect::<Result<_>>()?, &options)?)
}

/// The lists of the rows for which it is true, none of which is null.
fn lists(list: &ListArray, kept: &BooleanArray) -> Result<ArrayRef> {
    let DataType::List(field) = list.data_type() else { return internal_err!("no list") };
    let offsets = list.value_offsets();
    let [first, last] = [0, list.len()].map(|row| offsets[row] as usize);
    let mut wanted = BooleanBufferBuilder::new(last - first);
    let mut lengths = Vec::with_capacity(kept.true_count());
    let mut done = first;
    for (from, to) in kept.values().set_slices() {
        let [begins, ends] = [from, to].map(|row| offsets[row] as usize);
        wanted.append_n(begins - done, false);
        wanted.append_n(ends - begins, true);
        lengths.extend(offsets[from..=to].windows(2).map(|ends| (ends[1] - ends[0]) as usize));
        done = ends;
    }
    wanted.append_n(last - done, false);
    let wanted = BooleanArray::new(wanted.finish(), None);
    let elements = FilterBuilder::new(&wanted).optimize().build().filter(&list.values().slice(first, last - first))?;
    let nulls = list.nulls().map(|nulls| {
        let is_valid = BooleanArray::new(nulls.inner().clone(), None);
        FilterBuilder::new(kept)
            .build()
            .filter(&is_valid)
            .map(|valid| NullBuffer::new(valid.as_boolean().values().clone()))
    });
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, nulls.transpose()?)?))
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use arrow::compute::filter_record_batch;
    use arrow::json::ReaderBuilder;
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::displayable;

    use super::*;
    use crate::model::tables::Table;
    use crate::session::engine::{self, Resources};

    /// Deals with none to four entries and touches; an absent list is no empty one.
    fn deals(rows: usize) -> RecordBatch {
        let row = |n: usize| {
            let at = |more: usize| format!("2025-01-{:02}T09:00:00Z", 1 + (n + more) % 28);
            let entry = |more: usize| format!(r#"{{"stage":"stage {}","at":"{}","times":{more}}}"#, n % 5, at(more));
            let listed = |name: &str, values: Vec<String>| format!(r#","{name}":[{}]"#, values.join(","));
            let entries = listed("entries", (0..n % 5).map(entry).collect());
            let touches = listed("touch_at", (0..n % 4).map(|more| format!("\"{}\"", at(more))).collect());
            let entries = if n.is_multiple_of(11) { String::new() } else { entries };
            let touches = if n.is_multiple_of(3) { String::new() } else { touches };
            format!(r#"{{"deal_id":"{n:04}","manager":"manager {}"{entries}{touches}}}"#, n % 7)
        };
        let json: Vec<String> = (0..rows).map(row).collect();
        let reader = ReaderBuilder::new(Table::Journeys.schema(&[])).with_batch_size(rows);
        reader.build(std::io::Cursor::new(json.join("\n"))).unwrap().next().unwrap().unwrap()
    }

    #[test]
    fn lists_are_filtered_as_the_engine_does() {
        let whole = deals(500);
        for (from, rows) in [(0, 500), (137, 200), (499, 1), (3, 0)] {
            let batch = whole.slice(from, rows);
            for every in [1, 2, 3, 50, 1000] {
                for (begins, unknown) in [(0, 0), (1, 7)] {
                    let known = |n: usize| {
                        (unknown == 0 || !n.is_multiple_of(unknown))
                            .then(|| (n + begins).is_multiple_of(every) || n > 480)
                    };
                    let kept = BooleanArray::from_iter((from..from + rows).map(known));
                    assert_eq!(filtered(&batch, &kept).unwrap(), filter_record_batch(&batch, &kept).unwrap());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_filter_over_lists_answers_as_one_over_their_lengths() {
        for (partitions, size) in [(1, 8192), (2, 16), (3, 100)] {
            let resources = Resources { partitions: NonZero::new(partitions), ..Resources::default() };
            let context = engine::context(resources, engine::runtime(resources).unwrap()).unwrap();
            let set = |name, value: usize| {
                context.state_ref().write().config_mut().options_mut().set(name, &value.to_string()).unwrap();
            };
            set("datafusion.execution.batch_size", size);
            context.register_batch("deals", deals(1000)).unwrap();
            let asked = |within: &str| {
                format!(
                    "SELECT count(*) AS deals, sum(array_length(entries)) AS entries, count(touch_at) AS touched, \
                     sum(array_length(touch_at)) AS touches FROM {within}"
                )
            };
            // what reads lists and lets some rows through, and the same by numbers alone
            let ours = asked(
                "(SELECT entries, touch_at FROM deals WHERE manager > 'manager 3' AND array_length(entries) > 1)",
            );
            let plan = context.sql(&ours).await.unwrap().create_physical_plan().await.unwrap();
            let plan = displayable(plan.as_ref()).indent(false).to_string();
            assert!(plan.contains("ListFilterExec instead of FilterExec"), "{plan}");
            let theirs = "SELECT count(*) AS deals, sum(entries) AS entries, count(touches) AS touched, sum(touches) AS touches \
                          FROM (SELECT manager, array_length(entries) AS entries, \
                          CASE WHEN touch_at IS NOT NULL THEN coalesce(array_length(touch_at), 0) END AS touches FROM deals) \
                          WHERE manager > 'manager 3' AND entries > 1";
            let mut answers = Vec::new();
            for sql in [ours.as_str(), theirs] {
                let rows = context.sql(sql).await.unwrap().collect().await.unwrap();
                answers.push(pretty_format_batches(&rows).unwrap().to_string());
            }
            assert_eq!(answers[0], answers[1]);
        }
    }
}
