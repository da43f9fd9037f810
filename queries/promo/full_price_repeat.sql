/*
title = { ru = "Вернулись ли по полной цене", en = "Did they come back at full price" }
grain = "one row per kind of first purchase"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.promo"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", "extra"]
about.ru = """
Клиенты, чья первая покупка пришлась на период: по акции (promo) или по полной цене (full). Доля купивших снова по полной цене за срок
регламента — по Каплану — Мейеру, ещё не прожившие срок цензурированы на дату отчёта. Измерение — по первой сделке клиента."""
about.en = """
Clients whose first purchase fell within the period: under a promotion (promo) or at full price (full). The share that bought again at
full price within the regulation's days, by Kaplan–Meier; those who have not lived that long are censored at the as-of date. A client
belongs to the group of the first deal."""
columns = [
  { name = "first", unit = "text", title = { ru = "Первая покупка", en = "First purchase" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "repeated", unit = "count", title = { ru = "Купили снова по полной", en = "Bought again at full price" } },
  { name = "repeat_rate", unit = "share", title = { ru = "Доля вернувшихся", en = "Repeat rate" } },
  { name = "repeat_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "repeat_rate_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH wins AS (
    SELECT
        grp,
        client_id,
        won_at,
        coalesce(promo, '') <> '' AS is_promo,
        row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) AS purchase,
        min(won_at) OVER (PARTITION BY client_id) AS first_at
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL AND client_id <> ''
),

-- deals closed at the moment of the first one are the first purchase, not a return
returns AS (
    SELECT client_id, min(won_at) AS returned_at
    FROM wins
    WHERE NOT is_promo AND won_at > first_at
    GROUP BY client_id
),

firsts AS (
    SELECT
        wins.grp,
        CASE WHEN wins.is_promo THEN 'promo' ELSE 'full' END AS first,
        returns.returned_at IS NOT NULL AS has_returned,
        minutes_between(wins.won_at, coalesce(returns.returned_at, $as_of)) / 1440.0 AS days
    FROM wins
    LEFT JOIN returns ON wins.client_id = returns.client_id
    WHERE wins.purchase = 1 AND wins.won_at >= $from AND wins.won_at < $to
),

counted AS (
    SELECT
        firsts.grp,
        firsts.first,
        count(*) AS clients,
        count(*) FILTER (WHERE firsts.has_returned AND firsts.days <= rules.full_price_repeat_days) AS repeated,
        km_at(firsts.days, firsts.has_returned, rules.full_price_repeat_days::double) AS returned
    FROM firsts
    CROSS JOIN rules
    GROUP BY firsts.grp, firsts.first, rules.full_price_repeat_days
)

SELECT
    grp,
    first,
    clients,
    repeated,
    returned['estimate'] AS repeat_rate,
    returned['low'] AS repeat_rate_low,
    returned['high'] AS repeat_rate_high
FROM counted
ORDER BY grp, first DESC
