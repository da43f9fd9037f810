//! The main pass: every row of a file, into values or into quarantine.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::open::{Opened, not_utf8};
use super::plan::{Check, FillPlan, Plan};
use super::prove;
use super::raw;
use super::reason;
use super::spread;
use super::value::{Oddities, Refused, Row, Value};
use crate::ingest::IngestError;
use crate::ingest::mapping::{Export, Test};
use crate::ingest::records::{Ahead, Record, ahead};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// Rows between two words of progress.
const STEP: u64 = 20_000;

/// Where rows go.
pub(in crate::ingest) trait RowSink {
    /// Takes the values of one row for the fill of that number: one for each of its columns.
    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), IngestError>;
    /// Hears of which deal the row is that is refused next.
    fn refuses_deal(&mut self, deal_id: &str);
    /// Hears the header of the file, as a row is shown.
    fn begin(&mut self, header: String);
    /// Takes a row that was refused.
    fn refuse(&mut self, refusal: Refusal) -> Result<(), IngestError>;
    /// Hears how many bytes of the file were read.
    fn progress(&mut self, done: u64);
}

/// A row that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ingest) struct Refusal {
    pub(in crate::ingest) table: Table,
    pub(in crate::ingest) line: u64,
    /// The export's header of the cell; empty: the whole row.
    pub(in crate::ingest) column: String,
    pub(in crate::ingest) value: String,
    pub(in crate::ingest) reason: Text,
    pub(in crate::ingest) raw: String,
}

/// What was met in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Outcome {
    pub(in crate::ingest) rows: u64,
    /// Rows that `ignore_rows` describes.
    pub(in crate::ingest) ignored: u64,
    /// Rows that no table asked for.
    pub(in crate::ingest) unwanted: u64,
    /// What was met in values and is worth telling.
    pub(in crate::ingest) oddities: Oddities,
    /// Of a file of mended rows: the lines that they have in the export.
    pub(in crate::ingest) lines: BTreeSet<u64>,
}

/// Reads every row of a file after proving what has to be proven; `mapping` is the mapping's file name, for messages.
pub(in crate::ingest) fn read_rows(
    opened: &Opened,
    plan: &mut Plan,
    export: &Export,
    mapping: &str,
    sink: &mut dyn RowSink,
) -> Result<Outcome, IngestError> {
    if prove::is_needed(plan) {
        prove::prove(plan, opened)?;
    }
    sink.begin(raw::header(opened));
    let outcome = ahead(opened.records()?, |records| rows_of(records, opened, plan, export, mapping, sink))?;
    if outcome.rows == 0 {
        return Err(IngestError::NoRows { path: opened.path(), what: "the file has a header and no rows" });
    }
    opened.readable.input.unchanged()?;
    sink.progress(opened.readable.input.bytes);
    Ok(outcome)
}

fn rows_of(
    mut records: Ahead,
    opened: &Opened,
    plan: &Plan,
    export: &Export,
    mapping: &str,
    sink: &mut dyn RowSink,
) -> Result<Outcome, IngestError> {
    let (mut outcome, mut told) = (Outcome::default(), 0);
    loop {
        if outcome.rows / STEP > told {
            told = outcome.rows / STEP;
            sink.progress(records.done());
        }
        let Some(record) = records.next()? else { break };
        if record.is_blank() {
            continue;
        }
        outcome.rows += 1;
        let line = record.line;
        outcome.lines.extend(record.mends);
        let refused = match simdutf8::basic::from_utf8(record.cells.as_slice()) {
            Err(_) if export.encoding.is_none() && opened.readable.is_plain => {
                return Err(not_utf8(&opened.path(), line, export, mapping));
            }
            Err(_) => Err((0, whole(reason::wrong_encoding()))),
            Ok(text) => {
                let row = Row { text, record };
                if holds(&plan.ignore, row, false) {
                    outcome.ignored += 1;
                    continue;
                }
                if let Some(lines) = swallowed(record, opened.cells) {
                    // its end is the file's, so that it is counted from its beginning
                    return Err(IngestError::OpenQuote { path: opened.path(), line: record.begin, lines });
                }
                match shape_of(record, opened.cells) {
                    Some(reason) => Err((0, whole(reason))),
                    None => read_row(plan, row, &mut outcome, sink)?,
                }
            }
        };
        if let Err((fill, refused)) = refused {
            let column = refused.cell.map_or_else(String::new, |cell| opened.found.text(cell).to_owned());
            if let Some(way_out) = refused.whole_column {
                let problem =
                    format!("`{column}`: line {line} has `{}`, {}\n    {way_out}", refused.value, refused.reason.en);
                return Err(IngestError::Unproven { path: opened.path(), problems: vec![problem] });
            }
            sink.refuse(Refusal {
                table: plan.fills[fill].table,
                line,
                column,
                value: plan.raw.value(refused.cell, refused.value),
                reason: refused.reason,
                raw: plan.raw.row(record, opened.cells, opened.delimiter()),
            })?;
        }
    }
    Ok(outcome)
}

/// Reads all of a row before any table gets it: a row is taken whole or not at all.
fn read_row(
    plan: &Plan,
    row: Row<'_>,
    outcome: &mut Outcome,
    sink: &mut dyn RowSink,
) -> Result<Result<(), (usize, Refused)>, IngestError> {
    let mut read: Vec<(usize, Vec<Value<'_>>, Option<i64>)> = Vec::with_capacity(plan.fills.len());
    for (number, fill) in plan.fills.iter().enumerate() {
        if holds(&fill.when, row, true) {
            // of a row refused before, or it would be the period of this one
            outcome.oddities.until = None;
            match values(fill, row, &mut outcome.oddities) {
                Ok(values) => read.push((number, values, outcome.oddities.until.take())),
                Err(refused) => {
                    deal_of(plan, row).iter().for_each(|deal_id| sink.refuses_deal(deal_id));
                    return Ok(Err((number, refused)));
                }
            }
        }
    }
    outcome.unwanted += u64::from(read.is_empty());
    for (number, values, until) in &read {
        match until {
            None => sink.take(*number, values)?,
            Some(last) => {
                outcome.oddities.spread += 1;
                spread::over_days(&plan.fills[*number], values, *last, |day| sink.take(*number, day))?;
            }
        }
    }
    Ok(Ok(()))
}

/// The deal of which a row is, as far as that much of it can be read.
fn deal_of<'r>(plan: &Plan, row: Row<'r>) -> Option<Cow<'r, str>> {
    let of_deals = plan.fills.iter().filter(|fill| fill.table == Table::Deals);
    let id = of_deals.flat_map(|fill| &fill.columns).find(|column| column.name == "deal_id")?;
    match id.read(row, &mut Oddities::default()).ok()? {
        Value::Text(id) => Some(id),
        _ => None,
    }
}

fn values<'r>(fill: &FillPlan, row: Row<'r>, met: &mut Oddities) -> Result<Vec<Value<'r>>, Refused> {
    let values = fill.columns.iter().map(|column| column.read(row, met));
    let values: Vec<Value<'r>> = values.collect::<Result<_, _>>()?;
    if fill.table == Table::Events {
        let owner = |name: &str| fill.columns.iter().position(|c| c.name == name).map(|at| &values[at]);
        let owned = ["deal_id", "client_id"].into_iter().filter_map(owner).any(|value| *value != Value::Null);
        if !owned {
            return Err(whole(reason::no_owner()));
        }
    }
    Ok(values)
}

/// Whether conditions hold: all of them, or any of them.
pub(super) fn holds(checks: &[Check], row: Row<'_>, all: bool) -> bool {
    let one = |check: &Check| {
        let Some(cell) = check.index.map(|index| row.cell(index)) else { return false };
        match &check.test {
            Test::Equals(texts) => texts.iter().any(|text| text.trim() == cell),
            Test::NotEquals(texts) => texts.iter().all(|text| text.trim() != cell),
            Test::StartsWith(text) => cell.starts_with(text.as_str()),
            Test::Filled(filled, empty) => *filled != (cell.is_empty() || empty.iter().any(|text| text == cell)),
        }
    };
    match all {
        true => checks.iter().all(one),
        false => checks.iter().any(one),
    }
}

/// How many lines a row swallowed, if they are too many for one.
///
/// Quarantined as one row, they would be counted as one: most of a file could be missing from a good-looking report.
fn swallowed(record: &Record, cells: usize) -> Option<u64> {
    const LINES: u64 = 50;
    let lines = || record.cells.as_slice().iter().filter(|byte| **byte == b'\n').count().saturating_sub(1) as u64;
    (record.cells.len() != cells).then(lines).filter(|lines| *lines > LINES)
}

/// What is wrong with the number of cells of a row.
pub(super) fn shape_of(record: &Record, cells: usize) -> Option<Text> {
    let record = &record.cells;
    (record.len() != cells)
        .then(|| reason::wrong_cells(record.len(), cells, record.as_slice().trim_ascii_end().contains(&b'\n')))
}

fn whole(reason: Text) -> Refused {
    Refused { cell: None, value: String::new(), reason, whole_column: None }
}
