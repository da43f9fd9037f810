//! Periods as plans name them: `Январь 2025`, `янв.25`, `01.2025`, `I кв. 2025`, `нед. 2 2025`, a date on which one begins or ends.

use chrono::NaiveDate;

use super::dates::{self, DateFormat};
use crate::model::period::{Period, PeriodUnit};

/// How a period is read beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Periods {
    /// What a date alone stands for: a month where nothing is stated.
    pub(crate) unit: Option<PeriodUnit>,
    /// The year of a text that names none.
    pub(crate) year: Option<i32>,
}

/// Why a text is no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPeriod {
    /// It is none.
    Unknown,
    /// It names no year, and nothing states one.
    NoYear,
    /// It names two years.
    TwoYears,
    /// A date within such a period, and neither its first nor its last.
    Within(PeriodUnit),
}

/// Names of the months, in both languages, whole and short.
const MONTHS: [&[&str]; 12] = [
    &["январь", "января", "январе", "янв", "january", "jan"],
    &["февраль", "февраля", "феврале", "фев", "февр", "february", "feb"],
    &["март", "марта", "марте", "мар", "march", "mar"],
    &["апрель", "апреля", "апреле", "апр", "april", "apr"],
    &["май", "мая", "мае", "may"],
    &["июнь", "июня", "июне", "июн", "june", "jun"],
    &["июль", "июля", "июле", "июл", "july", "jul"],
    &["август", "августа", "августе", "авг", "august", "aug"],
    &["сентябрь", "сентября", "сентябре", "сен", "сент", "september", "sep", "sept"],
    &["октябрь", "октября", "октябре", "окт", "october", "oct"],
    &["ноябрь", "ноября", "ноябре", "ноя", "нояб", "november", "nov"],
    &["декабрь", "декабря", "декабре", "дек", "december", "dec"],
];
const QUARTERS: [&str; 8] = ["кв", "квартал", "квартала", "квартале", "q", "qtr", "quarter", "к"];
const WEEKS: [&str; 7] = ["неделя", "недели", "неделе", "нед", "week", "wk", "w"];
/// Words that say nothing beside a year or a month.
const FILLERS: [&str; 13] =
    ["за", "на", "г", "год", "года", "году", "year", "месяц", "мес", "month", "план", "plan", "of"];
const ROMAN: [&str; 4] = ["i", "ii", "iii", "iv"];
/// Two digits stand for a year of this century.
const CENTURY: i32 = 2000;
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2099;

/// Reads a period. `formats` are those in which the mapping says that dates are written.
pub(crate) fn read(text: &str, formats: Option<&[DateFormat]>, reading: Periods) -> Result<Period, NoPeriod> {
    let text = text.trim();
    if let Some(period) = Period::parse(text) {
        return Ok(period);
    }
    if let Some((first, last)) = ends(text) {
        return between(day(first, formats)?, day(last, formats)?);
    }
    if let Ok(day) = day(text, formats) {
        return of_day(day, reading.unit.unwrap_or(PeriodUnit::Month));
    }
    // a date with the year of a header beside it
    if let Some((date, year)) = text.rsplit_once(char::is_whitespace)
        && let (Ok(day), Ok(year)) = (day(date.trim(), formats), year.parse::<i32>())
    {
        return match chrono::Datelike::year(&day) == year {
            true => of_day(day, reading.unit.unwrap_or(PeriodUnit::Month)),
            false => Err(NoPeriod::TwoYears),
        };
    }
    of_words(&text.to_lowercase(), reading.year)
}

/// The two dates of `06.01.2025 - 12.01.2025` and `2025-01-06/2025-01-12`.
fn ends(text: &str) -> Option<(&str, &str)> {
    dates::ends(text).or_else(|| {
        let (first, last) = text.split_once(['–', '—']).or_else(|| text.split_once('-'))?;
        let is_date = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() >= 6;
        (is_date(first) && is_date(last)).then_some((first, last))
    })
}

/// A date, as the mapping states, or in a form that can be meant in one way only.
fn day(text: &str, formats: Option<&[DateFormat]>) -> Result<NaiveDate, NoPeriod> {
    let text = text.trim();
    let stated = formats.iter().flat_map(|formats| formats.iter()).find_map(|format| format.read(text));
    let plain = || {
        let day_first = ["dd.mm.yyyy", "d.m.yyyy"].iter().filter_map(|format| DateFormat::parse(format).ok());
        dates::iso(text).or_else(|| day_first.filter_map(|format| format.read(text)).next())
    };
    stated.or_else(plain).map(|moment| moment.local.date()).ok_or(NoPeriod::Unknown)
}

fn of_day(day: NaiveDate, unit: PeriodUnit) -> Result<Period, NoPeriod> {
    let period = Period::of(unit, day);
    let is_end = day == period.first() || day.succ_opt() == Some(period.until());
    if is_end { Ok(period) } else { Err(NoPeriod::Within(unit)) }
}

/// The period that has these first and last days.
fn between(first: NaiveDate, last: NaiveDate) -> Result<Period, NoPeriod> {
    let mut periods = PeriodUnit::NAMED.into_iter().map(|(_, unit)| Period::of(unit, first));
    let found = periods.find(|period| period.first() == first && Some(period.until()) == last.succ_opt());
    found.ok_or(NoPeriod::Unknown)
}

/// What the words of a text say.
#[derive(Default)]
struct Said {
    unit: Option<PeriodUnit>,
    nth: Option<u32>,
    year: Option<i32>,
    numbers: Vec<(u32, usize)>,
}

fn of_words(text: &str, year_else: Option<i32>) -> Result<Period, NoPeriod> {
    let mut said = Said::default();
    for word in parts(text) {
        said.hear(word)?;
    }
    said.settle(year_else)
}

/// The words and numbers of a text: `янв.25` and `q1` are two each.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in text.split(|sign: char| !sign.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        let mut begin = 0;
        let signs: Vec<(usize, char)> = piece.char_indices().collect();
        for two in signs.windows(2) {
            if two[0].1.is_ascii_digit() != two[1].1.is_ascii_digit() {
                parts.push(&piece[begin..two[1].0]);
                begin = two[1].0;
            }
        }
        parts.push(&piece[begin..]);
    }
    parts
}

impl Said {
    fn hear(&mut self, word: &str) -> Result<(), NoPeriod> {
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = word.parse().map_err(|_| NoPeriod::Unknown)?;
            self.numbers.push((number, word.len()));
            return Ok(());
        }
        let month = MONTHS.iter().position(|names| names.contains(&word));
        let roman = ROMAN.iter().position(|name| *name == word);
        let place = |at: usize| u32::try_from(at + 1).ok();
        match (month, roman) {
            (Some(month), _) => self.is(PeriodUnit::Month, place(month)),
            (_, Some(quarter)) => self.is(PeriodUnit::Quarter, place(quarter)),
            _ if QUARTERS.contains(&word) => self.is(PeriodUnit::Quarter, None),
            _ if WEEKS.contains(&word) => self.is(PeriodUnit::Week, None),
            _ if FILLERS.contains(&word) => Ok(()),
            _ => Err(NoPeriod::Unknown),
        }
    }

    fn is(&mut self, unit: PeriodUnit, nth: Option<u32>) -> Result<(), NoPeriod> {
        if self.unit.is_some_and(|known| known != unit) || (self.nth.is_some() && nth.is_some()) {
            return Err(NoPeriod::Unknown);
        }
        self.unit = Some(unit);
        self.nth = self.nth.or(nth);
        Ok(())
    }

    /// Sorts the numbers into years and the number of a month, a quarter or a week.
    fn settle(mut self, year_else: Option<i32>) -> Result<Period, NoPeriod> {
        let numbers = std::mem::take(&mut self.numbers);
        let mut short = Vec::new();
        for (number, length) in numbers {
            let year = i32::try_from(number).ok().filter(|year| length == 4 && YEARS.contains(year));
            match year {
                Some(year) if self.year.is_some_and(|known| known != year) => return Err(NoPeriod::TwoYears),
                Some(year) => self.year = Some(year),
                // 202501
                None if length == 6
                    && self.unit.is_none()
                    && self.year.is_none()
                    && YEARS.contains(&(number as i32 / 100)) =>
                {
                    self.year = i32::try_from(number / 100).ok();
                    self.is(PeriodUnit::Month, Some(number % 100))?;
                }
                None if length <= 2 => short.push((number, length)),
                None => return Err(NoPeriod::Unknown),
            }
        }
        for (number, length) in short {
            let is_year = |of: &Said| of.year.is_none() && length == 2 && of.nth.is_some();
            match (self.unit, self.nth) {
                // «янв.25»
                (Some(_), Some(_)) if is_year(&self) => self.year = Some(CENTURY + number as i32),
                (Some(_), None) => self.nth = Some(number),
                // 01.2025, 1/2025
                (None, None) if self.year.is_some() => self.is(PeriodUnit::Month, Some(number))?,
                _ => return Err(NoPeriod::Unknown),
            }
        }
        let Some(year) = self.year.or(year_else) else {
            return Err(if self.unit.is_some() { NoPeriod::NoYear } else { NoPeriod::Unknown });
        };
        let period = match (self.unit, self.nth) {
            (Some(unit), Some(nth)) => Period::nth(unit, year, nth),
            (None, None) if self.year.is_some() => Period::nth(PeriodUnit::Year, year, 1),
            _ => None,
        };
        period.ok_or(NoPeriod::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Result<String, NoPeriod> {
        read(text, None, Periods::default()).map(|period| period.to_string())
    }

    #[test]
    fn a_period_is_read_as_people_write_it() {
        let written = [
            ("2025-01", "2025-01"),
            ("Январь 2025", "2025-01"),
            ("Январь 2025 г.", "2025-01"),
            ("  ЯНВАРЬ   2025 года", "2025-01"),
            ("янв.25", "2025-01"),
            ("янв 25", "2025-01"),
            ("Jan-25", "2025-01"),
            ("Sept 2025", "2025-09"),
            ("март'25", "2025-03"),
            ("за май 2025", "2025-05"),
            ("мая 2025", "2025-05"),
            ("2025 май", "2025-05"),
            ("01.2025", "2025-01"),
            ("1/2025", "2025-01"),
            ("2025/01", "2025-01"),
            ("202501", "2025-01"),
            ("2025-01-01", "2025-01"),
            ("2025-01-01T00:00:00", "2025-01"),
            ("31.01.2025", "2025-01"),
            ("01.02.2025", "2025-02"),
            ("2025-01-01 2025", "2025-01"),
            ("Январь 2025 2025", "2025-01"),
            ("I кв. 2025", "2025-Q1"),
            ("4 квартал 2025 г.", "2025-Q4"),
            ("Q3 2025", "2025-Q3"),
            ("1кв25", "2025-Q1"),
            ("2025", "2025"),
            ("2025 год", "2025"),
            ("нед. 2 2025", "2025-W02"),
            ("Week 53 2020", "2020-W53"),
            ("2025-W02", "2025-W02"),
            ("06.01.2025 - 12.01.2025", "2025-W02"),
            ("06.01.2025–12.01.2025", "2025-W02"),
            ("2025-01-06/2025-01-12", "2025-W02"),
            ("01.01.2025-31.03.2025", "2025-Q1"),
        ];
        for (text, period) in written {
            assert_eq!(plain(text).unwrap_or_default(), period, "{text}");
        }
    }

    #[test]
    fn what_is_no_period_or_may_be_two_is_refused() {
        for text in
            ["", "Итого", "Маркетинг", "Комментарий", "12.25", "1", "13.2025", "Q5 2025", "нед. 54 2025", "32.01.2025"]
        {
            assert_eq!(plain(text), Err(NoPeriod::Unknown), "{text}");
        }
        assert_eq!(plain("Январь"), Err(NoPeriod::NoYear));
        assert_eq!(plain("Январь 2025 2024"), Err(NoPeriod::TwoYears));
        assert_eq!(plain("2025-01-01 2024"), Err(NoPeriod::TwoYears));
        assert_eq!(plain("15.01.2025"), Err(NoPeriod::Within(PeriodUnit::Month)));
        // day and month cannot be told
        assert_eq!(plain("02/01/2025"), Err(NoPeriod::Unknown));
    }

    #[test]
    fn a_year_beside_a_unit_and_a_form_of_dates_are_as_the_mapping_says() {
        let reading = Periods { unit: Some(PeriodUnit::Week), year: Some(2025) };
        let read = |text: &str, format: &str| {
            let formats = [DateFormat::parse(format).unwrap()];
            read(text, Some(&formats), reading).map(|period| period.to_string())
        };
        assert_eq!(read("Март", "yyyy-mm-dd"), Ok("2025-03".into()));
        assert_eq!(read("01/06/2025", "mm/dd/yyyy"), Ok("2025-W02".into()));
        assert_eq!(read("2025-01-12", "yyyy-mm-dd"), Ok("2025-W02".into()));
        assert_eq!(read("2025-01-08", "yyyy-mm-dd"), Err(NoPeriod::Within(PeriodUnit::Week)));
    }
}
