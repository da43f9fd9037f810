//! Why a company was not made.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::plan::MOST_CLIENTS;
use crate::model::lang::Lang;

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A company without clients.
    #[error("a company needs at least one client and at most {MOST_CLIENTS}; asked for: {0}")]
    Clients(u64),
    /// A date that the calendar does not reach around.
    #[error("{0} lies too near the end of the calendar: choose a date between 1000-01-01 and 9000-01-01")]
    Date(NaiveDate),
    /// The folder holds events of another company.
    #[error("{} is of another company, and an ingest would take it for this one's: choose an empty folder", .0.display())]
    Foreign(PathBuf),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl GenerateError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (_, Lang::En) => self.to_string(),
            (GenerateError::Clients(asked), Lang::Ru) => {
                format!("компании нужен хотя бы один клиент и не больше {MOST_CLIENTS}; запрошено: {asked}")
            }
            (GenerateError::Date(day), Lang::Ru) => {
                format!("{day} — слишком близко к краю календаря: возьмите дату между 1000-01-01 и 9000-01-01")
            }
            (GenerateError::Foreign(file), Lang::Ru) => format!(
                "{} — от другой компании, а загрузка приняла бы его за файл этой: возьмите пустую папку",
                file.display()
            ),
            (GenerateError::Write { path, source }, Lang::Ru) => format!("не записать {}: {source}", path.display()),
        }
    }
}
