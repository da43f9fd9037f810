//! The held side of a nested loop join is read once.
//!
//! Where it does not fit into memory, DataFusion 55 reads it a second time from the same operators, to write it to the disk. Operators that hand on a
//! stream once have nothing left by then, and the join finds no rows: the events of `a.at < b.at AND b.at < c.at` were counted as 0, or the
//! engine panicked (apache/datafusion#24676, mended after 55.2). Here the second reading is the error that the first one ended with: too little memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, resources_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::NestedLoopJoinExec;

use super::passing::{Passes, PassingExec};

/// The rule that puts the operator below the held side of each nested loop join.
#[derive(Debug)]
pub(super) struct HeldOnce;

impl PhysicalOptimizerRule for HeldOnce {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() else { return Ok(Transformed::no(plan)) };
            let held = PassingExec::above(join.left(), Arc::new(Once::default()));
            let sides = vec![held, Arc::clone(join.right())];
            let same = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
            Ok(Transformed::yes(plan.replace_children(sides, same)?))
        })
        .data()
    }

    fn name(&self) -> &str {
        "hold_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What hands on its rows once.
#[derive(Debug, Default)]
struct Once {
    is_read: AtomicBool,
}

impl Passes for Once {
    fn name(&self) -> &'static str {
        "OnceExec"
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if self.is_read.swap(true, Ordering::Relaxed) {
            return resources_err!("a nested loop join holds one side, and it does not fit into the memory there is");
        }
        input.execute(partition, context)
    }

    fn anew(&self) -> Arc<dyn Passes> {
        Arc::new(Once::default())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use datafusion::arrow::util::pretty::pretty_format_batches;

    use crate::session::engine::{Resources, context, runtime};
    use crate::session::running::is_short_of_memory;

    #[tokio::test]
    async fn what_does_not_fit_is_an_error_and_not_less() {
        let numbers = "(SELECT value AS n FROM generate_series(1, 30000))";
        let few = "(SELECT value AS n FROM generate_series(1, 3))";
        let fits = format!("SELECT count(*) AS n FROM {numbers} AS a JOIN {few} AS b ON a.n < b.n");
        let held = format!("(SELECT b.n FROM {numbers} AS a JOIN {numbers} AS b ON a.n < b.n)");
        let fits_not = format!("SELECT count(*) AS n FROM {held} AS c JOIN {numbers} AS d ON c.n < d.n");
        for partitions in [1, 2] {
            let resources =
                Resources { memory: Some(8 << 20), partitions: NonZero::new(partitions), ..Resources::default() };
            let context = context(resources, runtime(resources).unwrap()).unwrap();
            let rows = context.sql(&fits).await.unwrap().collect().await.unwrap();
            assert!(pretty_format_batches(&rows).unwrap().to_string().contains("| 3 |"));
            let error = context.sql(&fits_not).await.unwrap().collect().await.unwrap_err();
            assert!(is_short_of_memory(&error), "{partitions}: {error}");
        }
    }
}
