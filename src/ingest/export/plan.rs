//! A section of the mapping, resolved against one file's header and the store's column order.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::open::Opened;
use crate::ingest::layout::Layout;
use crate::ingest::mapping::{
    Condition, Export, Fill, Header, Mapped, Operand, Operation, Reading, Source, Test, required, words,
};
use crate::model::calendar::Calendar;
use crate::model::tables::{Kind, Table};

/// What is to be done with every row of a file.
pub(in crate::ingest) struct Plan {
    pub(super) ignore: Vec<Check>,
    pub(in crate::ingest) fills: Vec<FillPlan>,
}

/// One table to be filled.
pub(in crate::ingest) struct FillPlan {
    pub(in crate::ingest) table: Table,
    pub(super) when: Vec<Check>,
    pub(in crate::ingest) columns: Vec<ColumnPlan>,
}

/// A condition on a cell.
pub(super) struct Check {
    pub(super) index: usize,
    pub(super) test: Test,
}

/// One column of ours and the cells that it comes from.
pub(in crate::ingest) struct ColumnPlan {
    pub(in crate::ingest) name: String,
    pub(in crate::ingest) slot: usize,
    pub(in crate::ingest) if_unknown: bool,
    pub(super) kind: Kind,
    pub(super) from: From,
    pub(super) reading: Reading,
    pub(super) calendar: Calendar,
    pub(super) required: bool,
    pub(super) words: Option<&'static [&'static str]>,
    pub(super) is_id: bool,
}

/// As [`Source`], by cell.
pub(super) enum From {
    Cells(Vec<usize>),
    Const(String),
    Concat(Vec<usize>, String),
    Compute(Operation, Vec<Part>),
}

/// As [`Operand`], by cell.
pub(super) enum Part {
    Cell(usize),
    Number(i64),
}

impl Plan {
    /// Resolves a section against an opened file.
    pub(in crate::ingest) fn new(export: &Export, opened: &Opened, layouts: &BTreeMap<Table, Layout>) -> Plan {
        let at = &opened.found.columns;
        let fill = |fill: &Fill| FillPlan {
            table: fill.table,
            when: checks(&fill.when, at),
            columns: fill.columns.iter().filter_map(|column| resolve(column, fill.table, at, layouts)).collect(),
        };
        Plan { ignore: checks(&export.ignore_rows, at), fills: export.fills.iter().map(fill).collect() }
    }
}

/// Every header was found before, so nothing is left out here.
fn checks(conditions: &[Condition], at: &BTreeMap<Header, usize>) -> Vec<Check> {
    let check = |c: &Condition| Some(Check { index: *at.get(&c.column)?, test: c.test.clone() });
    conditions.iter().filter_map(check).collect()
}

fn resolve(
    column: &Mapped,
    table: Table,
    at: &BTreeMap<Header, usize>,
    layouts: &BTreeMap<Table, Layout>,
) -> Option<ColumnPlan> {
    let cells = |headers: &[Header]| headers.iter().filter_map(|h| at.get(h).copied()).collect::<Vec<_>>();
    let from = match &column.source {
        Source::From(headers) => From::Cells(cells(headers)),
        Source::Const(text) => From::Const(text.clone()),
        Source::Concat { parts, with } => From::Concat(cells(parts), with.clone()),
        Source::Compute { operation, operands } => {
            let part = |operand: &Operand| match operand {
                Operand::Column(header) => at.get(header).copied().map(Part::Cell),
                Operand::Number(units) => Some(Part::Number(*units)),
            };
            From::Compute(*operation, operands.iter().filter_map(part).collect())
        }
    };
    let zone = column.reading.zone.unwrap_or(Tz::UTC);
    Some(ColumnPlan {
        name: column.name.clone(),
        slot: layouts.get(&table)?.slot(&column.name)?,
        if_unknown: column.reading.if_unknown,
        kind: column.kind,
        from,
        reading: column.reading.clone(),
        calendar: Calendar { zone, week: [None; 7], holidays: Default::default() },
        required: !column.extra && required(table).contains(&column.name.as_str()),
        words: words(table, &column.name).filter(|_| !column.extra),
        is_id: column.name.ends_with("_id"),
    })
}
