//! Batches of the engine as rows of the protocol, encoded as they come: nothing of a result is held but the batch at hand.

use std::iter;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions as TextOptions};
use arrow_pg::datatypes::{encode_recordbatch, field_into_pg_type, into_pg_type};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt as _, stream};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;

use super::error::{code, error, of_engine};
use crate::model::lang::Lang;
use crate::session::bounds::guarded;

/// The key under which a column's metadata says that its lists are written as PostgreSQL's vectors: with spaces, without braces.
pub const VECTOR: &str = "voronka.vector";

/// How rows are written.
#[derive(Debug, Clone)]
pub struct Shape {
    zone: Arc<str>,
    lang: Lang,
    names: Option<Arc<[String]>>,
}

impl Shape {
    /// Instants are written in this zone, errors in this language.
    pub fn new(zone: &str, lang: Lang) -> Shape {
        Shape { zone: zone.into(), lang, names: None }
    }

    /// With these names of columns, where there are as many.
    pub fn named(self, names: Option<Arc<[String]>>) -> Shape {
        Shape { names, ..self }
    }

    /// The names of the columns.
    pub fn names(&self, schema: &Schema) -> Vec<String> {
        match self.names.as_deref().filter(|names| names.len() == schema.fields().len()) {
            Some(names) => names.to_vec(),
            None => schema.fields().iter().map(|field| field.name().clone()).collect(),
        }
    }

    /// The columns as the client is told of them.
    pub fn fields(&self, schema: &Schema, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
        if let Format::Individual(codes) = format
            && codes.len() != schema.fields().len()
        {
            let text = format!("{} columns, and formats for {}", schema.fields().len(), codes.len());
            return Err(error(code::PROTOCOL, text));
        }
        let mut options = FormatOptions::default();
        options.time_zone = self.zone.to_string();
        let options = Arc::new(options);
        let names = self.names(schema);
        let field = |(at, field): (usize, &FieldRef)| {
            let kind = field_into_pg_type(&Arc::new(self.field(field)))?;
            let size = size_of(&kind);
            let name = names.get(at).unwrap_or(field.name());
            let info = FieldInfo::new(name.clone(), None, None, kind, format.format_for(at));
            Ok(info.with_type_size(size).with_format_options(Arc::clone(&options)))
        };
        schema.fields().iter().enumerate().map(field).collect()
    }

    /// The rows of a query, with what is told of their columns.
    pub fn response(&self, rows: SendableRecordBatchStream, format: &Format) -> PgWireResult<QueryResponse> {
        let fields = Arc::new(self.fields(&rows.schema(), format)?);
        Ok(QueryResponse::new(Arc::clone(&fields), self.encoded(rows, fields).fuse()))
    }

    fn encoded(
        &self,
        rows: SendableRecordBatchStream,
        fields: Arc<Vec<FieldInfo>>,
    ) -> impl Stream<Item = PgWireResult<DataRow>> + Send + use<> {
        let shape = self.clone();
        self.batches(rows).flat_map(move |batch| {
            type Rows = Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send + Sync>;
            let rows: Rows = match batch.and_then(|batch| Ok(shape.plain(&batch)?)) {
                Ok(batch) => encode_recordbatch(Arc::clone(&fields), batch),
                Err(failed) => Box::new(iter::once(Err(of_engine(&failed, shape.lang)))),
            };
            stream::iter(rows)
        })
    }

    /// The batches as they come; a panic of the engine is an error, and ends them.
    pub fn batches(
        &self,
        rows: SendableRecordBatchStream,
    ) -> impl Stream<Item = Result<RecordBatch, DataFusionError>> + Send + use<> {
        stream::unfold(Some(rows), |rows| async move {
            let mut rows = rows?;
            match guarded(async { rows.next().await.transpose() }).await {
                Ok(None) => None,
                Ok(Some(batch)) => Some((Ok(batch), Some(rows))),
                Err(failed) => Some((Err(failed), None)),
            }
        })
    }

    /// A column as it is written.
    pub fn field(&self, field: &Field) -> Field {
        let kind = match field.data_type() {
            DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some(Arc::clone(&self.zone))),
            DataType::List(_) if field.metadata().contains_key(VECTOR) => DataType::Utf8,
            kind => plain(kind),
        };
        field.clone().with_data_type(kind)
    }

    /// A batch with such columns.
    pub fn plain(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let fields: Vec<Field> =
            batch.schema().fields().iter().map(|field| self.field(field).with_nullable(true)).collect();
        let written = |(array, (from, to)): (&ArrayRef, (&FieldRef, &Field))| written(array, from, to.data_type());
        let schema = batch.schema();
        let columns: Result<Vec<_>, _> =
            batch.columns().iter().zip(schema.fields().iter().zip(&fields)).map(written).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns?, &options)
    }
}

/// A schema as the catalog shows it: with the types that are written.
pub fn shown(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_data_type(plain(field.data_type())));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The type that is written in the place of one that PostgreSQL does not have: lists of plain values are arrays, all else is text.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Dictionary(_, values) => plain(values),
        DataType::Decimal256(_, scale) => DataType::Decimal128(38, *scale),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::List(item) | DataType::LargeList(item)
            if !item.data_type().is_nested() && into_pg_type(kind).is_ok() && !is_wide(item.data_type()) =>
        {
            kind.clone()
        }
        kind if kind.is_nested() || into_pg_type(kind).is_err() => DataType::Utf8,
        kind => kind.clone(),
    }
}

fn is_wide(kind: &DataType) -> bool {
    matches!(kind, DataType::Dictionary(..) | DataType::Decimal256(..))
}

fn written(array: &ArrayRef, from: &FieldRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (same, to) if same == to => Ok(Arc::clone(array)),
        (DataType::Timestamp(..), DataType::Timestamp(unit, _)) => zoned(array, *unit, to),
        (DataType::List(_), DataType::Utf8) if from.metadata().contains_key(VECTOR) => as_vector(array),
        (kind, DataType::Utf8) if kind.is_nested() => as_json(array, from),
        (DataType::Dictionary(..), _) | (_, DataType::Decimal128(..)) => cast(array, to),
        _ => as_text(array),
    }
}

/// The same instants, written in another zone.
fn zoned(array: &ArrayRef, unit: TimeUnit, to: &DataType) -> Result<ArrayRef, ArrowError> {
    debug_assert!(matches!(array.data_type(), DataType::Timestamp(own, _) if *own == unit));
    let data = array.to_data().into_builder().data_type(to.clone()).build()?;
    Ok(arrow::array::make_array(data))
}

fn as_json(array: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(field, array.as_ref(), &options)?;
    let mut texts = StringBuilder::new();
    let mut text = Vec::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        texts.append_value(std::str::from_utf8(&text).map_err(|e| ArrowError::CastError(e.to_string()))?);
    }
    Ok(Arc::new(texts.finish()))
}

/// Numbers with spaces between them.
fn as_vector(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let lists = array.as_list::<i32>();
    let text = |row: usize| -> Result<Option<String>, ArrowError> {
        if lists.is_null(row) {
            return Ok(None);
        }
        let numbers = cast(&lists.value(row), &DataType::Utf8)?;
        let numbers: Vec<&str> = numbers.as_string::<i32>().iter().flatten().collect();
        Ok(Some(numbers.join(" ")))
    };
    Ok(Arc::new((0..lists.len()).map(text).collect::<Result<StringArray, _>>()?))
}

fn as_text(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = TextOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let text = |row: usize| array.is_valid(row).then(|| formatter.value(row).to_string());
    Ok(Arc::new((0..array.len()).map(text).collect::<StringArray>()))
}

/// How many bytes a value of a type takes; -1: it varies.
fn size_of(kind: &Type) -> i16 {
    match *kind {
        Type::BOOL | Type::CHAR => 1,
        Type::INT2 => 2,
        Type::INT4 | Type::FLOAT4 | Type::DATE | Type::OID => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::TIME => 8,
        Type::INTERVAL => 16,
        _ => -1,
    }
}

/// A result of one text column.
pub fn texts(name: &str, values: Vec<String>) -> QueryResponse {
    let schema = Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]));
    table(&schema, &[values])
}

/// A small result of text columns, as `SHOW ALL` is one.
pub fn table(schema: &SchemaRef, columns: &[Vec<String>]) -> QueryResponse {
    let shape = Shape::new("UTC", Lang::En);
    let columns = columns.iter().map(|values| Arc::new(StringArray::from(values.clone())) as ArrayRef).collect();
    let fields = shape.fields(schema, &Format::UnifiedText).unwrap_or_default();
    let fields = Arc::new(fields);
    let rows: Vec<Result<DataRow, PgWireError>> = match RecordBatch::try_new(Arc::clone(schema), columns) {
        Ok(batch) => encode_recordbatch(Arc::clone(&fields), batch).collect(),
        Err(failed) => vec![Err(error(code::OTHER, failed.to_string()))],
    };
    QueryResponse::new(fields, stream::iter(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, ListArray, StructArray, TimestampMicrosecondArray};
    use arrow::datatypes::Int64Type;

    #[test]
    fn what_postgres_does_not_have_is_text_and_instants_move_to_the_zone() {
        let numbers = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let item = Arc::new(Field::new("n", DataType::Int64, true));
        let entry = StructArray::from(vec![(item, Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
        let at = TimestampMicrosecondArray::from(vec![0, 1]).with_timezone("UTC");
        let columns: [(&str, ArrayRef); 3] =
            [("numbers", Arc::new(numbers)), ("entry", Arc::new(entry)), ("at", Arc::new(at))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let shape = Shape::new("Europe/Moscow", Lang::En);
        let plain = shape.plain(&batch).unwrap();
        assert_eq!(plain.column(1).as_string::<i32>().value(1), "{\"n\":2}");
        assert_eq!(plain.schema().field(2).data_type().to_string(), "Timestamp(µs, \"Europe/Moscow\")");
        let fields = shape.fields(&batch.schema(), &Format::UnifiedText).unwrap();
        let kinds: Vec<&Type> = fields.iter().map(FieldInfo::datatype).collect();
        assert_eq!(kinds, [&Type::INT8_ARRAY, &Type::TEXT, &Type::TIMESTAMPTZ]);
        assert!(shape.fields(&batch.schema(), &Format::Individual(vec![0])).is_err(), "too few formats do not panic");
    }
}
