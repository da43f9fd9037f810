/*
title = { ru = "Растут ли лиды вместе с бюджетом", en = "Do leads grow with the budget" }
grain = "one row per group"
needs = ["deals.created_at", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]

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
WITH RECURSIVE longest AS (
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

-- from when on the spend of each way in which deals came is known, whatever the period; what a spend row leaves empty fits any
way_began AS (
    SELECT ways.source, ways.contractor, ways.campaign, min(spend.first_day) AS first_day
    FROM (
        SELECT DISTINCT
            coalesce(source, '') AS source,
            coalesce(contractor, '') AS contractor,
            coalesce(campaign, '') AS campaign
        FROM scope
    ) AS ways
    INNER JOIN (
        SELECT
            coalesce(source, '') AS source,
            coalesce(contractor, '') AS contractor,
            coalesce(campaign, '') AS campaign,
            min(day) AS first_day
        FROM scope_spend
        GROUP BY 1, 2, 3
    ) AS spend
        ON (spend.source = '' OR spend.source = ways.source)
        AND (spend.contractor = '' OR spend.contractor = ways.contractor)
        AND (spend.campaign = '' OR spend.campaign = ways.campaign)
    GROUP BY 1, 2, 3
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
    FROM scope
    CROSS JOIN longest
    LEFT JOIN way_began
        ON coalesce(scope.source, '') = way_began.source
        AND coalesce(scope.contractor, '') = way_began.contractor
        AND coalesce(scope.campaign, '') = way_began.campaign
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
        -- leads of a way whose spend is not known yet: the week's money is known in part
        AND 200 * coalesce(came.unpaid, 0) <= coalesce(came.leads, 0)
),

-- leads and wins are numbers: each a series of its own, of weeks with none as well. Without these, and with logarithms, the slope was flat: in 7 worlds of
-- a hundred "less" was said of wins in proportion to spend. J. M. C. Santos Silva, S. Tenreyro (2006), "The Log of Gravity", Review of Economics and
-- Statistics 88(4); the errors: J. G. MacKinnon, H. White (1985), Journal of Econometrics 29(3)
series AS (
    SELECT grp, 'leads' AS what, ln(spend) AS budget, leads AS number
    FROM weeks
    UNION ALL
    SELECT grp, 'wins' AS what, ln(spend) AS budget, won AS number
    FROM weeks
    WHERE won IS NOT NULL
),

centred AS (
    SELECT
        grp,
        what,
        number,
        budget - avg(budget::decimal(24, 12)) OVER (PARTITION BY grp, what)::double AS budget
    FROM series
),

-- within -1 and 1, so that no power of it is out of range
scaled AS (
    SELECT
        grp,
        what,
        number,
        max(abs(budget)) OVER (PARTITION BY grp, what) AS reach,
        budget / max(abs(budget)) OVER (PARTITION BY grp, what) AS budget
    FROM centred
),

-- fewer than ten tell no slope; the same spend every week tells none at all. Sums are of decimals, so that their order does not matter
known AS (
    SELECT
        grp,
        what,
        number,
        reach,
        budget,
        sum(number) OVER (PARTITION BY grp, what)::double AS total,
        sum((number * budget)::decimal(30, 15)) OVER (PARTITION BY grp, what)::double
        / nullif(sum(number) OVER (PARTITION BY grp, what), 0) AS along
    FROM scaled
    WHERE reach > 0.000001
),

-- Newton's method on the slope alone, from 1 on: given the slope, the level is known. Every step keeps the weeks, so that nothing is read again
newton AS (
    SELECT grp, what, number, reach, budget, total, along, reach AS slope, 1.0 AS move, 0 AS step
    FROM known
    WHERE total >= 10
    UNION ALL
    SELECT
        grp,
        what,
        number,
        reach,
        budget,
        total,
        along,
        slope + greatest(least((along - mean) / (square - mean * mean), 1.0), -1.0) AS slope,
        greatest(least((along - mean) / (square - mean * mean), 1.0), -1.0) AS move,
        step + 1 AS step
    FROM (
        SELECT
            grp,
            what,
            number,
            reach,
            budget,
            total,
            along,
            slope,
            step,
            sum((exp(slope * budget) * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double
            / sum(exp(slope * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double AS mean,
            sum((exp(slope * budget) * power(budget, 2.0))::decimal(38, 15)) OVER (PARTITION BY grp, what)::double
            / sum(exp(slope * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double AS square
        FROM newton
        WHERE step < 40 AND abs(move) > 0.000000001
    ) AS stepped
),

found AS (
    SELECT
        grp,
        what,
        number,
        reach,
        budget,
        slope,
        total * exp(slope * budget) / sum(exp(slope * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double AS expected,
        sum((exp(slope * budget) * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double
        / sum(exp(slope * budget)::decimal(38, 15)) OVER (PARTITION BY grp, what)::double AS mean,
        total
    FROM newton
    WHERE abs(move) <= 0.000000001
),

informed AS (
    SELECT
        grp,
        what,
        number,
        reach,
        slope,
        expected,
        total,
        budget - mean AS budget,
        sum((expected * power(budget - mean, 2.0))::decimal(38, 15)) OVER (PARTITION BY grp, what)::double AS information
    FROM found
),

measured AS (
    SELECT
        grp,
        what,
        slope / reach AS slope,
        count(*) - 2.0 AS freedom,
        -- the error that the weeks show, were their scatter to grow with spend in any way (HC3); and no less than where it is in proportion to it
        sqrt(
            greatest(
                sum(
                    power(
                        (number - expected) * budget
                        / (1.0 - least(expected / total + expected * power(budget, 2.0) / information, 0.99)),
                        2.0
                    )::decimal(38, 15)
                )::double / power(information, 2.0),
                sum((power(number - expected, 2.0) / expected)::decimal(38, 15))::double / nullif(count(*) - 2.0, 0.0) / information,
                -- nor than Poisson's law gives to numbers as large
                1.0 / information
            )
        ) / reach AS error
    FROM informed
    WHERE information > 0.0
    GROUP BY grp, what, slope, reach, information
),

-- half a 95 % interval: Student's t by its expansion (Abramowitz and Stegun 26.7.5), by its table where that does not hold
bounded AS (
    SELECT
        grp,
        what,
        slope,
        error * CASE
            WHEN freedom = 1.0 THEN 12.706205
            WHEN freedom = 2.0 THEN 4.302653
            WHEN freedom = 3.0 THEN 3.182446
            WHEN freedom = 4.0 THEN 2.776445
            WHEN freedom > 4.0
                THEN 1.959964 + 2.372271 / freedom + 2.8225 / power(freedom, 2.0)
                    + 2.55585 / power(freedom, 3.0) + 1.589534 / power(freedom, 4.0)
        END AS half
    FROM measured
),

fitted AS (
    SELECT
        grp,
        max(CASE WHEN what = 'leads' THEN slope END) AS leads_slope,
        max(CASE WHEN what = 'leads' THEN half END) AS leads_half,
        max(CASE WHEN what = 'wins' THEN slope END) AS wins_slope,
        max(CASE WHEN what = 'wins' THEN half END) AS wins_half
    FROM bounded
    GROUP BY grp
),

counted AS (
    SELECT
        grp,
        count(*) FILTER (WHERE leads > 0) AS weeks,
        count(*) FILTER (WHERE leads = 0) AS weeks_without_leads,
        count(*) FILTER (WHERE won > 0) AS wins_weeks,
        count(*) FILTER (WHERE won = 0) AS ripe_weeks_without_wins,
        count(*) FILTER (WHERE is_undated) AS undated_weeks
    FROM weeks
    GROUP BY grp
)

SELECT
    counted.grp,
    counted.weeks,
    counted.weeks_without_leads,
    fitted.leads_slope AS slope,
    fitted.leads_slope - fitted.leads_half AS slope_low,
    fitted.leads_slope + fitted.leads_half AS slope_high,
    counted.wins_weeks,
    counted.ripe_weeks_without_wins,
    counted.undated_weeks,
    fitted.wins_slope,
    fitted.wins_slope - fitted.wins_half AS wins_slope_low,
    fitted.wins_slope + fitted.wins_half AS wins_slope_high
FROM counted
LEFT JOIN fitted ON counted.grp = fitted.grp
-- leads and spend that name no group have nothing in common, unless there is but one
WHERE replace(counted.grp, chr(31), '') <> '' OR (SELECT count(*) FROM counted) = 1
ORDER BY counted.grp
