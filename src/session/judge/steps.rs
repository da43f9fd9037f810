//! The moves of deals, as the column `moves` lists them, one deal after the other.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use crate::regulation::{Stage, Terminal};

/// A move into a stage of the regulation. Times are microseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'r> {
    pub stage: &'r Stage,
    /// When it was, at the latest.
    pub at: i64,
    /// When it was, at the earliest; none where nothing tells.
    pub earliest: Option<i64>,
    /// Whether it is known by comparing two snapshots alone.
    pub seen: bool,
    /// Whether the deal had not been in the stage before.
    pub is_first: bool,
    /// The stage that it left, where that is one of the regulation, and since when it had stood there.
    pub from: Option<(&'r Stage, Option<i64>)>,
}

impl Step<'_> {
    pub fn is_lost(&self) -> bool {
        self.stage.terminal == Some(Terminal::Lost)
    }

    /// The earliest moment at which it may have been, as far as that is known.
    pub fn since(&self) -> i64 {
        self.earliest.unwrap_or(self.at)
    }
}

/// The column `moves`.
pub(super) struct Moves<'a> {
    lists: &'a ListArray,
    stage: &'a StringArray,
    from: &'a StringArray,
    at: &'a TimestampMicrosecondArray,
    since: &'a TimestampMicrosecondArray,
    earliest: &'a TimestampMicrosecondArray,
    seen: &'a BooleanArray,
    first: &'a BooleanArray,
}

impl<'a> Moves<'a> {
    /// Reads the column; `function` is who asks, for the error.
    pub fn read(function: &str, moves: &'a ArrayRef) -> Result<Moves<'a>> {
        let wrong = || exec_datafusion_err!("{function}() needs the column `moves`");
        let lists = moves.as_list_opt::<i32>().ok_or_else(wrong)?;
        let steps = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let field = |name: &str| steps.column_by_name(name).ok_or_else(wrong);
        let words = |name: &str| field(name)?.as_string_opt::<i32>().ok_or_else(wrong);
        let instants = |name: &str| field(name)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong);
        let flags = |name: &str| field(name)?.as_boolean_opt().ok_or_else(wrong);
        Ok(Moves {
            lists,
            stage: words("stage")?,
            from: words("from")?,
            at: instants("at")?,
            since: instants("since")?,
            earliest: instants("earliest")?,
            seen: flags("seen")?,
            first: flags("first")?,
        })
    }

    /// The number of deals.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// The moves of a deal into stages of the regulation, in their order. Where the list is not known, none.
    pub fn of<'r>(&self, deal: usize, stages: &'r [Stage]) -> impl Iterator<Item = Step<'r>> {
        let offsets = self.lists.value_offsets();
        let range = match self.lists.is_valid(deal) {
            true => offsets[deal] as usize..offsets[deal + 1] as usize,
            false => 0..0,
        };
        let named = move |names: &StringArray, step: usize| {
            let name = names.is_valid(step).then(|| names.value(step))?;
            stages.iter().find(|stage| stage.id == name)
        };
        let instant = |of: &TimestampMicrosecondArray, step: usize| of.is_valid(step).then(|| of.value(step));
        range.filter_map(move |step| {
            Some(Step {
                stage: named(self.stage, step)?,
                at: instant(self.at, step)?,
                earliest: instant(self.earliest, step),
                seen: self.seen.is_valid(step) && self.seen.value(step),
                is_first: self.first.is_valid(step) && self.first.value(step),
                from: named(self.from, step).map(|stage| (stage, instant(self.since, step))),
            })
        })
    }
}
