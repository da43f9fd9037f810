//! Rows and columns of totals: left out, and compared with the sum of what they stand for.

use super::header::{Column, Columns, is_total};
use super::line::{Cell, Line};
use crate::export::mapping::{Export, Source, Unpivot};
use crate::export::values::amounts::{self, Amount};
use crate::export::values::money;
use crate::export::values::numbers::{self, Decimal};
use crate::model::lang::{Lang, Text, both};

/// So many differences are told one by one.
const TOLD: usize = 5;

/// The totals of a sheet.
pub(super) struct Totals<'s> {
    export: &'s Export,
    unpivot: &'s Unpivot,
    columns: &'s Columns,
    decimal: Decimal,
    /// The sums of each column of data over the lines so far, and over those since the last total.
    all: Vec<i128>,
    since: Vec<i128>,
    rows: u64,
    /// Lines that have amounts and no name.
    nameless: u64,
    differences: Vec<Text>,
}

impl<'s> Totals<'s> {
    pub(super) fn new(export: &'s Export, unpivot: &'s Unpivot, columns: &'s Columns, lines: &[Line]) -> Totals<'s> {
        let none = || vec![0; columns.data.len()];
        let decimal = decimal(export, unpivot, columns, lines);
        Totals {
            export,
            unpivot,
            columns,
            decimal,
            all: none(),
            since: none(),
            rows: 0,
            nameless: 0,
            differences: Vec::new(),
        }
    }

    /// Whether a line is a total and no data: its totals are compared then, else its amounts are added.
    pub(super) fn takes(&mut self, line: &Line) -> bool {
        let columns = self.columns;
        let names: Vec<&str> = columns.kept.iter().map(|at| line.cells[*at].0.as_str()).collect();
        let is_named = names.iter().any(|name| is_total(name, &self.export.totals));
        let is_nameless = !names.is_empty() && names.iter().all(|name| name.is_empty());
        let amounts: Vec<Option<i128>> = columns.data.iter().map(|column| self.amount(line, column)).collect();
        if !is_named && !is_nameless {
            self.across(line, &amounts);
            for (nth, amount) in amounts.into_iter().enumerate() {
                self.all[nth] += amount.unwrap_or(0);
                self.since[nth] += amount.unwrap_or(0);
            }
            return false;
        }
        self.rows += 1;
        self.nameless += u64::from(!is_named);
        for (nth, amount) in amounts.into_iter().enumerate() {
            if let Some(amount) = amount.filter(|amount| ![self.all[nth], self.since[nth]].contains(amount)) {
                let sum = if self.since[nth] == 0 { self.all[nth] } else { self.since[nth] };
                self.differs(line.line, &columns.data[nth], amount, sum);
            }
        }
        self.since.iter_mut().for_each(|sum| *sum = 0);
        true
    }

    /// Compares the totals in the columns of a line: with all of its amounts, those since the last total, or those whose header has
    /// the same other rows.
    fn across(&mut self, line: &Line, amounts: &[Option<i128>]) {
        let columns = self.columns;
        let mut last = 0;
        for total in &columns.totals {
            let sum = |is_part: &dyn Fn(&Column) -> bool| -> i128 {
                let parts = columns.data.iter().zip(amounts).filter(|(column, _)| is_part(column));
                parts.filter_map(|(_, amount)| *amount).sum()
            };
            let agrees = |column: &Column| {
                let levels = total.levels.iter().zip(&column.levels);
                levels.filter(|(text, _)| !text.is_empty() && !is_total(text, &self.export.totals)).all(|(a, b)| a == b)
            };
            let since = |column: &Column| column.at > last && column.at < total.at;
            let candidates =
                [sum(&agrees), sum(&since), sum(&|_| true), sum(&|column| agrees(column) && since(column))];
            let told = self.amount(line, total);
            last = total.at;
            if let Some(told) = told.filter(|told| !candidates.contains(told)) {
                self.differs(line.line, total, told, candidates[0]);
            }
        }
    }

    fn differs(&mut self, line: u64, column: &Column, told: i128, sum: i128) {
        let shown = column.shown();
        let in_words = |lang: Lang| (money::shown(told, lang), money::shown(sum, lang));
        let ((told_ru, sum_ru), (told_en, sum_en)) = (in_words(Lang::Ru), in_words(Lang::En));
        self.differences.push(Text::new(
            format!("строка {line}, столбец `{shown}`: в итоге {told_ru}, а сумма того, что он складывает, — {sum_ru}"),
            format!("line {line}, column `{shown}`: the total says {told_en}, and what it sums up comes to {sum_en}"),
        ));
    }

    /// The amount in a cell, in units. `None` where there is none.
    fn amount(&self, line: &Line, column: &Column) -> Option<i128> {
        amount(&line.cells[column.at], self.unpivot, self.decimal)
    }

    /// What is to be told.
    pub(super) fn notes(self) -> Vec<Text> {
        let mut notes = Vec::new();
        let (rows, columns) = (self.rows, self.columns.totals.len());
        if rows > 0 || columns > 0 {
            notes.push(both!(
                "итоги не загружены: строк {rows}, столбцов {columns}",
                "totals are not loaded: {rows} rows, {columns} columns"
            ));
        }
        if self.nameless > 0 {
            notes.push(both!(
                "из них строк с числами и без имени: {}",
                "of these, rows with amounts and without a name: {}",
                self.nameless
            ));
        }
        let more = self.differences.len().saturating_sub(TOLD);
        notes.extend(self.differences.into_iter().take(TOLD));
        if more > 0 {
            notes.push(both!("и ещё итогов, которые не сходятся: {more}", "and more totals that do not agree: {more}"));
        }
        notes
    }
}

fn amount((text, typed): &Cell, unpivot: &Unpivot, decimal: Decimal) -> Option<i128> {
    if text.is_empty() || unpivot.empty.contains(text) {
        return None;
    }
    let Amount { number, tens, .. } = amounts::read(text);
    let decimal = if typed.is_number() { Decimal::Point } else { decimal };
    numbers::scaled(&number, decimal, tens).map(|exact| i128::from(exact.units))
}

/// The mark of fractions: as the mapping states it for the column of the cells, else the one by which more of the amounts are numbers.
fn decimal(export: &Export, unpivot: &Unpivot, columns: &Columns, lines: &[Line]) -> Decimal {
    let of_value = export.fills.iter().flat_map(|fill| &fill.columns).find(|column| {
        let headers = match &column.source {
            Source::From(headers) | Source::Either(headers) => headers.clone(),
            source => source.headers(),
        };
        headers.iter().any(|header| header.text == unpivot.value)
    });
    let read = |decimal: Decimal| {
        let cells = lines.iter().flat_map(|line| columns.data.iter().map(|column| &line.cells[column.at]));
        cells.filter(|cell| amount(cell, unpivot, decimal).is_some()).count()
    };
    of_value.and_then(|column| column.reading.decimal).unwrap_or_else(|| {
        match read(Decimal::Comma) > read(Decimal::Point) {
            true => Decimal::Comma,
            false => Decimal::Point,
        }
    })
}
