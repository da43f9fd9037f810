//! One table to be filled out of a file, column by column: where each comes from, and how it is read.

use std::cell::{Cell, RefCell};

use super::column::Seen;
use super::date_range::Times;
use super::offsets::Offsets;
use super::recurring::Recurring;
use crate::export::mapping::{Operation, Reading, Test};
use crate::export::values::amounts::Currency;
use crate::export::values::personal::{Key, Personal};
use crate::export::values::scrub::Scrub;
use crate::model::calendar::Calendar;
use crate::model::tables::{Kind, Table};

/// One table to be filled.
#[derive(Clone)]
pub(crate) struct FillPlan {
    pub(crate) table: Table,
    pub(super) when: Vec<Check>,
    pub(crate) columns: Vec<ColumnPlan>,
}

/// A condition on a cell.
#[derive(Clone)]
pub(super) struct Check {
    /// None: the export has no such column, and the condition never holds.
    pub(super) index: Option<usize>,
    pub(super) test: Test,
}

/// One column of ours and the cells that it comes from.
#[derive(Clone)]
pub(crate) struct ColumnPlan {
    pub(crate) name: String,
    /// The table and the name, for messages.
    pub(super) place: String,
    pub(crate) slot: usize,
    pub(crate) if_unknown: bool,
    pub(super) kind: Kind,
    pub(super) from: From,
    pub(super) reading: Reading,
    pub(super) calendar: Calendar,
    /// Those of its zone.
    pub(super) offsets: Offsets,
    /// The dates that it may hold.
    pub(super) times: Option<Times>,
    pub(super) required: bool,
    pub(super) words: Option<&'static [&'static str]>,
    /// Its texts that recur.
    pub(super) recurring: Option<Recurring>,
    pub(super) is_id: bool,
    /// The name under which its values are compared with each other.
    pub(super) watched: Option<&'static str>,
    /// What becomes of its values.
    pub(super) personal: Personal,
    /// With what they are hashed.
    pub(super) key: Option<Key>,
    /// What becomes of phones and e-mails within its texts.
    pub(super) scrub: Option<Scrub>,
    /// Whether a row is known by it.
    pub(super) is_key: bool,
    /// A length of time, in seconds.
    pub(super) is_length: bool,
    /// A share: from 0 to 1.
    pub(super) is_share: bool,
    /// A day that may be written as a period, over whose days the row is spread.
    pub(super) is_period: bool,
    /// The period of a plan, in whatever form people write it.
    pub(super) is_plan_period: bool,
    /// What a plan measures.
    pub(super) is_measure: bool,
    /// Whether the mapping or the header says what its amounts are in.
    pub(super) is_money_named: bool,
    /// What its amounts are in: as the mapping states, as the header says, or as the first value says that names one.
    pub(super) currency: Cell<Option<Currency>>,
    /// The cell that says what the amounts of the row are in.
    pub(super) currency_cell: Option<usize>,
    /// What its values said so far that only all of them together tell.
    pub(super) seen: RefCell<Seen>,
    /// Whether amounts without a currency were met, where nothing but the values could say which it is.
    pub(super) bare: Cell<bool>,
    /// Whether any amount was met that is not zero.
    pub(super) met: Cell<bool>,
    /// The currencies that the headers of its cells name, by header.
    pub(super) headers: Vec<(String, Currency)>,
    /// Its header that says a multiple which the mapping does not state, and that multiple.
    pub(super) multiple: Option<(String, &'static str)>,
}

/// As `Source`, by cell.
#[derive(Clone)]
pub(super) enum From {
    Cells(Vec<usize>),
    Const(String),
    Concat(Vec<usize>, String),
    /// The number of the row, after the name of the section.
    RowNumber(String),
    Compute(Operation, Vec<Part>),
}

impl From {
    /// The cells that are read.
    pub(super) fn cells(&self) -> Vec<usize> {
        match self {
            From::Cells(cells) | From::Concat(cells, _) => cells.clone(),
            From::Const(_) | From::RowNumber(_) => Vec::new(),
            From::Compute(_, parts) => parts.iter().filter_map(Part::cell).collect(),
        }
    }
}

/// As `Operand`, by cell.
#[derive(Clone)]
pub(super) enum Part {
    Cell(usize),
    Number(i64),
    Factor(i64, u32),
}

impl Part {
    pub(super) fn cell(&self) -> Option<usize> {
        match self {
            Part::Cell(cell) => Some(*cell),
            Part::Number(_) | Part::Factor(..) => None,
        }
    }
}
