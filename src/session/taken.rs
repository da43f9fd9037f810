//! Up to when the exports of a table reach: what came later they cannot show, and a day that they do not cover is no day without
//! leads.

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::prelude::{ident, lit};

use super::{Session, SessionError};
use crate::model::tables::Table;

impl Session {
    /// The newest moment up to which the exports of a table reach, in the version of the store that is seen: as the user, the
    /// mapping or a snapshot's name says, else when they were ingested. None: the table was never filled, or by an early Voronka.
    ///
    /// Journeys are made of deals, and reach as far. An export of a day reaches to that day's last microsecond.
    pub async fn taken(&self, table: Table) -> Result<Option<DateTime<Utc>>, SessionError> {
        let table = if table == Table::Journeys { Table::Deals } else { table };
        let ingests = self.context.table(Table::Ingests.name()).await?;
        let of_table = ingests.filter(ident("table_name").eq(lit(table.name())))?;
        let newest = of_table.aggregate(vec![], vec![max(ident("taken")).alias("taken")])?.collect().await?;
        let micros = newest.iter().flat_map(|batch| batch.column(0).as_primitive::<TimestampMicrosecondType>().iter());
        Ok(micros.flatten().max().and_then(DateTime::from_timestamp_micros))
    }
}
