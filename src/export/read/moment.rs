//! One cell → a moment or a day, as its form or the mapping says. What a number counts is never guessed.

use chrono::{Datelike, NaiveDate};

use super::column_plan::{ColumnPlan, From};
use super::oddities::Oddities;
use super::reason;
use super::row::{Refused, Row};
use crate::export::datum::Value;
use crate::export::records::Typed;
use crate::export::values::dates::{self, DateFormat};
use crate::export::values::moment::Moment;
use crate::model::lang::Text;

/// A campaign may last for years; what is longer than ten is a slip of the year.
const LONGEST_PERIOD: i64 = 3660;
/// The cost of a longer time than a year says little about a day of it: that is told.
const YEAR: i64 = 366;

impl ColumnPlan {
    /// Reads a day, or a period of them: its first day, and the last one.
    pub(super) fn day<'r>(
        &self,
        cell: Option<usize>,
        text: &str,
        typed: Typed,
        row: Row<'r>,
        met: &mut Oddities,
    ) -> Result<(Value<'r>, Option<i64>), Refused> {
        let day = |text: &str| Some(i64::from(self.moment(text, typed, row)?.local.date().to_epoch_days()));
        if let Some(day) = day(text) {
            return Ok((self.in_time(cell, text, day, met)?, None));
        }
        match dates::ends(text).filter(|_| self.is_period).and_then(|(first, last)| Some((day(first)?, day(last)?))) {
            Some((first, last)) if first == last => Ok((self.in_time(cell, text, first, met)?, None)),
            Some((first, last)) if first < last && last - first < LONGEST_PERIOD => {
                met.spread_long += u64::from(last - first >= YEAR);
                Ok((self.in_time(cell, text, first, met)?, Some(last)))
            }
            Some(_) => Err(self.refuse(cell, text, reason::no_period(LONGEST_PERIOD))),
            None => Err(self.no_date(cell, text, typed, row)),
        }
    }

    /// Microseconds since 1970, UTC.
    pub(super) fn instant(&self, moment: Moment) -> i64 {
        match moment.offset {
            Some(offset) => moment.local.and_utc().timestamp_micros() - i64::from(offset) * 1_000_000,
            None => match self.offsets.of_day(moment.local.date()) {
                Some(offset) => moment.local.and_utc().timestamp_micros() - i64::from(offset) * 1_000_000,
                None => self.calendar.instant(moment.local).timestamp_micros(),
            },
        }
    }

    /// The time in a cell. `None` if it does not match the mapping's time format.
    pub(super) fn moment(&self, text: &str, typed: Typed, row: Row<'_>) -> Option<Moment> {
        let moment = match (&self.from, typed, &self.reading.dates) {
            (_, Typed::Time, _) if self.reading.cells_swapped == Some(true) => swapped(dates::iso(text)?)?,
            (_, Typed::Time, _) => dates::iso(text)?,
            // what a number counts is stated: a year is no day of a spreadsheet
            (_, typed, stated) if typed.is_number() => {
                stated.iter().flatten().find_map(|format| format.read_number(text, row.record.is_1904))?
            }
            // written as a TOML date, so in this one form
            (From::Const(_), ..) | (.., None) => return DateFormat::parse("yyyy-mm-dd").ok()?.read(text),
            (.., Some(formats)) => formats.iter().find_map(|format| format.read(text))?,
        };
        if row.record.is_of_form() && !typed.is_number() && self.reading.cells_swapped.is_none() {
            self.seen.borrow_mut().date(moment.local.day(), typed == Typed::Time, row.record.line, text);
        }
        Some(moment)
    }

    /// Why a cell is no time.
    pub(super) fn no_date(&self, cell: Option<usize>, text: &str, typed: Typed, row: Row<'_>) -> Refused {
        let fitting = || fitting(text, row.record.is_1904);
        match &self.reading.dates {
            None if typed.is_number() => Refused {
                whole_column: Some(Box::new(number_of_what(&fitting()))),
                ..self.refuse(cell, text, reason::number_for_date())
            },
            Some(stated) if typed.is_number() => self.refuse(
                cell,
                text,
                reason::no_number_of_a_date(stated, fitting().first().map(|(form, _, day)| (*form, *day))),
            ),
            stated => self.refuse(cell, text, reason::not_a_date(stated.iter().flatten())),
        }
    }
}

/// A date with day and month swapped back. `None` if its day cannot be a month.
fn swapped(moment: Moment) -> Option<Moment> {
    let day = NaiveDate::from_ymd_opt(moment.local.year(), moment.local.day(), moment.local.month())?;
    Some(Moment { local: day.and_time(moment.local.time()), ..moment })
}

/// Forms in which a number may be a date, and what it counts then, in Russian and English.
const FORMS: [(&str, [&str; 2]); 8] = [
    ("yyyymmdd", ["так и записано", "written so"]),
    ("yyyymmddHHMMSS", ["так и записано", "written so"]),
    ("excel", ["дни электронной таблицы", "days of a spreadsheet"]),
    ("unix_days", ["дни с 1970 года", "days since 1970"]),
    ("unix", ["секунды с 1970 года", "seconds since 1970"]),
    ("unix_ms", ["миллисекунды с 1970 года", "milliseconds since 1970"]),
    ("unix_us", ["микросекунды с 1970 года", "microseconds since 1970"]),
    ("unix_ns", ["наносекунды с 1970 года", "nanoseconds since 1970"]),
];

/// Those in which a number is a day of our time, and which.
fn fitting(text: &str, is_1904: bool) -> Vec<(&'static str, [&'static str; 2], NaiveDate)> {
    let meant = |(form, what): &(&'static str, [&'static str; 2])| {
        let day = DateFormat::parse(form).ok()?.read_number(text, is_1904)?.local.date();
        (1990..2060).contains(&day.year()).then_some((*form, *what, day))
    };
    FORMS.iter().filter_map(meant).collect()
}

/// How the mapping says what a number counts that stands for a date.
fn number_of_what(fitting: &[(&str, [&str; 2], NaiveDate)]) -> Text {
    let listed = |lang: usize, here: &str, or: &str| -> String {
        let stated = |(form, what, day): &(&str, [&str; 2], NaiveDate)| {
            format!("dates = \"{form}\" ({}: {here}{day})", what[lang])
        };
        fitting.iter().map(stated).collect::<Vec<_>>().join(or)
    };
    if fitting.is_empty() {
        let all = |lang: usize| {
            FORMS
                .iter()
                .map(|(form, what)| format!("dates = \"{form}\" ({})", what[lang]))
                .collect::<Vec<_>>()
                .join(", ")
        };
        return Text::new(
            format!("что бы оно ни считало, это не день нашего времени; в маппинге можно указать: {}", all(0)),
            format!("it is no day of our time, whatever it counts; the mapping can state: {}", all(1)),
        );
    }
    Text::new(
        format!("укажите в маппинге: {}", listed(0, "здесь ", ", или ")),
        format!("say it in the mapping: {}", listed(1, "here ", ", or ")),
    )
}
