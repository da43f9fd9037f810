/*
title = { ru = "Расход и выручка по неделям", en = "Spend and revenue by week" }
grain = "one row per week of the period, from the first spend, lead or win of the group"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = "spend"
about.ru = """
За каждую неделю: потрачено, выручка выигранных на этой неделе сделок, создано лидов. Выигранное могло прийти раньше. В счёт идут только сделки,
за которые платила реклама: их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода подходит к любому),
поэтому повторные клиенты и бесплатные источники сюда не входят. У каждого своё начало в группе: у расхода — неделя первого расхода, у лидов —
первого лида, у выручки — первого выигрыша (у ничего не продавшей группы — её первого лида после первого выигрыша компании); раньше пусто, дальше
неделя без лидов и продаж — ноль. Неделя без строки расхода — расход неизвестен; так же неделя, больше чем 1 лид из 200
которой пришёл раньше чем за месяц до первого известного расхода своего источника, подрядчика и кампании. Выигрыш без даты не попадает ни в одну неделю: их считает
campaign_roi. Выручка пуста, если суммы неизвестны у всех продаж недели. Незаполненная группа — расход и сделки от разного: сравнивать их нельзя;
где ни одна сделка не подходит к расходу, выручки и лидов от рекламы не видно."""
about.en = """
For every week: money spent, revenue of the deals won in it, leads created in it. What was won may have come earlier. Only deals that advertising
paid for count: their source, contractor and campaign occur in rows of spend above zero (what such a row leaves empty fits any), so repeat
clients and free sources are left out. Each begins in a group by itself: spend with the week of the first spend, leads with that of the first
lead, revenue with that of the first win (of a group that never sold: with its first lead after the company's first win); before, it is empty;
from there a week without leads or sales is zero. A week without a row of spend is unknown spend; so is one of which more than 1 lead of 200 came
more than a month before the first known spend of its source, contractor and campaign. A win without a date is in no week:
campaign_roi counts them. Revenue is empty where no win of the week has an amount. In the unfilled group spend and deals are of different things,
not to be compared; where no deal fits any spend, neither leads nor revenue of advertising can be told."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "spend", unit = "money", spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка от рекламы", en = "Revenue from advertising" } },
  { name = "leads", unit = "count", title = { ru = "Лиды от рекламы", en = "Leads from advertising" } },
]
*/
WITH deals AS (
    SELECT scope.grp, scope.created_at, scope.closed_at, scope.closed_by, scope.won_at, scope.amount, paid_ways.first_day
    FROM scope
    INNER JOIN paid_ways
        ON coalesce(scope.source, '') = paid_ways.source
        AND coalesce(scope.contractor, '') = paid_ways.contractor
        AND coalesce(scope.campaign, '') = paid_ways.campaign
),

-- weeks in which leads came more than a month before any spend of their way is known: their spend is known in part
partly_known AS (
    SELECT grp, local_week(created_at) AS week
    FROM deals
    WHERE created_at >= $from AND created_at < $to
    GROUP BY 1, 2
    HAVING 200 * count(*) FILTER (WHERE local_day(created_at)::int < first_day::int - 31) > count(*)
),

flows AS (
    SELECT grp, local_week(created_at) AS week, 1 AS leads, 0 AS won, NULL::decimal(18, 4) AS revenue, NULL::decimal(18, 4) AS spend
    FROM deals
    WHERE created_at >= $from AND created_at < $to
    UNION ALL
    SELECT grp, local_week(won_at) AS week, 0 AS leads, 1 AS won, amount AS revenue, NULL AS spend
    FROM deals
    WHERE won_at >= $from AND won_at < $to
    UNION ALL
    SELECT grp, local_week(day) AS week, 0 AS leads, 0 AS won, NULL AS revenue, cost AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
),

-- where each begins in a group
histories AS (
    SELECT
        grp,
        local_day(min(won_at)) AS first_win,
        local_day(min(created_at)) AS first_lead,
        bool_or(
            coalesce(created_at, closed_at) < $to AND coalesce(closed_at, closed_by, $to) >= $from - INTERVAL '28 days'
        ) AS is_at_work
    FROM deals
    GROUP BY grp
),

spending AS (
    SELECT grp, min(day) AS first_spend, max(day) >= $from_day - INTERVAL '28 days' AND min(day) < $to_day AS is_at_work
    FROM scope_spend
    GROUP BY grp
),

-- where no deal came in a way that money was spent on, spend and deals are named differently, and nothing can be told of revenue
company AS (
    SELECT CASE WHEN max(ways.number) > 0 THEN local_day(coalesce(min(scope.won_at), min(scope.closed_at))) END AS day
    FROM scope
    CROSS JOIN (SELECT count(*) AS number FROM paid_ways) AS ways
),

groups AS (
    SELECT
        coalesce(histories.grp, spending.grp) AS grp,
        local_week(spending.first_spend) AS spend_from,
        local_week(histories.first_lead) AS leads_from,
        local_week(
            CASE
                WHEN company.day IS NOT NULL
                    THEN coalesce(
                        histories.first_win, greatest(company.day, coalesce(histories.first_lead, spending.first_spend))
                    )
            END
        ) AS revenue_from
    FROM histories
    FULL JOIN spending ON histories.grp = spending.grp
    CROSS JOIN company
    WHERE coalesce(histories.is_at_work, FALSE) OR coalesce(spending.is_at_work, FALSE)
),

weeks AS (
    SELECT
        grp,
        spend_from,
        leads_from,
        revenue_from,
        unnest(
            generate_series(
                greatest(local_week($from_day), least(spend_from, leads_from, revenue_from)),
                least($to_day, $as_of_day) - INTERVAL '1 day',
                INTERVAL '7 days'
            )
        ) AS week
    FROM groups
),

summed AS (
    SELECT
        weeks.grp,
        weeks.week,
        weeks.leads_from,
        weeks.revenue_from,
        sum(flows.spend) AS spend,
        sum(flows.won) AS won,
        sum(flows.revenue) AS revenue,
        sum(flows.leads) AS leads
    FROM weeks
    LEFT JOIN flows ON weeks.grp = flows.grp AND weeks.week = flows.week
    GROUP BY weeks.grp, weeks.week, weeks.leads_from, weeks.revenue_from
)

SELECT
    summed.grp,
    summed.week,
    -- a week without a spend row is unknown spend
    CASE WHEN partly_known.week IS NULL THEN summed.spend END AS spend,
    CASE WHEN coalesce(summed.won, 0) > 0 THEN summed.revenue WHEN summed.week >= summed.revenue_from THEN 0 END AS revenue,
    CASE WHEN summed.week >= coalesce(summed.leads_from, summed.revenue_from) THEN coalesce(summed.leads, 0) END AS leads
FROM summed
LEFT JOIN partly_known ON summed.grp = partly_known.grp AND summed.week = partly_known.week
ORDER BY summed.grp, summed.week
