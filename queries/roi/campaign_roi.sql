/*
title = { ru = "Окупаемость рекламы за период", en = "Campaign return, by period" }
undated.ru = "отдача — в границах, со всеми такими выигрышами и без них; их число и сумма названы"
undated.en = "the return lies within bounds, with all such wins and without; their number and amount are told"
zero = ["leads", "won", "new_clients", "revenue"]
grain = "one row for the group, the greatest loss first"
needs = ["deals.created_at", "deals.closed_at", "deals.amount", "spend.cost"]
dimensions = "spend"
about.ru = """
За период: лиды — созданы, продажи и выручка — выиграны, расход — потрачен; выигранное могло прийти раньше (по когорте прихода: payback). Убыток
= расход − выручка (минус — прибыль); расход без единой сделки — убыток целиком. Без разреза вся выручка стоит против всего расхода. ROI = (маржа
− расход) / расход; пусто, если хоть у одной продажи неизвестна сумма или себестоимость. ROMI = (выручка − расход) / расход. ДРР = расход /
выручка. CPL на лид, CPO на продажу, CAC на нового клиента (его первая известная покупка — в этом периоде). Пусто: без расхода или при расходе не больше нуля — всё это; ДРР
— без выручки; ROMI и ДРР — где сумма неизвестна больше чем у 1 продажи из 200, CAC и новые клиенты — где у стольких не назван клиент или столько же выигрышей без даты. У
незаполненной группы рядом с другими и там, где ни у одной группы с расходом нет сделок (расход и сделки названы по-разному), отдачи нет: выручка
и расход — от разного; нет её и там, где лиды периода приходили раньше чем за месяц до первого известного расхода их источника, подрядчика и кампании (больше чем 1 из 200): во что они обошлись,
не известно. Выигрыши без даты, которые могли прийтись на период, в нём не посчитаны и стоят отдельно; ROMI с ними — от и до. Возвраты
отрицательными суммами вычитаются."""
about.en = """
Within the period: leads created, deals won with their revenue, money spent; what was won may have come earlier (by cohort of arrival: payback).
Loss = spend − revenue (below zero: gain); spend without a single deal is lost whole. Not split, all revenue stands against all spend. ROI =
(margin − spend) / spend; empty where any win lacks its amount or cost. ROMI = (revenue − spend) / spend. DRR = spend / revenue. CPL per lead,
CPO per win, CAC per new client (whose first known purchase fell within the period). Empty: all of these without spend or with a spend not above zero; DRR without revenue; ROMI
and DRR where more than 1 win of 200 lacks its amount, CAC and new clients where as many name no client, or as many wins have no date. The unfilled group beside others has no
return, and none has where no group with spend has a deal (spend and deals are named differently): there revenue and spend come from different
things; nor where leads of the period came more than a month before the first known spend of their source, contractor and campaign (more than 1 of 200): what they cost is not known. Wins without a date that may have been of the period are not counted in it and stand apart; ROMI with them: least and most. Refunds as
negative amounts are subtracted."""
columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "new_clients", unit = "count", title = { ru = "Новые клиенты", en = "New clients" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "margin", unit = "money", title = { ru = "Маржа", en = "Margin" } },
  { name = "won_without_margin", unit = "count", title = { ru = "Продаж без маржи", en = "Wins without a known margin" } },
  { name = "spend", unit = "money", spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "roi", unit = "share", spend = "against", title = { ru = "ROI", en = "ROI" } },
  { name = "romi", unit = "share", spend = "against", title = { ru = "ROMI", en = "ROMI" } },
  { name = "drr", unit = "share", spend = "against", title = { ru = "ДРР", en = "Spend to revenue" } },
  { name = "cpl", unit = "money", spend = "against", title = { ru = "CPL", en = "CPL" } },
  { name = "cpo", unit = "money", of = "won", spend = "against", title = { ru = "CPO", en = "CPO" } },
  { name = "cac", unit = "money", of = "new_clients", spend = "against", title = { ru = "CAC", en = "CAC" } },
  { name = "loss", unit = "money", title = { ru = "Убыток", en = "Loss" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Продаж без суммы", en = "Wins without an amount" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
  { name = "romi_least", unit = "share", title = { ru = "ROMI с ними, от", en = "ROMI with them, least" } },
  { name = "romi_most", unit = "share", title = { ru = "до", en = "most" } },
]
*/
-- from when on the group's spend is known, whatever the period; a month's spend may be booked on its last day
WITH began AS (
    SELECT grp, min(day) AS first_day
    FROM scope_spend
    GROUP BY grp
),

came AS (
    SELECT
        scope.grp,
        count(*) AS leads,
        count(*) FILTER (WHERE local_day(scope.created_at)::int < coalesce(way_began.first_day, began.first_day)::int - 31) AS unpaid
    -- the small sides of joins stand first: they are held
    FROM way_began
    RIGHT JOIN (began RIGHT JOIN scope ON began.grp = scope.grp)
        ON way_began.source = coalesce(scope.source, '')
        AND way_began.contractor = coalesce(scope.contractor, '')
        AND way_began.campaign = coalesce(scope.campaign, '')
    WHERE scope.created_at >= $from AND scope.created_at < $to
    GROUP BY scope.grp
),

-- every win, and whether it is its client's first purchase, which a refund is not; a deal that names no client counts as a client of its own: the same in lead_quality
wins AS (
    SELECT
        grp,
        won_at,
        amount,
        amount - cost AS margin,
        coalesce(client_id, '') = '' AS is_clientless,
        coalesce(amount, 0) >= 0
        AND (
            coalesce(client_id, '') = ''
            OR row_number() OVER (PARTITION BY client_id ORDER BY CASE WHEN amount < 0 THEN 1 ELSE 0 END, won_at, deal_id) = 1
        ) AS is_first
    FROM scope
    WHERE status = 'won'
),

sold AS (
    SELECT
        grp,
        count(*) AS won,
        count(*) FILTER (WHERE is_first) AS new_clients,
        count(*) FILTER (WHERE is_clientless) AS clientless,
        sum(amount) AS revenue,
        sum(margin) AS margin,
        count(*) FILTER (WHERE margin IS NULL) AS won_without_margin,
        count(*) FILTER (WHERE amount IS NULL) AS won_without_amount
    FROM wins
    WHERE won_at >= $from AND won_at < $to
    GROUP BY grp
),

-- known to be won, and on a day that may have been one of the period's
undated AS (
    SELECT
        grp,
        count(*) AS won,
        count(*) FILTER (WHERE amount IS NULL) AS won_without_amount,
        sum(amount) AS revenue,
        coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS refunded,
        coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS paid
    FROM scope
    WHERE
        status = 'won'
        AND won_at IS NULL
        AND coalesce(created_at < $to, TRUE)
        AND coalesce(closed_after < $to, TRUE)
        AND coalesce(closed_by >= $from, TRUE)
    GROUP BY grp
),

spent AS (
    SELECT grp, sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY grp
),

-- groups that had a deal in the period or the four weeks before, or spend in it
at_work AS (
    SELECT DISTINCT grp
    FROM scope
    WHERE coalesce(created_at, closed_at) < $to AND coalesce(closed_at, closed_by, $to) >= $from - INTERVAL '28 days'
),

groups AS (
    SELECT grp FROM at_work
    UNION
    SELECT grp FROM spent
),

-- a name that spend and deals share: without any, they name different things
shared AS (
    SELECT count(*) AS names
    FROM (SELECT DISTINCT grp FROM scope) AS deals
    INNER JOIN spent ON deals.grp = spent.grp
    WHERE spent.spend > 0 AND replace(spent.grp, chr(31), '') <> ''
),

together AS (
    SELECT
        groups.grp,
        coalesce(came.leads, 0) AS leads,
        coalesce(sold.won, 0) AS won,
        coalesce(sold.new_clients, 0) AS new_clients,
        200 * coalesce(sold.clientless, 0) <= coalesce(sold.won, 0) AND 200 * coalesce(undated.won, 0) <= coalesce(sold.won, 0) AS has_clients,
        -- nothing won is no revenue; won without amounts is unknown revenue
        CASE WHEN sold.won IS NULL THEN 0 ELSE sold.revenue END AS revenue,
        CASE WHEN sold.won IS NULL THEN 0 ELSE sold.margin END AS margin,
        coalesce(sold.won_without_margin, 0) AS won_without_margin,
        coalesce(sold.won_without_amount, 0) AS won_without_amount,
        200 * coalesce(sold.won_without_amount, 0) <= coalesce(sold.won, 0) AS has_amounts,
        coalesce(undated.won, 0) AS undated_won,
        coalesce(undated.won_without_amount, 0) AS undated_without_amount,
        CASE WHEN undated.won IS NULL THEN 0 ELSE undated.revenue END AS undated_revenue,
        coalesce(undated.refunded, 0) AS undated_refunded,
        coalesce(undated.paid, 0) AS undated_paid,
        spent.spend,
        replace(groups.grp, chr(31), '') = '' AS is_unfilled,
        -- what the return is on; the whole has one, a group whose revenue and spend come from different things has none
        CASE
            WHEN
                spent.spend > 0
                -- leads came before any spend of theirs is known: what they cost is not known
                AND 200 * coalesce(came.unpaid, 0) <= coalesce(came.leads, 0)
                AND (
                    count(*) OVER () = 1
                    OR (shared.names > 0 AND replace(groups.grp, chr(31), '') <> '')
                )
                THEN spent.spend
        END AS base
    FROM groups
    CROSS JOIN shared
    LEFT JOIN came ON groups.grp = came.grp
    LEFT JOIN sold ON groups.grp = sold.grp
    LEFT JOIN undated ON groups.grp = undated.grp
    LEFT JOIN spent ON groups.grp = spent.grp
)

SELECT
    grp,
    leads,
    won,
    CASE WHEN has_clients THEN new_clients END AS new_clients,
    revenue,
    margin,
    won_without_margin,
    spend,
    CASE WHEN won_without_margin = 0 THEN (margin - base)::double / base::double END AS roi,
    CASE WHEN has_amounts THEN (revenue - base)::double / base::double END AS romi,
    CASE WHEN has_amounts AND revenue > 0 THEN base::double / revenue::double END AS drr,
    base / nullif(leads, 0) AS cpl,
    base / nullif(won, 0) AS cpo,
    CASE WHEN has_clients THEN base / nullif(new_clients, 0) END AS cac,
    base - revenue AS loss,
    won_without_amount,
    undated_won,
    undated_revenue,
    CASE
        WHEN has_amounts AND undated_without_amount = 0 THEN (revenue + undated_refunded - base)::double / base::double
    END AS romi_least,
    CASE
        WHEN has_amounts AND undated_without_amount = 0 THEN (revenue + undated_paid - base)::double / base::double
    END AS romi_most
FROM together
ORDER BY is_unfilled, loss DESC NULLS LAST, grp
