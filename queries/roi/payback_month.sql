/*
title = { ru = "Месяц окупаемости", en = "Payback month" }
grain = "one row per month of arrival"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]
about.ru = """
Первый возраст (в месяцах), на котором накопленная маржа сделок, созданных в месяце, достигла его расхода; пусто: ещё не достигла
или расход не известен. Маржа — накопленная к дате отчёта; если себестоимость нигде не известна, вместо неё выручка. В счёт
идут только сделки, за которые платила реклама: их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода
подходит к любому)."""
about.en = """
The first age in months at which the cumulative margin of the deals created in a month reached its spend; empty: not yet, or the
spend is unknown. Margin is what has come in by the as-of date; where cost is nowhere known, revenue stands in for it. Only deals that
advertising paid for count: their source, contractor and campaign occur in rows of spend above zero (what such a row leaves empty fits any)."""
columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "spend", unit = "money", title = { ru = "Расход", en = "Spend" } },
  { name = "margin", unit = "money", title = { ru = "Маржа", en = "Margin" } },
  { name = "payback_age", unit = "count", title = { ru = "Окупился на месяце", en = "Paid back at age" } },
  { name = "on", unit = "text", title = { ru = "По чему", en = "On" } },
]
*/
WITH basis AS (
    SELECT CASE WHEN count(cost) > 0 THEN 'margin' ELSE 'revenue' END AS basis
    FROM scope
    WHERE status = 'won'
),

-- whom advertising paid for: each way in which deals came, where money was spent on it; what a spend row leaves empty fits any
paid AS (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope_spend
    WHERE cost > 0
),

ways AS (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope
),

paid_ways AS (
    SELECT DISTINCT ways.source, ways.contractor, ways.campaign
    FROM ways
    INNER JOIN paid
        ON (paid.source = '' OR paid.source = ways.source)
        AND (paid.contractor = '' OR paid.contractor = ways.contractor)
        AND (paid.campaign = '' OR paid.campaign = ways.campaign)
),

came AS (
    SELECT
        scope.grp,
        local_month(scope.created_at) AS month,
        -- won before it was created is dirt: such a deal is of age 0, and an open one of none
        CASE
            WHEN scope.won_at IS NOT NULL
                THEN greatest(
                    date_part('year', local_month(scope.won_at)) * 12 + date_part('month', local_month(scope.won_at))
                    - date_part('year', local_month(scope.created_at)) * 12 - date_part('month', local_month(scope.created_at)),
                    0
                )
        END AS age,
        CASE basis.basis WHEN 'margin' THEN scope.amount - scope.cost ELSE scope.amount END AS margin
    FROM scope
    CROSS JOIN basis
    INNER JOIN paid_ways
        ON coalesce(scope.source, '') = paid_ways.source
        AND coalesce(scope.contractor, '') = paid_ways.contractor
        AND coalesce(scope.campaign, '') = paid_ways.campaign
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

arrived AS (
    SELECT grp, month, count(*) AS leads, sum(margin) FILTER (WHERE age IS NOT NULL) AS margin
    FROM came
    GROUP BY grp, month
),

spent AS (
    SELECT grp, local_month(day) AS month, sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY 1, 2
),

cohorts AS (
    SELECT
        coalesce(arrived.grp, spent.grp) AS grp,
        coalesce(arrived.month, spent.month) AS month,
        coalesce(arrived.leads, 0) AS leads,
        coalesce(arrived.margin, 0) AS margin,
        spent.spend
    FROM arrived
    FULL JOIN spent ON arrived.grp = spent.grp AND arrived.month = spent.month
),

by_age AS (
    SELECT grp, month, age, sum(margin) AS margin
    FROM came
    WHERE age IS NOT NULL
    GROUP BY grp, month, age
),

running AS (
    SELECT grp, month, age, sum(margin) OVER (PARTITION BY grp, month ORDER BY age) AS cumulative_margin
    FROM by_age
),

returned AS (
    SELECT running.grp, running.month, min(running.age) AS payback_age
    FROM running
    INNER JOIN spent ON running.grp = spent.grp AND running.month = spent.month
    WHERE running.cumulative_margin >= spent.spend
    GROUP BY running.grp, running.month
)

SELECT
    cohorts.grp,
    cohorts.month,
    cohorts.leads,
    cohorts.spend,
    cohorts.margin,
    returned.payback_age,
    basis.basis AS "on"
FROM cohorts
CROSS JOIN basis
LEFT JOIN returned ON cohorts.grp = returned.grp AND cohorts.month = returned.month
ORDER BY cohorts.grp, cohorts.month
