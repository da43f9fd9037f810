//! What a session is held to.

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::Expr;

use super::dimensions::text;

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
