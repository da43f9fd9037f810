//! From when to when the events of each source are loaded, by manager and branch: `known_from(source, manager, branch)` and
//! `known_until(source, manager, branch)`. What lies outside of these spans is not known, and judges nobody.
//!
//! A source is a kind of event, `touch` (outgoing contacts and meetings) or `answer` (outgoing contacts without meetings). Its
//! span begins with the local day of its first event and ends with the day of its last; of a manager or branch with events on
//! few days, and of a rare kind, it ends later by as long as they were ever silent. Why so: `docs/decisions/unknown.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use arrow::record_batch::RecordBatch;
use chrono::{Days, NaiveDate};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use serde::{Deserialize, Serialize};

use super::source_days::Of;
use super::told::Told;
use crate::model::calendar::Calendar;
use crate::model::tables::{Kind, TOUCH_KINDS};

/// The names of the functions.
pub(super) const FUNCTIONS: [&str; 2] = ["known_from", "known_until"];

/// A silence of so many days is ordinary, whatever came before.
const ORDINARY_SILENCE: u64 = 7;
/// Where events are rare, one of so many days is.
const RARE_SILENCE: u64 = 28;

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

    /// Of the rows that [`super::source_days::read`] gives.
    pub(super) fn of(batch: &RecordBatch) -> Result<Sources> {
        let mut sources = Sources::default();
        let text =
            |index: usize| Ok::<_, datafusion::error::DataFusionError>(cast(batch.column(index), &DataType::Utf8View)?);
        let [kind, of, name] = [text(0)?, text(2)?, text(3)?];
        let [kind, of, name] = [&kind, &of, &name].map(|column| column.as_string_view());
        let reaches_out = batch.column(1).as_boolean();
        let days = batch.column(4).as_primitive::<Date32Type>();
        for row in 0..batch.num_rows() {
            let (Some(day), Some(of)) = (NaiveDate::from_epoch_days(days.value(row)), Of::named(of.value(row))) else {
                continue;
            };
            let kind = kind.value(row);
            let touch = (reaches_out.value(row) && TOUCH_KINDS.contains(&kind)).then_some("touch");
            let answer = touch.filter(|_| kind != "meeting").map(|_| "answer");
            for source in [Some(kind), touch, answer].into_iter().flatten() {
                sources.days(source, of, name.value(row)).insert(day);
            }
        }
        Ok(sources)
    }

    /// The days of a source that are known so far.
    fn days(&mut self, source: &str, of: Of, name: &str) -> &mut BTreeSet<NaiveDate> {
        let source = self.by_name.entry(source.to_owned()).or_default();
        let named = match of {
            Of::All => return &mut source.all,
            Of::Manager => &mut source.managers,
            Of::Branch => &mut source.branches,
        };
        named.entry(name.to_owned()).or_default()
    }

    /// The same, of these managers and branches alone: of others nothing is known.
    pub(super) fn of_these(&self, managers: &BTreeSet<String>, branches: &BTreeSet<String>) -> Sources {
        let mut own = self.clone();
        for source in own.by_name.values_mut() {
            for (groups, these) in [(&mut source.managers, managers), (&mut source.branches, branches)] {
                let some = groups.values().next().cloned();
                groups.retain(|name, _| these.contains(name));
                // a source that names managers still does; nobody asks of one without a name
                groups.extend(some.filter(|_| groups.is_empty()).map(|days| (String::new(), days)));
            }
        }
        own
    }

    /// Whether any event of the source was ever loaded.
    pub(super) fn has(&self, source: &str) -> bool {
        self.by_name.contains_key(source)
    }

    /// The spans as they are known at a cut.
    fn spans(&self, calendar: &Calendar, as_of: NaiveDate) -> BTreeMap<String, Spans> {
        let begins = |day: NaiveDate| calendar.midnight(day).timestamp_micros();
        let span = |(from, until): DayRange| Span { from: begins(from), until: begins(until + Days::new(1)) };
        let of = |(name, source): (&String, &Source)| {
            let (from, until) = self.known(name, as_of)?;
            let silence = if is_of_every_manager(name) { ORDINARY_SILENCE } else { RARE_SILENCE };
            let group = |groups: &BTreeMap<String, BTreeSet<NaiveDate>>| {
                let own = |of: &BTreeSet<NaiveDate>| match is_dense(of, &source.all, as_of) {
                    true => first_and_last(of, as_of),
                    false => quiet(of, as_of, silence, until),
                };
                let spans = groups.iter().filter_map(|(name, of)| Some((name.clone(), span(own(of)?))));
                spans.collect::<BTreeMap<String, Span>>()
            };
            let managers = is_of_every_manager(name).then(|| group(&source.managers)).filter(|m| !m.is_empty());
            let branches = Some(group(&source.branches)).filter(|branches| !branches.is_empty());
            Some((name.clone(), Spans { all: span((from, until)), managers, branches }))
        };
        self.by_name.iter().filter_map(of).collect()
    }

    /// The days from the first to the last on which the source is known, whoever worked.
    fn known(&self, name: &str, as_of: NaiveDate) -> Option<DayRange> {
        let own = &self.by_name.get(name)?.all;
        if let Some(kinds) = kinds_of(name) {
            // a kind of every day that begins later or ends earlier than the others was not loaded before or after
            let kinds = kinds.iter().filter_map(|kind| Some(&self.by_name.get(*kind)?.all));
            let dense: Vec<DayRange> =
                kinds.filter(|of| is_dense(of, own, as_of)).filter_map(|of| first_and_last(of, as_of)).collect();
            let from = dense.iter().map(|(from, _)| *from).max();
            let until = dense.iter().map(|(_, until)| *until).min();
            return from.zip(until).filter(|(from, until)| from <= until).or_else(|| first_and_last(own, as_of));
        }
        match self.by_name.get("touch").filter(|_| TOUCH_KINDS.contains(&name)) {
            Some(touch) if is_dense(own, &touch.all, as_of) => first_and_last(own, as_of),
            Some(_) => quiet(own, as_of, ORDINARY_SILENCE, self.known("touch", as_of)?.1),
            // a quiet end of a rare kind is no end: the other kinds tell how far the exports reach
            None => {
                let reach = self.by_name.values().filter_map(|source| source.all.range(..as_of).next_back()).max()?;
                quiet(own, as_of, RARE_SILENCE, *reach)
            }
        }
    }

    /// Registers the functions as of a day.
    pub(super) fn register(&self, context: &SessionContext, calendar: &Calendar, as_of: NaiveDate) {
        let spans = Arc::new(self.spans(calendar, as_of));
        known_spans(&spans).for_each(|function| context.register_udf(function));
    }
}

/// The functions over these spans.
fn known_spans(spans: &Arc<BTreeMap<String, Spans>>) -> impl Iterator<Item = ScalarUDF> {
    FUNCTIONS.into_iter().zip([End::From, End::Until]).map(|(name, end)| {
        let signature = Signature::any(3, Volatility::Immutable);
        ScalarUDF::new_from_impl(KnownSpan { name, end, spans: Arc::clone(spans), signature })
    })
}

/// What one of the functions knows, as text. `None` if it is another function.
#[cfg(feature = "cluster")]
pub(super) fn written(function: &ScalarUDF) -> Option<Result<Vec<u8>, serde_json::Error>> {
    function.inner().downcast_ref::<KnownSpan>().map(|function| serde_json::to_vec(&*function.spans))
}

/// The functions that know what is written.
#[cfg(feature = "cluster")]
pub(super) fn read(text: &[u8]) -> Result<Vec<ScalarUDF>, serde_json::Error> {
    Ok(known_spans(&Arc::new(serde_json::from_slice(text)?)).collect())
}

/// The first and the last day on which a source is known.
type DayRange = (NaiveDate, NaiveDate);

/// The kinds of which a source is made. `None` if it is a kind itself.
fn kinds_of(name: &str) -> Option<Vec<&'static str>> {
    match name {
        "touch" => Some(TOUCH_KINDS.into()),
        "answer" => Some(TOUCH_KINDS.into_iter().filter(|kind| *kind != "meeting").collect()),
        _ => None,
    }
}

/// Whether every manager who works has events of the source, so that one without any is not connected. Of the others, a manager
/// may have none for want of a reason, and only the branch tells.
fn is_of_every_manager(name: &str) -> bool {
    kinds_of(name).is_some() || ["call", "stage"].contains(&name)
}

/// Whether there are events on at least half of the days, from the first to the last of them, on which others have some, and on
/// a quarter of all: then a day without any is no chance.
fn is_dense(own: &BTreeSet<NaiveDate>, others: &BTreeSet<NaiveDate>, as_of: NaiveDate) -> bool {
    /// Of fewer days nobody can say how regular they are.
    const FEW: usize = 5;
    first_and_last(own, as_of).is_some_and(|(from, until)| {
        let days = own.range(from..=until).count();
        let (meanwhile, all) = (others.range(from..=until).count(), others.range(..as_of).count());
        days >= FEW && 2 * days >= meanwhile && 4 * days >= all
    })
}

fn first_and_last(events: &BTreeSet<NaiveDate>, as_of: NaiveDate) -> Option<DayRange> {
    let mut known = events.range(..as_of);
    let first = *known.next()?;
    Some((first, known.next_back().copied().unwrap_or(first)))
}

/// As far as the last event, and a silence after it that is no longer than the longest before, or than `ordinary` days, within
/// what is known of all.
fn quiet(events: &BTreeSet<NaiveDate>, as_of: NaiveDate, ordinary: u64, reach: NaiveDate) -> Option<DayRange> {
    let (first, last) = first_and_last(events, as_of)?;
    let known = || events.range(..as_of);
    let longest = known().zip(known().skip(1)).map(|(one, next)| (*next - *one).num_days().unsigned_abs()).max();
    Some((first, (last + Days::new(longest.unwrap_or(0).max(ordinary))).min(reach)))
}

/// Instants, half-open; microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
struct Span {
    from: i64,
    until: i64,
}

/// The spans of a source. `None`: no event names a manager, or a branch, so that they tell nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
struct Spans {
    all: Span,
    managers: Option<BTreeMap<String, Span>>,
    branches: Option<BTreeMap<String, Span>>,
}

impl Spans {
    /// The known span for deals of a manager in a branch. `None` if nothing is known.
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
            cast(column, &DataType::Utf8View).map_err(|_| {
                exec_datafusion_err!("{}() needs the names of a source, a manager and a branch", self.name)
            })
        };
        let [source, manager, branch] = [text(&columns[0])?, text(&columns[1])?, text(&columns[2])?];
        let [source, manager, branch] = [&source, &manager, &branch].map(|column| column.as_string_view());
        let end = |[source, manager, branch]: [Option<&str>; 3]| {
            let span = self.spans.get(source?)?.of(manager, branch)?;
            Some(match self.end {
                End::From => span.from,
                End::Until => span.until,
            })
        };
        let mut told = Told::default();
        let ends = (0..source.len()).map(|row| told.of([source, manager, branch], row, end));
        let ends: TimestampMicrosecondArray = ends.collect();
        Ok(ColumnarValue::Array(Arc::new(ends.with_timezone("UTC"))))
    }
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
    fn a_quiet_end_is_no_longer_than_it_ever_was_nor_than_what_is_known_of_all() {
        let events = dates(&["2025-01-06", "2025-01-20", "2025-02-03"]);
        let known = |as_of: &str, reach: &str| {
            quiet(&events, day(as_of), 7, day(reach)).map(|(from, until)| format!("{from} {until}"))
        };
        // 14 days of silence were ordinary before
        assert_eq!(known("2025-06-01", "2025-05-31").unwrap(), "2025-01-06 2025-02-17");
        assert_eq!(known("2025-06-01", "2025-02-05").unwrap(), "2025-01-06 2025-02-05");
        // nothing later than the cut tells anything
        assert_eq!(known("2025-01-20", "2025-05-31").unwrap(), "2025-01-06 2025-01-13");
        assert_eq!(known("2025-01-06", "2025-05-31"), None);
    }

    #[test]
    fn a_kind_of_every_day_bounds_the_answers_and_a_rare_one_does_not() {
        let daily = |from: &str, days: usize| day(from).iter_days().take(days).collect::<BTreeSet<_>>();
        let source = |all| Source { all, ..Source::default() };
        // calls begin in March and end on the 25th; letters are daily from January on, SMS are few
        let (calls, letters) = (daily("2025-03-01", 25), daily("2025-01-01", 90));
        let sms = dates(&["2025-02-10", "2025-03-05"]);
        let answers: BTreeSet<NaiveDate> = calls.iter().chain(&letters).copied().collect();
        let by_name = [("call", calls), ("email", letters), ("sms", sms), ("answer", answers)];
        let by_name = by_name.map(|(name, all)| (name.to_owned(), source(all))).into();
        let known = Sources { by_name }.known("answer", day("2025-06-01")).unwrap();
        assert_eq!(known, (day("2025-03-01"), day("2025-03-25")));
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
