//! Columns of deals, decoded once for a report.
//!
//! A report reads the deals for each of its questions, and from the pages of Parquet it makes the same columns each time. Lists take longest: each leaf of
//! a list has levels of its own, and texts in lists are copied out of the page one by one. So a session that many questions are asked of keeps the lists as
//! they were decoded, where those of all deals fit into their room, and the other columns from their third reading on, as long as there is room. Numbers:
//! `docs/decisions/session.md`.

mod column;
mod exec;
mod kept;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

use self::exec::DecodedExec;
pub(super) use self::kept::Decoded;

/// The rule that puts the operator in the place of scans of deals that read columns which are kept. It comes last: the others know scans, and push
/// into them what can be told of a file.
#[derive(Debug)]
pub(super) struct DecodeOnce(pub(super) Arc<Decoded>);

impl PhysicalOptimizerRule for DecodeOnce {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match DecodedExec::instead_of(&plan, &self.0)? {
                Some(decoded) => Transformed::yes(Arc::new(decoded) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "decode_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
