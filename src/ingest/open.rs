//! Opens all exports at their headers: what can be refused by a header is refused here, before there is a transaction.

use super::options::IngestOptions;
use super::{IngestError, notes};
use crate::export::choose::{Chosen, refuse_parts};
use crate::export::mapping::{Export, Mapped, Mapping};
use crate::export::read::{Opened, unpivoted};
use crate::export::records::Readable;
use crate::export::repair;
use crate::export::snapshot_date::{self, When};
use crate::model::lang::Text;
use crate::store::Store;

/// An export that is open, its section, and when it was taken.
pub(super) struct OpenFile<'c> {
    pub(super) opened: Opened,
    pub(super) export: &'c Export,
    pub(super) when: When,
}

/// All exports, and what is worth telling of how their sections were chosen.
pub(super) struct OpenFiles<'c> {
    pub(super) files: Vec<OpenFile<'c>>,
    pub(super) notes: Vec<Text>,
}

/// Opens the exports in the order given.
pub(super) fn open<'c>(
    chosen: &'c [Chosen<'_>],
    store: &Store,
    mapping: &Mapping,
    options: IngestOptions<'_>,
) -> Result<OpenFiles<'c>, IngestError> {
    refuse_parts(chosen)?;
    let taken = snapshot_date::all(chosen, &mapping.file, options.taken, options.at)?;
    let mut all = OpenFiles { files: Vec::new(), notes: Vec::new() };
    for ((input, export, why), when) in chosen.iter().zip(taken) {
        repair::refuse_sums(input, export, &mapping.file)?;
        let readable = Readable::new(input, export.encoding, store.dir(), None)?;
        let (readable, section, told) = unpivoted(readable, export, &mapping.file, store.dir())?;
        let opened = Opened::open(readable, &section, &mapping.file)?;
        all.notes.extend(told.iter().map(|note| notes::about(&input.name, note)));
        all.files.push(OpenFile { opened, export: export.as_ref(), when });
        all.notes.extend(why.as_ref().map(|why| notes::about(&input.name, why)));
    }
    Ok(all)
}

impl OpenFiles<'_> {
    /// Whether some export has the column.
    pub(super) fn have(&self, column: &Mapped) -> bool {
        self.files.iter().any(|file| file.opened.has(column))
    }

    /// Whether some export has a column that its mapping calls personal.
    pub(super) fn have_personal(&self) -> bool {
        let is_there = |file: &OpenFile<'_>, column: &Mapped| !column.optional || file.opened.has(column);
        let is_personal = |file: &OpenFile<'_>| {
            let columns = file.export.fills.iter().flat_map(|fill| &fill.columns);
            columns.filter(|column| column.reading.personal).any(|column| is_there(file, column))
        };
        self.files.iter().any(is_personal)
    }
}
