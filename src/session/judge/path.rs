//! `funnel_path(moves)`: how far a deal came in the funnel, and how it entered each of its steps.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use super::steps::{Moves, Step};
use crate::regulation::{Stage, Terminal};

/// The function: `Struct<furthest, in_order, steps: List<Struct<position, is_first, is_between, is_back, is_again>>>`.
///
/// Steps of the funnel are the stages that are no parking place and not lost. `furthest` is the position of the last one that the deal
/// entered; `in_order` how many it entered for the first time one after the other from the first step on, none left out and none
/// before the one that precedes it. Both null where it entered none. `steps` has a row per step that it entered: whether for
/// the first time (true but for logs that begin later), at a time of which only an interval is known, by a move back from
/// a later step, and again.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FunnelPath {
    judge: Arc<Judge>,
    signature: Signature,
}

impl FunnelPath {
    pub(super) fn new(judge: Arc<Judge>) -> FunnelPath {
        FunnelPath { judge, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for FunnelPath {
    fn name(&self) -> &str {
        "funnel_path"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let moves = args.args[0].to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(paths(&Moves::read(self.name(), &moves)?, self.judge.regulation.stages())?))
    }
}

const FLAGS: [&str; 4] = ["is_first", "is_between", "is_back", "is_again"];

fn entered_fields() -> Fields {
    let position = Field::new("position", DataType::Int64, true);
    std::iter::once(position).chain(FLAGS.map(|name| Field::new(name, DataType::Boolean, true))).collect()
}

fn entered_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(entered_fields()), true))
}

fn fields() -> Fields {
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    vec![number("furthest"), number("in_order"), Field::new("steps", DataType::List(entered_item()), true)].into()
}

/// How a deal entered a step of the funnel: the flags in the order of [`FLAGS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entered {
    position: i64,
    flags: [bool; 4],
    /// When it entered for the first time.
    at: i64,
}

/// Whether a stage is a step of the funnel.
pub(super) fn is_step(stage: &Stage) -> bool {
    !stage.parking && stage.terminal != Some(Terminal::Lost)
}

/// How a deal entered the steps, in the order of the funnel.
fn entered(steps: &[Step<'_>]) -> Vec<Entered> {
    let mut all: Vec<Entered> = Vec::new();
    for step in steps.iter().filter(|step| is_step(step.stage)) {
        let position = step.stage.position;
        let is_back = step.from.is_some_and(|(left, since)| {
            left.terminal.is_none()
                && !left.parking
                && left.position > position
                && since.is_some_and(|since| since < step.at)
        });
        let is_between = step.is_first && step.earliest != Some(step.at);
        let flags = [step.is_first, is_between, is_back, !step.is_first];
        match all.iter_mut().find(|entered| entered.position == position) {
            Some(entered) => {
                if step.is_first {
                    entered.at = step.at;
                }
                for (known, new) in entered.flags.iter_mut().zip(flags) {
                    *known |= new;
                }
            }
            None => all.push(Entered { position, flags, at: step.at }),
        }
    }
    all.sort_by_key(|entered| entered.position);
    all
}

/// How many steps were entered for the first time in order. `order` are the positions of the funnel's steps.
fn in_order(entered: &[Entered], order: &[i64]) -> Option<i64> {
    let first: Vec<&Entered> = entered.iter().filter(|entered| entered.flags[0]).collect();
    let is_next =
        |nth: usize| order.get(nth) == Some(&first[nth].position) && (nth == 0 || first[nth].at >= first[nth - 1].at);
    let counted = (0..first.len()).take_while(|nth| is_next(*nth)).count();
    (!first.is_empty()).then(|| i64::try_from(counted).ok()).flatten()
}

fn paths(moves: &Moves<'_>, stages: &[Stage]) -> Result<ArrayRef> {
    let mut order: Vec<i64> = stages.iter().filter(|stage| is_step(stage)).map(|stage| stage.position).collect();
    order.sort_unstable();
    let (mut all, mut lengths, mut of_deal) = (Vec::new(), Vec::with_capacity(moves.len()), Vec::new());
    let (mut furthest, mut counted) = (Vec::with_capacity(moves.len()), Vec::with_capacity(moves.len()));
    for deal in 0..moves.len() {
        of_deal.clear();
        of_deal.extend(moves.of(deal, stages));
        let steps = entered(&of_deal);
        furthest.push(steps.iter().filter(|entered| entered.flags[0]).map(|entered| entered.position).max());
        counted.push(in_order(&steps, &order));
        lengths.push(steps.len());
        all.extend(steps);
    }
    let flag =
        |at: usize| Arc::new(BooleanArray::from_iter(all.iter().map(|entered| Some(entered.flags[at])))) as ArrayRef;
    let positions: ArrayRef = Arc::new(Int64Array::from_iter_values(all.iter().map(|entered| entered.position)));
    let columns = std::iter::once(positions).chain((0..FLAGS.len()).map(flag)).collect();
    let steps = StructArray::try_new(entered_fields(), columns, None)?;
    let steps = ListArray::try_new(entered_item(), OffsetBuffer::from_lengths(lengths), Arc::new(steps), None)?;
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(furthest)), Arc::new(Int64Array::from(counted)), Arc::new(steps)];
    Ok(Arc::new(StructArray::try_new(fields(), columns, None)?))
}
