//! Runs a plan, and once more with joins that sort where the memory limit refuses it.
//!
//! The engine's hash join holds one side in memory and cannot spill: of ten million clients none fits into 2 GiB. A merge join needs both sides in the
//! order of the key, and sorts spill. It takes longer, so it comes second.

use std::sync::Arc;
use std::time::Duration;

use arrow::compute::SortOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SessionState, SessionStateBuilder, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;

use super::room::Room;
use super::small_side;
use super::turns::Turns;
use crate::model::timings;

/// Whether an error says that the memory limit was reached.
pub(crate) fn is_short_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// Plans a frame and runs the plan. Where it gets too little memory, it is planned with merge joins and run again; what runs elsewhere is not.
///
/// # Errors
/// Those of the last run.
pub(crate) async fn run<T, F: Future<Output = Result<T>>>(
    frame: DataFrame,
    run: impl Fn(Arc<dyn ExecutionPlan>, Arc<TaskContext>) -> F,
) -> Result<T> {
    let (state, logical) = frame.into_parts();
    let attempt = async |state: &SessionState| {
        let planned = timings::begin();
        // the types are settled in the physical plan, not before
        let plan = state.create_physical_plan(&logical).await?;
        timings::end(planned, || "plan queries".to_owned(), None);
        let turn = Turns::next(state).await?;
        let result = run(Arc::clone(&plan), state.task_ctx()).await?;
        drop(turn);
        if timings::is_asked() {
            tell_operators(plan.as_ref());
        }
        Ok(result)
    };
    match attempt(&state).await {
        Err(error) if is_short_of_memory(&error) && Room::of(&state).may_spill() => {
            attempt(&with_merge_joins(state)).await
        }
        result => result,
    }
}

/// Each operator's own time on all threads.
fn tell_operators(plan: &dyn ExecutionPlan) {
    if let Some(metrics) = plan.metrics() {
        let took =
            metrics.elapsed_compute().and_then(|nanoseconds| u64::try_from(nanoseconds).ok()).unwrap_or_default();
        timings::add(format!("operator {}", plan.name()), Duration::from_nanos(took), metrics.output_rows());
    }
    plan.children().into_iter().for_each(|child| tell_operators(child.as_ref()));
}

/// The same state, whose plans have merge joins where neither side is small.
pub(super) fn with_merge_joins(state: SessionState) -> SessionState {
    let rules = small_side::followed_by(state.physical_optimizers(), Arc::new(MergeJoins));
    SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(rules).build()
}

/// The rule. It stands before those that see to order and distribution.
#[derive(Debug)]
struct MergeJoins;

impl PhysicalOptimizerRule for MergeJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match plan.downcast_ref::<HashJoinExec>().map(merged).transpose()?.flatten() {
                Some(merged) => Transformed::yes(merged),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "merge_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The merge join in the place of a hash join; `None` where the held side is small, or the join is one that only hashing can do.
fn merged(join: &HashJoinExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if join.null_aware || small_side::is_few(join.left().as_ref()) {
        return Ok(None);
    }
    let on = join.on().to_vec();
    let order = vec![SortOptions::default(); on.len()];
    let merged: Arc<dyn ExecutionPlan> = Arc::new(SortMergeJoinExec::try_new(
        Arc::clone(join.left()),
        Arc::clone(join.right()),
        on,
        join.filter().cloned(),
        *join.join_type(),
        order,
        join.null_equality(),
    )?);
    let Some(places) = join.projection.as_deref() else { return Ok(Some(merged)) };
    let schema = merged.schema();
    let columns = places.iter().map(|place| {
        let name = schema.field(*place).name();
        (Arc::new(Column::new(name, *place)) as _, name.clone())
    });
    Ok(Some(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), merged)?)))
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::{collect, displayable};
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::session::engine::{Resources, context, runtime};

    fn limited(memory: Option<usize>) -> SessionContext {
        let resources = Resources { memory, ..Resources::default() };
        context(resources, runtime(resources).unwrap()).unwrap()
    }

    /// `rows` numbers from 0 on, each tenth key being null, with a text beside.
    fn numbers(name: &str, rows: usize) -> String {
        format!(
            "(SELECT CASE WHEN n % 10 <> 3 THEN n END AS key, n % 7 AS part, repeat('{name}', 40) || n AS told \
             FROM (SELECT unnest(range(0, {rows})) AS n)) AS {name}"
        )
    }

    async fn rows(context: &SessionContext, sql: &str) -> Result<String> {
        let frame = context.sql(sql).await.unwrap();
        let rows = run(frame, async |plan, tasks| collect(plan, tasks).await).await?;
        Ok(pretty_format_batches(&rows).unwrap().to_string())
    }

    /// Every kind of join, with nulls among the keys, a condition beside them, and nulls that are equal.
    #[tokio::test]
    async fn a_merge_join_gives_the_rows_of_a_hash_join() {
        let (a, b) = (numbers("a", 30_000), numbers("b", 50_000));
        let told = "count(*), count(a.told), min(a.told), sum(a.key + a.part)";
        let mut queries = Vec::new();
        for kind in ["INNER", "LEFT", "RIGHT", "FULL"] {
            for on in [
                "a.key = b.key",
                "a.key = b.key AND a.part < b.part + a.key % 3",
                "a.key IS NOT DISTINCT FROM b.key + 7",
            ] {
                queries.push(format!("SELECT {told}, count(b.told), max(b.told) FROM {a} {kind} JOIN {b} ON {on}"));
            }
        }
        for exists in ["EXISTS", "NOT EXISTS"] {
            queries.push(format!("SELECT {told} FROM {a} WHERE {exists} (SELECT 1 FROM {b} WHERE b.key = a.key * 2)"));
        }
        let context = limited(None);
        for sql in queries {
            // equal nulls are each beside each: a few will do
            let sql = if sql.contains("DISTINCT") { sql.replace("0000", "00") } else { sql };
            let (state, logical) = context.sql(&sql).await.unwrap().into_parts();
            let hashed = state.create_physical_plan(&logical).await.unwrap();
            let state = with_merge_joins(state);
            let merged = state.create_physical_plan(&logical).await.unwrap();
            let [by_hash, by_merge] =
                [&hashed, &merged].map(|plan| displayable(plan.as_ref()).indent(false).to_string());
            assert!(by_hash.contains("HashJoinExec") && !by_merge.contains("HashJoinExec"), "{by_merge}");
            assert!(by_merge.contains("SortMergeJoin"), "{by_merge}");
            let [by_hash, by_merge] = [hashed, merged].map(|plan| collect(plan, state.task_ctx()));
            let [by_hash, by_merge] = [by_hash.await.unwrap(), by_merge.await.unwrap()];
            let shown = |rows: &[_]| pretty_format_batches(rows).unwrap().to_string();
            assert_eq!(shown(&by_merge), shown(&by_hash), "{sql}");
        }
    }

    #[tokio::test]
    async fn what_gets_too_little_memory_is_sorted_and_merged() {
        let (a, b) = (numbers("a", 1_500_000), numbers("b", 1_500_000));
        let sql = format!("SELECT count(*), min(a.told), max(b.told) FROM {a} INNER JOIN {b} ON a.key = b.key");
        let little = limited(Some(96 << 20));
        let plain = little.sql(&sql).await.unwrap().collect().await.unwrap_err();
        assert!(is_short_of_memory(&plain), "{plain}");
        assert_eq!(rows(&little, &sql).await.unwrap(), rows(&limited(None), &sql).await.unwrap());
        // and what does not run here is not run again
        little.state_ref().write().config_mut().set_extension(Room::without_disk());
        assert!(is_short_of_memory(&rows(&little, &sql).await.unwrap_err()));
    }
}
