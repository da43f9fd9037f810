//! Joins that can be cut off. A question is dropped between two of its steps, and a join may take minutes for one: a cross join makes
//! millions of batches out of one that it reads, and a join by a condition compares all rows that it holds with a batch before it hands
//! on the few that fit.
//!
//! So operators that make more than they read give way after each batch, and conditions of joins fail once their time is over.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arrow::datatypes::{FieldRef, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, exec_err};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PiecewiseMergeJoinExec, SortMergeJoinExec, SymmetricHashJoinExec,
};
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

/// The rule.
#[derive(Debug)]
pub(super) struct GiveWay {
    /// How long the condition of a join may be computed, from its first batch on.
    pub(super) limit: Duration,
}

impl GiveWay {
    fn within(&self, filter: &JoinFilter) -> JoinFilter {
        let within: Arc<dyn PhysicalExpr> =
            Arc::new(Within { condition: Arc::clone(filter.expression()), limit: self.limit, began: Arc::default() });
        JoinFilter::new(within, filter.column_indices().to_vec(), Arc::clone(filter.schema()))
    }

    /// The join, whose condition fails once its time is over.
    fn bounded(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>()
            && let Some(filter) = join.filter()
        {
            let projection = join.projection().as_ref().map(|columns| columns.to_vec());
            let (left, right) = (Arc::clone(join.left()), Arc::clone(join.right()));
            let filter = Some(self.within(filter));
            return Ok(Arc::new(NestedLoopJoinExec::try_new(left, right, filter, join.join_type(), projection)?));
        }
        if let Some(join) = plan.downcast_ref::<HashJoinExec>()
            && let Some(filter) = &join.filter
        {
            return join.builder().with_filter(Some(self.within(filter))).build_exec();
        }
        Ok(plan)
    }
}

impl PhysicalOptimizerRule for GiveWay {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match makes_more(&plan) {
            true => Ok(Transformed::yes(Arc::new(CooperativeExec::new(self.bounded(plan)?)) as Arc<dyn ExecutionPlan>)),
            false => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "give_way"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether an operator may make many batches out of one.
fn makes_more(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<CrossJoinExec>()
        || plan.is::<HashJoinExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<PiecewiseMergeJoinExec>()
        || plan.is::<SortMergeJoinExec>()
        || plan.is::<SymmetricHashJoinExec>()
        || plan.is::<UnnestExec>()
        || plan.is::<RecursiveQueryExec>()
}

/// A condition that fails once its time is over.
#[derive(Debug)]
struct Within {
    condition: Arc<dyn PhysicalExpr>,
    limit: Duration,
    began: Arc<OnceLock<Instant>>,
}

impl PartialEq for Within {
    fn eq(&self, other: &Within) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for Within {}

impl Hash for Within {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.condition)
    }
}

impl PhysicalExpr for Within {
    fn return_field(&self, schema: &Schema) -> Result<FieldRef> {
        self.condition.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.began.get_or_init(Instant::now).elapsed() > self.limit {
            return exec_err!("cut off: the condition of a join was computed for {} s", self.limit.as_secs());
        }
        self.condition.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let condition = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Within { condition, limit: self.limit, began: Arc::clone(&self.began) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}
