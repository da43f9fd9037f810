/*
title = { ru = "Что на самом деле добавила акция", en = "What a promotion really added" }
grain = "one row per promotion that began within the period"
needs = ["deals.closed_at", "deals.status", "promos.starts"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", "extra"]
about.ru = """
Чистый прирост: продажи и выручка дней акции и дней до и после неё (срок провала из регламента) минус основа — сколько они принесли бы и
так. Занятое у соседних дней прироста не даёт. Основа: уровень × день недели × тренд по обычным дням — не акция и не её соседи; обычные
дни берутся не дальше стольких недель в обе стороны, по скольким регламент судит о ровности выручки. От этого выбора число зависит, поэтому
отступ, недели и число обычных дней стоят рядом. Сезона в основе нет. Интервал 95 %: разброс обычных дней и неточность основы; дни считаются
независимыми. День другой акции ни соседним, ни обычным не считается; соседний день двух акций идёт обеим. Пусто, пока дни после акции не
прошли, и там, где обычных дней мало."""
about.en = """
Net lift: wins and revenue of a promotion's days and of the days before and after it (the regulation's dip), less the baseline: what they
would have brought anyway. What was borrowed from the days around adds nothing. Baseline: level × weekday × trend of the ordinary days,
which are neither of a promotion nor near one; they are taken from no farther, on either side, than the weeks by which the regulation
judges how steady revenue is. The number depends on this choice, so the halo, the weeks and the count of ordinary days stand beside it. The
baseline knows no season. 95 % interval: the scatter of ordinary days and the doubt about the baseline; days are taken as independent. A day of
another promotion is neither near nor ordinary; a day near two promotions counts for both. Empty until the days after have passed, and
where ordinary days are few."""
columns = [
  { name = "promotion", unit = "text", title = { ru = "Акция", en = "Promotion" } },
  { name = "starts", unit = "date", title = { ru = "Начало", en = "Starts" } },
  { name = "ends", unit = "date", title = { ru = "Последний день", en = "Last day" } },
  { name = "won", unit = "count", title = { ru = "Продажи акции", en = "Wins within" } },
  { name = "expected_won", unit = "ratio", title = { ru = "Было бы и так", en = "Expected anyway" } },
  { name = "won_around", unit = "count", title = { ru = "Продажи до и после", en = "Wins before and after" } },
  { name = "expected_around", unit = "ratio", title = { ru = "Было бы и так до и после", en = "Expected before and after" } },
  { name = "net_won", unit = "ratio", title = { ru = "Чистый прирост продаж", en = "Net lift, wins" } },
  { name = "net_won_low", unit = "ratio", title = { ru = "от", en = "low" } },
  { name = "net_won_high", unit = "ratio", title = { ru = "до", en = "high" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка дней акции", en = "Revenue within" } },
  { name = "expected_revenue", unit = "money", title = { ru = "Было бы и так", en = "Expected anyway" } },
  { name = "net_revenue", unit = "money", title = { ru = "Чистый прирост выручки", en = "Net lift, revenue" } },
  { name = "net_revenue_low", unit = "money", title = { ru = "от", en = "low" } },
  { name = "net_revenue_high", unit = "money", title = { ru = "до", en = "high" } },
  { name = "ordinary_days", unit = "count", title = { ru = "Обычных дней в основе", en = "Ordinary days in the baseline" } },
  { name = "halo_days", unit = "count", title = { ru = "Отступ от акций, дней", en = "Halo, days" } },
  { name = "span_weeks", unit = "count", title = { ru = "Недель в обе стороны", en = "Weeks on either side" } },
]
*/
-- what the as-of date lets be seen; days as numbers, so that windows are sums; an endless promotion runs on
WITH campaigns AS (
    SELECT promo, starts::int AS starts, coalesce(ends, $as_of_day)::int AS ends, ends AS last_day
    FROM promos
    WHERE starts < $as_of_day
),

known AS (
    SELECT grp, local_day(min(least(created_at, closed_at))) AS day
    FROM scope
    GROUP BY grp
),

days AS (
    SELECT unnest(generate_series(earliest.day, $as_of_day - INTERVAL '1 day', INTERVAL '1 day')) AS day
    FROM (SELECT min(day) AS day FROM known) AS earliest
),

-- 2: of a promotion, 1: near one, 0: ordinary
placed AS (
    SELECT
        days.day,
        max(
            CASE
                WHEN days.day::int BETWEEN campaigns.starts AND campaigns.ends THEN 2
                WHEN days.day::int BETWEEN campaigns.starts - rules.dip_days AND campaigns.ends + rules.dip_days THEN 1
                ELSE 0
            END
        ) AS place
    FROM days
    CROSS JOIN rules
    LEFT JOIN campaigns ON TRUE
    GROUP BY days.day
),

-- each promotion of the period with the days that tell something of it: 0 ordinary, 1 before, 2 within, 3 after
parts AS (
    SELECT
        campaigns.promo,
        campaigns.starts,
        campaigns.ends,
        campaigns.last_day,
        placed.day,
        CASE
            WHEN placed.day::int BETWEEN campaigns.starts AND campaigns.ends THEN 2
            WHEN placed.place = 2 THEN NULL
            WHEN placed.day::int BETWEEN campaigns.starts - rules.dip_days AND campaigns.starts - 1 THEN 1
            WHEN placed.day::int BETWEEN campaigns.ends + 1 AND campaigns.ends + rules.dip_days THEN 3
            WHEN placed.place = 0 THEN 0
        END AS part
    FROM campaigns
    CROSS JOIN rules
    INNER JOIN placed
        ON placed.day::int BETWEEN campaigns.starts - rules.dip_days - 7 * rules.variability_weeks
        AND campaigns.ends + rules.dip_days + 7 * rules.variability_weeks
    WHERE campaigns.starts >= $from_day::int AND campaigns.starts < $to_day::int
),

wins AS (
    SELECT grp, local_day(won_at) AS day, count(*) AS won, sum(amount) AS revenue
    FROM scope
    WHERE won_at IS NOT NULL
    GROUP BY 1, 2
),

-- a day that the group's data know and that had no win brought nothing
filled AS (
    SELECT
        known.grp,
        parts.promo,
        parts.starts,
        parts.ends,
        parts.last_day,
        parts.day,
        parts.part,
        coalesce(wins.won, 0) AS won,
        coalesce(wins.revenue, 0) AS revenue
    FROM parts
    INNER JOIN known ON parts.day >= known.day
    LEFT JOIN wins ON known.grp = wins.grp AND parts.day = wins.day
    WHERE parts.part IS NOT NULL
),

lifted AS (
    SELECT
        grp,
        promo,
        starts,
        ends,
        last_day,
        min(day)::int AS first_day,
        sum(won) AS all_won,
        coalesce(sum(won) FILTER (WHERE part = 2), 0) AS won,
        coalesce(sum(won) FILTER (WHERE part = 1 OR part = 3), 0) AS won_around,
        coalesce(sum(revenue) FILTER (WHERE part = 2), 0) AS revenue,
        net_lift(day::int, won, part) AS of_won,
        net_lift(day::int, revenue::double, part) AS of_revenue
    FROM filled
    GROUP BY grp, promo, starts, ends, last_day
),

-- net of all that it borrowed only when the days before are known and the days after are over
judged AS (
    SELECT
        lifted.grp,
        lifted.promo AS promotion,
        lifted.starts::date AS starts,
        lifted.last_day AS ends,
        lifted.won,
        lifted.won_around,
        lifted.revenue,
        lifted.of_won,
        lifted.of_revenue,
        rules.dip_days,
        rules.variability_weeks,
        lifted.first_day <= lifted.starts - rules.dip_days
        AND lifted.ends + rules.dip_days < $as_of_day::int AS is_complete
    FROM lifted
    CROSS JOIN rules
    WHERE lifted.all_won > 0
)

SELECT
    grp,
    promotion,
    starts,
    ends,
    won,
    of_won['during'] AS expected_won,
    won_around,
    of_won['before'] + of_won['after'] AS expected_around,
    CASE WHEN is_complete THEN of_won['net'] END AS net_won,
    CASE WHEN is_complete THEN of_won['low'] END AS net_won_low,
    CASE WHEN is_complete THEN of_won['high'] END AS net_won_high,
    revenue,
    of_revenue['during'] AS expected_revenue,
    CASE WHEN is_complete THEN of_revenue['net'] END AS net_revenue,
    CASE WHEN is_complete THEN of_revenue['low'] END AS net_revenue_low,
    CASE WHEN is_complete THEN of_revenue['high'] END AS net_revenue_high,
    of_won['ordinary'] AS ordinary_days,
    dip_days AS halo_days,
    variability_weeks AS span_weeks
FROM judged
ORDER BY grp, starts, promotion
