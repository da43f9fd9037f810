//! What a metric needs of the store, and how to say that it is not there.

use crate::model::lang::Text;
use crate::model::problem::hint;
use crate::model::tables::Table;
use crate::model::written::Wrong;

/// One of several columns, any of which will do.
pub(super) type Alternatives = Vec<(Table, &'static str)>;

/// Reads `table.column`, or several joined by `|`.
pub(super) fn parse(need: &str) -> Result<Alternatives, Wrong> {
    need.split('|').map(|one| column(one.trim())).collect()
}

fn column(written: &str) -> Result<(Table, &'static str), Wrong> {
    let (table, column) = written.split_once('.').ok_or_else(|| {
        Wrong::new(format!("`{written}` is no need"), "write it as table.column, such as deals.amount")
    })?;
    let known = Table::named(table).ok_or_else(|| {
        Wrong::new(format!("there is no table `{table}`"), hint(table, Table::ALL.into_iter().map(Table::name)))
    })?;
    let found = known.column(column).ok_or_else(|| {
        let names = known.columns().iter().map(|c| c.name);
        Wrong::new(format!("the table `{table}` has no column `{column}`"), hint(column, names))
    })?;
    Ok((known, found.name))
}

/// Where a column's values come from: what to export or to map, so that it is filled.
pub(super) fn source(table: Table, column: &str) -> Text {
    match (table, column) {
        (Table::Journeys, "entries") => Text::new(
            "собирается из событий вида stage (история этапов); выгрузите её",
            "folded from events of kind stage (the stage history): export it",
        ),
        (Table::Journeys, "response_at") => Text::new(
            "собирается из исходящих звонков, писем, SMS и сообщений в events; выгрузите звонки и переписку",
            "folded from outgoing calls, letters, SMS and messages in events: export calls and messages",
        ),
        (Table::Journeys, "touch_at") => Text::new(
            "собирается из исходящих звонков, писем, сообщений и встреч в events; выгрузите дела и звонки",
            "folded from outgoing calls, letters, messages and meetings in events: export activities and calls",
        ),
        (Table::Journeys, "refused_at" | "opted_out_at" | "complained_at" | "refunded_at") => Text::new(
            "собирается из событий вида refusal, opt_out, complaint и refund; выгрузите отказы, отписки, жалобы и возвраты",
            "folded from events of kinds refusal, opt_out, complaint and refund: export refusals, opt-outs, complaints and refunds",
        ),
        (Table::Spend, "claimed_leads" | "claimed_orders" | "claimed_revenue") => Text::new(
            "заявленные рекламным кабинетом лиды, заказы или выручка: добавьте их в маппинг расхода",
            "leads, orders or revenue as the advertising cabinet claims them: add them to the mapping of spend",
        ),
        (Table::Spend, _) => Text::new(
            "расход по дням из рекламного кабинета: выгрузите его и добавьте в маппинг",
            "daily spend from the advertising cabinet: export it and add it to the mapping",
        ),
        (Table::Promos, _) => Text::new(
            "календарь акций (название, начало, конец): добавьте его выгрузкой",
            "the calendar of promotions (name, start, end): add it as an export",
        ),
        _ => Text::new(
            format!("столбец {column} таблицы {}: назовите его в маппинге и загрузите выгрузку снова", table.name()),
            format!("the column {column} of {}: name it in the mapping and ingest the export again", table.name()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_names_a_canonical_column() {
        assert_eq!(parse("deals.amount|spend.cost").unwrap(), [(Table::Deals, "amount"), (Table::Spend, "cost")]);
        assert_eq!(parse("deals.amuont").unwrap_err().hint, "did you mean `amount`?");
        assert_eq!(parse("deal.amount").unwrap_err().hint, "did you mean `deals`?");
        assert_eq!(parse("amount").unwrap_err().what, "`amount` is no need");
    }
}
