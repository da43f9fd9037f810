//! An aggregate without groups that keeps its rows is made in one step.
//!
//! The engine makes every aggregate in two: a partial one for each partition, and a final one of what those hand on. Where the partial one is a
//! sum, the second step is nothing. Where it is the list of all rows (`forecast`, `median`), the rows are held three times: in the partial
//! aggregates, in what they hand on, and in the final one. Here the partitions are brought together before.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;

/// The rule. It comes behind all that give plans their partitions.
#[derive(Debug)]
pub(super) struct OneStep;

impl PhysicalOptimizerRule for OneStep {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match plan.downcast_ref::<AggregateExec>().map(joined).transpose()?.flatten() {
                Some(joined) => Transformed::yes(joined),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "aggregate_in_one_step"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The two steps of an aggregate as one, where both are without groups and rows are kept.
fn joined(last: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let is_alone = |aggregate: &AggregateExec| aggregate.group_expr().is_true_no_grouping();
    let together = last.input().downcast_ref::<CoalescePartitionsExec>();
    let Some(first) = together.and_then(|together| together.input().downcast_ref::<AggregateExec>()) else {
        return Ok(None);
    };
    let in_two = *last.mode() == AggregateMode::Final && *first.mode() == AggregateMode::Partial;
    if !in_two || !is_alone(last) || !is_alone(first) || !keeps_rows(first)? {
        return Ok(None);
    }
    let input = Arc::new(CoalescePartitionsExec::new(Arc::clone(first.input())));
    let (functions, filters) = (first.aggr_expr().to_vec(), first.filter_expr().to_vec());
    let group_by = first.group_expr().clone();
    let schema = first.input_schema();
    Ok(Some(Arc::new(AggregateExec::try_new(AggregateMode::Single, group_by, functions, filters, input, schema)?)))
}

/// Whether one of the functions hands on a list of its rows, and none asks for an order of them. Of distinct values and of what is only
/// approximate the list is short.
fn keeps_rows(aggregate: &AggregateExec) -> Result<bool> {
    let mut keeps = false;
    for function in aggregate.aggr_expr() {
        let is_short = function.is_distinct() || function.fun().name().starts_with("approx_");
        let is_list = |field: &FieldRef| matches!(field.data_type(), DataType::List(_));
        keeps |= !is_short && function.state_fields()?.iter().any(is_list);
    }
    Ok(keeps && aggregate.aggr_expr().iter().all(|function| function.order_bys().is_empty()))
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::SessionConfig;

    use super::super::engine::{Resources, context, runtime};

    #[tokio::test]
    async fn rows_that_are_kept_are_kept_once() {
        let resources = Resources { partitions: std::num::NonZero::new(4), ..Resources::default() };
        let context = context(resources, runtime(resources).unwrap()).unwrap();
        let plain =
            datafusion::prelude::SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4));
        let numbers = "(SELECT value AS n FROM generate_series(1, 50000))";
        for (aggregate, in_one) in [
            ("median(n) AS middle, count(*) AS rows", true),
            ("median(n) FILTER (WHERE n % 3 = 0) AS middle, sum(n) AS total", true),
            ("count(*) AS rows, sum(n) AS total", false),
            ("count(DISTINCT n % 7) AS kinds, count(*) AS rows", false),
            ("approx_median(n) > 20000 AS is_high", false),
        ] {
            let sql = format!("SELECT {aggregate} FROM {numbers}");
            let frame = context.sql(&sql).await.unwrap();
            let plan = frame.clone().create_physical_plan().await.unwrap();
            let told = displayable(plan.as_ref()).indent(true).to_string();
            assert_eq!(told.contains("mode=Single"), in_one, "{told}");
            let shown = |batches: &[_]| pretty_format_batches(batches).unwrap().to_string();
            let expected = plain.sql(&sql).await.unwrap().collect().await.unwrap();
            assert_eq!(shown(&frame.collect().await.unwrap()), shown(&expected), "{sql}");
        }
        // groups are dealt out to partitions, so that each row is kept by one of them
        let sql = format!("SELECT n % 5 AS part, median(n) AS middle FROM {numbers} GROUP BY n % 5");
        let plan = context.sql(&sql).await.unwrap().create_physical_plan().await.unwrap();
        assert!(displayable(plan.as_ref()).indent(true).to_string().contains("mode=Partial"));
    }
}
