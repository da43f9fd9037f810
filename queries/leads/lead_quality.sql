/*
title = { ru = "Качество лидов", en = "Lead quality" }
partly.ru = "доля годных пуста без причин проигрыша, доля за ценой — без акций, интереса и причин; цены пусты у группы без расхода"
partly.en = "the valid rate is empty without reasons for losing, the price-driven share without promotions, interest and reasons; costs are empty for a group without spend"
zero = ["leads", "won"]
grain = "one row for all leads of the group"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Лиды: сделки, созданные за период, и что с ними стало к дате отчёта. Годные: не потеряны по причине, которую регламент называет
браком. Квалифицированные: дошли до квалифицирующего этапа регламента или дальше, либо выиграны. Доли — от всех лидов, интервал
Уилсона 95 %. Конверсия к сроку — Аален — Йохансен на самом длинном сроке: открытые не считаются потерянными. Движимы ценой: пришли по
акции, спрашивали только цену или потеряны из-за цены. Расход за тот же период; CAC — на нового клиента (первая покупка)."""
about.en = """
Leads: deals created within the period, and what had become of them by the as-of date. Valid: not lost for a reason that the
regulation calls invalid. Qualified: reached the regulation's qualifying stage or a later one, or won. Rates are of all leads, with a 95 %
Wilson interval. Eventual win rate: Aalen–Johansen at the longest horizon, where open is not lost. Price-driven: came on a promotion,
asked for price alone, or lost on price. Spend of the same period; CAC is per new client (a first purchase)."""

columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "valid", unit = "count", title = { ru = "Годные", en = "Valid" } },
  { name = "qualified", unit = "count", title = { ru = "Квалифицированные", en = "Qualified" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "valid_rate", unit = "share", title = { ru = "Доля годных", en = "Valid rate" } },
  { name = "valid_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "valid_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "qualified_rate", unit = "share", title = { ru = "Доля квалифицированных", en = "Qualified rate" } },
  { name = "qualified_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "qualified_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "win_rate", unit = "share", title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "win_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "win_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "eventual_rate", unit = "share", title = { ru = "Конверсия к сроку", en = "Eventual win rate" } },
  { name = "eventual_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eventual_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "price_driven", unit = "count", title = { ru = "Движимы ценой", en = "Price-driven" } },
  { name = "price_share", unit = "share", title = { ru = "Доля движимых ценой", en = "Price-driven share" } },
  { name = "price_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "price_share_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "new_clients", unit = "count", title = { ru = "Новые клиенты", en = "New clients" } },
  { name = "spend", unit = "money", title = { ru = "Расход", en = "Spend" } },
  { name = "cpl", unit = "money", title = { ru = "CPL", en = "CPL" } },
  { name = "cost_per_valid", unit = "money", title = { ru = "За годный лид", en = "Cost per valid lead" } },
  { name = "cost_per_qualified", unit = "money", title = { ru = "За квалифицированный лид", en = "Cost per qualified lead" } },
  { name = "cac", unit = "money", title = { ru = "CAC", en = "CAC" } },
]
*/
WITH longest AS (
    SELECT max(days)::double AS days
    FROM horizons
),

leads AS (
    SELECT
        scope.deal_id,
        scope.grp,
        scope.status,
        scope.entries,
        coalesce(scope.status = 'lost' AND lost_reasons.invalid, FALSE) AS is_invalid,
        coalesce(scope.promo, '') <> ''
        OR coalesce(interests.price, FALSE)
        OR coalesce(scope.status = 'lost' AND lost_reasons.price, FALSE) AS is_price_driven,
        CASE scope.status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
        greatest(minutes_between(scope.created_at, coalesce(scope.closed_at, $as_of)) / 1440.0, 0.0) AS lived_days
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    LEFT JOIN interests ON scope.interest = interests.interest
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

counted AS (
    SELECT
        leads.grp,
        count(*) AS leads,
        count(*) FILTER (WHERE NOT leads.is_invalid) AS valid,
        count(*) FILTER (WHERE leads.status = 'won') AS won,
        count(*) FILTER (WHERE leads.status = 'lost') AS lost,
        count(*) FILTER (WHERE leads.outcome = 0) AS open,
        count(*) FILTER (WHERE leads.is_price_driven) AS price_driven,
        cuminc(leads.lived_days, leads.outcome, longest.days) AS eventual
    FROM leads
    CROSS JOIN longest
    GROUP BY leads.grp
),

moves AS (
    SELECT deal_id, grp, unnest(entries) AS entry
    FROM leads
),

-- a won deal was qualified, whatever was logged
qualified_deals AS (
    SELECT moves.deal_id, moves.grp
    FROM moves
    INNER JOIN stages ON moves.entry['stage'] = stages.stage
    CROSS JOIN (SELECT min(position) AS position FROM stages WHERE qualified) AS qualifying
    WHERE stages.position >= qualifying.position AND stages.terminal IS DISTINCT FROM 'lost'
    UNION ALL
    SELECT deal_id, grp
    FROM leads
    WHERE status = 'won'
),

qualified AS (
    SELECT grp, count(DISTINCT deal_id) AS qualified
    FROM qualified_deals
    GROUP BY grp
),

-- every win, and whether it is its client's first; a deal that names no client counts as a client of its own
wins AS (
    SELECT
        grp,
        created_at,
        coalesce(client_id, '') = ''
        OR row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) = 1 AS is_first
    FROM scope
    WHERE status = 'won'
),

new_clients AS (
    SELECT grp, count(*) AS new_clients
    FROM wins
    WHERE is_first AND created_at >= $from AND created_at < $to
    GROUP BY grp
),

spent AS (
    SELECT grp, sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY grp
),

together AS (
    SELECT
        coalesce(counted.grp, spent.grp) AS grp,
        coalesce(counted.leads, 0) AS leads,
        coalesce(counted.valid, 0) AS valid,
        coalesce(qualified.qualified, 0) AS qualified,
        coalesce(counted.won, 0) AS won,
        coalesce(counted.lost, 0) AS lost,
        coalesce(counted.open, 0) AS open,
        coalesce(counted.price_driven, 0) AS price_driven,
        coalesce(new_clients.new_clients, 0) AS new_clients,
        counted.eventual,
        spent.spend
    FROM counted
    FULL JOIN spent ON counted.grp = spent.grp
    LEFT JOIN qualified ON counted.grp = qualified.grp
    LEFT JOIN new_clients ON counted.grp = new_clients.grp
)

SELECT
    grp,
    leads,
    valid,
    qualified,
    won,
    lost,
    open,
    valid::double / nullif(leads, 0) AS valid_rate,
    wilson_low(valid, leads) AS valid_rate_low,
    wilson_high(valid, leads) AS valid_rate_high,
    qualified::double / nullif(leads, 0) AS qualified_rate,
    wilson_low(qualified, leads) AS qualified_rate_low,
    wilson_high(qualified, leads) AS qualified_rate_high,
    won::double / nullif(leads, 0) AS win_rate,
    wilson_low(won, leads) AS win_rate_low,
    wilson_high(won, leads) AS win_rate_high,
    eventual['estimate'] AS eventual_rate,
    eventual['low'] AS eventual_rate_low,
    eventual['high'] AS eventual_rate_high,
    price_driven,
    price_driven::double / nullif(leads, 0) AS price_share,
    wilson_low(price_driven, leads) AS price_share_low,
    wilson_high(price_driven, leads) AS price_share_high,
    new_clients,
    spend,
    spend / nullif(leads, 0) AS cpl,
    spend / nullif(valid, 0) AS cost_per_valid,
    spend / nullif(qualified, 0) AS cost_per_qualified,
    spend / nullif(new_clients, 0) AS cac
FROM together
ORDER BY grp
