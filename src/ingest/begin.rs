//! Begins the transaction, and finds out what holds for all files of the ingest.

use std::collections::BTreeMap;

use super::currencies::Currencies;
use super::open::OpenFiles;
use super::options::IngestOptions;
use super::privacy::{Now, Rule};
use super::stage::layouts::layouts;
use super::{IngestError, regulations};
use crate::export::choose::Chosen;
use crate::export::mapping::Mapping;
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{Snapshot, Store, Transaction};

/// What holds for all files of an ingest.
pub(super) struct Begun<'i> {
    pub(super) store: &'i Store,
    pub(super) mapping: &'i Mapping,
    pub(super) options: IngestOptions<'i>,
    pub(super) chosen: &'i [Chosen<'i>],
    /// The version of the store on which the next one is built.
    pub(super) base: Snapshot,
    pub(super) layouts: BTreeMap<Table, Layout>,
    /// By which rule the store keeps personal data, and what this ingest does with it.
    pub(super) rule: Rule,
    pub(super) now: Now<'i>,
    /// What the amounts of the store are in.
    pub(super) currencies: Currencies,
}

/// Begins the transaction. Refuses an ingest that would keep personal data otherwise than the store does.
pub(super) async fn begin<'i>(
    files: &OpenFiles<'_>,
    chosen: &'i [Chosen<'i>],
    store: &'i Store,
    mapping: &'i Mapping,
    options: IngestOptions<'i>,
) -> Result<(Begun<'i>, Transaction), IngestError> {
    let mut transaction = store.begin().await?;
    if let Some(regulation) = options.regulation {
        regulations::keep(regulation, &mut transaction)?;
    }
    let base = transaction.base().clone();
    let currencies = Currencies::new(&transaction.log(), options.regulation.map(Regulation::currency));
    let rule = Rule::of(store.dir(), base.version)?;
    let now = Now { personal: mapping.personal, has_columns: files.have_personal(), mapping: &mapping.file };
    rule.check(&store.shown(), now)?;
    let layouts = layouts(mapping, |column| files.have(column), &base);
    Ok((Begun { store, mapping, options, chosen, base, layouts, rule, now, currencies }, transaction))
}
