//! One question: the session that answers it, with memory of its own, and what it may read.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::error::{DataFusionError, Result};

use crate::company::{Company, CompanyError};
use crate::regulation::Regulation;
use crate::session::Session;

/// One question.
pub struct Question {
    /// The session that answers it.
    pub session: Arc<Session>,
    company: Arc<Company>,
    today: Arc<Regulation>,
}

impl Question {
    /// A question to this session. `today` is the regulation as its file states it.
    pub fn new(session: Arc<Session>, company: Arc<Company>, today: Arc<Regulation>) -> Question {
        Question { session, company, today }
    }

    /// A session for the same question as of another day.
    pub async fn session_at(&self, as_of: Option<NaiveDate>) -> Result<Arc<Session>> {
        match as_of {
            Some(day) if day != self.session.as_of() => {
                let other = self.company.session_beside(&self.session, &self.today, day).await;
                Ok(Arc::new(other.map_err(of_company)?))
            }
            _ => Ok(Arc::clone(&self.session)),
        }
    }
}

fn of_company(error: CompanyError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
