/*
title = { ru = "Выручка по неделям: откуда она", en = "Weekly revenue: where it came from" }
partly.ru = "история — с первой продажи группы: до неё нулей нет, после неё неделя без продаж — ноль; «под давлением» пусто без касаний"
partly.en = "history begins with the group's first win: no zeros before it, and after it a week without a win is zero; pressured is empty without touches"
zero = ["won", "revenue"]
grain = "one row per week of the period, from the first that the data know"
needs = ["deals.closed_at", "deals.status", "deals.amount"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", "extra"]
about.ru = """
Выручка выигранных за неделю сделок, разложенная без остатка: под давлением — касаний до выигрыша за неделю или месяц больше лимита
регламента «any»; иначе по акции; иначе первая покупка клиента по полной цене; иначе повторная. Сделка без клиента — отдельный клиент. Под давлением
пусто, если лимита нет или касания не выгружены."""
about.en = """
Revenue of the deals won in the week, split without remainder: pressured — more touches before the win, in a week or a month, than the
regulation's cap `any`; else under a promotion; else the client's first purchase at full price; else a repeat one. A deal that names no client is a client
of its own. Pressured is empty where there is no such cap or no touches were exported."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "repeat_full", unit = "money", title = { ru = "Повторные по полной цене", en = "Repeat at full price" } },
  { name = "new_full", unit = "money", title = { ru = "Новые по полной цене", en = "New at full price" } },
  { name = "promo", unit = "money", title = { ru = "По акции", en = "Under promotion" } },
  { name = "pressured", unit = "money", title = { ru = "Под давлением", en = "Pressured" } },
  { name = "won_without_client", unit = "count", title = { ru = "Без клиента", en = "Without a client" } },
]
*/
WITH wins AS (
    SELECT
        deal_id,
        grp,
        won_at,
        amount,
        coalesce(promo, '') <> '' AS is_promo,
        coalesce(client_id, '') = '' AS is_clientless,
        row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) = 1 AS is_first
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL
),

-- only deals with enough touches to break a cap at all
touches AS (
    SELECT scope.deal_id, scope.won_at, caps.per_week, caps.per_month, unnest(scope.touch_at) AS touched_at
    FROM scope
    CROSS JOIN caps
    WHERE
        caps.kind = 'any'
        AND array_length(scope.touch_at) > least(caps.per_week, caps.per_month)
        AND scope.status = 'won'
        AND scope.won_at >= $from
        AND scope.won_at < $to
),

-- touches of a deal before it was won, by week and by month, beside the cap of each
paces AS (
    SELECT deal_id, local_week(touched_at) AS since, per_week AS cap, count(*) AS touches
    FROM touches
    WHERE touched_at < won_at
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT deal_id, local_month(touched_at) AS since, per_month AS cap, count(*) AS touches
    FROM touches
    WHERE touched_at < won_at
    GROUP BY 1, 2, 3
),

pressured AS (
    SELECT DISTINCT deal_id
    FROM paces
    WHERE touches > cap
),

-- without touches, or without a cap on them, nobody can say who was pressed
pressure AS (
    SELECT
        sum(coalesce(array_length(scope.touch_at), 0)) > 0 AND count(caps.kind) > 0 AS is_known
    FROM scope
    LEFT JOIN caps ON caps.kind = 'any'
),

sorted AS (
    SELECT
        wins.grp,
        local_week(wins.won_at) AS week,
        wins.amount,
        wins.is_clientless,
        CASE
            WHEN pressured.deal_id IS NOT NULL THEN 'pressured'
            WHEN wins.is_promo THEN 'promo'
            WHEN wins.is_first OR wins.is_clientless THEN 'new_full'
            ELSE 'repeat_full'
        END AS origin
    FROM wins
    LEFT JOIN pressured ON wins.deal_id = pressured.deal_id
    WHERE wins.won_at >= $from AND wins.won_at < $to
),

known AS (
    SELECT local_week(earliest.at) AS week
    FROM (SELECT least(created_at, closed_at) AS at FROM scope ORDER BY at LIMIT 1) AS earliest
),

weeks AS (
    SELECT
        unnest(
            generate_series(
                greatest(local_week($from_day), known.week),
                least($to_day, $as_of_day) - INTERVAL '1 day',
                INTERVAL '7 days'
            )
        ) AS week
    FROM known
),

groups AS (
    SELECT DISTINCT grp FROM sorted
),

by_week AS (
    SELECT
        groups.grp,
        weeks.week,
        count(sorted.week) AS won,
        coalesce(sum(sorted.amount), 0) AS revenue,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'repeat_full'), 0) AS repeat_full,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'new_full'), 0) AS new_full,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'promo'), 0) AS promo,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'pressured'), 0) AS pressured,
        count(*) FILTER (WHERE sorted.is_clientless) AS won_without_client
    FROM groups
    CROSS JOIN weeks
    LEFT JOIN sorted ON groups.grp = sorted.grp AND weeks.week = sorted.week
    GROUP BY groups.grp, weeks.week
)

SELECT
    by_week.grp,
    by_week.week,
    by_week.won,
    by_week.revenue,
    by_week.repeat_full,
    by_week.new_full,
    by_week.promo,
    CASE WHEN pressure.is_known THEN by_week.pressured END AS pressured,
    by_week.won_without_client
FROM by_week
CROSS JOIN pressure
ORDER BY by_week.grp, by_week.week
