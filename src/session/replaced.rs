//! A function of ours in the place of the engine's of the same name, wherever that is called: its syntax and its own expressions name it
//! without asking what is registered.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Expr, ScalarUDF};

/// Calls our function in each query of the context where the engine's is named.
pub(super) fn replace(context: &SessionContext, ours: ScalarUDF) -> Result<()> {
    context.state_ref().write().register_function_rewrite(Arc::new(Replaced { ours: Arc::new(ours) }))
}

#[derive(Debug)]
struct Replaced {
    ours: Arc<ScalarUDF>,
}

impl FunctionRewrite for Replaced {
    fn name(&self) -> &str {
        "functions_replaced"
    }

    fn rewrite(&self, expr: Expr, _: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        match expr {
            Expr::ScalarFunction(ScalarFunction { func, args })
                if func.name() == self.ours.name() && *func != *self.ours =>
            {
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&self.ours), args))))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}
