/*
title = { ru = "Качество данных", en = "Data quality" }
partly.ru = "считает, чего у сделок нет"
partly.en = "counts what the deals lack"
undated.ru = "считает их"
undated.en = "counts them"
grain = "one row for the group"
needs = ["deals.deal_id"]
dimensions = "deals"
about.ru = """
Все сделки, известные на дату отчёта, независимо от периода: чего в них не хватает и что в них не сходится. Неизвестный этап: нынешний
этап сделки, которого нет в регламенте. Пропали из выгрузок: открытые сделки, которых полная выгрузка (snapshot = true) больше не перечисляет: с
того дня они не открыты и не закрыты — что с ними стало, неизвестно. События клиентов называют клиента и не называют сделки (без рассылок): отнесены к сделке клиента,
открытой в тот момент, или остались без сделки и в ответах и касаниях не участвуют."""
about.en = """
All deals known at the as-of date, whatever the period: what they lack and what does not fit. Unknown stage: the deal's present stage
is not in the regulation. Gone from the exports: open deals that a full export (snapshot = true) lists no longer; from that day on they are neither
open nor closed: what became of them is not known. Events of clients name a client and no deal (mailings apart): joined to the client's deal that was open then, or
left without a deal, so that no answer and no touch is made of them."""
columns = [
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "without_created_at", unit = "count", title = { ru = "Без даты создания", en = "Without a creation date" } },
  { name = "closed_before_created", unit = "count", title = { ru = "Закрыты до создания", en = "Closed before created" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Выиграны без суммы", en = "Won without an amount" } },
  { name = "won_without_closed_at", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "lost_without_closed_at", unit = "count", title = { ru = "Потеряны без даты", en = "Lost without a date" } },
  { name = "won_without_client", unit = "count", title = { ru = "Выиграны без клиента", en = "Won without a client" } },
  { name = "unknown_stage", unit = "count", title = { ru = "Этап не из регламента", en = "Stage not in the regulation" } },
  { name = "gone", unit = "count", title = { ru = "Пропали из выгрузок", en = "Gone from the exports" } },
  { name = "events_of_clients", unit = "count", title = { ru = "События клиентов", en = "Events of clients" } },
  { name = "events_joined", unit = "count", title = { ru = "Отнесены к сделке", en = "Joined to a deal" } },
  { name = "events_not_joined", unit = "count", title = { ru = "Без сделки", en = "Left without a deal" } },
]
*/
WITH deals AS (
    SELECT
        scope.grp,
        count(*) AS deals,
        count(*) FILTER (WHERE scope.created_at IS NULL) AS without_created_at,
        count(*) FILTER (WHERE ends_at(scope.exported_closed_at) < scope.created_at AND scope.exported_closed_at < $as_of)
            AS closed_before_created,
        count(*) FILTER (WHERE scope.status = 'won' AND scope.amount IS NULL) AS won_without_amount,
        count(*) FILTER (WHERE scope.status = 'won' AND scope.closed_at IS NULL) AS won_without_closed_at,
        count(*) FILTER (WHERE scope.status = 'lost' AND scope.closed_at IS NULL) AS lost_without_closed_at,
        count(*) FILTER (WHERE scope.status = 'won' AND coalesce(scope.client_id, '') = '') AS won_without_client,
        count(*) FILTER (WHERE scope.stage <> '' AND stages.stage IS NULL) AS unknown_stage,
        count(scope.gone_at) AS gone
    FROM scope
    LEFT JOIN stages ON scope.stage = stages.stage
    GROUP BY scope.grp
),

of_clients AS (
    SELECT grp, count(*) AS events, count(deal_id) AS joined
    FROM scope_events
    WHERE names_client_only AND kind <> 'mailing'
    GROUP BY grp
)

SELECT
    coalesce(deals.grp, of_clients.grp) AS grp,
    coalesce(deals.deals, 0) AS deals,
    coalesce(deals.without_created_at, 0) AS without_created_at,
    coalesce(deals.closed_before_created, 0) AS closed_before_created,
    coalesce(deals.won_without_amount, 0) AS won_without_amount,
    coalesce(deals.won_without_closed_at, 0) AS won_without_closed_at,
    coalesce(deals.lost_without_closed_at, 0) AS lost_without_closed_at,
    coalesce(deals.won_without_client, 0) AS won_without_client,
    coalesce(deals.unknown_stage, 0) AS unknown_stage,
    coalesce(deals.gone, 0) AS gone,
    coalesce(of_clients.events, 0) AS events_of_clients,
    coalesce(of_clients.joined, 0) AS events_joined,
    coalesce(of_clients.events - of_clients.joined, 0) AS events_not_joined
FROM deals
FULL JOIN of_clients ON deals.grp = of_clients.grp
ORDER BY grp
