//! What is told of each row of a list: of its deal, and which figure counts it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, UInt64Array, new_null_array};
use arrow::compute::{concat, concat_batches, take};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::last_value;
use datafusion::prelude::{Expr, SessionContext, cast, ident};

use super::counted::ROW;
use crate::export::is_hash;
use crate::metrics::lineage::{DETAILS, KEYS, Unit};
use crate::model::tables::Table;
use crate::regulation::Link;
use crate::session::Session;

/// What is told of a deal, as it was known at the cut.
pub(super) const OF_DEALS: [&str; 8] =
    ["source", "manager", "branch", "stage", "status", "amount", "created_at", "closed_at"];

/// The place of a row in the list.
const PLACE: &str = "place in the list";
/// The key of what is told.
const KEY: &str = "key of what is told";
/// The newest deal of a client.
const NEWEST: &str = "newest deal";

/// The list with what tells the figures apart, the keys, the further columns of deals, and what is known of each. What no row has is left
/// out, and so is what another column of the same name tells.
pub(super) async fn tell(
    session: &Session,
    context: &SessionContext,
    apart: &RecordBatch,
    list: &RecordBatch,
    unit: Option<Unit>,
) -> Result<RecordBatch, DataFusionError> {
    let rows = list.column(0).as_primitive::<Int64Type>();
    let rows = UInt64Array::from_iter_values(rows.values().iter().map(|row| row.unsigned_abs()));
    let mut told: Vec<(String, ArrayRef)> = Vec::new();
    for (field, column) in apart.schema().fields().iter().zip(apart.columns()) {
        told.push((field.name().clone(), take(column, &rows, None)?));
    }
    let schema = list.schema();
    // an empty list has a header too
    let is_key = |name: &str| KEYS.iter().any(|(key, of)| *key == name && unit.is_none_or(|unit| *of >= unit));
    let has_any = |name: &str, column: &ArrayRef| match column.is_empty() {
        true => is_key(name),
        false => column.null_count() < column.len(),
    };
    let own = |name: &str| list.column_by_name(name).filter(|column| has_any(name, column));
    let clients = own("client_id").filter(|_| unit == Some(Unit::Client));
    let deals = match (own("deal_id"), clients) {
        (Some(deals), _) => Some(Arc::clone(deals)),
        (None, Some(clients)) => Some(newest_deals(context, clients).await?),
        (None, None) => None,
    };
    let of_deals = match &deals {
        Some(deals) => deals_told(session, context, deals).await?,
        None => RecordBatch::new_empty(Arc::new(Schema::empty())),
    };
    let mut add = |name: &str, column: Option<&ArrayRef>| {
        if let Some(column) = column
            && !told.iter().any(|(known, _)| known == name)
        {
            told.push((name.to_owned(), Arc::clone(column)));
        }
    };
    debug_assert_eq!(schema.field(0).name(), ROW);
    for (name, _) in KEYS {
        add(name, if name == "deal_id" { deals.as_ref() } else { own(name) });
    }
    for field in of_deals.schema().fields().iter().filter(|field| !OF_DEALS.contains(&field.name().as_str())) {
        add(field.name(), of_deals.column_by_name(field.name()));
    }
    for name in DETAILS {
        add(name, own(name));
    }
    for name in OF_DEALS {
        add(name, of_deals.column_by_name(name));
    }
    add("url", urls(session, unit, deals.as_ref(), own("client_id")).as_ref());
    let fields: Vec<Field> =
        told.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let columns = told.into_iter().map(|(_, column)| column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(list.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

/// The addresses of what is listed: in a list of clients those of the clients, else those of the deals. A hash is nobody's id in the CRM:
/// in its place stands the client's deal.
fn urls(
    session: &Session,
    unit: Option<Unit>,
    deals: Option<&ArrayRef>,
    clients: Option<&ArrayRef>,
) -> Option<ArrayRef> {
    let regulation = session.regulation();
    let of = |ids: Option<&ArrayRef>, link: Option<&Link>| -> Option<Vec<Option<String>>> {
        let (ids, link) = (ids?.as_string_opt::<i32>()?, link?);
        let url = |id: Option<&str>| id.filter(|id| !id.is_empty() && !is_hash(id)).map(|id| link.of(id));
        Some(ids.iter().map(url).collect())
    };
    let of_deals = of(deals, regulation.deal_link());
    let of_clients = of(clients, regulation.client_link()).filter(|_| unit == Some(Unit::Client));
    let urls: StringArray = match (of_clients, of_deals) {
        (Some(clients), Some(deals)) => clients.into_iter().zip(deals).map(|(client, deal)| client.or(deal)).collect(),
        (Some(urls), None) | (None, Some(urls)) => urls.into_iter().collect(),
        (None, None) => return None,
    };
    Some(Arc::new(urls))
}

/// The newest deal of each of these clients, as `scope_clients` has it.
async fn newest_deals(context: &SessionContext, clients: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
    let order = ["created_at", "deal_id"].map(|name| ident(name).sort(true, true)).to_vec();
    let newest = last_value(ident("deal_id"), order).alias(NEWEST);
    let known = context.table("scope").await?.aggregate(vec![ident("client_id")], vec![newest])?;
    let listed = read_listed(context, clients)?.join(known, JoinType::Left, &[KEY], &["client_id"], None)?;
    let frame = listed.sort(vec![ident(PLACE).sort(true, false)])?;
    let newest = frame.select(vec![cast(ident(NEWEST), DataType::Utf8).alias(NEWEST)])?;
    let deals = newest.collect().await?;
    let deals: Vec<&dyn Array> = deals.iter().map(|batch| batch.column(0).as_ref()).collect();
    match deals.is_empty() {
        true => Ok(new_null_array(&DataType::Utf8, clients.len())),
        false => Ok(concat(&deals)?),
    }
}

/// Keys and their places.
fn read_listed(context: &SessionContext, keys: &ArrayRef) -> Result<DataFrame, DataFusionError> {
    let places: ArrayRef = Arc::new(Int64Array::from_iter_values((0_i64..).take(keys.len())));
    context
        .read_batch(RecordBatch::try_from_iter_with_nullable([(PLACE, places, false), (KEY, Arc::clone(keys), true)])?)
}

/// What is known of these deals, a row for each: the further columns that a mapping kept, then `OF_DEALS`.
async fn deals_told(
    session: &Session,
    context: &SessionContext,
    deals: &ArrayRef,
) -> Result<RecordBatch, DataFusionError> {
    let known = context.table("scope").await?;
    let has = |name: &&str| known.schema().has_column_with_unqualified_name(name);
    let of_deals: Vec<&str> = OF_DEALS.into_iter().filter(has).collect();
    let columns: Vec<Expr> = ["deal_id"].into_iter().chain(of_deals.iter().copied()).map(ident).collect();
    let mut frame =
        read_listed(context, deals)?.join(known.select(columns)?, JoinType::Left, &[KEY], &["deal_id"], None)?;
    let further: Vec<String> = session.further_columns().filter(|name| !of_deals.contains(&name.as_str())).collect();
    let key = "deal_id of further columns";
    if !further.is_empty() {
        let columns = further.iter().map(ident).chain([ident("deal_id").alias(key)]);
        let deals = session.context().table(Table::Deals.name()).await?.select(columns.collect::<Vec<_>>())?;
        frame = frame.join(deals, JoinType::Left, &[KEY], &[key], None)?;
    }
    let told = further.iter().map(String::as_str).chain(of_deals).map(ident);
    let frame = frame.sort(vec![ident(PLACE).sort(true, false)])?.select(told.collect::<Vec<_>>())?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await?;
    Ok(match batches.first() {
        Some(first) => concat_batches(&first.schema(), &batches)?,
        None => RecordBatch::new_empty(schema),
    })
}
