/*
title = { ru = "Что на самом деле добавила акция", en = "What a promotion really added" }
grain = "one row per promotion that began within the period"
needs = ["deals.closed_at", "deals.status", "promos.starts"]
dimensions = "leads"
about.ru = """
Чистый прирост: продажи и выручка дней акции и дней до и после неё (срок провала из регламента) минус основа — сколько они принесли бы и так.
Занятое у соседних дней прироста не даёт. Доказан он там, где весь интервал по одну сторону нуля. Основа: уровень × день недели × тренд по
обычным дням — не акция и не её соседи; обычные дни берутся не дальше стольких недель в обе стороны, по скольким регламент судит о ровности
выручки, и не раньше первого выигрыша группы. От этого выбора число зависит, поэтому отступ, недели и число обычных дней стоят рядом. Сезона в
основе нет. Интервал 95 %: разброс обычных дней и неточность основы; дни считаются независимыми. День другой акции ни соседним, ни обычным не
считается; соседний день двух акций идёт обеим. Прироста нет, а «почему» говорит: before — дни до акции раньше первого выигрыша; after — дни
после неё не прошли; few — обычных дней меньше 28 или меньше, чем дней акции; surplus — соседние дни продали больше основы, чем велит случай:
основа этих дней не объясняет, и что из излишка дала акция, неизвестно. Выигрыши без даты, которые могли прийтись на эти дни, не посчитаны и
стоят отдельно."""
about.en = """
Net lift: wins and revenue of a promotion's days and of the days before and after it (the regulation's dip), less the baseline: what they would
have brought anyway. What was borrowed from the days around adds nothing. It is proven where the whole interval is on one side of nothing.
Baseline: level × weekday × trend of the ordinary days, which are neither of a promotion nor near one; they are taken from no farther, on either
side, than the weeks by which the regulation judges how steady revenue is, and from no earlier than the group's first win. The number depends on
this choice, so the halo, the weeks and the count of ordinary days stand beside it. The baseline knows no season. 95 % interval: the scatter of
ordinary days and the doubt about the baseline; days are taken as independent. A day of another promotion is neither near nor ordinary; a day
near two promotions counts for both. Where no lift is told, `why` says why: before — the days before it are earlier than the first win; after —
the days after it have not passed; few — fewer than 28 ordinary days, or fewer than days of the promotion; surplus — the days around sold more
than the baseline, and more than chance: it does not explain these days, and what of the surplus the promotion brought is unknown. Wins without a
date that may have been of these days are not counted and stand apart."""
columns = [
  { name = "promotion", unit = "text", title = { ru = "Акция", en = "Promotion" } },
  { name = "starts", unit = "date", title = { ru = "Начало", en = "Starts" } },
  { name = "ends", unit = "date", title = { ru = "Последний день", en = "Last day" } },
  { name = "won", unit = "count", title = { ru = "Продажи акции", en = "Wins within" } },
  { name = "expected_won", unit = "ratio", title = { ru = "Было бы и так", en = "Expected anyway" } },
  { name = "won_around", unit = "count", title = { ru = "Продажи до и после", en = "Wins before and after" } },
  { name = "expected_around", unit = "ratio", title = { ru = "Было бы и так до и после", en = "Expected before and after" } },
  { name = "net_won", unit = "ratio", interval = true, title = { ru = "Чистый прирост продаж", en = "Net lift, wins" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка дней акции", en = "Revenue within" } },
  { name = "expected_revenue", unit = "money", title = { ru = "Было бы и так", en = "Expected anyway" } },
  { name = "net_revenue", unit = "money", interval = true, title = { ru = "Чистый прирост выручки", en = "Net lift, revenue" } },
  { name = "ordinary_days", unit = "count", title = { ru = "Обычных дней в основе", en = "Ordinary days in the baseline" } },
  { name = "halo_days", unit = "count", title = { ru = "Отступ от акций, дней", en = "Halo, days" } },
  { name = "span_weeks", unit = "count", title = { ru = "Недель в обе стороны", en = "Weeks on either side" } },
  { name = "why", unit = "text", title = { ru = "Почему нет прироста", en = "Why no lift is told" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
]
*/
-- what the as-of date lets be seen; days as numbers, so that windows are sums; an endless promotion runs on
WITH campaigns AS (
    SELECT promo, starts::int AS starts, coalesce(ends, $as_of_day)::int AS ends, ends AS last_day
    FROM promos
    WHERE starts < $as_of_day
),

days AS (
    SELECT unnest(generate_series(earliest.day, seen_days.until - INTERVAL '1 day', INTERVAL '1 day')) AS day
    FROM (SELECT min(day) AS day FROM begun_groups) AS earliest
    CROSS JOIN seen_days
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
    INNER JOIN begun_groups AS known ON parts.day >= known.day
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
        net_lift(day::int, revenue::double, part) AS of_revenue,
        -- the days of the promotion left out: what those around brought beyond the baseline
        net_lift(day::int, won, part) FILTER (WHERE part <> 2) AS of_won_around,
        net_lift(day::int, revenue::double, part) FILTER (WHERE part <> 2) AS of_revenue_around,
        count(*) FILTER (WHERE part = 0) AS ordinary_days,
        count(*) FILTER (WHERE part = 2) AS promo_days
    FROM filled
    GROUP BY grp, promo, starts, ends, last_day
),

-- known to be won, and on a day that may have been one of these
undated AS (
    SELECT lifted.grp, coalesce(lifted.promo, '') AS promo, lifted.starts, count(*) AS won
    FROM lifted
    CROSS JOIN rules
    INNER JOIN scope
        ON lifted.grp = scope.grp
        AND coalesce(local_day(scope.created_at)::int <= lifted.ends + rules.dip_days, TRUE)
        AND coalesce(local_day(scope.closed_after)::int <= lifted.ends + rules.dip_days, TRUE)
        AND coalesce(local_day(scope.closed_by)::int >= lifted.starts - rules.dip_days, TRUE)
    WHERE scope.status = 'won' AND scope.won_at IS NULL
    GROUP BY lifted.grp, lifted.promo, lifted.starts
),

-- net of what it borrowed only when the days before are known and the days after are over; a surplus around beyond chance is not
-- borrowed and not the promotion's: the baseline does not hold there
judged AS (
    SELECT
        lifted.grp,
        lifted.promo,
        lifted.starts AS began,
        lifted.last_day,
        lifted.won,
        lifted.won_around,
        lifted.revenue,
        lifted.of_won,
        lifted.of_revenue,
        lifted.ordinary_days,
        rules.dip_days,
        rules.variability_weeks,
        CASE
            WHEN lifted.first_day > lifted.starts - rules.dip_days THEN 'before'
            WHEN lifted.ends + rules.dip_days >= seen_days.until::int THEN 'after'
            WHEN lifted.ordinary_days < greatest(28, lifted.promo_days) OR lifted.of_won IS NULL THEN 'few'
            WHEN lifted.of_won_around['low'] > 0.01 OR lifted.of_revenue_around['low'] > 0.01 THEN 'surplus'
        END AS why
    FROM lifted
    CROSS JOIN seen_days
    CROSS JOIN rules
    WHERE lifted.all_won > 0
)

SELECT
    judged.grp,
    judged.promo AS promotion,
    judged.began::date AS starts,
    judged.last_day AS ends,
    judged.won,
    judged.of_won['during'] AS expected_won,
    judged.won_around,
    judged.of_won['before'] + judged.of_won['after'] AS expected_around,
    CASE WHEN judged.why IS NULL THEN judged.of_won['net'] END AS net_won,
    CASE WHEN judged.why IS NULL THEN judged.of_won['low'] END AS net_won_low,
    CASE WHEN judged.why IS NULL THEN judged.of_won['high'] END AS net_won_high,
    judged.revenue,
    judged.of_revenue['during'] AS expected_revenue,
    CASE WHEN judged.why IS NULL THEN judged.of_revenue['net'] END AS net_revenue,
    CASE WHEN judged.why IS NULL THEN judged.of_revenue['low'] END AS net_revenue_low,
    CASE WHEN judged.why IS NULL THEN judged.of_revenue['high'] END AS net_revenue_high,
    judged.ordinary_days,
    judged.dip_days AS halo_days,
    judged.variability_weeks AS span_weeks,
    judged.why,
    coalesce(undated.won, 0) AS undated_won
FROM judged
LEFT JOIN undated ON judged.grp = undated.grp AND coalesce(judged.promo, '') = undated.promo AND judged.began = undated.starts
ORDER BY judged.grp, judged.began, judged.promo
