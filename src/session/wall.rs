//! A table of which some rows are seen: what asks of it stands before a wall.
//!
//! A filter above the table would not do. The engine moves conditions down and computes them in an order of its own, so that one which
//! fails on another's row (`CAST(manager AS INT)`) would tell its value in the error; and EXPLAIN, statistics and filters that joins find
//! out tell of all rows. Behind this wall nothing is moved, and in front of it nothing is known of what is behind.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableType};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};

use super::dimensions::column;

/// The table.
#[derive(Debug)]
pub(super) struct Wall {
    /// What is behind: the rows that are seen, and how they are found.
    behind: LogicalPlan,
    schema: SchemaRef,
}

impl Wall {
    /// Before the rows of a frame.
    pub(super) fn before(rows: DataFrame) -> Arc<Wall> {
        let schema = Arc::new(rows.schema().as_arrow().clone());
        Arc::new(Wall { behind: rows.into_unoptimized_plan(), schema })
    }
}

#[async_trait]
impl TableProvider for Wall {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Conditions and a limit stay in front.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = LogicalPlanBuilder::from(self.behind.clone());
        let plan = match projection {
            Some(wanted) => plan.project(wanted.iter().map(|at| column(self.schema.field(*at).name())))?,
            None => plan,
        };
        let behind = state.create_physical_plan(&plan.build()?).await?;
        Ok(Arc::new(WallExec { behind }))
    }
}

/// The operator: for whoever looks it has nothing below it.
#[derive(Debug)]
struct WallExec {
    behind: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for WallExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WallExec: own rows")
    }
}

impl ExecutionPlan for WallExec {
    fn name(&self) -> &str {
        "WallExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.behind.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(WallExec { behind: reset_plan_states(Arc::clone(&self.behind))? }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.behind.execute(partition, context)
    }
}
