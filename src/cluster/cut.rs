//! How the scheduler will cut a plan into stages, looked at before the plan is sent. A stage knows of its input only what a shuffle tells: the
//! columns, and by which of them rows were sent to which part. A plan that was right as a whole may not be right when it is cut: an order, a
//! constant or an equality of columns that an operator relied on is known no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use ballista_core::JobId;
use ballista_core::execution_plans::{ShuffleWriterExec, UnresolvedShuffleExec};
use ballista_scheduler::planner::{DefaultDistributedPlanner, DistributedPlanner as _};
use datafusion::config::{ConfigOptions, OptimizerOptions};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_optimizer::sanity_checker::check_plan_sanity;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::ExecutionPlanProperties as _;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion_proto::physical_plan::AsExecutionPlan as _;
use datafusion_proto::protobuf::PhysicalPlanNode;

use super::build::Build;
use super::codec::Codec;
use super::folder::Folders;
use super::losses::Losses;
use super::nested::NestedExec;
use super::nodes;
use crate::model::lang::{Text, both};

/// A scheduler that only looks: it reads plans as one does, and cuts them as one does.
pub(super) struct Cutter {
    state: SessionState,
    codec: Codec,
}

impl Cutter {
    /// A scheduler of this build.
    pub fn new() -> Result<Cutter> {
        let names = RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(Folders::named_only())).build_arc()?;
        let state = nodes::state(super::settings::of_node(None), names)?;
        Ok(Cutter { state, codec: Codec::of_node(Build::own(), Losses::default()) })
    }

    /// Why a plan that was sent would not be computed right, with the settings of its job. `None`: it would.
    pub fn refused(&self, sent: &PhysicalPlanNode, job: &ConfigOptions) -> Result<Option<Text>> {
        let plan = sent.try_into_physical_plan(&self.state.task_ctx(), &self.codec)?;
        // a scheduler takes this setting away
        let mut options = job.clone();
        options.optimizer.enable_round_robin_repartition = false;
        let stages =
            DefaultDistributedPlanner::new().plan_query_stages(&JobId::from("looked at".to_owned()), plan, &options);
        let stages = match stages {
            Ok(stages) => stages,
            Err(error) => {
                return Ok(Some(both!("его не разрезать на стадии: {error}", "it cannot be cut into stages: {error}")));
            }
        };
        let stages: BTreeMap<usize, Arc<dyn ExecutionPlan>> =
            stages.into_iter().map(|stage| (stage.stage_id(), stage as Arc<dyn ExecutionPlan>)).collect();
        for (number, plan) in &stages {
            if let Err(error) = is_right(plan, &stages, &options.optimizer) {
                let error = error.strip_backtrace();
                return Ok(Some(both!(
                    "его стадия {number} держится того, чего за обменом не знают: {error}",
                    "its stage {number} relies on what is not known after an exchange: {error}"
                )));
            }
            if repartitions(plan) {
                return Ok(Some(both!(
                    "в его стадии {number} строки перекладываются внутри задания, а у него только часть их",
                    "in its stage {number} rows are dealt out again within a task, which has but a part of them"
                )));
            }
            if let Err(error) = self.read(plan) {
                let error = error.strip_backtrace();
                return Ok(Some(both!(
                    "исполнитель не прочтёт его стадию {number}: {error}",
                    "an executor could not read its stage {number}: {error}"
                )));
            }
            if swaps(plan) {
                return Ok(Some(both!(
                    "его стадия {number} держится порядка после соединения, чьи стороны планировщик может поменять",
                    "its stage {number} relies on the order after a join whose sides the scheduler may change"
                )));
            }
        }
        Ok(None)
    }

    /// A stage as an executor reads it. Ballista's own operators write the columns by which rows are dealt out without our codec: a function of ours
    /// among them does not arrive.
    fn read(&self, stage: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let sent = PhysicalPlanNode::try_from_physical_plan(Arc::clone(stage), &self.codec)?;
        sent.try_into_physical_plan(&self.state.task_ctx(), &self.codec)
    }
}

/// Whether each operator has what it needs by what is known in its own stage: an order, and rows that belong together in one part.
fn is_right(
    plan: &Arc<dyn ExecutionPlan>,
    stages: &BTreeMap<usize, Arc<dyn ExecutionPlan>>,
    options: &OptimizerOptions,
) -> Result<()> {
    for child in plan.children() {
        is_right(child, stages, options)?;
    }
    match merged(plan, stages) {
        // each part that is merged was written by one task, as it was ordered there
        Some((merge, input)) if input.equivalence_properties().ordering_satisfy(merge.expr().clone())? => Ok(()),
        _ => check_plan_sanity(plan, options),
    }
}

/// Of an operator that merges what another stage wrote part by part: itself, and what was written.
fn merged<'plan>(
    plan: &'plan Arc<dyn ExecutionPlan>,
    stages: &'plan BTreeMap<usize, Arc<dyn ExecutionPlan>>,
) -> Option<(&'plan SortPreservingMergeExec, &'plan Arc<dyn ExecutionPlan>)> {
    let merge = plan.downcast_ref::<SortPreservingMergeExec>()?;
    let shuffle = merge.input().downcast_ref::<UnresolvedShuffleExec>().filter(|shuffle| !shuffle.broadcast)?;
    let writer = stages.get(&shuffle.stage_id).filter(|stage| stage.is::<ShuffleWriterExec>())?;
    Some((merge, writer.children().into_iter().next()?))
}

/// Whether rows are dealt out to parts within a stage.
fn repartitions(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<RepartitionExec>() || plan.children().into_iter().any(repartitions)
}

/// Whether something could rely on the order of a join: when its inputs are there, the scheduler may change its sides.
fn swaps(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let forgets = NestedExec::forgets(plan);
    plan.children().into_iter().any(|child| (!forgets && is_ordered_join(child)) || swaps(child))
}

/// Whether it is a join that says in which order its rows are.
pub(super) fn is_ordered_join(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let joins = plan.is::<HashJoinExec>() || plan.is::<NestedLoopJoinExec>() || plan.is::<CrossJoinExec>();
    joins && plan.output_ordering().is_some()
}
