//! What tables, views, metrics and their columns are, in words.

use crate::export::{of_column, of_table};
use crate::metrics::{Metric, MetricColumn};
use crate::model::lang::{Lang, Text};
use crate::model::tables::Table;
use crate::model::unit::Unit;
use crate::session::is_view;

/// The schema's name.
pub const SCHEMA: &str = "pg_catalog";

/// What a table or view of `public` is.
pub fn table(name: &str, lang: Lang) -> String {
    let text = match Table::named(name) {
        Some(table) => of_table(table),
        None if is_view(name) => view(name),
        None => Text::new("Таблица регламента.", "A table of the regulation."),
    };
    text.get(lang).to_owned()
}

fn view(name: &str) -> Text {
    let (ru, en) = match name {
        "scope" => (
            "Сделка, какой она была известна на день ответов: что случилось позже, в ней не видно. Основа метрик.",
            "A deal as it was known on the day of the answers: what happened later is not in it. What metrics are made of.",
        ),
        "scope_entries" => {
            ("Вход сделки на этап, на день ответов.", "An entry of a deal into a stage, as of the day of the answers.")
        }
        "scope_spend" => {
            ("Расход на рекламу, до дня ответов.", "Money spent on advertising, up to the day of the answers.")
        }
        "scope_plans" => ("План, известный на день ответов.", "What is planned, as known on the day of the answers."),
        "scope_events" => {
            ("Событие со своей сделкой, до дня ответов.", "An event with its deal, up to the day of the answers.")
        }
        "scope_contacts" => {
            ("Контакт с клиентом, до дня ответов.", "A contact with a client, up to the day of the answers.")
        }
        "scope_planned" => {
            ("Что регламент велит делать по дням сделки.", "What the regulation wants done on the days of a deal.")
        }
        "scope_required" => ("Поле, которое регламент требует заполнить.", "A field that the regulation wants filled."),
        "scope_evidence" => ("Свидетельство того, что правило выполнено.", "Evidence that a rule was kept."),
        "scope_clients" => {
            ("Клиент со своими сделками, на день ответов.", "A client with its deals, as of the day of the answers.")
        }
        "scope_coverage" => (
            "Клиент: последнее касание, и можно ли с ним связываться.",
            "A client: the last touch, and whether the client may be contacted.",
        ),
        "scope_checks" => (
            "Проверка правила регламента: строка на суждение.",
            "A check of a rule of the regulation: a row per judgement.",
        ),
        _ => ("Представление.", "A view."),
    };
    Text::new(ru, en)
}

/// What a column of a table or view of `public` is.
pub fn column(table: &str, column: &str, lang: Lang) -> Option<String> {
    let described = match Table::named(table) {
        Some(table) => of_column(table, column),
        None if table == "scope_events" => of_column(Table::Events, column).or_else(|| of_column(Table::Deals, column)),
        None if table == "scope_spend" => of_column(Table::Spend, column),
        None if is_view(table) => of_column(Table::Journeys, column),
        None => None,
    };
    described.map(|text| text.get(lang).to_owned())
}

/// What a metric is.
pub fn metric(metric: &Metric, lang: Lang) -> String {
    let about = metric.about.get(lang).split_whitespace().collect::<Vec<_>>().join(" ");
    let period = match (metric.has_period, lang) {
        (true, Lang::Ru) => "Представление — за всю историю; период и разрез задают функции.",
        (true, Lang::En) => "The view is of the whole history; the function takes a period and a split.",
        (false, Lang::Ru) => "На день ответов; разрез задают функции.",
        (false, Lang::En) => "As of the day of the answers; the function takes a split.",
    };
    let by =
        if metric.dimensions.is_empty() { String::new() } else { format!(" by: {}.", metric.dimensions.join(", ")) };
    format!("{}. {about} {period}{by}", metric.title.get(lang).trim_end_matches('.'))
}

/// What a column of a metric is, with its unit.
pub fn of_metric(column: &MetricColumn, lang: Lang) -> String {
    let unit = match column.unit {
        Unit::Text | Unit::Date | Unit::Count => None,
        Unit::Money => Some(lang.pick("деньги", "money")),
        Unit::Share => Some(lang.pick("доля: 0.345 — это 34,5 %", "a share: 0.345 is 34.5 %")),
        Unit::Ratio => Some(lang.pick("отношение", "a ratio")),
        Unit::Minutes => Some(lang.pick("минуты", "minutes")),
        Unit::Hours => Some(lang.pick("часы", "hours")),
        Unit::Days => Some(lang.pick("дни", "days")),
        Unit::Index => Some(lang.pick("индекс от 0 до 100", "an index from 0 to 100")),
    };
    let title = column.title.get(lang);
    let title = if title.is_empty() { &column.name } else { title };
    unit.map_or_else(|| title.to_owned(), |unit| format!("{title} ({unit})"))
}
