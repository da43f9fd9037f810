//! An operator that hands on the rows of its input, in their order and partitions: what it does beside that, a [`Passes`] says.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};

/// What the operator does.
pub(super) trait Passes: fmt::Debug + Send + Sync {
    /// The operator's name in a plan.
    fn name(&self) -> &'static str;

    /// The rows of a partition of the input.
    ///
    /// # Errors
    /// Those of the input; its own.
    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream>;

    /// The same for another input, as if nothing was executed yet.
    fn anew(&self) -> Arc<dyn Passes>;
}

/// The operator.
#[derive(Debug)]
pub(super) struct PassingExec {
    input: Arc<dyn ExecutionPlan>,
    passes: Arc<dyn Passes>,
}

impl PassingExec {
    /// Above this input.
    pub(super) fn above(input: &Arc<dyn ExecutionPlan>, passes: Arc<dyn Passes>) -> Arc<dyn ExecutionPlan> {
        Arc::new(PassingExec { input: Arc::clone(input), passes })
    }
}

impl DisplayAs for PassingExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.passes.name())
    }
}

impl ExecutionPlan for PassingExec {
    fn name(&self) -> &str {
        self.passes.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match children.first() {
            Some(input) => PassingExec::above(input, self.passes.anew()),
            None => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.passes.execute(&self.input, partition, context)
    }
}
