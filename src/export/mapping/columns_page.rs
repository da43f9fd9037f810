//! The page that lists our tables and columns, for those who write mappings and SQL: `docs/guide/columns.*.md`.

use std::fmt::Write as _;

use super::required;
use crate::model::lang::{Lang, Text};
use crate::model::tables::{CHANGE_KINDS, EVENT_KINDS, GONE_KIND, Kind, STATUSES, Table};

/// Every canonical table with its columns, as a Markdown page.
pub fn columns_page(lang: Lang) -> String {
    let mut out = match lang {
        Lang::Ru => "# Наши таблицы и столбцы\n\nСделано из `src/model/tables.rs`: меняйте его, а не эту страницу.\n\n\
            Слева — имена, которые пишут в [маппинге](mapping.ru.md) (`[export.table.columns]`) и в SQL. «Обязателен» — без него строка уходит в карантин; \
            остальных столбцов может не быть. «Загрузка» — столбец ведёт сама загрузка, маппинг его не заполняет. Столбцы вне этого списка \
            перечисляют в `[export.table.extra]` под своими именами; они хранятся как текст.\n"
            .to_owned(),
        Lang::En => "# Our tables and columns\n\nMade from `src/model/tables.rs`: change that, not this page.\n\n\
            The names on the left are what a [mapping](mapping.en.md) (`[export.table.columns]`) and SQL write. “Required”: without it a row is \
            quarantined; the other columns may be absent. “Ingest”: the ingest itself keeps the column, no mapping fills it. Columns that are not \
            listed here stand in `[export.table.extra]` under names of your own; they are kept as text.\n"
            .to_owned(),
    };
    for table in Table::ALL {
        let mapped = Table::MAPPED.contains(&table);
        let key: Vec<String> = table.key().iter().map(|column| format!("`{column}`")).collect();
        let (head, key_of) = match lang {
            Lang::Ru => ("| столбец | что хранит | кто заполняет | что это |\n|---|---|---|---|\n", "Ключ"),
            Lang::En => ("| column | holds | filled by | what it is |\n|---|---|---|---|\n", "Key"),
        };
        // writing into a String does not fail
        let _ = write!(
            out,
            "\n## `{}`\n\n{} {key_of}: {}.\n\n{head}",
            table.name(),
            of_table(table).get(lang),
            key.join(", ")
        );
        for column in table.columns() {
            let by = match (
                mapped && !table.kept_by_ingest().contains(&column.name),
                required(table).contains(&column.name),
            ) {
                (false, _) => Text::new("загрузка", "ingest"),
                (true, true) => Text::new("маппинг, обязателен", "mapping, required"),
                (true, false) => Text::new("маппинг", "mapping"),
            };
            let about = of_column(table, column.name).unwrap_or_default();
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                column.name,
                of_kind(column.kind).get(lang),
                by.get(lang),
                about.get(lang)
            );
        }
    }
    out
}

/// What one row of a table is.
pub(crate) fn of_table(table: Table) -> Text {
    let (ru, en) = match table {
        Table::Deals => {
            ("Сделка или лид в последнем известном состоянии.", "A deal or lead in its newest known state.")
        }
        Table::Events => (
            "Что произошло: звонок, письмо, переход на этап, отказ. Нужен `deal_id` или `client_id`.",
            "Something that happened: a call, a letter, a move to a stage, a refusal. Needs `deal_id` or `client_id`.",
        ),
        Table::Spend => (
            "Расход дня на кампанию и то, что заявляет рекламный кабинет.",
            "A day's cost of a campaign, and what the advertising cabinet claims for it.",
        ),
        Table::Promos => ("Акция.", "A promotion."),
        Table::Staff => ("Менеджер.", "A manager."),
        Table::Clients => ("Клиент.", "A client."),
        Table::Plans => (
            "План на период: одна ячейка одной редакции плана. Позднейшая редакция не стирает прежнюю: на каждый день видна та, что была известна.",
            "What is planned for a period: a cell of one edition of the plan. A later edition does not erase an earlier one: each day sees the one \
             that was known.",
        ),
        Table::Journeys => (
            "Свёрнутая история сделки: столбцы `deals` и то, что собрано из `events`. Делает загрузка, маппинг её не заполняет.",
            "A deal's folded history: the columns of `deals`, and what is folded from `events`. Made by the ingest, no mapping fills it.",
        ),
        Table::Ingests => ("Загрузка одной таблицы. Делает загрузка.", "One ingest of one table. Made by the ingest."),
        Table::Quarantine => (
            "Что отвергла последняя загрузка каждой выгрузки и почему. Делает загрузка.",
            "What the newest ingest of each export refused, and why. Made by the ingest.",
        ),
        Table::Regulations => {
            ("Регламент, действовавший при загрузке.", "The regulation that was in force at an ingest.")
        }
    };
    Text::new(ru, en)
}

/// What a kind of column holds.
fn of_kind(kind: Kind) -> Text {
    let (ru, en) = match kind {
        Kind::Text => ("текст", "text"),
        Kind::Money => ("деньги, 4 знака после запятой", "money, 4 decimals"),
        Kind::Instant => ("момент, UTC", "a moment, UTC"),
        Kind::Day => ("день", "a day"),
        Kind::Count => ("целое число", "a whole number"),
        Kind::Real => ("число", "a number"),
        Kind::Entries => ("список: этап, момент, сколько раз", "a list: stage, moment, how many times"),
        Kind::Returns => ("список: этап, момент, откуда", "a list: stage, moment, from where"),
        Kind::Intervals => ("список: этап, момент, после, до", "a list: stage, moment, after, before"),
        Kind::Instants => ("список моментов", "a list of moments"),
        Kind::Amounts => ("список: деньги, момент, после, до", "a list: money, moment, after, before"),
        Kind::Days => ("список: день, момент, после, до", "a list: day, moment, after, before"),
        Kind::Reals => ("список: число, момент, после, до", "a list: number, moment, after, before"),
        Kind::Absences => ("список: момент, до момента", "a list: moment, until which moment"),
    };
    Text::new(ru, en)
}

/// Describes a column. `None` if its description is missing; a test fails then.
pub(crate) fn of_column(table: Table, column: &str) -> Option<Text> {
    if column == "status" {
        let words = STATUSES.map(|status| format!("`{status}`")).join(", ");
        return Some(Text::new(format!("чем кончилась: {words}"), format!("how it ended: {words}")));
    }
    if (table, column) == (Table::Events, "kind") {
        let words = EVENT_KINDS.map(|kind| format!("`{kind}`")).join(", ");
        let changes = CHANGE_KINDS.map(|kind| format!("`{kind}`")).join(", ");
        return Some(Text::new(
            format!(
                "вид: {words}; изменение поля сделки: {changes}; `{GONE_KIND}` делает загрузка: срезы временно не показывали сделку; другой \
                 хранится, и видит его только SQL"
            ),
            format!(
                "the kind: {words}; a change of a field of the deal: {changes}; `{GONE_KIND}` is made by ingest: snapshots did not list the \
                 deal for a while; another is kept, and only SQL sees it"
            ),
        ));
    }
    let own = match table {
        Table::Events => of_event(column),
        Table::Journeys => of_journey(column).or_else(|| of_deal(column)),
        Table::Ingests | Table::Quarantine | Table::Regulations => of_record(table, column),
        Table::Deals => of_deal(column),
        Table::Spend | Table::Promos | Table::Staff | Table::Clients => of_list(column),
        Table::Plans => of_plan(column),
    };
    own.map(|(ru, en)| Text::new(ru, en))
}

type Description = Option<(&'static str, &'static str)>;

fn of_plan(column: &str) -> Description {
    Some(match column {
        "period" => (
            "год, квартал, месяц или неделя ISO: `2025`, `2025-Q1`, `2025-01`, `2025-W02`; маппинг читает и «Январь 2025», «янв.25», 01.2025, дату",
            "a year, a quarter, a month or an ISO week: `2025`, `2025-Q1`, `2025-01`, `2025-W02`; a mapping also reads “January 2025”, “Jan-25”, \
             01.2025, a date",
        ),
        "dimension" => (
            "чей план: разрез сделок (`manager`, `branch`, `source`, …); пусто — всей компании",
            "whose plan: a dimension of deals (`manager`, `branch`, `source`, …); empty: the whole company's",
        ),
        "name" => ("значение разреза: менеджер, филиал, …", "the value of the dimension: a manager, a branch, …"),
        "measure" => (
            "что планируют: `revenue`, `won`, `leads`, `margin`, `touches`; другое хранится, с фактом не сравнивается",
            "what is planned: `revenue`, `won`, `leads`, `margin`, `touches`; another is kept, and compared with nothing",
        ),
        "known_from" => (
            "с какого дня известна эта редакция; если не заполнено — день, которым выгрузка датирована (`taken`, `--taken`); пусто — известна всегда",
            "the day from which this edition is known; if not mapped, the day that the export is dated (`taken`, `--taken`); empty: known always",
        ),
        "value" => (
            "сколько: деньги в валюте хранилища или число; пусто — план отменён",
            "how much: money in the store's currency, or a count; empty: the plan is withdrawn",
        ),
        _ => return None,
    })
}

fn of_deal(column: &str) -> Description {
    Some(match column {
        "deal_id" => ("номер сделки; всегда текст", "the deal's id; always text"),
        "client_id" => (
            "клиент: номер, телефон или почта; один в сделках и в звонках",
            "the client: an id, phone or e-mail; the same in deals and in calls",
        ),
        "pipeline" => ("воронка", "the pipeline"),
        "stage" => (
            "этап, на котором сделка стоит теперь: имя из регламента",
            "the stage in which the deal stands now: a name of the regulation",
        ),
        "manager" => ("менеджер", "the manager"),
        "branch" => ("филиал", "the branch"),
        "source" => ("источник: сайт, реклама, звонок", "where it came from: site, advertising, call"),
        "contractor" => ("подрядчик по рекламе", "the advertising contractor"),
        "campaign" => ("рекламная кампания", "the advertising campaign"),
        "created_at" => ("когда появилась", "when it came"),
        "closed_at" => (
            "когда выиграна или потеряна; у открытой не заполнен",
            "when it was won or lost; of an open deal not filled",
        ),
        "expected_close" => {
            ("на какой день намечено закрытие открытой сделки", "the day on which an open deal is planned to close")
        }
        "probability" => (
            "вероятность выигрыша, как её говорит CRM: доля, 0.6 — это 60 %",
            "the probability of a win as the CRM says it: a share, 0.6 is 60 %",
        ),
        "amount" => ("сумма сделки со скидкой", "the money of the deal, after discount"),
        "list_amount" => ("сумма до скидки", "the money before discount"),
        "cost" => ("себестоимость", "the cost of what is sold"),
        "promo" => ("акция, по которой купили: имя из `promos`", "the promotion it was won under: a name of `promos`"),
        "interest" => (
            "что интересовало клиента: слово из регламента",
            "what the client was interested in: a word of the regulation",
        ),
        "lost_reason" => ("почему потеряна", "why it was lost"),
        "touches" => (
            "сколько раз с клиентом связывались, если CRM даёт число, а не журнал",
            "how many times the client was contacted, where the CRM gives a number and no log",
        ),
        "closed_after" => (
            "у закрытой без даты: последний момент, когда выгрузка показывала её открытой",
            "of a closed deal without a date: the last moment at which an export showed it open",
        ),
        "closed_by" => (
            "у закрытой без даты: первый момент, когда выгрузка показала её закрытой",
            "of a closed deal without a date: the first moment at which an export showed it closed",
        ),
        "listed_at" => ("первый срез, в котором сделка есть", "the first snapshot in which the deal stood"),
        "seen_at" => ("последний срез, в котором сделка есть", "the newest snapshot in which the deal stood"),
        "seen_in" => ("раздел маппинга этого среза", "the section of the mapping of that snapshot"),
        "gone_at" => ("первый срез, в котором её больше нет", "the first snapshot in which it no longer stood"),
        _ => return None,
    })
}

fn of_event(column: &str) -> Description {
    Some(match column {
        "event_id" => (
            "номер события; если не указан, делается из остальных столбцов",
            "the event's id; left out, it is made from the other columns",
        ),
        "at" => ("когда", "when"),
        "deal_id" => ("сделка, если выгрузка её знает", "the deal, where the export knows it"),
        "client_id" => ("клиент: как в `deals.client_id`", "the client: as in `deals.client_id`"),
        "manager" => ("кто из сотрудников", "who of the staff"),
        "direction" => ("`outgoing` или `incoming`", "`outgoing` or `incoming`"),
        "outcome" => ("чем кончилось", "how it went"),
        "duration_s" => ("длительность, секунды", "the length in seconds"),
        "stage" => ("у события `stage`: на какой этап", "of a `stage` event: to which stage"),
        "campaign" => ("рекламная кампания или рассылка", "the campaign or mailing"),
        "score" => (
            "у `qa_check`: оценка; у `probability`: вероятность сделки с этого момента",
            "of a `qa_check`: the score; of a `probability`: that of the deal from then on",
        ),
        "amount" => (
            "у `refund`: возвращённые деньги; у `amount`: сумма сделки с этого момента",
            "of a `refund`: the money given back; of an `amount`: that of the deal from then on",
        ),
        "expected_close" => (
            "у `expected_close`: намеченный день закрытия сделки с этого момента",
            "of an `expected_close`: the planned closing of the deal from then on",
        ),
        "after" => (
            "переход или изменение видны лишь сравнением срезов: были после этого момента",
            "a move or a change seen only by comparing snapshots: it was after this moment",
        ),
        "before" => ("то же: был до этого момента", "the same: it was before this moment"),
        "joined_deal" => (
            "к какой сделке клиента отнесено событие без сделки",
            "to which deal of the client an event without a deal belongs",
        ),
        _ => return None,
    })
}

fn of_list(column: &str) -> Description {
    Some(match column {
        "day" => ("день, или период вида 2025-03-01/2025-03-07", "the day, or a period such as 2025-03-01/2025-03-07"),
        "source" => ("источник: как в `deals.source`", "where it was shown: as in `deals.source`"),
        "contractor" => ("подрядчик: как в `deals.contractor`", "the contractor: as in `deals.contractor`"),
        "campaign" => ("кампания: как в `deals.campaign`", "the campaign: as in `deals.campaign`"),
        "cost" => ("сколько потрачено", "what was spent"),
        "impressions" => ("показы", "impressions"),
        "clicks" => ("клики", "clicks"),
        "claimed_leads" => ("лиды, заявленные кабинетом", "leads that the cabinet claims"),
        "claimed_orders" => ("заказы, заявленные кабинетом", "orders that the cabinet claims"),
        "claimed_revenue" => ("выручка, заявленная кабинетом", "revenue that the cabinet claims"),
        "promo" => ("имя акции", "the promotion's name"),
        "starts" => ("первый день", "the first day"),
        "ends" => ("последний день", "the last day"),
        "discount" => ("скидка, доля: 0.15 — это 15 %", "the discount as a share: 0.15 is 15 %"),
        "manager" => ("менеджер: как в `deals.manager`", "the manager: as in `deals.manager`"),
        "team" => ("отдел или команда", "the team"),
        "supervisor" => ("руководитель", "the supervisor"),
        "branch" => ("филиал", "the branch"),
        "hired" => ("когда принят", "when hired"),
        "left" => ("когда ушёл", "when the manager left"),
        "client_id" => ("клиент: как в `deals.client_id`", "the client: as in `deals.client_id`"),
        "segment" => ("сегмент", "the segment"),
        "first_seen" => ("когда появился", "when the client first came"),
        _ => return None,
    })
}

fn of_journey(column: &str) -> Description {
    Some(match column {
        "entries" => {
            ("первый вход на каждый этап: из событий `stage`", "the first entry into each stage: from `stage` events")
        }
        "returns" => ("повторные входы на этапы", "later entries into stages"),
        "response_at" => (
            "первый ответ клиенту: исходящий звонок, письмо, SMS, сообщение или встреча",
            "the first answer: an outgoing call, letter, SMS or message, or a meeting",
        ),
        "touch_at" => ("все касания", "all touches"),
        "refused_at" => ("первый отказ: из событий `refusal`", "the first refusal: from `refusal` events"),
        "opted_out_at" => ("первая отписка: из событий `opt_out`", "the first opt-out: from `opt_out` events"),
        "complained_at" => ("первая жалоба: из событий `complaint`", "the first complaint: from `complaint` events"),
        "refunded_at" => ("первый возврат: из событий `refund`", "the first refund: from `refund` events"),
        "events" => ("сколько событий", "how many events"),
        "intervals" => ("переходы, видимые лишь сравнением срезов", "moves seen only by comparing snapshots"),
        "amount_history" => ("какой была сумма: из событий `amount`", "what the amount was: from `amount` events"),
        "expected_close_history" => (
            "какой была намеченная дата закрытия: из событий `expected_close`",
            "what the planned closing was: from `expected_close` events",
        ),
        "probability_history" => {
            ("какой была вероятность: из событий `probability`", "what the probability was: from `probability` events")
        }
        "absences" => (
            "когда срезы сделку не показывали, а раньше и позже показывали",
            "when snapshots did not list the deal, and earlier and later ones did",
        ),
        _ => return None,
    })
}

fn of_record(table: Table, column: &str) -> Description {
    Some(match (table, column) {
        (_, "ingest") => ("номер загрузки: версия хранилища", "the number of the ingest: the version of the store"),
        (Table::Ingests, "at") => ("когда загружено", "when it was loaded"),
        (_, "exports") => ("файлы", "the files"),
        (_, "table_name") => ("таблица", "the table"),
        (_, "read") => ("строк прочитано", "rows read"),
        (_, "new") => ("ключей новых", "keys that are new"),
        (_, "changed") => ("ключей изменилось", "keys that changed"),
        (_, "unchanged") => ("ключей без изменений", "keys as they were"),
        (_, "quarantined") => ("строк в карантине", "rows quarantined"),
        (_, "taken") => ("по какой момент доходят выгрузки", "up to when the exports reach"),
        (_, "file") => ("выгрузка", "the export"),
        (_, "line") => ("строка выгрузки", "the line of the export"),
        (_, "column") => ("её столбец", "its column"),
        (_, "value") => ("значение", "the value"),
        (_, "reason") => ("почему, по-английски", "why, in English"),
        (_, "reason_ru") => ("почему, по-русски", "why, in Russian"),
        (_, "raw") => ("строка, как она была", "the row as it was"),
        (_, "header") => ("заголовок выгрузки", "the header of the export"),
        (_, "folder") => ("папка, в которой лежала выгрузка", "the folder in which the export lay"),
        (_, "keys") => (
            "хеши ключей строки, насколько их можно прочесть",
            "hashes of the keys of the row, as far as they can be read",
        ),
        (_, "later") => (
            "таблицы, куда позже пришла годная строка с тем же ключом",
            "the tables to which a good row of such a key came later",
        ),
        (_, "valid_from") => ("с какого дня действует", "from which day it holds"),
        (_, "text") => ("текст регламента", "the text of the regulation"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_described() {
        for table in Table::ALL {
            for column in table.columns() {
                let said = of_column(table, column.name);
                assert!(
                    said.is_some_and(|said| !said.ru.is_empty() && !said.en.is_empty()),
                    "{}.{}",
                    table.name(),
                    column.name
                );
            }
        }
    }
}
