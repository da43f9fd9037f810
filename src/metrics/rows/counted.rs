//! The counted rows themselves: read for some rows of a result, what is taken away taken away.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt64Array};
use arrow::compute::{cast, concat_batches, filter_record_batch, take, take_record_batch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Column, NullEquality};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlanBuilder};
use datafusion::prelude::{SessionContext, col, lit};
use datafusion::scalar::ScalarValue;

use crate::metrics::lineage::{Counted, DETAILS, KEYS};

/// The place of a row of the result, in the first column.
pub(super) const ROW: &str = "row of the result";
/// 1, or -1 for what is taken away; in the second column.
const WEIGHT: &str = "weight";
/// The columns before the keys.
const BEFORE: usize = 2;

/// What some rows of a result count: `ROW`, `WEIGHT`, all keys, all details.
pub(super) struct Found {
    rows: RecordBatch,
    /// Whether more was taken away than there was.
    is_short: bool,
}

/// Reads what these rows of the result count.
pub(super) async fn read(
    context: &SessionContext,
    raw: &RecordBatch,
    counted: &[Counted],
    rows: &[usize],
) -> Result<Found, DataFusionError> {
    let mut batches = Vec::new();
    for counted in counted {
        let picks = picks(raw, counted, rows)?;
        if picks.num_rows() > 0 {
            batches.extend(read_one(context, counted, picks).await?);
        }
    }
    let found = concat_batches(&schema(), &batches)?;
    let sort = [0].into_iter().chain(BEFORE..found.num_columns());
    let converted = converted(&found, &sort.collect::<Vec<_>>())?;
    let mut order: Vec<usize> = (0..found.num_rows()).collect();
    order.sort_by(|a, b| converted.row(*a).cmp(&converted.row(*b)));
    Ok(Found { rows: taken(&found, &order)?, is_short: false })
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let keys = KEYS.iter().map(|(name, _)| text(name));
    let details = DETAILS.iter().map(|name| match *name {
        "at" => Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        name => text(name),
    });
    let numbers = [ROW, WEIGHT].map(|name| Field::new(name, DataType::Int64, true));
    Arc::new(Schema::new(numbers.into_iter().chain(keys).chain(details).collect::<Vec<_>>()))
}

/// The places of the rows that count these, and their links.
fn picks(raw: &RecordBatch, counted: &Counted, rows: &[usize]) -> Result<RecordBatch, DataFusionError> {
    let named = |name: &String| {
        raw.column_by_name(name).ok_or_else(|| DataFusionError::Internal(format!("the result has no column {name}")))
    };
    let mut are_counted = vec![true; raw.num_rows()];
    for name in &counted.when {
        let when: &BooleanArray = named(name)?.as_boolean();
        for (row, is_counted) in are_counted.iter_mut().enumerate() {
            *is_counted &= !when.is_null(row) && when.value(row);
        }
    }
    let rows: Vec<usize> = rows.iter().copied().filter(|row| are_counted[*row]).collect();
    let taken_at = UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
    let places: Int64Array = rows.iter().map(|row| i64::try_from(*row).ok()).collect();
    let mut fields = vec![Field::new(ROW, DataType::Int64, true)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(places)];
    for name in &counted.link {
        let link = take(named(name)?, &taken_at, None)?;
        fields.push(Field::new(name, link.data_type().clone(), true));
        arrays.push(link);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

async fn read_one(
    context: &SessionContext,
    counted: &Counted,
    picks: RecordBatch,
) -> Result<Vec<RecordBatch>, DataFusionError> {
    let units = counted.units.plan.clone();
    let picks = LogicalPlanBuilder::from(context.read_batch(picks)?.logical_plan().clone());
    let link: Vec<Column> = counted.link.iter().map(Column::new_unqualified).collect();
    let joined = match link.is_empty() {
        true => picks.cross_join(units)?,
        false => {
            let keys = (link, counted.units.link.clone());
            picks.join_detailed(units, JoinType::Inner, keys, None, NullEquality::NullEqualsNull)?
        }
    };
    let weight = if counted.is_minus { -1_i64 } else { 1 };
    let mut columns = vec![col(Column::new_unqualified(ROW)), lit(weight).alias(WEIGHT)];
    for field in &schema().fields()[BEFORE..] {
        let value = match counted.units.columns.get(field.name().as_str()) {
            Some(column) => Expr::Column(column.clone()),
            None => lit(ScalarValue::try_new_null(field.data_type())?),
        };
        columns.push(value.alias(field.name()));
    }
    let plan = joined.project(columns)?.build()?;
    let batches = context.execute_logical_plan(plan).await?.collect().await?;
    let settled = |batch: RecordBatch| {
        let schema = schema();
        let columns =
            batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new(schema, columns)?)
    };
    batches.into_iter().map(settled).collect()
}

impl Found {
    /// Takes away what is to be taken away: the same row first, else one of the same keys.
    pub fn cancel(&mut self) -> Result<(), ArrowError> {
        let all: Vec<usize> = [0].into_iter().chain(BEFORE..self.rows.num_columns()).collect();
        let keys = [0].into_iter().chain(BEFORE..BEFORE + KEYS.len()).collect();
        for columns in [all, keys] {
            let weights = self.rows.column(1).as_primitive::<Int64Type>();
            if !weights.iter().flatten().any(|weight| weight < 0) {
                return Ok(());
            }
            let converted = converted(&self.rows, &columns)?;
            let mut less: BTreeMap<&[u8], usize> = BTreeMap::new();
            let rows: Vec<_> = (0..self.rows.num_rows()).map(|row| converted.row(row)).collect();
            for (row, _) in rows.iter().zip(weights.iter().flatten()).filter(|(_, weight)| *weight < 0) {
                *less.entry(row.as_ref()).or_default() += 1;
            }
            let mut kept = vec![true; rows.len()];
            let mut more: BTreeMap<&[u8], usize> = BTreeMap::new();
            for ((row, weight), is_kept) in rows.iter().zip(weights.iter().flatten()).zip(&mut kept) {
                if weight > 0
                    && let Some(left) = less.get_mut(row.as_ref()).filter(|left| **left > 0)
                {
                    *left -= 1;
                    *more.entry(row.as_ref()).or_default() += 1;
                    *is_kept = false;
                }
            }
            for ((row, weight), is_kept) in rows.iter().zip(weights.iter().flatten()).zip(&mut kept) {
                if weight < 0
                    && let Some(left) = more.get_mut(row.as_ref()).filter(|left| **left > 0)
                {
                    *left -= 1;
                    *is_kept = false;
                }
            }
            self.rows = filter_record_batch(&self.rows, &BooleanArray::from(kept))?;
        }
        self.is_short = self.rows.column(1).as_primitive::<Int64Type>().iter().flatten().any(|weight| weight < 0);
        Ok(())
    }

    /// Whether more was taken away than there was: then it is no list.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// How many a row of the result counts.
    pub fn of(&self, row: usize) -> usize {
        let places = self.rows.column(0).as_primitive::<Int64Type>().values();
        let row = i64::try_from(row).unwrap_or(i64::MAX);
        places.partition_point(|place| *place <= row) - places.partition_point(|place| *place < row)
    }

    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// The first of them, without their weights.
    pub fn first(&self, limit: Option<usize>) -> Result<RecordBatch, ArrowError> {
        let shown = self.rows.slice(0, limit.unwrap_or(usize::MAX).min(self.len()));
        let columns: Vec<usize> = [0].into_iter().chain(BEFORE..shown.num_columns()).collect();
        shown.project(&columns)
    }
}

fn converted(rows: &RecordBatch, columns: &[usize]) -> Result<arrow::row::Rows, ArrowError> {
    let arrays: Vec<ArrayRef> = columns.iter().map(|column| Arc::clone(rows.column(*column))).collect();
    let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
    RowConverter::new(fields)?.convert_columns(&arrays)
}

fn taken(rows: &RecordBatch, order: &[usize]) -> Result<RecordBatch, ArrowError> {
    take_record_batch(rows, &UInt64Array::from_iter_values(order.iter().map(|row| *row as u64)))
}
