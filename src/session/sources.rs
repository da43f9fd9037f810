//! From when to when the events of each source are loaded, by manager and branch: `known_from(source, manager, branch)` and
//! `known_until(source, manager, branch)`. What lies outside of these spans is not known, and judges nobody.
//!
//! A source is a kind of event, `touch` (outgoing contacts and meetings) or `answer` (outgoing contacts without meetings). Its
//! span begins with the local day of its first event. It ends with the day of the last one; that of a manager or a branch may
//! end later by the longest time that they were ever silent, so that a quiet week is no gap. Why so: `docs/decisions/unknown.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use chrono::{Days, NaiveDate};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::model::calendar::Calendar;
use crate::model::tables::Kind;

/// The names of the functions.
pub(super) const FUNCTIONS: [&str; 2] = ["known_from", "known_until"];

/// Sources of which every manager who works has events: one without any is not connected. Of the others, a manager may have none
/// for want of a reason, and only the branch tells.
const OF_EVERY_MANAGER: [&str; 9] =
    ["touch", "answer", "stage", "call", "email", "sms", "message", "meeting", "mailing"];

/// A silence of so many days is ordinary, whatever came before.
const ORDINARY_SILENCE: i64 = 7;
/// Where events are rare, one of so many days is.
const RARE_SILENCE: i64 = 28;

/// The local days on which there are events of a source.
#[derive(Debug, Clone, Default)]
struct Source {
    all: BTreeSet<NaiveDate>,
    managers: BTreeMap<String, BTreeSet<NaiveDate>>,
    branches: BTreeMap<String, BTreeSet<NaiveDate>>,
}

/// The days of all sources of a store, whatever the cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    by_name: BTreeMap<String, Source>,
}

impl Sources {
    /// Of a store that nobody asked.
    pub(super) const fn none() -> Sources {
        Sources { by_name: BTreeMap::new() }
    }

    /// Reads the days of all events: a row per kind, manager, branch and day.
    pub(super) async fn read(context: &SessionContext) -> Result<Sources> {
        let mut sources = Sources::default();
        let batches = context.sql(include_str!("sources.sql")).await?.collect().await?;
        for batch in batches {
            let text = |index: usize| Ok::<_, datafusion::error::DataFusionError>(cast(batch.column(index), &DataType::Utf8View)?);
            let [kind, caller, manager, branch] = [text(0)?, text(1)?, text(2)?, text(3)?];
            let [kind, caller, manager, branch] = [&kind, &caller, &manager, &branch].map(|c| c.as_string_view());
            let days = batch.column(4).as_primitive::<Date32Type>();
            for row in 0..batch.num_rows() {
                let Some(day) = days.is_valid(row).then(|| NaiveDate::from_epoch_days(days.value(row))).flatten() else { continue };
                let name = |column: &StringViewArray| filled(column, row).map(str::to_owned);
                let source = sources.by_name.entry(name(kind).unwrap_or_default()).or_default();
                source.all.insert(day);
                // a deal that changed hands tells of both: whoever called, the log of this deal is loaded
                for who in [name(caller), name(manager)].into_iter().flatten() {
                    source.managers.entry(who).or_default().insert(day);
                }
                if let Some(branch) = name(branch) {
                    source.branches.entry(branch).or_default().insert(day);
                }
            }
        }
        Ok(sources)
    }

    /// Whether any event of the source was ever loaded.
    pub(super) fn has(&self, source: &str) -> bool {
        self.by_name.contains_key(source)
    }

    /// The spans as they are known at a cut.
    fn spans(&self, calendar: &Calendar, as_of: NaiveDate) -> BTreeMap<String, Spans> {
        let last = self.by_name.values().filter_map(|source| source.all.range(..as_of).next_back()).max().copied();
        let begins = |day: NaiveDate| calendar.midnight(day).timestamp_micros();
        let span = |(from, until): (NaiveDate, NaiveDate)| Span { from: begins(from), until: begins(until + Days::new(1)) };
        let of = |(name, source): (&String, &Source)| {
            let every = OF_EVERY_MANAGER.contains(&name.as_str());
            let silence = if every { ORDINARY_SILENCE } else { RARE_SILENCE };
            // a quiet end of a rare kind is no end: the other kinds tell how far the exports reach
            let all = match every {
                true => days(&source.all, as_of, 0, None),
                false => days(&source.all, as_of, silence, last),
            };
            let reach = all.map(|(_, until)| until);
            let group = |groups: &BTreeMap<String, BTreeSet<NaiveDate>>| {
                let spans = groups.iter().filter_map(|(name, of)| Some((name.clone(), span(days(of, as_of, silence, reach)?))));
                spans.collect::<BTreeMap<String, Span>>()
            };
            let managers = every.then(|| group(&source.managers)).filter(|managers| !managers.is_empty());
            let branches = Some(group(&source.branches)).filter(|branches| !branches.is_empty());
            Some((name.clone(), Spans { all: span(all?), managers, branches }))
        };
        self.by_name.iter().filter_map(of).collect()
    }

    /// Registers the functions as of a day.
    pub(super) fn register(&self, context: &SessionContext, calendar: &Calendar, as_of: NaiveDate) {
        let spans = Arc::new(self.spans(calendar, as_of));
        for (name, end) in FUNCTIONS.into_iter().zip([End::From, End::Until]) {
            let signature = Signature::any(3, Volatility::Immutable);
            context.register_udf(ScalarUDF::new_from_impl(KnownSpan { name, end, spans: Arc::clone(&spans), signature }));
        }
    }
}

/// The first and the last day that are known before a cut: the last event, and a silence after it that is no longer than
/// the longest before, nor than `reach` allows.
fn days(
    events: &BTreeSet<NaiveDate>,
    as_of: NaiveDate,
    silence: i64,
    reach: Option<NaiveDate>,
) -> Option<(NaiveDate, NaiveDate)> {
    let known = || events.range(..as_of);
    let (first, last) = (known().next()?, known().next_back()?);
    let Some(reach) = reach else { return Some((*first, *last)) };
    let longest = known().zip(known().skip(1)).map(|(one, next)| (*next - *one).num_days()).max().unwrap_or(0);
    let quiet = u64::try_from(longest.max(silence)).unwrap_or(0);
    Some((*first, (*last + Days::new(quiet)).min(reach).max(*last)))
}

/// Instants, half-open; microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    from: i64,
    until: i64,
}

/// The spans of a source. `None`: no event names a manager, or a branch, so that they tell nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Spans {
    all: Span,
    managers: Option<BTreeMap<String, Span>>,
    branches: Option<BTreeMap<String, Span>>,
}

impl Spans {
    /// What is known of the deals of a manager in a branch; none: nothing.
    fn of(&self, manager: Option<&str>, branch: Option<&str>) -> Option<Span> {
        let mut span = self.all;
        for (groups, name) in [(&self.managers, manager), (&self.branches, branch)] {
            if let Some((groups, name)) = groups.as_ref().zip(name) {
                let own = groups.get(name)?;
                span = Span { from: span.from.max(own.from), until: span.until.min(own.until) };
            }
        }
        Some(span)
    }
}

/// Which end of a span is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    From,
    Until,
}

/// One of the functions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct KnownSpan {
    name: &'static str,
    end: End,
    spans: Arc<BTreeMap<String, Spans>>,
    signature: Signature,
}

impl ScalarUDFImpl for KnownSpan {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(Kind::Instant.arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let text = |column: &ArrayRef| {
            cast(column, &DataType::Utf8View)
                .map_err(|_| exec_datafusion_err!("{}() needs the names of a source, a manager and a branch", self.name))
        };
        let [source, manager, branch] = [text(&columns[0])?, text(&columns[1])?, text(&columns[2])?];
        let [source, manager, branch] = [&source, &manager, &branch].map(|column| column.as_string_view());
        let end = |row: usize| {
            let span = self.spans.get(filled(source, row)?)?.of(filled(manager, row), filled(branch, row))?;
            Some(match self.end {
                End::From => span.from,
                End::Until => span.until,
            })
        };
        let ends: TimestampMicrosecondArray = (0..source.len()).map(end).collect();
        Ok(ColumnarValue::Array(Arc::new(ends.with_timezone("UTC"))))
    }
}

fn filled(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dates(texts: &[&str]) -> BTreeSet<NaiveDate> {
        texts.iter().map(|text| day(text)).collect()
    }

    #[test]
    fn a_span_ends_with_its_last_event_and_a_group_may_be_as_quiet_as_it_ever_was() {
        let events = dates(&["2025-01-06", "2025-01-20", "2025-02-03"]);
        let known = |as_of: &str, silence, reach: Option<&str>| {
            days(&events, day(as_of), silence, reach.map(day)).map(|(from, until)| format!("{from} {until}"))
        };
        assert_eq!(known("2025-06-01", 0, None).unwrap(), "2025-01-06 2025-02-03");
        // 14 days of silence were ordinary before
        assert_eq!(known("2025-06-01", 7, Some("2025-05-31")).unwrap(), "2025-01-06 2025-02-17");
        assert_eq!(known("2025-06-01", 7, Some("2025-02-05")).unwrap(), "2025-01-06 2025-02-05");
        // nothing later than the cut tells anything
        assert_eq!(known("2025-01-20", 7, Some("2025-05-31")).unwrap(), "2025-01-06 2025-01-13");
        assert_eq!(known("2025-01-06", 7, Some("2025-05-31")), None);
    }

    #[test]
    fn a_manager_or_a_branch_without_events_is_not_known() {
        let span = |from, until| Span { from, until };
        let managers = Some([("ann".to_owned(), span(5, 90))].into());
        let branches = Some([("south".to_owned(), span(0, 50))].into());
        let calls = Spans { all: span(0, 100), managers, branches };
        assert_eq!(calls.of(None, None), Some(span(0, 100)));
        assert_eq!(calls.of(Some("ann"), Some("south")), Some(span(5, 50)));
        assert_eq!(calls.of(Some("bob"), None), None);
        assert_eq!(calls.of(Some("ann"), Some("north")), None);
        // where no event names a manager, it is not he who is missing
        let nameless = Spans { managers: None, ..calls };
        assert_eq!(nameless.of(Some("bob"), Some("south")), Some(span(0, 50)));
    }
}
