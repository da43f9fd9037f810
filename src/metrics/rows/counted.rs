//! The counted rows themselves: read for some rows of a result, what is taken away taken away.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt64Array, new_null_array};
use arrow::compute::kernels::length::length;
use arrow::compute::{cast, concat_batches, filter_record_batch, take, take_record_batch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Column, NullEquality};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlanBuilder};
use datafusion::prelude::{SessionContext, col, lit};
use datafusion::scalar::ScalarValue;

use crate::metrics::lineage::{Counted, DETAILS, KEYS, Unit, type_of};

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
    is_of_clients: bool,
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
    Ok(Found { rows: sorted(&found)?, is_short: false, is_of_clients: false })
}

fn schema() -> SchemaRef {
    let names = KEYS.iter().map(|(name, _)| *name).chain(DETAILS);
    let told = names.map(|name| Field::new(name, type_of(name), true));
    let numbers = [ROW, WEIGHT].map(|name| Field::new(name, DataType::Int64, true));
    Arc::new(Schema::new(numbers.into_iter().chain(told).collect::<Vec<_>>()))
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
    /// Takes away what is to be taken away: the same row first, else one of the same keys, else one of the same client. Then it is a list
    /// of clients, and says nothing of their deals.
    pub fn cancel(&mut self) -> Result<(), ArrowError> {
        let client = BEFORE + KEYS.len() - 1;
        let all: Vec<usize> = [0].into_iter().chain(BEFORE..self.rows.num_columns()).collect();
        let keys = [0].into_iter().chain(BEFORE..=client).collect();
        for columns in [all, keys, vec![0, client]] {
            if !self.has_less() {
                return Ok(());
            }
            if columns == [0, client] {
                self.is_of_clients = true;
                self.rows = of_clients(&self.rows, client)?;
            }
            self.cancel_by(&columns)?;
        }
        self.is_short = self.has_less();
        Ok(())
    }

    fn has_less(&self) -> bool {
        self.rows.column(1).as_primitive::<Int64Type>().values().iter().any(|weight| *weight < 0)
    }

    /// Drops pairs of rows that are the same in these columns, one of them to be taken away.
    fn cancel_by(&mut self, columns: &[usize]) -> Result<(), ArrowError> {
        let converted = converted(&self.rows, columns)?;
        let rows: Vec<_> = (0..self.rows.num_rows()).map(|row| converted.row(row)).collect();
        let weights = self.rows.column(1).as_primitive::<Int64Type>().values().to_vec();
        let mut counts: BTreeMap<&[u8], [usize; 2]> = BTreeMap::new();
        for (row, weight) in rows.iter().zip(&weights) {
            counts.entry(row.as_ref()).or_default()[usize::from(*weight < 0)] += 1;
        }
        // of each row, as many with either sign
        let mut pairs: BTreeMap<&[u8], [usize; 2]> =
            counts.into_iter().map(|(row, [more, less])| (row, [more.min(less); 2])).collect();
        let mut is_kept = |(row, weight): (&arrow::row::Row<'_>, &i64)| {
            let Some(pairs) = pairs.get_mut(row.as_ref()) else { return true };
            let left = &mut pairs[usize::from(*weight < 0)];
            let is_kept = *left == 0;
            *left = left.saturating_sub(1);
            is_kept
        };
        let kept: BooleanArray = rows.iter().zip(&weights).map(|row| Some(is_kept(row))).collect();
        self.rows = filter_record_batch(&self.rows, &kept)?;
        Ok(())
    }

    /// What it lists, of what may be this or coarser: the finest of which any row has the key.
    pub fn unit(&self, finest: Unit) -> Unit {
        if self.is_of_clients {
            return Unit::Client;
        }
        let keys = KEYS.iter().zip(&self.rows.columns()[BEFORE..]);
        let mut found = keys.filter(|((_, unit), column)| *unit >= finest && column.null_count() < column.len());
        found.next().map_or(finest, |((_, unit), _)| *unit)
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

/// The rows with nothing but their clients.
fn of_clients(rows: &RecordBatch, client: usize) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().enumerate().map(|(at, column)| match at < BEFORE || at == client {
        true => Arc::clone(column),
        false => new_null_array(column.data_type(), column.len()),
    });
    RecordBatch::try_new(rows.schema(), columns.collect())
}

fn converted(rows: &RecordBatch, columns: &[usize]) -> Result<arrow::row::Rows, ArrowError> {
    let arrays: Vec<ArrayRef> = columns.iter().map(|column| Arc::clone(rows.column(*column))).collect();
    converter(&arrays)?.convert_columns(&arrays)
}

/// The rows in the order of the result and of their keys: of two ids that are numbers, the less first.
fn sorted(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut by: Vec<ArrayRef> = vec![Arc::clone(rows.column(0))];
    for column in &rows.columns()[BEFORE..BEFORE + KEYS.len()] {
        by.extend([length(column)?, Arc::clone(column)]);
    }
    by.extend(rows.columns()[BEFORE + KEYS.len()..].iter().cloned());
    let converted = converter(&by)?.convert_columns(&by)?;
    let mut order: Vec<usize> = (0..rows.num_rows()).collect();
    order.sort_by(|a, b| converted.row(*a).cmp(&converted.row(*b)));
    take_record_batch(rows, &UInt64Array::from_iter_values(order.iter().map(|row| *row as u64)))
}

fn converter(arrays: &[ArrayRef]) -> Result<RowConverter, ArrowError> {
    RowConverter::new(arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect())
}
