/*
title = { ru = "Акции по регламенту", en = "Promotions held against the regulation" }
grain = "one row per promotion of the period, and one for all together"
needs = ["promos.starts"]
dimensions = "leads"
about.ru = """
Акции, хоть один день которых пришёлся на период. Перерыв: полных дней между концом прежних акций и началом этой (последний день акции
принадлежит ей). Глубина и перерыв сверены с регламентом. Доля выручки: выигранные за период сделки этой акции от всей выручки периода;
последняя строка без названия — все сделки с акцией вместе, и с пределом регламента сверяется она. Соблюдено: 1 — да, 0 — нет, пусто —
предел не задан или сравнить не с чем."""
about.en = """
Promotions of which any day fell within the period. Rest: whole days between the end of earlier promotions and the start of this one (a
promotion's last day belongs to it). Depth and rest are held against the regulation. Share of revenue: deals won within the period under this
promotion, of all revenue of the period; the last row, without a name, is all deals under a promotion, and it is the one held against the
regulation's limit. Kept: 1 yes, 0 no, empty: no limit is set, or there is nothing to compare."""
columns = [
  { name = "promotion", unit = "text", title = { ru = "Акция", en = "Promotion" } },
  { name = "starts", unit = "date", title = { ru = "Начало", en = "Starts" } },
  { name = "ends", unit = "date", title = { ru = "Конец", en = "Ends" } },
  { name = "discount", unit = "share", title = { ru = "Скидка", en = "Discount" } },
  { name = "deepest", unit = "share", title = { ru = "Предел скидки", en = "Deepest allowed" } },
  { name = "depth_kept", unit = "count", title = { ru = "Глубина соблюдена", en = "Depth kept" } },
  { name = "rest_days", unit = "days", title = { ru = "Перерыв, дней", en = "Rest, days" } },
  { name = "least_rest", unit = "days", title = { ru = "Перерыв не меньше", en = "Least rest" } },
  { name = "rest_kept", unit = "count", title = { ru = "Перерыв соблюдён", en = "Rest kept" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка по акции", en = "Revenue under it" } },
  { name = "revenue_share", unit = "share", title = { ru = "Доля выручки", en = "Share of revenue" } },
  { name = "largest_share", unit = "share", title = { ru = "Предел доли", en = "Largest share allowed" } },
  { name = "share_kept", unit = "count", title = { ru = "Доля соблюдена", en = "Share kept" } },
]
*/
WITH campaigns AS (
    SELECT
        promo,
        starts,
        ends,
        discount,
        -- what ran before it, or began on the same day
        max(coalesce(ends, $as_of_day)) OVER (
            ORDER BY starts, promo
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ended_before
    FROM promos
    WHERE starts IS NOT NULL
),

of_period AS (
    SELECT
        promo,
        starts,
        ends,
        discount,
        CASE WHEN ended_before IS NOT NULL THEN greatest(starts::int - ended_before::int - 1, 0) END AS rest_days
    FROM campaigns
    WHERE starts < $to_day AND coalesce(ends, $as_of_day) >= $from_day
),

groups AS (
    SELECT DISTINCT grp FROM scope
),

wins AS (
    SELECT
        grp,
        nullif(promo, '') AS promo,
        sum(amount) AS revenue
    FROM scope
    WHERE won_at >= $from AND won_at < $to
    GROUP BY 1, 2
),

totals AS (
    SELECT
        grp,
        sum(revenue) AS revenue,
        sum(CASE WHEN promo IS NOT NULL THEN revenue ELSE 0 END) AS promo_revenue
    FROM wins
    GROUP BY grp
),

listed AS (
    SELECT
        groups.grp,
        0 AS place,
        of_period.promo,
        of_period.starts,
        of_period.ends,
        of_period.discount,
        of_period.rest_days,
        wins.revenue,
        totals.revenue AS all_revenue
    FROM groups
    CROSS JOIN of_period
    LEFT JOIN wins ON groups.grp = wins.grp AND of_period.promo = wins.promo
    LEFT JOIN totals ON groups.grp = totals.grp
    UNION ALL
    SELECT
        groups.grp,
        1 AS place,
        NULL AS promo,
        NULL AS starts,
        NULL AS ends,
        NULL AS discount,
        NULL AS rest_days,
        totals.promo_revenue AS revenue,
        totals.revenue AS all_revenue
    FROM groups
    LEFT JOIN totals ON groups.grp = totals.grp
),

shares AS (
    SELECT
        grp,
        place,
        promo,
        starts,
        ends,
        discount,
        rest_days,
        -- revenue without any under this promotion is none; no revenue at all is unknown
        CASE WHEN all_revenue IS NOT NULL THEN coalesce(revenue, 0) END AS revenue,
        -- with money given back, a part may be more than the whole, or less than nothing: no share
        CASE
            WHEN all_revenue > 0 AND coalesce(revenue, 0) BETWEEN 0 AND all_revenue
                THEN coalesce(revenue, 0)::double / all_revenue::double
        END AS revenue_share
    FROM listed
)

SELECT
    shares.grp,
    shares.promo AS promotion,
    shares.starts,
    shares.ends,
    shares.discount,
    CASE WHEN shares.place = 0 THEN rules.promo_deepest END AS deepest,
    CASE
        WHEN shares.place = 0 AND rules.promo_deepest IS NOT NULL AND shares.discount IS NOT NULL
            THEN CASE WHEN shares.discount <= rules.promo_deepest THEN 1 ELSE 0 END
    END AS depth_kept,
    shares.rest_days,
    CASE WHEN shares.place = 0 THEN rules.promo_rest_days END AS least_rest,
    CASE
        WHEN shares.place = 0 AND rules.promo_rest_days IS NOT NULL AND shares.rest_days IS NOT NULL
            THEN CASE WHEN shares.rest_days >= rules.promo_rest_days THEN 1 ELSE 0 END
    END AS rest_kept,
    shares.revenue,
    shares.revenue_share,
    CASE WHEN shares.place = 1 THEN rules.promo_revenue_share END AS largest_share,
    CASE
        WHEN shares.place = 1 AND rules.promo_revenue_share IS NOT NULL AND shares.revenue_share IS NOT NULL
            THEN CASE WHEN shares.revenue_share <= rules.promo_revenue_share THEN 1 ELSE 0 END
    END AS share_kept
FROM shares
CROSS JOIN rules
ORDER BY shares.grp, shares.place, shares.starts, shares.promo
