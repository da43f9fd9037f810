//! Functions that clients ask the catalog with, beyond those of the library; and how our own functions are listed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::comments::{Described, Regs};
use crate::functions::Functions;
use crate::serve::pg::settings::{VERSION, default_of};
use crate::session::Session;

/// One of our functions, as `\df` lists it.
#[derive(Debug, Clone)]
pub struct Ours {
    /// Its name.
    pub name: String,
    /// `f`: of a row; `a`: of a group of rows.
    pub kind: &'static str,
    /// Its arguments.
    pub arguments: String,
    /// What it gives.
    pub result: String,
}

/// Our functions that a context has.
pub fn of(context: &SessionContext, session: &Session) -> Vec<Ours> {
    let regulation = session.regulation();
    let Functions { scalars, aggregates } = Functions::all(regulation.calendar(), regulation.contact_hours());
    let state = context.state();
    let of_rows = scalars.iter().filter(|f| state.scalar_functions().contains_key(f.name()));
    let of_rows = of_rows.map(|f| ours(f.name(), "f", f.signature()));
    let of_groups = aggregates.iter().filter(|f| state.aggregate_functions().contains_key(f.name()));
    of_rows.chain(of_groups.map(|f| ours(f.name(), "a", f.signature()))).collect()
}

fn ours(name: &str, kind: &'static str, signature: &Signature) -> Ours {
    let shown = signature.type_signature.to_string_repr().join(", ");
    Ours { name: name.to_owned(), kind, arguments: shown, result: "anyelement".to_owned() }
}

type Answer = Arc<dyn Fn(&[ScalarValue]) -> ScalarValue + Send + Sync>;

/// A function of the catalog: a row in, a value out.
struct Told {
    name: String,
    signature: Signature,
    result: DataType,
    answer: Answer,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Told) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.answer, &other.answer)
    }
}

impl Eq for Told {}

impl Hash for Told {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Told {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) {
            let values: Vec<ScalarValue> = args.args.iter().filter_map(scalar).collect();
            return Ok(ColumnarValue::Scalar((self.answer)(&values)));
        }
        let arrays: Vec<ArrayRef> = ColumnarValue::values_to_arrays(&args.args)?;
        let row = |row: usize| -> Result<ScalarValue> {
            let values =
                arrays.iter().map(|array| ScalarValue::try_from_array(array, row)).collect::<Result<Vec<_>>>()?;
            Ok((self.answer)(&values))
        };
        let values = (0..args.number_rows).map(row).collect::<Result<Vec<_>>>()?;
        match values.is_empty() {
            true => Ok(ColumnarValue::Array(arrow::array::new_empty_array(&self.result))),
            false => Ok(ColumnarValue::Array(ScalarValue::iter_to_array(values)?)),
        }
    }
}

fn scalar(value: &ColumnarValue) -> Option<ScalarValue> {
    match value {
        ColumnarValue::Scalar(value) => Some(value.clone()),
        ColumnarValue::Array(_) => None,
    }
}

pub fn told(
    name: &str,
    arities: std::ops::RangeInclusive<usize>,
    result: DataType,
    answer: impl Fn(&[ScalarValue]) -> ScalarValue + Send + Sync + 'static,
) -> ScalarUDF {
    let arity = |n| if n == 0 { TypeSignature::Nullary } else { TypeSignature::Any(n) };
    let signature = Signature::one_of(arities.map(arity).collect(), Volatility::Stable);
    ScalarUDF::new_from_impl(Told { name: name.to_owned(), signature, result, answer: Arc::new(answer) })
}

fn text(value: Option<String>) -> ScalarValue {
    ScalarValue::Utf8(value)
}

fn is(value: bool) -> ScalarValue {
    ScalarValue::Boolean(Some(value))
}

fn number(values: &[ScalarValue], at: usize) -> Option<i32> {
    match values.get(at)?.cast_to(&DataType::Int32) {
        Ok(ScalarValue::Int32(number)) => number,
        _ => None,
    }
}

fn word(values: &[ScalarValue], at: usize) -> Option<String> {
    match values.get(at)?.cast_to(&DataType::Utf8) {
        Ok(ScalarValue::Utf8(text)) => text,
        _ => None,
    }
}

/// The functions, for who asks.
pub fn own(described: Described, user: &str) -> Vec<ScalarUDF> {
    let (utf8, boolean, int) = (|| DataType::Utf8, || DataType::Boolean, || DataType::Int32);
    let of = || described.clone();
    let version = format!("PostgreSQL {VERSION}: read-only, answered by Apache DataFusion");
    let user = user.to_owned();
    let name = move |_: &[ScalarValue]| text(Some(user.clone()));
    let mut all = vec![
        told("version", 0..=0, utf8(), move |_| text(Some(version.clone()))),
        told("session_user", 0..=0, utf8(), name.clone()),
        told("pg_get_userbyid", 1..=1, utf8(), name),
        told("obj_description", 1..=2, utf8(), {
            let of = of();
            move |v| text(number(v, 0).and_then(|oid| of.comment(oid, 0, word(v, 1).as_deref())))
        }),
        told("col_description", 2..=2, utf8(), {
            let of = of();
            move |v| text(number(v, 0).zip(number(v, 1)).and_then(|(oid, sub)| of.comment(oid, sub, Some("pg_class"))))
        }),
        told("pg_get_function_arguments", 1..=1, utf8(), {
            let of = of();
            move |v| text(number(v, 0).and_then(|oid| Some(of.known()?.functions.get(&oid)?.0.clone())))
        }),
        told("pg_get_function_identity_arguments", 1..=1, utf8(), {
            let of = of();
            move |v| {
                text(number(v, 0).and_then(|oid| Some(of.known()?.functions.get(&oid)?.0.replace(" DEFAULT NULL", ""))))
            }
        }),
        told("pg_get_function_result", 1..=1, utf8(), {
            let of = of();
            move |v| text(number(v, 0).and_then(|oid| Some(of.known()?.functions.get(&oid)?.1.clone())))
        }),
        told("pg_get_viewdef", 1..=2, utf8(), {
            let of = of();
            move |v| text(number(v, 0).and_then(|oid| of.known()?.definitions.get(&oid).cloned()))
        }),
        told("current_setting", 1..=2, utf8(), |v| text(word(v, 0).and_then(|name| default_of(&name.to_lowercase())))),
        told("set_config", 3..=3, utf8(), |v| text(word(v, 1))),
        told("pg_char_to_encoding", 1..=1, int(), |v| {
            let is_ours = |name: String| name.to_lowercase().replace('-', "") == "utf8";
            ScalarValue::Int32(word(v, 0).map(|name| if is_ours(name) { 6 } else { -1 }))
        }),
        told("getdatabaseencoding", 0..=0, utf8(), |_| text(Some("UTF8".to_owned()))),
        told("quote_literal", 1..=1, utf8(), |v| {
            text(word(v, 0).map(|word| format!("'{}'", word.replace('\'', "''"))))
        }),
        // nothing is published; clients ask with the number as a text
        told("pg_relation_is_publishable", 1..=1, boolean(), |_| is(false)),
        told("pg_size_pretty", 1..=1, utf8(), |v| text(number(v, 0).map(|bytes| format!("{bytes} bytes")))),
    ];
    for reg in Regs::ALL {
        let (find, show) = (of(), of());
        all.push(told(reg.finder(), 1..=1, int(), move |v| {
            // a number is one already
            let known = number(v, 0).filter(|_| v.first().is_some_and(|value| value.data_type().is_integer()));
            let named = || word(v, 0).and_then(|name| name.parse().ok().or_else(|| find.number(reg, &name)));
            ScalarValue::Int32(known.or_else(named))
        }));
        all.push(told(reg.display(), 1..=1, utf8(), move |v| text(number(v, 0).map(|oid| show.name(reg, oid)))));
    }
    for (name, arities) in [
        ("shobj_description", 2..=2),
        ("pg_get_indexdef", 1..=3),
        ("pg_get_ruledef", 1..=2),
        ("pg_get_triggerdef", 1..=2),
        ("pg_get_function_sqlbody", 1..=1),
        ("pg_get_function_arg_default", 2..=2),
        ("pg_get_statisticsobjdef", 1..=1),
        ("pg_describe_object", 3..=3),
        ("pg_sequence_last_value", 1..=1),
        ("pg_get_replica_identity_index", 1..=1),
        ("pg_get_functiondef", 1..=1),
        ("pg_get_serial_sequence", 2..=2),
        ("pg_get_partition_constraintdef", 1..=1),
        ("pg_tablespace_location", 1..=1),
        ("inet_server_addr", 0..=0),
        ("inet_client_addr", 0..=0),
    ] {
        all.push(told(name, arities, utf8(), |_| text(None)));
    }
    // everything there is may be seen by who sees it, and nothing may be changed
    for name in [
        "has_table_privilege",
        "has_schema_privilege",
        "has_database_privilege",
        "has_any_column_privilege",
        "has_column_privilege",
        "has_function_privilege",
        "has_sequence_privilege",
        "has_type_privilege",
        "has_language_privilege",
        "has_tablespace_privilege",
        "pg_has_role",
    ] {
        all.push(told(name, 2..=4, boolean(), |v| {
            let asked = v.last().and_then(|last| match last.cast_to(&DataType::Utf8) {
                Ok(ScalarValue::Utf8(asked)) => asked,
                _ => None,
            });
            let writes = ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "TRIGGER", "REFERENCES", "TEMP"];
            let asked = asked.unwrap_or_default().to_uppercase();
            is(!writes.iter().any(|write| asked.contains(write)))
        }));
    }
    for name in [
        "pg_function_is_visible",
        "pg_type_is_visible",
        "pg_operator_is_visible",
        "pg_opclass_is_visible",
        "pg_collation_is_visible",
        "pg_conversion_is_visible",
        "pg_opfamily_is_visible",
        "pg_statistics_obj_is_visible",
        "pg_ts_config_is_visible",
        "pg_ts_dict_is_visible",
        "pg_ts_parser_is_visible",
        "pg_ts_template_is_visible",
    ] {
        all.push(told(name, 1..=1, boolean(), |_| is(true)));
    }
    for (name, arities) in
        [("pg_is_in_recovery", 0..=0), ("pg_is_other_temp_schema", 1..=1), ("pg_is_wal_replay_paused", 0..=0)]
    {
        all.push(told(name, arities, boolean(), |_| is(false)));
    }
    for (name, arities) in [
        ("pg_my_temp_schema", 0..=0),
        ("pg_table_size", 1..=1),
        ("pg_indexes_size", 1..=1),
        ("pg_database_size", 1..=1),
        ("pg_tablespace_size", 1..=1),
        ("pg_backend_pid", 0..=0),
        ("inet_server_port", 0..=0),
    ] {
        all.push(told(name, arities, int(), |_| ScalarValue::Int32(Some(0))));
    }
    all
}
