/*
title = { ru = "Давность, частота, деньги", en = "Recency, frequency, money" }
grain = "one row per segment that has clients"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = "clients"

about.ru = """
Все клиенты хотя бы с одной покупкой на дату отчёта, независимо от периода. Давность R — день последней покупки, частота F — число
покупок, деньги M — сумма покупок. Балл от 1 (худший) до 5: целая часть от 5 × доля клиентов, у которых показатель строго хуже, плюс 1;
равные получают равный балл. Шкала одна для всех групп, поэтому группы сравнимы. Сегмент — первый подходящий: champions — R, F и M не ниже
4; loyal — R и F не ниже 3; at_risk — R не выше 2, F не ниже 3; new — R не ниже 4, одна покупка; promising — R не ниже 3; hibernating — R
равен 2; lost — R равен 1. Покупки без суммы денег не добавляют. Группа клиента — по его новейшей сделке. У продажи без даты неизвестен день: в F и M она входит, в R — нет, и клиенты, у
которых все продажи таковы, стоят строкой unknown; сколько таких продаж в группе — в последнем столбце."""
about.en = """
All clients with at least one purchase by the as-of date, whatever the period. Recency R is the day of the last purchase, frequency F the
number of purchases, money M their sum. The score runs from 1 (worst) to 5: the whole part of 5 × the share of clients that are strictly
worse, plus 1; equals get equal scores. One scale for all groups, so that groups compare. The segment is the first that fits: champions —
R, F and M at least 4; loyal — R and F at least 3; at_risk — R at most 2, F at least 3; new — R at least 4, one purchase; promising — R at
least 3; hibernating — R is 2; lost — R is 1. A purchase without an amount adds no money. A client belongs to the group of the newest
deal. Of a win without a
date the day is not known: it counts for F and M and not for R, and clients all of whose wins are so stand in the row unknown; how many such wins the
group has stands in the last column."""

columns = [
  { name = "segment", unit = "text", title = { ru = "Сегмент", en = "Segment" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "share", unit = "share", title = { ru = "Доля клиентов", en = "Share of clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка за всё время", en = "Revenue so far" } },
  { name = "revenue_share", unit = "share", title = { ru = "Доля выручки", en = "Share of revenue" } },
  { name = "mean_days", unit = "days", title = { ru = "Дней с последней покупки, в среднем", en = "Mean days since the last purchase" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH buyers AS (
    SELECT grp, won, revenue, local_day(last_won_at)::int AS last_day
    FROM scope_clients
    WHERE last_won_at IS NOT NULL
),

-- rank() counts the strictly worse, and one
scored AS (
    SELECT
        grp,
        won,
        revenue,
        last_day,
        5 * (rank() OVER (ORDER BY last_day) - 1)::bigint / count(*) OVER () + 1 AS recency,
        5 * (rank() OVER (ORDER BY won) - 1)::bigint / count(*) OVER () + 1 AS frequency,
        5 * (rank() OVER (ORDER BY revenue NULLS FIRST) - 1)::bigint / count(*) OVER () + 1 AS money
    FROM buyers
),

placed AS (
    SELECT
        grp,
        revenue,
        last_day,
        CASE
            WHEN recency >= 4 AND frequency >= 4 AND money >= 4 THEN 1
            WHEN recency >= 3 AND frequency >= 3 THEN 2
            WHEN frequency >= 3 THEN 5
            WHEN recency >= 4 AND won = 1 THEN 3
            WHEN recency >= 3 THEN 4
            WHEN recency = 2 THEN 6
            ELSE 7
        END AS place
    FROM scored
    UNION ALL
    -- bought, and nobody knows when: their money is of all time too
    SELECT grp, revenue, NULL AS last_day, 8 AS place
    FROM scope_clients
    WHERE last_won_at IS NULL AND won > 0
),

undated AS (
    SELECT grp, count(*) AS wins
    FROM scope
    WHERE undated = 'won' AND client_id <> ''
    GROUP BY grp
),

counted AS (
    SELECT
        grp,
        place,
        count(*) AS clients,
        sum(revenue) AS revenue,
        sum($as_of_day::int - last_day) AS days
    FROM placed
    GROUP BY grp, place
)

SELECT
    counted.grp,
    CASE counted.place
        WHEN 1 THEN 'champions'
        WHEN 2 THEN 'loyal'
        WHEN 3 THEN 'new'
        WHEN 4 THEN 'promising'
        WHEN 5 THEN 'at_risk'
        WHEN 6 THEN 'hibernating'
        WHEN 7 THEN 'lost'
        ELSE 'unknown'
    END AS segment,
    counted.clients,
    counted.clients::double / sum(counted.clients) OVER (PARTITION BY counted.grp) AS share,
    counted.revenue,
    -- where a segment has less than nothing, parts are no shares
    CASE
        WHEN
            min(counted.revenue) OVER (PARTITION BY counted.grp) >= 0
            AND sum(counted.revenue) OVER (PARTITION BY counted.grp) > 0
            THEN counted.revenue::double / (sum(counted.revenue) OVER (PARTITION BY counted.grp))::double
    END AS revenue_share,
    counted.days::double / counted.clients AS mean_days,
    coalesce(undated.wins, 0) AS undated
FROM counted
LEFT JOIN undated ON counted.grp = undated.grp
ORDER BY counted.grp, counted.place
