/*
title = { ru = "Конверсия в продажу к сроку", en = "Conversion to a win by a given day" }
grain = "one row per horizon of the regulation"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Доля вошедших в воронку за период, кто будет выигран не позже чем через H дней после входа: оценка Аалена — Йохансена, где
потеря — конкурирующий исход, а открытая на дату отчёта сделка цензурирована, то есть не считается потерянной. Интервал 95 %."""
about.en = """
The share of those who came into the funnel within the period that is won no later than H days after: the Aalen–Johansen
estimate, with a loss as the competing event; a deal still open at the as-of date is censored, not lost. 95 % interval."""

columns = [
  { name = "horizon_days", unit = "days", title = { ru = "Срок, дней", en = "By day" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "eventual", unit = "share", title = { ru = "Конверсия к сроку", en = "Eventual conversion" } },
  { name = "eventual_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eventual_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH dated AS (
    SELECT
        grp,
        status,
        closed_at,
        coalesce(least(created_at, entries[1]['at']), closed_at) AS entered_at
    FROM scope
),

cohort AS (
    SELECT
        grp,
        CASE status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
        -- a win without a date has happened by the as-of date; a closing before the entry takes no time
        greatest(minutes_between(entered_at, coalesce(closed_at, $as_of)) / 1440.0, 0.0) AS lived_days
    FROM dated
    WHERE entered_at >= $from AND entered_at < $to
),

by_horizon AS (
    SELECT
        cohort.grp,
        horizons.days,
        count(*) AS deals,
        count(*) FILTER (WHERE cohort.outcome = 1) AS won,
        count(*) FILTER (WHERE cohort.outcome = 2) AS lost,
        count(*) FILTER (WHERE cohort.outcome = 0) AS open,
        cuminc(cohort.lived_days, cohort.outcome, horizons.days::double) AS eventual
    FROM cohort
    CROSS JOIN horizons
    GROUP BY cohort.grp, horizons.days
)

SELECT
    grp,
    days AS horizon_days,
    deals,
    won,
    lost,
    open,
    eventual['estimate'] AS eventual,
    eventual['low'] AS eventual_low,
    eventual['high'] AS eventual_high
FROM by_horizon
ORDER BY grp, horizon_days
