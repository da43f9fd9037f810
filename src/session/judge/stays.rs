//! `first_stays(moves)`: the stages that a deal entered for the first time, each with what ended the stay.
//!
//! In SQL this takes five window functions over all moves of all deals, and two sorts. Here a deal's moves, which come in their order, are
//! walked once.

use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{ArrayRef, BooleanArray, ListArray, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use super::steps::{Moves, Step};
use crate::model::tables::Kind;
use crate::regulation::Stage;

/// The function: `List<Struct<stage, is_terminal, is_passed, at, earliest, later_at, left_at, left_earliest>>`, a row per stage of
/// the regulation that the deal entered, other than a lost one, in the order of the moves.
///
/// `at` and `earliest` are those of the first move into the stage; `later_at` is when the first stage behind it was entered, null where
/// none was. The stay ended at `left_at`: at
/// `later_at`, or with the first loss or parking after it. `left_earliest` is the earliest moment at which that may have been.
/// A parking place has no later stage: its stay ends with the next move.
///
/// `is_passed`: a stage in which no snapshot found the deal, and that lies between the one in which a snapshot found it and the last one
/// that it entered before that. `at` and `earliest` are those of the stage in which it was found; the others are null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FirstStays {
    judge: Arc<Judge>,
    signature: Signature,
}

impl FirstStays {
    pub(super) fn new(judge: Arc<Judge>) -> FirstStays {
        FirstStays { judge, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for FirstStays {
    fn name(&self) -> &str {
        "first_stays"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let moves = args.args[0].to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(stays_of(&Moves::read(self.name(), &moves)?, self.judge.regulation.stages())?))
    }
}

fn fields() -> Fields {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    let flag = |name: &str| field(name, DataType::Boolean);
    let instant = |name: &str| field(name, Kind::Instant.arrow());
    vec![
        field("stage", DataType::Utf8),
        flag("is_terminal"),
        flag("is_passed"),
        instant("at"),
        instant("earliest"),
        instant("later_at"),
        instant("left_at"),
        instant("left_earliest"),
    ]
    .into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

/// A first stay.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stay<'r> {
    stage: &'r Stage,
    is_passed: bool,
    at: i64,
    earliest: Option<i64>,
    later_at: Option<i64>,
    left_at: Option<i64>,
    left_earliest: Option<i64>,
}

/// The first stays of a deal from its moves, which are in order.
fn first_stays<'r>(steps: &[Step<'r>], stages: &'r [Stage], stays: &mut Vec<Stay<'r>>) {
    let is_counted = |step: &&Step<'_>| step.is_first && !step.is_lost();
    for (place, step) in steps.iter().enumerate().filter(|(_, step)| is_counted(step)) {
        let (position, parking) = (step.stage.position, step.stage.parking);
        let alike = || steps.iter().filter(is_counted).filter(|other| other.stage.parking == parking);
        let behind = || alike().filter(|other| other.stage.position > position);
        let aside = || steps[place + 1..].iter().filter(|other| !parking && (other.is_lost() || other.stage.parking));
        let next = steps.get(place + 1);
        let (later_at, later_since) = match parking {
            true => (next.map(|next| next.at), next.map(Step::since)),
            false => (behind().map(|other| other.at).min(), behind().map(Step::since).min()),
        };
        let (at, earliest) = (step.at, step.earliest);
        if step.seen && !parking {
            let previous = alike().map(|other| other.stage.position).filter(|other| *other < position).max();
            let between = previous.unwrap_or(0) + 1..position;
            let is_passed =
                |stage: &&Stage| stage.terminal.is_none() && !stage.parking && between.contains(&stage.position);
            stays.extend(stages.iter().filter(is_passed).map(|stage| Stay {
                stage,
                is_passed: true,
                at,
                earliest,
                later_at: None,
                left_at: None,
                left_earliest: None,
            }));
        }
        stays.push(Stay {
            stage: step.stage,
            is_passed: false,
            at,
            earliest,
            later_at,
            left_at: later_at.into_iter().chain(aside().map(|other| other.at)).min(),
            left_earliest: later_since.into_iter().chain(aside().map(Step::since)).min(),
        });
    }
}

/// The first stays of many deals.
fn stays_of(moves: &Moves<'_>, stages: &[Stage]) -> Result<ArrayRef> {
    let (mut all, mut ends, mut of_deal) = (Vec::new(), Vec::with_capacity(moves.len()), Vec::new());
    for deal in 0..moves.len() {
        of_deal.clear();
        of_deal.extend(moves.of(deal, stages));
        first_stays(&of_deal, stages, &mut all);
        ends.push(all.len());
    }
    array(&all, &ends)
}

/// The lists of several rows; `ends` says behind which stay each row's list ends.
fn array(stays: &[Stay<'_>], ends: &[usize]) -> Result<ArrayRef> {
    fn each<'s, T>(
        stays: &'s [Stay<'_>],
        of: impl Fn(&'s Stay<'_>) -> T,
        into: impl Fn(Vec<T>) -> ArrayRef,
    ) -> ArrayRef {
        into(stays.iter().map(of).collect())
    }
    let instant = |of: fn(&Stay<'_>) -> Option<i64>| {
        each(stays, of, |values| Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")))
    };
    let flag = |of: fn(&Stay<'_>) -> bool| each(stays, of, |values| Arc::new(BooleanArray::from(values)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(stays.iter().map(|stay| stay.stage.id.as_str()))),
        flag(|stay| stay.stage.terminal.is_some()),
        flag(|stay| stay.is_passed),
        instant(|stay| Some(stay.at)),
        instant(|stay| stay.earliest),
        instant(|stay| stay.later_at),
        instant(|stay| stay.left_at),
        instant(|stay| stay.left_earliest),
    ];
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let lengths = starts.zip(ends).map(|(start, end)| end - start);
    let values = StructArray::try_new(fields(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regulation::Regulation;

    const REGULATION: &str = r#"
[company]
name = "Proof"
currency = "RUB"
time_zone = "UTC"
language = "en"
[schedule]
mon = "09:00-18:00"
tue = "09:00-18:00"
wed = "09:00-18:00"
thu = "09:00-18:00"
fri = "09:00-18:00"
sat = "off"
sun = "off"
[response]
sla = "30m"
buckets = ["15m", "1h"]
[[stage]]
id = "new"
title = { ru = "New", en = "New" }
[[stage]]
id = "offer"
title = { ru = "Offer", en = "Offer" }
qualified = true
[[stage]]
id = "later"
title = { ru = "Later", en = "Later" }
parking = true
[[stage]]
id = "contract"
title = { ru = "Contract", en = "Contract" }
[[stage]]
id = "won"
title = { ru = "Won", en = "Won" }
terminal = "won"
[[stage]]
id = "lost"
title = { ru = "Lost", en = "Lost" }
terminal = "lost"
"#;

    /// Stages with their hour; `~` before the name: seen by a snapshot, at some time since an hour before; `<`: a return.
    fn told(moves: &[(&str, i64)]) -> Vec<String> {
        let regulation = Regulation::parse("regulation.toml", REGULATION).unwrap();
        let stages = regulation.stages();
        let step = |(name, at): &(&str, i64)| {
            let id = name.trim_start_matches(['~', '<']);
            let seen = name.starts_with('~');
            let earliest = Some(if seen { at - 1 } else { *at });
            let stage = stages.iter().find(|stage| stage.id == id).unwrap();
            Step { stage, at: *at, earliest, seen, is_first: !name.starts_with('<'), from: None }
        };
        let steps: Vec<Step<'_>> = moves.iter().map(step).collect();
        let mut stays = Vec::new();
        first_stays(&steps, stages, &mut stays);
        let hour = |at: Option<i64>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
        let tell = |stay: &Stay<'_>| match stay.is_passed {
            true => format!("{} passed at {}", stay.stage.id, stay.at),
            false => {
                let [later, left, earliest] = [stay.later_at, stay.left_at, stay.left_earliest].map(hour);
                format!("{} {}: later {later}, left {earliest}..{left}", stay.stage.id, stay.at)
            }
        };
        stays.iter().map(tell).collect()
    }

    #[test]
    fn a_stay_ends_with_the_next_later_stage_a_loss_or_parking() {
        let forward = ["new 0: later 2, left 2..2", "offer 2: later 5, left 5..5", "won 5: later –, left –..–"];
        assert_eq!(told(&[("new", 0), ("offer", 2), ("won", 5)]), forward);
        // lost and reopened: the loss ends the stay, and the offer after it is a stay as any other
        let reopened = ["new 0: later 7, left 3..3", "offer 7: later –, left –..–"];
        assert_eq!(told(&[("new", 0), ("lost", 3), ("offer", 7)]), reopened);
        let parked = ["new 0: later 9, left 1..1", "later 1: later 4, left 4..4", "contract 9: later –, left –..–"];
        assert_eq!(told(&[("new", 0), ("later", 1), ("<new", 4), ("contract", 9)]), parked);
        // an entry after a later stage: `later` is before it, which tells the reader that it was a move back
        let back = ["contract 0: later –, left –..–", "offer 6: later 0, left 0..0"];
        assert_eq!(told(&[("contract", 0), ("offer", 6)]), back);
    }

    #[test]
    fn what_no_snapshot_saw_was_passed() {
        let seen = ["new 0: later 8, left 7..8", "offer passed at 8", "contract 8: later –, left –..–"];
        assert_eq!(told(&[("new", 0), ("~contract", 8)]), seen);
        assert_eq!(told(&[("~offer", 3)]), ["new passed at 3", "offer 3: later –, left –..–"]);
        assert_eq!(told(&[("~lost", 3)]), [""; 0]);
    }
}
