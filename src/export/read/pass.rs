//! One record → values for every table that its row fills, or the reason why it is refused.

use std::borrow::Cow;

use super::again::Again;
use super::column_plan::FillPlan;
use super::met::{Met, Outcome};
use super::oddities::Oddities;
use super::open::{Opened, not_utf8};
use super::plan::Plan;
use super::row::{Refused, Row};
use super::row_checks::{holds, is_total, row_within, shape_of, swallowed};
use super::row_key::RowKey;
use super::row_sink::{Refusal, RowPiece};
use super::sums::Sums;
use super::{reason, spread, total};
use crate::export::ExportError;
use crate::export::datum::Value;
use crate::export::mapping::Export;
use crate::export::records::{Quotes, Record};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// A row that is refused: by which fill, why, and by what its rows would be known.
type RefusedRow = (usize, Refused, Vec<RowKey>);

/// What all rows of a file are read by.
pub(super) struct Pass<'p> {
    pub(super) opened: &'p Opened,
    pub(super) plan: &'p Plan,
    pub(super) export: &'p Export,
    /// The mapping's file name, for messages.
    pub(super) mapping: &'p str,
    /// The header, to be known when it comes once more.
    pub(super) again: &'p Again,
}

impl Pass<'_> {
    /// Reads a record that is not blank.
    pub(super) fn one(&self, record: &Record, met: &mut Met<'_>, piece: &mut impl RowPiece) -> Result<(), ExportError> {
        met.outcome.rows += 1;
        if let Some(refused) = self.read(record, met, piece)? {
            met.outcome.refused += 1;
            self.refuse(record, refused, piece)?;
        }
        Ok(())
    }

    /// Reads it. `None` if it was taken or ignored, or is the header once more.
    fn read(
        &self,
        record: &Record,
        met: &mut Met<'_>,
        piece: &mut impl RowPiece,
    ) -> Result<Option<RefusedRow>, ExportError> {
        let Pass { opened, plan, export, mapping, again } = *self;
        let text = match simdutf8::basic::from_utf8(record.cells.as_slice()) {
            Ok(text) => text,
            Err(_) if export.encoding.is_none() && opened.readable.is_plain => {
                return Err(not_utf8(&opened.path(), record.line, export, mapping));
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
            return Err(ExportError::OpenQuote { path: opened.path(), line: record.line, lines });
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
            _ => read_row(plan, row, export.snapshot, (&mut met.outcome, &mut met.sums), piece),
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
    fn refuse(
        &self,
        record: &Record,
        (fill, refused, keys): RefusedRow,
        piece: &mut impl RowPiece,
    ) -> Result<(), ExportError> {
        let Pass { opened, plan, .. } = *self;
        let line = record.line;
        let column = refused.cell.map_or_else(String::new, |cell| opened.found.text(cell).to_owned());
        if let Some(way_out) = refused.whole_column {
            let Text { ru, en } = &refused.reason;
            let problem = Text::new(
                format!("`{column}`: в строке {line} стоит `{}`: {ru}\n    {}", refused.value, way_out.ru),
                format!("`{column}`: line {line} has `{}`, {en}\n    {}", refused.value, way_out.en),
            );
            return Err(ExportError::Unproven { path: opened.path(), problems: vec![problem] });
        }
        piece.refuse(Refusal {
            table: plan.fills[fill].table,
            line,
            first: record.mends.map(|place| place.ingest),
            column,
            value: plan.raw.value(refused.cell, refused.value),
            reason: refused.reason,
            raw: plan.raw.row(record, opened.cells, opened.delimiter()),
            keys,
        });
        Ok(())
    }
}

/// Reads all of a row before any table gets it: a row is taken whole or not at all.
fn read_row(
    plan: &Plan,
    row: Row<'_>,
    is_of_snapshot: bool,
    (outcome, sums): (&mut Outcome, &mut Sums<'_>),
    piece: &mut impl RowPiece,
) -> Result<(), (usize, Refused)> {
    let mut read: Vec<(usize, Vec<Value<'_>>, Option<i64>)> = Vec::with_capacity(plan.fills.len());
    for (number, fill) in plan.fills.iter().enumerate() {
        if holds(&fill.when, row, true) {
            match values(fill, row, &mut outcome.oddities) {
                Ok((values, until)) => read.push((number, values, until)),
                Err(refused) => {
                    deal_of(plan, row).iter().for_each(|deal_id| piece.refuses_deal(deal_id));
                    return Err((number, refused));
                }
            }
        }
    }
    outcome.unwanted += u64::from(read.is_empty());
    if is_of_snapshot && !read.iter().any(|(number, ..)| plan.fills[*number].table == Table::Deals) {
        deal_of(plan, row).iter().for_each(|deal_id| piece.lists_deal(deal_id));
    }
    for (number, values, until) in &read {
        sums.take(*number, values);
        match until {
            None => piece.take(*number, values),
            Some(last) => {
                outcome.oddities.spread += 1;
                spread::over_days(&plan.fills[*number], values, *last, |day| piece.take(*number, day));
            }
        }
    }
    Ok(())
}

/// The deal of which a row is, as far as that much of it can be read.
fn deal_of<'r>(plan: &'r Plan, row: Row<'r>) -> Option<Cow<'r, str>> {
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
fn values<'r>(fill: &'r FillPlan, row: Row<'r>, met: &mut Oddities) -> Result<(Vec<Value<'r>>, Option<i64>), Refused> {
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
