//! What a metric needs of the store, and how to say that it is not there.

use std::fmt::{Display, Formatter};

use super::dimension::{DIMENSIONS, title};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::tables::Table;
use crate::model::written::Wrong;

/// What must hold at least one value: a column, or any of several. Having one means that the columns exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    first: (Table, &'static str),
    others: Vec<(Table, &'static str)>,
}

impl Need {
    /// Reads `table.column`, or several joined by `|`.
    pub(super) fn parse(written: &str) -> Result<Need, Wrong> {
        let (first, others) = written.split_once('|').map_or((written, None), |(first, rest)| (first, Some(rest)));
        let others = others.iter().flat_map(|rest| rest.split('|')).map(|one| column(one.trim()));
        Ok(Need { first: column(first.trim())?, others: others.collect::<Result<_, _>>()? })
    }

    /// The columns, any of which will do: at least one.
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = (Table, &'static str)> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Whether one of the columns is this table's.
    pub fn is_of(&self, table: Table) -> bool {
        self.columns().any(|(of, _)| of == table)
    }

    /// Whether this is one of the columns.
    pub fn names(&self, table: Table, column: &str) -> bool {
        self.columns().any(|one| one == (table, column))
    }

    /// What is said to be missing where no row fills it, and what to export.
    pub fn missing(&self) -> (String, Text) {
        let (table, column) = self.first;
        (self.joined(" or "), source(table, column))
    }

    /// The columns as `table.column`, `between` them.
    pub(super) fn joined(&self, between: &str) -> String {
        let names = self.columns().map(|(table, column)| format!("{}.{column}", table.name()));
        names.collect::<Vec<_>>().join(between)
    }

    /// The user-facing name of the export that fills it.
    pub(super) fn source_name(&self) -> Text {
        let (table, column) = self.first;
        name_of(table, column)
    }
}

/// As it is written in a metric's front matter.
impl Display for Need {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.joined("|"))
    }
}

fn column(written: &str) -> Result<(Table, &'static str), Wrong> {
    let (table, column) = written.split_once('.').ok_or_else(|| {
        Wrong::new(
            both!("`{written}` — не то, что нужно метрике", "`{written}` is no need"),
            Text::new("пишите таблица.столбец: deals.amount", "write it as table.column, such as deals.amount"),
        )
    })?;
    let known = Table::named(table).ok_or_else(|| {
        Wrong::new(
            both!("нет таблицы `{table}`", "there is no table `{table}`"),
            hint(table, Table::ALL.into_iter().map(Table::name)),
        )
    })?;
    let found = known.column(column).ok_or_else(|| {
        let names = known.columns().iter().map(|c| c.name);
        Wrong::new(
            both!("в таблице `{table}` нет столбца `{column}`", "the table `{table}` has no column `{column}`"),
            hint(column, names),
        )
    })?;
    Ok((known, found.name))
}

/// Where a column's values come from: what to export or to map, so that it is filled.
pub(super) fn source(table: Table, column: &str) -> Text {
    match (table, column) {
        (Table::Journeys, "entries" | "returns" | "intervals") => Text::new(
            "собирается из событий вида stage (история этапов); выгрузите её",
            "folded from events of kind stage (the stage history): export it",
        ),
        (Table::Journeys, "amount_history" | "expected_close_history" | "probability_history" | "absences") => {
            Text::new(
                "собирается сравнением срезов (выгрузок всех сделок, snapshot = true); загружайте их регулярно",
                "made by comparing snapshots (exports of all deals, snapshot = true): ingest them regularly",
            )
        }
        (Table::Journeys, "response_at") => Text::new(
            "собирается из исходящих звонков, писем, SMS и сообщений в events; выгрузите звонки и переписку",
            "folded from outgoing calls, letters, SMS and messages in events: export calls and messages",
        ),
        (Table::Journeys, "touch_at" | "events") => Text::new(
            "собирается из исходящих звонков, писем, сообщений и встреч в events; выгрузите дела и звонки",
            "folded from outgoing calls, letters, messages and meetings in events: export activities and calls",
        ),
        (Table::Journeys, "refused_at" | "opted_out_at" | "complained_at" | "refunded_at") => Text::new(
            "собирается из событий вида refusal, opt_out, complaint и refund; выгрузите отказы, отписки, жалобы и возвраты",
            "folded from events of kinds refusal, opt_out, complaint and refund: export refusals, opt-outs, complaints and refunds",
        ),
        (Table::Events, "score") => Text::new(
            "оценки проверок: события вида qa_check с оценкой; добавьте их выгрузкой",
            "scores of checks: events of kind qa_check with a score; add them as an export",
        ),
        (Table::Events, _) => Text::new(
            "дела, звонки и письма: выгрузите их и добавьте в маппинг",
            "activities, calls and letters: export them and add them to the mapping",
        ),
        (Table::Spend, "claimed_leads" | "claimed_orders" | "claimed_revenue") => Text::new(
            "заявленные рекламным кабинетом лиды, заказы или выручка: добавьте их в маппинг расхода",
            "leads, orders or revenue as the advertising cabinet claims them: add them to the mapping of spend",
        ),
        (Table::Spend, _) => Text::new(
            "расход по дням из рекламного кабинета: выгрузите его и добавьте в маппинг",
            "daily spend from the advertising cabinet: export it and add it to the mapping",
        ),
        (Table::Plans, _) => Text::new(
            "план (период, чей, показатель, сколько): загрузите таблицу плана, как в руководстве по маппингу, раздел «План»",
            "the plan (period, whose, measure, how much): ingest the plan sheet as the mapping guide's section “Plans” says",
        ),
        (Table::Promos, _) => Text::new(
            "календарь акций (название, начало, конец): добавьте его выгрузкой",
            "the calendar of promotions (name, start, end): add it as an export",
        ),
        // the others of a journey are its deal's
        (Table::Journeys, column) => source(Table::Deals, column),
        (Table::Ingests | Table::Quarantine | Table::Regulations, _) => {
            Text::new("ведёт сама загрузка: загрузите выгрузку", "kept by the ingest itself: ingest an export")
        }
        (table, column) if table.kept_by_ingest().contains(&column) => Text::new(
            format!("{column} ведёт сама загрузка, сравнивая срезы: snapshot = true в маппинге"),
            format!("{column} is kept by the ingest itself, by comparing snapshots: snapshot = true in the mapping"),
        ),
        _ => Text::new(
            format!("столбец {column} таблицы {}: назовите его в маппинге и загрузите выгрузку снова", table.name()),
            format!("the column {column} of {}: name it in the mapping and ingest the export again", table.name()),
        ),
    }
}

/// What to export or to map, so that `what` is filled, such as `spend.cost`. None for what is no column of ours.
pub fn way_out(what: &str) -> Option<Text> {
    let (table, column) = column(what).ok()?;
    Some(source(table, column))
}

/// What an export of these columns is called by people, such as `spend.cost`: one name for all that one export fills; of a
/// dimension, its title. None for what is neither.
pub fn source_name(what: &str) -> Option<Text> {
    if DIMENSIONS.contains(&what) {
        let Text { ru, en } = title(what);
        return Some(Text::new(format!("разрез «{ru}»"), format!("the split “{en}”")));
    }
    let first = what.split([',', '|']).next()?.split(" or ").next()?.trim();
    let (table, column) = column(first).ok()?;
    Some(name_of(table, column))
}

fn name_of(table: Table, column: &'static str) -> Text {
    match (table, column) {
        (Table::Journeys, "entries") => Text::new("история этапов", "the stage history"),
        (Table::Journeys, "response_at" | "touch_at") | (Table::Events, "kind" | "manager") => {
            Text::new("звонки и переписка", "calls and messages")
        }
        (Table::Journeys, "refunded_at" | "complained_at" | "refused_at" | "opted_out_at") => {
            Text::new("отказы, отписки, жалобы и возвраты", "refusals, opt-outs, complaints and refunds")
        }
        (Table::Events, "score") => Text::new("оценки контроля качества", "scores of quality control"),
        (Table::Events, _) => Text::new("звонки, письма и другие события", "calls, letters and other events"),
        (Table::Spend, "claimed_leads" | "claimed_orders" | "claimed_revenue") => {
            Text::new("заявленное рекламным кабинетом", "what the advertising cabinet claims")
        }
        (Table::Spend, _) => Text::new("расход на рекламу", "advertising spend"),
        (Table::Promos, _) => Text::new("календарь акций", "the calendar of promotions"),
        (Table::Plans, _) => Text::new("план", "the plan"),
        (Table::Staff, _) => Text::new("список сотрудников", "the list of staff"),
        (Table::Clients, _) => Text::new("список клиентов", "the list of clients"),
        (Table::Deals, column) => deals_name(column),
        (Table::Quarantine, _) => Text::new("не принятые строки", "refused rows"),
        _ => Text::new(format!("{}.{column}", table.name()), format!("{}.{column}", table.name())),
    }
}

fn deals_name(column: &str) -> Text {
    let (ru, en) = match column {
        "amount" => ("суммы сделок", "amounts of deals"),
        "list_amount" => ("суммы до скидки", "amounts before discount"),
        "cost" => ("себестоимость сделок", "costs of deals"),
        "created_at" => ("даты создания сделок", "creation dates of deals"),
        "closed_at" => ("даты закрытия сделок", "closing dates of deals"),
        "status" => ("чем кончились сделки", "how deals ended"),
        "stage" => ("этапы сделок", "stages of deals"),
        "client_id" => ("клиенты сделок", "clients of deals"),
        "manager" => ("менеджеры сделок", "managers of deals"),
        "promo" => ("акции, по которым купили", "promotions that deals were won under"),
        "interest" => ("интерес клиента", "the client's interest"),
        "lost_reason" => ("причины проигрыша", "reasons for losing"),
        other => return Text::new(format!("сделки: {other}"), format!("deals: {other}")),
    };
    Text::new(ru, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_names_a_canonical_column() {
        let parse = Need::parse;
        let either = parse("deals.amount | spend.cost").unwrap();
        assert_eq!(either.columns().collect::<Vec<_>>(), [(Table::Deals, "amount"), (Table::Spend, "cost")]);
        assert_eq!((either.to_string().as_str(), either.is_of(Table::Spend)), ("deals.amount|spend.cost", true));
        assert_eq!(parse("deals.amount|").unwrap_err().what.en, "`` is no need");
        assert_eq!(parse("deals.amuont").unwrap_err().hint.en, "did you mean `amount`?");
        assert_eq!(parse("deal.amount").unwrap_err().hint.en, "did you mean `deals`?");
        assert_eq!(parse("amount").unwrap_err().what.en, "`amount` is no need");
    }

    #[test]
    fn what_one_export_fills_has_one_name() {
        let name = |what: &str| source_name(what).map(|text| text.en);
        assert_eq!(name("journeys.response_at"), name("journeys.touch_at"));
        assert_eq!(name("spend.cost").as_deref(), Some("advertising spend"));
        assert_eq!(name("journeys.refunded_at or journeys.complained_at"), name("journeys.refunded_at"));
        assert_eq!((name("contractor").as_deref(), name("adherence")), (Some("the split “Contractor”"), None));
    }
}
