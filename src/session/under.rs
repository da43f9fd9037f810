//! The same state of the store, as of another day and under another regulation.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{Session, SessionError};
use crate::regulation::Regulation;
use crate::store::fingerprint;

impl Session {
    /// As [`Session::at`], judged by another regulation.
    pub async fn at_under(&self, regulation: &Regulation, as_of: NaiveDate) -> Result<Session, SessionError> {
        let (runtime, footers) = (self.context.runtime_env(), Arc::clone(&self.footers));
        let mut other = Session::open_in(&self.snapshot, regulation, as_of, self.resources, runtime, footers).await?;
        other.only.clone_from(&self.only);
        other.held.clone_from(&self.held);
        other.sources = Arc::clone(&self.sources);
        other.answers.clone_from(&self.answers);
        other.judged_by = fingerprint(&format!("{regulation:?}")).into();
        Ok(other)
    }
}
