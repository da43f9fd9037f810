/*
title = { ru = "Концентрация выручки", en = "Concentration of revenue" }
grain = "one row for the group"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = "deals"

about.ru = """
Держится ли выручка на немногих. По сделкам, выигранным за период, суммы клиента складываются, возвраты (отрицательные суммы) вычитаются. Индекс
Херфиндаля — сумма квадратов долей клиентов, принёсших больше нуля, в выручке их всех (1 — вся от одного); эффективное число клиентов — 1 /
индекс: столько равных клиентов дали бы ту же концентрацию; доля десяти крупнейших — их же. Клиенты, у которых возвратов больше, чем покупок,
стоят отдельно числом и суммой. Выручка — всех названных клиентов вместе; с выручкой без клиента она даёт выручку периода. Сделки без суммы не в
счёт; выигрыши без даты, которые могли прийтись на период, тоже, и стоят отдельно. Группа, у которой в периоде или за четыре недели до него были
сделки, но ничего не продано, стоит с нулями."""
about.en = """
Does revenue rest on a few. Over the deals won within the period a client's amounts are added, refunds (negative amounts) subtracted. The
Herfindahl index is the sum of squares of the shares of the clients who brought more than nothing, in the revenue of all of them (1: all of it
from one); the effective number of clients is 1 / index: so many equal clients would be as concentrated; the share of the ten largest is of the
same. Clients with more refunds than purchases stand apart, their number and sum. Revenue is of all named clients together; with the revenue that
names no client it is the period's. Deals without an amount are left out, and so are wins without a date that may have been of the period: these
are counted apart. A group that had deals in the period or the four weeks before it and sold nothing stands with zeros."""

columns = [
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "herfindahl", unit = "ratio", title = { ru = "Индекс Херфиндаля", en = "Herfindahl index" } },
  { name = "effective_clients", unit = "ratio", title = { ru = "Эффективное число клиентов", en = "Effective number of clients" } },
  { name = "top_10_revenue", unit = "money", title = { ru = "Выручка десяти крупнейших", en = "Revenue of the top ten" } },
  { name = "top_10_share", unit = "share", title = { ru = "Доля десяти крупнейших", en = "Share of the top ten" } },
  { name = "revenue_without_client", unit = "money", title = { ru = "Выручка без клиента", en = "Revenue without a client" } },
  { name = "negative_clients", unit = "count", title = { ru = "Клиенты, вернувшие больше, чем купили", en = "Clients with more refunds than purchases" } },
  { name = "negative_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Выиграны без суммы", en = "Won without an amount" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
]
*/
WITH bought AS (
    SELECT
        grp,
        coalesce(client_id, '') AS client_id,
        sum(amount) AS revenue,
        count(*) FILTER (WHERE amount IS NULL) AS won_without_amount
    FROM scope
    WHERE status = 'won' AND won_at >= $from AND won_at < $to
    GROUP BY 1, 2
),

placed AS (
    SELECT
        grp,
        client_id,
        revenue,
        won_without_amount,
        client_id <> '' AND coalesce(revenue, 0) > 0 AS is_counted,
        row_number() OVER (PARTITION BY grp ORDER BY client_id = '', revenue DESC NULLS LAST, client_id) AS place
    FROM bought
),

totals AS (
    SELECT
        grp,
        count(*) FILTER (WHERE is_counted) AS clients,
        sum(revenue) FILTER (WHERE is_counted) AS positive_revenue,
        coalesce(sum(revenue) FILTER (WHERE client_id <> ''), 0) AS revenue,
        coalesce(sum(revenue) FILTER (WHERE is_counted AND place <= 10), 0) AS top_10_revenue,
        coalesce(sum(revenue) FILTER (WHERE client_id = ''), 0) AS revenue_without_client,
        count(*) FILTER (WHERE client_id <> '' AND revenue < 0) AS negative_clients,
        coalesce(sum(revenue) FILTER (WHERE client_id <> '' AND revenue < 0), 0) AS negative_revenue,
        sum(won_without_amount) AS won_without_amount
    FROM placed
    GROUP BY grp
),

-- squares are added as decimals: the same sum on any number of threads
squares AS (
    SELECT
        placed.grp,
        sum(
            power(placed.revenue::double / totals.positive_revenue::double, 2)::decimal(38, 24)
        )::double AS herfindahl
    FROM placed
    INNER JOIN totals ON placed.grp = totals.grp
    WHERE placed.is_counted
    GROUP BY placed.grp
),

-- groups that had a deal in the period or the four weeks before
groups AS (
    SELECT DISTINCT grp
    FROM scope
    WHERE coalesce(created_at, closed_at) < $to AND coalesce(closed_at, closed_by, $to) >= $from - INTERVAL '28 days'
)

SELECT
    groups.grp,
    coalesce(totals.clients, 0) AS clients,
    coalesce(totals.revenue, 0) AS revenue,
    squares.herfindahl,
    1 / squares.herfindahl AS effective_clients,
    coalesce(totals.top_10_revenue, 0) AS top_10_revenue,
    totals.top_10_revenue::double / totals.positive_revenue::double AS top_10_share,
    coalesce(totals.revenue_without_client, 0) AS revenue_without_client,
    coalesce(totals.negative_clients, 0) AS negative_clients,
    coalesce(totals.negative_revenue, 0) AS negative_revenue,
    coalesce(totals.won_without_amount, 0) AS won_without_amount,
    coalesce(undated.won, 0) AS undated_won,
    CASE WHEN undated.won IS NULL THEN 0 ELSE undated.revenue END AS undated_revenue
FROM groups
LEFT JOIN totals ON groups.grp = totals.grp
LEFT JOIN squares ON groups.grp = squares.grp
LEFT JOIN undated_wins AS undated ON groups.grp = undated.grp
ORDER BY groups.grp
