//! Durations as people write them in a regulation: `30m`, `4h`, `2d`, `1h 30m`.

use crate::model::calendar::{Calendar, Hours};
use crate::model::lang::{Text, both, russian};
use crate::model::written::Wrong;

/// How long a day and a week are, in minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    day: f64,
    week: f64,
}

impl Lengths {
    /// Of calendar time: 24 hours, seven days.
    pub const CALENDAR: Lengths = Lengths { day: 1440.0, week: 10080.0 };

    /// Of working time: the working time of the longest weekday, and of a whole week. Breaks do not count, and a night shift counts
    /// for the day on which it begins. Dates with hours of their own change neither, unless no weekday works.
    ///
    /// The longest, so that "a day" written by someone who works nine to six is nine hours, though Saturday is short.
    pub fn working(calendar: &Calendar) -> Lengths {
        let longest = |days: Vec<&[Hours]>| days.into_iter().map(minutes_of).fold(0.0, f64::max);
        let by_week = longest(calendar.week.iter().map(Vec::as_slice).collect());
        let day = if by_week > 0.0 { by_week } else { longest(calendar.dates.values().map(Vec::as_slice).collect()) };
        let week = calendar.week.iter().map(|hours| minutes_of(hours)).sum();
        Lengths { day, week }
    }
}

/// The working minutes of a day.
fn minutes_of(hours: &[Hours]) -> f64 {
    hours.iter().map(|hours| f64::from(hours.to - hours.from)).sum()
}

/// The words for each unit: minutes, hours, days, weeks.
const UNITS: [&[&str]; 4] = [
    &["m", "min", "м", "мин", "минута", "минуты", "минут"],
    &["h", "hour", "hours", "ч", "час", "часа", "часов"],
    &["d", "day", "days", "д", "дн", "день", "дня", "дней"],
    &["w", "week", "weeks", "н", "нед", "неделя", "недели", "недель"],
];

/// Reads a duration, in minutes. It is positive.
pub fn minutes(text: &str, lengths: Lengths) -> Result<f64, Wrong> {
    let mut total = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let word = after.trim_start();
        let letters = word.len() - word.trim_start_matches(char::is_alphabetic).len();
        let (unit, after) = word.split_at(letters);
        let unit = unit.to_lowercase();
        let each = [1.0, 60.0, lengths.day, lengths.week];
        let at = UNITS.iter().position(|words| words.contains(&unit.as_str())).ok_or_else(|| wrong(text))?;
        total += number.parse::<u32>().map(f64::from).map_err(|_| wrong(text))? * each[at];
        rest = after.trim_start_matches(['.', ' ']);
    }
    match total > 0.0 {
        true => Ok(total),
        false => Err(wrong(text)),
    }
}

fn wrong(text: &str) -> Wrong {
    Wrong::new(
        both!("`{text}` — не срок", "`{text}` is no duration"),
        Text::new(
            "напишите число и единицу: \"30 мин\", \"4 часа\", \"2 дня\", \"1 неделя\" или \"30m\", \"4h\", \"2d\", \"1w\"",
            "write a number and its unit: \"30m\", \"4h\", \"2d\", \"1w\", or \"30 мин\", \"4 часа\", \"2 дня\", \"1 неделя\"",
        ),
    )
}

/// A duration in its largest whole unit, in words: `3 рабочих дня`, `30 working minutes`.
pub fn words(minutes: f64, lengths: Lengths) -> Text {
    let minutes = minutes.round();
    let ((number, unit), _) = spoken(minutes, lengths);
    let whole = number.parse::<u32>().unwrap_or_default();
    let (forms, en) = match unit {
        "дн." => (["день", "дня", "дней"], "day"),
        "ч" => (["час", "часа", "часов"], "hour"),
        _ => (["минута", "минуты", "минут"], "minute"),
    };
    let noun = russian(whole, forms);
    let plural = if whole == 1 { "" } else { "s" };
    if lengths == Lengths::CALENDAR {
        return both!("{number}\u{a0}{noun}", "{number}\u{a0}{en}{plural}");
    }
    let adjective = match (noun, forms[0]) {
        ("минута", _) => "рабочая",
        (noun, one) if noun == one => "рабочий",
        (_, "минута") if noun == forms[1] => "рабочие",
        _ => "рабочих",
    };
    both!("{number}\u{a0}{adjective} {noun}", "{number}\u{a0}working {en}{plural}")
}

/// The label of the span between two durations; open-ended if `to` is `None`.
pub fn label(from: f64, to: Option<f64>, lengths: Lengths) -> Text {
    let (lower, upper) = (spoken(from, lengths), to.map(|to| spoken(to, lengths)));
    match upper {
        None => Text::new(format!("дольше {}", genitive(from, lengths)), format!("over {}", joined(&lower.1))),
        Some(upper) if from <= 0.0 => {
            Text::new(format!("до {}", genitive(to.unwrap_or(0.0), lengths)), format!("up to {}", joined(&upper.1)))
        }
        Some(upper) => Text::new(between(&lower.0, &upper.0), between(&lower.1, &upper.1)),
    }
}

type Part = (String, &'static str);

/// A duration in its largest whole unit: number and unit, in Russian and English.
fn spoken(minutes: f64, lengths: Lengths) -> (Part, Part) {
    let whole = |unit: f64| unit > 0.0 && minutes >= unit && (minutes / unit).fract() == 0.0;
    let (unit, ru, en) = match () {
        () if whole(lengths.day) => (lengths.day, "дн.", "d"),
        () if whole(60.0) => (60.0, "ч", "h"),
        () => (1.0, "мин", "min"),
    };
    let number = format!("{}", minutes / unit);
    ((number.clone(), ru), (number, en))
}

fn joined(part: &Part) -> String {
    format!("{}\u{a0}{}", part.0, part.1)
}

fn between(lower: &Part, upper: &Part) -> String {
    match lower.1 == upper.1 {
        true => format!("{}–{}", lower.0, joined(upper)),
        false => format!("{} – {}", joined(lower), joined(upper)),
    }
}

/// As after `до` and `дольше`: abbreviations stay, but a single day would read `1 дн.`.
fn genitive(minutes: f64, lengths: Lengths) -> String {
    match spoken(minutes, lengths).0 {
        (number, "дн.") if number == "1" => "1\u{a0}дня".to_owned(),
        part => joined(&part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE_HOURS: Lengths = Lengths { day: 540.0, week: 2700.0 };

    #[test]
    fn a_day_is_as_long_as_the_schedule_says() {
        assert_eq!(minutes("30m", NINE_HOURS), Ok(30.0));
        assert_eq!(minutes("1h 30m", NINE_HOURS), Ok(90.0));
        assert_eq!(minutes("2d", NINE_HOURS), Ok(1080.0));
        assert_eq!(minutes("2d", Lengths::CALENDAR), Ok(2880.0));
        assert_eq!(minutes("1w", NINE_HOURS), Ok(2700.0));
        assert_eq!(minutes("2 дня", NINE_HOURS), minutes("2 days", NINE_HOURS));
        assert_eq!(minutes("1 час 30 мин.", NINE_HOURS), Ok(90.0));
        for broken in ["", "30", "m", "0m", "2 fortnights", "-1h", "1.5h", "2 2d"] {
            assert!(minutes(broken, NINE_HOURS).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_duration_is_said_in_words() {
        let said = |minutes, lengths| {
            let text = words(minutes, lengths);
            (text.ru.replace('\u{a0}', " "), text.en.replace('\u{a0}', " "))
        };
        let pair = |ru: &str, en: &str| (ru.to_owned(), en.to_owned());
        assert_eq!(said(1620.0, NINE_HOURS), pair("3 рабочих дня", "3 working days"));
        assert_eq!(said(540.0, NINE_HOURS), pair("1 рабочий день", "1 working day"));
        assert_eq!(said(240.0, NINE_HOURS), pair("4 рабочих часа", "4 working hours"));
        assert_eq!(said(31.0, NINE_HOURS), pair("31 рабочая минута", "31 working minutes"));
        assert_eq!(said(32.0, NINE_HOURS), pair("32 рабочие минуты", "32 working minutes"));
        assert_eq!(said(2880.0, Lengths::CALENDAR), pair("2 дня", "2 days"));
        // an hour and a half has no larger whole unit than a minute
        assert_eq!(said(90.0, Lengths::CALENDAR), pair("90 минут", "90 minutes"));
    }

    #[test]
    fn labels_read_as_people_write_them() {
        let label = |from, to| label(from, to, Lengths::CALENDAR);
        assert_eq!(label(0.0, Some(5.0)), Text::new("до 5\u{a0}мин", "up to 5\u{a0}min"));
        assert_eq!(label(5.0, Some(15.0)), Text::new("5–15\u{a0}мин", "5–15\u{a0}min"));
        assert_eq!(label(30.0, Some(60.0)), Text::new("30\u{a0}мин – 1\u{a0}ч", "30\u{a0}min – 1\u{a0}h"));
        assert_eq!(label(240.0, Some(1440.0)), Text::new("4\u{a0}ч – 1\u{a0}дн.", "4\u{a0}h – 1\u{a0}d"));
        assert_eq!(label(1440.0, None), Text::new("дольше 1\u{a0}дня", "over 1\u{a0}d"));
    }
}
