//! Windows that hold all of their input, counted: the engine's operator asks no memory limit for the rows that it collects, so that
//! `sum(1) OVER ()` above a large join would take all there is.

use std::sync::Arc;

use arrow::array::Array as _;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use futures::StreamExt as _;

use super::passing::{Passes, PassingExec};

/// The rows are held as they came, and once more in one piece.
const TIMES: usize = 2;

/// The rule that puts the operator below windows that hold their input.
#[derive(Debug)]
pub(super) struct CountWindows;

impl PhysicalOptimizerRule for CountWindows {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match plan.downcast_ref::<WindowAggExec>().map(WindowAggExec::input) {
            Some(input) if input.name() != OPERATOR => {
                let input = PassingExec::above(input, Arc::new(Counted));
                let same = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
                Ok(Transformed::yes(plan.replace_children(vec![input], same)?))
            }
            _ => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "count_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What hands on its rows; the memory limit knows of them until the last is read.
#[derive(Debug)]
struct Counted;

const OPERATOR: &str = "CountedExec";

impl Passes for Counted {
    fn name(&self) -> &'static str {
        OPERATOR
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new("rows of a window").register(context.memory_pool());
        let batches = input.execute(partition, context)?;
        let schema = batches.schema();
        let counted = batches.map(move |batch| {
            let batch = batch?;
            memory.try_grow(TIMES * size(&batch)?)?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, counted)))
    }

    fn anew(&self) -> Arc<dyn Passes> {
        Arc::new(Counted)
    }
}

/// The bytes of the rows themselves, whatever buffers they lie in.
fn size(batch: &RecordBatch) -> Result<usize> {
    let sizes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size());
    Ok(sizes.sum::<std::result::Result<usize, _>>()?)
}
