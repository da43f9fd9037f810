//! A plan within a plan, as bytes: what reads plans that were sent goes a hundred levels deep and no deeper, and a metric's plan is deeper.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::proto::ExecutionPlanEncodeCtx;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use datafusion_proto::physical_plan::AsExecutionPlan as _;
use datafusion_proto::protobuf::physical_plan_node::PhysicalPlanType;
use datafusion_proto::protobuf::{PhysicalExtensionNode, PhysicalPlanNode};

use super::codec;

/// After so many operators the next begins a message of its own.
const DEEP: usize = 6;

/// The operator: the rows of its input, which is sent as bytes.
#[derive(Debug)]
pub(super) struct NestedExec {
    input: Arc<dyn ExecutionPlan>,
}

impl NestedExec {
    /// Over this input.
    pub fn over(input: Arc<dyn ExecutionPlan>) -> NestedExec {
        NestedExec { input }
    }
}

/// The same plan, nested where it is deep. Only above operators that no planner looks for below another.
pub(super) fn nest(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        let may_nest = plan.is::<ProjectionExec>() || plan.is::<FilterExec>();
        match may_nest && depth(&plan) > DEEP {
            true => Ok(Transformed::yes(Arc::new(NestedExec::over(plan)) as Arc<dyn ExecutionPlan>)),
            false => Ok(Transformed::no(plan)),
        }
    })
    .map(|nested| nested.data)
}

/// How many operators lie on one another, down to the next nested plan.
fn depth(plan: &Arc<dyn ExecutionPlan>) -> usize {
    if plan.is::<NestedExec>() {
        return 0;
    }
    1 + plan.children().into_iter().map(depth).max().unwrap_or(0)
}

impl DisplayAs for NestedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NestedExec")
    }
}

impl ExecutionPlan for NestedExec {
    fn name(&self) -> &str {
        "NestedExec"
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

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match children.into_iter().next() {
            Some(input) => Arc::new(NestedExec { input }),
            None => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn try_to_proto(&self, context: &ExecutionPlanEncodeCtx<'_>) -> Result<Option<PhysicalPlanNode>> {
        let mut node = codec::head(codec::Kind::Nested);
        let begins = node.len();
        context.encode_child(&self.input)?.try_encode(&mut node)?;
        // what is too deep even so is found here, and not by the node that reads it
        PhysicalPlanNode::try_decode(&node[begins..])?;
        let node = PhysicalExtensionNode { node, inputs: Vec::new() };
        Ok(Some(PhysicalPlanNode { physical_plan_type: Some(PhysicalPlanType::Extension(node)) }))
    }
}
