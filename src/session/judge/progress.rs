//! `deal_progress(entries, due, week_end)`: how far a deal had come by two moments, and how it came to the last stage.
//! `deal_advances(entries, from, to)`: whether it came further within a period than it had been.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Fields, TimestampMicrosecondType};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use super::steps::{instant, named};
use crate::model::tables::Kind;
use crate::regulation::{Stage, Terminal};

/// The function: `Struct<last_at, at_due, at_week, passed>`, from first entries into stages and two moments.
///
/// `last_at`: when it entered the last stage that is neither terminal nor a parking place; null where it did not. `at_due`, `at_week`: the
/// position of the furthest stage that it had entered by the moment; 0 where none, or where the moment is null. `passed`: how many stages of
/// the way it had entered by `last_at`. Entries into stages that the regulation does not know count for nothing.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DealProgress {
    judge: Arc<Judge>,
    signature: Signature,
}

impl DealProgress {
    pub(super) fn new(judge: Arc<Judge>) -> DealProgress {
        DealProgress { judge, signature: Signature::any(3, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DealProgress {
    fn name(&self) -> &str {
        "deal_progress"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let wrong = || exec_datafusion_err!("deal_progress() needs the column `entries` and two moments");
        let entries = Entries::read(&columns[0]).ok_or_else(wrong)?;
        let [due, week_end] = [1, 2].map(|at| columns[at].as_primitive_opt::<TimestampMicrosecondType>());
        let (due, week_end) = (due.ok_or_else(wrong)?, week_end.ok_or_else(wrong)?);
        let stages = self.judge.regulation.stages();
        let of = |deal: usize| {
            let moments = [due, week_end].map(|column| instant(column, deal));
            progress(&entries.of(deal, stages), moments, stages)
        };
        let all: Vec<Progress> = (0..entries.len()).map(of).collect();
        let last_at = all.iter().map(|of| of.last_at).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
        let number = |of: fn(&Progress) -> i64| Arc::new(Int64Array::from_iter_values(all.iter().map(of))) as ArrayRef;
        let columns =
            vec![Arc::new(last_at) as ArrayRef, number(|of| of.by[0]), number(|of| of.by[1]), number(|of| of.passed)];
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(fields(), columns, None)?)))
    }
}

/// The function: whether a deal entered a stage of the regulation within `[from, to)` that lies behind all that it had entered before; a lost one does not count.
/// Before its first entry it stood in the first stage.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DealAdvances {
    judge: Arc<Judge>,
    signature: Signature,
}

impl DealAdvances {
    pub(super) fn new(judge: Arc<Judge>) -> DealAdvances {
        DealAdvances { judge, signature: Signature::any(3, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DealAdvances {
    fn name(&self) -> &str {
        "deal_advances"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let wrong = || exec_datafusion_err!("deal_advances() needs the column `entries` and two moments");
        let entries = Entries::read(&columns[0]).ok_or_else(wrong)?;
        let [from, to] = [1, 2].map(|at| columns[at].as_primitive_opt::<TimestampMicrosecondType>());
        let (from, to) = (from.ok_or_else(wrong)?, to.ok_or_else(wrong)?);
        let stages = self.judge.regulation.stages();
        let of = |deal: usize| {
            let (from, to) = (instant(from, deal)?, instant(to, deal)?);
            // entries stand in the order of their times: whoever entered nothing since is not looked at
            let last = entries.places(deal).last().and_then(|place| instant(entries.at, place));
            Some(last >= Some(from) && advances(&entries.of(deal, stages), from..to, stages))
        };
        Ok(ColumnarValue::Array(Arc::new((0..entries.len()).map(of).collect::<BooleanArray>())))
    }
}

fn advances(entries: &[(&Stage, i64)], period: Range<i64>, stages: &[Stage]) -> bool {
    let furthest = |is_in: &dyn Fn(i64) -> bool| {
        let entered = entries.iter().filter(|(stage, at)| stage.terminal != Some(Terminal::Lost) && is_in(*at));
        entered.map(|(stage, _)| stage.position).max()
    };
    let first = stages.iter().map(|stage| stage.position).min();
    furthest(&|at| period.contains(&at)) > furthest(&|at| at < period.start).or(first)
}

fn fields() -> Fields {
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    vec![Field::new("last_at", Kind::Instant.arrow(), true), number("at_due"), number("at_week"), number("passed")]
        .into()
}

/// The column `entries`.
pub(super) struct Entries<'a> {
    lists: &'a ListArray,
    pub stage: &'a StringArray,
    pub at: &'a TimestampMicrosecondArray,
}

impl<'a> Entries<'a> {
    pub fn read(entries: &'a ArrayRef) -> Option<Entries<'a>> {
        let lists = entries.as_list_opt::<i32>()?;
        let entries = lists.values().as_struct_opt()?;
        let (stage, at) = (entries.column_by_name("stage")?, entries.column_by_name("at")?);
        Some(Entries { lists, stage: stage.as_string_opt::<i32>()?, at: at.as_primitive_opt()? })
    }

    /// The number of deals.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Where the entries of a deal stand in the columns.
    pub fn places(&self, deal: usize) -> Range<usize> {
        let offsets = self.lists.value_offsets();
        match self.lists.is_valid(deal) {
            true => offsets[deal] as usize..offsets[deal + 1] as usize,
            false => 0..0,
        }
    }

    /// The entries of a deal into stages of the regulation that have a time.
    fn of<'r>(&self, deal: usize, stages: &'r [Stage]) -> Vec<(&'r Stage, i64)> {
        let entry = |place: usize| Some((named(self.stage, place, stages)?, instant(self.at, place)?));
        self.places(deal).filter_map(entry).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    last_at: Option<i64>,
    by: [i64; 2],
    passed: i64,
}

/// Whether a deal is worked on in the stage: it is no end and no parking place.
fn is_working(stage: &Stage) -> bool {
    stage.terminal.is_none() && !stage.parking
}

fn progress(entries: &[(&Stage, i64)], moments: [Option<i64>; 2], stages: &[Stage]) -> Progress {
    let last = stages.iter().filter(|stage| is_working(stage)).map(|stage| stage.position).max();
    let last_at = entries.iter().filter(|(stage, _)| Some(stage.position) == last).map(|(_, at)| *at).min();
    let by = |moment: Option<i64>| {
        let entered = entries.iter().filter(|(_, at)| moment.is_some_and(|moment| *at <= moment));
        entered.map(|(stage, _)| stage.position).max().unwrap_or(0)
    };
    let is_passed = |(stage, at): &&(&Stage, i64)| is_working(stage) && last_at.is_some_and(|last_at| *at <= last_at);
    let passed = entries.iter().filter(is_passed).count();
    Progress { last_at, by: moments.map(by), passed: i64::try_from(passed).unwrap_or(i64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regulation::Regulation;

    #[test]
    fn how_far_it_had_come() {
        let text = include_str!("../../../sample_data/regulation.toml");
        let regulation = Regulation::parse("regulation.toml", text).unwrap();
        let stages = regulation.stages();
        let steps: Vec<&Stage> = stages.iter().filter(|stage| is_working(stage)).collect();
        let lost = stages.iter().find(|stage| stage.terminal == Some(Terminal::Lost)).unwrap();
        let (first, second, last) = (steps[0], steps[1], steps[steps.len() - 1]);
        // a step is entered after the last one: it was skipped on the way
        let entries = [(first, 1), (last, 5), (second, 7), (lost, 9)];
        let of = |moments| progress(&entries, moments, stages);
        let expected = |by| Progress { last_at: Some(5), by, passed: 2 };
        assert_eq!(of([Some(0), Some(1)]), expected([0, first.position]));
        assert_eq!(of([Some(4), Some(5)]), expected([first.position, last.position]));
        assert_eq!(of([None, Some(9)]), expected([0, lost.position.max(last.position)]));
        let none = Progress { last_at: None, by: [0, 0], passed: 0 };
        assert_eq!(progress(&[], [Some(9), None], stages), none);
        assert_eq!(progress(&entries[..1], [None, None], stages), none);
    }

    #[test]
    fn whether_it_came_further() {
        let text = include_str!("../../../sample_data/regulation.toml");
        let regulation = Regulation::parse("regulation.toml", text).unwrap();
        let stages = regulation.stages();
        let steps: Vec<&Stage> = stages.iter().filter(|stage| is_working(stage)).collect();
        let lost = stages.iter().find(|stage| stage.terminal == Some(Terminal::Lost)).unwrap();
        let of = |entries: &[(&Stage, i64)], period| advances(entries, period, stages);
        let entries = [(steps[0], 1), (steps[2], 5), (steps[1], 7), (lost, 9)];
        assert!(of(&entries, 5..6) && of(&entries, 2..10) && of(&entries, 0..6));
        // a stage that it had passed, a loss, and nothing
        assert!(!of(&entries, 6..8) && !of(&entries, 8..10) && !of(&entries, 10..12));
        // to enter the first stage is to stand where it stood
        assert!(!of(&entries, 0..5) && !of(&[], 0..9));
    }
}
