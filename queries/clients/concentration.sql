/*
title = { ru = "Концентрация выручки", en = "Concentration of revenue" }
grain = "one row for the group"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Держится ли выручка на немногих. По сделкам, выигранным за период: индекс Херфиндаля — сумма квадратов долей клиентов в выручке (1 — всё
от одного); эффективное число клиентов — 1 / индекс: столько равных клиентов дали бы ту же концентрацию; доля десяти крупнейших. Выручка
без названного клиента в индекс не входит и стоит отдельно; клиенты без суммы покупок не в счёт."""
about.en = """
Does revenue rest on a few. Over the deals won within the period: the Herfindahl index is the sum of squares of the clients' shares of
revenue (1: all of it from one); the effective number of clients is 1 / index: so many equal clients would be as concentrated; the share
of the ten largest. Revenue that names no client is no part of the index and stands apart; clients without an amount are left out."""

columns = [
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "herfindahl", unit = "ratio", title = { ru = "Индекс Херфиндаля", en = "Herfindahl index" } },
  { name = "effective_clients", unit = "ratio", title = { ru = "Эффективное число клиентов", en = "Effective number of clients" } },
  { name = "top_10_revenue", unit = "money", title = { ru = "Выручка десяти крупнейших", en = "Revenue of the top ten" } },
  { name = "top_10_share", unit = "share", title = { ru = "Доля десяти крупнейших", en = "Share of the top ten" } },
  { name = "revenue_without_client", unit = "money", title = { ru = "Выручка без клиента", en = "Revenue without a client" } },
]
*/
WITH bought AS (
    SELECT grp, coalesce(client_id, '') AS client_id, sum(amount) AS revenue
    FROM scope
    WHERE status = 'won' AND won_at >= $from AND won_at < $to AND amount > 0
    GROUP BY 1, 2
),

placed AS (
    SELECT
        grp,
        client_id,
        revenue,
        row_number() OVER (PARTITION BY grp ORDER BY client_id = '', revenue DESC, client_id) AS place
    FROM bought
),

totals AS (
    SELECT
        grp,
        count(*) FILTER (WHERE client_id <> '') AS clients,
        coalesce(sum(revenue) FILTER (WHERE client_id <> ''), 0) AS revenue,
        coalesce(sum(revenue) FILTER (WHERE client_id <> '' AND place <= 10), 0) AS top_10_revenue,
        coalesce(sum(revenue) FILTER (WHERE client_id = ''), 0) AS revenue_without_client
    FROM placed
    GROUP BY grp
),

-- squares are added as decimals: the same sum on any number of threads
squares AS (
    SELECT
        bought.grp,
        sum(
            power(bought.revenue::double / totals.revenue::double, 2)::decimal(38, 24)
        )::double AS herfindahl
    FROM bought
    INNER JOIN totals ON bought.grp = totals.grp
    WHERE bought.client_id <> ''
    GROUP BY bought.grp
)

SELECT
    totals.grp,
    totals.clients,
    totals.revenue,
    squares.herfindahl,
    1 / squares.herfindahl AS effective_clients,
    totals.top_10_revenue,
    totals.top_10_revenue::double / nullif(totals.revenue::double, 0) AS top_10_share,
    totals.revenue_without_client
FROM totals
LEFT JOIN squares ON totals.grp = squares.grp
ORDER BY totals.grp
