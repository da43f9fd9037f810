//! One currency a store: what the amounts of each column are in, over files, ingests and the regulation. Why so:
//! `docs/decisions/currencies.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::IngestError;
use crate::export::values::amounts::Currency;
use crate::model::lang::Text;
use crate::store::{IngestRecord, currencies};

/// What is known of the currency of amounts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Currencies {
    /// What the store's amounts are in, and who said it.
    known: Option<(String, Said)>,
    /// What the regulation's money is in.
    regulation: Option<String>,
    /// The columns of this ingest: by place, the code where something named it.
    met: BTreeMap<String, BTreeSet<Option<&'static str>>>,
    /// Columns of former ingests whose amounts name no currency.
    bare_before: BTreeSet<String>,
}

/// Who said what amounts are in.
#[derive(Debug, Clone)]
enum Said {
    File(String, String),
    Ingest(u64, String),
}

impl Said {
    fn place(&self) -> &str {
        match self {
            Said::File(_, place) | Said::Ingest(_, place) => place,
        }
    }

    fn text(&self) -> String {
        match self {
            Said::File(file, place) => format!("`{place}` of {file}"),
            Said::Ingest(ingest, place) => format!("`{place}` of ingest {ingest}, which the store has"),
        }
    }
}

impl Currencies {
    /// What former ingests and the regulation say.
    pub(crate) fn new(records: &[IngestRecord], regulation: Option<&str>) -> Currencies {
        let mut all = Currencies { regulation: regulation.map(str::to_owned), ..Currencies::default() };
        for (place, code, ingest) in currencies(records) {
            match code {
                Some(code) => all.known = Some((code.to_owned(), Said::Ingest(ingest, place.to_owned()))),
                None => drop(all.bare_before.insert(place.to_owned())),
            }
        }
        all
    }

    /// Hears of the columns of a file; refuses it where its amounts are in another currency than those that they would be added
    /// to or set against.
    pub(crate) fn see<'p>(
        &mut self,
        path: &Path,
        file: &str,
        columns: impl Iterator<Item = (&'p str, Option<Currency>)>,
    ) -> Result<(), IngestError> {
        for (place, currency) in columns {
            let code = currency.map(Currency::code);
            self.met.entry(place.to_owned()).or_default().insert(code);
            let Some(code) = code else { continue };
            if let Some((known, said)) = self.known.as_ref().filter(|(known, _)| known != code) {
                let said = said.text();
                return Err(IngestError::Currencies {
                    path: path.to_owned(),
                    what: format!(
                        "`{place}` is in {code}, and {said} in {known}: two currencies do not add up, and make no return"
                    ),
                    other: known.clone(),
                    column: place.rsplit('.').next().unwrap_or(place).to_owned(),
                });
            }
            self.known.get_or_insert_with(|| (code.to_owned(), Said::File(file.to_owned(), place.to_owned())));
        }
        Ok(())
    }

    /// What the ingest's record keeps.
    pub(crate) fn record(&self) -> Vec<String> {
        let lines = self.met.iter().flat_map(|(place, codes)| codes.iter().map(move |code| (place, code)));
        lines.map(|(place, code)| format!("{place}={}", code.unwrap_or_default())).collect()
    }

    /// What is worth telling: that the regulation has another currency, and what amounts count as that name none.
    pub(crate) fn notes(&self) -> Vec<Text> {
        self.of_regulation().into_iter().chain(self.of_bare()).collect()
    }

    /// No report is made as long as the regulation has another currency.
    fn of_regulation(&self) -> Option<Text> {
        let (known, said) = self.known.as_ref()?;
        let stated = self.regulation.as_deref().filter(|stated| stated != known)?;
        let (place, said) = (said.place(), said.text());
        Some(Text::new(
            format!(
                "суммы `{place}` — в {known}, а в регламенте currency = \"{stated}\": отчёты и показатели не строятся, пока это не одно и то \
                 же; исправьте регламент, либо пересчитайте суммы"
            ),
            format!(
                "the amounts of {said} are in {known}, and the regulation has currency = \"{stated}\": no report and no metric is made \
                 until they are the same; mend the regulation, or convert the amounts"
            ),
        ))
    }

    fn of_bare(&self) -> Option<Text> {
        let (known, _) = self.known.as_ref()?;
        let now = self.met.iter().filter(|(_, codes)| codes.contains(&None)).map(|(place, _)| place);
        let bare: BTreeSet<&String> = now.chain(self.bare_before.iter().filter(|_| !self.met.is_empty())).collect();
        let bare: Vec<String> = bare.into_iter().map(|place| format!("`{place}`")).collect();
        let bare = bare.join(", ");
        (!bare.is_empty()).then(|| {
            Text::new(
                format!("валюта не названа у сумм {bare}; они считаются в {known}, как остальные. Если это не так — пересчитайте их"),
                format!("no currency is named with the amounts of {bare}; they count as {known} like the others. If they are not, convert them"),
            )
        })
    }
}
