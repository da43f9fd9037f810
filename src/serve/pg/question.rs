//! One question: the session that answers it, with memory of its own, and what it may read.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::error::{DataFusionError, Result};
use tokio::sync::OnceCell;

use crate::company::{Company, CompanyError};
use crate::regulation::Regulation;
use crate::session::Session;

/// One question.
pub struct Question {
    /// The session that answers it.
    pub session: Arc<Session>,
    company: Arc<Company>,
    today: Arc<Regulation>,
    currency: OnceCell<()>,
}

impl Question {
    /// A question to this session. `today` is the regulation as its file states it.
    pub fn new(session: Arc<Session>, company: Arc<Company>, today: Arc<Regulation>) -> Question {
        Question { session, company, today, currency: OnceCell::new() }
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

    /// Refuses amounts in a currency that they are not in, as `voronka query` does.
    pub async fn check_currency(&self) -> Result<()> {
        let (regulation, version) = (self.session.regulation(), self.session.version());
        let check = || async { self.company.check_currency(regulation, Some(version)).await.map_err(of_company) };
        self.currency.get_or_try_init(check).await.copied()
    }
}

fn of_company(error: CompanyError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
