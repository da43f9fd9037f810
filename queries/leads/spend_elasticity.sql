/*
title = { ru = "Растут ли лиды вместе с бюджетом", en = "Do leads grow with the budget" }
grain = "one row per group"
needs = ["deals.created_at", "spend.cost"]
dimensions = "spend"

about.ru = """
Эластичность: на сколько процентов лидов недели больше там, где расход недели больше на процент; то же для выигранных из лидов недели.
Регрессия Пуассона числа лидов на логарифм расхода: недели без лидов и без продаж в счёт, логарифм от них не нужен. Интервал 95 %: ошибки HC3, но не меньше
квазипуассоновских и пуассоновских, и t Стьюдента. Меньше десяти лидов (продаж) в этих неделях — эластичность не названа; недель всего две или расход был всегда один —
нет интервала или наклона. Полные недели периода, где был расход. Продажа в счёт, если случилась не позже самого длинного срока
регламента после прихода лида, а неделя — если все её лиды этот срок прожили: иначе свежие недели казались бы бедными. Недели до
первого известного лида и те, что выгрузка расхода покрывает не целиком, не в счёт; как и те, больше чем 1 лид из 200 которых пришёл раньше первого известного расхода
своего источника, подрядчика и кампании. Строки «не заполнено» нет. Неделя, у лида которой есть продажа без даты, для продаж не в
счёт (столбец «Недели с продажами без даты»). Уверенно ниже 1: каждый следующий рубль приносит меньше. Связь, а не доказанная причина."""
about.en = """
Elasticity: by how many per cent more leads a week brings that costs one per cent more; the same for the wins among a week's leads. Poisson
regression of their number on the logarithm of spend: weeks without leads or wins count, for no logarithm of them is taken. 95 % interval:
HC3 errors, no less than those of quasi-Poisson and of Poisson, and Student's t. Fewer than ten leads (wins) in these weeks: no elasticity is told; two
weeks only, or the same spend ever: no interval, or no slope. Whole weeks of the period with spend. A win counts if it came within the
regulation's longest horizon after the lead, and a week if all its leads have lived that long: fresh weeks would look poor otherwise. Weeks
before the first known lead, and those that the exports of spend cover in part, are left out; so are those of which more than 1 lead of 200
came before the first known spend of its source, contractor and campaign. The unfilled group has no row. A week one of whose leads was won without a
date is left out for wins (column "Weeks with undated wins"). Below 1 with confidence: each next rouble brings less. An association, not a proven cause."""

columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели", en = "Weeks" } },
  { name = "weeks_without_leads", unit = "count", title = { ru = "Недели без лидов", en = "Weeks without leads" } },
  { name = "slope", unit = "ratio", interval = true, title = { ru = "Эластичность лидов", en = "Elasticity of leads" } },
  { name = "wins_weeks", unit = "count", title = { ru = "Недели с продажами, дозревшие", en = "Ripe weeks with wins" } },
  { name = "ripe_weeks_without_wins", unit = "count", title = { ru = "Дозревшие недели без продаж", en = "Ripe weeks without wins" } },
  { name = "undated_weeks", unit = "count", title = { ru = "Недели с продажами без даты", en = "Weeks with undated wins" } },
  { name = "wins_slope", unit = "ratio", interval = true, title = { ru = "Эластичность продаж", en = "Elasticity of wins" } },
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
        count(*) FILTER (WHERE local_day(scope.created_at) < way_began.first_day) AS unpaid,
        count(*) FILTER (WHERE minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440) AS won,
        count(*) FILTER (WHERE scope.undated = 'won') AS undated
    -- the small sides of joins stand first: they are held
    FROM way_began
    RIGHT JOIN (longest CROSS JOIN scope)
        ON way_began.source = coalesce(scope.source, '')
        AND way_began.contractor = coalesce(scope.contractor, '')
        AND way_began.campaign = coalesce(scope.campaign, '')
    WHERE scope.created_at >= $from AND scope.created_at < $to
    GROUP BY 1, 2
),

-- a week cut by the period's edge, or by the end of the exports, would move leads and spend alike and pull the slope to one; an unripe one has no wins yet to speak of
weeks AS (
    SELECT
        spent.grp,
        spent.spend,
        coalesce(came.leads, 0) AS leads,
        coalesce(came.undated, 0) > 0 AS is_undated,
        CASE
            WHEN spent.week::int + 7 + longest.days <= seen_days.until::int AND coalesce(came.undated, 0) = 0 THEN coalesce(came.won, 0)
        END AS won
    FROM spent
    CROSS JOIN longest
    CROSS JOIN covered
    CROSS JOIN lead_days
    CROSS JOIN seen_days
    LEFT JOIN came ON spent.grp = came.grp AND spent.week = came.week
    WHERE
        spent.week >= $from_day
        AND spent.week::int + 7 <= least($to_day, seen_days.until)::int
        AND spent.week >= lead_days.first_week
        AND spent.week >= covered.first_day
        AND spent.week + INTERVAL '6 days' <= covered.last_day
        AND spent.spend > 0
        -- leads of a way whose spend is not known yet: the week's money is known in part
        AND 200 * coalesce(came.unpaid, 0) <= coalesce(came.leads, 0)
),

-- leads and wins are numbers: each a series of its own, of weeks with none as well. Without these, and with logarithms, the slope was flat: in 7 worlds of
-- a hundred "less" was said of wins in proportion to spend
counted AS (
    SELECT
        grp,
        count(*) FILTER (WHERE leads > 0) AS weeks,
        count(*) FILTER (WHERE leads = 0) AS weeks_without_leads,
        count(*) FILTER (WHERE won > 0) AS wins_weeks,
        count(*) FILTER (WHERE won = 0) AS ripe_weeks_without_wins,
        count(*) FILTER (WHERE is_undated) AS undated_weeks,
        poisson_slope(leads, ln(spend)) AS of_leads,
        poisson_slope(won, ln(spend)) AS of_wins
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
    of_wins['slope'] AS wins_slope,
    of_wins['low'] AS wins_slope_low,
    of_wins['high'] AS wins_slope_high
FROM counted
-- leads and spend that name no group have nothing in common, unless there is but one
WHERE replace(grp, chr(31), '') <> '' OR (SELECT count(*) FROM counted) = 1
ORDER BY grp
