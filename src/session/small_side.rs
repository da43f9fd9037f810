//! A join holds its left side in memory and reads its right side row by row, in as many partitions as there are. So the small side belongs to
//! the left: a regulation has ten stages, and a store a million deals.
//!
//! The engine swaps the sides where statistics tell it to, and behind a UNNEST, an aggregate or another join there are none: of
//! `deals CROSS JOIN rules` it holds the deals, in one partition, and makes a batch of one row of each. Here a side counts as small where
//! that can be proven: tables in memory, files of few rows, aggregates without groups, and what is made of them.
//!
//! The engine also compares what it takes to be left behind a filter, a fifth by default, with what columns take in their files, where a text that
//! recurs takes nothing: it held 4.6 million judgements beside 1.2 million deals. A side whose key is named [`HELD`] is the one that is held.

use std::sync::Arc;

use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

/// So many rows are few.
const FEW: usize = 10_000;

const NAME: &str = "small_side_first";

/// The name of the key of the side of a join that is to be held, whatever statistics say.
pub(super) const HELD: &str = "key of the held side";

/// The rules of the engine, with this one behind the one that swaps by statistics.
pub(super) fn rules(
    known: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>],
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    behind(known, "join_selection", Arc::new(SmallSideFirst))
}

/// Rules among which this one is, with another behind it.
pub(super) fn followed_by(
    known: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>],
    further: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    behind(known, NAME, further)
}

fn behind(
    known: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>],
    name: &str,
    further: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let follows = |rule: &Arc<dyn PhysicalOptimizerRule + Send + Sync>| {
        rule.name().eq_ignore_ascii_case(name).then(|| Arc::clone(&further))
    };
    known.iter().flat_map(|rule| [Some(Arc::clone(rule)), follows(rule)]).flatten().collect()
}

/// The rule.
#[derive(Debug)]
struct SmallSideFirst;

impl PhysicalOptimizerRule for SmallSideFirst {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match swapped(plan.as_ref())? {
                Some(swapped) => Transformed::yes(swapped),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        NAME
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The join with its sides changed, where the right one is to be held, or only the right one is small.
fn swapped(plan: &dyn ExecutionPlan) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let [left, right] = plan.children()[..] else { return Ok(None) };
    let is_join = plan.is::<CrossJoinExec>() || plan.is::<HashJoinExec>() || plan.is::<NestedLoopJoinExec>();
    if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && join.on().iter().any(|(_, key)| key.downcast_ref::<Column>().is_some_and(|key| key.name() == HELD))
    {
        return join.swap_inputs(*join.partition_mode()).map(Some);
    }
    if !is_join || is_few(left.as_ref()) || !is_few(right.as_ref()) {
        return Ok(None);
    }
    if let Some(join) = plan.downcast_ref::<CrossJoinExec>() {
        return join.swap_inputs().map(Some);
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && join.join_type().supports_swap()
        && !join.null_aware
    {
        return join.swap_inputs(PartitionMode::CollectLeft).map(Some);
    }
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>()
        && join.join_type().supports_swap()
    {
        return join.swap_inputs().map(Some);
    }
    Ok(None)
}

/// Whether a plan provably has few rows.
pub(super) fn is_few(plan: &dyn ExecutionPlan) -> bool {
    at_most(plan).is_some_and(|rows| rows <= FEW)
}

/// How many rows a plan has at most, where that is known for certain.
fn at_most(plan: &dyn ExecutionPlan) -> Option<usize> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>()
        && aggregate.group_expr().is_true_no_grouping()
    {
        return Some(1);
    }
    const KEEPING: [&str; 8] = [
        "ProjectionExec",
        "FilterExec",
        "SortExec",
        "CoalescePartitionsExec",
        "RepartitionExec",
        "BoundedWindowAggExec",
        "WindowAggExec",
        "AggregateExec",
    ];
    let children = plan.children();
    match &children[..] {
        [child] if KEEPING.contains(&plan.name()) => at_most(child.as_ref()),
        [left, right] if plan.is::<CrossJoinExec>() => at_most(left.as_ref())?.checked_mul(at_most(right.as_ref())?),
        _ if plan.name() == "UnionExec" => children.iter().map(|child| at_most(child.as_ref())).sum(),
        [] => match StatisticsContext::new().compute(plan, &StatisticsArgs::new()).ok()?.num_rows {
            Precision::Exact(rows) => Some(rows),
            // the engine calls the rows of the files so where a filter may leave some of them out
            Precision::Inexact(rows) if plan.is::<DataSourceExec>() => Some(rows),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::SessionContext;

    use super::HELD;
    use crate::session::engine::{Resources, context};

    const BIG: &str = "(SELECT deal, deal % 3 AS stage FROM (SELECT unnest(range(0, 30000)) AS deal)) AS deals";
    const SMALL: &str = "(VALUES (0, 'new'), (1, 'offer')) AS stages(id, title)";

    async fn plan(context: &SessionContext, sql: &str) -> String {
        let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        displayable(plan.as_ref()).indent(false).to_string()
    }

    async fn rows(context: &SessionContext, sql: &str) -> String {
        pretty_format_batches(&context.sql(sql).await.unwrap().collect().await.unwrap()).unwrap().to_string()
    }

    #[tokio::test]
    async fn the_small_side_is_held_and_the_answer_stays() {
        let (ours, theirs) = (context(Resources::default(), std::sync::Arc::default()).unwrap(), SessionContext::new());
        let joins = [
            ("CrossJoinExec", "CROSS JOIN (SELECT max(id) AS most FROM {small}) AS ends", "sum(deal + most)"),
            ("join_type=Right", "LEFT JOIN {small} ON deals.stage = stages.id", "count(title), sum(deal)"),
            ("NestedLoopJoinExec", "INNER JOIN {small} ON deals.stage > stages.id", "count(title), sum(deal)"),
        ];
        for (operator, join, counted) in joins {
            let sql = format!("SELECT {counted} FROM {BIG} {}", join.replace("{small}", SMALL));
            let plan = plan(&ours, &sql).await;
            let (at, unnested) =
                (plan.find(operator).unwrap_or_else(|| panic!("{plan}")), plan.find("UnnestExec").unwrap());
            let small = plan[at..].lines().nth(1).unwrap();
            assert!(at < unnested && !small.contains("Unnest"), "{plan}");
            let before_big = &plan[at..unnested];
            assert!(
                before_big.contains("DataSourceExec")
                    || before_big.contains("AggregateExec")
                    || before_big.contains("PlaceholderRow"),
                "{plan}"
            );
            assert_eq!(rows(&ours, &sql).await, rows(&theirs, &sql).await, "{sql}");
        }
    }

    #[tokio::test]
    async fn the_side_whose_key_says_so_is_held_and_the_answer_stays() {
        let (ours, theirs) = (context(Resources::default(), std::sync::Arc::default()).unwrap(), SessionContext::new());
        let deals = format!("(SELECT deal AS \"{HELD}\", stage FROM {BIG})");
        let sql =
            format!("SELECT count(held.stage), sum(id) FROM {SMALL} LEFT JOIN {deals} AS held ON id = held.\"{HELD}\"");
        let plan = plan(&ours, &sql).await;
        let join = &plan[plan.find("HashJoinExec").unwrap_or_else(|| panic!("{plan}"))..];
        let sides = ["UnnestExec", "DataSourceExec"].map(|side| join.find(side).unwrap_or_else(|| panic!("{plan}")));
        assert!(join.starts_with("HashJoinExec: mode=") && sides.is_sorted(), "{plan}");
        assert_eq!(rows(&ours, &sql).await, rows(&theirs, &sql).await);
    }
}
