//! The columns that PostgreSQL's own relations have: clients name them, and find them here, whether there is anything to say in them or
//! not.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int32Array, StringArray, new_empty_array, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::ScalarValue;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::error::Result;

use crate::serve::pg::rows::VECTOR;

/// The columns of a relation.
pub type Columns = Vec<(&'static str, DataType)>;

/// A relation of PostgreSQL's own.
pub struct Relation {
    /// The number that it has in every PostgreSQL.
    pub number: Option<i32>,
    /// Its columns.
    pub columns: Columns,
    /// Those of them that are vectors.
    vectors: Vec<&'static str>,
}

/// All relations, by schema and name.
pub fn all() -> &'static BTreeMap<(&'static str, &'static str), Relation> {
    static ALL: OnceLock<BTreeMap<(&'static str, &'static str), Relation>> = OnceLock::new();
    ALL.get_or_init(|| include_str!("columns.txt").lines().filter_map(read).collect())
}

/// A relation.
pub fn of(schema: &str, relation: &str) -> Option<&'static Relation> {
    // the names of the map live for ever, and those asked for do not
    all().iter().find(|((of, name), _)| *of == schema && *name == relation).map(|(_, relation)| relation)
}

fn read(line: &'static str) -> Option<((&'static str, &'static str), Relation)> {
    let (relation, columns) = line.split_once(' ')?;
    let (schema, name) = relation.split_once('.')?;
    let (name, number) = match name.split_once('=') {
        Some((name, number)) => (name, number.parse().ok()),
        None => (name, None),
    };
    let pairs: Vec<_> = columns.split(' ').filter_map(|text| text.split_once(':')).collect();
    let vectors = pairs.iter().filter(|(_, kind)| kind.ends_with("vector")).map(|(name, _)| *name).collect();
    let columns = pairs.into_iter().map(|(name, kind)| (name, type_of(kind))).collect();
    Some(((schema, name), Relation { number, columns, vectors }))
}

/// A type as the engine has it: numbers of objects are 32 bits wide.
pub fn type_of(kind: &str) -> DataType {
    if let Some(item) = kind.strip_suffix("[]") {
        return DataType::List(Arc::new(Field::new_list_field(type_of(item), true)));
    }
    match kind {
        "int2vector" => type_of("int2[]"),
        "oidvector" => type_of("oid[]"),
        "bool" => DataType::Boolean,
        "int2" => DataType::Int16,
        "int4" | "oid" => DataType::Int32,
        "int8" => DataType::Int64,
        "float4" => DataType::Float32,
        "float8" => DataType::Float64,
        "timestamptz" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => DataType::Utf8,
    }
}

/// The name of a type in SQL.
pub fn sql_type(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Timestamp(..) => "timestamptz".to_owned(),
        DataType::List(item) => format!("{}[]", sql_type(item.data_type())),
        _ => "text".to_owned(),
    }
}

/// Rows with the columns of that relation, in its order: those that are not there are null. What the rows have beyond them comes last.
/// `number` tells the number of a function that stands there by its name.
pub fn completed(batch: &RecordBatch, relation: &Relation, number: &dyn Fn(&str) -> i32) -> Result<RecordBatch> {
    let schema = batch.schema();
    let (mut fields, mut arrays): (Vec<FieldRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    let metadata = |name: &str| match relation.vectors.contains(&name) {
        true => vec![(VECTOR.to_owned(), "yes".to_owned())],
        false => Vec::new(),
    };
    for (name, kind) in &relation.columns {
        let (field, array) = match schema.index_of(name) {
            Ok(at) => (schema.field(at).clone(), as_kind(batch.column(at), kind, number)?),
            Err(_) => (Field::new(*name, kind.clone(), true), new_null_array(kind, batch.num_rows())),
        };
        let metadata = field.metadata().clone().into_iter().chain(metadata(name)).collect();
        let field = field.with_data_type(array.data_type().clone()).with_nullable(true).with_metadata(metadata);
        fields.push(Arc::new(field));
        arrays.push(array);
    }
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        if !relation.columns.iter().any(|(name, _)| name == field.name()) {
            fields.push(Arc::new(field.as_ref().clone().with_nullable(true)));
            arrays.push(Arc::clone(array));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
}

/// A column as the type that it has in PostgreSQL, where the library has another.
fn as_kind(array: &ArrayRef, kind: &DataType, number: &dyn Fn(&str) -> i32) -> Result<ArrayRef> {
    match (array.data_type(), kind) {
        // a function by its name where its number should stand
        (DataType::Utf8, DataType::Int32) => {
            let names = array.as_string::<i32>().iter();
            let found = |name: &str| name.parse().unwrap_or_else(|_| number(name));
            Ok(Arc::new(names.map(|name| name.map(found)).collect::<Int32Array>()))
        }
        // a list as text: `1 2`, `[1, 2]` or `{a,b}`
        (DataType::Utf8, DataType::List(item)) => {
            let list = |text: Option<&str>| match text {
                None => ScalarValue::try_from(kind),
                Some(text) => {
                    let text = text.trim_matches(['{', '}', '[', ']']);
                    let items = text.split([',', ' ']).filter(|item| !item.is_empty());
                    let items: ArrayRef = Arc::new(items.map(Some).collect::<StringArray>());
                    let items = cast(&items, item.data_type())?;
                    Ok(SingleRowListArrayBuilder::new(items).build_list_scalar())
                }
            };
            of_lists(array.as_string::<i32>().iter().map(list).collect::<Result<Vec<_>>>()?, kind)
        }
        (DataType::List(item), DataType::List(_)) => {
            let array = if array.data_type() == kind { Arc::clone(array) } else { cast(array, kind)? };
            // a list of one null stands for a list of none, and of names for no list
            let is_text = item.data_type() == &DataType::Utf8;
            let lists = array.as_list::<i32>();
            let values = (0..lists.len()).map(|row| {
                let list = lists.value(row);
                let is_hole = list.len() == 1 && list.null_count() == 1;
                match lists.is_null(row) || (is_hole && is_text) {
                    true => ScalarValue::try_from(kind),
                    false => {
                        let list = if is_hole { list.slice(0, 0) } else { list };
                        Ok(SingleRowListArrayBuilder::new(list).build_list_scalar())
                    }
                }
            });
            of_lists(values.collect::<Result<Vec<_>>>()?, kind)
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn of_lists(lists: Vec<ScalarValue>, kind: &DataType) -> Result<ArrayRef> {
    match lists.is_empty() {
        true => Ok(new_empty_array(kind)),
        false => Ok(cast(&ScalarValue::iter_to_array(lists)?, kind)?),
    }
}

/// No rows, with the columns of that relation.
pub fn empty(relation: &Relation) -> RecordBatch {
    let fields = relation.columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>();
    RecordBatch::new_empty(Arc::new(Schema::new(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::ListArray;
    use arrow::datatypes::Int32Type;

    #[test]
    fn rows_are_completed_in_the_order_of_postgres() {
        let class = of("pg_catalog", "pg_class").unwrap();
        assert_eq!((class.columns.len(), class.number), (33, Some(1259)));
        let oids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("beyond", Arc::clone(&oids)), ("oid", oids)]).unwrap();
        let whole = completed(&batch, class, &|_| 0).unwrap();
        assert_eq!((whole.num_rows(), whole.num_columns()), (2, 34));
        assert_eq!(
            (whole.schema().field(0).name().as_str(), whole.schema().field(33).name().as_str()),
            ("oid", "beyond")
        );
        assert!(of("information_schema", "columns").is_some() && of("pg_catalog", "deals").is_none());
    }

    #[test]
    fn functions_stand_by_number_and_lists_of_nothing_are_empty() {
        let names: ArrayRef = Arc::new(StringArray::from(vec!["boolin"]));
        let none = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![None::<i32>])]);
        let batch =
            RecordBatch::try_from_iter([("prosupport", names), ("proargtypes", Arc::new(none) as ArrayRef)]).unwrap();
        let whole =
            completed(&batch, of("pg_catalog", "pg_proc").unwrap(), &|name| if name == "boolin" { 7 } else { 0 })
                .unwrap();
        let column = |name: &str| whole.column_by_name(name).unwrap();
        assert_eq!(column("prosupport").as_primitive::<Int32Type>().value(0), 7);
        assert_eq!(column("proargtypes").as_list::<i32>().value(0).len(), 0);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("25 1082"), Some(""), None]));
        let types = as_kind(&texts, &type_of("oidvector"), &|_| 0).unwrap();
        let lengths: Vec<usize> = (0..2).map(|row| types.as_list::<i32>().value(row).len()).collect();
        assert!(lengths == [2, 0] && types.is_null(2), "{lengths:?}");
        assert!(whole.schema().field_with_name("proargtypes").unwrap().metadata().contains_key(VECTOR));
    }
}
