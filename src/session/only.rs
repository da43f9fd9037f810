//! Sessions that are held to some rows.

use super::hold::Hold;
use super::{Session, SessionError, dimensions};
use crate::model::tables::Table;

impl Session {
    /// The same session, held to the rows that have this value of this dimension; an empty value: none.
    ///
    /// Its metrics see the views alone: the tables behind them, which hold the rows of others, are hidden.
    pub async fn only(&self, dimension: &str, value: &str) -> Result<Session, SessionError> {
        self.only_any(dimension, &[value.to_owned()]).await
    }

    /// The same session, held to the rows that have any of these values of this dimension.
    pub async fn only_any(&self, dimension: &str, values: &[String]) -> Result<Session, SessionError> {
        dimensions::check(&[dimension.to_owned()], &self.dimensions())?;
        let mut other = self.at(self.as_of).await?;
        other.held.extend(values.iter().map(|value| (dimension.to_owned(), value.clone())));
        other.only.push(Hold { dimension: dimension.to_owned(), values: values.to_vec() });
        Ok(other)
    }

    /// What it is held to: dimension and value. Several values of one dimension may be of one [`Session::only_any`].
    pub fn held(&self) -> &[(String, String)] {
        &self.held
    }

    /// Whether a table would show rows that a session held to some is not to see. Of a refused row nothing proves whose it is.
    pub fn hides(&self, name: &str) -> bool {
        const SHARED: [Table; 3] = [Table::Promos, Table::Staff, Table::Ingests];
        !self.only.is_empty() && Table::named(name).is_some_and(|table| !SHARED.contains(&table))
    }
}
