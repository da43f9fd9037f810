//! `before(list, cut)`: a list of instants, or of structs with an instant `at`, without what happened at the cut or later.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, TimestampMicrosecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{filter, max};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

/// The function.
pub(super) fn before() -> ScalarUDF {
    ScalarUDF::new_from_impl(Before { signature: Signature::any(2, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Before {
    signature: Signature,
}

impl ScalarUDFImpl for Before {
    fn name(&self) -> &str {
        "before"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[0].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let cut = match &args.args[1] {
            ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(cut), _)) => *cut,
            other => return exec_err!("before(list, cut): the cut is one instant, not {}", other.data_type()),
        };
        let list = args.args[0].to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(clip(&list, cut)?))
    }
}

/// The lists without the instants at `cut` or later. Where nothing is that late, the very same array, uncopied.
fn clip(list: &ArrayRef, cut: i64) -> Result<ArrayRef> {
    let lists = list.as_list_opt::<i32>().ok_or_else(|| exec_datafusion_err!("before() needs a list"))?;
    let (first, last) = (lists.value_offsets()[0], lists.value_offsets()[lists.len()]);
    let values = lists.values().slice(first as usize, (last - first) as usize);
    let at = instants(&values)?;
    if max(at).is_none_or(|latest| latest < cut) {
        return Ok(Arc::clone(list));
    }
    let keep = earlier(at, cut);
    let mut offsets = Vec::with_capacity(lists.len() + 1);
    offsets.push(0);
    let mut kept = 0;
    for pair in lists.value_offsets().windows(2) {
        kept += ((pair[0] - first)..(pair[1] - first)).filter(|i| keep.value(*i as usize)).count() as i32;
        offsets.push(kept);
    }
    let DataType::List(item) = lists.data_type() else { return exec_err!("before() needs a list") };
    let values = filter(&values, &keep)?;
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(item.clone(), offsets, values, lists.nulls().cloned())?))
}

fn instants(values: &ArrayRef) -> Result<&TimestampMicrosecondArray> {
    let at = match values.as_struct_opt() {
        Some(fields) => fields.column_by_name("at").unwrap_or(values),
        None => values,
    };
    at.as_primitive_opt::<TimestampMicrosecondType>()
        .ok_or_else(|| exec_datafusion_err!("before() needs a list of instants, or of structs with an instant `at`"))
}

/// Which instants are earlier; of one that is not known, nothing says that it is not.
fn earlier(at: &TimestampMicrosecondArray, cut: i64) -> BooleanArray {
    (0..at.len()).map(|i| Some(at.is_null(i) || at.value(i) < cut)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: Vec<Option<Vec<Option<i64>>>>) -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<TimestampMicrosecondType, _, _>(rows))
    }

    #[test]
    fn what_is_late_goes_and_the_rest_keeps_its_place() {
        let all = list(vec![
            Some(vec![Some(1), Some(5)]),
            None,
            Some(vec![]),
            Some(vec![Some(7)]),
            Some(vec![None, Some(2)]),
        ]);
        let clipped = list(vec![Some(vec![Some(1)]), None, Some(vec![]), Some(vec![]), Some(vec![None, Some(2)])]);
        assert_eq!(&clip(&all, 5).unwrap(), &clipped);
        // a slice, as batches often are
        assert_eq!(&clip(&all.slice(3, 2), 5).unwrap(), &clipped.slice(3, 2));
    }

    #[test]
    fn where_nothing_is_late_nothing_is_copied() {
        let all = list(vec![Some(vec![Some(1), Some(5)]), None]);
        assert!(Arc::ptr_eq(&clip(&all, 6).unwrap(), &all));
        let none = list(vec![]);
        assert!(Arc::ptr_eq(&clip(&none, 6).unwrap(), &none));
    }
}
