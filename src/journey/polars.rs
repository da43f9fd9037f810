//! Journeys as columns of a Parquet file, made by Polars.

use polars::chunked_array::builder::{ListBuilderTrait, ListPrimitiveChunkedBuilder};
use polars::prelude::{
    Column, DataType, Float64Chunked, Int32Chunked, Int64Chunked, Int64Type, IntoSeries, LargeListArray, ListChunked,
    NewChunkedArray, PolarsError, Series, StringChunked, StructChunked, TimeUnit, TimeZone,
};

use super::{Journey, Known, Value};
use crate::model::tables::{Kind, MONEY_PRECISION, MONEY_SCALE};

/// A column of journeys that is folded out of events.
pub(crate) fn column(name: &str, kind: Kind, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let number = |of: fn(&Journey<'_>) -> Option<i64>| whole(name, kind, folded.iter().map(of));
    match name {
        "response_at" => number(|j| j.response_at),
        "refused_at" => number(|j| j.refused_at),
        "opted_out_at" => number(|j| j.opted_out_at),
        "complained_at" => number(|j| j.complained_at),
        "refunded_at" => number(|j| j.refunded_at),
        "events" => number(|j| Some(j.events)),
        "touch_at" => touches(name, folded),
        "entries" => entries(name, folded),
        "returns" => returns(name, folded),
        "intervals" => intervals(name, folded),
        "amount_history" => history(name, Kind::Money, folded, |journey| &journey.amounts),
        "expected_close_history" => history(name, Kind::Day, folded, |journey| &journey.expected_closes),
        "probability_history" => history(name, Kind::Real, folded, |journey| &journey.probabilities),
        "absences" => absences(name, folded),
        // a column of journeys that the store knows and nobody folds would be silently empty
        other => Err(PolarsError::ColumnNotFound(format!("nobody folds `{other}`").into())),
    }
}

fn touches(name: &str, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let instant = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let all = folded.iter().map(|j| j.touch_at.len()).sum();
    let mut lists = ListPrimitiveChunkedBuilder::<Int64Type>::new(name.into(), folded.len(), all, instant);
    for journey in folded {
        lists.append_slice(&journey.touch_at);
    }
    Ok(lists.finish().into_series().into())
}

fn entries(name: &str, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let all: Vec<_> = folded.iter().flat_map(|j| &j.entries).collect();
    let fields = [
        text("stage", all.iter().map(|entry| entry.stage)),
        whole("at", Kind::Instant, all.iter().map(|entry| Some(entry.at)))?,
        whole("times", Kind::Count, all.iter().map(|entry| Some(entry.times)))?,
    ];
    lists(name, &fields, folded.iter().map(|journey| journey.entries.len()))
}

fn returns(name: &str, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let all: Vec<_> = folded.iter().flat_map(|j| &j.returns).collect();
    let fields = [
        text("stage", all.iter().map(|again| again.stage)),
        whole("at", Kind::Instant, all.iter().map(|again| Some(again.at)))?,
        text("from", all.iter().map(|again| again.from)),
    ];
    lists(name, &fields, folded.iter().map(|journey| journey.returns.len()))
}

fn intervals(name: &str, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let all: Vec<_> = folded.iter().flat_map(|j| &j.intervals).collect();
    let fields = [
        text("stage", all.iter().map(|seen| seen.stage)),
        whole("at", Kind::Instant, all.iter().map(|seen| Some(seen.at)))?,
        whole("after", Kind::Instant, all.iter().map(|seen| seen.between.after))?,
        whole("before", Kind::Instant, all.iter().map(|seen| Some(seen.between.before)))?,
    ];
    lists(name, &fields, folded.iter().map(|journey| journey.intervals.len()))
}

fn absences(name: &str, folded: &[Journey<'_>]) -> Result<Column, PolarsError> {
    let all: Vec<_> = folded.iter().flat_map(|j| &j.absences).collect();
    let fields = [
        whole("at", Kind::Instant, all.iter().map(|gone| Some(gone.at)))?,
        whole("until", Kind::Instant, all.iter().map(|gone| Some(gone.until)))?,
    ];
    lists(name, &fields, folded.iter().map(|journey| journey.absences.len()))
}

/// What a field held, from when on.
fn history<'a>(
    name: &str,
    kind: Kind,
    folded: &[Journey<'a>],
    of: for<'j> fn(&'j Journey<'a>) -> &'j Vec<Known>,
) -> Result<Column, PolarsError> {
    let all: Vec<&Known> = folded.iter().flat_map(of).collect();
    let fields = [
        values("value", kind, &all)?,
        whole("at", Kind::Instant, all.iter().map(|known| Some(known.at)))?,
        whole("after", Kind::Instant, all.iter().map(|known| known.between?.after))?,
        whole("before", Kind::Instant, all.iter().map(|known| Some(known.between?.before)))?,
    ];
    let column = lists(name, &fields, folded.iter().map(|journey| of(journey).len()))?;
    match (kind, column.dtype()) {
        (Kind::Money, DataType::List(item)) => match &**item {
            DataType::Struct(fields) => {
                let mut fields = fields.clone();
                let money = DataType::Decimal(MONEY_PRECISION.into(), MONEY_SCALE.unsigned_abs().into());
                fields.iter_mut().take(1).for_each(|value| value.dtype = money.clone());
                column.cast(&DataType::List(Box::new(DataType::Struct(fields))))
            }
            _ => Ok(column),
        },
        _ => Ok(column),
    }
}

fn values(name: &str, kind: Kind, all: &[&Known]) -> Result<Column, PolarsError> {
    let whole = all.iter().map(|known| if let Value::Whole(whole) = known.value { Some(whole) } else { None });
    let series = match kind {
        // as text: money within lists comes out of the cast of a list multiplied, and a text as it stands
        Kind::Money => {
            StringChunked::from_iter_options(name.into(), whole.map(|units| units.map(in_units))).into_series()
        }
        Kind::Day => {
            let days = whole.map(|day| day.and_then(|day| i32::try_from(day).ok()));
            Int32Chunked::from_iter_options(name.into(), days).into_date().into_series()
        }
        Kind::Real => {
            let real = all.iter().map(|known| if let Value::Real(real) = known.value { Some(real) } else { None });
            Float64Chunked::from_iter_options(name.into(), real).into_series()
        }
        _ => return Err(PolarsError::SchemaMismatch(format!("`{name}` has no history").into())),
    };
    Ok(series.into())
}

/// Money as a number with all its decimals.
fn in_units(units: i64) -> String {
    let scale = 10_u64.pow(u32::from(MONEY_SCALE.unsigned_abs()));
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    format!("{sign}{}.{:0width$}", units / scale, units % scale, width = usize::from(MONEY_SCALE.unsigned_abs()))
}

/// Lists of structs: the fields of all lists one after another, and how long each list is.
fn lists(name: &str, fields: &[Column], lengths: impl ExactSizeIterator<Item = usize>) -> Result<Column, PolarsError> {
    let all = fields.first().map_or(0, Column::len);
    let flat = StructChunked::from_columns(name.into(), all, fields)?.into_series().rechunk();
    // where the lists end: those of numbers of the same lengths end there, too. A builder of lists of structs would take each
    // list apart, and put all of them together
    let mut shape = ListPrimitiveChunkedBuilder::<Int64Type>::new(name.into(), lengths.len(), all, DataType::Int64);
    let numbers = vec![0; all];
    lengths.for_each(|length| shape.append_slice(&numbers[..length]));
    let shape = shape.finish();
    let (Some(shape), Some(values)) = (shape.downcast_iter().next(), flat.chunks().first()) else {
        return Ok(Series::new_empty(name.into(), &DataType::List(Box::new(flat.dtype().clone()))).into());
    };
    let dtype = LargeListArray::default_datatype(values.dtype().clone());
    let lists = LargeListArray::try_new(dtype, shape.offsets().clone(), values.clone(), None)?;
    let lists = ListChunked::with_chunk(name.into(), lists).into_series();
    // instants among the fields are numbers so far
    Ok(lists.cast(&DataType::List(Box::new(flat.dtype().clone())))?.into())
}

fn text<'a>(name: &str, texts: impl ExactSizeIterator<Item = &'a str>) -> Column {
    StringChunked::from_iter_values(name.into(), texts).into_series().into()
}

/// A column of instants, or of counts.
fn whole(name: &str, kind: Kind, numbers: impl ExactSizeIterator<Item = Option<i64>>) -> Result<Column, PolarsError> {
    let numbers = Int64Chunked::from_iter_options(name.into(), numbers);
    Ok(match kind {
        Kind::Instant => numbers.into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)).into_series().into(),
        Kind::Count => numbers.into_series().into(),
        _ => return Err(PolarsError::SchemaMismatch(format!("`{name}` is no instant and no count").into())),
    })
}

#[cfg(test)]
mod tests {
    use polars::prelude::ExplodeOptions;

    use super::*;

    #[test]
    fn money_within_lists_is_what_it_was() {
        let known = |value| Known { value, at: 7, between: None };
        let [none, some] =
            [vec![], vec![known(Value::Whole(-12_345_678)), known(Value::Empty), known(Value::Whole(5))]];
        let folded = [none, some].map(|amounts| Journey { amounts, ..Journey::default() });
        for (journeys, expected) in [(&folded[..], "[null, -1234.5678, null, 0.0005]"), (&folded[..1], "[null]")] {
            let lists = column("amount_history", Kind::Amounts, journeys).unwrap();
            assert_eq!(lists.len(), journeys.len());
            let values = lists
                .explode(ExplodeOptions { empty_as_null: true, keep_nulls: true })
                .unwrap()
                .struct_()
                .unwrap()
                .field_by_name("value")
                .unwrap();
            let texts = values.cast(&DataType::String).unwrap();
            let texts: Vec<_> = texts.str().unwrap().iter().map(|text| text.unwrap_or("null").to_owned()).collect();
            assert_eq!(format!("[{}]", texts.join(", ")), expected);
            assert_eq!(values.dtype(), &DataType::Decimal(18, 4));
        }
    }
}
