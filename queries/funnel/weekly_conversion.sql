/*
title = { ru = "Конверсия по неделям прихода", en = "Conversion by week of arrival" }
grain = "one row per week in which deals came in"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Вошедшие в воронку по неделям входа и что с ними стало к дате отчёта. Завершённая конверсия: выиграны / (выиграны + потеряны).
Конверсия к сроку: оценка Аалена — Йохансена на самом длинном сроке регламента. Молодая неделя: её срок ещё не вышел."""
about.en = """
Those who came into the funnel, by week, and what had become of them by the as-of date. Settled conversion: won / (won + lost).
Eventual conversion: the Aalen–Johansen estimate at the regulation's longest horizon. A young week has not lived that long yet."""

columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "settled", unit = "share", title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
  { name = "settled_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "settled_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "eventual", unit = "share", title = { ru = "Конверсия к сроку", en = "Eventual conversion" } },
  { name = "eventual_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eventual_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "so_far", unit = "share", title = { ru = "Купили к сроку, молодые — пока", en = "Bought by the horizon, young weeks so far" } },
  { name = "young", unit = "count", title = { ru = "Молодая", en = "Young" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

dated AS (
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
        local_week(entered_at) AS week,
        CASE status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
        greatest(minutes_between(entered_at, coalesce(closed_at, $as_of)) / 1440.0, 0.0) AS lived_days
    FROM dated
    WHERE entered_at >= $from AND entered_at < $to
),

by_week AS (
    SELECT
        cohort.grp,
        cohort.week,
        longest.days AS horizon_days,
        count(*) AS leads,
        count(*) FILTER (WHERE cohort.outcome = 1) AS won,
        count(*) FILTER (WHERE cohort.outcome = 2) AS lost,
        count(*) FILTER (WHERE cohort.outcome = 0) AS open,
        cuminc(cohort.lived_days, cohort.outcome, longest.days::double) AS eventual
    FROM cohort
    CROSS JOIN longest
    GROUP BY cohort.grp, cohort.week, longest.days
)

SELECT
    grp,
    week,
    leads,
    won,
    lost,
    open,
    won::double / nullif(won + lost, 0) AS settled,
    wilson_low(won, won + lost) AS settled_low,
    wilson_high(won, won + lost) AS settled_high,
    eventual['estimate'] AS eventual,
    eventual['low'] AS eventual_low,
    eventual['high'] AS eventual_high,
    -- a floor for a young week: what it has brought so far
    eventual['at_least'] AS so_far,
    -- the last of the week came in on its seventh day
    CASE WHEN week::int + 7 + horizon_days > $as_of_day::int THEN 1 ELSE 0 END AS young
FROM by_week
ORDER BY grp, week
