/*
title = { ru = "Продажи по акциям, по неделям", en = "Sales under promotion by week" }
grain = "one row per week of the period, from the first that the data know"
needs = ["deals.closed_at", "deals.status", "deals.amount", "deals.promo"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", "extra"]
about.ru = """
Выигранные за неделю сделки: сколько из них и из их выручки пришлось на акции (у сделки указана акция). Глубина: скидка / сумма по
прайсу — по всем выигранным сделкам, где известны обе суммы. У доли сделок — интервал Уилсона 95 %."""
about.en = """
Deals won in the week: how many of them, and how much of their revenue, came under a promotion (the deal names one). Depth: discount /
list amount, over all won deals where both amounts are known. The share of wins comes with a 95 % Wilson interval."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "promo_won", unit = "count", title = { ru = "По акции", en = "Under promotion" } },
  { name = "promo_won_share", unit = "share", title = { ru = "Доля сделок по акции", en = "Share of wins under promotion" } },
  { name = "promo_won_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "promo_won_share_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "promo_revenue", unit = "money", title = { ru = "Выручка по акции", en = "Revenue under promotion" } },
  { name = "promo_revenue_share", unit = "share", title = { ru = "Доля выручки по акции", en = "Share of revenue under promotion" } },
  { name = "list_amount", unit = "money", title = { ru = "По прайсу", en = "List amount" } },
  { name = "discount", unit = "money", title = { ru = "Скидка", en = "Discount" } },
  { name = "depth", unit = "share", title = { ru = "Глубина скидки", en = "Discount depth" } },
]
*/
WITH wins AS (
    SELECT
        grp,
        local_week(won_at) AS week,
        coalesce(promo, '') <> '' AS is_promo,
        amount,
        CASE WHEN amount IS NOT NULL THEN list_amount END AS list_amount
    FROM scope
    WHERE status = 'won' AND won_at >= $from AND won_at < $to
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
    SELECT DISTINCT grp FROM wins
),

by_week AS (
    SELECT
        groups.grp,
        weeks.week,
        count(wins.week) AS won,
        count(*) FILTER (WHERE wins.is_promo) AS promo_won,
        coalesce(sum(wins.amount), 0) AS revenue,
        coalesce(sum(wins.amount) FILTER (WHERE wins.is_promo), 0) AS promo_revenue,
        sum(wins.list_amount) AS list_amount,
        sum(wins.list_amount - wins.amount) AS discount
    FROM groups
    CROSS JOIN weeks
    LEFT JOIN wins ON groups.grp = wins.grp AND weeks.week = wins.week
    GROUP BY groups.grp, weeks.week
)

SELECT
    grp,
    week,
    won,
    promo_won,
    promo_won::double / nullif(won, 0) AS promo_won_share,
    wilson_low(promo_won, won) AS promo_won_share_low,
    wilson_high(promo_won, won) AS promo_won_share_high,
    revenue,
    promo_revenue,
    promo_revenue::double / nullif(revenue::double, 0) AS promo_revenue_share,
    list_amount,
    discount,
    discount::double / nullif(list_amount::double, 0) AS depth
FROM by_week
ORDER BY grp, week
