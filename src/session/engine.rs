//! The engine as Voronka uses it: its settings, and the rules that are taken out and put in.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_optimizer::PhysicalOptimizerRule;

use super::error::SessionError;
use super::pool::SpillPool;
use super::room::Room;
use super::{
    bounded, coalesce, compact, held_once, inlined, list_filter, lists, one_step, running, small_side, windows,
};

/// What a session may use of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resources {
    /// Bytes for sorting, grouping and joining, before they spill to the disk. `None` for no limit.
    pub memory: Option<usize>,
    /// Number of partitions of a query that run at once. `None` for the number of cores.
    pub partitions: Option<NonZeroUsize>,
    /// Whether the questions are many and the data few, so that planning costs more than computing.
    pub are_small: bool,
    /// Whether it is asked as where memory is short, from the first: joins sort both sides, and what a metric keeps goes to the disk.
    pub is_tight: bool,
}

/// What a metric keeps of its own subqueries takes no more memory than this part of the limit.
pub(super) const KEPT: usize = 4;

/// And a sort keeps no more than this part of it for merging.
const MERGING: usize = 128;

/// The memory limit, and the caches of what is known of files.
pub(super) fn runtime(resources: Resources) -> Result<Arc<RuntimeEnv>, SessionError> {
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(bytes) = resources.memory {
        runtime = runtime.with_memory_pool(Arc::new(SpillPool::new(bytes)));
    }
    Ok(runtime.build_arc()?)
}

/// A context with these settings, our optimizer rules among the engine's.
pub(super) fn context(resources: Resources, runtime: Arc<RuntimeEnv>) -> Result<SessionContext, SessionError> {
    let mut config = SessionConfig::new().with_information_schema(true).with_collect_statistics(true);
    config.set_extension(if resources.is_tight { Room::on_disk() } else { Room::of_part(KEPT) });
    if let Some(bytes) = resources.memory {
        // what a sort keeps for merging what it spilled; where joins sort, there are dozens
        let merging = &mut config.options_mut().execution.sort_spill_reservation_bytes;
        *merging = (*merging).min(bytes / MERGING);
    }
    // of `min(a), max(b + 0)` DataFusion 55 makes a filter out of the column alone, `a < 7`, and reads no file that it leaves out, although the
    // other aggregate needs its rows (apache/datafusion#24816; shown in tests.rs, `faults`)
    config.options_mut().optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    if resources.are_small {
        // what the second pass finds on top is worth less than the pass
        config.options_mut().optimizer.max_passes = 1;
    }
    if let Some(partitions) = resources.partitions {
        config = config.with_target_partitions(partitions.get());
    }
    // `x IS TRUE` is planned as never null and executed as an expression that may be: DataFusion 55 refuses an
    // aggregate over it (shown in tests.rs, `faults`)
    config.options_mut().execution.skip_physical_aggregate_schema_check = true;
    let state =
        SessionStateBuilder::new().with_config(config).with_runtime_env(runtime).with_default_features().build();
    let mut rules = small_side::rules(state.physical_optimizers());
    rules.push(Arc::new(one_step::OneStep));
    rules.push(Arc::new(windows::StreamWindows));
    rules.push(Arc::new(compact::CompactBatches));
    rules.push(Arc::new(held_once::HeldOnce));
    rules.push(Arc::new(inlined::InlineTexts));
    rules.push(Arc::new(list_filter::FilterLists));
    let state = SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(rules).build();
    let state = if resources.is_tight { running::with_merge_joins(state) } else { state };
    let context = SessionContext::new_with_state(state);
    // DataFusion 55 takes the key of one side of a cross join for a key of the groups that are made of it, and with this
    // rule drops the other columns from an ORDER BY: weeks came out in any order (shown in tests.rs, `faults`)
    context.remove_optimizer_rule("eliminate_duplicated_expr");
    // DataFusion 55 moves the reading of a struct's field below `coalesce(list_amount, amount) AS amount`, beside the column
    // `amount` itself, and then calls the name ambiguous (the proof of control_list fails with these rules)
    for rule in ["extract_leaf_expressions", "push_down_leaf_projections"] {
        context.remove_optimizer_rule(rule);
    }
    bounded::register(&context)?;
    lists::register(&context)?;
    coalesce::register(&context)?;
    Ok(context)
}

/// The same context with one more rule, behind all others.
pub(super) fn followed_by(
    context: &SessionContext,
    rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
) -> SessionContext {
    let state = context.state();
    let rules = state.physical_optimizers().iter().cloned().chain([rule]).collect();
    let state = SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(rules).build();
    SessionContext::new_with_state(state)
}
