//! A plan made fit for the cluster: tasks share no memory, and files are found by addresses that every node understands.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule as _;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::output_requirements::OutputRequirements;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};

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
    // what no longer is in order is sorted where order is needed
    for _ in 0..ROUNDS {
        if !relies_on_order(&plan) {
            break;
        }
        // the order that the whole plan is to give is held while sorts are moved
        plan = OutputRequirements::new_add_mode().optimize(without_order(plan)?, options)?;
        plan = EnsureRequirements::default().optimize(plan, options)?;
        plan = OutputRequirements::new_remove_mode().optimize(plan, options)?;
    }
    if let Some(why) = refused(&plan) {
        return Ok(Err(why));
    }
    let plan = plan.transform_up(|plan| {
        if let Some(addressed) = addressed(&plan, store)? {
            return Ok(Transformed::yes(addressed));
        }
        match whole_right(&plan)? {
            Some(whole) => Ok(Transformed::yes(whole)),
            None => Ok(Transformed::no(plan)),
        }
    });
    Ok(Ok(nested::nest(plan.data()?)?))
}

/// Sorting anew may move what is joined and repartitioned so often; then the plan stays here.
const ROUNDS: usize = 3;

/// Whether an operator hands on its rows in an order that is another on several machines: what is repartitioned comes from many, and of a
/// join the scheduler may change the sides.
fn is_out_of_order(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mixes = plan.is::<RepartitionExec>()
        || plan.is::<HashJoinExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>();
    mixes && plan.output_ordering().is_some()
}

/// Whether any operator could rely on such an order.
fn relies_on_order(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let forgets = NestedExec::is_without_order(plan);
    plan.children().into_iter().any(|child| (!forgets && is_out_of_order(child)) || relies_on_order(child))
}

/// The same plan, in which nobody knows of such an order.
fn without_order(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        match is_out_of_order(&plan) {
            // a repartition above another would be taken for a needless one: what it reads is in no order
            true if plan.is::<RepartitionExec>() => {
                let inputs = plan.children().into_iter().map(|input| {
                    Arc::new(NestedExec::over(Arc::clone(input), Says::NoOrder)) as Arc<dyn ExecutionPlan>
                });
                let inputs = inputs.collect();
                let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
                Ok(Transformed::yes(plan.replace_children(inputs, anew)?))
            }
            true => Ok(Transformed::yes(Arc::new(NestedExec::over(plan, Says::NoOrder)) as Arc<dyn ExecutionPlan>)),
            false => Ok(Transformed::no(plan)),
        }
    })
    .data()
}

/// Why a plan does not go to the cluster.
fn refused(plan: &Arc<dyn ExecutionPlan>) -> Option<Text> {
    let preserves = plan.downcast_ref::<RepartitionExec>().is_some_and(RepartitionExec::preserve_order);
    if preserves || relies_on_order(plan) {
        return Some(Text::new(
            "план держится порядка строк между машинами",
            "the plan relies on the order of rows between machines",
        ));
    }
    let is_window = plan.is::<WindowAggExec>() || plan.is::<BoundedWindowAggExec>();
    if is_window && plan.required_input_ordering().iter().any(Option::is_some) {
        // found by the tests: a stage of Ballista 55 may give a window its rows in another order, and the answer is wrong
        return Some(Text::new(
            "в нём оконная функция, а её строки на кластере могут прийти не в том порядке",
            "it has a window function, whose rows may come in a wrong order on a cluster",
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
