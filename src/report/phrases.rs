//! Phrases of a report in one language: changes, periods, sources; [`lack`] has those for missing data, [`colophon`] the last
//! lines. What a value is called is said by [`Titles`].

mod colophon;
mod lack;

use chrono::{Datelike, NaiveDate};

use super::definition::question::{Compare, Question};
use super::period::{Period, Range};
use super::render::number::Numbers;
use super::titles::Titles;
use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;
use crate::session::Session;

/// A change by more than this factor is shown as a difference: the earlier value was close to zero.
const MOST_RELATIVE: f64 = 10.0;

/// Words a report in one language.
#[derive(Debug)]
pub(super) struct Phrases<'a> {
    pub lang: Lang,
    pub numbers: Numbers<'a>,
    pub titles: Titles<'a>,
    as_of: NaiveDate,
    version: u64,
    /// The title of the section that lists what could not be judged, if the report has one.
    pub gathered: Option<String>,
}

impl<'a> Phrases<'a> {
    pub fn new(session: &Session, titles: Titles<'a>, gathered: Option<String>) -> Phrases<'a> {
        let numbers = titles.numbers;
        let (as_of, version) = (session.as_of(), session.version());
        Phrases { lang: numbers.lang, numbers, titles, as_of, version, gathered }
    }

    /// Chooses between two words.
    pub fn pick<'t>(&self, ru: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(ru, en)
    }

    /// A text of the definition in this language.
    pub fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// The difference of two values: money and counts in per cent, shares in percentage points, other units as they
    /// are. If the earlier value is zero, negative or close to zero, a percentage would mislead, so the absolute
    /// difference is shown.
    pub fn difference(&self, now: f64, then: f64, unit: Unit) -> String {
        let (points, relative) = (now - then, (now - then) / then);
        match unit {
            Unit::Share => {
                let points = self.numbers.signed(points * 100.0, Unit::Index);
                format!("{points}\u{a0}{}", self.pick("п. п.", "pp"))
            }
            Unit::Money | Unit::Count if then > 0.0 && relative.abs() <= MOST_RELATIVE => {
                self.numbers.signed(relative, Unit::Share)
            }
            _ => self.numbers.signed(points, unit),
        }
    }

    /// What a period is compared with: `к предыдущей неделе`.
    pub fn compared(&self, compare: Compare, period: Period) -> &'static str {
        match (compare, period, self.lang) {
            (Compare::Before, Period::Weeks(1), Lang::Ru) => "к предыдущей неделе",
            (Compare::Before, Period::Weeks(1), Lang::En) => "on the week before",
            (Compare::Before, Period::Months(1), Lang::Ru) => "к предыдущему месяцу",
            (Compare::Before, Period::Months(1), Lang::En) => "on the month before",
            (Compare::Before, _, Lang::Ru) => "к предыдущему периоду",
            (Compare::Before, _, Lang::En) => "on the period before",
            (Compare::Year, Period::Weeks(1), Lang::Ru) => "к той же неделе год назад",
            (Compare::Year, Period::Weeks(1), Lang::En) => "on the same week last year",
            (Compare::Year, _, Lang::Ru) => "к тому же периоду год назад",
            (Compare::Year, _, Lang::En) => "on the same period last year",
        }
    }

    /// The first and the last day of a range.
    pub fn range(&self, range: Range) -> String {
        match (self.lang, range.from.year() == range.last().year()) {
            (Lang::Ru, true) => format!("{}–{}", self.numbers.short_date(range.from), self.numbers.date(range.last())),
            (Lang::En, true) => {
                format!("{} – {}", self.numbers.short_date(range.from), self.numbers.date(range.last()))
            }
            (_, false) => format!("{} – {}", self.numbers.date(range.from), self.numbers.date(range.last())),
        }
    }

    /// A period in words, to begin a line with.
    pub fn period(&self, period: Period) -> String {
        capital(&period.words(self.lang))
    }

    /// Notice: a table or chart has nothing to show.
    pub fn nothing(&self, title: &str, has_period: bool) -> String {
        let words = match has_period {
            true => self.pick("за период нет ни одной строки", "not a single row within the period"),
            false => self.pick("нет ни одной строки", "not a single row"),
        };
        format!("«{title}»: {words}.")
    }

    /// A part of the regulation that states nothing.
    pub fn not_stated(&self, title: &str) -> String {
        let words = self.pick("в регламенте об этом ничего нет", "the regulation says nothing of it");
        format!("«{title}»: {words}.")
    }

    /// The day for which a current state is shown.
    pub fn day(&self) -> String {
        format!("{} {}", self.pick("На утро", "On the morning of"), self.numbers.date(self.as_of))
    }

    /// The source of a figure: metric, split, as_of, store version, and the period unless it describes the current state.
    pub fn source(&self, ask: &Question, range: Option<Range>) -> String {
        let as_of = self.numbers.date(self.as_of);
        let range = range.map_or_else(String::new, |range| format!("{}, ", self.range(range)));
        let by = match ask.by.is_empty() {
            true => String::new(),
            false => format!(" {} {}", self.pick("по", "by"), ask.by.join(", ")),
        };
        let (metric, version) = (&ask.metric, self.version);
        match self.lang {
            Lang::Ru => format!("{metric}{by}, {range}данные до {as_of}, версия хранилища {version}"),
            Lang::En => format!("{metric}{by}, {range}data before {as_of}, store version {version}"),
        }
    }
}

/// The text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut symbols = text.chars();
    symbols.next().map_or_else(String::new, |first| first.to_uppercase().chain(symbols).collect())
}
