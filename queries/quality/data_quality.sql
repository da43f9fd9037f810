/*
title = { ru = "Качество данных", en = "Data quality" }
partly.ru = "считает, чего у сделок нет"
partly.en = "counts what the deals lack"
undated.ru = "считает их"
undated.en = "counts them"
grain = "one row for the group"
needs = ["deals.deal_id"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
Все сделки, известные на дату отчёта, независимо от периода: чего в них не хватает и что в них не сходится. Неизвестный этап: нынешний
этап сделки, которого нет в регламенте."""
about.en = """
All deals known at the as-of date, whatever the period: what they lack and what does not fit. Unknown stage: the deal's present stage
is not in the regulation."""
columns = [
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "without_created_at", unit = "count", title = { ru = "Без даты создания", en = "Without a creation date" } },
  { name = "closed_before_created", unit = "count", title = { ru = "Закрыты до создания", en = "Closed before created" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Выиграны без суммы", en = "Won without an amount" } },
  { name = "won_without_closed_at", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "won_without_client", unit = "count", title = { ru = "Выиграны без клиента", en = "Won without a client" } },
  { name = "unknown_stage", unit = "count", title = { ru = "Этап не из регламента", en = "Stage not in the regulation" } },
]
*/
SELECT
    scope.grp,
    count(*) AS deals,
    count(*) FILTER (WHERE scope.created_at IS NULL) AS without_created_at,
    count(*) FILTER (WHERE scope.closed_at < scope.created_at) AS closed_before_created,
    count(*) FILTER (WHERE scope.status = 'won' AND scope.amount IS NULL) AS won_without_amount,
    count(*) FILTER (WHERE scope.status = 'won' AND scope.closed_at IS NULL) AS won_without_closed_at,
    count(*) FILTER (WHERE scope.status = 'won' AND coalesce(scope.client_id, '') = '') AS won_without_client,
    count(*) FILTER (WHERE scope.stage <> '' AND stages.stage IS NULL) AS unknown_stage
FROM scope
LEFT JOIN stages ON scope.stage = stages.stage
GROUP BY scope.grp
ORDER BY scope.grp
