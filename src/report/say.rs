//! Phrases for values, groups and sources in one language; [`lack`] has those for missing data.

mod lack;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use chrono::{Datelike, NaiveDate};

use super::cell::Cell;
use super::definition::{Compare, Labels, Question};
use super::grid::{Grid, number};
use super::period::{Period, Range};
use super::render::number::Numbers;
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;
use crate::regulation::{History, Regulation};
use crate::session::Session;

/// A change by more than this factor is shown as a difference: the earlier value was close to zero.
const MOST_RELATIVE: f64 = 10.0;

/// Formats and phrases in one language.
#[derive(Debug)]
pub(super) struct Say<'a> {
    pub lang: Lang,
    pub numbers: Numbers<'a>,
    labels: &'a Labels,
    /// Titles from the regulation: column → value → text.
    titles: BTreeMap<String, BTreeMap<String, Text>>,
    as_of: NaiveDate,
    version: u64,
    /// Metrics that describe the current state, independent of the period.
    standing: BTreeSet<String>,
    /// The title of the section that lists what could not be judged, if the report has one.
    pub gathered: Option<String>,
}

impl<'a> Say<'a> {
    pub fn new(
        lang: Lang,
        session: &'a Session,
        catalog: &Catalog,
        labels: &'a Labels,
        gathered: Option<String>,
    ) -> Say<'a> {
        let regulation = session.regulation();
        let mut titles = BTreeMap::new();
        for (name, batch) in regulation.tables() {
            let Some((key, texts)) = titles_of(&batch) else { continue };
            titles.insert(key, texts.clone());
            // `lost_reasons` also provides the titles of the column `lost_reason`
            titles.insert(name.trim_end_matches('s').to_owned(), texts);
        }
        let numbers = Numbers { lang, currency: regulation.currency_sign() };
        let metrics = catalog.names().filter_map(|name| catalog.get(name).ok());
        let standing = metrics.filter(|metric| !metric.has_period).map(|metric| metric.name.clone());
        let (as_of, version) = (session.as_of(), session.version());
        Say { lang, numbers, labels, titles, as_of, version, standing: standing.collect(), gathered }
    }

    /// Chooses between two words.
    pub fn pick<'t>(&self, ru: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }

    /// A text of the definition in this language.
    pub fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// A column name with `{lang}` replaced.
    pub fn column(&self, name: &str) -> String {
        name.replace("{lang}", self.pick("ru", "en"))
    }

    /// A cell as shown: titles instead of ids and codes, a placeholder for an empty dimension.
    pub fn shown(&self, metric: &str, grid: &Grid, at: usize, cell: &Cell) -> Cell {
        let column = grid.columns[at].name.as_str();
        let value = match cell {
            Cell::Text(value) => value.as_str(),
            Cell::Empty if at < grid.dimensions => "",
            // a code that is a number
            Cell::Count(number) => {
                let labels = self.labels.get(metric).and_then(|columns| columns.get(column));
                let label = labels.and_then(|all| all.get(&number.to_string()));
                return label.map_or(cell.clone(), |text| Cell::Text(self.text(text).to_owned()));
            }
            _ => return cell.clone(),
        };
        let labels = self.labels.get(metric).and_then(|columns| columns.get(column));
        let titled = |code: &str| labels.and_then(|all| all.get(code)).or_else(|| self.titles.get(column)?.get(code));
        match titled(value) {
            Some(text) => Cell::Text(self.text(text).to_owned()),
            // several codes in one cell
            None if value.split(", ").any(|code| titled(code).is_some()) => {
                let words = value.split(", ").map(|code| titled(code).map_or(code, |text| self.text(text)));
                Cell::Text(words.collect::<Vec<_>>().join(", "))
            }
            None if value.trim().is_empty() && at < grid.dimensions => {
                Cell::Text(self.pick("не заполнено", "not filled").to_owned())
            }
            None => cell.clone(),
        }
    }

    /// The value of a column as a label on an axis or in a sentence.
    pub fn label(&self, metric: &str, grid: &Grid, row: usize, column: &str) -> String {
        let Some(at) = grid.position(column) else { return String::new() };
        match self.shown(metric, grid, at, &grid.rows[row][at]) {
            Cell::Text(text) => text,
            Cell::Date(day) if column == "month" => self.numbers.month(day),
            Cell::Date(day) => self.numbers.short_date(day),
            cell => self.value(&cell, grid.columns[at].unit),
        }
    }

    /// The group of a row in words: its dimension values.
    pub fn group(&self, metric: &str, grid: &Grid, row: usize) -> String {
        let names = (0..grid.dimensions).map(|at| self.label(metric, grid, row, &grid.columns[at].name));
        names.collect::<Vec<_>>().join(" · ")
    }

    /// A value with its unit.
    pub fn value(&self, cell: &Cell, unit: Unit) -> String {
        match cell {
            Cell::Empty => self.pick("нет данных", "no data").to_owned(),
            Cell::Text(text) => text.clone(),
            Cell::Date(day) => self.numbers.date(*day),
            Cell::Interval { value, low, high } => {
                format!("{} ({})", self.numbers.compact(*value, unit), self.numbers.bounds(*low, *high, unit))
            }
            cell => number(cell).map_or_else(String::new, |n| self.numbers.compact(n, unit)),
        }
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

    /// Whether the metric's result depends on the period.
    pub fn has_period(&self, ask: &Question) -> bool {
        !self.standing.contains(&ask.metric)
    }

    /// Notice: a table or chart has nothing to show.
    pub fn nothing(&self, title: &str, has_period: bool) -> String {
        let words = match has_period {
            true => self.pick("за период нет ни одной строки", "not a single row within the period"),
            false => self.pick("нет ни одной строки", "not a single row"),
        };
        format!("«{title}»: {words}.")
    }

    /// Notice: a part has no row. For metrics of rules this means that nothing could be judged.
    pub fn no_row(&self, title: &str, ask: Option<&Question>) -> String {
        const JUDGING: [&str; 6] =
            ["adherence", "adherence_by_stage", "rule_effect", "contact_rules", "contacts", "mailing_caps"];
        match ask {
            Some(ask) if JUDGING.contains(&ask.metric.as_str()) => self.unjudged(title),
            _ => self.nothing(title, ask.is_none_or(|ask| self.has_period(ask))),
        }
    }

    /// The day for which a current state is shown.
    pub fn day(&self) -> String {
        format!("{} {}", self.pick("На утро", "On the morning of"), self.numbers.date(self.as_of))
    }

    /// The last lines of a report.
    pub fn colophon(&self, regulation: &Regulation) -> Vec<String> {
        let (as_of, version) = (self.numbers.date(self.as_of), self.version);
        let zone = regulation.calendar().zone.name();
        let in_force = self.in_force(regulation);
        match self.lang {
            Lang::Ru => vec![
                format!("Версия хранилища {version}; учтено всё, что произошло до {as_of} (не включая этот день)."),
                in_force,
                format!("Дни и недели — по часовому поясу {zone}; неделя начинается с понедельника."),
                "Доли от числа случаев (сделок, клиентов) показаны с 95-процентными интервалами; у долей денег интервала \
                 нет. Группы различаются лишь там, где различие доказано с поправкой на число сравнений (Бенджамини — \
                 Хохберг, 5 %)."
                    .to_owned(),
            ],
            Lang::En => vec![
                format!("Store version {version}; all that happened before {as_of} (that day not included)."),
                in_force,
                format!("Days and weeks are those of the time zone {zone}; weeks begin on Monday."),
                "Shares of counts (of deals, of clients) come with 95% intervals; shares of money have none. Groups are told \
                 apart only where the evidence says so after the correction for the number compared \
                 (Benjamini–Hochberg, 5%)."
                    .to_owned(),
            ],
        }
    }

    /// Which regulation the report uses, and whether it has changed since.
    fn in_force(&self, regulation: &Regulation) -> String {
        let from = regulation.valid_from().map(|day| self.numbers.date(day));
        let History { until, too_young } = regulation.history();
        let until = until.map(|day| self.numbers.date(day));
        match (self.lang, from, until, too_young) {
            (Lang::Ru, Some(from), _, true) => {
                format!("Регламент действует с {from}, то есть после этого периода: более раннего хранилище не знает.")
            }
            (Lang::Ru, Some(from), None, _) => format!("Регламент действует с {from}."),
            (Lang::Ru, Some(from), Some(until), _) => {
                format!("Регламент, который действовал с {from}; с {until} действует другой.")
            }
            (Lang::Ru, None, Some(until), _) => {
                format!("Регламент, который действовал до {until}; с этого дня — другой.")
            }
            (Lang::Ru, None, None, _) => "Регламент действует без указания даты (valid_from).".to_owned(),
            (Lang::En, Some(from), _, true) => {
                format!("The regulation is in force from {from}, after this period: the store knows of none older.")
            }
            (Lang::En, Some(from), None, _) => format!("The regulation is in force from {from}."),
            (Lang::En, Some(from), Some(until), _) => {
                format!("The regulation that was in force from {from}; another is from {until}.")
            }
            (Lang::En, None, Some(until), _) => {
                format!("The regulation that was in force until {until}; from that day another is.")
            }
            (Lang::En, None, None, _) => "The regulation names no day from which it holds (valid_from).".to_owned(),
        }
    }

    /// The source of a figure: metric, split, period, as_of, store version.
    pub fn source(&self, ask: &Question, range: Range) -> String {
        let as_of = self.numbers.date(self.as_of);
        let range = if self.has_period(ask) { format!("{}, ", self.range(range)) } else { String::new() };
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

/// The titles in a table of the regulation, keyed by its first column.
fn titles_of(batch: &RecordBatch) -> Option<(String, BTreeMap<String, Text>)> {
    let text = |column: &arrow::array::ArrayRef| cast(column, &DataType::Utf8).ok();
    let (ids, ru, en) = (
        text(batch.columns().first()?)?,
        text(batch.column_by_name("title_ru")?)?,
        text(batch.column_by_name("title_en")?)?,
    );
    let (ids, ru, en) = (ids.as_string::<i32>(), ru.as_string::<i32>(), en.as_string::<i32>());
    let rows = ids.iter().zip(ru.iter().zip(en.iter()));
    let texts = rows.filter_map(|(id, (ru, en))| Some((id?.to_owned(), Text::new(ru?, en?)))).collect();
    Some((batch.schema().field(0).name().clone(), texts))
}
