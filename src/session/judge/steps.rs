//! The moves of deals, as the column `moves` lists them, one deal after the other.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use crate::regulation::{Stage, Terminal};

/// A move of a deal into a stage, which the regulation may not know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move<'j> {
    pub stage: Option<&'j Stage>,
    /// When it was, at the latest.
    pub at: i64,
    /// The earliest moment at which it can have been. `None` if there is no lower bound.
    pub earliest: Option<i64>,
    /// Whether it was seen between two snapshots: other moves may lie between.
    pub seen: bool,
    /// Whether the deal had not been in this stage before.
    pub first: bool,
}

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

    /// The moves of a deal with a moment, each with its place in the column, in their order. Where the list is not known, none.
    fn places<'r>(&self, deal: usize, stages: &'r [Stage]) -> impl Iterator<Item = (usize, Move<'r>)> {
        let offsets = self.lists.value_offsets();
        let range = match self.lists.is_valid(deal) {
            true => offsets[deal] as usize..offsets[deal + 1] as usize,
            false => 0..0,
        };
        range.filter_map(move |place| {
            let read = Move {
                stage: named(self.stage, place, stages),
                at: instant(self.at, place)?,
                earliest: instant(self.earliest, place),
                seen: self.seen.is_valid(place) && self.seen.value(place),
                first: self.first.is_valid(place) && self.first.value(place),
            };
            Some((place, read))
        })
    }

    /// The moves of a deal, also into stages that the regulation does not know.
    pub fn all<'r>(&self, deal: usize, stages: &'r [Stage]) -> impl Iterator<Item = Move<'r>> {
        self.places(deal, stages).map(|(_, read)| read)
    }

    /// The moves of a deal into stages of the regulation.
    pub fn of<'r>(&self, deal: usize, stages: &'r [Stage]) -> impl Iterator<Item = Step<'r>> {
        self.places(deal, stages).filter_map(move |(place, Move { stage, at, earliest, seen, first })| {
            let from = named(self.from, place, stages).map(|stage| (stage, instant(self.since, place)));
            Some(Step { stage: stage?, at, earliest, seen, is_first: first, from })
        })
    }
}

/// The stage that a name is of, where the regulation knows it.
pub(super) fn named<'r>(names: &StringArray, place: usize, stages: &'r [Stage]) -> Option<&'r Stage> {
    let name = names.is_valid(place).then(|| names.value(place))?;
    stages.iter().find(|stage| stage.id == name)
}

pub(super) fn instant(of: &TimestampMicrosecondArray, place: usize) -> Option<i64> {
    of.is_valid(place).then(|| of.value(place))
}
