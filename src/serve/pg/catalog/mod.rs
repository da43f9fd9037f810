//! PostgreSQL's own catalog: tables and functions by which clients find out what there is. Most of it is datafusion-pg-catalog's; here is
//! what is ours in it: who asks, the comments, the functions, and what that library leaves out.

mod columns;
mod comments;
mod functions;
mod info;
mod information;
mod lists;
mod names;
mod own;
mod shown;

use std::sync::Arc;

use datafusion::catalog::TableFunctionImpl;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion_pg_catalog::pg_catalog as library;

pub use self::comments::{Described, Regs, kept};
use self::info::Info;
use self::information::Information;
use self::shown::Shown;
use super::nested;
use super::schemas::{DATABASE, Metrics, Tables};
use crate::model::lang::Lang;
use crate::session::Session;

/// Puts PostgreSQL's catalog beside the tables of a context. `user` is who asks. Returns what is known of all there is.
pub async fn register(
    context: &SessionContext,
    tables: &Arc<Tables>,
    metrics: &Arc<Metrics>,
    session: &Session,
    user: &str,
    lang: Lang,
) -> Result<Described> {
    let fixed = shown::fixed()?;
    let info = Info::new(tables, metrics, &fixed)?;
    let ours = functions::of(context, session);
    let shown = Arc::new(Shown::new(info, &fixed, metrics, user, lang, ours)?);
    let catalog = context.catalog(DATABASE);
    let catalog = catalog.ok_or_else(|| DataFusionError::Internal("no catalog".to_owned()))?;
    catalog.register_schema(names::SCHEMA, Arc::clone(&shown) as _)?;
    catalog.register_schema(information::SCHEMA, Arc::new(Information::new(context)))?;
    shown.prepare().await?;

    let keywords: Arc<dyn TableFunctionImpl> = fixed.pg_get_keywords.clone();
    context.register_udtf("pg_get_keywords", keywords);
    for function in [
        library::create_current_database_udf(DATABASE),
        library::create_current_schema_udf(),
        library::create_current_schemas_udf(),
        library::create_pg_table_is_visible(),
        library::format_type::create_format_type_udf(),
        library::pg_get_expr_udf::create_pg_get_expr_udf(),
        library::create_pg_get_partkeydef_udf(),
        library::create_pg_relation_is_publishable_udf(),
        library::create_pg_get_statisticsobjdef_columns_udf(),
        library::create_pg_encoding_to_char_udf(),
        library::create_pg_relation_size_udf(),
        library::create_pg_total_relation_size_udf(),
        library::create_pg_stat_get_numscans(),
        library::create_pg_get_constraintdef(),
        library::create_pg_get_partition_ancestors_udf(),
        library::quote_ident_udf::create_quote_ident_udf(),
        library::quote_ident_udf::create_parse_ident_udf(),
        library::array_bounds_udf::create_array_upper_udf(),
        library::array_bounds_udf::create_array_lower_udf(),
    ] {
        context.register_udf(function);
    }
    for function in functions::own(shown.described(), user).into_iter().chain(lists::functions()) {
        context.register_udf(function);
    }
    lists::register(context)?;
    let state = context.state_ref();
    let planner = Arc::new(library::oid_type_planner::PgOidTypePlanner);
    let with = SessionStateBuilder::new_from_existing(context.state()).with_type_planner(planner).build();
    *state.write() = with;
    library::generate_series_arg_coercion::CoerceIntArgsToBigInt::widen(context);
    context.register_udf(nested::array());
    Ok(shown.described())
}
