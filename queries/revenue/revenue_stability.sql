/*
title = { ru = "Ровная ли выручка", en = "Is revenue steady" }
partly.ru = "недели до первой продажи не считаются; при неделе, покрытой не до конца, не судится"
partly.en = "weeks before the first win do not count; with a week covered in part it is not judged"
grain = "one row for the group"
needs = ["deals.closed_at", "deals.status", "deals.amount"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
По полным неделям периода (не больше последних, сколько велит регламент): средняя выручка и её коэффициент вариации (стандартное
отклонение / среднее). Он же без тренда; а если об этой группе известны хотя бы 104 полные недели — и без сезона: «Убрано» говорит, что
именно. Тренд и сезон ищутся по всем известным неделям, судят только недели периода. Недели до первой сделки группы не в счёт.
Последняя полная неделя против предыдущей и против той же недели год назад (на 52 недели раньше); пусто, если те недели вне данных."""
about.en = """
Over the whole weeks of the period (at most as many of the last as the regulation says): mean revenue and its coefficient of variation
(standard deviation / mean). The same with the trend removed; and the season too, where at least 104 whole weeks of the group are known:
`removed` says which. Trend and season are learnt from all known weeks, the weeks of the period alone are judged. Weeks before the group's
first deal are left out. The last whole week against the one before and against the same week last year (52 weeks earlier); empty where
the data do not reach that far."""
columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели", en = "Weeks" } },
  { name = "mean_weekly", unit = "money", title = { ru = "В среднем за неделю", en = "Mean week" } },
  { name = "cv_raw", unit = "ratio", title = { ru = "Вариация", en = "Variability" } },
  { name = "cv_adjusted", unit = "ratio", title = { ru = "Вариация без тренда (и сезона, если он известен)", en = "Variability, trend removed (and season where known)" } },
  { name = "removed", unit = "text", title = { ru = "Убрано", en = "Removed" } },
  { name = "known_weeks", unit = "count", title = { ru = "Известно недель", en = "Weeks known" } },
  { name = "week", unit = "date", title = { ru = "Последняя неделя, с", en = "Last week, from" } },
  { name = "last_week", unit = "money", title = { ru = "Последняя неделя", en = "Last week" } },
  { name = "previous_week", unit = "money", title = { ru = "Предыдущая неделя", en = "Week before" } },
  { name = "change_week", unit = "share", title = { ru = "К предыдущей", en = "Change on the week" } },
  { name = "same_week_last_year", unit = "money", title = { ru = "Год назад", en = "Same week last year" } },
  { name = "change_year", unit = "share", title = { ru = "К прошлому году", en = "Change on the year" } },
]
*/
-- the first whole week of each group, and the Monday of the last one of all
WITH known AS (
    SELECT
        grp,
        local_week(local_day(min(least(created_at, closed_at))) + INTERVAL '6 days') AS known_week,
        local_week(least($to_day, $as_of_day)) - INTERVAL '7 days' AS last_week
    FROM scope
    GROUP BY grp
),

known_weeks AS (
    SELECT grp, unnest(generate_series(known_week, last_week, INTERVAL '7 days')) AS week
    FROM known
),

-- the last whole weeks of the period are judged, the others help to know trend and season
weeks AS (
    SELECT
        counted_back.grp,
        counted_back.week,
        CASE WHEN counted_back.week >= $from_day AND counted_back.back <= rules.variability_weeks THEN 1 ELSE 0 END AS judged
    FROM (
        SELECT grp, week, row_number() OVER (PARTITION BY grp ORDER BY week DESC) AS back
        FROM known_weeks
    ) AS counted_back
    CROSS JOIN rules
),

won AS (
    SELECT grp, local_week(won_at) AS week, sum(amount) AS revenue, count(*) AS wins
    FROM scope
    WHERE status = 'won' AND won_at < $to
    GROUP BY 1, 2
),

-- a week that the data know and that had no win earned nothing
filled AS (
    SELECT
        weeks.grp,
        weeks.week,
        weeks.judged,
        coalesce(won.revenue, 0) AS revenue,
        CASE WHEN weeks.judged = 1 THEN won.wins END AS wins
    FROM weeks
    LEFT JOIN won ON weeks.grp = won.grp AND weeks.week = won.week
),

varied AS (
    SELECT
        grp,
        count(*) AS known_weeks,
        sum(wins) AS wins,
        count(*) FILTER (WHERE judged = 1) AS weeks,
        sum(revenue) FILTER (WHERE judged = 1) / nullif(count(*) FILTER (WHERE judged = 1), 0) AS mean_weekly,
        -- the same bits on any number of threads, which stddev / avg is not
        cv(revenue::double) FILTER (WHERE judged = 1) AS cv_raw,
        -- Mondays are 4 days after a multiple of 7, before 1970 too: a division that leaves a rest would count week 0 twice
        detrended_cv((week::int - 4) / 7, revenue::double, judged) AS adjusted
    FROM filled
    GROUP BY grp
),

-- a week before the data is unknown
compared AS (
    SELECT
        known.grp,
        known.last_week AS week,
        coalesce(sum(won.revenue) FILTER (WHERE won.week = known.last_week), 0) AS last_week,
        CASE
            WHEN known.last_week - INTERVAL '7 days' >= known.known_week
                THEN coalesce(sum(won.revenue) FILTER (WHERE won.week = known.last_week - INTERVAL '7 days'), 0)
        END AS previous_week,
        CASE
            WHEN known.last_week - INTERVAL '364 days' >= known.known_week
                THEN coalesce(sum(won.revenue) FILTER (WHERE won.week = known.last_week - INTERVAL '364 days'), 0)
        END AS same_week_last_year
    FROM known
    LEFT JOIN won ON known.grp = won.grp
    GROUP BY known.grp, known.last_week, known.known_week
)

SELECT
    varied.grp,
    varied.weeks,
    varied.mean_weekly,
    varied.cv_raw,
    varied.adjusted['cv'] AS cv_adjusted,
    CASE
        WHEN varied.adjusted['cv'] IS NULL THEN NULL
        WHEN varied.adjusted['seasons'] > 1 THEN 'trend_season'
        ELSE 'trend'
    END AS removed,
    varied.known_weeks,
    compared.week,
    compared.last_week,
    compared.previous_week,
    (compared.last_week - compared.previous_week)::double / nullif(compared.previous_week::double, 0) AS change_week,
    compared.same_week_last_year,
    (compared.last_week - compared.same_week_last_year)::double
    / nullif(compared.same_week_last_year::double, 0) AS change_year
FROM varied
INNER JOIN compared ON varied.grp = compared.grp
WHERE varied.wins > 0
ORDER BY varied.grp
