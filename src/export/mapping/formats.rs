//! What sections and columns of a mapping state alike: time zones, currencies, formats of dates and numbers.

use crate::export::values::amounts::{self, Currency};
use crate::export::values::dates::DateFormat;
use crate::export::values::numbers::Decimal;
use crate::model::lang::{Text, both};
use crate::model::problem::{meant, nearest};
use crate::model::written::{Section, Value, Wrong};
use chrono_tz::Tz;

/// A text or a list of texts.
pub(super) fn text_or_list(section: &Section<'_>, key: &str) -> Vec<String> {
    match section.value(key) {
        Some(Value::Text(text)) => vec![text.clone()],
        _ => section.texts(key).into_iter().map(|text| text.value).collect(),
    }
}

/// The `zone` of a section.
pub(super) fn zone(section: &Section<'_>) -> Option<Tz> {
    section.optional_checked("zone", |name| {
        name.parse().map_err(|_| {
            let near = nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            let example = || Text::new("имя IANA: Europe/Moscow, UTC", "an IANA name: Europe/Moscow, UTC");
            let way_out = near.map_or_else(example, meant);
            Wrong::new(both!("нет часового пояса `{name}`", "no time zone is named `{name}`"), way_out)
        })
    })
}

/// The `currency` of a section.
pub(super) fn currency(section: &Section<'_>) -> Option<Currency> {
    section.optional_checked("currency", |text| {
        amounts::currency(text).ok_or_else(|| {
            Wrong::new(
                both!("так не пишется ни одна валюта: `{text}`", "no currency is written `{text}`"),
                Text::new("код или знак: \"RUB\", \"USD\", \"€\"", "a code or a sign: \"RUB\", \"USD\", \"€\""),
            )
        })
    })
}

/// The `dates` of a section: a format or a list of them.
pub(super) fn dates(section: &Section<'_>) -> Option<Vec<DateFormat>> {
    let texts = text_or_list(section, "dates");
    let formats = texts.iter().filter_map(|text| match DateFormat::parse(text) {
        Ok(format) => Some(format),
        Err(_) if text == "?" => {
            section.wrong(
                "dates",
                Text::new(
                    "в `dates` стоит `?`: это черновик оставил решить вам",
                    "`dates` has a `?`, which is what the draft leaves to you",
                ),
                Text::new(
                    "напишите один из видов, которые стоят за ним",
                    "write one of the forms that stand behind it",
                ),
            );
            None
        }
        Err(what) => {
            section.wrong(
                "dates",
                what,
                Text::new(
                    "напишите dates = \"dd.mm.yyyy HH:MM:SS\": mm — месяц, MM — минуты",
                    "write dates = \"dd.mm.yyyy HH:MM:SS\": mm is the month, MM the minutes",
                ),
            );
            None
        }
    });
    let formats: Vec<DateFormat> = formats.collect();
    (!formats.is_empty()).then_some(formats)
}

/// The `decimal` of a section.
pub(super) fn decimal(section: &Section<'_>) -> Option<Decimal> {
    section.optional_one_of("decimal", &[(",", Decimal::Comma), (".", Decimal::Point)])
}
