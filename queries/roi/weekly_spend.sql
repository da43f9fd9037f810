/*
title = { ru = "Расход и выручка по неделям", en = "Spend and revenue by week" }
grain = "one row per week of the period, from the first that the data know"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]
about.ru = """
За каждую неделю: потрачено, выручка выигранных на этой неделе сделок, создано лидов. Выигранное могло прийти раньше. В счёт идут только
сделки, за которые платила реклама: их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода подходит к любому),
поэтому повторные клиенты и бесплатные источники сюда не входят."""
about.en = """
For every week: money spent, revenue of the deals won in it, leads created in it. What was won may have come earlier. Only deals that
advertising paid for count: their source, contractor and campaign occur in rows of spend above zero (what such a row leaves empty fits any), so
repeat clients and free sources are left out."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "spend", unit = "money", title = { ru = "Расход", en = "Spend" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка от рекламы", en = "Revenue from advertising" } },
  { name = "leads", unit = "count", title = { ru = "Лиды от рекламы", en = "Leads from advertising" } },
]
*/
-- whom advertising paid for: each way in which deals came, where money was spent on it; what a spend row leaves empty fits any
WITH paid AS (
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

deals AS (
    SELECT scope.grp, scope.created_at, scope.won_at, scope.amount
    FROM scope
    INNER JOIN paid_ways
        ON coalesce(scope.source, '') = paid_ways.source
        AND coalesce(scope.contractor, '') = paid_ways.contractor
        AND coalesce(scope.campaign, '') = paid_ways.campaign
),

flows AS (
    SELECT grp, local_week(created_at) AS week, 1 AS leads, NULL::decimal(18, 4) AS revenue, NULL::decimal(18, 4) AS spend
    FROM deals
    WHERE created_at >= $from AND created_at < $to
    UNION ALL
    SELECT grp, local_week(won_at) AS week, 0 AS leads, amount AS revenue, NULL AS spend
    FROM deals
    WHERE won_at >= $from AND won_at < $to
    UNION ALL
    SELECT grp, local_week(day) AS week, 0 AS leads, NULL AS revenue, cost AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
),

known AS (
    SELECT local_week(earliest.at) AS week
    FROM (SELECT least(created_at, closed_at) AS at FROM scope ORDER BY at LIMIT 1) AS earliest
),

weeks AS (
    SELECT
        unnest(
            generate_series(
                greatest(local_week($from_day), known.week),
                least($to_day, $as_of_day) - INTERVAL '1 day',
                INTERVAL '7 days'
            )
        ) AS week
    FROM known
),

groups AS (
    SELECT DISTINCT grp FROM flows
)

SELECT
    groups.grp,
    weeks.week,
    -- a week without a spend row is unknown spend; a week without wins is no revenue
    sum(flows.spend) AS spend,
    coalesce(sum(flows.revenue), 0) AS revenue,
    coalesce(sum(flows.leads), 0) AS leads
FROM groups
CROSS JOIN weeks
LEFT JOIN flows ON groups.grp = flows.grp AND weeks.week = flows.week
GROUP BY groups.grp, weeks.week
ORDER BY groups.grp, weeks.week
