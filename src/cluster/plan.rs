//! A plan made fit for the cluster: tasks share no memory, and files are found by addresses that every node understands.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};

use super::{folder, nested};
use crate::model::lang::{Text, both};
use crate::session::tables::ADDRESS;

/// Rows in memory go with the plan; more bytes than this do not.
const MOST: usize = 64 << 20;

/// A plan that the cluster runs, or why it cannot.
pub(super) type Fit = Result<Arc<dyn ExecutionPlan>, Text>;

/// The plan as the cluster runs it. `store` is the folder in which the store lies.
pub(super) fn fit(plan: &Arc<dyn ExecutionPlan>, store: Option<&Path>) -> Result<Fit> {
    if let Some(why) = refused(plan) {
        return Ok(Err(why));
    }
    let plan = Arc::clone(plan).transform_up(|plan| {
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

/// Why a plan does not go to the cluster.
fn refused(plan: &Arc<dyn ExecutionPlan>) -> Option<Text> {
    if let Some(repartition) = plan.downcast_ref::<RepartitionExec>()
        && repartition.preserve_order()
    {
        // rows that come from several machines come in any order
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
    let children = vec![Arc::clone(join.left()), right];
    let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Ok(Some(Arc::clone(plan).replace_children(children, anew)?))
}
