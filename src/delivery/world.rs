//! What sending needs of its caller: the company's data, the clock, and the secrets.

use chrono::{DateTime, Utc};

use crate::company::Company;
use crate::metrics::Catalog;
use crate::regulation::Regulation;
use crate::session::Session;

/// What sending needs of its caller.
pub struct World<'w> {
    /// The company whose reports are sent.
    pub company: &'w Company,
    /// Its regulation.
    pub regulation: &'w Regulation,
    /// Its metrics.
    pub catalog: &'w Catalog,
    /// Its store as of a day, held to nothing.
    pub session: &'w Session,
    /// The clock.
    pub clock: &'w (dyn Fn() -> DateTime<Utc> + Sync),
    /// The environment: the value of a variable.
    pub environment: &'w (dyn Fn(&str) -> Option<String> + Sync),
}
