//! Why a session could not be opened or asked.

use std::path::PathBuf;

use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

use super::running;
use crate::model::lang::{Lang, Text};
use crate::store::StoreError;

/// Why a session could not be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such dimension.
    #[error("there is no dimension `{name}`\n    {}", hint.en)]
    Dimension {
        /// What was asked for.
        name: String,
        /// The nearest dimension, or all.
        hint: Text,
    },
    /// The statement would change something.
    #[error(
        "this would change something ({})\n    the store is changed by `voronka ingest` alone: ask with SELECT, EXPLAIN, SHOW or DESCRIBE",
        what.trim_start_matches("Error during planning: ")
    )]
    ReadOnly {
        /// What the engine says of the statement.
        what: String,
    },
    /// The statement is longer or deeper than is planned.
    #[error("{}\n    ask for less at once: a list of values in IN (…) may be long, a chain of operators may not", what.en)]
    TooMuch {
        /// How much it is, and how much may be.
        what: Text,
    },
    /// A data file of the store could not be read.
    #[error("{}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the Parquet library says.
        #[source]
        source: ParquetError,
    },
    /// A data file of the store could not be had.
    #[error("{}", what.en)]
    Store {
        /// What the store says.
        what: Text,
    },
    /// The engine refused or failed.
    #[error("{0}")]
    Engine(#[source] Box<DataFusionError>),
}

impl SessionError {
    /// The message in a language; what the engine says is English.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (SessionError::Dimension { name, hint }, Lang::Ru) => format!("нет разреза `{name}`\n    {}", hint.ru),
            (SessionError::ReadOnly { what }, Lang::Ru) => format!(
                "это изменило бы хранилище ({})\n    его меняет только `voronka ingest`: спрашивайте через SELECT, EXPLAIN, SHOW или \
                 DESCRIBE",
                what.trim_start_matches("Error during planning: ")
            ),
            (SessionError::TooMuch { what }, Lang::Ru) => format!(
                "{}\n    спрашивайте за раз меньше: список значений в IN (…) может быть длинным, цепочка операторов — нет",
                what.ru
            ),
            (SessionError::Parquet { path, source }, Lang::Ru) => {
                format!("{}: файл хранилища не прочитать: {source}", path.display())
            }
            (SessionError::Store { what }, Lang::Ru) => what.ru.clone(),
            (SessionError::Engine(_), Lang::Ru) | (_, Lang::En) => self.to_string(),
        }
    }

    /// Whether the engine had less memory than the question needs.
    pub fn is_short_of_memory(&self) -> bool {
        matches!(self, SessionError::Engine(source) if running::is_short_of_memory(source))
    }
}

impl From<DataFusionError> for SessionError {
    fn from(error: DataFusionError) -> SessionError {
        // what went wrong on the way to a bucket is told in the store's words
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(cause) = next {
            if let Some(store) = cause.downcast_ref::<StoreError>() {
                return SessionError::Store { what: Text::new(store.text(Lang::Ru), store.text(Lang::En)) };
            }
            next = cause.source();
        }
        SessionError::Engine(Box::new(error))
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> SessionError {
        SessionError::Store { what: Text::new(error.text(Lang::Ru), error.text(Lang::En)) }
    }
}
