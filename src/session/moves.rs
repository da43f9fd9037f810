//! `moves(entries, returns)`: every move of a deal in order, put together again from its first entries and its returns.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, TimestampMicrosecondType};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::model::tables::Kind;

/// The function: `List<Struct<stage, at, from, since, first>>`. `from` is the stage that the deal came from, `since` when
/// it had come there; both null for the first move. `first` says whether it had not been in `stage` before.
pub(super) fn moves() -> ScalarUDF {
    ScalarUDF::new_from_impl(Moves { signature: Signature::any(2, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Moves {
    signature: Signature,
}

impl ScalarUDFImpl for Moves {
    fn name(&self) -> &str {
        "moves"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [entries, returns] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(merge(&entries?, &returns?)?))
    }
}

fn fields() -> Fields {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    let (text, instant) = (|| Kind::Text.arrow(), || Kind::Instant.arrow());
    let first = field("first", DataType::Boolean);
    vec![field("stage", text()), field("at", instant()), field("from", text()), field("since", instant()), first].into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

/// A column of first entries or of returns.
struct Steps<'a> {
    lists: &'a ListArray,
    stage: &'a StringArray,
    at: &'a TimestampMicrosecondArray,
    /// Of returns alone.
    from: Option<&'a StringArray>,
}

impl<'a> Steps<'a> {
    fn read(column: &'a ArrayRef) -> Result<Steps<'a>> {
        let wrong = || exec_datafusion_err!("moves() needs the lists of first entries and of returns");
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let steps = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let text = |name: &str| steps.column_by_name(name).and_then(|values| values.as_string_opt::<i32>());
        let at = steps.column_by_name("at").and_then(|at| at.as_primitive_opt::<TimestampMicrosecondType>());
        Ok(Steps { lists, stage: text("stage").ok_or_else(wrong)?, at: at.ok_or_else(wrong)?, from: text("from") })
    }

    /// The steps of one deal; of a list that is not known, none.
    fn of(&self, row: usize) -> Range<usize> {
        let offsets = self.lists.value_offsets();
        match self.lists.is_null(row) {
            true => 0..0,
            false => offsets[row] as usize..offsets[row + 1] as usize,
        }
    }

    fn stage(&self, step: usize) -> Option<&'a str> {
        self.stage.is_valid(step).then(|| self.stage.value(step))
    }

    fn at(&self, step: usize) -> Option<i64> {
        self.at.is_valid(step).then(|| self.at.value(step))
    }

    fn from(&self, step: usize) -> Option<&'a str> {
        self.from.filter(|from| from.is_valid(step)).map(|from| from.value(step))
    }
}

#[derive(Debug, Clone, Copy)]
struct Move<'a> {
    stage: Option<&'a str>,
    at: Option<i64>,
    from: Option<&'a str>,
    since: Option<i64>,
    first: bool,
}

fn merge(entries: &ArrayRef, returns: &ArrayRef) -> Result<ArrayRef> {
    let (entries, returns) = (Steps::read(entries)?, Steps::read(returns)?);
    let rows = entries.lists.len();
    let mut moves = Vec::with_capacity(entries.lists.values().len() + returns.lists.values().len());
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    for row in 0..rows {
        follow(&entries, entries.of(row), &returns, returns.of(row), &mut moves);
        offsets.push(moves.len() as i32);
    }
    let instants = |of: fn(&Move<'_>) -> Option<i64>| -> ArrayRef {
        Arc::new(moves.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(moves.iter().map(|m| m.stage).collect::<StringArray>()),
        instants(|m| m.at),
        Arc::new(moves.iter().map(|m| m.from).collect::<StringArray>()),
        instants(|m| m.since),
        Arc::new(BooleanArray::from(moves.iter().map(|m| m.first).collect::<Vec<_>>())),
    ];
    let moves = Arc::new(StructArray::try_new(fields(), columns, None)?);
    let nulls = entries.lists.nulls().cloned();
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::new(offsets.into()), moves, nulls)?))
}

/// Appends the moves of one deal.
///
/// No comparison of times is needed: the next return is the next move if and only if it came from where the deal stands.
/// Were an entry between, the deal would have to be back here before that return, by a return that comes before it.
fn follow<'a>(
    entries: &Steps<'a>,
    mut entry: Range<usize>,
    returns: &Steps<'a>,
    mut again: Range<usize>,
    moves: &mut Vec<Move<'a>>,
) {
    let (mut from, mut since) = (None, None);
    loop {
        let returned = !again.is_empty() && (entry.is_empty() || (from.is_some() && returns.from(again.start) == from));
        let (steps, step) = match returned {
            true => (returns, again.next()),
            false => (entries, entry.next()),
        };
        let Some(step) = step else { break };
        let (stage, at) = (steps.stage(step), steps.at(step));
        moves.push(Move { stage, at, from, since, first: !returned });
        (from, since) = (stage, at);
    }
}

#[cfg(test)]
mod tests {
    use arrow::json::ReaderBuilder;

    use super::*;
    use crate::model::tables::Table;

    /// The moves of each deal, written `stage<from@since` with a `+` before what is no first entry.
    fn read(json: &str, rows: Range<usize>) -> Vec<String> {
        let mut reader = ReaderBuilder::new(Table::Journeys.schema(&[])).build(json.as_bytes()).unwrap();
        let batch = reader.next().unwrap().unwrap().slice(rows.start, rows.len());
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let merged = merge(&column("entries"), &column("returns")).unwrap();
        let lists = merged.as_list::<i32>();
        let text = |list: ArrayRef| {
            let moves = list.as_struct().clone();
            let text = |at: usize, row: usize| {
                let text = moves.column(at).as_string::<i32>();
                if text.is_null(row) { String::new() } else { text.value(row).to_owned() }
            };
            let seconds = |row: usize| {
                let since = moves.column(3).as_primitive::<TimestampMicrosecondType>();
                if since.is_null(row) { String::new() } else { format!("@{}", since.value(row) / 1_000_000) }
            };
            let one = |row: usize| {
                let again = if moves.column(4).as_boolean().value(row) { "" } else { "+" };
                format!("{again}{}<{}{}", text(0, row), text(2, row), seconds(row))
            };
            (0..moves.len()).map(one).collect::<Vec<_>>().join(" ")
        };
        lists.iter().map(|list| list.map_or("null".into(), text)).collect()
    }

    const DEALS: &str = r#"
        {"deal_id":"straight","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z"},{"stage":"b","at":"1970-01-01T00:00:02Z"}],"returns":[]}
        {"deal_id":"winding","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z"},{"stage":"b","at":"1970-01-01T00:00:02Z"},{"stage":"c","at":"1970-01-01T00:00:09Z"}],"returns":[{"stage":"a","at":"1970-01-01T00:00:03Z","from":"b"},{"stage":"b","at":"1970-01-01T00:00:04Z","from":"a"},{"stage":"a","at":"1970-01-01T00:00:10Z","from":"c"}]}
        {"deal_id":"in one moment","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z"},{"stage":"b","at":"1970-01-01T00:00:01Z"},{"stage":"c","at":"1970-01-01T00:00:01Z"}],"returns":[{"stage":"a","at":"1970-01-01T00:00:01Z","from":"c"},{"stage":"b","at":"1970-01-01T00:00:01Z","from":"a"}]}
        {"deal_id":"nothing","entries":[],"returns":[]}
        {"deal_id":"old","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z","times":2}]}
        {"deal_id":"older"}"#;

    #[test]
    fn entries_and_returns_are_one_chain() {
        let expected =
            ["a< b<a@1", "a< b<a@1 +a<b@2 +b<a@3 c<b@4 +a<c@9", "a< b<a@1 c<b@1 +a<c@1 +b<a@1", "", "a<", "null"];
        assert_eq!(read(DEALS, 0..6), expected);
        // a slice, as batches often are
        assert_eq!(read(DEALS, 1..3), expected[1..3]);
    }
}
