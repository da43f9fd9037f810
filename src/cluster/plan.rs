//! A plan made fit for the cluster: tasks share no memory, and files are found by addresses that every node understands.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{NullTreatment, WindowFunctionParams};
use datafusion::logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition};
use datafusion::physical_optimizer::PhysicalOptimizerRule as _;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::output_requirements::OutputRequirements;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};

use super::cut::is_ordered_join;
use super::nested::{NestedExec, Says};
use super::{folder, nested};
use crate::model::lang::{Text, both};
use crate::session::tables::ADDRESS;

/// Rows in memory go with the plan; more bytes than this do not.
const MOST: usize = 64 << 20;

/// A plan that the cluster runs, or why it cannot.
pub(super) type Fit = Result<Arc<dyn ExecutionPlan>, Text>;

/// The plan as the cluster runs it. `store` is the folder in which the store lies.
pub(super) fn fit(plan: &Arc<dyn ExecutionPlan>, store: Option<&Path>, options: &ConfigOptions) -> Result<Fit> {
    let mut plan = Arc::clone(plan);
    // of one part there is nothing to cut, and each stage would cost its time
    let is_uncut = options.execution.target_partitions == 1 && plan.output_partitioning().partition_count() == 1;
    // what is no longer known is made so where it is needed: rows are sorted, or dealt out anew
    for _ in 0..ROUNDS {
        if is_uncut || !knows_too_much(&plan) {
            break;
        }
        // the order that the whole plan is to give is held while sorts are moved
        plan = OutputRequirements::new_add_mode().optimize(forgetful(plan)?, options)?;
        plan = EnsureRequirements::default().optimize(plan, options)?;
        plan = OutputRequirements::new_remove_mode().optimize(plan, options)?;
    }
    if let Some(why) = refused(&plan) {
        return Ok(Err(why));
    }
    let plan = plan.transform_up(|plan| {
        if let Some(other) = addressed(&plan, store)?.or(rowless(&plan)?) {
            return Ok(Transformed::yes(other));
        }
        match whole_right(&plan)? {
            Some(whole) if !is_uncut => Ok(Transformed::yes(whole)),
            _ => Ok(Transformed::no(plan)),
        }
    });
    let plan = nested::nest(plan.data()?)?;
    Ok(Ok(match is_uncut {
        true => Arc::new(NestedExec::over(plan, Says::Uncut)),
        false => plan,
    }))
}

/// Sorting anew may move what is joined and dealt out so often; what is still wrong then is found when the plan is cut.
const ROUNDS: usize = 3;

/// Whether rows come out of it through an exchange between machines.
fn is_exchange(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<RepartitionExec>() || plan.is::<CoalescePartitionsExec>()
}

/// Whether more is known of its rows than their columns: an order, a constant, columns that are equal.
fn is_known(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let known = plan.equivalence_properties();
    !known.oeq_class().is_empty() || !known.eq_group().is_empty()
}

/// Whether an operator could rely on what is not known any more when the plan is cut.
fn knows_too_much(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let forgets = NestedExec::forgets(plan);
    plan.children().into_iter().any(|child| {
        (is_exchange(plan) && is_known(child)) || (!forgets && is_ordered_join(child)) || knows_too_much(child)
    })
}

/// The same plan, in which nobody knows it: what goes into an exchange forgets, and the order of a join is forgotten.
fn forgetful(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let forget = |plan| Arc::new(NestedExec::over(plan, Says::Nothing)) as Arc<dyn ExecutionPlan>;
    plan.transform_up(|plan| {
        if is_exchange(&plan) && plan.children().into_iter().any(is_known) {
            // not above: an exchange above another would be taken for a needless one
            let inputs = plan.children().into_iter().map(|input| forget(Arc::clone(input))).collect();
            let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
            return Ok(Transformed::yes(plan.replace_children(inputs, anew)?));
        }
        match is_ordered_join(&plan) {
            true => Ok(Transformed::yes(forget(plan))),
            false => Ok(Transformed::no(plan)),
        }
    })
    .data()
}

/// Why a query does not go to the cluster, whatever its plan: two things are lost when a window function is sent (datafusion-proto 55), its
/// `FILTER (WHERE …)` and its `IGNORE NULLS`.
pub(super) fn lost(logical: &LogicalPlan) -> Result<Option<Text>> {
    let mut is_lost = false;
    logical.apply_with_subqueries(|node| {
        node.apply_expressions(|whole| {
            whole.apply(|part| {
                if let Expr::WindowFunction(window) = part {
                    let WindowFunctionParams { filter, null_treatment, .. } = &window.params;
                    let ignores = *null_treatment == Some(NullTreatment::IgnoreNulls);
                    is_lost |=
                        filter.is_some() || ignores && matches!(window.fun, WindowFunctionDefinition::WindowUDF(_));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(is_lost.then(|| {
        Text::new(
            "FILTER и IGNORE NULLS оконной функции теряются по дороге",
            "FILTER and IGNORE NULLS of a window function are lost on the way",
        )
    }))
}

/// Why a plan does not go to the cluster.
fn refused(plan: &Arc<dyn ExecutionPlan>) -> Option<Text> {
    let preserves = plan.downcast_ref::<RepartitionExec>().is_some_and(RepartitionExec::preserve_order);
    if preserves {
        return Some(Text::new(
            "план держится порядка строк между машинами",
            "the plan relies on the order of rows between machines",
        ));
    }
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>()
        && let Some(rows) = scan.data_source().downcast_ref::<MemorySourceConfig>()
    {
        let bytes: usize = rows.partitions().iter().flatten().map(|batch| batch.get_array_memory_size()).sum();
        if bytes > MOST {
            return Some(both!(
                "с планом пришлось бы послать {} МБ строк, а посылается до {}",
                "{} MB of rows would have to go with the plan, and at most {} go",
                bytes >> 20,
                MOST >> 20
            ));
        }
    }
    plan.children().into_iter().find_map(refused)
}

/// A scan of the store, with an address that carries the store's folder. `None` if it is something else.
fn addressed(plan: &Arc<dyn ExecutionPlan>, store: Option<&Path>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let scan = plan.downcast_ref::<DataSourceExec>();
    let files = scan.and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>());
    let (Some(files), Some(store)) = (files, store) else { return Ok(None) };
    if files.object_store_url.as_str() != ADDRESS {
        return Ok(None);
    }
    let mut files = files.clone();
    files.object_store_url = folder::address(store)?;
    Ok(Some(DataSourceExec::from_data_source(files)))
}

/// What reads nothing, as rows in memory: none, or one. A task of a union gets some of its parts, and Ballista 55 loses rows or never ends
/// where another branch of the union is an operator that makes its rows of nothing.
fn rowless(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let schema = plan.schema();
    let rows = match () {
        () if plan.is::<EmptyExec>() => RecordBatch::new_empty(Arc::clone(&schema)),
        () if plan.is::<PlaceholderRowExec>() => {
            // nobody reads its values
            let any = |field: &FieldRef| match field.is_nullable() {
                true => Ok(new_null_array(field.data_type(), 1)),
                false => ScalarValue::new_default(field.data_type())?.to_array(),
            };
            let values = schema.fields().iter().map(any).collect::<Result<_>>()?;
            let one = RecordBatchOptions::new().with_row_count(Some(1));
            RecordBatch::try_new_with_options(Arc::clone(&schema), values, &one)?
        }
        () => return Ok(None),
    };
    let parts = vec![vec![rows]; plan.output_partitioning().partition_count()];
    Ok(Some(DataSourceExec::from_data_source(MemorySourceConfig::try_new(&parts, schema, None)?)))
}

/// A join in a loop that tells which rows of its left side found no other has to see the whole right side: each task would tell of its own part.
fn whole_right(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() else { return Ok(None) };
    let is_told_by_the_right = matches!(
        join.join_type(),
        JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark
    );
    if is_told_by_the_right || join.right().output_partitioning().partition_count() == 1 {
        return Ok(None);
    }
    let right: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(Arc::clone(join.right())));
    // a join does not say that it needs it whole, and the scheduler would take it apart again
    let right: Arc<dyn ExecutionPlan> = Arc::new(NestedExec::over(right, Says::Whole));
    let children = vec![Arc::clone(join.left()), right];
    let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Ok(Some(Arc::clone(plan).replace_children(children, anew)?))
}
