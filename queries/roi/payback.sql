/*
title = { ru = "Треугольник окупаемости", en = "Payback triangle" }
undated.ru = "отдача — в границах, со всеми такими выигрышами и без них; их число и сумма названы"
undated.en = "the return lies within bounds, with all such wins and without; their number and amount are told"
grain = "one row per month of arrival and age in months, up to the as-of date"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = "spend"
about.ru = """
Расход месяца против маржи со сделок, созданных в этом месяце, по возрасту: 0 — тот же месяц, 1 — следующий и так далее. Доля окупленного:
накопленная маржа / расход. Месяцев после даты отчёта нет в таблице. Если себестоимость не известна ни у одной продажи, вместо маржи стоит
выручка, и столбец «по чему» говорит revenue. Продажа без себестоимости в маржу не входит. В счёт идут только сделки, за которые платила реклама:
их источник, подрядчик и кампания есть в строках ненулевого расхода (пустое в строке расхода подходит к любому), поэтому повторные клиенты и
бесплатные источники расход не окупают. Выигрыш без даты принадлежит месяцу, в котором сделка создана, но возраста не имеет: он стоит отдельно, а
«Окуплено» лежит от (не раньше последнего месяца) и до (сразу); если они расходятся больше чем на 0,5 п. п., само значение пусто. Пусто также без
расхода, при расходе не больше нуля и у незаполненной группы рядом с другими и там, где ни одна сделка не подходит к расходу: расход и сделки —
от разного; и у месяца, больше чем 1 лид из 200 которого пришёл раньше месяца первого известного расхода своего источника, подрядчика и
кампании: во что он обошёлся, не известно."""
about.en = """
A month's spend against the margin of the deals created in that month, by age: 0 is the same month, 1 the next, and so on. Paid share: cumulative
margin / spend. Months after the as-of date are absent. Where no win has a known cost, revenue stands in for margin and the column `on` says
revenue. A win without a known cost adds nothing to margin. Only deals that advertising paid for count: their source, contractor and campaign
occur in rows of spend above zero (what such a row leaves empty fits any), so repeat clients and free sources pay nothing back. A win without a
date belongs to the month in which the deal was created, but has no age: it stands apart, and the paid share lies between least (not before the
last month) and most (at once); where these differ by more than 0.5 points the value itself is empty. It is empty as well without spend, with a
spend not above zero, for the unfilled group beside others, and where no deal fits any spend: there spend and deals are of different things;
and for a month of which more than 1 lead of 200 came in an earlier month than the first known spend of its source, contractor and campaign: what
it cost is not known."""
columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "age", unit = "count", title = { ru = "Возраст, мес.", en = "Age, months" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "spend", unit = "money", spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "margin", unit = "money", title = { ru = "Маржа или выручка", en = "Margin, or revenue" } },
  { name = "cumulative_margin", unit = "money", title = { ru = "Она же накопленным итогом", en = "The same, cumulative" } },
  { name = "paid_share", unit = "share", title = { ru = "Окуплено", en = "Paid back" } },
  { name = "on", unit = "text", title = { ru = "По чему", en = "On" } },
  { name = "paid_share_least", unit = "share", title = { ru = "Окуплено, от", en = "Paid back, least" } },
  { name = "paid_share_most", unit = "share", title = { ru = "до", en = "most" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_margin", unit = "money", title = { ru = "Их маржа или выручка", en = "Their margin, or revenue" } },
]
*/
WITH earned AS (
    SELECT grp, month, age, sum(amount) AS revenue, sum(margin) AS margin
    FROM paid_deals
    WHERE age IS NOT NULL
    GROUP BY grp, month, age
),

arrived AS (
    SELECT
        grp,
        month,
        count(*) AS leads,
        count(*) FILTER (WHERE is_unpaid) AS unpaid,
        count(*) FILTER (WHERE is_undated) AS undated_won,
        sum(margin) FILTER (WHERE is_undated) AS undated_margin
    FROM paid_deals
    GROUP BY grp, month
),

cohorts AS (
    SELECT
        coalesce(arrived.grp, spent.grp) AS grp,
        coalesce(arrived.month, spent.month) AS month,
        coalesce(arrived.leads, 0) AS leads,
        200 * coalesce(arrived.unpaid, 0) <= coalesce(arrived.leads, 0) AS is_paid,
        coalesce(arrived.undated_won, 0) AS undated_won,
        coalesce(arrived.undated_margin, 0) AS undated_margin,
        spent.spend
    FROM arrived
    FULL JOIN spent_by_month AS spent ON arrived.grp = spent.grp AND arrived.month = spent.month
),

cells AS (
    SELECT
        grp,
        month,
        leads,
        is_paid,
        undated_won,
        undated_margin,
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
        cells.is_paid,
        cells.undated_won,
        cells.undated_margin,
        cells.spend,
        coalesce(earned.revenue, 0) AS revenue,
        coalesce(earned.margin, 0) AS margin,
        sum(coalesce(earned.margin, 0)) OVER (PARTITION BY cells.grp, cells.month ORDER BY cells.age) AS cumulative_margin,
        -- by the last month all that is known to be won has been
        CASE
            WHEN cells.age = max(cells.age) OVER (PARTITION BY cells.grp, cells.month) THEN cells.undated_margin
            ELSE 0
        END AS certain_margin
    FROM cells
    LEFT JOIN earned ON cells.grp = earned.grp AND cells.month = earned.month AND cells.age = earned.age
),

-- where no deal came in a way that money was spent on, spend and deals are named differently, and nothing can be told
groups AS (
    SELECT count(DISTINCT cohorts.grp) AS number, max(ways.number) AS paid_ways
    FROM cohorts
    CROSS JOIN (SELECT count(*) AS number FROM paid_ways) AS ways
),

-- what is paid back: the whole's spend, or that of a group that says whose it is
bounded AS (
    SELECT
        filled.grp,
        filled.month,
        filled.age,
        filled.leads,
        filled.spend,
        filled.revenue,
        filled.margin,
        filled.cumulative_margin,
        filled.undated_won,
        filled.undated_margin,
        least(
            filled.cumulative_margin + filled.certain_margin, filled.cumulative_margin + filled.undated_margin
        )::double AS least_margin,
        greatest(
            filled.cumulative_margin + filled.certain_margin, filled.cumulative_margin + filled.undated_margin
        )::double AS most_margin,
        CASE
            WHEN
                filled.spend > 0
                AND filled.is_paid
                AND groups.paid_ways > 0
                AND (groups.number = 1 OR replace(filled.grp, chr(31), '') <> '')
                THEN filled.spend::double
        END AS base
    FROM filled
    CROSS JOIN groups
)

SELECT
    bounded.grp,
    bounded.month,
    bounded.age,
    bounded.leads,
    bounded.spend,
    bounded.revenue,
    bounded.margin,
    bounded.cumulative_margin,
    CASE
        WHEN bounded.most_margin - bounded.least_margin <= 0.005 * bounded.base
            THEN (bounded.least_margin + bounded.most_margin) / 2 / bounded.base
    END AS paid_share,
    basis.basis AS "on",
    bounded.least_margin / bounded.base AS paid_share_least,
    bounded.most_margin / bounded.base AS paid_share_most,
    bounded.undated_won,
    bounded.undated_margin
FROM bounded
CROSS JOIN margin_basis AS basis
ORDER BY replace(bounded.grp, chr(31), '') = '', bounded.grp, bounded.month, bounded.age
