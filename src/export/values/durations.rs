//! Lengths of time as exports write them, in seconds.

/// How `3:25` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoParts {
    /// Minutes and seconds.
    Minutes,
    /// Hours and minutes.
    Hours,
}

/// How a duration was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many seconds.
    Seconds(i64),
    /// `3:25` where nothing says how it is meant: seconds as minutes and seconds, as hours and minutes.
    Either(i64, i64),
}

const DAY: i64 = 86_400;

const UNITS: [(&[&str], i64); 4] = [
    (&["d", "day", "days", "д", "дн", "день", "дня", "дней"], DAY),
    (&["h", "hr", "hrs", "hour", "hours", "ч", "час", "часа", "часов"], 3600),
    (&["m", "min", "mins", "minute", "minutes", "м", "мин", "минута", "минуты", "минут"], 60),
    (&["s", "sec", "secs", "second", "seconds", "с", "сек", "секунда", "секунды", "секунд"], 1),
];

/// Reads a length; none where it is none. Parts of a second are rounded, half up.
pub fn read(text: &str, two_parts: Option<TwoParts>) -> Option<Length> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix(['P', 'p']) {
        return iso(rest).map(Length::Seconds);
    }
    if text.contains(':') {
        return clock(text, two_parts);
    }
    match whole(text) {
        Some(seconds) => Some(Length::Seconds(seconds)),
        None => worded(text).map(Length::Seconds),
    }
}

/// Whole seconds, with or without a fraction.
fn whole(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let up = i64::from(fraction.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
    whole.parse::<i64>().ok().map(|seconds| seconds + up)
}

/// `21:19:46`, `4 days, 21:19:46`, `3:25`.
fn clock(text: &str, two_parts: Option<TwoParts>) -> Option<Length> {
    let at = text.rfind([' ', ',']).map_or(0, |at| at + 1);
    let days = match text[..at].trim().trim_end_matches(',').trim() {
        "" => 0,
        before => worded(before)?,
    };
    let parts: Vec<&str> = text[at..].split(':').collect();
    let small = |part: &str| (part.len() == 2).then(|| whole(part)).flatten().filter(|part| *part < 60);
    match parts.as_slice() {
        [hours, minutes, seconds] => {
            let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            let up = whole(&format!("0.{fraction}"))?;
            let hours = whole(hours).filter(|_| !hours.contains(['.', ',']))?;
            let total = hours.checked_mul(3600)? + small(minutes)? * 60 + small(second)? + up;
            Some(Length::Seconds(days.checked_add(total)?))
        }
        [first, second] if days == 0 => {
            let (first, second) = (whole(first).filter(|_| !first.contains(['.', ',']))?, small(second)?);
            let (minutes, hours) = (first.checked_mul(60)? + second, first.checked_mul(3600)? + second * 60);
            Some(match two_parts {
                Some(TwoParts::Minutes) => Length::Seconds(minutes),
                Some(TwoParts::Hours) => Length::Seconds(hours),
                None if minutes == hours => Length::Seconds(minutes),
                None => Length::Either(minutes, hours),
            })
        }
        _ => None,
    }
}

/// `1 ч 5 мин 3 с`, `4 days`, `2h5m`: each unit once, the greatest first.
fn worded(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    let mut smallest = i64::MAX;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number = whole(&rest[..end])?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let word = rest[..end].to_lowercase();
        let unit = UNITS.iter().find(|(words, _)| words.contains(&word.as_str()))?.1;
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest[end..].trim_start_matches(['.', ',', ' ', '\u{a0}']);
    }
    (smallest < i64::MAX).then_some(total)
}

/// `T1H5M3S`, `1DT2H`: ISO 8601 without its `P`, and without months, which have no length.
fn iso(text: &str) -> Option<i64> {
    let (days, time) = text.split_once(['T', 't']).unwrap_or((text, ""));
    let part = |text: &str, units: &[(char, i64)]| {
        let (mut total, mut number, mut next) = (0_i64, String::new(), 0);
        for symbol in text.chars() {
            if symbol.is_ascii_digit() || symbol == '.' {
                number.push(symbol);
                continue;
            }
            let at =
                units.iter().position(|(name, _)| *name == symbol.to_ascii_uppercase()).filter(|at| *at >= next)?;
            // only seconds have a fraction: half an hour would be rounded to a whole one
            let number_of = whole(&number).filter(|_| units[at].1 == 1 || !number.contains('.'))?;
            total = total.checked_add(number_of.checked_mul(units[at].1)?)?;
            next = at + 1;
            number.clear();
        }
        number.is_empty().then_some(total)
    };
    let empty = days.is_empty() && time.is_empty();
    let total =
        part(days, &[('W', 7 * DAY), ('D', DAY)])?.checked_add(part(time, &[('H', 3600), ('M', 60), ('S', 1)])?)?;
    (!empty).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_form() {
        let table = [
            ("205", Some(205)),
            ("205.0", Some(205)),
            ("205,5", Some(206)),
            ("00:03:25", Some(205)),
            ("27:00:00", Some(97_200)),
            ("4 days, 21:19:46", Some(422_386)),
            ("1 day, 0:00:01", Some(86_401)),
            ("1 ч 5 мин 3 с", Some(3903)),
            ("2h5m", Some(7500)),
            ("5 мин.", Some(300)),
            ("PT1H5M3S", Some(3903)),
            ("P1DT2H", Some(93_600)),
            ("PT1.5S", Some(2)),
            ("PT1.5H", None),
            ("0:00", Some(0)),
            ("00:61:00", None),
            ("1:2:3", None),
            ("5 мин 1 ч", None),
            ("P", None),
            ("P1M", None),
            ("", None),
            ("ч", None),
            ("-5", None),
        ];
        for (text, seconds) in table {
            assert_eq!(read(text, None), seconds.map(Length::Seconds), "{text}");
        }
        assert_eq!(read("3:25", None), Some(Length::Either(205, 12_300)));
        assert_eq!(read("3:25", Some(TwoParts::Minutes)), Some(Length::Seconds(205)));
        assert_eq!(read("75:10", Some(TwoParts::Hours)), Some(Length::Seconds(270_600)));
    }
}
