//! When an export was taken: as its file's name, the user or the clock says.
//!
//! Snapshots are compared by it. Of every export it tells up to when it reaches: what came later it cannot show.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::ExportError;
use super::choose::Chosen;
use super::files::Input;
use super::mapping::Export;
use super::values::dates::DateFormat;
use super::values::moment::Moment;
use crate::model::calendar::Calendar;

/// The formats in which a person says when.
const SAID: [&str; 6] = [
    "yyyy-mm-dd",
    "yyyy-mm-ddTHH:MM",
    "yyyy-mm-dd HH:MM",
    "yyyy-mm-ddTHH:MM:SS",
    "yyyy-mm-ddTHH:MMZ",
    "yyyy-mm-ddTHH:MM:SSZ",
];

/// When an export was taken, as it is said: a day, or a day and a time; local unless an offset is said too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    moment: Moment,
    /// Whether only the day is said.
    is_day: bool,
}

impl FromStr for Taken {
    type Err = String;

    fn from_str(text: &str) -> Result<Taken, String> {
        let formats = SAID.iter().filter_map(|format| DateFormat::parse(format).ok());
        let mut read = formats
            .filter_map(|format| format.read(text.trim()).map(|moment| Taken { moment, is_day: !format.has_time() }));
        read.next().ok_or_else(|| "write the day, or the day and the time: 2025-03-03, 2025-03-03T18:00".to_owned())
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_day {
            true => write!(f, "{}", self.moment.local.date()),
            false => write!(f, "{}", self.moment.local),
        }
    }
}

/// The moments between which an export was taken, in microseconds: of a day its beginning and its end, else the same.
///
/// A snapshot of a day shows what was so at some moment of that day. So what it shows had happened by the day's end, and what
/// it does not show yet had not happened at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
}

impl Taken {
    /// The same as moments, ended by `at`: no export was taken after its ingest. `None` if it was taken after `at`.
    fn span(self, zone: Tz, at: DateTime<Utc>) -> Option<Span> {
        let calendar = Calendar::of_zone(zone);
        let instant = |local: NaiveDateTime| match self.moment.offset {
            Some(seconds) => local.and_utc() - Duration::seconds(seconds.into()),
            None => calendar.instant(local),
        };
        let local = self.moment.local;
        let next_day = local.date().succ_opt().unwrap_or(local.date()).and_time(NaiveTime::MIN);
        let earliest = instant(local).timestamp_micros();
        let latest = match self.is_day {
            true => instant(next_day).timestamp_micros() - 1,
            false => earliest,
        };
        let at = at.timestamp_micros();
        (earliest <= at).then_some(Span { earliest, latest: latest.min(at) })
    }
}

/// The forms of a day that are looked for in a name of which the mapping says nothing. Between dashes, the day and the month
/// may stand in either order: such a date counts where only one of the two is a date.
const DAYS: [&str; 9] = [
    "yyyy-mm-dd",
    "yyyy_mm_dd",
    "yyyy.mm.dd",
    "yyyymmdd",
    "dd.mm.yyyy",
    "dd-mm-yyyy",
    "mm-dd-yyyy",
    "dd_mm_yyyy",
    "mm_dd_yyyy",
];

/// The forms of a time that may follow: first those without marks, which only follow a day without marks.
const TIMES: [&str; 10] =
    ["HHMMSS", "HHMM", "HH-MM-SS", "HH.MM.SS", "HH:MM:SS", "HH_MM_SS", "HH-MM", "HH.MM", "HH:MM", "HH_MM"];

/// The moments that a name holds in these forms, each once. A number is taken whole or not at all.
fn moments(name: &str) -> Vec<Taken> {
    let is_digit = |at: usize| name.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let begins = (0..name.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(*at - 1)));
    let mut found: Vec<Taken> = Vec::new();
    for from in begins {
        for taken in DAYS.iter().filter_map(|day| begin(&name[from..], day)) {
            if !found.contains(&taken) {
                found.push(taken);
            }
        }
    }
    found
}

/// The moment with which a text begins, if its day is written so.
fn begin(text: &str, day: &str) -> Option<Taken> {
    /// No snapshot is older: a number that looks like an earlier date is none.
    const FIRST_YEAR: i32 = 2000;
    let (date, rest) = text.split_at_checked(day.len())?;
    let moment = DateFormat::parse(day).ok()?.read(date).filter(|moment| moment.local.year() >= FIRST_YEAR)?;
    let free = rest.strip_prefix([' ', '_', '-', 'T']).unwrap_or(rest);
    let is_marked = free.len() < rest.len();
    let is_whole = !day.contains(['-', '_', '.']);
    let times = match (is_marked, is_whole) {
        (true, true) => &TIMES[..],
        (true, false) => &TIMES[2..],
        (false, true) => &TIMES[..1],
        (false, false) => &[],
    };
    let timed = times.iter().find_map(|time| {
        let (clock, rest) = free.split_at_checked(time.len())?;
        let format = DateFormat::parse(&format!("{day} {time}")).ok()?;
        format.read(&format!("{date} {clock}")).filter(|_| is_end(rest))
    });
    match timed {
        Some(moment) => Some(Taken { moment, is_day: false }),
        None => (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(Taken { moment, is_day: true }),
    }
}

/// Whether a time ends before this rest of a name: neither a word nor one more number goes on with it.
fn is_end(rest: &str) -> bool {
    let mut next = rest.chars();
    !next.next().is_some_and(char::is_alphanumeric) && !next.next().is_some_and(|c| c.is_ascii_digit())
}

/// What tells when an export was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Its name, in the form that the mapping states.
    Mapping,
    /// The user, of all files whose names do not say it.
    User,
    /// Its name, in the only way in which it can be read.
    Name(Taken),
    /// Nothing: it is the moment of the ingest.
    Clock,
}

/// When an export was taken, and what tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) span: Span,
    pub(crate) by: By,
}

impl When {
    /// The local day on which the export was taken, where anything but the clock says it.
    pub(crate) fn day(self, export: &Export) -> Option<NaiveDate> {
        let latest = DateTime::from_timestamp_micros(self.span.latest).filter(|_| !matches!(self.by, By::Clock))?;
        Some(Calendar::of_zone(zone(export)).day(latest))
    }
}

/// Up to when the exports reach that fill one table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reach {
    /// As it is said, or as snapshots are compared by it, in microseconds.
    said: Option<i64>,
    /// Whether some export says nothing.
    is_unsaid: bool,
}

impl Reach {
    /// Records an export. Repaired rows add nothing to what their export showed.
    pub(crate) fn see(&mut self, when: When, is_snapshot: bool, is_repairs: bool) {
        match when.by {
            By::Clock if !is_snapshot => self.is_unsaid |= !is_repairs,
            _ => self.said = self.said.max(Some(when.span.latest)),
        }
    }

    /// The moment. An export of which nothing says it is taken for as new as its ingest, which was at `at`, where it brought
    /// anything new: an old file that is read again reaches no farther than before.
    pub(crate) fn moment(self, at: DateTime<Utc>, brought: bool) -> Option<DateTime<Utc>> {
        match self.is_unsaid && brought {
            true => Some(at),
            false => self.said.and_then(DateTime::from_timestamp_micros),
        }
    }
}

/// When the exports were taken.
///
/// Several snapshots of one section that nothing tells apart are refused: taken at the same moment they would be one snapshot, and what
/// changed from one to the next would be lost.
pub(crate) fn all(
    chosen: &[Chosen<'_>],
    mapping: &str,
    said: Option<Taken>,
    at: DateTime<Utc>,
) -> Result<Vec<When>, ExportError> {
    let mut all = Vec::new();
    let mut alike: BTreeMap<&str, Vec<&Input>> = BTreeMap::new();
    for (input, export, _) in chosen {
        let found = when(input, export, mapping, said, at)?;
        if export.snapshot && matches!(found.by, By::User | By::Clock) {
            alike.entry(export.name.as_str()).or_default().push(input);
        }
        all.push(found);
    }
    let Some((export, inputs)) = alike.into_iter().find(|(_, inputs)| !is_one_export(inputs)) else { return Ok(all) };
    Err(ExportError::TakenTogether {
        paths: inputs.iter().map(|input| input.path.clone()).collect(),
        what: match said {
            Some(_) => "--taken says one moment for all of these snapshots",
            None => "nothing says when these snapshots were taken, and as of now they would be one",
        },
        export: export.to_owned(),
        mapping: mapping.to_owned(),
    })
}

/// Whether files are one export, and the rows of it that were mended.
fn is_one_export(inputs: &[&Input]) -> bool {
    let whole = inputs.iter().filter(|input| !input.repairs).count();
    whole <= 1 && inputs.windows(2).all(|two| two[0].name == two[1].name)
}

/// When an export was taken. Its name goes before what was `said` for all files, if the mapping states how it says it; where
/// neither tells, a date in a snapshot's name does that can be read in one way only; else it is `at`, the moment of the ingest.
/// The name of another export may as well say of which days it is.
fn when(
    input: &Input,
    export: &Export,
    mapping: &str,
    said: Option<Taken>,
    at: DateTime<Utc>,
) -> Result<When, ExportError> {
    let (taken, by) = match (stated(input, export, mapping, said.is_some())?, said) {
        (Some(taken), _) => (taken, By::Mapping),
        (None, Some(said)) => (said, By::User),
        (None, None) => return unsaid(input, export, at),
    };
    let yet_to_come = || ExportError::YetToCome { path: input.path.clone(), taken: taken.moment.local.to_string() };
    let span = taken.span(zone(export), at).ok_or_else(yet_to_come)?;
    Ok(When { span, by })
}

/// The date in the file name, by the mapping's `taken` format. `None` without a format, or if the name does not match and
/// `--taken` was given.
fn stated(input: &Input, export: &Export, mapping: &str, is_said: bool) -> Result<Option<Taken>, ExportError> {
    let Some(format) = &export.taken else { return Ok(None) };
    let what = match format.find(name(input)).as_slice() {
        [moment] => return Ok(Some(Taken { moment: *moment, is_day: !format.has_time() })),
        _ if is_said => return Ok(None),
        [] => "its name does not say when the export was taken",
        _ => "its name says more than once when the export was taken",
    };
    let (path, format, mapping) = (input.path.clone(), format.to_string(), mapping.to_owned());
    Err(ExportError::NotTaken { path, what, format, mapping })
}

/// When an export was taken of which neither the mapping nor the user says it.
fn unsaid(input: &Input, export: &Export, at: DateTime<Utc>) -> Result<When, ExportError> {
    let found = match moments(name(input)).as_slice() {
        [taken] if export.snapshot => taken.span(zone(export), at).map(|span| When { span, by: By::Name(*taken) }),
        _ => None,
    };
    let now = at.timestamp_micros();
    match found {
        Some(found) => Ok(found),
        // as of now, they would be newer than the next snapshot of an earlier day
        None if input.repairs && export.snapshot => Err(ExportError::RepairsNotTaken { path: input.path.clone() }),
        None => Ok(When { span: Span { earliest: now, latest: now }, by: By::Clock }),
    }
}

/// The name of the file; of mended rows, that of the export whose they are.
fn name(input: &Input) -> &str {
    input.name.rsplit('/').next().unwrap_or(&input.name)
}

fn zone(export: &Export) -> Tz {
    export.zone.unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<(String, String)> {
        let at = "2025-03-10T09:00:00Z".parse().unwrap();
        let shown = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339();
        let span = text.parse::<Taken>().unwrap().span(Tz::Europe__Moscow, at)?;
        Some((shown(span.earliest), shown(span.latest)))
    }

    #[test]
    fn a_day_is_all_of_that_day_and_a_time_is_itself() {
        let both = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(span("2025-03-03"), both("2025-03-02T21:00:00+00:00", "2025-03-03T20:59:59.999999+00:00"));
        assert_eq!(span("2025-03-03T18:00"), both("2025-03-03T15:00:00+00:00", "2025-03-03T15:00:00+00:00"));
        assert_eq!(span("2025-03-03T18:00+01:00"), both("2025-03-03T17:00:00+00:00", "2025-03-03T17:00:00+00:00"));
        // of the day of the ingest, what has been; nothing was taken later than that
        assert_eq!(span("2025-03-10"), both("2025-03-09T21:00:00+00:00", "2025-03-10T09:00:00+00:00"));
        assert_eq!((span("2025-03-11"), span("2025-03-10 12:01")), (None, None));
        assert!("03.03.2025".parse::<Taken>().is_err());
    }

    #[test]
    fn a_name_says_when_if_it_says_it_once() {
        let found = |format: &str, name: &str| -> Vec<String> {
            DateFormat::parse(format).unwrap().find(name).iter().map(|m| m.local.to_string()).collect()
        };
        assert_eq!(found("yyyy-mm-dd", "deals_2025-03-03.csv"), ["2025-03-03 00:00:00"]);
        assert_eq!(found("yyyymmdd", "сделки20250303.csv"), ["2025-03-03 00:00:00"]);
        assert_eq!(found("yyyy-mm-dd_HH-MM", "2025-03-03_18-05 all.csv"), ["2025-03-03 18:05:00"]);
        // a number is never cut
        assert_eq!(found("d.m.yyyy", "deals 13.3.2025.csv"), ["2025-03-13 00:00:00"]);
        assert!(found("yyyymmdd", "deals_1202503031.csv").is_empty());
        assert!(found("yyyy-mm-dd", "deals.csv").is_empty());
        assert_eq!(found("yyyy-mm-dd", "2025-03-03_2025-03-10.csv").len(), 2);
        assert_eq!(found("yyyy-mm-dd", "2025-03-03/2025-03-03.csv").len(), 1);
    }

    #[test]
    fn a_name_of_which_nothing_is_stated_is_read_if_there_is_one_way() {
        let read = |name: &str| moments(name).iter().map(Taken::to_string).collect::<Vec<_>>().join(", ");
        let table = [
            ("amocrm_export_leads_2025-03-03.csv", "2025-03-03"),
            ("сделки 2025_03_03.xlsx", "2025-03-03"),
            ("DEAL_20251201_5a1b2c3d.csv", "2025-12-01"),
            ("Сделки на 17.03.2025 v2.1.csv", "2025-03-17"),
            ("deals-17-03-2025.csv", "2025-03-17"),
            ("deals_17_03_2025.csv.repair.csv", "2025-03-17"),
            ("2025-03-03 (2025-03-03).csv", "2025-03-03"),
            // a time may follow
            ("deals_2025-03-03_18-05.csv", "2025-03-03 18:05:00"),
            ("deals 03.03.2025 18.05.30.csv", "2025-03-03 18:05:30"),
            ("deals_20250303_180530.csv", "2025-03-03 18:05:30"),
            ("deals_20250303T1805.csv", "2025-03-03 18:05:00"),
            ("deals20250303180530.csv", "2025-03-03 18:05:30"),
            // what follows is no time, or may be none
            ("deals_2025-03-03_1805.csv", "2025-03-03"),
            ("deals_2025-03-03_25-05.csv", "2025-03-03"),
            ("deals_20250303_1805ab.csv", "2025-03-03"),
            // no date: a part of a number, no such day, an old year, two digits of a year, a count of seconds
            ("1202503031.csv", ""),
            ("deals_2025-02-30.csv", ""),
            ("deals_19250303.csv", ""),
            ("deals_03.03.25.csv", ""),
            ("report1762300000000.csv", ""),
            ("deals.csv", ""),
            // several, or one that may be two
            ("2025-03-03_2025-03-10.csv", "2025-03-03, 2025-03-10"),
            ("deals-03-04-2025.csv", "2025-04-03, 2025-03-04"),
            ("deals-04-04-2025.csv", "2025-04-04"),
        ];
        for (name, expected) in table {
            assert_eq!(read(name), expected, "{name}");
        }
    }
}
