/*
title = { ru = "Почему изменилась выручка", en = "Why revenue changed" }
grain = "one row per comparison: with the period before, and with the same weeks a year before"
needs = ["deals.created_at", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = "deals"
about.ru = """
Выручка периода (до даты отчёта) против выручки такого же периода прямо перед ним (before) и против тех же недель год назад, на 364 дня раньше
(year). Разность разложена точно, по Шепли, на четыре части: число лидов, доли источников (mix), конверсия (выигрышей периода на новый лид
периода) и средний чек; части в сумме дают разность. Разложение всегда идёт по источникам внутри группы, при любом разрезе: вклады источников
складываются. Источник, которого в одном из периодов не было, берёт недостающие конверсию и чек из другого. Выручка источника без новых лидов
относится к конверсии. Пусто, если данные компании не достают до начала прежнего периода: они начинаются с её первого выигрыша и с первого лида,
что позже; группа, начавшая продавать после него, тогда принесла ноль. Группа, у которой в периоде или за четыре недели до него были сделки, но
ни лидов, ни продаж, стоит с нулями. Выигрыши без суммы входят в число продаж, но не в выручку: их число рядом. Выигрыши без даты, которые могли
прийтись на один или другой период, не посчитаны и стоят отдельно; где их больше чем 1 на 200 выигрышей, изменение и его части
пусты. Период, который выгрузки сделок покрывают не до конца, сравнивается по последний покрытый день."""
about.en = """
Revenue of the period (up to the as-of date) against that of the equally long period just before (before), and of the same weeks a year, 364
days, before (year). The difference is split exactly, by Shapley, into four parts: number of leads, shares of the sources (mix), conversion (wins
of the period per new lead of the period) and average deal; the parts sum to the difference. It is always split by source within the group,
however it is asked: the sources' contributions are added. A source that one of the periods lacks takes the missing conversion and average deal
from the other. Revenue of a source without new leads counts as conversion. Empty where the company's data do not reach back to the beginning of
the earlier period: they begin with its first win or its first lead, whichever is later; a group that began to sell after that brought nothing
then. A group that had deals in the period or the four weeks before it, but neither leads nor sales, stands with zeros. Wins without an amount
are counted among the wins and add nothing to revenue: their number stands beside. Wins without a date that may have been of the one period or
the other are not counted and stand apart; where there is more than 1 of them to 200 wins, the change and its parts are empty. A period that
the exports of deals do not cover to its end is compared to the last day covered."""
columns = [
  { name = "against", unit = "text", title = { ru = "По сравнению с", en = "Against" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "revenue_before", unit = "money", title = { ru = "Прежняя выручка", en = "Earlier revenue" } },
  { name = "change", unit = "money", title = { ru = "Изменение", en = "Change" } },
  { name = "from_leads", unit = "money", title = { ru = "От числа лидов", en = "From leads" } },
  { name = "from_mix", unit = "money", title = { ru = "От долей источников", en = "From the mix" } },
  { name = "from_conversion", unit = "money", title = { ru = "От конверсии", en = "From conversion" } },
  { name = "from_deal", unit = "money", title = { ru = "От среднего чека", en = "From the average deal" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "leads_before", unit = "count", title = { ru = "Прежние лиды", en = "Earlier leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "won_before", unit = "count", title = { ru = "Прежние выигранные", en = "Earlier won" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Выиграны без суммы", en = "Won without an amount" } },
  { name = "won_without_amount_before", unit = "count", title = { ru = "Прежние без суммы", en = "Earlier without an amount" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
  { name = "undated_won_before", unit = "count", title = { ru = "Прежние без даты", en = "Earlier without a date" } },
  { name = "undated_revenue_before", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
]
*/
WITH known AS (
    SELECT local_day(greatest(coalesce(min(won_at), min(closed_at)), min(created_at)))::int AS day
    FROM scope
),

-- days as numbers; a period that is not over, or that the exports do not cover to its end, is compared as far as it is seen
span AS (
    SELECT
        $from_day::int AS starts,
        greatest(least($to_day::int, until::int), $from_day::int) AS ends
    FROM seen_days
),

spans AS (
    SELECT
        1 AS place,
        'before' AS against,
        starts,
        ends,
        starts - (ends - starts) AS then_starts,
        starts AS then_ends
    FROM span
    UNION ALL
    SELECT 2 AS place, 'year' AS against, starts, ends, starts - 364 AS then_starts, ends - 364 AS then_ends
    FROM span
),

happened AS (
    SELECT grp, coalesce(source, '') AS source, local_day(created_at)::int AS day, 1 AS leads, 0 AS won, 0 AS blank, 0 AS revenue
    FROM scope
    WHERE created_at IS NOT NULL AND created_at < $to
    UNION ALL
    SELECT
        grp,
        coalesce(source, '') AS source,
        local_day(won_at)::int AS day,
        0 AS leads,
        1 AS won,
        CASE WHEN amount IS NULL THEN 1 ELSE 0 END AS blank,
        coalesce(amount, 0) AS revenue
    FROM scope
    WHERE won_at IS NOT NULL AND won_at < $to
    UNION ALL
    -- of a group that had a deal in the period or the four weeks before, that it was there
    SELECT DISTINCT grp, '' AS source, $from_day::int AS day, 0 AS leads, 0 AS won, 0 AS blank, 0 AS revenue
    FROM scope
    WHERE coalesce(created_at, closed_at) < $to AND coalesce(closed_at, closed_by, $to) >= $from - INTERVAL '28 days'
),

daily AS (
    SELECT grp, source, day, sum(leads) AS leads, sum(won) AS won, sum(blank) AS blank, sum(revenue) AS revenue
    FROM happened
    GROUP BY grp, source, day
),

by_source AS (
    SELECT
        spans.place,
        spans.against,
        spans.then_starts,
        daily.grp,
        daily.source,
        sum(CASE WHEN daily.day >= spans.starts THEN daily.leads ELSE 0 END) AS leads,
        sum(CASE WHEN daily.day >= spans.starts THEN daily.won ELSE 0 END) AS won,
        sum(CASE WHEN daily.day >= spans.starts THEN daily.blank ELSE 0 END) AS blank,
        sum(CASE WHEN daily.day >= spans.starts THEN daily.revenue ELSE 0 END) AS revenue,
        sum(CASE WHEN daily.day < spans.then_ends THEN daily.leads ELSE 0 END) AS then_leads,
        sum(CASE WHEN daily.day < spans.then_ends THEN daily.won ELSE 0 END) AS then_won,
        sum(CASE WHEN daily.day < spans.then_ends THEN daily.blank ELSE 0 END) AS then_blank,
        sum(CASE WHEN daily.day < spans.then_ends THEN daily.revenue ELSE 0 END) AS then_revenue
    FROM daily
    CROSS JOIN spans
    WHERE
        (daily.day >= spans.starts AND daily.day < spans.ends)
        OR (daily.day >= spans.then_starts AND daily.day < spans.then_ends)
    GROUP BY spans.place, spans.against, spans.then_starts, daily.grp, daily.source
),

-- revenue = leads of the group × share of the source × conversion × average deal; what has no meaning is null
factors AS (
    SELECT
        place,
        against,
        then_starts,
        grp,
        leads,
        won,
        blank,
        revenue,
        then_leads,
        then_won,
        then_blank,
        then_revenue,
        sum(leads) OVER (PARTITION BY place, grp)::double AS all_leads,
        leads::double / nullif(sum(leads) OVER (PARTITION BY place, grp), 0) AS share,
        won::double / nullif(leads, 0) AS conversion,
        revenue::double / nullif(won, 0) AS deal,
        sum(then_leads) OVER (PARTITION BY place, grp)::double AS then_all_leads,
        then_leads::double / nullif(sum(then_leads) OVER (PARTITION BY place, grp), 0) AS then_share,
        then_won::double / nullif(then_leads, 0) AS then_conversion,
        then_revenue::double / nullif(then_won, 0) AS then_deal
    FROM by_source
),

split AS (
    SELECT
        place,
        against,
        then_starts,
        grp,
        leads,
        won,
        blank,
        revenue,
        then_leads,
        then_won,
        then_blank,
        then_revenue,
        product_change(
            [
                then_all_leads,
                coalesce(then_share, share, 0.0),
                coalesce(then_conversion, conversion, 0.0),
                coalesce(then_deal, deal, 0.0)
            ],
            [
                all_leads,
                coalesce(share, then_share, 0.0),
                coalesce(conversion, then_conversion, 0.0),
                coalesce(deal, then_deal, 0.0)
            ]
        ) AS parts
    FROM factors
),

-- parts as decimals: their sum does not depend on the order
summed AS (
    SELECT
        place,
        against,
        then_starts,
        grp,
        sum(leads) AS leads,
        sum(won) AS won,
        sum(blank) AS blank,
        sum(revenue) AS revenue,
        sum(then_leads) AS then_leads,
        sum(then_won) AS then_won,
        sum(then_blank) AS then_blank,
        sum(then_revenue) AS then_revenue,
        sum(revenue) - sum(then_revenue) AS change,
        round(sum(parts[1]::decimal(28, 6)), 2) AS from_leads,
        round(sum(parts[2]::decimal(28, 6)), 2) AS from_mix,
        round(sum(parts[4]::decimal(28, 6)), 2) AS from_deal
    FROM split
    GROUP BY place, against, then_starts, grp
),

-- known to be won, on a day that may have been one of the period's, or of the earlier one
undated_wins AS (
    SELECT
        grp,
        amount,
        coalesce(local_day(created_at)::int, -1000000) AS created,
        coalesce(local_day(closed_after)::int, -1000000) AS closed_after,
        coalesce(local_day(closed_by)::int, 1000000) AS closed_by
    FROM scope
    WHERE status = 'won' AND won_at IS NULL
),

undated AS (
    SELECT
        spans.place,
        undated_wins.grp,
        count(*) FILTER (
            WHERE greatest(undated_wins.created, undated_wins.closed_after) < spans.ends
            AND undated_wins.closed_by >= spans.starts
        ) AS won,
        sum(undated_wins.amount) FILTER (
            WHERE greatest(undated_wins.created, undated_wins.closed_after) < spans.ends
            AND undated_wins.closed_by >= spans.starts
        ) AS revenue,
        count(*) FILTER (
            WHERE greatest(undated_wins.created, undated_wins.closed_after) < spans.then_ends
            AND undated_wins.closed_by >= spans.then_starts
        ) AS then_won,
        sum(undated_wins.amount) FILTER (
            WHERE greatest(undated_wins.created, undated_wins.closed_after) < spans.then_ends
            AND undated_wins.closed_by >= spans.then_starts
        ) AS then_revenue
    FROM undated_wins
    CROSS JOIN spans
    GROUP BY spans.place, undated_wins.grp
),

told AS (
    SELECT
        summed.place,
        summed.against,
        summed.grp,
        summed.leads,
        summed.won,
        summed.blank,
        summed.revenue,
        summed.then_leads,
        summed.then_won,
        summed.then_blank,
        summed.then_revenue,
        summed.change,
        summed.from_leads,
        summed.from_mix,
        summed.from_deal,
        CASE WHEN summed.then_starts >= known.day THEN 1 ELSE 0 END AS reached,
        -- of what an undated win may have been part, no change is told
        CASE
            WHEN
                200 * coalesce(undated.won, 0) > summed.won
                OR 200 * coalesce(undated.then_won, 0) > summed.then_won
                THEN 0
            WHEN summed.then_starts >= known.day THEN 1
            ELSE 0
        END AS told,
        coalesce(undated.won, 0) AS undated_won,
        CASE WHEN coalesce(undated.won, 0) = 0 THEN 0 ELSE undated.revenue END AS undated_revenue,
        coalesce(undated.then_won, 0) AS then_undated_won,
        CASE WHEN coalesce(undated.then_won, 0) = 0 THEN 0 ELSE undated.then_revenue END AS then_undated_revenue
    FROM summed
    CROSS JOIN known
    LEFT JOIN undated ON summed.place = undated.place AND summed.grp = undated.grp
)

SELECT
    grp,
    against,
    revenue,
    CASE WHEN reached = 1 THEN then_revenue END AS revenue_before,
    CASE WHEN told = 1 THEN change END AS change,
    CASE WHEN told = 1 THEN from_leads END AS from_leads,
    CASE WHEN told = 1 THEN from_mix END AS from_mix,
    -- what is left: conversion, the revenue of sources without leads, and the parts of a kopeck
    CASE WHEN told = 1 THEN change - from_leads - from_mix - from_deal END AS from_conversion,
    CASE WHEN told = 1 THEN from_deal END AS from_deal,
    leads,
    CASE WHEN reached = 1 THEN then_leads END AS leads_before,
    won,
    CASE WHEN reached = 1 THEN then_won END AS won_before,
    blank AS won_without_amount,
    CASE WHEN reached = 1 THEN then_blank END AS won_without_amount_before,
    undated_won,
    undated_revenue,
    CASE WHEN reached = 1 THEN then_undated_won END AS undated_won_before,
    CASE WHEN reached = 1 THEN then_undated_revenue END AS undated_revenue_before
FROM told
ORDER BY grp, place
