//! Periods as a report definition writes them, relative to `as_of`.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::model::calendar::Calendar;
use crate::model::lang::{Lang, Text, both, russian};
use crate::model::problem::{meant, nearest};
use crate::model::written::Wrong;

/// Half-open local days: `from` belongs to the range, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The first day.
    pub from: NaiveDate,
    /// The first day that is no longer in it.
    pub to: NaiveDate,
}

/// A period relative to `as_of`. All but `Months` end with the last complete week, which is the report's week. Those that a person
/// picks day by day are no words of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A number of complete weeks, Monday to Sunday: `last_week`, `13w`.
    Weeks(u32),
    /// A number of complete calendar months: `last_month`, `12m`.
    Months(u32),
    /// The calendar month of `as_of`, up to its end, as far as it is known: `this_month`.
    ThisMonth,
    /// From 1 January of the report's week to its end: `ytd`.
    YearToDate,
    /// From the first known day to the end of the report's week: `all`.
    All,
    /// These days, as somebody picked them.
    Days(Range),
}

/// The accepted forms, for messages.
const NAMES: [&str; 7] = ["last_week", "last_month", "this_month", "13w", "12m", "ytd", "all"];
/// An upper limit against typing errors: no CRM has a longer history.
const MOST_WEEKS: u32 = 1040;

impl Period {
    /// Reads a period as written.
    pub fn parse(text: &str) -> Result<Period, Wrong> {
        let counted = |unit: char| text.strip_suffix(unit).and_then(|n| n.parse::<u32>().ok());
        match (text, counted('w'), counted('m')) {
            ("last_week", ..) => Ok(Period::Weeks(1)),
            ("last_month", ..) => Ok(Period::Months(1)),
            ("this_month", ..) => Ok(Period::ThisMonth),
            ("ytd", ..) => Ok(Period::YearToDate),
            ("all", ..) => Ok(Period::All),
            (_, Some(n @ 1..=MOST_WEEKS), _) => Ok(Period::Weeks(n)),
            (_, _, Some(n @ 1..=240)) => Ok(Period::Months(n)),
            _ => {
                let way = match nearest(text, NAMES) {
                    None => Text::new(
                        "недели и месяцы пишутся как `13w` и `12m`; или одно из: last_week, last_month, this_month, ytd, all",
                        "write so many weeks or months as `13w` or `12m`, or one of: last_week, last_month, this_month, ytd, all",
                    ),
                    Some(near) => meant(near),
                };
                Err(Wrong::new(both!("`{text}` — не период", "`{text}` is no period"), way))
            }
        }
    }

    /// The days of the period. `first` is the first day in the store.
    pub fn range(self, as_of: NaiveDate, first: NaiveDate) -> Range {
        let end = Calendar::monday(as_of);
        match self {
            Period::Weeks(n) => Range { from: end - Days::new(7 * u64::from(n)), to: end },
            Period::Months(n) => {
                let to = Calendar::first_of_month(as_of);
                Range { from: to - Months::new(n), to }
            }
            Period::ThisMonth => {
                let from = Calendar::first_of_month(as_of);
                Range { from, to: from + Months::new(1) }
            }
            Period::YearToDate => {
                let last = end - Days::new(1);
                Range { from: last - Days::new(u64::from(last.ordinal0())), to: end }
            }
            // an empty store, or one younger than a week, still has a period
            Period::All => Range { from: Calendar::monday(first).min(end - Days::new(7)), to: end },
            Period::Days(days) => days,
        }
    }

    /// The period of the same length just before; `None` if there is none.
    pub fn before(self, range: Range) -> Option<Range> {
        match self {
            Period::Weeks(n) => Some(range.earlier_by_days(7 * u64::from(n))),
            Period::Months(n) => Some(Range { from: range.from - Months::new(n), to: range.from }),
            Period::Days(days) => Some(range.earlier_by_days((days.to - days.from).num_days().unsigned_abs())),
            Period::ThisMonth | Period::YearToDate | Period::All => None,
        }
    }

    /// The same period a year ago: 52 weeks back where weeks are counted, so that weekdays match, else twelve months.
    pub fn year_ago(self, range: Range) -> Option<Range> {
        match self {
            Period::Weeks(_) => Some(range.earlier_by_days(364)),
            Period::Months(_) | Period::ThisMonth | Period::Days(_) => {
                Some(Range { from: range.from - Months::new(12), to: range.to - Months::new(12) })
            }
            Period::YearToDate => Some(Range { from: range.from - Months::new(12), to: range.to - Days::new(364) }),
            Period::All => None,
        }
    }

    /// The period in words, as a heading has it.
    pub fn words(self, lang: Lang) -> String {
        match (self, lang) {
            (Period::Weeks(1), Lang::Ru) => "прошлая неделя".to_owned(),
            (Period::Weeks(1), Lang::En) => "last week".to_owned(),
            (Period::Weeks(n), Lang::Ru) => format!("{n} {}", russian(n, ["неделя", "недели", "недель"])),
            (Period::Weeks(n), Lang::En) => format!("{n} weeks"),
            (Period::Months(1), Lang::Ru) => "прошлый месяц".to_owned(),
            (Period::Months(1), Lang::En) => "last month".to_owned(),
            (Period::Months(n), Lang::Ru) => format!("{n} {}", russian(n, ["месяц", "месяца", "месяцев"])),
            (Period::Months(n), Lang::En) => format!("{n} months"),
            (Period::ThisMonth, Lang::Ru) => "этот месяц".to_owned(),
            (Period::ThisMonth, Lang::En) => "this month".to_owned(),
            (Period::YearToDate, Lang::Ru) => "с начала года".to_owned(),
            (Period::YearToDate, Lang::En) => "year to date".to_owned(),
            (Period::All, Lang::Ru) => "за всё время".to_owned(),
            (Period::All, Lang::En) => "all time".to_owned(),
            (Period::Days(_), Lang::Ru) => "выбранные дни".to_owned(),
            (Period::Days(_), Lang::En) => "the days picked".to_owned(),
        }
    }
}

impl Range {
    fn earlier_by_days(self, days: u64) -> Range {
        Range { from: self.from - Days::new(days), to: self.to - Days::new(days) }
    }

    /// How many days earlier this range ends than another.
    pub fn days_before(self, other: Range) -> u64 {
        (other.to - self.to).num_days().unsigned_abs()
    }

    /// The last day that belongs to it.
    pub fn last(self) -> NaiveDate {
        self.to - Days::new(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(period: &str, as_of: &str) -> String {
        let r = Period::parse(period).unwrap().range(day(as_of), day("2024-02-15"));
        format!("{} {}", r.from, r.to)
    }

    #[test]
    fn periods_are_whole_weeks_and_months_before_as_of() {
        for (period, as_of, expected) in [
            ("last_week", "2025-06-30", "2025-06-23 2025-06-30"), // a Monday: the week that just ended
            ("last_week", "2025-07-06", "2025-06-23 2025-06-30"), // a Sunday: its own week is not complete
            ("1w", "2025-07-06", "2025-06-23 2025-06-30"),
            ("13w", "2025-06-30", "2025-03-31 2025-06-30"),
            ("last_month", "2025-06-30", "2025-05-01 2025-06-01"),
            ("12m", "2025-07-01", "2024-07-01 2025-07-01"),
            ("ytd", "2025-06-30", "2025-01-01 2025-06-30"),
            ("ytd", "2025-01-02", "2024-01-01 2024-12-30"), // the report's week lies in the old year
            ("all", "2025-06-30", "2024-02-12 2025-06-30"),
            ("all", "2024-02-16", "2024-02-05 2024-02-12"),
        ] {
            assert_eq!(range(period, as_of), expected, "{period} as of {as_of}");
        }
    }

    #[test]
    fn a_period_knows_what_to_compare_with() {
        let back = |period: &str| {
            let period = Period::parse(period).unwrap();
            let range = period.range(day("2025-06-30"), day("2020-01-01"));
            [period.before(range), period.year_ago(range)].map(|r| r.map(|r| format!("{} {}", r.from, r.to)))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(back("last_week"), [some("2025-06-16 2025-06-23"), some("2024-06-24 2024-07-01")]);
        assert_eq!(back("13w"), [some("2024-12-30 2025-03-31"), some("2024-04-01 2024-07-01")]);
        assert_eq!(back("last_month"), [some("2025-04-01 2025-05-01"), some("2024-05-01 2024-06-01")]);
        assert_eq!(back("ytd"), [None, some("2024-01-01 2024-07-01")]);
        assert_eq!(back("all"), [None, None]);
    }

    #[test]
    fn what_is_no_period_is_refused_with_the_way_out() {
        let way =
            "write so many weeks or months as `13w` or `12m`, or one of: last_week, last_month, this_month, ytd, all";
        for (text, hint) in [
            ("lastweek", "did you mean `last_week`?"),
            ("0w", way),
            ("13", "did you mean `13w`?"),
            ("99999w", way),
            ("13 weeks", way),
            ("", way),
        ] {
            let wrong = Period::parse(text).unwrap_err();
            assert_eq!((wrong.what.en, wrong.hint.en), (format!("`{text}` is no period"), hint.to_owned()), "{text}");
        }
    }

    #[test]
    fn numbers_of_weeks_in_russian() {
        let words = |n| Period::Weeks(n).words(Lang::Ru);
        assert_eq!(
            [words(1), words(2), words(13), words(21)],
            ["прошлая неделя", "2 недели", "13 недель", "21 неделя"]
        );
    }
}
