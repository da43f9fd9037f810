//! `stages_reached(entries, outcome, present_position, entered_at, closed_at)`: when a deal reached each step of the funnel, and when it went on.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimestampMicrosecondType};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::path::is_step;
use super::progress::Entries;
use super::rules::Judge;
use super::steps::{instant, named};
use crate::model::tables::Kind;

/// The function: `Struct<furthest, stays: List<Struct<position, has_advanced, is_passed, reached_at, advanced_at>>>`.
///
/// `furthest` is the position of the last step of the funnel that the log says it entered; null where none. `stays` has a row per step that it
/// reached, the last step of the funnel left out: by its entry into the funnel, an entry into the step or a later one, its present stage (of a deal
/// that is not won), or a win, which reached them all. `reached_at` is the first of these moments, `advanced_at` the first of those of later steps; null
/// where nothing tells when. `has_advanced`: it reached a later step; `is_passed`: only so.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct StagesReached {
    judge: Arc<Judge>,
    signature: Signature,
}

impl StagesReached {
    pub(super) fn new(judge: Arc<Judge>) -> StagesReached {
        StagesReached { judge, signature: Signature::any(5, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for StagesReached {
    fn name(&self) -> &str {
        "stages_reached"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let wrong =
            || exec_datafusion_err!("stages_reached() needs the column `entries`, a word, a position and two moments");
        let entries = Entries::read(&columns[0]).ok_or_else(wrong)?;
        let outcomes = cast(&columns[1], &DataType::Utf8View)?;
        let outcomes = outcomes.as_string_view();
        let present = columns[2].as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
        let [entered_at, closed_at] = [3, 4].map(|at| columns[at].as_primitive_opt::<TimestampMicrosecondType>());
        let (entered_at, closed_at) = (entered_at.ok_or_else(wrong)?, closed_at.ok_or_else(wrong)?);
        let stages = self.judge.regulation.stages();
        let mut steps: Vec<i64> = stages.iter().filter(|stage| is_step(stage)).map(|stage| stage.position).collect();
        steps.sort_unstable();
        let rows = entries.len();
        let (mut stays, mut lengths, mut furthest) = (Vec::new(), Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut known = vec![Known::default(); steps.len()];
        for deal in 0..rows {
            known.fill(Known::default());
            let mut far = None;
            for place in entries.places(deal) {
                let Some(stage) = named(entries.stage, place, stages).filter(|stage| is_step(stage)) else { continue };
                far = far.max(Some(stage.position));
                // the first step is reached with the entry into the funnel
                if steps.first() < Some(&stage.position) {
                    reach(&mut known, &steps, stage.position, instant(entries.at, place));
                }
            }
            let is_won = outcomes.is_valid(deal) && outcomes.value(deal) == "won";
            if let Some(first) = steps.first() {
                reach(&mut known, &steps, *first, instant(entered_at, deal));
                let stands_at = present.is_valid(deal).then(|| present.value(deal));
                if let Some(beyond) = stands_at.filter(|at| !is_won && *at > far.unwrap_or(*first)) {
                    reach(&mut known, &steps, beyond, None);
                }
            }
            if let Some(last) = steps.last().filter(|_| is_won) {
                reach(&mut known, &steps, *last, instant(closed_at, deal));
            }
            let before = stays.len();
            stays_of(&known, &steps, &mut stays);
            lengths.push(stays.len() - before);
            furthest.push(far);
        }
        let flag =
            |of: fn(&Stay) -> bool| Arc::new(BooleanArray::from_iter(stays.iter().map(|s| Some(of(s))))) as ArrayRef;
        let moment = |of: fn(&Stay) -> Option<i64>| {
            Arc::new(stays.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC")) as ArrayRef
        };
        let columns = vec![
            Arc::new(Int64Array::from_iter_values(stays.iter().map(|stay| stay.position))) as ArrayRef,
            flag(|stay| stay.has_advanced),
            flag(|stay| stay.is_passed),
            moment(|stay| stay.reached_at),
            moment(|stay| stay.advanced_at),
        ];
        let stays = StructArray::try_new(stay_fields(), columns, None)?;
        let stays = ListArray::try_new(stay_item(), OffsetBuffer::from_lengths(lengths), Arc::new(stays), None)?;
        let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(furthest)), Arc::new(stays)];
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(fields(), columns, None)?)))
    }
}

fn stay_fields() -> Fields {
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let moment = |name: &str| Field::new(name, Kind::Instant.arrow(), true);
    let position = Field::new("position", DataType::Int64, true);
    vec![position, flag("has_advanced"), flag("is_passed"), moment("reached_at"), moment("advanced_at")].into()
}

fn stay_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(stay_fields()), true))
}

fn fields() -> Fields {
    vec![Field::new("furthest", DataType::Int64, true), Field::new("stays", DataType::List(stay_item()), true)].into()
}

/// What is known of a step: whether it was reached itself, and the first moment that is known of it.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    is_reached: bool,
    at: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stay {
    position: i64,
    has_advanced: bool,
    is_passed: bool,
    reached_at: Option<i64>,
    advanced_at: Option<i64>,
}

/// The earlier of two moments, where both are known.
fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().min()
}

fn reach(known: &mut [Known], steps: &[i64], position: i64, at: Option<i64>) {
    if let Ok(place) = steps.binary_search(&position) {
        known[place] = Known { is_reached: true, at: earlier(known[place].at, at) };
    }
}

/// A stay per step that was reached, itself or by passing it, from the last to the first.
fn stays_of(known: &[Known], steps: &[i64], stays: &mut Vec<Stay>) {
    let (mut next, mut advanced_at) = (None, None);
    for place in (0..steps.len()).rev().filter(|place| known[*place].is_reached) {
        let reached_at = earlier(known[place].at, advanced_at);
        // the last step leads nowhere
        for step in (place..next.unwrap_or(place + 1)).filter(|step| step + 1 < steps.len()) {
            let (has_advanced, is_passed) = (next.is_some(), step > place);
            stays.push(Stay { position: steps[step], has_advanced, is_passed, reached_at, advanced_at });
        }
        (next, advanced_at) = (Some(place), reached_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of steps 1, 2, 3, 5, the last being the win: `position reached→advanced`, `+` where it has advanced, `·` where it passed.
    fn told(points: &[(i64, Option<i64>)]) -> String {
        let steps = [1, 2, 3, 5];
        let mut known = vec![Known::default(); steps.len()];
        points.iter().for_each(|(position, at)| reach(&mut known, &steps, *position, *at));
        let mut stays = Vec::new();
        stays_of(&known, &steps, &mut stays);
        stays.sort_by_key(|stay| stay.position);
        let moment = |at: Option<i64>| at.map_or("?".to_owned(), |at| at.to_string());
        let one = |stay: &Stay| {
            let signs = [("+", stay.has_advanced), ("·", stay.is_passed)];
            let signs: String = signs.into_iter().filter(|(_, is_so)| *is_so).map(|(sign, _)| sign).collect();
            format!("{}{signs} {}→{}", stay.position, moment(stay.reached_at), moment(stay.advanced_at))
        };
        stays.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_step_is_reached_with_the_first_entry_into_it_or_a_later_one() {
        assert_eq!(told(&[(1, Some(0))]), "1 0→?");
        assert_eq!(told(&[(1, Some(0)), (2, Some(4)), (3, Some(7))]), "1+ 0→4, 2+ 4→7, 3 7→?");
        // entered out of order: the second step was reached with the third
        assert_eq!(told(&[(1, Some(0)), (2, Some(9)), (3, Some(7))]), "1+ 0→7, 2+ 7→7, 3 7→?");
        // left out: passed in the moment of the next entry
        assert_eq!(told(&[(1, Some(0)), (3, Some(7))]), "1+ 0→7, 2+· 0→7, 3 7→?");
        // a win that was logged later than it was closed
        assert_eq!(told(&[(1, Some(0)), (5, Some(9)), (5, Some(8))]), "1+ 0→8, 2+· 0→8, 3+· 0→8");
        // nobody knows when it came to where it stands, or was won
        assert_eq!(told(&[(1, Some(0)), (3, None)]), "1+ 0→?, 2+· 0→?, 3 ?→?");
        assert_eq!(told(&[(1, Some(0)), (2, Some(3)), (5, None)]), "1+ 0→3, 2+ 3→?, 3+· 3→?");
        // what is no step of the funnel
        assert_eq!(told(&[(4, Some(1))]), "");
    }
}
