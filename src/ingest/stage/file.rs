//! Reads the rows of one export.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;

use super::piece::{Taker, Taking};
use super::shape::Shape;
use super::sink::{self, ListedDeals, Sink};
use super::{Reading, Staged};
use crate::export::files::{ExportId, Input};
use crate::export::mapping::Export;
use crate::export::read::{Opened, Outcome, Plan, read_rows};
use crate::export::records::RepairOrigin;
use crate::export::snapshot_date::When;
use crate::export::values::amounts::Currency;
use crate::export::{ExportError, repair};
use crate::ingest::begin::Begun;
use crate::ingest::bucket::closing_dates;
use crate::ingest::bucket::listing_history::SnapshotFile;
use crate::ingest::open::OpenFile;
use crate::ingest::summary::{self, FileCount};
use crate::ingest::{IngestError, notes};
use crate::model::index::index_u32;
use crate::model::lang::Text;
use crate::store::Transaction;

impl Staged {
    /// Reads a file: its good rows into the spill, the others into quarantine.
    pub(super) fn file(
        &mut self,
        OpenFile { opened, export, when }: OpenFile<'_>,
        begun: &Begun<'_>,
        reading: &mut Reading,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        let (name, repairs) = (name_of(&opened.readable.input, begun), opened.readable.input.repairs);
        self.note(&name, opened.notes());
        let (first_shape, refused_before) = (self.shapes.len(), self.refused());
        let personal = (begun.mapping.personal, reading.secret.as_ref());
        let mut plan = Plan::new(export, &opened, &begun.layouts, personal, (when.span.latest, when.day(export)));
        self.add_shapes(&plan, export, when, (begun, reading));
        let problems = plan.clashes();
        if !problems.is_empty() {
            return Err(ExportError::Unproven { path: opened.path(), problems }.into());
        }
        if repairs {
            self.add_late_shapes(first_shape);
        }
        let (outcome, listed, overtaken) =
            self.rows(&mut plan, (&opened, export, &name), first_shape, (begun, reading, transaction))?;
        self.note(&name, &outcome.oddities.of_lines());
        self.oddities.add(outcome.oddities);
        self.sums.extend(outcome.sums);
        self.currencies.see(&opened.path(), &name, plan.money())?;
        let code = |currency: Currency| currency.code().to_owned();
        self.money.push(plan.money().map(|(place, currency)| (place.to_owned(), currency.map(code))).collect());
        self.note(&name, &plan.currencies().collect::<Vec<_>>());
        self.note(&name, &summary::of_row_numbers(export));
        self.note(&name, &repair::of_overtaken(overtaken));
        self.note(&name, &outcome.not_taken.notes());
        if repairs {
            // where none of the rows was taken, the ingest is recorded all the same
            for fill in &export.fills {
                self.read.entry(fill.table).or_default();
            }
        }
        self.settle_waiting(&opened.readable.input, &name, outcome.mended, reading);
        for fill in &export.fills {
            self.reaches.entry(fill.table).or_default().see(when, export.snapshot, repairs);
        }
        if export.snapshot {
            let gaps = self.refused() - refused_before - listed.refused;
            self.summary.notes.extend(summary::of_snapshot(&name, when.by, gaps));
            let (export, shapes) = (export.name.clone(), first_shape..self.shapes.len());
            // a file of mended rows lists those alone
            let has_gaps = gaps > 0 || repairs;
            self.snapshots.push(SnapshotFile { taken: when.span, export, shapes, listed: listed.marks, has_gaps });
        }
        self.summary.files.push(FileCount {
            file: name,
            export: export.name.clone(),
            read_as: opened.read_as(),
            rows: outcome.rows,
            quarantined: outcome.refused,
            ignored: outcome.ignored,
            unwanted: outcome.unwanted,
        });
        Ok(())
    }

    /// Adds what is worth telling of a file.
    fn note<'t>(&mut self, file: &str, texts: impl IntoIterator<Item = &'t Text>) {
        self.summary.notes.extend(texts.into_iter().map(|text| notes::about(file, text)));
    }

    /// Adds the shapes of a file's rows, one for each of its fills.
    fn add_shapes(&mut self, plan: &Plan, export: &Export, when: When, (begun, reading): (&Begun<'_>, &mut Reading)) {
        for (number, (fill, of)) in plan.fills.iter().zip(&export.fills).enumerate() {
            let own = index_u32(self.shapes.len());
            let kind = match export.snapshot {
                // it says again what the one before it said, and that is no repetition
                true => own,
                false => *reading.kinds.entry((export.name.clone(), number)).or_insert(own),
            };
            self.shapes.push(Shape::new(fill, &begun.layouts[&fill.table], of.repeated, kind));
            self.exports.push(closing_dates::Of { taken: when.span.latest, zone: export.zone.unwrap_or(Tz::UTC) });
        }
    }

    /// Adds the shapes of overtaken repaired rows: they fill only cells that are still empty.
    fn add_late_shapes(&mut self, first: usize) {
        for at in first..self.shapes.len() {
            self.shapes.push(self.shapes[at].late());
            self.exports.push(self.exports[at]);
        }
    }

    /// Reads the rows. Returns what was met, the deals that a snapshot lists in rows not taken, and how many rows were overtaken.
    fn rows(
        &mut self,
        plan: &mut Plan,
        (opened, export, name): (&Opened, &Export, &str),
        first_shape: usize,
        (begun, reading, transaction): (&Begun<'_>, &Reading, &mut Transaction),
    ) -> Result<(Outcome, ListedDeals, u64), IngestError> {
        let taking = Taking {
            takers: plan.fills.iter().map(Taker::new).collect(),
            first_shape,
            routes: self.spill.routes(),
            pieces_before: self.pieces,
            is_repair: opened.readable.input.repairs,
        };
        let mut sink = Sink {
            taking: Arc::new(taking),
            file: name,
            id: &opened.readable.input.id,
            header: String::new().into(),
            bytes: opened.readable.input.bytes,
            spill: &mut self.spill,
            quarantine: &mut self.quarantine,
            waits: &reading.waits,
            transaction,
            read: &mut self.read,
            pieces: &mut self.pieces,
            listed_deals: ListedDeals::default(),
            progress: begun.options.progress,
            mends: None,
            overtaken: 0,
        };
        let division = begun.options.sizes.reading;
        let outcome = read_rows(opened, plan, export, &begun.mapping.file, (&mut sink, division))?;
        Ok((outcome, sink.listed_deals, sink.overtaken))
    }

    /// Updates the quarantine: a new export replaces all of its waiting rows, a repair file only those that it holds.
    fn settle_waiting(&mut self, input: &Input, name: &str, mended: BTreeSet<RepairOrigin>, reading: &Reading) {
        if !input.repairs {
            return self.quarantine.was_read(&input.id, None);
        }
        let mut of_folders: BTreeMap<&str, BTreeSet<RepairOrigin>> = BTreeMap::new();
        for place in mended {
            of_folders.entry(reading.waits.folder(name, place)).or_default().insert(place);
        }
        for (folder, places) in of_folders {
            let id = ExportId { folder: folder.to_owned(), file: sink::of_file(name, folder) };
            self.quarantine.was_read(&id, Some(places));
        }
    }
}

/// What a file is called. Two branches may call their exports alike: then their folders tell them apart.
fn name_of(input: &Input, begun: &Begun<'_>) -> String {
    let alike = begun.chosen.iter().filter(|(other, ..)| other.name == input.name).count();
    match input.repairs || alike == 1 {
        true => input.name.clone(),
        false => input.id.qualified(),
    }
}
