/*
title = { ru = "Треугольник окупаемости", en = "Payback triangle" }
grain = "one row per month of arrival and age in months, up to the as-of date"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]
about.ru = """
Расход месяца против маржи со сделок, созданных в этом месяце, по возрасту: 0 — тот же месяц, 1 — следующий и так далее. Доля
окупленного: накопленная маржа / расход. Месяцев после даты отчёта нет в таблице. Если себестоимость не известна ни у одной продажи,
вместо маржи стоит выручка, и столбец «по чему» говорит revenue. Продажа без себестоимости в маржу не входит. В счёт идут только сделки, за которые платила реклама:
их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода подходит к любому), поэтому повторные клиенты и
бесплатные источники расход не окупают."""
about.en = """
A month's spend against the margin of the deals created in that month, by age: 0 is the same month, 1 the next, and so on. Paid
share: cumulative margin / spend. Months after the as-of date are absent. Where no win has a known cost, revenue stands in for margin
and the column `on` says revenue. A win without a known cost adds nothing to margin. Only deals that advertising paid
for count: their source, contractor and campaign occur in rows of spend above zero (what such a row leaves empty fits any), so repeat clients
and free sources pay nothing back."""
columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "age", unit = "count", title = { ru = "Возраст, мес.", en = "Age, months" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "spend", unit = "money", title = { ru = "Расход", en = "Spend" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "margin", unit = "money", title = { ru = "Маржа", en = "Margin" } },
  { name = "cumulative_margin", unit = "money", title = { ru = "Маржа накопленным итогом", en = "Cumulative margin" } },
  { name = "paid_share", unit = "share", title = { ru = "Окуплено", en = "Paid back" } },
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

-- months are counted from year 0, so that an age is a difference
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
        scope.amount,
        CASE basis.basis WHEN 'margin' THEN scope.amount - scope.cost ELSE scope.amount END AS margin
    FROM scope
    CROSS JOIN basis
    INNER JOIN paid_ways
        ON coalesce(scope.source, '') = paid_ways.source
        AND coalesce(scope.contractor, '') = paid_ways.contractor
        AND coalesce(scope.campaign, '') = paid_ways.campaign
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

earned AS (
    SELECT grp, month, age, sum(amount) AS revenue, sum(margin) AS margin
    FROM came
    WHERE age IS NOT NULL
    GROUP BY grp, month, age
),

arrived AS (
    SELECT grp, month, count(*) AS leads
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
        spent.spend
    FROM arrived
    FULL JOIN spent ON arrived.grp = spent.grp AND arrived.month = spent.month
),

cells AS (
    SELECT
        grp,
        month,
        leads,
        spend,
        unnest(
            range(
                0,
                (
                    -- the last day that the as-of date lets be seen
                    date_part('year', $as_of_day - INTERVAL '1 day') * 12 + date_part('month', $as_of_day - INTERVAL '1 day')
                    - date_part('year', month) * 12 - date_part('month', month) + 1
                )::bigint
            )
        ) AS age
    FROM cohorts
),

filled AS (
    SELECT
        cells.grp,
        cells.month,
        cells.age,
        cells.leads,
        cells.spend,
        coalesce(earned.revenue, 0) AS revenue,
        coalesce(earned.margin, 0) AS margin,
        sum(coalesce(earned.margin, 0)) OVER (PARTITION BY cells.grp, cells.month ORDER BY cells.age) AS cumulative_margin
    FROM cells
    LEFT JOIN earned ON cells.grp = earned.grp AND cells.month = earned.month AND cells.age = earned.age
)

SELECT
    filled.grp,
    filled.month,
    filled.age,
    filled.leads,
    filled.spend,
    filled.revenue,
    filled.margin,
    filled.cumulative_margin,
    filled.cumulative_margin::double / nullif(filled.spend::double, 0) AS paid_share,
    basis.basis AS "on"
FROM filled
CROSS JOIN basis
ORDER BY filled.grp, filled.month, filled.age
