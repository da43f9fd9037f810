//! What had happened before a cut: `before(list, cut)`, a list of instants, or of structs with an instant `at`, without
//! what happened at the cut or later; `counted(entries, returns, cut)`, first entries whose `times` leave out later returns;
//! `known_at(history, value, cut)`, a field as it was known; `gone_since(absences, gone_at, cut)`, since when no snapshot lists a deal.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{filter, interleave, max};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

/// The function.
pub(crate) fn before() -> ScalarUDF {
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
        let list = args.args[0].to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(clip(&list, cut(&args.args[1])?)?))
    }
}

/// The function: the first argument are first entries that are cut already, the second is the whole list of returns.
pub(crate) fn counted() -> ScalarUDF {
    ScalarUDF::new_from_impl(Counted { signature: Signature::any(3, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Counted {
    signature: Signature,
}

impl ScalarUDFImpl for Counted {
    fn name(&self) -> &str {
        "counted"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[0].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [entries, returns] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(recount(&entries?, &returns?, cut(&args.args[2])?)?))
    }
}

/// The function: the first argument is what a field was, in the order of time, the second what it is now.
pub(crate) fn known_at() -> ScalarUDF {
    ScalarUDF::new_from_impl(KnownAt { signature: Signature::any(3, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KnownAt {
    signature: Signature,
}

impl ScalarUDFImpl for KnownAt {
    fn name(&self) -> &str {
        "known_at"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[1].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [history, now] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(known(&history?, &now?, cut(&args.args[2])?)?))
    }
}

/// The function: the first argument are the times in which no snapshot listed the deal, the second since when none does.
pub(crate) fn gone_since() -> ScalarUDF {
    ScalarUDF::new_from_impl(GoneSince { signature: Signature::any(3, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct GoneSince {
    signature: Signature,
}

impl ScalarUDFImpl for GoneSince {
    fn name(&self) -> &str {
        "gone_since"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[1].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [absences, gone_at] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(gone(&absences?, &gone_at?, cut(&args.args[2])?)?))
    }
}

fn cut(argument: &ColumnarValue) -> Result<i64> {
    match argument {
        ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(cut), _)) => Ok(*cut),
        other => exec_err!("the cut is one instant, not {}", other.data_type()),
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

/// First entries, `times` less the returns at `cut` or later. Where none is that late, the very same array.
fn recount(entries: &ArrayRef, returns: &ArrayRef, cut: i64) -> Result<ArrayRef> {
    let wrong = || exec_datafusion_err!("counted() needs the lists of first entries and of returns");
    let lists = |column: &ArrayRef| column.as_list_opt::<i32>().cloned().ok_or_else(wrong);
    let (entries, returns) = (lists(entries)?, lists(returns)?);
    let late: Vec<bool> = instants(returns.values())?.iter().map(|at| at.is_some_and(|at| at >= cut)).collect();
    if !late.contains(&true) {
        return Ok(Arc::new(entries));
    }
    let known = entries.values().as_struct_opt().ok_or_else(wrong)?;
    let again = returns.values().as_struct_opt().ok_or_else(wrong)?;
    let [stage, returned_to] = [known, again].map(|s| s.column_by_name("stage").and_then(|c| c.as_string_opt::<i32>()));
    let (stage, returned_to) = stage.zip(returned_to).ok_or_else(wrong)?;
    let place = known.fields().iter().position(|field| field.name() == "times").ok_or_else(wrong)?;
    let counts = known.column(place).as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
    let mut times: Vec<Option<i64>> = counts.iter().collect();
    for row in (0..returns.len()).filter(|row| returns.is_valid(*row)) {
        let of = |lists: &ListArray| lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
        for later in of(&returns).filter(|i| late[*i]) {
            let entered = of(&entries).find(|i| stage.value(*i) == returned_to.value(later));
            // a stage that is not found was first entered later still
            if let Some(Some(times)) = entered.map(|i| &mut times[i]) {
                *times -= 1;
            }
        }
    }
    let mut columns = known.columns().to_vec();
    columns[place] = Arc::new(Int64Array::from(times));
    let values = Arc::new(StructArray::try_new(known.fields().clone(), columns, known.nulls().cloned())?);
    let DataType::List(item) = entries.data_type() else { return Err(wrong()) };
    let (offsets, nulls) = (entries.offsets().clone(), entries.nulls().cloned());
    Ok(Arc::new(ListArray::try_new(item.clone(), offsets, values, nulls)?))
}

/// A field at the cut: what it held last before it. Where nothing changed later it is what it is now; where all that is known is
/// later, the first of that. Where nothing changed later in any row, the very same array.
fn known(history: &ArrayRef, now: &ArrayRef, cut: i64) -> Result<ArrayRef> {
    let wrong = || exec_datafusion_err!("known_at() needs what a field was, and what it is");
    let lists = history.as_list_opt::<i32>().ok_or_else(wrong)?;
    let (first, last) = (lists.value_offsets()[0], lists.value_offsets()[lists.len()]);
    let values = lists.values().slice(first as usize, (last - first) as usize);
    let at = instants(&values)?;
    if max(at).is_none_or(|latest| latest < cut) {
        return Ok(Arc::clone(now));
    }
    let held = values.as_struct_opt().and_then(|fields| fields.column_by_name("value")).ok_or_else(wrong)?;
    let pick = |row: usize| {
        let of = (lists.value_offsets()[row] - first) as usize..(lists.value_offsets()[row + 1] - first) as usize;
        let is_later = |place: usize| at.is_valid(place) && at.value(place) >= cut;
        match of.clone().next_back() {
            Some(last) if lists.is_valid(row) && is_later(last) => {
                let before = of.clone().rev().find(|place| !is_later(*place));
                (1, before.unwrap_or(of.start))
            }
            _ => (0, row),
        }
    };
    let places: Vec<(usize, usize)> = (0..lists.len()).map(pick).collect();
    Ok(interleave(&[now.as_ref(), held.as_ref()], &places)?)
}

/// Since when no snapshot lists the deal, as known at the cut. Where no absence had ended by then, the very same array.
fn gone(absences: &ArrayRef, gone_at: &ArrayRef, cut: i64) -> Result<ArrayRef> {
    let wrong = || exec_datafusion_err!("gone_since() needs the list of absences, and the moment of the last one");
    let lists = absences.as_list_opt::<i32>().ok_or_else(wrong)?;
    let (first, last) = (lists.value_offsets()[0] as usize, lists.value_offsets()[lists.len()] as usize);
    let spans = lists.values().as_struct_opt().ok_or_else(wrong)?;
    let moments = |name: &str| {
        let column = spans.column_by_name(name).ok_or_else(wrong)?;
        column.as_primitive_opt::<TimestampMicrosecondType>().cloned().ok_or_else(wrong)
    };
    let (from, until) = (moments("at")?, moments("until")?);
    let covers = |place: usize| from.value(place) < cut && cut <= until.value(place);
    if !(first..last).any(covers) {
        return Ok(Arc::clone(gone_at));
    }
    let last = gone_at.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
    let since = |row: usize| {
        let mut of = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
        let absent = of.find(|place| lists.is_valid(row) && covers(*place)).map(|place| from.value(place));
        absent.or_else(|| last.is_valid(row).then(|| last.value(row)))
    };
    let since: TimestampMicrosecondArray = (0..lists.len()).map(since).collect();
    Ok(Arc::new(since.with_data_type(gone_at.data_type().clone())))
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
    fn later_returns_are_not_counted() {
        use arrow::json::ReaderBuilder;

        let json = r#"
            {"deal_id":"a","entries":[],"returns":[]}
            {"deal_id":"b","entries":[{"stage":"x","at":"1970-01-01T00:00:01Z","times":3},{"stage":"y","at":"1970-01-01T00:00:02Z","times":2}],"returns":[{"stage":"x","at":"1970-01-01T00:00:03Z","from":"y"},{"stage":"y","at":"1970-01-01T00:00:04Z","from":"x"},{"stage":"x","at":"1970-01-01T00:00:05Z","from":"y"}]}
            {"deal_id":"old","entries":[{"stage":"x","at":"1970-01-01T00:00:01Z","times":2}]}"#;
        let schema = crate::model::tables::Table::Journeys.schema(&[]);
        let batch = ReaderBuilder::new(schema).build(json.as_bytes()).unwrap().next().unwrap().unwrap();
        let column = |batch: &arrow::record_batch::RecordBatch, name: &str| batch.column_by_name(name).unwrap().clone();
        let times = |batch: &arrow::record_batch::RecordBatch, seconds: i64| {
            let (entries, returns) = (column(batch, "entries"), column(batch, "returns"));
            let counted =
                recount(&clip(&entries, seconds * 1_000_000).unwrap(), &returns, seconds * 1_000_000).unwrap();
            let lists = counted.as_list::<i32>().iter().flatten();
            let times = |list: ArrayRef| list.as_struct().column(2).as_primitive::<Int64Type>().values().to_vec();
            lists.map(times).collect::<Vec<_>>()
        };
        assert_eq!(times(&batch, 9), [vec![], vec![3, 2], vec![2]]);
        assert_eq!(times(&batch, 5), [vec![], vec![2, 2], vec![2]]);
        assert_eq!(times(&batch, 4), [vec![], vec![2, 1], vec![2]]);
        assert_eq!(times(&batch, 2), [vec![], vec![1], vec![2]]);
        assert_eq!(times(&batch.slice(1, 2), 3), [vec![1, 1], vec![2]]);
    }

    fn journeys() -> arrow::record_batch::RecordBatch {
        use arrow::json::ReaderBuilder;

        let json = r#"
            {"deal_id":"a","amount":9}
            {"deal_id":"b","amount":7,"amount_history":[{"value":5,"at":"1970-01-01T00:00:01Z"},{"at":"1970-01-01T00:00:03Z"},{"value":7,"at":"1970-01-01T00:00:05Z"}]}
            {"deal_id":"c","amount":3,"amount_history":[],"absences":[{"at":"1970-01-01T00:00:02Z","until":"1970-01-01T00:00:04Z"}]}"#;
        let schema = crate::model::tables::Table::Journeys.schema(&[]);
        ReaderBuilder::new(schema).build(json.as_bytes()).unwrap().next().unwrap().unwrap()
    }

    #[test]
    fn a_field_is_what_it_was_known_to_be() {
        use arrow::datatypes::Decimal128Type;

        let batch = journeys();
        let of = |batch: &arrow::record_batch::RecordBatch, seconds: i64| {
            let (history, now) =
                (batch.column_by_name("amount_history").unwrap(), batch.column_by_name("amount").unwrap());
            let known = known(history, now, seconds * 1_000_000).unwrap();
            assert_eq!(known.data_type(), now.data_type());
            known.as_primitive::<Decimal128Type>().iter().map(|x| x.map(|x| x / 10_000)).collect::<Vec<_>>()
        };
        assert_eq!(of(&batch, 9), [Some(9), Some(7), Some(3)]);
        assert_eq!(of(&batch, 5), [Some(9), None, Some(3)]);
        assert_eq!(of(&batch, 3), [Some(9), Some(5), Some(3)]);
        // nothing earlier is known than the first that was seen
        assert_eq!(of(&batch, 1), [Some(9), Some(5), Some(3)]);
        assert_eq!(of(&batch.slice(1, 2), 3), [Some(5), Some(3)]);
        let (history, now) = (batch.column_by_name("amount_history").unwrap(), batch.column_by_name("amount").unwrap());
        assert!(Arc::ptr_eq(&known(history, now, 6_000_000).unwrap(), now));
    }

    #[test]
    fn a_deal_that_is_back_was_gone_for_a_while() {
        let batch = journeys();
        let never: ArrayRef = Arc::new(TimestampMicrosecondArray::new_null(3).with_timezone("UTC"));
        let absences = batch.column_by_name("absences").unwrap();
        let of = |seconds: i64| {
            let since = gone(absences, &never, seconds * 1_000_000).unwrap();
            since
                .as_primitive::<TimestampMicrosecondType>()
                .iter()
                .map(|at| at.map(|at| at / 1_000_000))
                .collect::<Vec<_>>()
        };
        assert_eq!((of(2), of(3), of(4)), (vec![None; 3], vec![None, None, Some(2)], vec![None, None, Some(2)]));
        assert!(Arc::ptr_eq(&gone(absences, &never, 5_000_000).unwrap(), &never));
    }

    #[test]
    fn where_nothing_is_late_nothing_is_copied() {
        let all = list(vec![Some(vec![Some(1), Some(5)]), None]);
        assert!(Arc::ptr_eq(&clip(&all, 6).unwrap(), &all));
        let none = list(vec![]);
        assert!(Arc::ptr_eq(&clip(&none, 6).unwrap(), &none));
    }
}
