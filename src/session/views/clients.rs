//! `scope_clients`: a row per client, and of which kind of the regulation it is.

use arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::Case;
use datafusion::prelude::{Expr, lit};
use datafusion::scalar::ScalarValue;

use super::super::dimensions::{column, text};
use super::super::scope::Scope;
use super::super::small_side::HELD;
use crate::model::tables::Table;

/// What only the conditions of client kinds see.
const FOR_KINDS: &str = "days_since_";

impl Scope<'_> {
    pub(super) async fn clients(&self, context: &SessionContext) -> Result<DataFrame> {
        // the table may be hidden from whoever asks; what is said of a client that is seen may be seen
        let segments = self.tables.table(Table::Clients.name()).await?;
        let segments = segments.select(vec![column("client_id").alias(HELD), column("segment")])?;
        let inner = super::super::tables::beside(context, |_| true).await?;
        inner.register_table("segments", segments.into_view())?;
        let facts = self.query(&inner, super::sql_of("scope_clients"), super::Judged::default()).await?;
        let mut branches = Vec::new();
        for kind in self.regulation.client_kinds() {
            let Some(when) = &kind.when else { continue };
            let condition = context.parse_sql_expr(&when.sql, facts.schema())?;
            branches.push((Box::new(condition.is_true()), Box::new(text(kind.id.as_str()))));
        }
        let kind = match branches.is_empty() {
            true => lit(ScalarValue::try_new_null(&DataType::Utf8View)?),
            false => Expr::Case(Case::new(None, branches, None)),
        };
        let mut columns: Vec<Expr> = facts
            .schema()
            .fields()
            .iter()
            .filter(|field| !field.name().starts_with(FOR_KINDS))
            .map(|field| column(field.name()))
            .collect();
        columns.push(kind.alias("kind"));
        facts.select(columns)
    }
}
