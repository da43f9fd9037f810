//! Rows of PostgreSQL's catalog that are ours: the one database, the one role, what is set.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray};
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;

use crate::serve::pg::schemas::DATABASE;
use crate::serve::pg::settings::DEFAULTS;

/// The number of the owner of all there is.
pub const OWNER: i32 = 10;
/// The number of the one database.
const DATABASE_OID: i32 = 5;

/// The one database.
pub fn database() -> Result<RecordBatch> {
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let number = |value: i32| Arc::new(Int32Array::from(vec![value])) as ArrayRef;
    let is = |value: bool| Arc::new(BooleanArray::from(vec![value])) as ArrayRef;
    Ok(RecordBatch::try_from_iter([
        ("oid", number(DATABASE_OID)),
        ("datname", text(DATABASE)),
        ("datdba", number(OWNER)),
        ("encoding", number(6)),
        ("datlocprovider", text("c")),
        ("datistemplate", is(false)),
        ("datallowconn", is(true)),
        ("datconnlimit", number(-1)),
        ("dattablespace", number(1663)),
        ("datcollate", text("C.UTF-8")),
        ("datctype", text("C.UTF-8")),
    ])?)
}

/// The one role: who asks.
pub fn users(user: &str) -> Result<RecordBatch> {
    let is = |value: bool| Arc::new(BooleanArray::from(vec![value])) as ArrayRef;
    Ok(RecordBatch::try_from_iter([
        ("usename", Arc::new(StringArray::from(vec![user])) as ArrayRef),
        ("usesysid", Arc::new(Int32Array::from(vec![OWNER]))),
        ("usecreatedb", is(false)),
        ("usesuper", is(false)),
        ("userepl", is(false)),
        ("usebypassrls", is(false)),
    ])?)
}

/// What clients find set.
pub fn settings() -> Result<RecordBatch> {
    let (names, values): (Vec<&str>, Vec<&str>) = DEFAULTS.into_iter().unzip();
    let same = |text: &str| Arc::new(StringArray::from(vec![text; names.len()])) as ArrayRef;
    Ok(RecordBatch::try_from_iter([
        ("name", Arc::new(StringArray::from(names.clone())) as ArrayRef),
        ("setting", Arc::new(StringArray::from(values.clone()))),
        ("context", same("user")),
        ("vartype", same("string")),
        ("source", same("default")),
        ("boot_val", Arc::new(StringArray::from(values.clone()))),
        ("reset_val", Arc::new(StringArray::from(values))),
    ])?)
}
