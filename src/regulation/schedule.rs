//! `[schedule]`: working hours by weekday and by date, holidays.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;

use crate::model::calendar::{Calendar, Hours};
use crate::model::problem::nearest;
use crate::model::written::{Section, Value, Wrong};

/// The days of a week, as keys.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The longest run of days that may be written as one range. A longer one is a slip of the pen.
const LONGEST_RANGE_DAYS: i64 = 60;
/// How hours are written.
const FORMS: &str = "write \"09:00-18:00\", with a break \"09:00-13:00, 14:00-18:00\", a night shift \"22:00-06:00\", \"00:00-24:00\", or \"off\"";

/// Reads `[schedule]`.
pub fn calendar(root: &Section<'_>, zone: Tz) -> Calendar {
    let schedule = root.table("schedule");
    let week = DAYS.map(|day| {
        if !schedule.has(day) {
            // only to have it told that it is missing
            schedule.text(day);
        }
        hours(&schedule, day, None)
    });
    let all_off = week.iter().all(|hours| hours.as_ref().is_some_and(Vec::is_empty));
    let mut calendar = Calendar { week: week.map(Option::unwrap_or_default), ..Calendar::of_zone(zone) };
    let holidays = holidays(&schedule);
    calendar.holidays = holidays.keys().copied().collect();
    dates(&schedule, &mut calendar, &holidays);
    if all_off && calendar.dates.is_empty() {
        schedule.problem(
            schedule.line(),
            "every day of [schedule] is off",
            "give at least one day hours: \"09:00-18:00\"",
        );
    }
    overlaps(&schedule, &calendar);
    calendar
}

/// Reads the name of a time zone.
pub fn zone(name: &str) -> Result<Tz, Wrong> {
    name.parse().map_err(|_| {
        let cities = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let city =
            cities.clone().find(|zone| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name)));
        let hint = match city.or_else(|| nearest(name, cities)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write it as Continent/City, such as Europe/Moscow or Asia/Yekaterinburg".to_owned(),
        };
        Wrong::new(format!("there is no time zone `{name}`"), hint)
    })
}

/// The hours written under a key, as a text or a list of texts; `week`: where the name of a weekday stands for its hours. None:
/// absent, or a problem was noted. Empty: off.
pub fn hours(section: &Section<'_>, key: &str, week: Option<&[Vec<Hours>; 7]>) -> Option<Vec<Hours>> {
    let read = |text: &str| match week.and_then(|week| DAYS.iter().position(|day| *day == text).map(|at| &week[at])) {
        Some(hours) => Ok(hours.clone()),
        None => spans(text),
    };
    let mut all = match section.value(key)? {
        Value::List(items) if !items.is_empty() => {
            let texts = section.texts(key);
            let mut all = Vec::new();
            for text in &texts {
                match spans(text) {
                    Ok(hours) => all.extend(hours),
                    Err(Wrong { what, hint }) => {
                        section.problem(text.line, what, hint);
                        return None;
                    }
                }
            }
            (texts.len() == items.len()).then_some(all)?
        }
        _ => section.optional_checked(key, read)?,
    };
    all.sort_unstable();
    if let Some(pair) = all.windows(2).find(|pair| pair[0].to > pair[1].from) {
        let what = format!("{} and {} of `{key}` overlap", written(pair[0]), written(pair[1]));
        section.wrong(key, what, "write each stretch once; where one ends, the next may begin");
        return None;
    }
    Some(all)
}

/// Reads a day's working intervals, separated by commas. Empty for `off`.
fn spans(text: &str) -> Result<Vec<Hours>, Wrong> {
    let text = text.trim();
    match text {
        "off" => Ok(Vec::new()),
        _ => text.split(',').map(|part| span(part.trim())).collect(),
    }
}

/// Reads a stretch of work. One that ends no later than it begins ends on the next day.
fn span(text: &str) -> Result<Hours, Wrong> {
    let wrong = || Wrong::new(format!("`{text}` are no working hours"), FORMS);
    let (from, to) = text.split_once(['-', '–', '—']).ok_or_else(wrong)?;
    let time = |text: &str| match text.trim() {
        "24:00" => Ok(Hours::DAY),
        text => match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) => u16::try_from(time.num_seconds_from_midnight() / 60).map_err(|_| wrong()),
            Err(_) => Err(wrong()),
        },
    };
    let (from, to) = (time(from)?, time(to)?);
    match to {
        _ if from == Hours::DAY => Err(wrong()),
        _ if from == to => Err(Wrong::new(
            format!("`{text}` ends when it begins: no time at all, or a day and a night"),
            "write \"off\" for no work, \"00:00-24:00\" for work around the clock",
        )),
        _ if from < to => Ok(Hours { from, to }),
        _ => Ok(Hours { from, to: to + Hours::DAY }),
    }
}

/// A stretch as people write it.
fn written(hours: Hours) -> String {
    let time = |minutes: u16| match minutes % Hours::DAY {
        0 if minutes > 0 => "24:00".to_owned(),
        rest => format!("{:02}:{:02}", rest / 60, rest % 60),
    };
    format!("{}-{}", time(hours.from), time(hours.to))
}

/// Reads `dates`, the days with hours of their own, into the calendar; those that are off become holidays.
pub fn dates(section: &Section<'_>, calendar: &mut Calendar, holidays: &BTreeMap<NaiveDate, usize>) {
    let Some(dates) = section.optional_table("dates") else { return };
    let mut lines: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    for key in dates.keys() {
        let hours = hours(&dates, key.name, Some(&calendar.week));
        let (first, last) = match range(key.name, "date") {
            Ok(range) => range,
            Err(Wrong { what, hint }) => {
                dates.problem(key.line, what, hint);
                continue;
            }
        };
        for day in first.iter_days().take_while(|day| *day <= last) {
            if let Some(line) = holidays.get(&day) {
                let hint = format!("it stands in line {line}: remove it from one of the two");
                dates.problem(key.line, format!("{day} has hours of its own and is a holiday"), hint);
            }
            if let Some(line) = lines.insert(day, key.line) {
                let hint = format!("it stands in line {line} already: remove one of the two");
                dates.problem(key.line, format!("the hours of {day} are written twice"), hint);
            }
            match &hours {
                Some(hours) if hours.is_empty() => {
                    calendar.dates.remove(&day);
                    calendar.holidays.insert(day);
                }
                Some(hours) => {
                    calendar.dates.insert(day, hours.clone());
                }
                None => {}
            }
        }
    }
}

/// Notes each day that begins to work before the night shift of the day before it has ended.
pub fn overlaps(section: &Section<'_>, calendar: &Calendar) {
    let overlap = |before: &[Hours], day: &[Hours]| {
        let (night, first) = (*before.last()?, *day.first()?);
        (night.next_day() > first.from).then_some((night, first))
    };
    let hint = "let one end where the other begins";
    for (at, name) in DAYS.into_iter().enumerate() {
        let before = (at + 6) % 7;
        if let Some((night, first)) = overlap(&calendar.week[before], &calendar.week[at]) {
            let (night, first) = (written(night), written(first));
            let what = format!("{night} of `{}` runs into {first} of `{name}`", DAYS[before]);
            section.wrong(name, what, hint);
        }
    }
    let days = calendar.dates.keys().flat_map(|day| [Some(*day), day.succ_opt()]).flatten();
    // a date's neighbours matter only where the date or they have hours of their own
    for day in days.collect::<std::collections::BTreeSet<_>>() {
        let Some(before) = day.pred_opt() else { continue };
        if let Some((night, first)) = overlap(calendar.hours(before), calendar.hours(day)) {
            let what = format!("{} of {before} runs into {} of {day}", written(night), written(first));
            section.wrong("dates", what, hint);
        }
    }
}

/// Holidays, with the lines on which they stand.
fn holidays(schedule: &Section<'_>) -> BTreeMap<NaiveDate, usize> {
    let written = schedule.items("holidays", "[2026-02-23, \"2026-01-01..2026-01-08\"]", |value| match value {
        Value::Day(day) => Ok((*day, *day)),
        Value::Text(text) => range(text, "holiday"),
        other => Err(no_day(&other.describe(), "holiday")),
    });
    let mut holidays = BTreeMap::new();
    for span in written {
        let (first, last) = span.value;
        for day in first.iter_days().take_while(|day| *day <= last) {
            if let Some(earlier) = holidays.insert(day, span.line) {
                let where_ = format!("it stands in line {earlier} already: remove one of the two");
                schedule.problem(span.line, format!("the holiday {day} is written twice"), where_);
            }
        }
    }
    holidays
}

/// Reads a day, or several in a row; `what` they are to be.
fn range(text: &str, what: &str) -> Result<(NaiveDate, NaiveDate), Wrong> {
    let day = |text: &str| text.trim().parse::<NaiveDate>().map_err(|_| no_day(&format!("`{text}`"), what));
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    match (last - first).num_days() {
        days if days < 0 => Err(Wrong::new(format!("`{text}` ends before it begins"), "write the earlier date first")),
        days if days >= LONGEST_RANGE_DAYS => {
            let hint = format!("at most {LONGEST_RANGE_DAYS} days in a row; check the year");
            Err(Wrong::new(format!("`{text}` are {} days of {what}s", days + 1), hint))
        }
        _ => Ok((first, last)),
    }
}

fn no_day(found: &str, what: &str) -> Wrong {
    Wrong::new(format!("{found} is no {what}"), "write a date, 2026-02-23, or a range, \"2026-01-01..2026-01-08\"")
}
