//! The main pass: every row of a file, into values or into quarantine.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::again::Again;
use super::codes::Codes;
use super::column_plan::FillPlan;
use super::oddities::Oddities;
use super::open::{Opened, not_utf8};
use super::plan::Plan;
use super::row::{Refused, Row};
use super::row_checks::{holds, is_total, row_within, shape_of, swallowed};
use super::row_key::RowKey;
use super::sums::{FileSum, Sums};
use super::total::{self, Totals};
use super::{prove, raw, reason, spread};
use crate::export::ExportError;
use crate::export::datum::Value;
use crate::export::mapping::Export;
use crate::export::records::{Ahead, Quotes, Record, RepairOrigin, ahead};
use crate::export::repair::{self, NotTaken};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// Rows between two words of progress.
const STEP: u64 = 20_000;

/// Where rows go.
pub(crate) trait RowSink {
    /// Why a row cannot be taken, or the export not read.
    type Error: From<ExportError>;
    /// Takes the values of one row for the fill of that number: one for each of its columns.
    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), Self::Error>;
    /// Called before `take` or `refuse` with the place of the repaired row.
    fn mends(&mut self, place: RepairOrigin);
    /// Number of the export's quarantined rows at the place of a repaired one.
    fn waits(&self, place: RepairOrigin) -> u64;
    /// Called before `refuse` with the row's deal id, if it could be read.
    fn refuses_deal(&mut self, deal_id: &str);
    /// Records a deal that a listing export has in a row which `deals` does not take.
    fn lists_deal(&mut self, deal_id: &str);
    /// Receives the header of the file, in the form in which rows are shown.
    fn begin(&mut self, header: String);
    /// Takes a row that was refused.
    fn refuse(&mut self, refusal: Refusal) -> Result<(), Self::Error>;
    /// Receives the number of bytes read of the file.
    fn progress(&mut self, done: u64);
}

/// A row that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) table: Table,
    pub(crate) line: u64,
    /// For a repaired row: the ingest that first refused it.
    pub(crate) first: Option<u64>,
    /// The export's header of the cell; empty: the whole row.
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) reason: Text,
    pub(crate) raw: String,
    /// By what its rows would be known, as far as that much of it can be read.
    pub(crate) keys: Vec<RowKey>,
}

/// What was met in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) rows: u64,
    /// Rows that were refused.
    pub(crate) refused: u64,
    /// Rows that `ignore_rows` describes.
    pub(crate) ignored: u64,
    /// Rows that no table asked for.
    pub(crate) unwanted: u64,
    /// What was met in values and is worth telling.
    pub(crate) oddities: Oddities,
    /// What the rows gave to each column of money.
    pub(crate) sums: Vec<FileSum>,
    /// For a repair file: the places of the accepted rows.
    pub(crate) mended: BTreeSet<RepairOrigin>,
    /// For a repair file: the rows that were not accepted.
    pub(crate) not_taken: NotTaken,
}

/// Reads every row of a file after proving what has to be proven; `mapping` is the mapping's file name, for messages.
pub(crate) fn read_rows<S: RowSink>(
    opened: &Opened,
    plan: &mut Plan,
    export: &Export,
    mapping: &str,
    sink: &mut S,
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
    let pass = Pass { opened, plan, export, mapping, again: Again::new(opened) };
    let mut outcome = ahead(opened.records()?, |records| rows_of(records, &pass, mends.as_ref(), sink))?;
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

fn rows_of<S: RowSink>(
    mut records: Ahead,
    pass: &Pass<'_>,
    mends: Option<&BTreeSet<RepairOrigin>>,
    sink: &mut S,
) -> Result<Outcome, S::Error> {
    let mut met = Met::new(pass);
    let mut told = 0;
    loop {
        if met.outcome.rows / STEP > told {
            told = met.outcome.rows / STEP;
            sink.progress(records.done());
        }
        let Some(record) = records.next()? else { break };
        if record.is_blank() {
            continue;
        }
        met.outcome.rows += 1;
        if let Some(taken) = mends
            && record.mends.is_none_or(|place| !taken.contains(&place))
        {
            met.outcome.not_taken.add(record.mends, record.mends.map_or(0, |place| sink.waits(place)));
            continue;
        }
        record.mends.into_iter().for_each(|place| sink.mends(place));
        if let Some(refused) = pass.read(record, &mut met, sink)? {
            met.outcome.refused += 1;
            pass.refuse(record, refused, sink)?;
        }
    }
    Ok(met.finish(pass)?)
}

/// What was met in a file so far.
struct Met<'p> {
    outcome: Outcome,
    sums: Sums<'p>,
    codes: Codes,
    totals: Totals,
}

impl<'p> Met<'p> {
    fn new(pass: &Pass<'p>) -> Met<'p> {
        let (outcome, totals) = (Outcome::default(), Totals::default());
        Met { outcome, sums: Sums::new(pass.plan), codes: Codes::new(pass.opened, pass.plan), totals }
    }

    /// What only all rows together tell.
    fn finish(mut self, pass: &Pass<'_>) -> Result<Outcome, ExportError> {
        if let Some(problem) = self.codes.problem(pass.opened, pass.plan) {
            return Err(ExportError::Unproven { path: pass.opened.path(), problems: vec![problem] });
        }
        self.outcome.oddities.of_file.extend(self.totals.note());
        self.outcome.sums = self.sums.finish();
        Ok(self.outcome)
    }
}

/// A row that is refused: by which fill, why, and by what its rows would be known.
type RefusedRow = (usize, Refused, Vec<RowKey>);

/// What all rows of a file are read by.
struct Pass<'p> {
    opened: &'p Opened,
    plan: &'p Plan,
    export: &'p Export,
    /// The mapping's file name, for messages.
    mapping: &'p str,
    /// The header, to be known when it comes once more.
    again: Again,
}

impl Pass<'_> {
    /// Reads a record that is not blank. `None` if it was taken or ignored, or is the header once more.
    fn read<S: RowSink>(
        &self,
        record: &Record,
        met: &mut Met<'_>,
        sink: &mut S,
    ) -> Result<Option<RefusedRow>, S::Error> {
        let Pass { opened, plan, export, mapping, ref again } = *self;
        let text = match simdutf8::basic::from_utf8(record.cells.as_slice()) {
            Ok(text) => text,
            Err(_) if export.encoding.is_none() && opened.readable.is_plain => {
                return Err(not_utf8(&opened.path(), record.line, export, mapping).into());
            }
            Err(_) => {
                met.sums.lose();
                return Ok(Some((0, whole(reason::wrong_encoding()), Vec::new())));
            }
        };
        let row = Row { text, record, number: met.outcome.rows };
        let is_ignored = holds(&plan.ignore, row, false) || is_total(plan, row);
        if !is_ignored && again.passes(row, opened)? {
            met.outcome.rows -= 1;
            met.outcome.oddities.headers += 1;
            return Ok(None);
        }
        // a row that is ignored may hold what it likes, but not the rest of the file
        let takes_more = record.quotes == Quotes::Open && record.lines > 1;
        if let Some(lines) = swallowed(record, opened.cells).filter(|_| !is_ignored || takes_more) {
            return Err(ExportError::OpenQuote { path: opened.path(), line: record.line, lines }.into());
        }
        if is_ignored {
            met.outcome.ignored += 1;
            return Ok(None);
        }
        if let Some(reason) = shape_of(record, opened).or_else(|| row_within(row, opened, plan)) {
            met.sums.lose();
            return Ok(Some((0, whole(reason), Vec::new())));
        }
        met.outcome.oddities.quotes(record);
        met.codes.see(row);
        let of_total = met.totals.see(plan, row, &met.sums);
        let read = match of_total {
            total::Is::Total(word) => Err((0, whole(reason::total(word)))),
            _ => read_row(plan, row, export.snapshot, (&mut met.outcome, &mut met.sums), sink)?,
        };
        let Err((fill, refused)) = read else {
            if let total::Is::Named(word) = of_total {
                met.totals.took(record.line, word);
            }
            return Ok(None);
        };
        met.sums.refuse(row);
        Ok(Some((fill, refused, keys_of(plan, row))))
    }

    /// Hands a refused row on. Refuses the file where the fault is the whole column's.
    fn refuse<S: RowSink>(
        &self,
        record: &Record,
        (fill, refused, keys): RefusedRow,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let Pass { opened, plan, .. } = *self;
        let line = record.line;
        let column = refused.cell.map_or_else(String::new, |cell| opened.found.text(cell).to_owned());
        if let Some(way_out) = refused.whole_column {
            let Text { ru, en } = &refused.reason;
            let problem = Text::new(
                format!("`{column}`: в строке {line} стоит `{}`: {ru}\n    {}", refused.value, way_out.ru),
                format!("`{column}`: line {line} has `{}`, {en}\n    {}", refused.value, way_out.en),
            );
            return Err(ExportError::Unproven { path: opened.path(), problems: vec![problem] }.into());
        }
        sink.refuse(Refusal {
            table: plan.fills[fill].table,
            line,
            first: record.mends.map(|place| place.ingest),
            column,
            value: plan.raw.value(refused.cell, refused.value),
            reason: refused.reason,
            raw: plan.raw.row(record, opened.cells, opened.delimiter()),
            keys,
        })
    }
}

/// Reads all of a row before any table gets it: a row is taken whole or not at all.
fn read_row<S: RowSink>(
    plan: &Plan,
    row: Row<'_>,
    is_of_snapshot: bool,
    (outcome, sums): (&mut Outcome, &mut Sums<'_>),
    sink: &mut S,
) -> Result<Result<(), (usize, Refused)>, S::Error> {
    let mut read: Vec<(usize, Vec<Value<'_>>, Option<i64>)> = Vec::with_capacity(plan.fills.len());
    for (number, fill) in plan.fills.iter().enumerate() {
        if holds(&fill.when, row, true) {
            match values(fill, row, &mut outcome.oddities) {
                Ok((values, until)) => read.push((number, values, until)),
                Err(refused) => {
                    deal_of(plan, row).iter().for_each(|deal_id| sink.refuses_deal(deal_id));
                    return Ok(Err((number, refused)));
                }
            }
        }
    }
    outcome.unwanted += u64::from(read.is_empty());
    if is_of_snapshot && !read.iter().any(|(number, ..)| plan.fills[*number].table == Table::Deals) {
        deal_of(plan, row).iter().for_each(|deal_id| sink.lists_deal(deal_id));
    }
    for (number, values, until) in &read {
        sums.take(*number, values);
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

/// By what the rows of a refused one would be known, of each table of which that can be read.
fn keys_of(plan: &Plan, row: Row<'_>) -> Vec<RowKey> {
    let of_fill = |fill: &FillPlan| {
        let columns = fill.columns.iter().filter(|column| fill.table.key().contains(&column.name.as_str()));
        let read = columns.map(|column| Ok((column.name.as_str(), column.read(row, &mut Oddities::default())?)));
        let read: Vec<(&str, Value<'_>)> = read.collect::<Result<_, Refused>>().ok()?;
        RowKey::of(fill.table, |name| read.iter().find(|(known, _)| *known == name).map(|(_, value)| value))
    };
    plan.fills.iter().filter(|fill| holds(&fill.when, row, true)).filter_map(of_fill).collect()
}

/// The values of a row for a fill; of a row of a period the last day of it, too.
fn values<'r>(fill: &FillPlan, row: Row<'r>, met: &mut Oddities) -> Result<(Vec<Value<'r>>, Option<i64>), Refused> {
    let (mut values, mut until) = (Vec::with_capacity(fill.columns.len()), None);
    for column in &fill.columns {
        let (value, last) = column.read_period(row, met)?;
        values.push(value);
        until = last.or(until);
    }
    if fill.table == Table::Events {
        let owner = |name: &str| fill.columns.iter().position(|c| c.name == name).map(|at| &values[at]);
        let owned = ["deal_id", "client_id"].into_iter().filter_map(owner).any(|value| *value != Value::Null);
        if !owned {
            return Err(whole(reason::no_owner()));
        }
    }
    Ok((values, until))
}

fn whole(reason: Text) -> Refused {
    Refused { cell: None, value: String::new(), reason, whole_column: None }
}
