/*
title = { ru = "План и факт", en = "Plan and fact" }
partly.ru = "план без факта и факт без плана стоят с пустым; период, который выгрузки видят не до конца, сравнивается по последний покрытый день"
partly.en = "a plan without a fact and a fact without a plan stand with an empty cell; a period that exports do not cover to its end is compared to the last day covered"
grain = "one row per period for which there is a plan, measure in money, and group"
so_far = true
needs = ["plans.value", "deals.created_at", "deals.status"]
dimensions = "deals"
row_title = "title_{lang}"
about.ru = """
Выручка и маржа против плана: строка на каждый период плана (месяц, квартал, неделя, год), который задевает спрошенный период. План — той
редакции, что была известна на дату отчёта. План на дату — доля плана по рабочим дням регламента, прошедшим из всех рабочих дней периода
(где рабочих дней нет, считаются все); рядом — по прошлому году: какая доля итога того же периода год назад (недели — на 364 дня раньше)
набралась к тому же дню. Темп — факт к плану на дату. Нужно в день — остаток плана на рабочий день, что впереди. По темпу к концу —
факт и столько же на каждый рабочий день, которого ещё не видно. Отклонение — факт минус план на дату — разложено точно, по Шепли, на
число лидов, доли источников (mix), конверсию и средний чек; части в сумме дают отклонение до копейки. План лидов и продаж берётся
из плана, где они есть; чего план не говорит, стоит на уровне столь же долгого времени прямо перед периодом, а сколько при этом нужно
лидов, следует из плана. Пусто, если тогда не было ни лидов, ни продаж. Чем закрыть: сколько лидов сверх пришедших, какая
конверсия или какой чек — каждое одно — довели бы факт до плана на дату. Группа без сделок, у которой есть план, стоит; группа без
плана стоит с пустым планом. Где на 200 выигрышей больше одного без даты, который мог быть и этого периода, отклонение и всё из
него пусто."""
about.en = """
Revenue and margin against the plan: a row for each period of the plan (month, quarter, week, year) that overlaps the asked one. The plan is of
the edition that was known at the as-of date. Plan to date is the plan's share by the regulation's working days passed of all working
days of the period (where there are none, all days count); beside it by last year: which share of the total of the same period a year before
(of weeks, 364 days) had come by the same day. Pace is fact to plan to date. Needed per day is what is left of the plan per working day
ahead. At this rate by the end: the fact, and as much on each working day that is not seen yet. The deviation, fact minus plan to date, is
split exactly, by Shapley, into the number of leads, the shares of the sources (mix), conversion and the average deal; the parts sum to the
deviation to the kopeck. Planned leads and wins are the plan's where it has them; what the plan does not say stands as in the equally long time
just before the period, and how many leads that takes follows from the plan. Empty if there were neither leads nor sales then. What would
close it: how many leads more than came, which conversion, or which deal size, each alone, would bring the fact to the plan to date. A
group without deals that has a plan stands; a group without a plan stands with an empty plan. Where there is more than 1 win without a
date to 200 wins, which may have been of this period, the deviation and all that is made of it are empty."""
columns = [
  { name = "period", unit = "text", title = { ru = "Код периода", en = "Period code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Период", en = "Period" } },
  { name = "starts", unit = "date", title = { ru = "С", en = "From" } },
  { name = "ends", unit = "date", title = { ru = "По", en = "To" } },
  { name = "measure", unit = "text", title = { ru = "Код показателя", en = "Measure code" } },
  { name = "plan", unit = "money", title = { ru = "План", en = "Plan" } },
  { name = "fact", unit = "money", title = { ru = "Факт", en = "Fact" } },
  { name = "done", unit = "share", title = { ru = "Выполнено", en = "Done" } },
  { name = "plan_to_date", unit = "money", title = { ru = "План на дату", en = "Plan to date" } },
  { name = "plan_to_date_year", unit = "money", title = { ru = "План на дату по прошлому году", en = "Plan to date by last year" } },
  { name = "deviation", unit = "money", title = { ru = "Отклонение", en = "Deviation" } },
  { name = "pace", unit = "share", title = { ru = "Темп", en = "Pace" } },
  { name = "pace_year", unit = "share", title = { ru = "Темп по прошлому году", en = "Pace by last year" } },
  { name = "needed_per_day", unit = "money", title = { ru = "Нужно в день", en = "Needed per day" } },
  { name = "run_rate", unit = "money", title = { ru = "По темпу к концу", en = "At this rate by the end" } },
  { name = "from_leads", unit = "money", title = { ru = "От числа лидов", en = "From leads" } },
  { name = "from_mix", unit = "money", title = { ru = "От долей источников", en = "From the mix" } },
  { name = "from_conversion", unit = "money", title = { ru = "От конверсии", en = "From conversion" } },
  { name = "from_deal", unit = "money", title = { ru = "От среднего чека", en = "From the average deal" } },
  { name = "close_leads", unit = "count", title = { ru = "Закрыли бы лиды: ещё", en = "Leads that would close it: more" } },
  { name = "close_conversion", unit = "share", title = { ru = "Закрыла бы конверсия", en = "Conversion that would close it" } },
  { name = "close_deal", unit = "money", title = { ru = "Закрыл бы чек", en = "Deal that would close it" } },
  { name = "leads_seen", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won_seen", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "days", unit = "count", title = { ru = "Рабочих дней", en = "Working days" } },
  { name = "days_passed", unit = "count", title = { ru = "Прошло рабочих дней", en = "Working days passed" } },
  { name = "days_left", unit = "count", title = { ru = "Осталось рабочих дней", en = "Working days left" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Выиграны без суммы", en = "Won without an amount" } },
]
*/
WITH progress AS (
    SELECT
        grp,
        period,
        measure,
        starts,
        until,
        value,
        fact,
        leads,
        won,
        blank,
        undated_won,
        days,
        days_passed,
        days_unseen,
        days_left,
        to_date,
        to_date_year,
        CASE WHEN is_known THEN (fact - to_date)::decimal(28, 4) END AS deviation
    FROM plan_progress
    WHERE measure IN ('revenue', 'margin')
),

-- what the plan says of leads and wins, to date
aims AS (
    SELECT
        grp,
        period,
        max(to_date) FILTER (WHERE measure = 'revenue')::double AS revenue,
        max(to_date) FILTER (WHERE measure = 'leads')::double AS leads,
        max(to_date) FILTER (WHERE measure = 'won')::double AS won
    FROM plan_progress
    GROUP BY grp, period
),

-- the days seen, and as many just before them
spans AS (
    SELECT
        period,
        seen_from,
        seen_until,
        (seen_from::int - (seen_until::int - seen_from::int))::date AS then_from
    FROM plan_days
    WHERE began::int <= seen_from::int - (seen_until::int - seen_from::int)
),

by_source AS (
    SELECT
        spans.period,
        plan_facts.grp,
        plan_facts.source,
        sum(CASE WHEN plan_facts.day >= spans.seen_from THEN plan_facts.leads ELSE 0 END)::double AS leads,
        sum(CASE WHEN plan_facts.day >= spans.seen_from THEN plan_facts.won ELSE 0 END)::double AS won,
        sum(CASE WHEN plan_facts.day >= spans.seen_from THEN plan_facts.revenue ELSE 0 END)::double AS revenue,
        sum(CASE WHEN plan_facts.day < spans.seen_from THEN plan_facts.leads ELSE 0 END)::double AS then_leads,
        sum(CASE WHEN plan_facts.day < spans.seen_from THEN plan_facts.won ELSE 0 END)::double AS then_won,
        sum(CASE WHEN plan_facts.day < spans.seen_from THEN plan_facts.revenue ELSE 0 END)::double AS then_revenue
    FROM spans
    CROSS JOIN plan_facts
    WHERE plan_facts.day >= spans.then_from AND plan_facts.day < spans.seen_until
    GROUP BY spans.period, plan_facts.grp, plan_facts.source
),

shares AS (
    SELECT
        period,
        grp,
        source,
        sum(leads) OVER (PARTITION BY period, grp) AS all_leads,
        leads / nullif(sum(leads) OVER (PARTITION BY period, grp), 0) AS share,
        won / nullif(leads, 0) AS conversion,
        revenue / nullif(won, 0) AS deal,
        then_leads / nullif(sum(then_leads) OVER (PARTITION BY period, grp), 0) AS then_share,
        coalesce(then_won / nullif(then_leads, 0), won / nullif(leads, 0), 0.0) AS then_conversion,
        coalesce(then_revenue / nullif(then_won, 0), revenue / nullif(won, 0), 0.0) AS then_deal
    FROM by_source
),

-- what a lead brought then, and what the plan asks of it
norms AS (
    SELECT
        period,
        grp,
        sum(then_share * then_conversion) AS wins,
        sum(then_share * then_conversion * then_deal) AS revenue
    FROM shares
    GROUP BY period, grp
),

scales AS (
    SELECT
        aims.period,
        aims.grp,
        coalesce(aims.leads, aims.won / nullif(norms.wins, 0), aims.revenue / nullif(norms.revenue, 0)) AS leads,
        CASE
            WHEN aims.leads IS NULL THEN 1.0
            WHEN aims.won IS NOT NULL THEN aims.won / nullif(aims.leads * norms.wins, 0)
            ELSE aims.revenue / nullif(aims.leads * norms.revenue, 0)
        END AS conversion,
        CASE
            WHEN aims.won IS NULL THEN 1.0
            ELSE aims.revenue * norms.wins / nullif(aims.won * norms.revenue, 0)
        END AS deal
    FROM aims
    INNER JOIN norms ON aims.period = norms.period AND aims.grp = norms.grp
    WHERE norms.revenue > 0
),

split AS (
    SELECT
        shares.period,
        shares.grp,
        product_change(
            [
                scales.leads,
                coalesce(shares.then_share, 0.0),
                shares.then_conversion * scales.conversion,
                shares.then_deal * scales.deal
            ],
            [
                shares.all_leads,
                coalesce(shares.share, shares.then_share, 0.0),
                coalesce(shares.conversion, shares.then_conversion * scales.conversion),
                coalesce(shares.deal, shares.then_deal * scales.deal)
            ]
        ) AS parts
    FROM shares
    INNER JOIN scales ON shares.period = scales.period AND shares.grp = scales.grp
),

-- as decimals: their sum does not depend on the order
parts AS (
    SELECT
        period,
        grp,
        count(parts) = count(*) AS are_known,
        round(sum(parts[1]::decimal(28, 6)), 2)::decimal(28, 4) AS from_leads,
        round(sum(parts[2]::decimal(28, 6)), 2)::decimal(28, 4) AS from_mix,
        round(sum(parts[4]::decimal(28, 6)), 2)::decimal(28, 4) AS from_deal
    FROM split
    GROUP BY period, grp
),

told AS (
    SELECT
        progress.grp,
        progress.period,
        progress.measure,
        progress.starts,
        progress.until,
        progress.value,
        progress.fact,
        progress.to_date,
        progress.to_date_year,
        progress.deviation,
        progress.leads,
        progress.won,
        progress.blank,
        progress.undated_won,
        progress.days,
        progress.days_passed,
        progress.days_unseen,
        progress.days_left,
        progress.measure = 'revenue' AND progress.deviation < 0 AND progress.fact > 0 AS is_behind,
        coalesce(progress.measure = 'revenue' AND parts.are_known AND progress.deviation IS NOT NULL, FALSE) AS is_split,
        parts.from_leads,
        parts.from_mix,
        parts.from_deal
    FROM progress
    LEFT JOIN parts ON progress.period = parts.period AND progress.grp = parts.grp
)

SELECT
    grp,
    period,
    period_name(period, 'ru') AS title_ru,
    period_name(period, 'en') AS title_en,
    starts,
    (until::int - 1)::date AS ends,
    measure,
    value AS plan,
    fact,
    fact::double / nullif(value, 0)::double AS done,
    to_date AS plan_to_date,
    to_date_year AS plan_to_date_year,
    deviation,
    CASE WHEN deviation IS NOT NULL THEN fact::double / nullif(to_date, 0)::double END AS pace,
    CASE WHEN deviation IS NOT NULL THEN fact::double / nullif(to_date_year, 0)::double END AS pace_year,
    CASE
        WHEN days_left > 0 AND value >= fact THEN round((value - fact) / days_left, 2)::decimal(28, 4)
        WHEN days_left > 0 AND value < fact THEN 0::decimal(28, 4)
    END AS needed_per_day,
    CASE WHEN days_passed > 0 THEN round(fact + (fact * days_unseen)::decimal(28, 6) / days_passed, 2)::decimal(28, 4) END AS run_rate,
    CASE WHEN is_split THEN from_leads END AS from_leads,
    CASE WHEN is_split THEN from_mix END AS from_mix,
    -- what is left: conversion, the revenue of sources without leads, and the parts of a kopeck
    CASE WHEN is_split THEN (deviation - from_leads - from_mix - from_deal)::decimal(28, 4) END AS from_conversion,
    CASE WHEN is_split THEN from_deal END AS from_deal,
    CASE WHEN is_behind AND leads > 0 THEN ceil((to_date - fact)::double * leads / fact::double)::bigint END AS close_leads,
    CASE WHEN is_behind AND leads > 0 THEN won::double / leads * to_date::double / fact::double END AS close_conversion,
    CASE WHEN is_behind AND won > 0 THEN round(to_date / won, 2)::decimal(28, 4) END AS close_deal,
    leads AS leads_seen,
    won AS won_seen,
    days,
    days_passed,
    days_left,
    undated_won,
    blank AS won_without_amount
FROM told
ORDER BY grp, starts, days, measure DESC
