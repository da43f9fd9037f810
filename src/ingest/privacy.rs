//! By which rule a store keeps personal data. It is written down in the store, since another rule for what comes next would
//! leave the old in its place, and make two of every client and event. Why it is refused and not rewritten:
//! `docs/decisions/personal-data.md`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{IngestError, key_file};
use crate::export::values::personal::Personal;
use crate::store::Store;

/// The file within a store that tells its rule.
const FILE: &str = "personal.toml";

/// By which rule a store keeps personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The store's rule for personal columns. `None` while no ingest had any.
    columns: Option<Personal>,
    /// Whether all texts in the store were searched for phones and e-mails.
    texts: bool,
}

/// What is wrong with the files that say how a store keeps personal data, and with the key beside it.
pub fn check_privacy(store: &Store, version: u64) -> Vec<IngestError> {
    let rule = Rule::of(store.dir(), version);
    let has_hashes = rule.as_ref().is_ok_and(|rule| rule.columns == Some(Personal::Hash));
    let files = [rule.map(drop), key_file::check(store, has_hashes)];
    files.into_iter().filter_map(Result::err).map(|error| error.told(store)).collect()
}

/// What an ingest does with personal data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now<'m> {
    pub(crate) personal: Personal,
    /// Whether any column that it reads is called personal.
    pub(crate) has_columns: bool,
    /// The mapping, for messages.
    pub(crate) mapping: &'m str,
}

impl Rule {
    /// The rule of a store in which so many ingests are complete.
    pub(crate) fn of(store: &Path, version: u64) -> Result<Rule, IngestError> {
        if version == 0 {
            return Ok(Rule { columns: None, texts: true });
        }
        let path = store.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => Err(IngestError::Emptied { path }),
            Ok(text) => toml::from_str(&text).map_err(|error| IngestError::data(&path, error.message())),
            // whatever was taken for its rule, another one would make two of every client
            Err(error) if error.kind() == ErrorKind::NotFound => Err(IngestError::Lost { path }),
            Err(error) => Err(IngestError::io(&path)(error)),
        }
    }

    /// Refuses an ingest that would do otherwise than those before it.
    pub(crate) fn check(self, store: &Path, now: Now<'_>) -> Result<(), IngestError> {
        match self.columns {
            Some(kept) if now.has_columns && kept != now.personal => Err(IngestError::OtherRule {
                store: store.to_owned(),
                kept: kept.word(),
                mapping: now.mapping.to_owned(),
                stated: now.personal.word(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses hashes where the store has phones and e-mails by which rows are known: each such row would be there twice.
    /// `searched` is how many values of keys have any.
    pub(crate) fn check_keys(self, store: &Path, searched: u64) -> Result<(), IngestError> {
        match self.texts || searched == 0 {
            true => Ok(()),
            false => Err(IngestError::OtherTexts { store: store.to_owned(), values: searched }),
        }
    }

    /// Writes down the rule that holds from now on.
    pub(crate) fn keep(self, store: &Path, now: Now<'_>) -> Result<(), IngestError> {
        let columns = self.columns.or(now.has_columns.then_some(now.personal));
        let rule = Rule { columns, texts: self.texts && now.personal != Personal::Keep };
        let path = store.join(FILE);
        let text = toml::to_string(&rule).map_err(|error| IngestError::data(&path, error))?;
        let text = format!("# How this store keeps personal data. Do not edit.\n{text}");
        if fs::read_to_string(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        // whole or not at all
        let aside = path.with_file_name(format!(".{FILE}"));
        fs::write(&aside, text).and_then(|()| fs::rename(&aside, &path)).map_err(IngestError::io(&path))
    }
}
