//! Values of arguments as they are typed: days, lengths of time, sizes, pairs.

use std::time::Duration;

use chrono::{Datelike as _, NaiveDate};

use crate::model::letters::composed;

/// `COLUMN=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("write COLUMN=VALUE, such as source=site")?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

pub fn day(text: &str) -> Result<NaiveDate, String> {
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| "not a day; write it as 2025-06-30".to_owned())?;
    match (1900..=2200).contains(&day.year()) {
        true => Ok(day),
        false => Err("a day is of the years 1900 to 2200".to_owned()),
    }
}

/// How strongly something swings.
pub fn strength(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|times| (0.0..=3.0).contains(times))
        .ok_or_else(|| "write a number from 0 to 3, such as 1.5".to_owned())
}

/// `MONTH=PART`.
pub fn slow_month(text: &str) -> Result<(NaiveDate, f64), String> {
    let written = || "write MONTH=PART with a part above 0 and up to 1, such as 2025-05=0.5".to_owned();
    let (month, part) = text.split_once('=').ok_or_else(written)?;
    let month = day(&format!("{}-01", month.trim())).map_err(|_| written())?;
    let part: f64 = part.trim().parse().map_err(|_| written())?;
    (part > 0.0 && part <= 1.0).then_some((month, part)).ok_or_else(written)
}

pub fn span(text: &str) -> Result<Duration, String> {
    const WRITTEN: &str = "not a length of time; write it as 30s, 10m or 2h";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(WRITTEN.to_owned()),
    };
    let number: u32 = digits.parse().map_err(|_| WRITTEN.to_owned())?;
    match number {
        0 => Err(WRITTEN.to_owned()),
        number => Ok(Duration::from_secs(u64::from(number) * unit)),
    }
}

pub fn held(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty());
    let (name, value) = pair.ok_or("write it as DIM=VALUE, such as branch=Север")?;
    Ok((composed(name.trim()).into_owned(), composed(value.trim()).into_owned()))
}

/// A text as it was typed or pasted, its letters in one piece, as the store has them.
pub fn whole(text: &str) -> Result<String, String> {
    Ok(composed(text).into_owned())
}

pub fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("not a size; write it as 512MiB or 2GiB".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "not a size; write it as 512MiB or 2GiB".to_owned())?;
    number.checked_mul(unit).filter(|n| *n > 0).ok_or_else(|| "not a size that fits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_read() {
        for (written, seconds) in [("30s", 30), ("10m", 600), ("2h", 7200), ("0s", 0), ("5", 0), ("5d", 0), ("s", 0)] {
            assert_eq!(span(written).map_or(0, |span| span.as_secs()), seconds, "{written}");
        }
        for (written, is_day) in
            [("2025-06-30", true), ("9999-12-31", false), ("0001-01-01", false), ("+262142-12-31", false)]
        {
            assert_eq!(day(written).is_ok(), is_day, "{written}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (written, size) in [("1", 1), ("512MiB", 512 << 20), ("2gb", 2 << 30), ("10 k", 0), ("0", 0), ("x", 0)] {
            assert_eq!(bytes(written).unwrap_or(0), size, "{written}");
        }
    }
}
