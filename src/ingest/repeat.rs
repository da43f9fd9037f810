//! Exports that the newest ingest read: what reading them again would tell follows from what it told, and costs a digest.
//!
//! In the store lies a file that says which bytes, read how, the newest ingest brought into it, and what it told. The store must
//! be as that ingest left it, proven by the marker; with any other ingest between, even of one file, all is read again. Only
//! what is the same at any later moment is kept at all; see [`is_plain`] and [`is_steady`]. The file may be deleted at any time.
//! Why: `docs/decisions/ingest-reading.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::IngestError;
use super::begin::Begun;
use super::bucket::client_events;
use super::open::{OpenFile, OpenFiles};
use super::settle::Settled;
use super::sizes::buckets_needed;
use super::summary::{FileCount, QuarantineCount, Summary};
use super::sums::MoneySum;
use crate::export::mapping::Export;
use crate::export::snapshot_date::By;
use crate::model::lang::Text;
use crate::model::parallel::each;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{Store, fingerprint, program};

/// The file within a store.
const FILE: &str = ".repeat";
/// Refused rows beyond so many are written early, and not looked at as a whole.
const MOST_REFUSED: u64 = 100_000;

/// What an ingest read and told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Told {
    /// What tells the ingest.
    pub(super) seal: String,
    /// What it read, and how.
    pub(super) inputs: String,
    /// By which rule and key the store kept personal data after it.
    pub(super) privacy: String,
    /// When it was, in microseconds.
    pub(super) at: i64,
    pub(super) files: Vec<FileCount>,
    pub(super) tables: Vec<TableTold>,
    pub(super) sums: Vec<MoneySum>,
    pub(super) quarantined: Vec<QuarantineCount>,
    /// Of each file: the columns of money that have amounts, and the code of their currency if anything names one.
    pub(super) money: Vec<Vec<(String, Option<String>)>>,
    pub(super) notes_of_files: Vec<Text>,
    pub(super) notes_of_rows: Vec<Text>,
    pub(super) notes_of_deals: Vec<Text>,
}

/// What was read for a table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct TableTold {
    pub(super) table: String,
    pub(super) read: u64,
    pub(super) quarantined: u64,
    /// How many keys the good rows had.
    pub(super) keys: u64,
}

/// What the exports are, and all that decides how they are read and what they tell, but the moment.
pub(super) fn inputs(files: &OpenFiles<'_>, begun: &Begun<'_>) -> Result<String, IngestError> {
    let all: Vec<&OpenFile<'_>> = files.files.iter().collect();
    let digests = each(&all, |file| Ok::<_, IngestError>(file.opened.readable.input.digest()?), |_| ())?;
    let (mapping, options) = (begun.mapping, begun.options);
    let regulation = options.regulation.map(Regulation::text);
    // nothing is believed that another build of the program may have told
    let Some(program) = program() else { return Ok(String::new()) };
    let mut told = format!("{program} {} {:?} {regulation:?}", mapping.file, mapping.personal);
    for note in &files.notes {
        let _ = write!(told, " {}", note.en);
    }
    for (file, digest) in all.iter().zip(digests) {
        let input = &file.opened.readable.input;
        let taken = match file.when.by {
            By::Clock => None,
            _ => Some(file.when),
        };
        let _ = write!(told, " {} {:?} {digest:032x} {taken:?} {:?}", input.name, input.id, file.export);
    }
    Ok(fingerprint(&told))
}

/// Whether a second reading would find the store's buckets and events where the first one left them.
pub(super) fn is_plain(settled: &Settled, begun: &Begun<'_>) -> bool {
    let of_base = begun.base.tables.iter().filter(|(_, state)| !state.files.is_empty());
    let mut regrouped =
        of_base.filter(|(table, state)| settled.buckets.get(table).is_some_and(|n| *n != state.buckets));
    settled.moved.is_empty() && regrouped.next().is_none()
}

/// Whether what the exports tell is the same whenever they are read, and whatever the store holds.
pub(super) fn is_steady(begun: &Begun<'_>, summary: &Summary) -> bool {
    let fills_gaps =
        |export: &Export| export.fills.iter().flat_map(|fill| &fill.columns).any(|column| column.reading.if_unknown);
    let mut chosen = begun.chosen.iter();
    let depends = chosen.any(|(input, export, _)| export.snapshot || input.repairs || fills_gaps(export));
    let refused: u64 = summary.quarantined.iter().map(|count| count.rows).sum();
    !depends && refused < MOST_REFUSED
}

/// What the newest ingest told, if it was of the same exports, and a second reading of them would tell what follows from it.
pub(super) fn known(inputs: &str, begun: &Begun<'_>) -> Result<Option<Told>, IngestError> {
    if begun.options.sizes.always_reads || inputs.is_empty() {
        return Ok(None);
    }
    let seal = begun.store.seal().filter(|(ingest, _)| *ingest == begun.base.version);
    let Some(((_, seal), told)) = seal.zip(read(begun.store)) else { return Ok(None) };
    let is_same = told.seal == seal && told.inputs == inputs && told.privacy == privacy(begun.store);
    if !is_same || told.at > begun.options.at.timestamp_micros() {
        return Ok(None);
    }
    let read = |table: Table| {
        let of = told.tables.iter().find(|told| told.table == table.name());
        of.map_or(0, |told| told.read - told.quarantined)
    };
    let needed = buckets_needed(&begun.base, read, begun.options.sizes);
    let mut states = begun.base.tables.iter().filter(|(_, state)| !state.files.is_empty());
    if states.any(|(table, state)| needed.get(table).is_some_and(|needed| *needed != state.buckets)) {
        return Ok(None);
    }
    let events = begun.base.tables.get(&Table::Events).and_then(|state| state.files.first());
    let is_old = events.map_or(Ok(false), |file| client_events::is_unjoined(&file.path))?;
    Ok((!is_old).then_some(told))
}

/// By which rule and key a store keeps personal data.
fn privacy(store: &Store) -> String {
    let text = |file: &str| fs::read_to_string(store.dir().join(file)).unwrap_or_default();
    fingerprint(&["personal.toml", "personal.id"].map(text).join("\n"))
}

fn path(store: &Store) -> PathBuf {
    store.spare(FILE)
}

/// What was kept, if it is whole.
fn read(store: &Store) -> Option<Told> {
    let text = fs::read_to_string(path(store)).ok()?;
    let (digest, told) = text.split_once('\n')?;
    (digest == written(told)).then(|| serde_json::from_str(told).ok()).flatten()
}

fn written(told: &str) -> String {
    format!("{:032x}", xxh3_128(told.as_bytes()))
}

/// Keeps what a complete ingest told, under what it read. That it cannot be kept is no error: the exports are read again.
pub(super) fn keep(store: &Store, ingest: u64, at: i64, inputs: String, told: Told) {
    // where another ingest was complete meanwhile, the store is not as this one left it
    let Some((_, seal)) = store.seal().filter(|(newest, _)| *newest == ingest) else { return };
    let Ok(text) = serde_json::to_string(&Told { seal, inputs, privacy: privacy(store), at, ..told }) else { return };
    let aside = store.spare(&format!("{FILE}-new"));
    let whole = fs::write(&aside, format!("{}\n{text}", written(&text)));
    let _ = whole.and_then(|()| fs::rename(&aside, path(store)));
}
