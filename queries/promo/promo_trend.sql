/*
title = { ru = "Растёт ли зависимость от акций", en = "Is the dependency on promotions growing" }
grain = "one row for the group"
needs = ["deals.closed_at", "deals.status", "deals.amount", "deals.promo", "promos.starts"]
dimensions = "leads"
about.ru = """
Наклоны прямых по полным неделям периода, в пересчёте на квартал (13 недель), с интервалом 95 % (Стьюдент; недели считаются независимыми): доля
выручки по акциям и глубина скидки — в процентных пунктах; выручка по полной цене в спокойные недели — в деньгах недели. Спокойная неделя — без
единого дня акции и без дней до и после неё (срок провала из регламента): если такая выручка падает, акции съедают основу. Недели без выручки в
доле и недели без прайса в глубине не участвуют, как и недели, где часть выручки меньше нуля (возвраты), — в доле, и недели продаж без единой
суммы — в деньгах. Акции, которые на дату отчёта не начались, не видны. Недели считаются с первой полной после первого выигрыша группы: раньше
продать было нельзя; дальше неделя без продаж — ноль. Выигрыши без даты, которые могли прийтись на период, не посчитаны и стоят отдельно."""
about.en = """
Slopes of straight lines over the whole weeks of the period, per quarter (13 weeks), with 95 % intervals (Student's; weeks are taken as
independent): the share of revenue under promotion and the depth of discount, in percentage points; full-price revenue of calm weeks, in a week's
money. A calm week has no day of a promotion, nor of the days before and after one (the regulation's dip): where its revenue falls, promotions
eat the base. Weeks without revenue have no share, weeks without list prices no depth; nor have weeks a share of whose revenue is below zero
(refunds), and weeks whose wins have no amounts no money. Promotions that have not begun by the as-of date are not seen. Weeks are those from the
first whole one after the group's first win on: before, nothing could be sold; from there a week without sales is zero. Wins without a date that
may have been of the period are not counted and stand apart."""
columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели с выручкой", en = "Weeks with revenue" } },
  { name = "promo_share_change", unit = "index", interval = true, title = { ru = "Доля выручки по акции: п. п. за квартал", en = "Share of revenue under promotion: points a quarter" } },
  { name = "depth_change", unit = "index", interval = true, title = { ru = "Глубина скидки: п. п. за квартал", en = "Discount depth: points a quarter" } },
  { name = "calm_weeks", unit = "count", title = { ru = "Спокойные недели", en = "Calm weeks" } },
  { name = "baseline", unit = "money", title = { ru = "Выручка спокойной недели по полной цене", en = "A calm week's full-price revenue" } },
  { name = "baseline_change", unit = "money", interval = true, title = { ru = "Её изменение за квартал", en = "Its change a quarter" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
]
*/
-- whole weeks of the period from the first to the last that the group's data know whole
WITH weeks AS (
    SELECT
        grp,
        unnest(
            generate_series(
                local_week(greatest($from_day, day) + INTERVAL '6 days'),
                local_week(least($to_day, seen_days.until)) - INTERVAL '7 days',
                INTERVAL '7 days'
            )
        ) AS week
    FROM begun_groups
    CROSS JOIN seen_days
),

-- a promotion with its dips: from the first day to the last, as numbers
stirred AS (
    SELECT
        promos.starts::int - rules.dip_days AS first_day,
        coalesce(promos.ends, $as_of_day)::int + rules.dip_days AS last_day
    FROM promos
    CROSS JOIN rules
    WHERE promos.starts < $as_of_day
),

calm_weeks AS (
    SELECT every_week.week
    FROM (SELECT DISTINCT week FROM weeks) AS every_week
    LEFT JOIN stirred
        ON stirred.first_day < every_week.week::int + 7
        AND stirred.last_day >= every_week.week::int
    GROUP BY every_week.week
    HAVING count(stirred.first_day) = 0
),

won AS (
    SELECT
        grp,
        local_week(won_at) AS week,
        sum(amount) AS revenue,
        sum(CASE WHEN promo <> '' THEN amount END) AS promo_revenue,
        sum(CASE WHEN promo <> '' THEN NULL ELSE amount END) AS full_revenue,
        sum(CASE WHEN amount IS NOT NULL THEN list_amount END) AS list_amount,
        sum(list_amount - amount) AS discount
    FROM scope
    WHERE status = 'won' AND won_at >= $from AND won_at < $to
    GROUP BY 1, 2
),

-- a week that the data know and that had no win earned nothing
filled AS (
    SELECT
        weeks.grp,
        weeks.week::int::double / 91.0 AS quarter,
        CASE
            WHEN won.revenue > 0 AND coalesce(won.promo_revenue, 0) BETWEEN 0 AND won.revenue
                THEN coalesce(won.promo_revenue, 0)::double / won.revenue::double
        END AS promo_share,
        CASE WHEN won.list_amount > 0 THEN won.discount::double / won.list_amount::double END AS depth,
        CASE
            WHEN calm_weeks.week IS NOT NULL AND (won.week IS NULL OR won.revenue IS NOT NULL)
                THEN coalesce(won.full_revenue, 0)
        END AS calm_revenue
    FROM weeks
    LEFT JOIN won ON weeks.grp = won.grp AND weeks.week = won.week
    LEFT JOIN calm_weeks ON weeks.week = calm_weeks.week
),

fitted AS (
    SELECT
        grp,
        count(promo_share) AS weeks,
        ols_slope(promo_share, quarter) AS of_share,
        ols_slope(depth, quarter) AS of_depth,
        count(calm_revenue) AS calm_weeks,
        sum(calm_revenue) AS calm_revenue,
        ols_slope(calm_revenue::double, quarter) AS of_baseline
    FROM filled
    GROUP BY grp
)

SELECT
    fitted.grp,
    fitted.weeks,
    100 * fitted.of_share['slope'] AS promo_share_change,
    100 * fitted.of_share['low'] AS promo_share_change_low,
    100 * fitted.of_share['high'] AS promo_share_change_high,
    100 * fitted.of_depth['slope'] AS depth_change,
    100 * fitted.of_depth['low'] AS depth_change_low,
    100 * fitted.of_depth['high'] AS depth_change_high,
    fitted.calm_weeks,
    fitted.calm_revenue / nullif(fitted.calm_weeks, 0) AS baseline,
    fitted.of_baseline['slope'] AS baseline_change,
    fitted.of_baseline['low'] AS baseline_change_low,
    fitted.of_baseline['high'] AS baseline_change_high,
    coalesce(undated.won, 0) AS undated_won,
    CASE WHEN undated.won IS NULL THEN 0 ELSE undated.revenue END AS undated_revenue
FROM fitted
LEFT JOIN undated_wins AS undated ON fitted.grp = undated.grp
WHERE fitted.weeks > 0
ORDER BY fitted.grp
