//! Why nothing was sent at all. What stops one delivery is no error: it is told of that delivery.

use std::path::PathBuf;

use crate::company::CompanyError;
use crate::model::lang::{Lang, Text};
use crate::model::problem::Problems;
use crate::store::StoreError;

/// Why nothing was sent at all.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The file has problems, or names a report that has.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The company's files or its store cannot be read.
    #[error(transparent)]
    Company(Box<CompanyError>),
    /// The log cannot be read or written, or another process sends.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// A variable of the environment is not set, or holds what cannot be used.
    #[error("{}", what.en)]
    Variable {
        /// Which, and what it is for; never its value.
        what: Text,
    },
    /// A recipient or a report was asked for that the file does not have.
    #[error("{}", what.en)]
    NotInFile {
        /// What was asked for, and what there is.
        what: Text,
    },
    /// No connection can be prepared.
    #[error("no connection can be prepared: {what}")]
    Client {
        /// What the library says.
        what: String,
    },
    /// What would be sent cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl From<CompanyError> for DeliveryError {
    fn from(error: CompanyError) -> DeliveryError {
        DeliveryError::Company(Box::new(error))
    }
}

impl From<StoreError> for DeliveryError {
    fn from(error: StoreError) -> DeliveryError {
        DeliveryError::Store(Box::new(error))
    }
}

impl DeliveryError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (DeliveryError::Problems(problems), _) => problems.text(lang),
            (DeliveryError::Company(error), _) => error.text(lang),
            (DeliveryError::Store(error), _) => error.text(lang),
            (DeliveryError::Variable { what } | DeliveryError::NotInFile { what }, _) => what.get(lang).to_owned(),
            (DeliveryError::Client { what }, Lang::Ru) => format!("не подготовить соединение: {what}"),
            (DeliveryError::Write { path, source }, Lang::Ru) => format!("не записать {}: {source}", path.display()),
            (_, Lang::En) => self.to_string(),
        }
    }
}
