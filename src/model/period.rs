//! Periods for which people plan: a year, a quarter, a month, a week from Monday on.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodUnit {
    /// A calendar year.
    Year,
    /// Three months.
    Quarter,
    /// A calendar month.
    Month,
    /// Seven days from Monday on.
    Week,
}

impl PeriodUnit {
    /// All of them, by the words of mappings.
    pub const NAMED: [(&'static str, PeriodUnit); 4] = [
        ("month", PeriodUnit::Month),
        ("quarter", PeriodUnit::Quarter),
        ("week", PeriodUnit::Week),
        ("year", PeriodUnit::Year),
    ];
}

/// A period: its unit and its first day, on which such a period does begin. Written `2025`, `2025-Q1`, `2025-01`, `2025-W02`
/// (the weeks of ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    unit: PeriodUnit,
    first: NaiveDate,
}

impl Period {
    /// The period of that unit in which a day lies.
    pub fn of(unit: PeriodUnit, day: NaiveDate) -> Period {
        let first_of = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        let first = match unit {
            PeriodUnit::Year => first_of(1),
            PeriodUnit::Quarter => first_of(day.month0() / 3 * 3 + 1),
            PeriodUnit::Month => first_of(day.month()),
            PeriodUnit::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
        };
        Period { unit, first }
    }

    /// The `nth` period of a year, from 1. `None` if the year has no such one.
    pub fn nth(unit: PeriodUnit, year: i32, nth: u32) -> Option<Period> {
        let first = match unit {
            PeriodUnit::Year => NaiveDate::from_ymd_opt(year, nth, 1).filter(|_| nth == 1),
            PeriodUnit::Quarter => NaiveDate::from_ymd_opt(year, nth.checked_sub(1)?.checked_mul(3)? + 1, 1),
            PeriodUnit::Month => NaiveDate::from_ymd_opt(year, nth, 1),
            PeriodUnit::Week => NaiveDate::from_isoywd_opt(year, nth, chrono::Weekday::Mon),
        };
        first.map(|first| Period { unit, first })
    }

    /// Reads what [`Period`] shows as.
    pub fn parse(text: &str) -> Option<Period> {
        let (year, rest) = text.split_at_checked(4)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let year = i32::try_from(digits(year)?).ok()?;
        let nth = |text: &str, length: usize| digits(text).filter(|_| text.len() == length);
        match rest.strip_prefix('-') {
            None => Period::nth(PeriodUnit::Year, year, 1).filter(|_| rest.is_empty()),
            Some(rest) => match rest.split_at_checked(1)? {
                ("Q", quarter) => Period::nth(PeriodUnit::Quarter, year, nth(quarter, 1)?),
                ("W", week) => Period::nth(PeriodUnit::Week, year, nth(week, 2)?),
                _ => Period::nth(PeriodUnit::Month, year, nth(rest, 2)?),
            },
        }
    }

    /// How long it is.
    pub fn unit(self) -> PeriodUnit {
        self.unit
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The day after its last.
    pub fn until(self) -> NaiveDate {
        let months = |count| self.first.checked_add_months(Months::new(count));
        let until = match self.unit {
            PeriodUnit::Year => months(12),
            PeriodUnit::Quarter => months(3),
            PeriodUnit::Month => months(1),
            PeriodUnit::Week => self.first.checked_add_days(Days::new(7)),
        };
        until.unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.year(), self.first.month());
        match self.unit {
            PeriodUnit::Year => write!(f, "{year:04}"),
            PeriodUnit::Quarter => write!(f, "{year:04}-Q{}", month / 3 + 1),
            PeriodUnit::Month => write!(f, "{year:04}-{month:02}"),
            PeriodUnit::Week => {
                let week = self.first.iso_week();
                write!(f, "{:04}-W{:02}", week.year(), week.week())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_as_it_is_shown() {
        let spans = [
            ("2025", "2025-01-01", "2026-01-01"),
            ("2025-Q1", "2025-01-01", "2025-04-01"),
            ("2025-Q4", "2025-10-01", "2026-01-01"),
            ("2024-02", "2024-02-01", "2024-03-01"),
            ("2025-12", "2025-12-01", "2026-01-01"),
            ("2025-W01", "2024-12-30", "2025-01-06"),
            ("2020-W53", "2020-12-28", "2021-01-04"),
        ];
        for (text, first, until) in spans {
            let period = Period::parse(text).unwrap();
            let days = (period.first().to_string(), period.until().to_string());
            assert_eq!((period.to_string().as_str(), days.0.as_str(), days.1.as_str()), (text, first, until));
            assert_eq!(Period::of(period.unit(), period.first()), period);
        }
        for text in
            ["", "25", "2025-", "2025-13", "2025-00", "2025-Q5", "2025-Q0", "2025-W54", "2025-1", "2025-01-01", "+025"]
        {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_lies_in_one_period_of_each_unit() {
        let day: NaiveDate = "2025-08-31".parse().unwrap();
        let of = PeriodUnit::NAMED.map(|(_, unit)| Period::of(unit, day).to_string());
        assert_eq!(of, ["2025-08", "2025-Q3", "2025-W35", "2025"]);
    }
}
