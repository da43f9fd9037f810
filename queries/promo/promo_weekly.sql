/*
title = { ru = "Продажи по акциям, по неделям", en = "Sales under promotion by week" }
grain = "one row per week of the period, from the week of the group's first win"
needs = ["deals.closed_at", "deals.status", "deals.amount", "deals.promo"]
dimensions = "leads"
about.ru = """
Выигранные за неделю сделки: сколько из них и из их выручки пришлось на акции (у сделки указана акция). Глубина: скидка / сумма по прайсу — по
всем выигранным сделкам, где известны обе суммы. У доли сделок — интервал Уилсона 95 %. История начинается с недели первого выигрыша группы (у
ничего не продавшей — с первого её лида после первого выигрыша компании); дальше неделя без продаж — ноль, доли у неё нет. Доли выручки нет и
там, где одна из частей меньше нуля (возвраты), а выручки — где сумм нет ни у одной продажи. Выигрыш без даты не попадает ни в одну неделю: их
считает promo_trend."""
about.en = """
Deals won in the week: how many of them, and how much of their revenue, came under a promotion (the deal names one). Depth: discount / list
amount, over all won deals where both amounts are known. The share of wins comes with a 95 % Wilson interval. History begins with the week of the
group's first win (of a group that never sold: with its first lead after the company's first win); from there a week without sales is zero and
has no share. Revenue has no share either where one of its parts is below zero (refunds), and is empty where no win has an amount. A win without
a date is in no week: promo_trend counts them."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "promo_won", unit = "count", title = { ru = "По акции", en = "Under promotion" } },
  { name = "promo_won_share", unit = "share", of = "won", interval = true, title = { ru = "Доля сделок по акции", en = "Share of wins under promotion" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "promo_revenue", unit = "money", title = { ru = "Выручка по акции", en = "Revenue under promotion" } },
  { name = "promo_revenue_share", unit = "share", of = "won", title = { ru = "Доля выручки по акции", en = "Share of revenue under promotion" } },
  { name = "list_amount", unit = "money", title = { ru = "По прайсу", en = "List amount" } },
  { name = "discount", unit = "money", title = { ru = "Скидка", en = "Discount" } },
  { name = "depth", unit = "share", of = "won", title = { ru = "Глубина скидки", en = "Discount depth" } },
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

by_week AS (
    SELECT
        weeks.grp,
        weeks.week,
        count(wins.week) AS won,
        count(*) FILTER (WHERE wins.is_promo) AS promo_won,
        count(wins.week) > 0 AND count(wins.amount) = 0 AS is_blank,
        coalesce(sum(wins.amount), 0) AS revenue,
        coalesce(sum(wins.amount) FILTER (WHERE wins.is_promo), 0) AS promo_revenue,
        sum(wins.list_amount) AS list_amount,
        sum(wins.list_amount - wins.amount) AS discount
    FROM begun_weeks AS weeks
    LEFT JOIN wins ON weeks.grp = wins.grp AND weeks.week = wins.week
    GROUP BY weeks.grp, weeks.week
)

SELECT
    grp,
    week,
    won,
    promo_won,
    promo_won::double / nullif(won, 0) AS promo_won_share,
    wilson_low(promo_won, won) AS promo_won_share_low,
    wilson_high(promo_won, won) AS promo_won_share_high,
    CASE WHEN NOT is_blank THEN revenue END AS revenue,
    CASE WHEN NOT is_blank THEN promo_revenue END AS promo_revenue,
    CASE
        WHEN revenue > 0 AND promo_revenue BETWEEN 0 AND revenue THEN promo_revenue::double / revenue::double
    END AS promo_revenue_share,
    list_amount,
    discount,
    CASE WHEN list_amount > 0 THEN discount::double / list_amount::double END AS depth
FROM by_week
ORDER BY grp, week
