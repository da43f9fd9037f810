//! Why a server does not start, or does not answer.

use std::time::Duration;

use crate::company::CompanyError;
use crate::model::lang::{Lang, Text};
use crate::session::SessionError;

/// Why a server does not start, or does not answer, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file of the server is not as it must be: users, certificate, key.
    #[error("{}: {}", file.display(), what.en)]
    File {
        /// The file.
        file: std::path::PathBuf,
        /// What is wrong with it, and the way out.
        what: Text,
    },
    /// The address is not one that may be listened on so.
    #[error("{}", what.en)]
    Address {
        /// Why not, and the way out.
        what: Text,
    },
    /// Name or password are wrong. Which one is not said.
    #[error("no such user, or another password")]
    Refused,
    /// The log-in is not as the protocol has it.
    #[error("{}", what.en)]
    Protocol {
        /// What is wrong.
        what: Text,
    },
    /// There are as many connections as may be.
    #[error("{}", what.en)]
    Full {
        /// Of whom, and how many.
        what: Text,
    },
    /// A statement ran for as long as it may.
    #[error("cut off after {} s: no statement may run longer", limit.as_secs())]
    TooLong {
        /// How long that is.
        limit: Duration,
    },
    /// The company's files cannot be had.
    #[error("{0}")]
    Company(#[source] Box<CompanyError>),
    /// The store cannot be asked.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<CompanyError> for ServeError {
    fn from(error: CompanyError) -> ServeError {
        ServeError::Company(Box::new(error))
    }
}

impl ServeError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            ServeError::File { file, what } => format!("{}: {}", file.display(), what.get(lang)),
            ServeError::Address { what } | ServeError::Protocol { what } | ServeError::Full { what } => {
                what.get(lang).to_owned()
            }
            ServeError::Company(error) => error.text(lang),
            ServeError::Session(error) => error.text(lang),
            ServeError::Refused if lang == Lang::Ru => "нет такого пользователя, или пароль другой".to_owned(),
            ServeError::TooLong { limit } if lang == Lang::Ru => {
                format!("прервано через {} с: дольше запросу нельзя", limit.as_secs())
            }
            ServeError::Refused | ServeError::TooLong { .. } => self.to_string(),
        }
    }
}
