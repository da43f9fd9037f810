//! A plan within a plan, as bytes: what reads plans that were sent goes a hundred levels deep and no deeper, and a metric's plan is deeper.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::proto::ExecutionPlanEncodeCtx;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, PhysicalExpr, PlanProperties,
};
use datafusion_proto::physical_plan::AsExecutionPlan as _;
use datafusion_proto::protobuf::physical_plan_node::PhysicalPlanType;
use datafusion_proto::protobuf::{PhysicalExtensionNode, PhysicalPlanNode};

use super::piece;

/// After so many operators the next begins a message of its own.
const DEEP: usize = 6;

/// What the operator says of the rows of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// All that its input says.
    All,
    /// Nothing of their order, nor which columns are constant or equal: after an exchange nobody knows it.
    Nothing,
    /// That it needs all of them in one partition.
    Whole,
    /// That one task computes all of it: nobody who cuts plans sees what is below.
    Uncut,
}

impl Says {
    /// All of them.
    pub const EACH: [Says; 4] = [Says::All, Says::Nothing, Says::Whole, Says::Uncut];

    /// As it is sent.
    pub const fn kind(self) -> piece::Kind {
        match self {
            Says::All => piece::Kind::Nested,
            Says::Nothing => piece::Kind::Forgets,
            Says::Whole => piece::Kind::Whole,
            Says::Uncut => piece::Kind::Uncut,
        }
    }
}

/// The operator: the rows of its input, which is sent as bytes.
#[derive(Debug)]
pub(super) struct NestedExec {
    input: Arc<dyn ExecutionPlan>,
    says: Says,
    properties: Arc<PlanProperties>,
}

impl NestedExec {
    /// Over this input.
    pub fn over(input: Arc<dyn ExecutionPlan>, says: Says) -> NestedExec {
        let properties = match says {
            Says::All | Says::Whole | Says::Uncut => Arc::clone(input.properties()),
            Says::Nothing => Arc::new(PlanProperties::new(
                EquivalenceProperties::new(input.schema()),
                input.output_partitioning().clone(),
                input.pipeline_behavior(),
                input.boundedness(),
            )),
        };
        NestedExec { input, says, properties }
    }

    /// Whether it is one that forgets what its input knows.
    pub fn forgets(plan: &Arc<dyn ExecutionPlan>) -> bool {
        plan.downcast_ref::<NestedExec>().is_some_and(|nested| nested.says == Says::Nothing)
    }
}

/// The same plan, nested where it is deep. Only above operators that no planner looks for below another.
pub(super) fn nest(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        let may_nest = plan.is::<ProjectionExec>() || plan.is::<FilterExec>();
        match may_nest && depth(&plan) > DEEP {
            true => Ok(Transformed::yes(Arc::new(NestedExec::over(plan, Says::All)) as Arc<dyn ExecutionPlan>)),
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
        write!(f, "NestedExec: {:?}", self.says)
    }
}

impl ExecutionPlan for NestedExec {
    fn name(&self) -> &str {
        "NestedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        match self.says {
            Says::Uncut => Vec::new(),
            Says::All | Says::Nothing | Says::Whole => vec![&self.input],
        }
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.children().iter().map(|_| self.says != Says::Nothing).collect()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        match self.says {
            Says::Uncut => Vec::new(),
            Says::Whole => vec![Distribution::SinglePartition],
            Says::All | Says::Nothing => vec![Distribution::UnspecifiedDistribution],
        }
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        self.children().iter().map(|_| false).collect()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match children.into_iter().next() {
            Some(input) => Arc::new(NestedExec::over(input, self.says)),
            None => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn try_to_proto(&self, context: &ExecutionPlanEncodeCtx<'_>) -> Result<Option<PhysicalPlanNode>> {
        let mut node = piece::head(self.says.kind());
        let begins = node.len();
        context.encode_child(&self.input)?.try_encode(&mut node)?;
        // what is too deep even so is found here, and not by the node that reads it
        PhysicalPlanNode::try_decode(&node[begins..])?;
        let node = PhysicalExtensionNode { node, inputs: Vec::new() };
        Ok(Some(PhysicalPlanNode { physical_plan_type: Some(PhysicalPlanType::Extension(node)) }))
    }
}
