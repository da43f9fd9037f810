//! `coalesce` computed for all rows at once, where that can neither fail nor take long.
//!
//! The engine makes `CASE WHEN a IS NOT NULL THEN a ELSE b END` of `coalesce(a, b)`: `a` is computed twice, the second time over a batch that is
//! filtered for it with each column that `a` names, lists among them. Where `b` is a column, a literal, or made of such by what cannot fail, it costs less
//! to have both; everything else is left to the engine, which computes `b` only where it is needed.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, BooleanArray, Scalar};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    Case, Cast, ColumnarValue, Documentation, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};

use super::replaced::replace;

const NAME: &str = "coalesce";
/// Functions of values that are at hand, which fail for none.
const HARMLESS: [&str; 4] = [NAME, "least", "greatest", "nullif"];

/// Puts our function in the place of the engine's, in SQL and in expressions that name the engine's own.
pub(super) fn register(context: &SessionContext) -> Result<()> {
    let ours = ScalarUDF::new_from_impl(Coalesce { inner: context.udf(NAME)? });
    context.register_udf(ours.clone());
    replace(context, ours)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Coalesce {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Coalesce {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let is_type = |expr: &Expr| info.get_data_type(expr).ok();
        match args.len() > 1 && args.iter().skip(1).all(|arg| is_harmless(arg, &is_type)) {
            true => Ok(ExprSimplifyResult::Original(args)),
            false => self.inner.simplify(args, info),
        }
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut all = args.args.into_iter();
        let Some(mut known) = all.next() else {
            return self.inner.invoke_with_args(ScalarFunctionArgs { args: Vec::new(), ..args });
        };
        for next in all {
            known = match &known {
                ColumnarValue::Scalar(value) if value.is_null() => next,
                ColumnarValue::Scalar(_) => break,
                ColumnarValue::Array(values) => match values.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                    None => break,
                    Some(nulls) if nulls.null_count() == values.len() => next,
                    Some(nulls) => {
                        ColumnarValue::Array(filled(values, BooleanArray::new(nulls.into_inner(), None), &next)?)
                    }
                },
            };
        }
        Ok(known)
    }
}

/// The values where they are known, and the others in their place where they are not.
fn filled(values: &ArrayRef, is_known: BooleanArray, others: &ColumnarValue) -> Result<ArrayRef> {
    Ok(match others {
        ColumnarValue::Scalar(value) if value.is_null() => Arc::clone(values),
        ColumnarValue::Scalar(value) => zip(&is_known, values, &Scalar::new(value.to_array()?))?,
        ColumnarValue::Array(others) => zip(&is_known, values, others)?,
    })
}

/// Whether an expression costs little for each row and fails for none.
fn is_harmless(expr: &Expr, is_type: &impl Fn(&Expr) -> Option<DataType>) -> bool {
    let is = |expr: &Expr| is_harmless(expr, is_type);
    match expr {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::Alias(alias) => is(&alias.expr),
        Expr::Not(of)
        | Expr::IsNull(of)
        | Expr::IsNotNull(of)
        | Expr::IsTrue(of)
        | Expr::IsFalse(of)
        | Expr::IsUnknown(of)
        | Expr::IsNotTrue(of)
        | Expr::IsNotFalse(of)
        | Expr::IsNotUnknown(of) => is(of),
        Expr::BinaryExpr(of) => compares(of.op) && is(&of.left) && is(&of.right),
        Expr::Case(Case { expr, when_then_expr, else_expr }) => {
            let branches = when_then_expr.iter().flat_map(|(when, then)| [when, then]);
            expr.iter().chain(branches).chain(else_expr).all(|part| is(part))
        }
        Expr::Cast(Cast { expr, field }) => {
            is(expr) && is_type(expr).is_some_and(|from| only_widens(&from, field.data_type()))
        }
        Expr::ScalarFunction(of) => HARMLESS.contains(&of.func.name()) && of.args.iter().all(is),
        _ => false,
    }
}

fn compares(operator: Operator) -> bool {
    use Operator::{And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or};
    matches!(operator, And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// Whether a cast has a result for each value.
fn only_widens(from: &DataType, to: &DataType) -> bool {
    let is_text = |of: &DataType| matches!(of, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    from == to
        || *from == DataType::Null
        || (is_text(from) && is_text(to))
        || (from.is_signed_integer() && to.is_signed_integer() && from.primitive_width() <= to.primitive_width())
        || (from.is_integer() && *to == DataType::Float64)
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;

    use super::super::engine::{self, Resources};
    use super::*;

    /// Columns with some, with no and with nothing but absent values, in batches of several sizes.
    const ROWS: &str = "(SELECT n, CASE WHEN n % 3 <> 0 THEN n END AS some, CASE WHEN n < 0 THEN n END AS none, \
        CASE WHEN n % 5 <> 0 THEN 'a text of more than twelve letters ' || (n % 7) END AS text, \
        CASE WHEN n % 2 = 0 THEN 'short' END AS short, \
        CASE WHEN n % 4 <> 0 THEN make_array(n, n % 9) END AS list, \
        CASE WHEN n % 7 <> 0 THEN to_timestamp_seconds(1735689600 + n * 3600) END AS at, \
        CASE WHEN n % 6 <> 0 THEN n::decimal(18, 4) / 3 END AS amount \
        FROM (SELECT value AS n FROM generate_series(1, 30000)) ORDER BY n LIMIT 20000)";

    async fn shown(context: &SessionContext, sql: &str) -> Result<String, String> {
        let rows = context.sql(sql).await.map_err(|e| e.to_string())?.collect().await.map_err(|e| e.to_string())?;
        Ok(pretty_format_batches(&rows).unwrap().to_string())
    }

    #[tokio::test]
    async fn what_is_first_known_is_what_the_engine_finds() {
        let ours = engine::context(Resources::default(), engine::runtime(Resources::default()).unwrap()).unwrap();
        let plain = SessionContext::new();
        for (coalesce, at_once) in [
            ("coalesce(some, n)", true),
            ("coalesce(none, some, n)", true),
            ("coalesce(n, some)", true),
            ("coalesce(none, none)", true),
            ("coalesce(none, NULL, 7)", true),
            ("coalesce(text, short, '')", true),
            ("coalesce(short, text)", true),
            ("coalesce(list, make_array(1))", true),
            ("coalesce(at, TIMESTAMP '2024-01-01')", true),
            ("coalesce(at, CASE WHEN n % 5 = 0 THEN at END, least(at, TIMESTAMP '2024-01-01'))", false),
            ("coalesce(at, CASE WHEN n > 5 THEN TIMESTAMP '2024-01-01' END)", true),
            ("coalesce(amount, 0)", true),
            ("coalesce(CASE WHEN some > 100 THEN some END, nullif(n, 8))", true),
            ("coalesce(some > 100, FALSE)", true),
            ("coalesce(some, n::double)", true),
            ("coalesce(some, 0.5)", true),
            // what may fail, or takes long, is computed where it is needed
            ("coalesce(n, 1 / (n - n))", false),
            ("coalesce(n::text, upper(text))", false),
            ("coalesce(n, text::bigint)", false),
        ] {
            for sql in [
                format!("SELECT n, {coalesce} AS first FROM {ROWS} ORDER BY n"),
                format!("SELECT count(*) AS rows FROM {ROWS} WHERE {coalesce} IS NOT NULL AND n % 11 > 3"),
                format!("SELECT {coalesce} FROM {ROWS} ORDER BY n LIMIT 3"),
            ] {
                assert_eq!(shown(&ours, &sql).await, shown(&plain, &sql).await, "{sql}");
            }
            let plan =
                ours.sql(&format!("SELECT {coalesce} AS first FROM {ROWS}")).await.unwrap().into_optimized_plan();
            assert_eq!(plan.unwrap().to_string().contains("coalesce("), at_once, "{coalesce}");
        }
        let fails = format!("SELECT coalesce(some, 1 / (n - n)) AS first FROM {ROWS}");
        assert!(shown(&ours, &fails).await.is_err());
    }
}
