/*
title = { ru = "Растут ли лиды вместе с бюджетом", en = "Do leads grow with the budget" }
grain = "one row per group"
needs = ["deals.created_at", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]

about.ru = """
Наклон логарифма лидов недели по логарифму расхода недели, с интервалом 95 %; то же для выигранных из лидов недели. Полные недели
периода, где есть и расход, и лиды. Продажа в счёт, если случилась не позже самого длинного срока регламента после прихода лида, а неделя —
если все её лиды этот срок прожили: иначе свежие недели казались бы бедными. Недели без лидов или без продаж логарифма не имеют; где продаж нет
в половине дозревших недель и больше, наклон продаж не назван. Недели до первого известного лида и те, что выгрузка расхода покрывает не целиком,
не в счёт. Неделя, у лида которой есть продажа без даты, для продаж не в счёт (столбец «Недели с продажами без даты»). Уверенно ниже 1: каждый следующий рубль приносит меньше. Связь,
а не доказанная причина."""
about.en = """
The slope of log weekly leads on log weekly spend with its 95 % interval; the same for the wins among a week's leads. Whole weeks
of the period with both spend and leads. A win counts if it came within the regulation's longest horizon after the lead, and a week if all
its leads have lived that long: fresh weeks would look poor otherwise. Weeks without leads or wins have no logarithm; where half
of the ripe weeks or more have no wins, the slope of wins is not told. Weeks before the first known lead, and those that the exports of spend
cover in part, are left out. A week one of whose leads was won without a date is left out for wins (column "Weeks with undated wins"). Below 1 with confidence: each next rouble brings less. An
association, not a proven cause."""

columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели", en = "Weeks" } },
  { name = "weeks_without_leads", unit = "count", title = { ru = "Недели без лидов", en = "Weeks without leads" } },
  { name = "slope", unit = "ratio", title = { ru = "Эластичность лидов", en = "Elasticity of leads" } },
  { name = "slope_low", unit = "ratio", title = { ru = "от", en = "low" } },
  { name = "slope_high", unit = "ratio", title = { ru = "до", en = "high" } },
  { name = "wins_weeks", unit = "count", title = { ru = "Недели с продажами, дозревшие", en = "Ripe weeks with wins" } },
  { name = "ripe_weeks_without_wins", unit = "count", title = { ru = "Дозревшие недели без продаж", en = "Ripe weeks without wins" } },
  { name = "undated_weeks", unit = "count", title = { ru = "Недели с продажами без даты", en = "Weeks with undated wins" } },
  { name = "wins_slope", unit = "ratio", title = { ru = "Эластичность продаж", en = "Elasticity of wins" } },
  { name = "wins_slope_low", unit = "ratio", title = { ru = "от", en = "low" } },
  { name = "wins_slope_high", unit = "ratio", title = { ru = "до", en = "high" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

-- the days that the exports of spend cover, whoever spent: a week that they cut would move with what is missing
covered AS (
    SELECT
        min(day) AS first_day,
        -- an export by the week has the Monday of each
        CASE WHEN bool_and(day = local_week(day)) THEN max(day) + INTERVAL '6 days' ELSE max(day) END AS last_day
    FROM scope_spend
),

lead_days AS (
    SELECT local_week(min(created_at)) AS first_week
    FROM scope
),

spent AS (
    SELECT grp, local_week(day) AS week, sum(cost)::double AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < least($to_day, $as_of_day)
    GROUP BY 1, 2
),

came AS (
    SELECT
        scope.grp,
        local_week(scope.created_at) AS week,
        count(*) AS leads,
        count(*) FILTER (WHERE minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440) AS won,
        count(*) FILTER (WHERE scope.undated = 'won') AS undated
    FROM scope
    CROSS JOIN longest
    WHERE scope.created_at >= $from AND scope.created_at < $to
    GROUP BY 1, 2
),

-- a week cut by the period's edge would move leads and spend alike and pull the slope to one; an unripe one has no wins yet to speak of
weeks AS (
    SELECT
        spent.grp,
        spent.spend,
        coalesce(came.leads, 0) AS leads,
        coalesce(came.undated, 0) > 0 AS is_undated,
        CASE
            WHEN spent.week::int + 7 + longest.days <= $as_of_day::int AND coalesce(came.undated, 0) = 0 THEN coalesce(came.won, 0)
        END AS won
    FROM spent
    CROSS JOIN longest
    CROSS JOIN covered
    CROSS JOIN lead_days
    LEFT JOIN came ON spent.grp = came.grp AND spent.week = came.week
    WHERE
        spent.week >= $from_day
        AND spent.week::int + 7 <= least($to_day, $as_of_day)::int
        AND spent.week >= lead_days.first_week
        AND spent.week >= covered.first_day
        AND spent.week + INTERVAL '6 days' <= covered.last_day
        AND spent.spend > 0
),

fitted AS (
    SELECT
        grp,
        count(*) FILTER (WHERE leads > 0) AS weeks,
        count(*) FILTER (WHERE leads = 0) AS weeks_without_leads,
        ols_slope(ln(leads::double), ln(spend)) FILTER (WHERE leads > 0) AS of_leads,
        count(*) FILTER (WHERE won > 0) AS wins_weeks,
        count(*) FILTER (WHERE won = 0) AS ripe_weeks_without_wins,
        count(*) FILTER (WHERE is_undated) AS undated_weeks,
        ols_slope(ln(won::double), ln(spend)) FILTER (WHERE won > 0) AS of_wins
    FROM weeks
    GROUP BY grp
)

SELECT
    grp,
    weeks,
    weeks_without_leads,
    of_leads['slope'] AS slope,
    of_leads['low'] AS slope_low,
    of_leads['high'] AS slope_high,
    wins_weeks,
    ripe_weeks_without_wins,
    undated_weeks,
    -- weeks chosen for their wins would say that spend hardly matters
    CASE WHEN wins_weeks > ripe_weeks_without_wins THEN of_wins['slope'] END AS wins_slope,
    CASE WHEN wins_weeks > ripe_weeks_without_wins THEN of_wins['low'] END AS wins_slope_low,
    CASE WHEN wins_weeks > ripe_weeks_without_wins THEN of_wins['high'] END AS wins_slope_high
FROM fitted
ORDER BY grp
