//! `moves(entries, returns, intervals)`: every move of a deal in order, put together again from its first entries and its
//! returns, with what is known of its time.

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

/// The function: `List<Struct<stage, at, from, since, first, earliest, seen>>`. `from` is the stage that the deal came from,
/// `since` when it had come there; both null for the first move. `first` says whether it had not been in `stage` before.
///
/// `seen` says that the move was not logged, but seen by comparing two snapshots: other moves may lie between. `earliest`
/// is the earliest moment at which it may have been, while `at` is the latest; the same where the time is known, null where
/// nothing says since when.
///
/// Logs often know the day alone, so that moves share their instant and nothing tells which came first. Every reader needs
/// one answer to where a deal stands, hence one rule, here: among the moves of one instant the regulation's later stage is the
/// later move. A move into the stage where the deal then stands already is none.
/// `order` are the ids of the regulation's stages, in order.
pub(crate) fn moves(order: Arc<[String]>) -> ScalarUDF {
    ScalarUDF::new_from_impl(Moves { order, signature: Signature::any(3, Volatility::Immutable) })
}

/// The order of the function. `None` if it is another function.
#[cfg(feature = "cluster")]
pub(crate) fn order_of(function: &ScalarUDF) -> Option<&[String]> {
    function.inner().downcast_ref::<Moves>().map(|moves| &*moves.order)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Moves {
    /// The regulation's stages, in order.
    order: Arc<[String]>,
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
        let [entries, returns, intervals] = [0, 1, 2].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(merge(&entries?, &returns?, &intervals?, &self.order)?))
    }
}

fn fields() -> Fields {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    let (text, instant) = (|| Kind::Text.arrow(), || Kind::Instant.arrow());
    let flag = |name: &str| field(name, DataType::Boolean);
    let since = [field("stage", text()), field("at", instant()), field("from", text()), field("since", instant())];
    since.into_iter().chain([flag("first"), field("earliest", instant()), flag("seen")]).collect()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

/// A column of first entries, of returns or of intervals.
struct Steps<'a> {
    lists: &'a ListArray,
    stage: &'a StringArray,
    at: &'a TimestampMicrosecondArray,
    /// Of returns alone.
    from: Option<&'a StringArray>,
    /// `after` and `before`; for intervals only.
    between: Option<[&'a TimestampMicrosecondArray; 2]>,
}

impl<'a> Steps<'a> {
    fn read(column: &'a ArrayRef) -> Result<Steps<'a>> {
        let wrong = || exec_datafusion_err!("moves() needs the lists of first entries, returns and intervals");
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let steps = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let text = |name: &str| steps.column_by_name(name).and_then(|values| values.as_string_opt::<i32>());
        let instants =
            |name: &str| steps.column_by_name(name).and_then(|at| at.as_primitive_opt::<TimestampMicrosecondType>());
        let (stage, at) = (text("stage").ok_or_else(wrong)?, instants("at").ok_or_else(wrong)?);
        let between = instants("after").zip(instants("before")).map(|(after, before)| [after, before]);
        Ok(Steps { lists, stage, at, from: text("from"), between })
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

    /// The earliest moment at which the step may have been. Where its time lies within the interval, it is known.
    fn earliest(&self, step: usize) -> Option<i64> {
        let [after, before] = self.between?;
        match before.is_valid(step) && self.at(step) < Some(before.value(step)) {
            true => self.at(step),
            false => after.is_valid(step).then(|| after.value(step)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Move<'a> {
    stage: Option<&'a str>,
    at: Option<i64>,
    from: Option<&'a str>,
    since: Option<i64>,
    first: bool,
    earliest: Option<i64>,
    seen: bool,
}

fn merge(entries: &ArrayRef, returns: &ArrayRef, intervals: &ArrayRef, order: &[String]) -> Result<ArrayRef> {
    let (entries, returns, intervals) = (Steps::read(entries)?, Steps::read(returns)?, Steps::read(intervals)?);
    let rows = entries.lists.len();
    let mut moves = Vec::with_capacity(entries.lists.values().len() + returns.lists.values().len());
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    for row in 0..rows {
        let from = moves.len();
        follow(&entries, entries.of(row), &returns, returns.of(row), &mut moves);
        date(&mut moves[from..], &intervals, intervals.of(row));
        arrange(&mut moves, from, order);
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
        instants(|m| m.earliest),
        Arc::new(BooleanArray::from(moves.iter().map(|m| m.seen).collect::<Vec<_>>())),
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
        moves.push(Move { stage, at, from, since, first: !returned, earliest: at, seen: false });
        (from, since) = (stage, at);
    }
}

/// Marks those moves of a deal that were seen between two snapshots. Both are in the order of time.
fn date(moves: &mut [Move<'_>], intervals: &Steps<'_>, mut interval: Range<usize>) {
    for step in moves {
        if interval.is_empty() {
            return;
        }
        if intervals.stage(interval.start) == step.stage && intervals.at(interval.start) == step.at {
            (step.earliest, step.seen) = (intervals.earliest(interval.start), true);
            interval.next();
        }
    }
}

/// Puts the moves of one deal, which begin at `start`, that share their instant in the regulation's order.
fn arrange(moves: &mut Vec<Move<'_>>, start: usize, order: &[String]) {
    if moves[start..].is_sorted_by(|one, next| one.at != next.at) {
        return;
    }
    // a stage that the regulation does not know comes first; of two equal moves the one whose time is known stays
    let place = |step: &Move<'_>| order.iter().position(|stage| Some(stage.as_str()) == step.stage);
    for instant in moves[start..].chunk_by_mut(|one, next| one.at == next.at) {
        instant.sort_by_key(|step| (place(step), step.earliest != step.at));
    }
    let mut kept = start;
    for index in start..moves.len() {
        let last = moves[start..kept].last().map(|last| (last.stage, last.at));
        let (from, since) = last.unwrap_or_default();
        if last.is_some() && from == moves[index].stage {
            continue;
        }
        let first = moves[start..kept].iter().all(|before| before.stage != moves[index].stage);
        moves[kept] = Move { from, since, first, ..moves[index] };
        kept += 1;
    }
    moves.truncate(kept);
}

#[cfg(test)]
mod tests {
    use arrow::json::ReaderBuilder;

    use super::*;
    use crate::model::tables::Table;

    /// The moves of each deal, written `stage<from@since` with a `+` before what is no first entry, and `~earliest` after
    /// what was seen between two snapshots.
    fn read(json: &str, rows: Range<usize>) -> Vec<String> {
        let mut reader = ReaderBuilder::new(Table::Journeys.schema(&[])).build(json.as_bytes()).unwrap();
        let batch = reader.next().unwrap().unwrap().slice(rows.start, rows.len());
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let order = ["a", "b", "c"].map(str::to_owned);
        let merged = merge(&column("entries"), &column("returns"), &column("intervals"), &order).unwrap();
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
                let earliest = moves.column(5).as_primitive::<TimestampMicrosecondType>();
                let seen = match moves.column(6).as_boolean().value(row) {
                    true if earliest.is_null(row) => "~".to_owned(),
                    true => format!("~{}", earliest.value(row) / 1_000_000),
                    false => String::new(),
                };
                format!("{again}{}<{}{}{seen}", text(0, row), text(2, row), seconds(row))
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
    fn a_move_seen_between_snapshots_says_how_early_it_may_have_been() {
        // `b` is logged; of `a` nothing says since when; the return to `a` lies after 14; of `won` the time itself is known
        let deal = r#"{"deal_id":"seen","entries":[{"stage":"a","at":"1970-01-01T00:00:07Z"},{"stage":"b","at":"1970-01-01T00:00:09Z"},{"stage":"won","at":"1970-01-01T00:00:25Z"}],"returns":[{"stage":"a","at":"1970-01-01T00:00:21Z","from":"b"}],"intervals":[{"stage":"a","at":"1970-01-01T00:00:07Z","before":"1970-01-01T00:00:07Z"},{"stage":"a","at":"1970-01-01T00:00:21Z","after":"1970-01-01T00:00:14Z","before":"1970-01-01T00:00:21Z"},{"stage":"won","at":"1970-01-01T00:00:25Z","after":"1970-01-01T00:00:21Z","before":"1970-01-01T00:00:28Z"}]}"#;
        assert_eq!(read(deal, 0..1), ["a<~ b<a@7 +a<b@9~14 won<a@21~25"]);
    }

    #[test]
    fn of_moves_of_one_instant_the_regulations_later_stage_is_last() {
        let deals = [
            // written `c` before `b`, and an unknown stage last
            r#"{"deal_id":"1","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z"},{"stage":"c","at":"1970-01-01T00:00:02Z"},{"stage":"b","at":"1970-01-01T00:00:02Z"},{"stage":"x","at":"1970-01-01T00:00:02Z"}]}"#,
            // there and back within one instant: it may as well have been back and there
            r#"{"deal_id":"2","entries":[{"stage":"a","at":"1970-01-01T00:00:01Z"},{"stage":"b","at":"1970-01-01T00:00:02Z"}],"returns":[{"stage":"a","at":"1970-01-01T00:00:02Z","from":"b"},{"stage":"b","at":"1970-01-01T00:00:03Z","from":"a"}]}"#,
            // back, and in the same instant on to where it had not been
            r#"{"deal_id":"3","entries":[{"stage":"b","at":"1970-01-01T00:00:01Z"},{"stage":"c","at":"1970-01-01T00:00:02Z"}],"returns":[{"stage":"b","at":"1970-01-01T00:00:03Z","from":"c"},{"stage":"a","at":"1970-01-01T00:00:04Z","from":"b"},{"stage":"c","at":"1970-01-01T00:00:04Z","from":"a"}]}"#,
        ];
        assert_eq!(read(deals[0], 0..1), ["a< x<a@1 b<x@2 c<b@2"]);
        assert_eq!(read(deals[1], 0..1), ["a< b<a@1"]);
        assert_eq!(read(deals[2], 0..1), ["b< c<b@1 +b<c@2 a<b@3 +c<a@4"]);
    }

    #[test]
    fn entries_and_returns_are_one_chain() {
        let expected = ["a< b<a@1", "a< b<a@1 +a<b@2 +b<a@3 c<b@4 +a<c@9", "a< b<a@1 c<b@1", "", "a<", "null"];
        assert_eq!(read(DEALS, 0..6), expected);
        // a slice, as batches often are
        assert_eq!(read(DEALS, 1..3), expected[1..3]);
    }
}
