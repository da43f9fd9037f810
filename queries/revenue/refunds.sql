/*
title = { ru = "Возвраты денег по неделям", en = "Refunds by week" }
grain = "one row per whole week of the period, from the first in which a refund is known"
needs = ["journeys.refunded_at|events.amount"]
dimensions = "deals"

about.ru = """
Возвраты (события вида refund) целой недели, по дню возврата, и сколько денег вернули: сумма события; знак в выгрузке роли не играет.
Если хоть у одного возврата недели суммы нет, «Возвращено» пусто, а известная часть стоит рядом. Выручка — выигранные на той же неделе;
возвращают обычно проданное раньше, поэтому доля — не доля возвращённых продаж этой недели (какая доля продаж кончилась возвратом — в
«Сожалениях»). Выручка после возвратов = выручка − возвращено. Пусто, если сумма неизвестна хоть у одной продажи недели; выигранные без даты
ни в одну неделю не попали, их число — в последнем столбце. Недели до первого загруженного возврата и после конца выгрузок — не нули, их
нет. Неделя без возвратов, когда возвраты выгружаются, — ноль. Возврат, в котором сделка не названа, — ни в какой группе."""
about.en = """
Refunds (events of kind refund) of a whole week, by the day of the refund, and the money given back: the event's amount; its sign in the
export does not matter. Where any refund of the week lacks its amount, "Refunded" is empty, and the known part stands beside it. Revenue is
of the wins of that same week; what is given back was mostly sold earlier, so the share is no share of this week's sales given back (what
share of sales ended in a refund: "Regret"). Revenue after refunds = revenue − refunded. Empty where any win of the week lacks its amount; wins
without a date fell into no week, their number stands in the last column. Weeks before the first loaded refund and after the end of the exports
are no zeros: they are absent. A week without refunds, while refunds are exported, is zero. A refund that names no deal is of no group."""

columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "refunds", unit = "count", title = { ru = "Возвраты", en = "Refunds" } },
  { name = "refunded", unit = "money", title = { ru = "Возвращено", en = "Refunded" } },
  { name = "refunded_known", unit = "money", title = { ru = "Из известных сумм", en = "Of known amounts" } },
  { name = "without_amount", unit = "count", title = { ru = "Возвратов без суммы", en = "Refunds without an amount" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Продаж без суммы", en = "Wins without an amount" } },
  { name = "refund_share", unit = "share", title = { ru = "Возвращено от выручки", en = "Refunded, of revenue" } },
  { name = "net_revenue", unit = "money", title = { ru = "Выручка после возвратов", en = "Revenue after refunds" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH span AS (
    SELECT
        known_from('refund', arrow_cast(NULL, 'Utf8'), arrow_cast(NULL, 'Utf8')) AS known_from,
        known_until('refund', arrow_cast(NULL, 'Utf8'), arrow_cast(NULL, 'Utf8')) AS known_until
),

weeks AS (
    SELECT series.week
    FROM (
        SELECT
            unnest(
                generate_series(
                    greatest(local_week($from_day), local_week(known_from)),
                    least($to_day, $as_of_day) - INTERVAL '7 days',
                    INTERVAL '7 days'
                )
            ) AS week,
            known_until
        FROM span
        WHERE known_from IS NOT NULL
    ) AS series
    -- known_until is the first moment that is no longer known
    WHERE series.week >= $from_day AND series.week::int + 7 <= local_day(series.known_until)::int
),

given_back AS (
    SELECT
        grp,
        local_week(at) AS week,
        count(*) AS refunds,
        count(*) - count(refund_amount) AS without_amount,
        sum(abs(refund_amount)) AS money
    FROM scope_events
    WHERE kind = 'refund'
    GROUP BY 1, 2
),

sold AS (
    SELECT
        grp,
        local_week(won_at) AS week,
        sum(amount) AS revenue,
        count(*) - count(amount) AS won_without_amount
    FROM scope
    WHERE won_at IS NOT NULL
    GROUP BY 1, 2
),

groups AS (
    SELECT grp, count(*) FILTER (WHERE undated = 'won') AS undated
    FROM scope
    GROUP BY grp
    UNION ALL
    SELECT DISTINCT given_back.grp, 0 AS undated
    FROM given_back
    LEFT JOIN (SELECT DISTINCT grp FROM scope) AS known ON given_back.grp = known.grp
    WHERE known.grp IS NULL
),

by_week AS (
    SELECT
        groups.grp,
        weeks.week,
        groups.undated,
        coalesce(given_back.refunds, 0) AS refunds,
        coalesce(given_back.without_amount, 0) AS without_amount,
        CASE WHEN given_back.refunds IS NULL THEN 0 ELSE given_back.money END AS money,
        CASE WHEN sold.week IS NULL THEN 0 ELSE sold.revenue END AS revenue,
        coalesce(sold.won_without_amount, 0) AS won_without_amount
    FROM groups
    CROSS JOIN weeks
    LEFT JOIN given_back ON groups.grp = given_back.grp AND weeks.week = given_back.week
    LEFT JOIN sold ON groups.grp = sold.grp AND weeks.week = sold.week
)

SELECT
    grp,
    week,
    refunds,
    CASE WHEN without_amount = 0 THEN money END AS refunded,
    money AS refunded_known,
    without_amount,
    CASE WHEN won_without_amount = 0 THEN revenue END AS revenue,
    won_without_amount,
    CASE
        WHEN without_amount = 0 AND won_without_amount = 0 AND revenue > 0 THEN money::double / revenue::double
    END AS refund_share,
    CASE WHEN without_amount = 0 AND won_without_amount = 0 THEN revenue - money END AS net_revenue,
    undated
FROM by_week
ORDER BY grp, week
