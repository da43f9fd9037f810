//! Functions of PostgreSQL that clients call with lists and rows of the catalog, and comparisons of lists with texts such as `'{0}'`.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int32Array, ListArray, StructArray, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable as _, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::columns;
use super::functions::told;

/// The functions of values.
pub fn functions() -> Vec<ScalarUDF> {
    vec![
        told("format", 1..=12, DataType::Utf8, |values| ScalarValue::Utf8(formatted(values))),
        ScalarUDF::new_from_impl(Numbered { signature: Signature::any(1, Volatility::Immutable) }),
        ScalarUDF::new_from_impl(Subscripts { signature: Signature::any(2, Volatility::Immutable) }),
        told("acl_items", 1..=1, acl(), |_| ScalarValue::try_from(&acl()).unwrap_or(ScalarValue::Null)),
        told("json_build_object", 0..=40, DataType::Utf8, |values| ScalarValue::Utf8(Some(object(values)))),
    ]
}

/// Registers the functions that stand in the place of tables, and how lists are compared.
pub fn register(context: &SessionContext) -> Result<()> {
    let tables: [(&str, &[(&str, &str)]); 6] = [
        ("aclexplode", &[("grantor", "oid"), ("grantee", "oid"), ("privilege_type", "text"), ("is_grantable", "bool")]),
        ("pg_options_to_table", &[("option_name", "text"), ("option_value", "text")]),
        ("pg_partition_tree", &[("relid", "oid"), ("parentrelid", "oid"), ("isleaf", "bool"), ("level", "int4")]),
        ("pg_partition_ancestors", &[("relid", "oid")]),
        ("ts_token_type", &[("tokid", "int4"), ("alias", "text"), ("description", "text")]),
        ("pg_listening_channels", &[("pg_listening_channels", "text")]),
    ];
    for (name, columns) in tables {
        let fields = columns.iter().map(|(name, kind)| Field::new(*name, columns::type_of(kind), true));
        context.register_udtf(name, Arc::new(Nothing(fields.collect::<Vec<_>>().into())));
    }
    context.state_ref().write().register_expr_planner(Arc::new(Lists))
}

/// What is in a list of rights: there is none here.
fn acl() -> DataType {
    let fields = [("grantor", DataType::Int32), ("grantee", DataType::Int32), ("privilege_type", DataType::Utf8)];
    let fields = fields.into_iter().chain([("is_grantable", DataType::Boolean)]);
    let item = DataType::Struct(fields.map(|(name, kind)| Field::new(name, kind, true)).collect());
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// A function in the place of a table, of things that there are none of.
#[derive(Debug)]
struct Nothing(Fields);

impl TableFunctionImpl for Nothing {
    fn call_with_args(&self, _: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(MemTable::try_new(Arc::new(Schema::new(self.0.clone())), vec![Vec::new()])?))
    }
}

/// `format('%s.%I', …)`.
fn formatted(values: &[ScalarValue]) -> Option<String> {
    let text = |value: &ScalarValue| match value.cast_to(&DataType::Utf8) {
        Ok(ScalarValue::Utf8(text)) => text,
        _ => None,
    };
    let pattern = text(values.first()?)?;
    let (mut out, mut letters, mut next) = (String::new(), pattern.chars().peekable(), 1);
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut digits = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let at = match letters.next_if_eq(&'$') {
            Some(_) => digits.parse().ok()?,
            None => next,
        };
        match letters.next()? {
            '%' => out.push('%'),
            kind => {
                let value = values.get(at).and_then(text);
                match (kind, value) {
                    ('s', value) => out.push_str(&value.unwrap_or_default()),
                    ('I', Some(name)) => out.push_str(&ident(&name)),
                    ('L', value) => match value {
                        Some(text) => out.push_str(&format!("'{}'", text.replace('\'', "''"))),
                        None => out.push_str("NULL"),
                    },
                    _ => return None,
                }
                next = at + 1;
            }
        }
    }
    Some(out)
}

/// A name as SQL must write it.
fn ident(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// `json_build_object(key, value, …)`.
fn object(values: &[ScalarValue]) -> String {
    let json = |value: &ScalarValue| match value {
        value if value.is_null() => serde_json::Value::Null,
        ScalarValue::Boolean(Some(is)) => (*is).into(),
        value => match value.cast_to(&DataType::Int64) {
            Ok(ScalarValue::Int64(Some(number))) if value.data_type().is_integer() => number.into(),
            _ => value.to_string().into(),
        },
    };
    let pairs = values.chunks(2).map(|pair| (pair[0].to_string(), pair.get(1).map_or(serde_json::Value::Null, json)));
    serde_json::Value::Object(pairs.collect()).to_string()
}

/// `_pg_expandarray`: the items of a list with their places, as a list of rows.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Numbered {
    signature: Signature,
}

impl Numbered {
    fn fields(item: &DataType) -> Fields {
        vec![Field::new("x", item.clone(), true), Field::new("n", DataType::Int32, true)].into()
    }
}

fn item_of(kind: &DataType) -> DataType {
    match kind {
        DataType::List(item) => item.data_type().clone(),
        _ => DataType::Int32,
    }
}

impl ScalarUDFImpl for Numbered {
    fn name(&self) -> &str {
        "expanded_array"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, of: &[DataType]) -> Result<DataType> {
        let item = of.first().map_or(DataType::Int32, item_of);
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Struct(Numbered::fields(&item)), true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = args.args[0].to_array(args.number_rows)?;
        let kind = self.return_type(&[array.data_type().clone()])?;
        let Some(lists) = array.as_list_opt::<i32>() else {
            return Ok(ColumnarValue::Array(new_null_array(&kind, args.number_rows)));
        };
        let places = (0..lists.len()).flat_map(|row| 1..=lists.value_length(row));
        let first = lists.value_offsets().first().copied().unwrap_or_default();
        let last = lists.value_offsets().last().copied().unwrap_or_default();
        let values = lists.values().slice(first as usize, (last - first) as usize);
        let fields = Numbered::fields(values.data_type());
        let rows =
            StructArray::try_new(fields.clone(), vec![values, Arc::new(Int32Array::from_iter_values(places))], None)?;
        let lengths = (0..lists.len()).map(|row| lists.value_length(row) as usize);
        let offsets = OffsetBuffer::from_lengths(lengths);
        let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(item, offsets, Arc::new(rows), lists.nulls().cloned())?)))
    }
}

/// `generate_subscripts(list, 1)`: the places of its items, as a list.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Subscripts {
    signature: Signature,
}

impl ScalarUDFImpl for Subscripts {
    fn name(&self) -> &str {
        "subscripts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(columns::type_of("int4[]"))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = args.args[0].to_array(args.number_rows)?;
        let Some(lists) = array.as_list_opt::<i32>() else {
            return Ok(ColumnarValue::Array(new_null_array(&columns::type_of("int4[]"), args.number_rows)));
        };
        let places = (0..lists.len()).map(|row| Some((1..=lists.value_length(row)).map(Some).collect::<Vec<_>>()));
        let places = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(places);
        Ok(ColumnarValue::Array(Arc::new(places)))
    }
}

/// Reads a text such as `'{1,2}'` as a list where it is compared with one.
#[derive(Debug)]
struct Lists;

impl ExprPlanner for Lists {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = raw;
        let kind = |expr: &Expr| expr.get_type(schema).ok().filter(|kind| matches!(kind, DataType::List(_)));
        let (left, right) = match (text(&left), text(&right)) {
            (None, Some(text)) => match kind(&left) {
                Some(kind) => (left, list(text, &kind)?),
                None => (left, right),
            },
            (Some(text), None) => match kind(&right) {
                Some(kind) => (list(text, &kind)?, right),
                None => (left, right),
            },
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
            text.strip_prefix('{')?.strip_suffix('}')
        }
        _ => None,
    }
}

fn list(text: &str, kind: &DataType) -> Result<Expr> {
    let items = text.split(',').map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty());
    let items: ArrayRef = Arc::new(items.map(Some).collect::<arrow::array::StringArray>());
    let items = cast(&items, &item_of(kind)).map_err(DataFusionError::from)?;
    Ok(Expr::Literal(SingleRowListArrayBuilder::new(items).build_list_scalar(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_as_postgres_makes_them() {
        let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
        let made = |values: &[ScalarValue]| formatted(values).unwrap();
        assert_eq!(
            made(&[text("%I.%I %% %s %L"), text("metric"), text("O\"k"), text("x"), text("it's")]),
            "metric.\"O\"\"k\" % x 'it''s'"
        );
        assert_eq!(made(&[text("%2$s%1$s"), text("a"), text("b")]), "ba");
        assert_eq!(made(&[text("%s|%L"), ScalarValue::Utf8(None), ScalarValue::Utf8(None)]), "|NULL");
        assert_eq!(
            object(&[text("a"), ScalarValue::Int32(Some(1)), text("b"), ScalarValue::Null]),
            "{\"a\":1,\"b\":null}"
        );
    }
}
