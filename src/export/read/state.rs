//! What the columns of a file know from the rows above, as far as it decides how the next rows are read. Several threads read the
//! rows of a file by what was known when they began with a piece; where that changed meanwhile, the piece is read again.

use super::column::Seen;
use super::column_plan::ColumnPlan;
use super::plan::Plan;
use crate::export::values::amounts::Currency;

/// What is known before a piece of a file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Of each column: what its amounts are in, and whether some say nothing of it.
    columns: Vec<(Option<Currency>, bool)>,
    /// Whether the keys of rows matter.
    pub(super) is_watched: bool,
}

/// What the columns know after a piece of a file.
pub(super) struct After {
    known: Known,
    /// Of each column: whether it has amounts, and what its values said.
    columns: Vec<(bool, Seen)>,
}

fn columns(plan: &Plan) -> impl Iterator<Item = &ColumnPlan> {
    plan.fills.iter().flat_map(|fill| &fill.columns)
}

impl Known {
    /// What a plan knows by now.
    pub(super) fn of(plan: &Plan, is_watched: bool) -> Known {
        Known { columns: columns(plan).map(|column| (column.currency.get(), column.bare.get())).collect(), is_watched }
    }

    /// Has a thread's own copy of the plan know this.
    pub(super) fn enter(&self, plan: &Plan) {
        for (column, (currency, bare)) in columns(plan).zip(&self.columns) {
            column.currency.set(*currency);
            column.bare.set(*bare);
            column.met.set(false);
            drop(column.seen.take());
        }
    }

    /// Whether what was read by this holds, where that is known in truth.
    pub(super) fn holds(&self, truth: &Known) -> bool {
        self.columns == truth.columns && (self.is_watched || !truth.is_watched)
    }
}

impl After {
    /// What a thread's own copy of the plan knows after a piece.
    pub(super) fn of(plan: &Plan) -> After {
        let of_column = |column: &ColumnPlan| (column.met.get(), column.seen.take());
        After { known: Known::of(plan, false), columns: columns(plan).map(of_column).collect() }
    }

    /// Brings it into the file's plan.
    pub(super) fn enter(self, plan: &Plan) {
        for ((column, (met, seen)), (currency, bare)) in columns(plan).zip(self.columns).zip(self.known.columns) {
            column.currency.set(currency);
            column.bare.set(bare);
            column.met.set(column.met.get() || met);
            column.seen.borrow_mut().add(seen);
        }
    }
}
