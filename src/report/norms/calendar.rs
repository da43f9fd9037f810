//! Hours and days of a calendar in words.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::model::calendar::{Calendar, Hours};
use crate::model::lang::Lang;
use crate::report::render::number::Numbers;

/// The days of a week, in Russian and English.
const DAYS: [(&str, &str); 7] =
    [("пн", "Mon"), ("вт", "Tue"), ("ср", "Wed"), ("чт", "Thu"), ("пт", "Fri"), ("сб", "Sat"), ("вс", "Sun")];

/// The hours of a week, days with the same hours together: `пн–пт 09:00–18:00; сб, вс выходной`.
pub(super) fn week(calendar: &Calendar, lang: Lang) -> String {
    let name = |at: usize| lang.pick(DAYS[at].0, DAYS[at].1);
    let mut said = Vec::new();
    let mut from = 0;
    while from < DAYS.len() {
        let hours = &calendar.week[from];
        let to = (from..DAYS.len()).take_while(|at| calendar.week[*at] == *hours).last().unwrap_or(from);
        let days = match to - from {
            0 => name(from).to_owned(),
            1 => format!("{}, {}", name(from), name(to)),
            _ => format!("{}–{}", name(from), name(to)),
        };
        said.push(format!("{days} {}", written(hours, lang)));
        from = to + 1;
    }
    said.join("; ")
}

/// The hours of a day: `09:00–13:00, 14:00–18:00`.
fn written(hours: &[Hours], lang: Lang) -> String {
    let time = |minutes: u16| match minutes % Hours::DAY {
        0 if minutes > 0 => "24:00".to_owned(),
        rest => format!("{:02}:{:02}", rest / 60, rest % 60),
    };
    let span = |hours: &Hours| format!("{}–{}", time(hours.from), time(hours.to));
    match hours.is_empty() {
        true => lang.pick("выходной", "off").to_owned(),
        false => hours.iter().map(span).collect::<Vec<_>>().join(", "),
    }
}

/// The days with hours of their own. `None` if there are none.
pub(super) fn dates(calendar: &Calendar, numbers: &Numbers<'_>) -> Option<String> {
    let mut runs: Vec<(NaiveDate, NaiveDate, &Vec<Hours>)> = Vec::new();
    for (day, hours) in &calendar.dates {
        match runs.last_mut() {
            Some((_, last, of)) if last.succ_opt() == Some(*day) && *of == hours => *last = *day,
            _ => runs.push((*day, *day, hours)),
        }
    }
    let run = |(first, last, hours): &(NaiveDate, NaiveDate, &Vec<Hours>)| {
        let days = match first == last {
            true => numbers.date(*first),
            false => format!("{}–{}", numbers.short_date(*first), numbers.date(*last)),
        };
        format!("{days} {}", written(hours, numbers.lang))
    };
    (!runs.is_empty()).then(|| runs.iter().map(run).collect::<Vec<_>>().join("; "))
}

/// Days by year, those in a row as one: `2026: 01.01–09.01, 23.02; 2027: 08.03`. `None` if there are none.
pub(super) fn holidays<'d>(days: impl Iterator<Item = &'d NaiveDate>, numbers: &Numbers<'_>) -> Option<String> {
    let mut years: BTreeMap<i32, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for day in days {
        let runs = years.entry(day.year()).or_default();
        match runs.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(*day) => *last = *day,
            _ => runs.push((*day, *day)),
        }
    }
    let run = |(first, last): &(NaiveDate, NaiveDate)| match first == last {
        true => numbers.short_date(*first),
        false => format!("{}–{}", numbers.short_date(*first), numbers.short_date(*last)),
    };
    let year =
        |(year, runs): (&i32, &Vec<_>)| format!("{year}: {}", runs.iter().map(run).collect::<Vec<_>>().join(", "));
    (!years.is_empty()).then(|| years.iter().map(year).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_of_the_same_hours_stand_together() {
        let nine = || vec![Hours { from: 540, to: 780 }, Hours { from: 840, to: 1080 }];
        let night = vec![Hours { from: 1320, to: 1800 }];
        let all_day = vec![Hours { from: 0, to: 1440 }];
        let mut calendar = Calendar::of_zone(chrono_tz::UTC);
        calendar.week = [nine(), nine(), nine(), night, all_day, vec![], vec![]];
        assert_eq!(
            week(&calendar, Lang::Ru),
            "пн–ср 09:00–13:00, 14:00–18:00; чт 22:00–06:00; пт 00:00–24:00; сб, вс выходной"
        );
        calendar.dates = [(day("2026-02-14"), nine()), (day("2026-12-28"), vec![]), (day("2026-12-29"), vec![])].into();
        let numbers = Numbers { lang: Lang::En, currency: "€" };
        let said = dates(&calendar, &numbers).unwrap().replace('\u{a0}', " ");
        assert_eq!(said, "14 Feb 2026 09:00–13:00, 14:00–18:00; 28 Dec–29 Dec 2026 off");
    }

    #[test]
    fn holidays_are_told_by_year_and_those_in_a_row_as_one() {
        let days = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-23"].map(day);
        let numbers = Numbers { lang: Lang::Ru, currency: "₽" };
        assert_eq!(holidays(days.iter(), &numbers).unwrap(), "2025: 31.12; 2026: 01.01–02.01, 23.02");
        assert_eq!(holidays([].iter(), &numbers), None);
    }
}
