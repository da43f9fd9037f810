//! Why something of a company cannot be had.

use std::path::PathBuf;

use super::absent::Absent;
use crate::ingest::IngestError;
use crate::metrics::MetricError;
use crate::model::lang::{Lang, Text};
use crate::model::problem::Problems;
use crate::report::ReportError;
use crate::session::SessionError;
use crate::store::StoreError;

/// Why something of a company cannot be had, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum CompanyError {
    /// The folder of the company is none.
    #[error("{}: there is no such folder\n    `voronka init` makes one for a company", folder.display())]
    NoFolder {
        /// The folder that was named.
        folder: PathBuf,
    },
    /// No regulation was named, and none lies nearby.
    #[error(
        "no regulation: there is no regulation.toml here or beside the store `{}`\n    \
         name one with --regulation FILE, or start one with `voronka init DIR`",
        store.display()
    )]
    NoRegulation {
        /// The store.
        store: PathBuf,
    },
    /// A file that was named does not exist.
    #[error(transparent)]
    Absent(#[from] Absent),
    /// A file that a person wrote is no text.
    #[error("{}: not UTF-8 text\n    save it as UTF-8", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No deal has the value that a report is to be held to.
    #[error("{}\n    {}", what.en, hint.en)]
    NoValue {
        /// The dimension and the value.
        what: Text,
        /// The nearest value, or all.
        hint: Text,
    },
    /// Amounts are in another currency than the regulation states.
    #[error("{}", in_another_currency(place, *ingest, code, stated, *lang))]
    Currency {
        /// The column of the export, or what else states it.
        place: String,
        /// The ingest that loaded it.
        ingest: u64,
        /// The currency of the amounts, by its ISO 4217 code.
        code: String,
        /// The currency of the regulation.
        stated: String,
        /// The language of the regulation.
        lang: Lang,
    },
    /// A file that a person wrote has problems, all of them listed.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// Exports cannot be loaded.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be asked.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A metric cannot be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl CompanyError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            CompanyError::Absent(absent) => absent.text(lang),
            CompanyError::Problems(problems) => problems.text(lang),
            CompanyError::Ingest(error) => error.text(lang),
            CompanyError::Store(error) => error.text(lang),
            CompanyError::Session(error) => error.text(lang),
            CompanyError::Metric(error) => error.text(lang),
            CompanyError::Report(error) => error.text(lang),
            CompanyError::Currency { place, ingest, code, stated, .. } => {
                in_another_currency(place, *ingest, code, stated, lang)
            }
            CompanyError::NoValue { what, hint } => format!("{}\n    {}", what.get(lang), hint.get(lang)),
            other if lang == Lang::En => other.to_string(),
            CompanyError::NoFolder { folder } => {
                format!("{}: такой папки нет\n    папку компании делает `voronka init`", folder.display())
            }
            CompanyError::NoRegulation { store } => format!(
                "нет регламента: ни здесь, ни рядом с хранилищем `{}` нет regulation.toml\n    назовите его: --regulation ФАЙЛ, или \
                 начните с `voronka init ПАПКА`",
                store.display()
            ),
            CompanyError::NotText { file } => {
                format!("{}: это не текст в UTF-8\n    сохраните файл в UTF-8", file.display())
            }
            CompanyError::Unreadable { file, source } => format!("не прочитать {}: {source}", file.display()),
        }
    }
}

fn in_another_currency(place: &str, ingest: u64, code: &str, stated: &str, lang: Lang) -> String {
    match lang {
        Lang::Ru => format!(
            "суммы {place} (загрузка {ingest}) — в {code}, а в регламенте currency = \"{stated}\"\n    исправьте currency в [company] \
             регламента; либо пересчитайте суммы в {stated} и соберите хранилище заново"
        ),
        Lang::En => format!(
            "the amounts of {place} (ingest {ingest}) are in {code}, and the regulation has currency = \"{stated}\"\n    mend \
             `currency` under [company] of the regulation; or convert the amounts to {stated} and make the store anew"
        ),
    }
}
