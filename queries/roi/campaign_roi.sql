/*
title = { ru = "Окупаемость рекламы за период", en = "Campaign return, by period" }
zero = ["leads", "won", "new_clients", "revenue"]
grain = "one row for the group"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = ["source", "contractor", "campaign"]
about.ru = """
За период: лиды — созданы, продажи и выручка — выиграны, расход — потрачен; выигранное могло прийти раньше (по когорте прихода:
payback). ROI = (маржа − расход) / расход; пусто, если хоть у одной продажи неизвестна сумма или себестоимость. ROMI = (выручка −
расход) / расход. ДРР = расход / выручка. CPL на лид, CPO на продажу, CAC на нового клиента (его первая известная покупка — в этом периоде)."""
about.en = """
Within the period: leads created, deals won with their revenue, money spent; what was won may have come earlier (by cohort of arrival:
payback). ROI = (margin − spend) / spend; empty where any win lacks its amount or cost. ROMI = (revenue − spend) / spend.
DRR = spend / revenue. CPL per lead, CPO per win, CAC per new client (whose first known purchase fell within the period)."""
columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "new_clients", unit = "count", title = { ru = "Новые клиенты", en = "New clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "margin", unit = "money", title = { ru = "Маржа", en = "Margin" } },
  { name = "won_without_margin", unit = "count", title = { ru = "Продаж без маржи", en = "Wins without a known margin" } },
  { name = "spend", unit = "money", title = { ru = "Расход", en = "Spend" } },
  { name = "roi", unit = "share", title = { ru = "ROI", en = "ROI" } },
  { name = "romi", unit = "share", title = { ru = "ROMI", en = "ROMI" } },
  { name = "drr", unit = "share", title = { ru = "ДРР", en = "Spend to revenue" } },
  { name = "cpl", unit = "money", title = { ru = "CPL", en = "CPL" } },
  { name = "cpo", unit = "money", title = { ru = "CPO", en = "CPO" } },
  { name = "cac", unit = "money", title = { ru = "CAC", en = "CAC" } },
]
*/
WITH came AS (
    SELECT grp, count(*) AS leads
    FROM scope
    WHERE created_at >= $from AND created_at < $to
    GROUP BY grp
),

-- every win, and whether it is its client's first; a deal that names no client counts as a client of its own: the same in lead_quality
wins AS (
    SELECT
        grp,
        won_at,
        amount,
        amount - cost AS margin,
        coalesce(client_id, '') = ''
        OR row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) = 1 AS is_first
    FROM scope
    WHERE status = 'won'
),

sold AS (
    SELECT
        grp,
        count(*) AS won,
        count(*) FILTER (WHERE is_first) AS new_clients,
        sum(amount) AS revenue,
        sum(margin) AS margin,
        count(*) FILTER (WHERE margin IS NULL) AS won_without_margin
    FROM wins
    WHERE won_at >= $from AND won_at < $to
    GROUP BY grp
),

spent AS (
    SELECT grp, sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY grp
),

groups AS (
    SELECT grp FROM came
    UNION
    SELECT grp FROM sold
    UNION
    SELECT grp FROM spent
),

together AS (
    SELECT
        groups.grp,
        coalesce(came.leads, 0) AS leads,
        coalesce(sold.won, 0) AS won,
        coalesce(sold.new_clients, 0) AS new_clients,
        -- nothing won is no revenue; won without amounts is unknown revenue
        CASE WHEN sold.won IS NULL THEN 0 ELSE sold.revenue END AS revenue,
        CASE WHEN sold.won IS NULL THEN 0 ELSE sold.margin END AS margin,
        coalesce(sold.won_without_margin, 0) AS won_without_margin,
        spent.spend
    FROM groups
    LEFT JOIN came ON groups.grp = came.grp
    LEFT JOIN sold ON groups.grp = sold.grp
    LEFT JOIN spent ON groups.grp = spent.grp
)

SELECT
    grp,
    leads,
    won,
    new_clients,
    revenue,
    margin,
    won_without_margin,
    spend,
    CASE WHEN won_without_margin = 0 THEN (margin - spend)::double / nullif(spend::double, 0) END AS roi,
    (revenue - spend)::double / nullif(spend::double, 0) AS romi,
    spend::double / nullif(revenue::double, 0) AS drr,
    spend / nullif(leads, 0) AS cpl,
    spend / nullif(won, 0) AS cpo,
    spend / nullif(new_clients, 0) AS cac
FROM together
ORDER BY grp
