/*
title = { ru = "Клиенты и акции", en = "Clients and promotions" }
grain = "one row per kind of client"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.promo"]
dimensions = "leads"
about.ru = """
Клиенты, купившие за период, по всем их покупкам до конца периода: только по акции (promo_only), и так и так (mixed), никогда по акции
(never). Выручка — за период, возвраты (отрицательные суммы) вычтены; сам по себе возврат — не покупка. Сделки без клиента не в счёт. Выигрыши
без даты тоже: сколько их у этих клиентов (каждый может изменить вид клиента), стоит рядом. Интервал доли — Уилсона, 95 %."""
about.en = """
Clients who bought within the period, by all their purchases up to its end: under promotions only (promo_only), both ways (mixed), never
under one (never). Revenue is the period's, refunds (negative amounts) subtracted; a refund by itself is no purchase. Deals that name no client
are left out. So are wins without a date: how many these clients have (each may change what kind a client is) stands beside. The share comes
with a 95 % Wilson interval."""
columns = [
  { name = "kind", unit = "text", title = { ru = "Покупает", en = "Buys" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "share", unit = "share", interval = true, title = { ru = "Доля клиентов", en = "Share of clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
]
*/
WITH wins AS (
    SELECT grp, client_id, won_at, amount, coalesce(promo, '') <> '' AS is_promo, coalesce(amount, 0) >= 0 AS is_purchase
    FROM scope
    WHERE status = 'won' AND won_at < $to AND client_id <> ''
),

kinds AS (
    SELECT
        client_id,
        CASE WHEN bool_and(is_promo) THEN 'promo_only' WHEN bool_or(is_promo) THEN 'mixed' ELSE 'never' END AS kind
    FROM wins
    WHERE is_purchase
    GROUP BY client_id
),

buyers AS (
    SELECT grp, client_id, sum(amount) AS revenue
    FROM wins
    WHERE won_at >= $from
    GROUP BY grp, client_id
    HAVING bool_or(is_purchase)
),

undated AS (
    SELECT client_id, count(*) AS won
    FROM scope
    WHERE
        status = 'won'
        AND won_at IS NULL
        AND client_id <> ''
        AND coalesce(amount, 0) >= 0
        AND coalesce(created_at < $to, TRUE)
        AND coalesce(closed_after < $to, TRUE)
    GROUP BY client_id
),

counted AS (
    SELECT
        buyers.grp,
        kinds.kind,
        count(*) AS clients,
        sum(buyers.revenue) AS revenue,
        coalesce(sum(undated.won), 0) AS undated_won
    FROM buyers
    INNER JOIN kinds ON buyers.client_id = kinds.client_id
    LEFT JOIN undated ON buyers.client_id = undated.client_id
    GROUP BY buyers.grp, kinds.kind
),

whole AS (
    SELECT grp, kind, clients, revenue, undated_won, sum(clients) OVER (PARTITION BY grp) AS all_clients
    FROM counted
)

SELECT
    grp,
    kind,
    clients,
    clients::double / all_clients AS share,
    wilson_low(clients, all_clients) AS share_low,
    wilson_high(clients, all_clients) AS share_high,
    revenue,
    undated_won
FROM whole
ORDER BY grp, CASE kind WHEN 'promo_only' THEN 1 WHEN 'mixed' THEN 2 ELSE 3 END
