/*
title = { ru = "Выполним ли план месяца", en = "Will the month's plan be made" }
partly.ru = "плана нет: столбцы плана пусты, why говорит об этом; выигрышей мало: пуст прогноз"
partly.en = "no plan: its columns are empty, and why says so; few wins: the forecast is empty"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прогноз"
undated.en = "wins without a date are neither in the fact nor in the forecast"
grain = "one row per group: the month in which the as-of day lies"
so_far = true
needs = ["deals.created_at", "deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Месяц, в котором лежит день отчёта (спрашивайте период, который его задевает, как this_month): факт, план, темп и нужно в день — из «План и факт», прогноз и его полоса 80 % — из
«Прогноз». К плану — прогноз к плану. Шанс выполнить план — по логнормальному распределению того, что ещё придёт, через P10 и P90 полосы; 100 %, если
план выполнен, пусто без полосы. standing: behind — факт ниже плана на дату больше чем на один средний чек компании за год, то есть одной сделкой не закрыть; on_plan — нет; no_plan —
плана нет; unknown — факт судить нельзя или ещё ни одного рабочего дня не прошло. why: чего не хватает, словами."""
about.en = """
The month in which the as-of day lies (ask a period that overlaps it, such as this_month): fact, plan, pace and what is needed per day are those of "Plan and fact", the forecast and its 80 % band those of
"Forecast". By the plan: the forecast over the plan. The chance to make the plan is of a lognormal distribution of what is still to come, through P10 and P90 of the band; 100 % once
the plan is made, empty without a band. standing: behind: the fact is below the plan to date by more than one average deal of the company within a year, so that one deal does not close it; on_plan: it is not; no_plan:
there is none; unknown: the fact cannot be judged, or no working day has passed yet. why: what is lacking, in words."""
columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "fact", unit = "money", needs = ["deals.amount"], title = { ru = "Факт", en = "Fact" } },
  { name = "plan", unit = "money", title = { ru = "План", en = "Plan" } },
  { name = "done", unit = "share", title = { ru = "Выполнено", en = "Done" } },
  { name = "plan_to_date", unit = "money", title = { ru = "План на дату", en = "Plan to date" } },
  { name = "deviation", unit = "money", title = { ru = "Отклонение", en = "Deviation" } },
  { name = "pace", unit = "share", missed = "plan_to_date", title = { ru = "Темп", en = "Pace" } },
  { name = "needed_per_day", unit = "money", title = { ru = "Нужно в рабочий день", en = "Needed per working day" } },
  { name = "days_left", unit = "count", title = { ru = "Осталось рабочих дней", en = "Working days left" } },
  { name = "forecast", unit = "money", title = { ru = "Прогноз", en = "Forecast" } },
  { name = "forecast_low", unit = "money", title = { ru = "Прогноз не ниже (P10)", en = "Forecast at least (P10)" } },
  { name = "forecast_high", unit = "money", title = { ru = "Прогноз не выше (P90)", en = "Forecast at most (P90)" } },
  { name = "to_plan", unit = "share", title = { ru = "Прогноз к плану", en = "Forecast by plan" } },
  { name = "chance", unit = "share", title = { ru = "Шанс выполнить план", en = "Chance to make the plan" } },
  { name = "won_seen", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "shown", unit = "text", title = { ru = "Чем прогноз сделан", en = "How the forecast was made" } },
  { name = "standing", unit = "text", title = { ru = "Против плана", en = "Against the plan" } },
  { name = "why_{lang}", unit = "text", title = { ru = "Чего не хватает", en = "What is lacking" } },
]
*/
WITH planned AS (
    SELECT
        grp,
        fact,
        value AS plan,
        fact::double / nullif(value, 0)::double AS done,
        to_date AS plan_to_date,
        CASE WHEN is_known THEN fact - to_date END AS deviation,
        CASE WHEN is_known THEN fact::double / nullif(to_date, 0)::double END AS pace,
        CASE
            WHEN days_left > 0 AND value >= fact THEN round((value - fact)::double / days_left, 2)
            WHEN days_left > 0 AND value < fact THEN 0.0
        END AS needed_per_day,
        days_passed,
        days_left,
        won AS won_seen
    FROM plan_progress
    WHERE measure = 'revenue' AND starts = local_month($as_of_day) AND until = (local_month($as_of_day) + INTERVAL '1 month')::date
),

expected AS (
    SELECT grp, won AS reached, wins, headline, headline_low, headline_high, shown, why
    FROM forecast
    WHERE horizon = 'month' AND starts = local_month($as_of_day)
),

deal AS (
    SELECT sum(amount) / nullif(count(amount), 0) AS average
    FROM scope
    WHERE won_at >= $as_of - INTERVAL '365 days' AND won_at < $as_of
),

beside AS (
    SELECT
        coalesce(planned.grp, expected.grp) AS grp,
        coalesce(planned.fact::double, expected.reached) AS fact,
        planned.plan,
        planned.done,
        planned.plan_to_date,
        planned.deviation,
        planned.pace,
        planned.needed_per_day,
        planned.days_passed,
        planned.days_left,
        coalesce(planned.won_seen, expected.wins) AS won_seen,
        expected.headline AS forecast,
        expected.headline_low AS low,
        expected.headline_high AS high,
        expected.shown,
        expected.why,
        deal.average,
        planned.plan::double - coalesce(planned.fact::double, expected.reached) AS missing,
        coalesce(planned.fact::double, expected.reached) AS reached
    FROM planned
    FULL JOIN expected ON planned.grp = expected.grp
    CROSS JOIN deal
),

-- what is still to come, as a logarithm: between P10 and P90 lie 2.563103 standard deviations
logged AS (
    SELECT
        grp,
        ln(nullif(greatest(high - reached, 0.0), 0.0)) AS above,
        ln(nullif(greatest(low - reached, 0.0), 0.0)) AS below,
        ln(nullif(greatest(missing, 0.0), 0.0)) AS wanted
    FROM beside
),

chances AS (
    SELECT grp, (wanted - (above + below) / 2.0) / nullif((above - below) / 2.563103, 0.0) AS z
    FROM logged
)

SELECT
    beside.grp,
    local_month($as_of_day) AS month,
    beside.fact,
    beside.plan,
    beside.done,
    beside.plan_to_date,
    beside.deviation,
    beside.pace,
    beside.needed_per_day,
    beside.days_left,
    beside.forecast,
    beside.low AS forecast_low,
    beside.high AS forecast_high,
    beside.forecast / nullif(beside.plan::double, 0.0) AS to_plan,
    CASE
        WHEN beside.missing <= 0.0 THEN 1.0
        WHEN chances.z >= 0.0 THEN normal_p(chances.z) / 2.0
        WHEN chances.z < 0.0 THEN 1.0 - normal_p(chances.z) / 2.0
    END AS chance,
    beside.won_seen,
    beside.shown,
    CASE
        WHEN beside.plan IS NULL THEN 'no_plan'
        WHEN beside.deviation IS NULL OR beside.days_passed = 0 THEN 'unknown'
        WHEN beside.deviation < 0 AND -beside.deviation > beside.average THEN 'behind'
        WHEN beside.deviation < 0 AND beside.average IS NULL THEN 'unknown'
        ELSE 'on_plan'
    END AS standing,
    nullif(concat_ws(
        '; ',
        CASE WHEN beside.plan IS NULL THEN 'плана на этот месяц нет: загрузите его (таблица plans)' END,
        CASE beside.why
            WHEN 'few_wins' THEN 'прогноза нет: за год меньше 20 выигранных'
            WHEN 'few_origins' THEN 'полосы нет: прошлых прогнозов мало'
        END
    ), '') AS why_ru,
    nullif(concat_ws(
        '; ',
        CASE WHEN beside.plan IS NULL THEN 'there is no plan for this month: ingest it (table plans)' END,
        CASE beside.why
            WHEN 'few_wins' THEN 'no forecast: under 20 won within a year'
            WHEN 'few_origins' THEN 'no band: too few past forecasts'
        END
    ), '') AS why_en
FROM beside
LEFT JOIN chances ON beside.grp = chances.grp
ORDER BY beside.grp
