//! The main pass: every row of a file, into values or into quarantine.

use std::collections::{BTreeMap, BTreeSet};

use super::again::Again;
use super::met::Outcome;
use super::open::Opened;
use super::pass::Pass;
use super::plan::Plan;
use super::row_sink::RowSink;
use super::threads::{Division, read_all};
use super::{prove, raw};
use crate::export::ExportError;
use crate::export::mapping::Export;
use crate::export::records::{Record, RepairOrigin, ahead};
use crate::export::repair;
use crate::model::lang::Text;

/// Reads every row of a file after proving what has to be proven; `mapping` is the mapping's file name, for messages.
pub(crate) fn read_rows<S: RowSink>(
    opened: &Opened,
    plan: &mut Plan,
    export: &Export,
    mapping: &str,
    (sink, division): (&mut S, Division),
) -> Result<Outcome, S::Error> {
    repair::refuse_unknown(&opened.path(), (0..opened.cells).map(|at| opened.found.text(at)))?;
    if prove::is_needed(plan) {
        prove::prove(plan, opened)?;
    }
    sink.begin(raw::header(opened, &plan.raw));
    let mends = match opened.readable.input.repairs {
        true => Some(taken(opened, sink)?),
        false => None,
    };
    let pass = Pass { opened, plan, export, mapping, again: &Again::new(opened) };
    let Division { threads, batch } = division;
    let read = |records| read_all(records, &pass, mends.as_ref(), sink, threads);
    let mut outcome = ahead(opened.records()?, (batch, threads), read)?;
    let columns = || plan.fills.iter().flat_map(|fill| &fill.columns);
    let mut problems: Vec<Text> = columns()
        .filter_map(|column| {
            let Text { ru, en } = column.seen.borrow().problem()?;
            Some(Text::new(format!("`{}`: {ru}", column.place), format!("`{}`: {en}", column.place)))
        })
        .collect();
    problems.dedup();
    if !problems.is_empty() {
        return Err(ExportError::Unproven { path: opened.path(), problems }.into());
    }
    let notes = columns().filter_map(|column| column.seen.borrow().note(&column.place));
    outcome.oddities.of_columns.extend(notes);
    if outcome.rows == 0 {
        return Err(ExportError::NoRows { path: opened.path(), what: "the file has a header and no rows" }.into());
    }
    opened.readable.input.unchanged()?;
    sink.progress(opened.readable.input.bytes);
    outcome.mended = mends.unwrap_or_default();
    Ok(outcome)
}

/// Of a file of mended rows: the places of those that are taken. Where several rows wait at one place, nothing tells which of
/// them is mended: they are taken when all of them came.
fn taken(opened: &Opened, sink: &impl RowSink) -> Result<BTreeSet<RepairOrigin>, ExportError> {
    let mut came: BTreeMap<RepairOrigin, u64> = BTreeMap::new();
    let (mut records, mut record) = (opened.records()?, Record::default());
    while records.next(&mut record)? {
        let place = record.mends.filter(|_| !record.is_blank());
        place.into_iter().for_each(|place| *came.entry(place).or_default() += 1);
    }
    let all = |(place, rows): (RepairOrigin, u64)| (1..=rows).contains(&sink.waits(place)).then_some(place);
    Ok(came.into_iter().filter_map(all).collect())
}
