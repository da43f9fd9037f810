/*
title = { ru = "Ровная ли выручка", en = "Is revenue steady" }
grain = "one row for the group"
needs = ["deals.closed_at", "deals.status", "deals.amount"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
По полным неделям периода (не больше последних, сколько велит регламент): средняя выручка и её коэффициент вариации (стандартное
отклонение / среднее) — как есть и без тренда и сезона.
Последняя полная неделя против предыдущей и против той же недели год назад (на 52 недели раньше); пусто, если те недели вне данных."""
about.en = """
Over the whole weeks of the period (at most as many of the last as the regulation says): mean revenue and its coefficient of variation
(standard deviation / mean), raw and with trend and season removed. The last whole week against the one before and against the same week last year (52 weeks earlier); empty where the
data do not reach that far."""
columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели", en = "Weeks" } },
  { name = "mean_weekly", unit = "money", title = { ru = "В среднем за неделю", en = "Mean week" } },
  { name = "cv_raw", unit = "ratio", title = { ru = "Вариация", en = "Variability" } },
  { name = "cv_adjusted", unit = "ratio", title = { ru = "Вариация без тренда и сезона", en = "Variability, trend and season removed" } },
  { name = "week", unit = "date", title = { ru = "Последняя неделя, с", en = "Last week, from" } },
  { name = "last_week", unit = "money", title = { ru = "Последняя неделя", en = "Last week" } },
  { name = "previous_week", unit = "money", title = { ru = "Предыдущая неделя", en = "Week before" } },
  { name = "change_week", unit = "share", title = { ru = "К предыдущей", en = "Change on the week" } },
  { name = "same_week_last_year", unit = "money", title = { ru = "Год назад", en = "Same week last year" } },
  { name = "change_year", unit = "share", title = { ru = "К прошлому году", en = "Change on the year" } },
]
*/
WITH known AS (
    SELECT local_day(earliest.at) AS day
    FROM (SELECT least(created_at, closed_at) AS at FROM scope ORDER BY at LIMIT 1) AS earliest
),

-- the Monday of the last whole week, and the first Monday from which weeks are whole
whole AS (
    SELECT
        local_week(least($to_day, $as_of_day)) - INTERVAL '7 days' AS last_week,
        local_week(greatest($from_day, known.day) + INTERVAL '6 days') AS first_week,
        local_week(known.day + INTERVAL '6 days') AS known_week
    FROM known
),

weeks AS (
    SELECT counted_back.week
    FROM (
        SELECT every_week.week, row_number() OVER (ORDER BY every_week.week DESC) AS back
        FROM (SELECT unnest(generate_series(first_week, last_week, INTERVAL '7 days')) AS week FROM whole) AS every_week
    ) AS counted_back
    CROSS JOIN rules
    WHERE counted_back.back <= rules.variability_weeks
),

span AS (
    SELECT whole.last_week, whole.known_week, min(weeks.week) AS first_week
    FROM whole
    CROSS JOIN weeks
    GROUP BY whole.last_week, whole.known_week
),

-- one row per group and week with a win, reaching back a year for the comparison
won AS (
    SELECT grp, local_week(won_at) AS week, sum(amount) AS revenue
    FROM scope
    WHERE status = 'won' AND won_at < $to
    GROUP BY 1, 2
),

groups AS (
    SELECT DISTINCT won.grp
    FROM won
    CROSS JOIN span
    WHERE won.week >= span.first_week
),

filled AS (
    SELECT groups.grp, weeks.week, coalesce(won.revenue, 0) AS revenue
    FROM groups
    CROSS JOIN weeks
    LEFT JOIN won ON groups.grp = won.grp AND weeks.week = won.week
),

varied AS (
    SELECT
        grp,
        count(*) AS weeks,
        sum(revenue) / count(*) AS mean_weekly,
        -- the same bits on any number of threads, which stddev / avg is not
        cv(revenue::double) AS cv_raw,
        detrended_cv(week::int / 7, revenue::double) AS cv_adjusted
    FROM filled
    GROUP BY grp
),

-- a week that the data know and that had no win earned nothing; a week before the data is unknown
compared AS (
    SELECT
        groups.grp,
        span.last_week AS week,
        coalesce(sum(won.revenue) FILTER (WHERE won.week = span.last_week), 0) AS last_week,
        CASE
            WHEN span.last_week - INTERVAL '7 days' >= span.known_week
                THEN coalesce(sum(won.revenue) FILTER (WHERE won.week = span.last_week - INTERVAL '7 days'), 0)
        END AS previous_week,
        CASE
            WHEN span.last_week - INTERVAL '364 days' >= span.known_week
                THEN coalesce(sum(won.revenue) FILTER (WHERE won.week = span.last_week - INTERVAL '364 days'), 0)
        END AS same_week_last_year
    FROM groups
    CROSS JOIN span
    LEFT JOIN won ON groups.grp = won.grp
    GROUP BY groups.grp, span.last_week, span.known_week
)

SELECT
    varied.grp,
    varied.weeks,
    varied.mean_weekly,
    varied.cv_raw,
    varied.cv_adjusted,
    compared.week,
    compared.last_week,
    compared.previous_week,
    (compared.last_week - compared.previous_week)::double / nullif(compared.previous_week::double, 0) AS change_week,
    compared.same_week_last_year,
    (compared.last_week - compared.same_week_last_year)::double
    / nullif(compared.same_week_last_year::double, 0) AS change_year
FROM varied
INNER JOIN compared ON varied.grp = compared.grp
ORDER BY varied.grp
