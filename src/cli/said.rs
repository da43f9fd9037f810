//! What the command line itself refuses, and every error in the language of whoever reads it.

use std::error::Error;
use std::fmt;

use crate::company::{Absent, CompanyError};
use crate::delivery::DeliveryError;
use crate::export::ExportError;
use crate::generate::GenerateError;
use crate::ingest::IngestError;
use crate::metrics::MetricError;
use crate::model::lang::{Lang, Text};
use crate::model::problem::Problems;
use crate::report::ReportError;
use crate::report::render::RenderError;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::workbook::WorkbookError;

/// A refusal, or the context of an error, in both languages. It displays in English.
#[derive(Debug)]
pub struct Said(pub Text);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl Error for Said {}

/// An `anyhow` error of two format strings, Russian and English.
macro_rules! said {
    ($($text:tt)*) => { anyhow::Error::new($crate::cli::said::Said($crate::model::lang::both!($($text)*))) };
}

pub(super) use said;

/// An error with its causes, each said once: some libraries repeat the cause in their own words.
pub fn text(error: &anyhow::Error, lang: Lang) -> String {
    // a context is no cause of its own, it can be found only from the whole
    let context = error.downcast_ref::<Said>();
    let mut said = String::new();
    for cause in error.chain() {
        let known = context.filter(|context| context.0.en == cause.to_string());
        let cause = match known {
            Some(context) => context.0.get(lang).to_owned(),
            None => of(cause, lang).unwrap_or_else(|| cause.to_string()),
        };
        if !said.contains(&cause) {
            said = if said.is_empty() { cause } else { format!("{said}: {cause}") };
        }
    }
    said
}

/// An error with its causes, and the way out of what only libraries know.
pub fn told(error: &anyhow::Error, lang: Lang) -> String {
    let mut said = text(error, lang);
    if said.contains("Resources exhausted") {
        said += match lang {
            Lang::Ru => "\n    дайте больше: --memory, например --memory 6GiB, или спросите меньше",
            Lang::En => "\n    give it more with --memory, such as --memory 6GiB, or ask for less",
        };
    }
    // said by whichever library was writing
    if said.contains("No space left on device") {
        let is_ingest = error
            .downcast_ref::<IngestError>()
            .is_some_and(|error| !matches!(error, IngestError::Store(StoreError::Unsynced { .. })));
        said += match (is_ingest, lang) {
            (true, Lang::Ru) => "\n    на диске нет места, ничего не сохранено: освободите место и запустите снова",
            (true, Lang::En) => "\n    the disk is full, and nothing was stored: make room, and run it again",
            (false, Lang::Ru) => "\n    на диске нет места: освободите место и запустите снова",
            (false, Lang::En) => "\n    the disk is full: make room, and run it again",
        };
    }
    said
}

/// One of our own errors; none for those of libraries, which speak English.
fn of(error: &(dyn Error + 'static), lang: Lang) -> Option<String> {
    macro_rules! first_of {
        ($($kind:ty),*) => { $(if let Some(error) = error.downcast_ref::<$kind>() { return Some(error.text(lang)); })* };
    }
    first_of!(
        CompanyError,
        DeliveryError,
        Absent,
        Problems,
        ExportError,
        IngestError,
        StoreError,
        SessionError,
        MetricError,
        ReportError,
        RenderError,
        WorkbookError,
        GenerateError
    );
    #[cfg(feature = "serve")]
    first_of!(crate::serve::ServeError);
    #[cfg(feature = "cluster")]
    first_of!(crate::cluster::ClusterError);
    error.downcast_ref::<Said>().map(|said| said.0.get(lang).to_owned())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;
    use crate::model::lang::both;

    #[test]
    fn a_context_and_its_cause_are_in_the_language_asked_for() {
        let cause: Result<(), _> = Err(StoreError::Locked { dir: "s".into() });
        let error = cause.with_context(|| Said(both!("не записать {}", "cannot write {}", 1))).unwrap_err();
        assert!(text(&error, Lang::Ru).starts_with("не записать 1: s: в это хранилище"), "{}", text(&error, Lang::Ru));
        assert!(text(&error, Lang::En).starts_with("cannot write 1: s: another ingest"), "{}", text(&error, Lang::En));
        let error = said!("нельзя", "no");
        assert_eq!((text(&error, Lang::Ru), text(&error, Lang::En)), ("нельзя".to_owned(), "no".to_owned()));
    }
}
