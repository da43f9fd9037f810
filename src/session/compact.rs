//! Batches that hold their own rows and no more: what is sorted, and the groups of an aggregate.
//!
//! The engine hands on slices of large buffers: the groups of an aggregate share the buffers of all groups, and texts that a join puts beside a
//! row stay in the buffers of the whole side that it holds. A sort, a join or a repartition that holds such batches counts for each the whole of its
//! buffers: a sort asked for 818 MB for one batch, in a process that had taken 444 MB.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MutableArrayData, make_array};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::passing::{Passes, PassingExec};

/// A column is copied where its buffers are so many times as large as its rows.
const FACTOR: usize = 4;
/// Fewer bytes are not worth a copy.
const SMALL: usize = 4096;

/// The rule that puts the operator above aggregates with groups, and below sorts.
#[derive(Debug)]
pub(super) struct CompactBatches;

impl PhysicalOptimizerRule for CompactBatches {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let has_groups = plan.downcast_ref::<AggregateExec>().is_some_and(|aggregate| {
                *aggregate.mode() != AggregateMode::Partial && !aggregate.group_expr().is_empty()
            });
            if has_groups {
                return Ok(Transformed::yes(PassingExec::above(&plan, Arc::new(Compact))));
            }
            match plan.downcast_ref::<SortExec>().map(SortExec::input) {
                Some(input) if input.name() != OPERATOR => {
                    let input = PassingExec::above(input, Arc::new(Compact));
                    let same = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
                    Ok(Transformed::yes(plan.replace_children(vec![input], same)?))
                }
                _ => Ok(Transformed::no(plan)),
            }
        })
        .data()
    }

    fn name(&self) -> &str {
        "compact_batches"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What hands on batches that hold their own rows.
#[derive(Debug)]
struct Compact;

const OPERATOR: &str = "CompactExec";

impl Passes for Compact {
    fn name(&self) -> &'static str {
        OPERATOR
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batches = input.execute(partition, context)?;
        let schema = batches.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches.map(|batch| compact(&batch?)))))
    }

    fn anew(&self) -> Arc<dyn Passes> {
        Arc::new(Compact)
    }
}

fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(own).collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// The column in buffers of its own, where the shared ones are much larger.
fn own(column: &ArrayRef) -> Result<ArrayRef> {
    let rows = column.len();
    let view = size_of::<u128>();
    let used = match column.data_type() {
        DataType::Utf8View => view * rows + column.as_string_view().total_buffer_bytes_used(),
        DataType::BinaryView => view * rows + column.as_binary_view().total_buffer_bytes_used(),
        _ => column.to_data().get_slice_memory_size()?,
    };
    // lists are few, and a copy of one would reserve as much as all of them
    if rows == 0 || column.data_type().is_nested() || column.get_array_memory_size() <= FACTOR * used.max(SMALL) {
        return Ok(Arc::clone(column));
    }
    let shared = column.to_data();
    let mut copy = MutableArrayData::new(vec![&shared], false, rows);
    copy.try_extend(0, 0, rows)?;
    let copied = make_array(copy.freeze());
    Ok(match copied.data_type() {
        DataType::Utf8View => Arc::new(copied.as_string_view().gc()),
        DataType::BinaryView => Arc::new(copied.as_binary_view().gc()),
        _ => copied,
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn a_slice_of_much_is_copied_and_equal() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..100_000).map(|n| (n % 7 > 0).then_some(n))));
        let names: ArrayRef = Arc::new(StringViewArray::from_iter(
            (0..100_000).map(|n| (n % 5 > 0).then(|| format!("the client number {n}"))),
        ));
        let whole = RecordBatch::try_from_iter([("n", numbers), ("name", names)]).unwrap();
        for (at, rows) in [(0, 1), (41, 100), (99_000, 1_000), (0, 100_000)] {
            let slice = whole.slice(at, rows);
            let own = compact(&slice).unwrap();
            assert_eq!(own, slice);
            let sizes: Vec<usize> = own.columns().iter().map(|column| column.get_array_memory_size()).collect();
            assert!(sizes.iter().all(|size| *size <= FACTOR * SMALL + rows * 100), "{rows} rows take {sizes:?}");
        }
    }
}
