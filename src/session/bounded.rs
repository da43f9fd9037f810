//! Functions of the engine that make much out of little: `repeat('x', 1000000)` over a batch of 8,192 rows is 8 GB, which no
//! limit of the engine sees, since it counts what operators hold and not what a function makes. Here each says beforehand how
//! much it would make of a batch, and refuses what is too much.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// So many bytes one call may make of a batch, whatever memory there is.
const MOST: u64 = 256 << 20;

/// One call may make no more than this part of a question's memory: whoever takes the result holds it once more.
const PART: u64 = 2;

/// A pattern is taken to find no less than so many bytes at a time: one that finds each letter may make so many times more than is told.
const FOUND: u64 = 8;

/// What an argument tells of the size of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Grows {
    /// The first argument, so many times.
    Times,
    /// So many letters.
    Letters,
    /// So many items.
    Items,
    /// As many items as there are from one number to the next.
    Span,
    /// The first argument, with the third in the place of each second.
    Replaced,
}

const FUNCTIONS: [(&str, Grows); 9] = [
    ("repeat", Grows::Times),
    ("lpad", Grows::Letters),
    ("rpad", Grows::Letters),
    ("array_repeat", Grows::Items),
    ("array_resize", Grows::Items),
    ("generate_series", Grows::Span),
    ("range", Grows::Span),
    ("replace", Grows::Replaced),
    ("regexp_replace", Grows::Replaced),
];

/// Puts the bounded functions in the place of the engine's.
pub(super) fn register(context: &SessionContext) -> Result<()> {
    for (name, grows) in FUNCTIONS {
        let inner = context.udf(name)?;
        context.register_udf(ScalarUDF::new_from_impl(Bounded { inner, grows, most: MOST }));
    }
    Ok(())
}

/// Bounds them once more, for a question that has `memory` bytes.
pub(super) fn within(state: &mut SessionState, memory: usize) -> Result<()> {
    let most = MOST.min(u64::try_from(memory).unwrap_or(u64::MAX) / PART);
    for (name, grows) in FUNCTIONS {
        let registered = state.udf(name)?;
        let inner = registered.inner().downcast_ref::<Bounded>().map_or(&registered, |bounded| &bounded.inner);
        let bounded = Bounded { inner: Arc::clone(inner), grows, most };
        state.register_udf(Arc::new(ScalarUDF::new_from_impl(bounded)))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    grows: Grows,
    most: u64,
}

impl Bounded {
    /// How many bytes the call would make, at least.
    fn size(&self, args: &ScalarFunctionArgs) -> Result<u64> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        // one value for all rows is made once
        let rows = match args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) {
            true => 1,
            false => args.number_rows,
        };
        let numbers = |at: usize| match arrays.get(at).filter(|array| array.data_type().is_integer()) {
            Some(array) => cast(array, &DataType::Int64).map(Some),
            None => Ok(None),
        };
        let (first, second) = (numbers(0)?, numbers(1)?);
        let at = |array: &Option<ArrayRef>, row: usize| -> Option<i64> {
            let array = array.as_ref()?.as_primitive::<Int64Type>();
            let row = if array.len() == 1 { 0 } else { row };
            (row < array.len() && array.is_valid(row)).then(|| array.value(row))
        };
        let each = match arrays.first().filter(|array| !array.is_empty()) {
            Some(array) => (array.get_array_memory_size() / array.len()).max(1) as u64,
            None => 1,
        };
        let step = numbers(2)?;
        let size = |row: usize| -> u64 {
            let count = |n: Option<i64>| u64::try_from(n.unwrap_or(0)).unwrap_or(0);
            match self.grows {
                Grows::Times => count(at(&second, row)).saturating_mul(length(arrays.first(), row).unwrap_or(each)),
                Grows::Letters => count(at(&second, row)),
                Grows::Replaced => {
                    let [text, with] = [0, 2].map(|at| length(arrays.get(at), row).unwrap_or(1));
                    let sought = match self.name() == "replace" {
                        true => length(arrays.get(1), row).unwrap_or(1).max(1),
                        false => FOUND,
                    };
                    text.saturating_add((text / sought + 1).saturating_mul(with))
                }
                Grows::Items => count(at(&second, row)).saturating_mul(8),
                Grows::Span => {
                    let (from, to) = match at(&second, row) {
                        Some(to) => (at(&first, row).unwrap_or(0), to),
                        None => (0, at(&first, row).unwrap_or(0)),
                    };
                    let step = at(&step, row).map_or(1, i64::unsigned_abs).max(1);
                    (to.abs_diff(from) / step).saturating_mul(8)
                }
            }
        };
        Ok((0..rows).map(size).fold(0, u64::saturating_add))
    }
}

/// How many bytes a text has.
fn length(array: Option<&ArrayRef>, row: usize) -> Option<u64> {
    let array = array?;
    let row = if array.len() == 1 { 0 } else { row };
    if row >= array.len() || array.is_null(row) {
        return Some(0);
    }
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        _ => return None,
    };
    Some(text.len() as u64)
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.inner().simplify(args, info)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let size = self.size(&args)?;
        if size > self.most {
            return Err(DataFusionError::Execution(format!(
                "{}() would make {} MiB of {} rows at once, and at most {} MiB are made",
                self.name(),
                size >> 20,
                args.number_rows,
                self.most >> 20
            )));
        }
        self.inner.invoke_with_args(args)
    }
}
