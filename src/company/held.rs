//! A session that sees one branch, one manager, one contractor alone.

use super::CompanyError;
use crate::model::lang::both;
use crate::model::problem::hint;
use crate::session::Session;

/// The session held to a value of a dimension.
///
/// # Errors
/// There is no such dimension; no deal has this value: that is a slip of the pen.
pub async fn held(session: &Session, dimension: &str, value: &str) -> Result<Session, CompanyError> {
    let held = session.only(dimension, value).await?;
    let values = session.values(dimension).await?;
    match values.iter().any(|known| known == value) {
        true => Ok(held),
        false => Err(CompanyError::NoValue {
            what: both!("нет сделок, где {dimension} — `{value}`", "no deal has the {dimension} `{value}`"),
            hint: hint(value, values.iter().map(String::as_str)),
        }),
    }
}
