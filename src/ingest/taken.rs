//! When a snapshot was taken: as its file's name, the user or the clock says.

use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::IngestError;
use super::dates::{DateFormat, Moment};
use super::mapping::Export;
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

/// When a snapshot was taken, as it is said: a day, or a day and a time; local unless an offset is said too.
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

/// The moments between which a snapshot was taken, in microseconds: of a day its beginning and its end, else the same.
///
/// A snapshot of a day shows what was so at some moment of that day. So what it shows had happened by the day's end, and what
/// it does not show yet had not happened at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) earliest: i64,
    pub(super) latest: i64,
}

impl Taken {
    /// The same as moments. No snapshot was taken after it was ingested, which was at `at`; none: nor before that.
    fn span(self, zone: Tz, at: DateTime<Utc>) -> Option<Span> {
        let calendar = Calendar { zone, week: [None; 7], holidays: Default::default() };
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

/// When a snapshot was taken, and whether that is only known from when it is ingested. The name goes before what was `said`
/// for all files; where neither tells, it is `at`, the moment of the ingest.
pub(super) fn when(
    path: &Path,
    export: &Export,
    mapping: &str,
    said: Option<Taken>,
    at: DateTime<Utc>,
) -> Result<(Span, bool), IngestError> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let named = export.taken.as_ref().map(|format| (format, format.find(&name)));
    let taken = match (&named, said) {
        (Some((format, found)), said) => match (found.as_slice(), said) {
            ([moment], _) => Some(Taken { moment: *moment, is_day: !format.has_time() }),
            (_, Some(said)) => Some(said),
            (found, None) => {
                let what = match found {
                    [] => "its name does not say when the snapshot was taken",
                    _ => "its name says more than once when the snapshot was taken",
                };
                let (path, format, mapping) = (path.to_owned(), format.to_string(), mapping.to_owned());
                return Err(IngestError::NotTaken { path, what, format, mapping });
            }
        },
        (None, said) => said,
    };
    let now = at.timestamp_micros();
    let Some(taken) = taken else { return Ok((Span { earliest: now, latest: now }, true)) };
    let span = taken.span(export.zone.unwrap_or(Tz::UTC), at);
    let yet_to_come = || IngestError::YetToCome { path: path.to_owned(), taken: taken.moment.local.to_string() };
    Ok((span.ok_or_else(yet_to_come)?, false))
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
}
