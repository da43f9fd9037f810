//! What a session is held to.

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::Expr;

use super::dimensions::text;
use super::{Session, SessionError, dimensions};
use crate::model::tables::Table;

/// A dimension, and the values of it whose rows are seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    /// The dimension.
    pub dimension: String,
    /// Any of these; an empty one: none.
    pub values: Vec<String>,
}

impl Hold {
    /// Whether the dimension has one of the values.
    pub(super) fn fits(&self, dimension: Expr) -> Expr {
        let dimension = coalesce(vec![dimension, text("")]);
        match &self.values[..] {
            [one] => dimension.eq(text(one.as_str())),
            many => dimension.in_list(many.iter().map(|value| text(value.as_str())).collect(), false),
        }
    }

    /// Whether rows without a value are seen.
    pub(super) fn has_none(&self) -> bool {
        self.values.iter().any(String::is_empty)
    }
}

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
