//! The main pass: every row of a file, into values or into quarantine.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::again::Again;
use super::codes::Codes;
use super::oddities::Oddities;
use super::open::{Opened, not_utf8};
use super::plan::{Check, FillPlan, Plan};
use super::prove;
use super::raw;
use super::reason;
use super::spread;
use super::sums::{FileSum, Sums};
use super::total::{self, Totals};
use super::value::{Refused, Row, Value};
use super::within;
use crate::ingest::IngestError;
use crate::ingest::later::Key;
use crate::ingest::mapping::{Export, Test};
use crate::ingest::mended::{self, NotTaken};
use crate::ingest::records::{Ahead, Mends, Quotes, Record, ahead};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// Rows between two words of progress.
const STEP: u64 = 20_000;

/// Where rows go.
pub(in crate::ingest) trait RowSink {
    /// Takes the values of one row for the fill of that number: one for each of its columns.
    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), IngestError>;
    /// Hears the place of the mended row whose values come next.
    fn mends(&mut self, place: Mends);
    /// Says how many rows of the export wait at the place of a mended one.
    fn waits(&self, place: Mends) -> u64;
    /// Hears of which deal the row is that is refused next.
    fn refuses_deal(&mut self, deal_id: &str);
    /// Hears of a deal that a snapshot lists in a row which `deals` does not want.
    fn lists_deal(&mut self, deal_id: &str);
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
    /// Of a mended row: the ingest that refused it at first.
    pub(in crate::ingest) first: Option<u64>,
    /// The export's header of the cell; empty: the whole row.
    pub(in crate::ingest) column: String,
    pub(in crate::ingest) value: String,
    pub(in crate::ingest) reason: Text,
    pub(in crate::ingest) raw: String,
    /// By what its rows would be known, as far as that much of it can be read.
    pub(in crate::ingest) keys: Vec<Key>,
}

/// What was met in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Outcome {
    pub(in crate::ingest) rows: u64,
    /// Rows that were refused.
    pub(in crate::ingest) refused: u64,
    /// Rows that `ignore_rows` describes.
    pub(in crate::ingest) ignored: u64,
    /// Rows that no table asked for.
    pub(in crate::ingest) unwanted: u64,
    /// What was met in values and is worth telling.
    pub(in crate::ingest) oddities: Oddities,
    /// What the rows gave to each column of money.
    pub(in crate::ingest) sums: Vec<FileSum>,
    /// Of a file of mended rows: the places of those that were taken.
    pub(in crate::ingest) mended: BTreeSet<Mends>,
    /// Of a file of mended rows: the others.
    pub(in crate::ingest) not_taken: NotTaken,
}

/// Reads every row of a file after proving what has to be proven; `mapping` is the mapping's file name, for messages.
pub(in crate::ingest) fn read_rows(
    opened: &Opened,
    plan: &mut Plan,
    export: &Export,
    mapping: &str,
    sink: &mut dyn RowSink,
) -> Result<Outcome, IngestError> {
    mended::refuse_unknown(&opened.path(), (0..opened.cells).map(|at| opened.found.text(at)))?;
    if prove::is_needed(plan) {
        prove::prove(plan, opened)?;
    }
    sink.begin(raw::header(opened, &plan.raw));
    let mends = match opened.readable.input.repairs {
        true => Some(taken(opened, sink)?),
        false => None,
    };
    let mut outcome =
        ahead(opened.records()?, |records| rows_of(records, opened, plan, (export, mapping), mends.as_ref(), sink))?;
    let columns = || plan.fills.iter().flat_map(|fill| &fill.columns);
    let mut problems: Vec<Text> = columns()
        .filter_map(|column| {
            let Text { ru, en } = column.seen.borrow().problem()?;
            Some(Text::new(format!("`{}`: {ru}", column.place), format!("`{}`: {en}", column.place)))
        })
        .collect();
    problems.dedup();
    if !problems.is_empty() {
        return Err(IngestError::Unproven { path: opened.path(), problems });
    }
    let notes = columns().filter_map(|column| column.seen.borrow().note(&column.place));
    outcome.oddities.of_columns.extend(notes);
    if outcome.rows == 0 {
        return Err(IngestError::NoRows { path: opened.path(), what: "the file has a header and no rows" });
    }
    opened.readable.input.unchanged()?;
    sink.progress(opened.readable.input.bytes);
    outcome.mended = mends.unwrap_or_default();
    Ok(outcome)
}

/// Of a file of mended rows: the places of those that are taken. Where several rows wait at one place, nothing tells which of
/// them is mended: they are taken when all of them came.
fn taken(opened: &Opened, sink: &dyn RowSink) -> Result<BTreeSet<Mends>, IngestError> {
    let mut came: BTreeMap<Mends, u64> = BTreeMap::new();
    let (mut records, mut record) = (opened.records()?, Record::default());
    while records.next(&mut record)? {
        let place = record.mends.filter(|_| !record.is_blank());
        place.into_iter().for_each(|place| *came.entry(place).or_default() += 1);
    }
    let all = |(place, rows): (Mends, u64)| (1..=rows).contains(&sink.waits(place)).then_some(place);
    Ok(came.into_iter().filter_map(all).collect())
}

fn rows_of(
    mut records: Ahead,
    opened: &Opened,
    plan: &Plan,
    (export, mapping): (&Export, &str),
    mends: Option<&BTreeSet<Mends>>,
    sink: &mut dyn RowSink,
) -> Result<Outcome, IngestError> {
    let (mut outcome, mut told) = (Outcome::default(), 0);
    let mut sums = Sums::new(plan);
    let (again, mut codes, mut totals) = (Again::new(opened), Codes::new(opened, plan), Totals::default());
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
        if let Some(taken) = mends
            && record.mends.is_none_or(|place| !taken.contains(&place))
        {
            outcome.not_taken.add(record.mends, record.mends.map_or(0, |place| sink.waits(place)));
            continue;
        }
        record.mends.into_iter().for_each(|place| sink.mends(place));
        let mut keys = Vec::new();
        let refused = match simdutf8::basic::from_utf8(record.cells.as_slice()) {
            Err(_) if export.encoding.is_none() && opened.readable.is_plain => {
                return Err(not_utf8(&opened.path(), line, export, mapping));
            }
            Err(_) => {
                sums.lose();
                Err((0, whole(reason::wrong_encoding())))
            }
            Ok(text) => {
                let row = Row { text, record, number: outcome.rows };
                let is_ignored = holds(&plan.ignore, row, false) || is_total(plan, row);
                if !is_ignored && again.passes(row, opened)? {
                    outcome.rows -= 1;
                    outcome.oddities.headers += 1;
                    continue;
                }
                // a row that is ignored may hold what it likes, but not the rest of the file
                let takes_more = record.quotes == Quotes::Open && record.lines > 1;
                if let Some(lines) = swallowed(record, opened.cells).filter(|_| !is_ignored || takes_more) {
                    return Err(IngestError::OpenQuote { path: opened.path(), line: record.line, lines });
                }
                if is_ignored {
                    outcome.ignored += 1;
                    continue;
                }
                match shape_of(record, opened).or_else(|| row_within(row, opened, plan)) {
                    Some(reason) => {
                        sums.lose();
                        Err((0, whole(reason)))
                    }
                    None => {
                        outcome.oddities.quotes(record);
                        codes.see(row);
                        let of_total = totals.see(plan, row, &sums);
                        let read = match of_total {
                            total::Is::Total(word) => Err((0, whole(reason::total(word)))),
                            _ => read_row(plan, row, export.snapshot, (&mut outcome, &mut sums), sink)?,
                        };
                        match (&read, of_total) {
                            (Err(_), _) => {
                                keys = keys_of(plan, row);
                                sums.refuse(row);
                            }
                            (Ok(()), total::Is::Named(word)) => totals.took(line, word),
                            (Ok(()), _) => {}
                        }
                        read
                    }
                }
            }
        };
        if let Err((fill, refused)) = refused {
            outcome.refused += 1;
            let column = refused.cell.map_or_else(String::new, |cell| opened.found.text(cell).to_owned());
            if let Some(way_out) = refused.whole_column {
                let Text { ru, en } = &refused.reason;
                let problem = Text::new(
                    format!("`{column}`: в строке {line} стоит `{}`: {ru}\n    {}", refused.value, way_out.ru),
                    format!("`{column}`: line {line} has `{}`, {en}\n    {}", refused.value, way_out.en),
                );
                return Err(IngestError::Unproven { path: opened.path(), problems: vec![problem] });
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
            })?;
        }
    }
    if let Some(problem) = codes.problem(opened, plan) {
        return Err(IngestError::Unproven { path: opened.path(), problems: vec![problem] });
    }
    outcome.oddities.of_file.extend(totals.note());
    outcome.sums = sums.finish();
    Ok(outcome)
}

/// Reads all of a row before any table gets it: a row is taken whole or not at all.
fn read_row(
    plan: &Plan,
    row: Row<'_>,
    is_of_snapshot: bool,
    (outcome, sums): (&mut Outcome, &mut Sums<'_>),
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
fn keys_of(plan: &Plan, row: Row<'_>) -> Vec<Key> {
    let of_fill = |fill: &FillPlan| {
        let columns = fill.columns.iter().filter(|column| fill.table.key().contains(&column.name.as_str()));
        let read = columns.map(|column| Ok((column.name.as_str(), column.read(row, &mut Oddities::default())?)));
        let read: Vec<(&str, Value<'_>)> = read.collect::<Result<_, Refused>>().ok()?;
        Key::of(fill.table, |name| read.iter().find(|(known, _)| *known == name).map(|(_, value)| value))
    };
    plan.fills.iter().filter(|fill| holds(&fill.when, row, true)).filter_map(of_fill).collect()
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
    if record.is_of_form() {
        return None;
    }
    match record.quotes {
        Quotes::Open => Some(record.lines),
        _ => (record.cells.len() != cells).then_some(record.lines.saturating_sub(1)).filter(|lines| *lines > LINES),
    }
}

/// What is wrong with the number of cells of a row. Cells after the last one of the header are none as long as nothing is
/// in them: many exports end each row with a delimiter.
pub(super) fn shape_of(record: &Record, opened: &Opened) -> Option<Text> {
    let row = &record.cells;
    let is_blank = |cell: &[u8]| cell.trim_ascii().is_empty();
    if matches!(record.quotes, Quotes::Broken | Quotes::Open) {
        return Some(reason::broken_quote());
    }
    match !record.is_of_form() && (row.len() < opened.least || !row.iter().skip(opened.cells).all(is_blank)) {
        true => Some(reason::wrong_cells(row.len(), opened.cells, record.lines > 1)),
        false => None,
    }
}

/// Whether a cell of several lines has one that is a row by itself: a quote opens before it by mistake.
///
/// In a table of few columns a line of a text may look so: there a quotation mark within the cell has to speak for it, too.
fn row_within(row: Row<'_>, opened: &Opened, plan: &Plan) -> Option<Text> {
    const FEW: usize = 4;
    if opened.cells < 2 || !row.record.typed.is_empty() || row.record.lines < 2 {
        return None;
    }
    let quote = char::from(opened.quote());
    let has_row = |cell: usize| {
        let text = row.cell(cell);
        (opened.cells >= FEW || text.contains(quote))
            && text.split(['\n', '\r']).skip(1).any(|line| within::is_row(line, opened, plan))
    };
    (0..opened.cells).any(has_row).then(reason::row_within)
}

/// Whether a row is a total: its first cell begins like one, and stands where no such text can, or a cell without which it
/// would be no row is not filled.
pub(super) fn is_total(plan: &Plan, row: Row<'_>) -> bool {
    let first = row.cell(0);
    let begins = |total: &String| {
        let begins = first.get(..total.len()).is_some_and(|begin| begin.to_lowercase() == total.to_lowercase());
        begins && !first[total.len()..].starts_with(char::is_alphanumeric)
    };
    let is_bare = |total: &String| first.trim_end_matches([':', '.', ' ']).len() == total.len();
    let Some(total) = plan.totals.iter().find(|total| begins(total)) else { return false };
    let mut columns = plan.fills.iter().flat_map(|fill| &fill.columns).filter(|column| column.required);
    is_bare(total) || columns.any(|column| column.cells().contains(&0) || column.is_empty(row))
}

fn whole(reason: Text) -> Refused {
    Refused { cell: None, value: String::new(), reason, whole_column: None }
}
