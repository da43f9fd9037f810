//! `[schedule]`: working hours and holidays.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::model::calendar::{Calendar, Hours};
use crate::model::problem::nearest;
use crate::model::written::{Section, Value, Wrong};

/// The days of a week, as keys.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The longest run of holidays that may be written as one range. A longer one is a slip of the pen.
const LONGEST_RANGE_DAYS: i64 = 60;

/// Reads `[schedule]`.
pub fn calendar(root: &Section<'_>, zone: Tz) -> Calendar {
    let schedule = root.table("schedule");
    let before = DAYS.map(|day| schedule.has(day));
    let week = DAYS.map(|day| schedule.checked(day, hours).flatten());
    if before == [true; 7] && DAYS.iter().all(|day| matches!(schedule.value(day), Some(Value::Text(t)) if t == "off")) {
        schedule.problem(
            schedule.line(),
            "every day of [schedule] is off",
            "give at least one day hours: \"09:00-18:00\"",
        );
    }
    Calendar { zone, week, holidays: holidays(&schedule).into_keys().collect() }
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

/// Reads the hours of a day; none: off.
pub fn hours(text: &str) -> Result<Option<Hours>, Wrong> {
    let wrong = |what: &str| Wrong::new(format!("`{text}` {what}"), "write \"09:00-18:00\", or \"off\"");
    if text == "off" {
        return Ok(None);
    }
    let (from, to) = text.split_once(['-', '–', '—']).ok_or_else(|| wrong("are no working hours"))?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| wrong("are no working hours"));
    let (from, to) = (time(from)?, time(to)?);
    match from < to {
        true => Ok(Some(Hours { from, to })),
        false => Err(wrong("ends before it begins: a shift must end on the day on which it began")),
    }
}

/// Holidays, with the lines on which they stand.
fn holidays(schedule: &Section<'_>) -> BTreeMap<NaiveDate, usize> {
    let written = schedule.items("holidays", "[2026-02-23, \"2026-01-01..2026-01-08\"]", |value| match value {
        Value::Day(day) => Ok((*day, *day)),
        Value::Text(text) => range(text),
        other => Err(not_a_holiday(&other.describe())),
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

fn range(text: &str) -> Result<(NaiveDate, NaiveDate), Wrong> {
    let day = |text: &str| text.trim().parse::<NaiveDate>().map_err(|_| not_a_holiday(&format!("`{text}`")));
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    match (last - first).num_days() {
        days if days < 0 => Err(Wrong::new(format!("`{text}` ends before it begins"), "write the earlier date first")),
        days if days >= LONGEST_RANGE_DAYS => {
            let hint = format!("at most {LONGEST_RANGE_DAYS} days in a row; check the year");
            Err(Wrong::new(format!("`{text}` are {} days of holidays", days + 1), hint))
        }
        _ => Ok((first, last)),
    }
}

fn not_a_holiday(what: &str) -> Wrong {
    Wrong::new(format!("{what} is no holiday"), "write a date, 2026-02-23, or a range, \"2026-01-01..2026-01-08\"")
}
