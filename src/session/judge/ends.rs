//! `first_ends(moves)`: when a deal first moved on from each stage, and where to.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use super::steps::{Moves, Step};
use crate::model::tables::Kind;
use crate::regulation::Stage;

/// The function: `List<Struct<stage, until, next_position>>`, a row per stage of the regulation that the deal left with a move into one that is
/// no terminal stage: the first such move, and the position of the stage into which it went.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FirstEnds {
    judge: Arc<Judge>,
    signature: Signature,
}

impl FirstEnds {
    pub(super) fn new(judge: Arc<Judge>) -> FirstEnds {
        FirstEnds { judge, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for FirstEnds {
    fn name(&self) -> &str {
        "first_ends"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let moves = args.args[0].to_array(args.number_rows)?;
        let (moves, stages) = (Moves::read(self.name(), &moves)?, self.judge.regulation.stages());
        let (mut all, mut lengths, mut steps) = (Vec::new(), Vec::with_capacity(moves.len()), Vec::new());
        for deal in 0..moves.len() {
            steps.clear();
            steps.extend(moves.of(deal, stages));
            let before = all.len();
            ends(&steps, &mut all);
            lengths.push(all.len() - before);
        }
        let until = TimestampMicrosecondArray::from_iter_values(all.iter().map(|end| end.until)).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(all.iter().map(|end| end.stage.id.as_str()))),
            Arc::new(until),
            Arc::new(Int64Array::from_iter_values(all.iter().map(|end| end.next))),
        ];
        let ends = StructArray::try_new(fields(), columns, None)?;
        let lists = ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(ends), None)?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}

fn fields() -> Fields {
    vec![
        Field::new("stage", DataType::Utf8, false),
        Field::new("until", Kind::Instant.arrow(), false),
        Field::new("next_position", DataType::Int64, false),
    ]
    .into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

/// The end of a first stay.
#[derive(Debug, Clone, Copy, PartialEq)]
struct End<'r> {
    stage: &'r Stage,
    until: i64,
    next: i64,
}

/// The ends of a deal's stays, from its steps.
fn ends<'r>(steps: &[Step<'r>], all: &mut Vec<End<'r>>) {
    let begin = all.len();
    for step in steps.iter().filter(|step| step.stage.terminal.is_none()) {
        let Some((stage, _)) = step.from else { continue };
        let end = End { stage, until: step.at, next: step.stage.position };
        match all[begin..].iter_mut().find(|known| known.stage.id == stage.id) {
            Some(known) if known.until <= end.until => {}
            Some(known) => *known = end,
            None => all.push(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regulation::{Regulation, Terminal};

    #[test]
    fn the_first_move_on_from_each_stage() {
        let text = include_str!("../../../sample_data/regulation.toml");
        let regulation = Regulation::parse("regulation.toml", text).unwrap();
        let stages = regulation.stages();
        let lost = stages.iter().find(|stage| stage.terminal == Some(Terminal::Lost)).unwrap();
        let step = |stage, at, from| Step {
            stage,
            at,
            earliest: Some(at),
            seen: false,
            is_first: true,
            from: Option::map(from, |from| (from, None)),
        };
        let (a, b, c) = (&stages[0], &stages[1], &stages[2]);
        // back into the first stage, on from it once more, and lost from there
        let steps =
            [step(a, 1, None), step(b, 2, Some(a)), step(a, 3, Some(b)), step(c, 5, Some(a)), step(lost, 7, Some(c))];
        let mut all = Vec::new();
        ends(&steps, &mut all);
        let end = |stage, until, next: &Stage| End { stage, until, next: next.position };
        assert_eq!(all, [end(a, 2, b), end(b, 3, a)]);
        // of moves out of order, the earliest
        let mut all = Vec::new();
        ends(&[step(c, 5, Some(a)), step(b, 2, Some(a))], &mut all);
        assert_eq!(all, [end(a, 2, b)]);
    }
}
