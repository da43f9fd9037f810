//! Subqueries that the engine cannot turn into joins, and `ARRAY(SELECT …)`: each is answered row by row, as PostgreSQL does. What the
//! engine can do itself is left to it.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use async_trait::async_trait;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Subquery, TypeSignature,
    Volatility,
};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt as _;
use futures::future::BoxFuture;

/// The function that stands for `ARRAY(SELECT …)` in a plan.
pub const ARRAY: &str = "array_of_rows";

/// A subquery in the place of a value gave more than one.
#[derive(Debug, thiserror::Error)]
#[error("more than one row returned by a subquery used as an expression")]
pub struct ManyRows;

/// How a plan is carried out: by the engine's own means, and where they do not reach, with its subqueries answered row by row.
pub fn physical<'a>(state: &'a SessionState, plan: &'a LogicalPlan) -> BoxFuture<'a, Result<Arc<dyn ExecutionPlan>>> {
    Box::pin(async move {
        let arrays = apart(plan.clone(), state, false)?;
        let failed = match state.create_physical_plan(&arrays.data).await {
            Ok(found) => return Ok(found),
            Err(failed) => failed,
        };
        let all = apart(arrays.data, state, true)?;
        match all.transformed {
            true => state.create_physical_plan(&all.data).await,
            false => Err(failed),
        }
    })
}

/// Takes arrays of rows out of a plan, and with `all` every subquery that looks at the row around it.
fn apart(plan: LogicalPlan, state: &SessionState, all: bool) -> Result<Transformed<LogicalPlan>> {
    // what a view is made of is its own business
    let mut shared = None;
    plan.transform_up(|node| {
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expr| {
            let saved = names.save(&expr);
            let done = expr.transform_down(|expr| {
                let call = match &expr {
                    Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == ARRAY => {
                        match args.as_slice() {
                            [Expr::ScalarSubquery(subquery)] => Some((Kind::Array, subquery.clone(), None)),
                            _ => None,
                        }
                    }
                    Expr::ScalarSubquery(subquery) if all && !subquery.outer_ref_columns.is_empty() => {
                        Some((Kind::Value, subquery.clone(), None))
                    }
                    Expr::Exists(exists) if all => {
                        Some((Kind::Exists { negated: exists.negated }, exists.subquery.clone(), None))
                    }
                    Expr::InSubquery(within) if all => {
                        let kind = Kind::In { negated: within.negated };
                        Some((kind, within.subquery.clone(), Some(within.expr.as_ref().clone())))
                    }
                    _ => None,
                };
                let Some((kind, subquery, first)) = call else { return Ok(Transformed::no(expr)) };
                let state = shared.get_or_insert_with(|| Arc::new(state.clone()));
                let called = called(kind, &subquery, first, state)?;
                Ok(Transformed::new(called, true, TreeNodeRecursion::Jump))
            })?;
            Ok(done.update_data(|expr| saved.restore(expr)))
        })?;
        match node.transformed {
            true => node.map_data(LogicalPlan::recompute_schema),
            false => Ok(node),
        }
    })
}

/// A subquery as a call of a function whose arguments are what it looks at.
fn called(kind: Kind, subquery: &Subquery, first: Option<Expr>, state: &Arc<SessionState>) -> Result<Expr> {
    let mut outer: Vec<Column> = Vec::new();
    for expr in &subquery.outer_ref_columns {
        if let Expr::OuterReferenceColumn(_, column) = expr
            && !outer.contains(column)
        {
            outer.push(column.clone());
        }
    }
    let given = match subquery.subquery.schema().fields().first() {
        Some(field) => field.data_type().clone(),
        None => return Err(DataFusionError::Plan("a subquery must return a column".to_owned())),
    };
    let result = match kind {
        Kind::Value => given.clone(),
        Kind::Array => DataType::List(Arc::new(Field::new_list_field(given.clone(), true))),
        Kind::Exists { .. } | Kind::In { .. } => DataType::Boolean,
    };
    let args: Vec<Expr> = first.into_iter().chain(outer.iter().cloned().map(Expr::Column)).collect();
    let arity = if args.is_empty() { TypeSignature::Nullary } else { TypeSignature::Any(args.len()) };
    let function = Nested {
        kind,
        plan: Arc::clone(&subquery.subquery),
        outer,
        given,
        result,
        // so it is neither moved nor shared by the optimiser
        signature: Signature::new(arity, Volatility::Volatile),
        state: Arc::clone(state),
    };
    let function = AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf();
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args)))
}

/// What a subquery stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// The value of its one row, null if there is none.
    Value,
    /// The values of its rows.
    Array,
    /// Whether it has rows.
    Exists { negated: bool },
    /// Whether a value is among its rows.
    In { negated: bool },
}

/// A subquery as a function.
struct Nested {
    kind: Kind,
    plan: Arc<LogicalPlan>,
    outer: Vec<Column>,
    given: DataType,
    result: DataType,
    signature: Signature,
    state: Arc<SessionState>,
}

impl fmt::Debug for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {}", self.kind, self.plan.display_indent())
    }
}

impl PartialEq for Nested {
    fn eq(&self, other: &Nested) -> bool {
        self.kind == other.kind && Arc::ptr_eq(&self.plan, &other.plan)
    }
}

impl Eq for Nested {}

impl Hash for Nested {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.kind, Arc::as_ptr(&self.plan)).hash(hasher);
    }
}

impl ScalarUDFImpl for Nested {
    fn name(&self) -> &str {
        "subquery"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(DataFusionError::NotImplemented("a subquery in this place".to_owned()))
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Nested {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let pool = &self.state.runtime_env().memory_pool;
        let held = MemoryConsumer::new("subqueries by row").register(pool);
        let rows = args.number_rows;
        if rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(&self.result)));
        }
        let arrays: Vec<ArrayRef> = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<Vec<_>>>()?;
        if arrays.is_empty() {
            let value = self.value(&[], &held).await?;
            return Ok(ColumnarValue::Array(value.to_array_of_size(rows)?));
        }
        let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let keys = RowConverter::new(fields)?;
        let keys = keys.convert_columns(&arrays)?;
        // what was looked up for the same values is not looked up again
        let mut known: BTreeMap<Box<[u8]>, usize> = BTreeMap::new();
        let mut found: Vec<ScalarValue> = Vec::new();
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            let key: Box<[u8]> = keys.row(row).data().into();
            let at = match known.get(&key) {
                Some(at) => *at,
                None => {
                    let looked: Vec<ScalarValue> = arrays
                        .iter()
                        .map(|array| ScalarValue::try_from_array(array, row))
                        .collect::<Result<Vec<_>>>()?;
                    held.try_grow(key.len() + std::mem::size_of::<ScalarValue>())?;
                    found.push(self.value(&looked, &held).await?);
                    known.insert(key, found.len() - 1);
                    found.len() - 1
                }
            };
            values.push(found[at].clone());
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(values)?))
    }
}

impl Nested {
    /// What the subquery gives for a row with these values.
    async fn value(&self, looked: &[ScalarValue], held: &MemoryReservation) -> Result<ScalarValue> {
        let (sought, outer) = match self.kind {
            Kind::In { .. } => (looked.first(), looked.get(1..).unwrap_or_default()),
            _ => (None, looked),
        };
        let plan = self.with(outer)?;
        let plan = physical(&self.state, &plan).await?;
        let mut batches = execute_stream(plan, self.state.task_ctx())?;
        let mut parts: Vec<ArrayRef> = Vec::new();
        let mut count = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let column = batch.columns().first().map_or_else(|| new_empty_array(&self.given), Arc::clone);
            count += column.len();
            match self.kind {
                Kind::Value if count > 1 => return Err(DataFusionError::External(Box::new(ManyRows))),
                Kind::Exists { .. } if count > 0 => break,
                _ => {}
            }
            let column = cast(&column, &self.given)?;
            held.try_grow(column.get_array_memory_size())?;
            parts.push(column);
        }
        let all = |parts: &[ArrayRef]| -> Result<ArrayRef> {
            let parts: Vec<&dyn arrow::array::Array> = parts.iter().map(AsRef::as_ref).collect();
            Ok(if parts.is_empty() { new_empty_array(&self.given) } else { concat(&parts)? })
        };
        match self.kind {
            Kind::Value => match parts.iter().find(|part| !part.is_empty()) {
                Some(part) => ScalarValue::try_from_array(part, 0),
                None => ScalarValue::try_from(&self.given),
            },
            Kind::Exists { negated } => Ok(ScalarValue::Boolean(Some((count > 0) != negated))),
            Kind::Array => {
                let list = datafusion::common::utils::SingleRowListArrayBuilder::new(all(&parts)?);
                Ok(list.build_list_scalar())
            }
            Kind::In { negated } => {
                let sought = sought.map_or(Ok(ScalarValue::Null), |value| value.cast_to(&self.given))?;
                let (mut is_in, mut is_open) = (false, sought.is_null() && count > 0);
                for part in &parts {
                    is_open |= part.null_count() > 0;
                    for row in 0..part.len() {
                        is_in |= !sought.is_null() && ScalarValue::try_from_array(part, row)? == sought;
                    }
                }
                let answer = if is_in { Some(true) } else { (!is_open).then_some(false) };
                Ok(ScalarValue::Boolean(answer.map(|is_in| is_in != negated)))
            }
        }
    }

    /// The subquery with these values in it.
    fn with(&self, values: &[ScalarValue]) -> Result<LogicalPlan> {
        let plan = self.plan.as_ref().clone();
        let plan = plan.transform_up(|node| {
            let names = NamePreserver::new(&node);
            let node = node.map_expressions(|expr| {
                let saved = names.save(&expr);
                let done = expr.transform(|expr| match &expr {
                    Expr::OuterReferenceColumn(_, column) => {
                        let at = self.outer.iter().position(|outer| outer == column);
                        match at.and_then(|at| values.get(at)) {
                            Some(value) => Ok(Transformed::yes(Expr::Literal(value.clone(), None))),
                            None => Ok(Transformed::no(expr)),
                        }
                    }
                    _ => Ok(Transformed::no(expr)),
                })?;
                Ok(done.update_data(|expr| saved.restore(expr)))
            })?;
            let node = match node.transformed {
                true => node.map_data(LogicalPlan::recompute_schema)?,
                false => node,
            };
            // a part that looked at the row around it may look at its neighbours alone now, or at nothing
            let LogicalPlan::Subquery(part) = &node.data else { return Ok(node) };
            let open = part.subquery.all_out_ref_exprs();
            Ok(Transformed::yes(match open.is_empty() {
                true => part.subquery.as_ref().clone(),
                false => LogicalPlan::Subquery(Subquery { outer_ref_columns: open, ..part.clone() }),
            }))
        })?;
        Ok(plan.data)
    }
}

/// The function that stands for `ARRAY(SELECT …)` until it is taken apart.
pub fn array() -> ScalarUDF {
    ScalarUDF::new_from_impl(OfRows(Signature::any(1, Volatility::Volatile)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfRows(Signature);

impl ScalarUDFImpl for OfRows {
    fn name(&self) -> &str {
        ARRAY
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, of: &[DataType]) -> Result<DataType> {
        let item = of.first().cloned().unwrap_or(DataType::Null);
        Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(DataFusionError::NotImplemented("ARRAY(SELECT …) in this place".to_owned()))
    }
}
