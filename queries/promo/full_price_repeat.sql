/*
title = { ru = "Вернулись ли по полной цене", en = "Did they come back at full price" }
undated.ru = "доля — в границах: купили сразу или не в этот срок; если границы далеки, значения нет"
undated.en = "the rate lies within bounds, from bought at once to not in time; where these are far apart, no value"
grain = "one row per kind of first purchase"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.promo"]
dimensions = "leads"
about.ru = """
Клиенты, чья первая покупка пришлась на период: по акции (promo) или по полной цене (full). Доля купивших снова по полной цене за срок
регламента — по Каплану — Мейеру, ещё не прожившие срок цензурированы на дату отчёта. Группа клиента — по его первой покупке. Возврат денег
(отрицательная сумма) — не покупка. Покупка по полной цене без даты могла быть сразу или не быть в этот срок: доля лежит между одним и другим
и пуста, если они расходятся больше чем на 0,5 п. п.; сколько клиентов с такими покупками, стоит рядом."""
about.en = """
Clients whose first purchase fell within the period: under a promotion (promo) or at full price (full). The share that bought again at
full price within the regulation's days, by Kaplan–Meier; those who have not lived that long are censored at the as-of date. A client
belongs to the group of the first purchase. A refund (a negative amount) is no purchase. A purchase at full price without a date may have been at
once, or not within these days: the rate lies between, and is empty where the two differ by more than 0.5 points; how many clients have such
purchases stands beside."""
columns = [
  { name = "first", unit = "text", title = { ru = "Первая покупка", en = "First purchase" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "repeated", unit = "count", title = { ru = "Купили снова по полной", en = "Bought again at full price" } },
  { name = "repeat_rate", unit = "share", interval = true, title = { ru = "Доля вернувшихся", en = "Repeat rate" } },
  { name = "undated", unit = "count", title = { ru = "С покупками без даты", en = "With undated purchases" } },
]
*/
WITH wins AS (
    SELECT
        grp,
        client_id,
        won_at,
        seen_until,
        coalesce(promo, '') <> '' AS is_promo,
        row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) AS purchase,
        min(won_at) OVER (PARTITION BY client_id) AS first_at
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL AND client_id <> '' AND coalesce(amount, 0) >= 0
),

-- who bought at full price, nobody knows when
undated AS (
    SELECT DISTINCT client_id
    FROM scope
    WHERE status = 'won' AND won_at IS NULL AND client_id <> '' AND coalesce(amount, 0) >= 0 AND coalesce(promo, '') = ''
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
        undated.client_id IS NOT NULL AS is_undated,
        returns.returned_at IS NOT NULL AS has_returned,
        minutes_between(wins.won_at, coalesce(returns.returned_at, wins.seen_until)) / 1440.0 AS days
    FROM wins
    LEFT JOIN returns ON wins.client_id = returns.client_id
    LEFT JOIN undated ON wins.client_id = undated.client_id
    WHERE wins.purchase = 1 AND wins.won_at >= $from AND wins.won_at < $to
),

counted AS (
    SELECT
        firsts.grp,
        firsts.first,
        count(*) AS clients,
        count(*) FILTER (WHERE firsts.has_returned AND firsts.days <= rules.full_price_repeat_days) AS repeated,
        km_at(firsts.days, firsts.has_returned, rules.full_price_repeat_days::double) AS least,
        km_at(
            CASE WHEN firsts.is_undated THEN 0.0 ELSE firsts.days END,
            firsts.has_returned OR firsts.is_undated,
            rules.full_price_repeat_days::double
        ) AS most,
        count(*) FILTER (WHERE firsts.is_undated) AS undated
    FROM firsts
    CROSS JOIN rules
    GROUP BY firsts.grp, firsts.first, rules.full_price_repeat_days
)

SELECT
    grp,
    first,
    clients,
    repeated,
    CASE
        WHEN most['estimate'] - least['estimate'] <= 0.005 THEN (least['estimate'] + most['estimate']) / 2
    END AS repeat_rate,
    least['low'] AS repeat_rate_low,
    most['high'] AS repeat_rate_high,
    undated
FROM counted
ORDER BY grp, first DESC
