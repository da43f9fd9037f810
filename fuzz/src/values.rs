//! What holds of every value parser.

use std::cell::OnceCell;

use crate::export::mapping::{Header, Mapping, Wanted};
use crate::export::read::header;
use crate::export::values::amounts;
use crate::export::values::dates::{self, DateFormat};
use crate::export::values::durations::{self, Length, TwoParts};
use crate::export::values::moment::Moment;
use crate::export::values::numbers::{self, Decimal, Evidence, Exact, ONE};
use crate::export::values::personal::{self, Normal, Personal};
use crate::export::values::scrub::{Bare, Scrub};
use crate::readers::KEY;

/// What is read is read again from the digits that it is printed with, a sign turns it round, and a column's proof
/// contradicts no reading.
pub fn numbers(text: &str) {
    for decimal in [Decimal::Point, Decimal::Comma] {
        for tens in [0, 3, 6, 9] {
            let Some(exact) = numbers::scaled(text, decimal, tens) else { continue };
            let printed = printed(exact.units, decimal);
            let again = numbers::exact(&printed, decimal);
            assert_eq!(again, Some(Exact { rounded: false, ..exact }), "{text:?} printed {printed}");
            if !text.starts_with(['-', '−', '+']) {
                let turned = numbers::scaled(&format!("-{text}"), decimal, tens);
                assert_eq!(turned.map(|e| e.units), Some(-exact.units), "{text:?}");
                let plus = numbers::scaled(&format!("+{text}"), decimal, tens);
                assert_eq!(plus, Some(exact), "{text:?}");
            }
        }
        let real = numbers::real(text, decimal);
        assert!(real.is_none_or(f64::is_finite), "{text:?}");
        if let (Some(exact), Some(real)) = (numbers::exact(text, decimal), real) {
            #[allow(clippy::cast_precision_loss)]
            let near = exact.units as f64 / ONE as f64;
            assert!((real - near).abs() <= 0.000_051 + near.abs() * 1e-15, "{text:?}: {real} is not {near}");
        }
    }
    let [point, comma] = [Decimal::Point, Decimal::Comma].map(|decimal| numbers::exact(text, decimal));
    match numbers::evidence(text) {
        Evidence::None => assert_eq!(point.map(|e| e.units), comma.map(|e| e.units), "{text:?}"),
        Evidence::Proves(Decimal::Point) => assert!(point.is_some(), "{text:?}"),
        Evidence::Proves(Decimal::Comma) => assert!(comma.is_some(), "{text:?}"),
        Evidence::Either => assert!(point.is_some() && comma.is_some(), "{text:?}"),
        Evidence::NoNumber => assert!(point.is_none() && comma.is_none(), "{text:?}"),
    }
    let amount = amounts::read(text);
    // what was taken off is no part of a number: nothing is left to take off
    if numbers::exact(&amount.number, Decimal::Point).or(numbers::exact(&amount.number, Decimal::Comma)).is_some() {
        let again = amounts::read(&amount.number);
        assert_eq!((again.currency, again.tens), (None, 0), "{text:?}");
        assert_eq!(again.number, amount.number, "{text:?}");
    }
    let _ = (amounts::of_header(text), amounts::currency(text));
}

fn printed(units: i64, decimal: Decimal) -> String {
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    let one = ONE.unsigned_abs();
    format!("{sign}{}{}{:04}", units / one, char::from(decimal.mark()), units % one)
}

/// The first line is a format, the rest a value. A format reads a value in one way, and a moment printed in it is read
/// as the same.
pub fn dates(text: &str) {
    let (format, value) = text.split_once('\n').unwrap_or((text, text));
    let stated = DateFormat::parse(format).ok();
    if let Some(stated) = &stated {
        assert_eq!(DateFormat::parse(&stated.to_string()).as_ref(), Ok(stated), "{format:?}");
    }
    let more = ["d mon yyyy", "dd mon, yyyy HH:MM:SS", "yy.mm.dd", "yyyymmddTHHMMSSZ", "unix", "excel"];
    let more = more.iter().filter_map(|format| DateFormat::parse(format).ok());
    for format in dates::known().into_iter().chain(more).chain(stated) {
        let Some(moment) = format.read(value) else { continue };
        sane(moment, value);
        assert!(format.has_offset() == moment.offset.is_some(), "{value:?} as {format}");
        let found = format.find(value);
        assert!(!found.is_empty(), "{value:?} as {format}");
    }
    for moment in [dates::iso(value)].into_iter().flatten() {
        sane(moment, value);
    }
    for format in dates::known() {
        for is_1904 in [false, true] {
            format.read_number(value, is_1904).iter().for_each(|moment| sane(*moment, value));
        }
    }
    if let Some(moment) = dates::iso(value) {
        let printed = moment.local.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
        assert_eq!(dates::iso(&printed).map(|m| m.local), Some(moment.local), "{value:?}");
    }
    if let Some((first, last)) = dates::ends(value) {
        assert!(value.starts_with(first) || value.trim_start().starts_with(first), "{value:?}");
        assert!(value.trim_end().ends_with(last), "{value:?}");
    }
}

/// What is done with a moment later on must not overflow.
fn sane(moment: Moment, value: &str) {
    let micros = moment.local.and_utc().timestamp_micros() - i64::from(moment.offset.unwrap_or(0)) * 1_000_000;
    assert!(micros.abs() < i64::MAX / 2, "{value:?}");
    for zone in [chrono_tz::Tz::Europe__Moscow, chrono_tz::Tz::America__Sao_Paulo] {
        let calendar = crate::model::calendar::Calendar::of_zone(zone);
        let _ = calendar.instant(moment.local);
    }
}

/// A length is never negative, is read again from its seconds, and says the same whatever is known of `3:25`.
pub fn durations(text: &str) {
    let read = |parts| durations::read(text, parts);
    match read(None) {
        Some(Length::Seconds(seconds)) => {
            assert!(seconds >= 0, "{text:?}: {seconds}");
            if seconds < 1_000_000_000_000 {
                assert_eq!(durations::read(&seconds.to_string(), None), Some(Length::Seconds(seconds)), "{text:?}");
            }
            assert_eq!(read(Some(TwoParts::Minutes)), Some(Length::Seconds(seconds)), "{text:?}");
        }
        Some(Length::Either(minutes, hours)) => {
            assert!(0 <= minutes && minutes < hours, "{text:?}");
            assert_eq!(read(Some(TwoParts::Minutes)), Some(Length::Seconds(minutes)), "{text:?}");
            assert_eq!(read(Some(TwoParts::Hours)), Some(Length::Seconds(hours)), "{text:?}");
        }
        None => {
            assert_eq!(read(Some(TwoParts::Minutes)), None, "{text:?}");
            assert_eq!(read(Some(TwoParts::Hours)), None, "{text:?}");
        }
    }
}

/// A normal form is its own normal form, and looks like one. What is left of a text without phones and e-mails has none.
pub fn personal(text: &str) {
    for (rule, key) in [(Personal::Drop, None), (Personal::Hash, Some(&*KEY))] {
        for bare in [Bare::Phone, Bare::Number] {
            let Some(scrub) = Scrub::new(rule, key, bare) else { continue };
            if let Some(clean) = scrub.clean(text) {
                assert_eq!(scrub.clean(&clean), None, "{text:?} as {clean:?}");
            }
        }
    }
    for form in [Normal::Phone, Normal::Email] {
        let Some(normal) = personal::normal(text, form) else { continue };
        assert_eq!(personal::normal(&normal, form).as_ref(), Some(&normal), "{text:?}");
        if personal::is_hash(&normal) {
            continue;
        }
        match form {
            Normal::Phone => {
                let digits = normal.strip_prefix('+').unwrap_or_else(|| panic!("{normal:?}"));
                assert!((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "{normal:?}");
            }
            Normal::Email => {
                assert_eq!(normal.matches('@').count(), 1, "{normal:?}");
                assert!(!normal.contains(char::is_whitespace), "{normal:?}");
            }
        }
    }
}

/// The first line is what a mapping wants, the others are cells of a header: a column is found or its problem told.
pub fn headers(text: &str) {
    let mut lines = text.split('\n');
    let wanted = lines.next().unwrap_or_default().trim();
    let cells: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    for nth in [None, Some(1), Some(2)] {
        let headers = vec![Header { text: wanted.to_owned(), nth }];
        let found =
            header::find(&cells, &OnceCell::new(), [Wanted { headers, either: false, optional: false }].into_iter(), 1);
        assert_eq!(found.columns.len() + found.troubles(), 1, "{wanted:?} in {cells:?}");
        found.columns.values().for_each(|at| assert!(*at < cells.len(), "{wanted:?} in {cells:?}"));
    }
    for cell in &cells {
        if header::fits(wanted, cell) {
            // longer by what a star stands for, never shorter than what stands between them
            assert!(cell.len() >= wanted.len() - wanted.matches('*').count(), "{wanted:?} fits {cell:?}");
        }
        assert!(header::fits(cell, cell), "{cell:?}");
    }
}

/// A text is a mapping, or all its problems are told, each with a line of it.
pub fn mapping(text: &str) {
    let lines = text.split('\n').count();
    match Mapping::parse("mapping.toml", text) {
        Ok(mapping) => assert!(mapping.exports().count() > 0),
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                assert!(problem.line <= lines + 1, "{problem}");
                assert!(!problem.what.is_empty());
            }
        }
    }
}
