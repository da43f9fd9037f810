/*
title = { ru = "Месяц окупаемости", en = "Payback month" }
undated.ru = "отдача — в границах, со всеми такими выигрышами и без них; их число и сумма названы"
undated.en = "the return lies within bounds, with all such wins and without; their number and amount are told"
grain = "one row per month of arrival"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = "spend"
about.ru = """
Первый возраст (в месяцах), на котором накопленная маржа сделок, созданных в месяце, достигла его расхода; пусто: ещё не достигла или расход не
известен. Маржа — накопленная к дате отчёта; если себестоимость нигде не известна, вместо неё выручка. В счёт идут только сделки, за которые
платила реклама: их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода подходит к любому). Выигрыш без
даты принадлежит месяцу, в котором сделка создана, и его маржа входит в общую, но возраст окупаемости тогда известен лишь от (он был сразу) и до
(не раньше последнего месяца); если они различаются, сам возраст пуст. Окупился ли — yes, not_yet (ещё нет), undated (зависит от выигранных без
даты) или unknown (не с чем сравнить). Убыток = расход − маржа. Пусто также при расходе не больше нуля и у
незаполненной группы рядом с другими и там, где ни одна сделка не подходит к расходу: расход и сделки — от разного."""
about.en = """
The first age in months at which the cumulative margin of the deals created in a month reached its spend; empty: not yet, or the spend is
unknown. Margin is what has come in by the as-of date; where cost is nowhere known, revenue stands in for it. Only deals that advertising paid
for count: their source, contractor and campaign occur in rows of spend above zero (what such a row leaves empty fits any). A win without a date
belongs to the month in which the deal was created, and its margin is part of the sum; the age of payback is then known only between least (it
was at once) and most (not before the last month), and where these differ the age itself is empty. Whether it paid back: yes, not_yet, undated (it
depends on wins without a date) or unknown (nothing to compare with). Loss = spend − margin. Empty as well with a
spend not above zero, for the unfilled group beside others, and where no deal fits any spend: there spend and deals are of different things."""
columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "spend", unit = "money", spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "margin", unit = "money", title = { ru = "Маржа или выручка", en = "Margin, or revenue" } },
  { name = "paid_back", unit = "text", title = { ru = "Окупился?", en = "Paid back?" } },
  { name = "payback_age", unit = "count", title = { ru = "Окупился на месяце", en = "Paid back at age" } },
  { name = "on", unit = "text", title = { ru = "По чему", en = "On" } },
  { name = "payback_age_least", unit = "count", title = { ru = "Окупился, от", en = "Paid back, least" } },
  { name = "payback_age_most", unit = "count", title = { ru = "до", en = "most" } },
  { name = "loss", unit = "money", title = { ru = "Убыток", en = "Loss" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_margin", unit = "money", title = { ru = "Их маржа или выручка", en = "Their margin, or revenue" } },
]
*/
WITH arrived AS (
    SELECT
        grp,
        month,
        count(*) AS leads,
        count(*) FILTER (WHERE is_unpaid) AS unpaid,
        sum(margin) FILTER (WHERE age IS NOT NULL OR is_undated) AS margin,
        count(*) FILTER (WHERE is_undated) AS undated_won,
        coalesce(sum(margin) FILTER (WHERE is_undated), 0) AS undated_margin
    FROM paid_deals
    GROUP BY grp, month
),

cohorts AS (
    SELECT
        coalesce(arrived.grp, spent.grp) AS grp,
        coalesce(arrived.month, spent.month) AS month,
        coalesce(arrived.leads, 0) AS leads,
        200 * coalesce(arrived.unpaid, 0) <= coalesce(arrived.leads, 0) AS is_paid,
        coalesce(arrived.margin, 0) AS margin,
        coalesce(arrived.undated_won, 0) AS undated_won,
        coalesce(arrived.undated_margin, 0) AS undated_margin,
        spent.spend
    FROM arrived
    FULL JOIN spent_by_month AS spent ON arrived.grp = spent.grp AND arrived.month = spent.month
),

-- where no deal came in a way that money was spent on, spend and deals are named differently, and nothing can be told
groups AS (
    SELECT count(DISTINCT cohorts.grp) AS number, max(ways.number) AS paid_ways
    FROM cohorts
    CROSS JOIN (SELECT count(*) AS number FROM paid_ways) AS ways
),

-- what is to be paid back: the whole's spend, or that of a group that says whose it is
owed AS (
    SELECT
        cohorts.grp,
        cohorts.month,
        CASE
            WHEN
                cohorts.spend > 0
                AND groups.paid_ways > 0
                -- what a part of its leads cost is not loaded
                AND cohorts.is_paid
                AND (groups.number = 1 OR replace(cohorts.grp, chr(31), '') <> '')
                THEN cohorts.spend
        END AS base
    FROM cohorts
    CROSS JOIN groups
),

-- the months from arrival to the last day that the as-of date lets be seen, by age; undated margin at once, or at the last
margins AS (
    SELECT grp, month, age, sum(margin) AS margin, 0 AS undated_first, 0 AS undated_last
    FROM paid_deals
    WHERE age IS NOT NULL
    GROUP BY grp, month, age
    UNION ALL
    SELECT grp, month, 0 AS age, 0 AS margin, undated_margin AS undated_first, 0 AS undated_last
    FROM arrived
    WHERE undated_won > 0
    UNION ALL
    SELECT
        grp,
        month,
        date_part('year', $as_of_day - INTERVAL '1 day') * 12 + date_part('month', $as_of_day - INTERVAL '1 day')
        - date_part('year', month) * 12 - date_part('month', month) AS age,
        0 AS margin,
        0 AS undated_first,
        undated_margin AS undated_last
    FROM arrived
    WHERE undated_won > 0
),

by_age AS (
    SELECT
        grp,
        month,
        age,
        sum(margin) AS margin,
        sum(undated_first) AS undated_first,
        sum(undated_last) AS undated_last
    FROM margins
    GROUP BY grp, month, age
),

running AS (
    SELECT
        grp,
        month,
        age,
        sum(margin + undated_first) OVER (PARTITION BY grp, month ORDER BY age) AS at_once,
        sum(margin + undated_last) OVER (PARTITION BY grp, month ORDER BY age) AS at_last
    FROM by_age
),

-- refunds without a date come the later the better
returned AS (
    SELECT
        running.grp,
        running.month,
        min(running.age) FILTER (WHERE greatest(running.at_once, running.at_last) >= owed.base) AS least_age,
        min(running.age) FILTER (WHERE least(running.at_once, running.at_last) >= owed.base) AS most_age
    FROM running
    INNER JOIN owed ON running.grp = owed.grp AND running.month = owed.month
    GROUP BY running.grp, running.month
)

SELECT
    cohorts.grp,
    cohorts.month,
    cohorts.leads,
    cohorts.spend,
    cohorts.margin,
    CASE
        WHEN owed.base IS NULL THEN 'unknown'
        WHEN returned.least_age IS NULL THEN 'not_yet'
        WHEN returned.most_age IS NULL THEN 'undated'
        ELSE 'yes'
    END AS paid_back,
    CASE WHEN returned.least_age = returned.most_age THEN returned.most_age END AS payback_age,
    basis.basis AS "on",
    returned.least_age AS payback_age_least,
    returned.most_age AS payback_age_most,
    owed.base - cohorts.margin AS loss,
    cohorts.undated_won,
    cohorts.undated_margin
FROM cohorts
CROSS JOIN margin_basis AS basis
INNER JOIN owed ON cohorts.grp = owed.grp AND cohorts.month = owed.month
LEFT JOIN returned ON cohorts.grp = returned.grp AND cohorts.month = returned.month
ORDER BY replace(cohorts.grp, chr(31), '') = '', cohorts.grp, cohorts.month
