/*
title = { ru = "Клиенты и акции", en = "Clients and promotions" }
grain = "one row per kind of client"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.promo"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", "extra"]
about.ru = """
Клиенты, купившие за период, по всем их покупкам до конца периода: только по акции (promo_only), и так и так (mixed), никогда по акции
(never). Выручка — за период. Сделки без клиента не в счёт. Интервал доли — Уилсона, 95 %."""
about.en = """
Clients who bought within the period, by all their purchases up to its end: under promotions only (promo_only), both ways (mixed), never
under one (never). Revenue is the period's. Deals that name no client are left out. The share comes with a 95 % Wilson interval."""
columns = [
  { name = "kind", unit = "text", title = { ru = "Покупает", en = "Buys" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "share", unit = "share", title = { ru = "Доля клиентов", en = "Share of clients" } },
  { name = "share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "share_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
]
*/
WITH wins AS (
    SELECT grp, client_id, won_at, amount, coalesce(promo, '') <> '' AS is_promo
    FROM scope
    WHERE status = 'won' AND won_at < $to AND client_id <> ''
),

kinds AS (
    SELECT
        client_id,
        CASE WHEN bool_and(is_promo) THEN 'promo_only' WHEN bool_or(is_promo) THEN 'mixed' ELSE 'never' END AS kind
    FROM wins
    GROUP BY client_id
),

buyers AS (
    SELECT grp, client_id, sum(amount) AS revenue
    FROM wins
    WHERE won_at >= $from
    GROUP BY grp, client_id
),

counted AS (
    SELECT buyers.grp, kinds.kind, count(*) AS clients, sum(buyers.revenue) AS revenue
    FROM buyers
    INNER JOIN kinds ON buyers.client_id = kinds.client_id
    GROUP BY buyers.grp, kinds.kind
),

whole AS (
    SELECT grp, kind, clients, revenue, sum(clients) OVER (PARTITION BY grp) AS all_clients
    FROM counted
)

SELECT
    grp,
    kind,
    clients,
    clients::double / all_clients AS share,
    wilson_low(clients, all_clients) AS share_low,
    wilson_high(clients, all_clients) AS share_high,
    revenue
FROM whole
ORDER BY grp, CASE kind WHEN 'promo_only' THEN 1 WHEN 'mixed' THEN 2 ELSE 3 END
