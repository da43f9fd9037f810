//! What a checked mapping says: its sections, the tables that they fill, and how each column is read.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use crate::export::records::{Cut, Encoding};
use crate::export::values::amounts::Currency;
use crate::export::values::dates::DateFormat;
use crate::export::values::durations::TwoParts;
use crate::export::values::numbers::Decimal;
use crate::export::values::periods::Periods;
use crate::export::values::personal::Normal;
use crate::model::tables::{Kind, Table};

/// One kind of export.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub name: String,
    pub files: Vec<glob::Pattern>,
    pub encoding: Option<Encoding>,
    pub cut: Cut,
    /// The sheet of a workbook. `None` for whichever has the header.
    pub sheet: Option<String>,
    pub header_has: Option<String>,
    pub ignore_rows: Vec<Condition>,
    /// How the first cell of a total begins.
    pub totals: Vec<String>,
    /// How columns become rows, where they do.
    pub unpivot: Option<Unpivot>,
    pub fills: Vec<Fill>,
    /// The zone of times that carry none.
    pub zone: Option<Tz>,
    /// Whether each file lists all deals of its kind, each in its present stage.
    pub snapshot: bool,
    /// How the name of the file says when it was made.
    pub taken: Option<DateFormat>,
}

/// A sheet whose columns become rows: a cell of a column that is neither kept nor skipped is a row of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpivot {
    /// The columns that stay: every row made of a line has their cells.
    pub keep: Vec<Header>,
    /// Those of them in which an empty cell means the one above it, as merged cells are exported.
    pub fill_down: Vec<Header>,
    /// What the rows of the header are called as columns, from the top: one name for each.
    pub headers: Vec<String>,
    /// What the column of the cells themselves is called.
    pub value: String,
    /// Columns that are left out, by any row of their header; `*` stands for any text.
    pub skip: Vec<String>,
    /// What means an empty cell.
    pub empty: Vec<String>,
}

/// A condition on one export column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub column: Header,
    /// Where there is no such column, it never holds.
    pub optional: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Equals(Vec<String>),
    NotEquals(Vec<String>),
    StartsWith(String),
    /// Whether the cell is filled; the texts mean that it is not.
    Filled(bool, Vec<String>),
}

/// One table filled from an export.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    pub table: Table,
    pub when: Vec<Condition>,
    pub repeated: Repeated,
    pub columns: Vec<Mapped>,
}

/// How to treat rows of one file with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    Last,
    Sum,
}

/// One column of ours and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Mapped {
    pub name: String,
    pub kind: Kind,
    /// A column of the company's own, not a canonical one.
    pub extra: bool,
    /// Where the export has no such column, ours is left alone.
    pub optional: bool,
    pub source: Source,
    pub reading: Reading,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// The first filled of these.
    From(Vec<Header>),
    /// The first of these that the export has.
    Either(Vec<Header>),
    Const(String),
    /// The number of the row in its file.
    RowNumber,
    Concat {
        parts: Vec<Header>,
        with: String,
    },
    Compute {
        operation: Operation,
        operands: Vec<Operand>,
    },
}

/// An export column, by its header and, where several have the same one, which of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Header {
    pub text: String,
    pub nth: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Column(Header),
    /// In units of [`crate::export::values::numbers::ONE`].
    Number(i64),
    /// A factor of more decimals than a sum has: its digits, and how many of them stand after the point.
    Factor(i64, u32),
}

/// How a value is read once it was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// None: to be proven by the whole column.
    pub dates: Option<Vec<DateFormat>>,
    /// None: to be proven by the whole column.
    pub decimal: Option<Decimal>,
    pub zone: Option<Tz>,
    pub empty: Vec<String>,
    pub strip: Vec<String>,
    pub case: Option<Case>,
    pub values: BTreeMap<String, String>,
    /// As `values`, for texts that have one `*` or more in them: it stands for any text.
    pub patterns: Vec<(String, String)>,
    pub values_else: Otherwise,
    /// Of several values in a cell, parted by this, the first is taken.
    pub first_of: Option<String>,
    /// The form into which a text is brought.
    pub normal: Option<Normal>,
    /// Whether it is personal data.
    pub personal: bool,
    /// Whether it is said not to be: phones in it are the company's own.
    pub is_ours: bool,
    /// The currency of amounts. `None` for whatever the values say, as long as it is one currency.
    pub currency: Option<Currency>,
    /// How a length such as `3:25` is meant.
    pub duration: Option<TwoParts>,
    /// How the period of a plan is meant.
    pub periods: Periods,
    pub percent: Percent,
    /// Whether date-typed cells of a sheet have day and month swapped. `None` if not stated.
    pub cells_swapped: Option<bool>,
    pub prefix: String,
    pub if_unknown: bool,
}

/// Meaning of a number without a percent sign in a column of shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Percent {
    /// A share.
    #[default]
    No,
    /// A percentage: 15 is 15 %. Where no number of a column is above one, it is asked whether they are shares.
    Stated,
    /// A percentage, whatever the numbers are.
    Points,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

/// How to treat a value that `values` does not list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Otherwise {
    #[default]
    Quarantine,
    Keep,
    Empty,
    Const(String),
}

/// What the header has to have for one column or condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub headers: Vec<Header>,
    /// One of them is enough.
    pub either: bool,
    pub optional: bool,
}

impl Export {
    /// Whether deals are known by the number of their row.
    pub fn numbers_rows(&self) -> bool {
        self.fills.iter().flat_map(|fill| &fill.columns).any(|column| column.source == Source::RowNumber)
    }

    /// The section as it reads rows that were mended: in whatever encoding they were saved, with the header first.
    pub fn for_repairs(&self) -> Export {
        let cut = Cut { delimiter: None, ..Cut::default() };
        Export { encoding: None, cut, sheet: None, header_has: None, unpivot: None, ..self.clone() }
    }

    /// The section as it reads rows that were made of columns: they are cut already, and their header is the first row.
    pub fn for_rows(&self) -> Export {
        Export { encoding: self.encoding, ..self.for_repairs() }
    }

    /// What the header line must hold, for the conditions and columns of all its tables.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted> {
        let condition = |c: &Condition| Wanted { headers: vec![c.column.clone()], either: false, optional: c.optional };
        let column = |c: &Mapped| Wanted {
            headers: c.source.headers(),
            either: matches!(c.source, Source::Either(_)),
            optional: c.optional,
        };
        let ignored = self.ignore_rows.iter().map(condition);
        let filled = self.fills.iter().flat_map(|fill| {
            fill.when.iter().map(condition).chain(fill.columns.iter().map(column)).collect::<Vec<_>>()
        });
        ignored
            .chain(filled)
            .filter(|wanted| !wanted.headers.is_empty())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
    }
}

impl Source {
    /// The export columns it reads.
    pub fn headers(&self) -> Vec<Header> {
        match self {
            Source::From(headers) | Source::Either(headers) | Source::Concat { parts: headers, .. } => headers.clone(),
            Source::Const(_) | Source::RowNumber => Vec::new(),
            Source::Compute { operands, .. } => operands
                .iter()
                .filter_map(|operand| match operand {
                    Operand::Column(header) => Some(header.clone()),
                    Operand::Number(_) | Operand::Factor(..) => None,
                })
                .collect(),
        }
    }
}

/// The columns that every row of a table must fill: without them it is no row of that table.
pub(crate) fn required(table: Table) -> &'static [&'static str] {
    match table {
        Table::Deals => &["deal_id"],
        Table::Events => &["at", "kind"],
        Table::Spend => &["day"],
        Table::Promos => &["promo"],
        Table::Staff => &["manager"],
        Table::Clients => &["client_id"],
        Table::Plans => &["period", "measure"],
        Table::Journeys | Table::Ingests | Table::Quarantine | Table::Regulations => &[],
    }
}

/// The words that a canonical column may hold. `None` for any.
pub(crate) fn words(table: Table, column: &str) -> Option<&'static [&'static str]> {
    match (table, column) {
        (Table::Deals, "status") => Some(&crate::model::tables::STATUSES),
        (Table::Events, "direction") => Some(&["outgoing", "incoming"]),
        _ => None,
    }
}
