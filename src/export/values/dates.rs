//! Dates as people write them: `dd.mm.yyyy HH:MM:SS` and the like, read strictly.

use crate::model::lang::{Text, both};
use std::fmt;

use chrono::{NaiveDate, NaiveTime};

use super::date_numbers::Count;
use super::moment::Moment;

/// A checked date format. It reads a value in exactly one way or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    items: Vec<Item>,
    /// How long a value is in bytes whose every part has the length that it nearly always has; 0 where parts have none.
    usual: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Year4,
    Year2,
    Month { min: usize },
    MonthName,
    Day { min: usize },
    Hour { min: usize },
    Hour12,
    Minute,
    Second,
    HalfDay,
    Offset,
    Space,
    Literal(char),
    Counted(Count),
}

/// Longer tokens before their own beginnings.
const TOKENS: [(&str, Item); 14] = [
    ("yyyy", Item::Year4),
    ("yy", Item::Year2),
    ("mon", Item::MonthName),
    ("mm", Item::Month { min: 2 }),
    ("m", Item::Month { min: 1 }),
    ("dd", Item::Day { min: 2 }),
    ("d", Item::Day { min: 1 }),
    ("HH", Item::Hour { min: 2 }),
    ("H", Item::Hour { min: 1 }),
    ("hh", Item::Hour12),
    ("MM", Item::Minute),
    ("SS", Item::Second),
    ("AM", Item::HalfDay),
    ("Z", Item::Offset),
];

const MONTHS: [[&str; 3]; 12] = [
    ["january", "январь", "января"],
    ["february", "февраль", "февраля"],
    ["march", "март", "марта"],
    ["april", "апрель", "апреля"],
    ["may", "май", "мая"],
    ["june", "июнь", "июня"],
    ["july", "июль", "июля"],
    ["august", "август", "августа"],
    ["september", "сентябрь", "сентября"],
    ["october", "октябрь", "октября"],
    ["november", "ноябрь", "ноября"],
    ["december", "декабрь", "декабря"],
];

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl DateFormat {
    /// Reads a format such as `dd.mm.yyyy HH:MM:SS`. The error says what is missing or met twice.
    pub fn parse(text: &str) -> Result<DateFormat, Text> {
        if let Some(count) = Count::named(text.trim()) {
            return Ok(DateFormat { text: text.trim().to_owned(), items: vec![Item::Counted(count)], usual: 0 });
        }
        let mut items = Vec::new();
        let mut rest = text.trim();
        while let Some(symbol) = rest.chars().next() {
            let token = TOKENS.iter().find(|(name, _)| rest.starts_with(name));
            let (item, length) = match token {
                Some((name, item)) => (*item, name.len()),
                None if symbol.is_whitespace() => (Item::Space, symbol.len_utf8()),
                // a lone letter is nearly always a misspelt token (DD, YYYY, ss), but ISO's T stands for itself
                None if symbol.is_alphabetic() && symbol != 'T' => {
                    return Err(both!(
                        "`{symbol}` в `{text}` ничего не значит",
                        "`{symbol}` in `{text}` stands for nothing"
                    ));
                }
                None => (Item::Literal(symbol), symbol.len_utf8()),
            };
            if !(item == Item::Space && items.last() == Some(&Item::Space)) {
                items.push(item);
            }
            rest = &rest[length..];
        }
        let count = |wanted: fn(&Item) -> bool| items.iter().filter(|item| wanted(item)).count();
        let parts = [
            (("год (yyyy)", "year (yyyy)"), count(|i| matches!(i, Item::Year4 | Item::Year2)), true),
            (("месяц (mm)", "month (mm)"), count(|i| matches!(i, Item::Month { .. } | Item::MonthName)), true),
            (("день (dd)", "day (dd)"), count(|i| matches!(i, Item::Day { .. })), true),
            (("час (HH)", "hour (HH)"), count(|i| matches!(i, Item::Hour { .. } | Item::Hour12)), false),
            (("минуты (MM)", "minutes (MM)"), count(|i| matches!(i, Item::Minute)), false),
            (("секунды (SS)", "seconds (SS)"), count(|i| matches!(i, Item::Second)), false),
            (("AM", "AM"), count(|i| matches!(i, Item::HalfDay)), false),
        ];
        for ((ru, en), times, wanted) in parts {
            if times > 1 {
                return Err(both!("в `{text}` дважды: {ru}", "`{text}` has the {en} twice"));
            }
            if wanted && times == 0 {
                return Err(both!("в `{text}` нет: {ru}", "`{text}` has no {en}"));
            }
        }
        let (half, twelve) = (parts[6].1, count(|i| matches!(i, Item::Hour12)));
        if half != twelve {
            return Err(both!(
                "`{text}`: hh и AM стоят вместе; HH — часы от 0 до 24",
                "`{text}`: hh and AM go together; HH is the 24-hour clock"
            ));
        }
        if parts[4].1 + parts[5].1 > 0 && parts[3].1 == 0 {
            return Err(both!(
                "в `{text}` есть минуты, а часа (HH) нет; месяц — строчные mm",
                "`{text}` has minutes and no hour (HH); a month is a small mm"
            ));
        }
        let usual = items.iter().map(usual_length).sum::<Option<usize>>().unwrap_or(0);
        Ok(DateFormat { text: text.trim().to_owned(), items, usual })
    }

    /// Whether values carry their offset from UTC, so that no zone has to be known.
    pub fn has_offset(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Offset | Item::Counted(Count::Unix(_))))
    }

    /// Whether values say the time of day.
    pub fn has_time(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Hour { .. } | Item::Hour12 | Item::Counted(Count::Unix(_))))
    }

    /// The moments that a text such as a file's name holds somewhere, each once. A number is taken whole or not at all.
    pub fn find(&self, text: &str) -> Vec<Moment> {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        // the middle of a number: a value may neither begin nor end there
        let splits = |at: usize| at > 0 && is_digit(at - 1) && is_digit(at);
        let mut found: Vec<Moment> = Vec::new();
        for (index, from) in places.iter().enumerate().filter(|(_, from)| !splits(**from)) {
            let mut ends = places[index + 1..].iter().rev().filter(|to| !splits(**to));
            let moment = ends.find_map(|to| self.read(&text[*from..*to]));
            if let Some(moment) = moment.filter(|moment| !found.contains(moment)) {
                found.push(moment);
            }
        }
        found
    }

    /// Reads what the file's form calls a number; none where it does not fit. Of a day such as `03032025` a number has lost its zero.
    pub fn read_number(&self, value: &str, is_1904: bool) -> Option<Moment> {
        match self.items.first()? {
            Item::Counted(count) => count.read(value, is_1904),
            Item::Day { min: 2 } | Item::Month { min: 2 } | Item::Year2 => {
                self.read(value).or_else(|| self.read(&format!("0{value}")))
            }
            _ => self.read(value),
        }
    }

    /// Reads a value of the usual length, as [`DateFormat::read`] would. `None` where that has to look closer.
    fn read_usual(&self, value: &str) -> Option<Moment> {
        let bytes = value.as_bytes();
        if self.usual == 0 || bytes.len() != self.usual {
            return None;
        }
        let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (0, 0, 0, 0, 0, 0);
        let mut at = 0;
        let digits = |at: &mut usize, count: usize| {
            let part = &bytes[*at..*at + count];
            *at += count;
            let number = |n: u32, byte: &u8| byte.is_ascii_digit().then(|| n * 10 + u32::from(byte - b'0'));
            part.iter().try_fold(0, number)
        };
        for item in &self.items {
            match *item {
                Item::Year4 => year = digits(&mut at, 4)?,
                Item::Month { .. } => month = digits(&mut at, 2)?,
                Item::Day { .. } => day = digits(&mut at, 2)?,
                Item::Hour { .. } => hour = digits(&mut at, 2)?,
                Item::Minute => minute = digits(&mut at, 2)?,
                Item::Second => second = digits(&mut at, 2)?,
                Item::Space | Item::Literal(_) => {
                    let symbol = if let Item::Literal(symbol) = *item { symbol } else { ' ' };
                    if char::from(bytes[at]) != symbol {
                        return None;
                    }
                    at += 1;
                }
                _ => return None,
            }
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(Moment { local: date.and_time(NaiveTime::from_hms_opt(hour, minute, second)?), offset: None })
    }

    /// Reads a value; none where it does not fit.
    pub fn read(&self, value: &str) -> Option<Moment> {
        if let Some(moment) = self.read_usual(value) {
            return Some(moment);
        }
        let mut read = Reader { rest: value };
        let (mut year, mut month, mut day) = (0, 0, 0);
        let (mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0);
        let (mut half, mut offset) = (None, None);
        for item in &self.items {
            match *item {
                Item::Year4 => year = read.digits(4, 4)?,
                Item::Year2 => year = 2000 + read.digits(2, 2)?,
                Item::Month { min } => month = read.digits(min, 2)?,
                Item::MonthName => month = read.month()?,
                Item::Day { min } => day = read.digits(min, 2)?,
                Item::Hour { min } => hour = read.digits(min, 2)?,
                Item::Hour12 => hour = read.digits(1, 2).filter(|h| (1..=12).contains(h))?,
                Item::Minute => minute = read.digits(2, 2)?,
                Item::Second => (second, nanos) = (read.digits(2, 2)?, read.fraction()),
                Item::HalfDay => half = Some(read.half_day()?),
                Item::Offset => offset = Some(read.offset()?),
                Item::Space => read.spaces()?,
                Item::Literal(symbol) => read.rest = read.rest.strip_prefix(symbol)?,
                Item::Counted(count) => return count.read(value, false),
            }
        }
        if let Some(afternoon) = half {
            hour = hour % 12 + if afternoon { 12 } else { 0 };
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
        read.rest.is_empty().then_some(Moment { local: date.and_time(time), offset })
    }
}

/// How many bytes a part of a value nearly always has. `None` if that differs.
fn usual_length(item: &Item) -> Option<usize> {
    match item {
        Item::Year4 => Some(4),
        Item::Month { min: 2 } | Item::Day { min: 2 } | Item::Hour { min: 2 } | Item::Minute | Item::Second => Some(2),
        Item::Space => Some(1),
        Item::Literal(symbol) => symbol.is_ascii().then_some(1),
        _ => None,
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let bytes = self.rest.as_bytes();
        let length = bytes.iter().take(max).take_while(|b| b.is_ascii_digit()).count();
        if length < min {
            return None;
        }
        let number = bytes[..length].iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
        self.rest = &self.rest[length..];
        Some(number)
    }

    /// Nanoseconds after a point or comma; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> u32 {
        let Some(rest) = self.rest.strip_prefix(['.', ',']) else { return 0 };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return 0;
        }
        let nanos = (0..9).fold(0, |n, at| {
            n * 10 + rest.as_bytes().get(at).filter(|_| at < digits).map_or(0, |digit| u32::from(digit - b'0'))
        });
        self.rest = &rest[digits..];
        nanos
    }

    fn spaces(&mut self) -> Option<()> {
        let rest = self.rest.trim_start();
        (rest.len() < self.rest.len()).then(|| self.rest = rest)
    }

    fn month(&mut self) -> Option<u32> {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let word = self.rest[..end].to_lowercase();
        if word.chars().count() < 3 {
            return None;
        }
        let number = MONTHS.iter().zip(1..).find(|(names, _)| names.iter().any(|name| name.starts_with(&word)))?.1;
        self.rest = &self.rest[end..];
        self.rest = self.rest.strip_prefix('.').unwrap_or(self.rest);
        Some(number)
    }

    fn half_day(&mut self) -> Option<bool> {
        let afternoon = match self.rest.get(..2)?.to_ascii_uppercase().as_str() {
            "AM" => false,
            "PM" => true,
            _ => return None,
        };
        self.rest = &self.rest[2..];
        Some(afternoon)
    }

    fn offset(&mut self) -> Option<i32> {
        if let Some(rest) = self.rest.strip_prefix(['Z', 'z']) {
            self.rest = rest;
            return Some(0);
        }
        let sign = match self.rest.chars().next()? {
            '+' => 1,
            '-' | '−' => -1,
            _ => return None,
        };
        self.rest = self.rest.strip_prefix(['+', '-', '−'])?;
        let hours = self.digits(2, 2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.digits(2, 2).unwrap_or(0);
        (hours <= 14 && minutes < 60).then(|| sign * i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0))
    }
}

/// A date or a date with its time, as ISO 8601 writes them.
pub fn iso(value: &str) -> Option<Moment> {
    let mut read = Reader { rest: value };
    let year = i32::try_from(read.digits(4, 4)?).ok()?;
    read.rest = read.rest.strip_prefix('-')?;
    let month = read.digits(2, 2)?;
    read.rest = read.rest.strip_prefix('-')?;
    let local = NaiveDate::from_ymd_opt(year, month, read.digits(2, 2)?)?;
    if read.rest.is_empty() {
        return Some(Moment { local: local.and_time(NaiveTime::MIN), offset: None });
    }
    read.rest = read.rest.strip_prefix(['T', ' '])?;
    let hour = read.digits(2, 2)?;
    read.rest = read.rest.strip_prefix(':')?;
    let minute = read.digits(2, 2)?;
    let (mut second, mut nanos) = (0, 0);
    if let Some(rest) = read.rest.strip_prefix(':') {
        read.rest = rest;
        (second, nanos) = (read.digits(2, 2)?, read.fraction());
    }
    let offset = if read.rest.is_empty() { None } else { Some(read.offset()?) };
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    read.rest.is_empty().then_some(Moment { local: local.and_time(time), offset })
}

/// The two ends of a period that is written as one value: `2025-01-01/2025-01-31`, `01.01.2025 - 31.01.2025`.
pub fn ends(value: &str) -> Option<(&str, &str)> {
    const BETWEEN: [&str; 5] = ["/", " - ", " – ", " — ", ".."];
    BETWEEN.iter().find_map(|mark| {
        let mut parts = value.split(mark);
        let (first, last) = (parts.next()?.trim(), parts.next()?.trim());
        (parts.next().is_none() && first.len() > 5 && last.len() > 5).then_some((first, last))
    })
}

/// The formats among which a column may prove its own.
pub fn known() -> Vec<DateFormat> {
    const DAYS: [&str; 9] = [
        "yyyy-mm-dd",
        "d.m.yyyy",
        "m.d.yyyy",
        "d/m/yyyy",
        "m/d/yyyy",
        "d-m-yyyy",
        "m-d-yyyy",
        "yyyy/mm/dd",
        "yyyy.mm.dd",
    ];
    const TIMES: [&str; 9] =
        ["", " H:MM", " H:MM:SS", "THH:MM:SS", " H:MM:SSZ", " H:MM:SS Z", "THH:MM:SSZ", " hh:MM AM", " hh:MM:SS AM"];
    DAYS.iter()
        .flat_map(|day| TIMES.iter().filter_map(move |time| DateFormat::parse(&format!("{day}{time}")).ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, value: &str) -> Option<String> {
        let moment = DateFormat::parse(format).unwrap().read(value)?;
        let offset = moment.offset.map_or(String::new(), |o| format!(" {o}"));
        Some(format!("{}{offset}", moment.local))
    }

    #[test]
    fn values_are_read_as_the_format_says() {
        let table = [
            ("dd.mm.yyyy HH:MM:SS", "03.04.2025 09:05:07", Some("2025-04-03 09:05:07")),
            ("dd.mm.yyyy HH:MM:SS", "3.04.2025 09:05:07", None),
            ("dd.mm.yyyy HH:MM:SS", "03.04.2025", None),
            ("dd.mm.yyyy", "03.04.2025 09:05:07", None),
            ("dd.mm.yyyy", "31.02.2025", None),
            ("m/d/yyyy", "3/13/2017", Some("2017-03-13 00:00:00")),
            ("m/d/yyyy", "13/3/2017", None),
            ("yyyy-mm-dd", "2018-02-26", Some("2018-02-26 00:00:00")),
            ("yyyy-mm-ddTHH:MM:SSZ", "2025-03-01T10:00:00.250+03:00", Some("2025-03-01 10:00:00.250 10800")),
            ("yyyy-mm-ddTHH:MM:SSZ", "2025-03-01T10:00:00Z", Some("2025-03-01 10:00:00 0")),
            ("dd mon, yyyy HH:MM:SS", "15 Apr, 2021 00:02:00", Some("2021-04-15 00:02:00")),
            ("d mon yyyy", "1 мая 2025", Some("2025-05-01 00:00:00")),
            ("d mon yyyy", "1 июля 2025", Some("2025-07-01 00:00:00")),
            ("d mon yyyy", "1 ма 2025", None),
            ("m/d/yyyy hh:MM AM", "3/13/2017 12:05 am", Some("2017-03-13 00:05:00")),
            ("m/d/yyyy hh:MM AM", "3/13/2017 1:05 PM", Some("2017-03-13 13:05:00")),
            ("yy.mm.dd", "25.03.01", Some("2025-03-01 00:00:00")),
            ("unix", "1735689600", Some("2025-01-01 00:00:00 0")),
            ("unix", "1735689600000", None),
            ("unix", "1735689600.25", Some("2025-01-01 00:00:00.250 0")),
            ("unix", "17356x", None),
            ("unix", "1735689600.", Some("2025-01-01 00:00:00 0")),
            ("unix", "-0.5", Some("1969-12-31 23:59:59.500 0")),
            ("unix_ms", "1735689600123", Some("2025-01-01 00:00:00.123 0")),
            ("unix_ms", "1735689600", None),
            ("unix_us", "1735689600000001", Some("2025-01-01 00:00:00.000001 0")),
            ("unix_ns", "1735689600000000001", Some("2025-01-01 00:00:00.000000001 0")),
            ("unix_ms", "0", Some("1970-01-01 00:00:00 0")),
            ("unix_ms", "-86400000", Some("1969-12-31 00:00:00 0")),
            ("unix_days", "20150", Some("2025-03-03 00:00:00")),
            ("unix_days", "20150.5", None),
            ("yyyymmdd", "20250303", Some("2025-03-03 00:00:00")),
            ("excel", "45658", Some("2025-01-01 00:00:00")),
            ("excel", "45658,75", Some("2025-01-01 18:00:00")),
            ("excel", "45943.541", Some("2025-10-13 12:59:02")),
            ("excel", "3", None),
            ("dd.mm.yyyy HH:MM", "01.03.2025 24:00", None),
        ];
        for (format, value, expected) in table {
            assert_eq!(read(format, value).as_deref(), expected, "{value} as {format}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_stated() {
        let read = |format: &str, value: &str, is_1904| {
            let moment = DateFormat::parse(format).unwrap().read_number(value, is_1904)?;
            Some(moment.local.to_string())
        };
        assert_eq!(read("yyyymmdd", "20250303", false).as_deref(), Some("2025-03-03 00:00:00"));
        assert_eq!(read("yyyymmddHHMMSS", "20250303101500", false).as_deref(), Some("2025-03-03 10:15:00"));
        assert_eq!(read("ddmmyyyy", "3032025", false).as_deref(), Some("2025-03-03 00:00:00"));
        assert_eq!(read("ddmmyyyy", "13032025", false).as_deref(), Some("2025-03-13 00:00:00"));
        assert_eq!(read("excel", "45719", false).as_deref(), Some("2025-03-03 00:00:00"));
        assert_eq!(read("excel", "44257", true).as_deref(), Some("2025-03-03 00:00:00"));
        for value in ["2025", "45719", "0250303", "20250303.5", "1741000000", "-20250303"] {
            assert_eq!(read("yyyymmdd", value, false), None, "{value}");
        }
        assert_eq!(read("dd.mm.yyyy", "45719", false), None);
    }

    #[test]
    fn typed_times_and_periods_are_read() {
        let iso = |text: &str| super::iso(text).map(|moment| (moment.local.to_string(), moment.offset));
        assert_eq!(iso("2025-03-01"), Some(("2025-03-01 00:00:00".into(), None)));
        assert_eq!(iso("2025-03-01T10:00:00.5+03:00"), Some(("2025-03-01 10:00:00.500".into(), Some(10_800))));
        assert_eq!(iso("2025-03-01 10:00"), Some(("2025-03-01 10:00:00".into(), None)));
        // a sign is no digit of a year
        assert!(iso("-025-03-01 10:00").is_none() && iso("+025-03-01").is_none() && iso("2025-3-01").is_none());
        assert!(iso("2025-02-30").is_none() && iso("2025-03-01T").is_none() && iso("2025-03-01x10:00").is_none());
        assert_eq!(ends("2025-01-01/2025-01-31"), Some(("2025-01-01", "2025-01-31")));
        assert_eq!(ends("01.01.2025 - 31.01.2025"), Some(("01.01.2025", "31.01.2025")));
        assert_eq!(ends("01/02/2025"), None);
    }

    #[test]
    fn a_format_that_cannot_be_meant_is_refused() {
        let wrong = |text: &str| DateFormat::parse(text).unwrap_err().en;
        assert_eq!(wrong("DD.MM.YYYY"), "`D` in `DD.MM.YYYY` stands for nothing");
        assert_eq!(wrong("dd.MM.yyyy"), "`dd.MM.yyyy` has no month (mm)");
        assert_eq!(wrong("dd.mm.yyyy hh:MM"), "`dd.mm.yyyy hh:MM`: hh and AM go together; HH is the 24-hour clock");
        assert_eq!(wrong("dd.mm.yyyy HH:mm"), "`dd.mm.yyyy HH:mm` has the month (mm) twice");
        assert!(known().len() == 81);
    }
}
