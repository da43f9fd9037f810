/*
title = { ru = "Качество лидов", en = "Lead quality" }
partly.ru = "доля годных пуста без причин проигрыша, квалифицированных — без истории этапов, за ценой — без акций, интереса и причин; цены пусты у группы без расхода; без статуса пусто всё, кроме лидов, расхода и CPL"
partly.en = "the valid rate is empty without reasons for losing, the qualified rate without the stage history, the price-driven share without promotions, interest and reasons; costs are empty for a group without spend; without a status all but leads, spend and CPL are"
zero = ["leads", "won"]
grain = "one row for all leads of the group"
needs = ["deals.created_at"]
dimensions = "deals"

about.ru = """
Лиды: сделки, созданные за период, и что с ними стало к дате отчёта. Годные: не потеряны по причине, которую регламент называет
браком. Квалифицированные: дошли до квалифицирующего этапа регламента или дальше, либо выиграны. Доли — от всех лидов, интервал
Уилсона 95 %. Конверсия к сроку — Аален — Йохансен на самом длинном сроке: открытые не считаются потерянными. Движимы ценой: пришли по
акции, спрашивали только цену или потеряны из-за цены. Расход за тот же период; CAC — на нового клиента: первая
известная покупка клиента — в этом периоде, когда бы ни пришёл лид; новые клиенты и CAC пусты, если на 200 из них больше одного выигрыша без
даты, который мог прийтись на период. Где больше чем 1 лид из 200 пришёл раньше чем за месяц до первого известного
расхода своего источника, подрядчика и кампании, цен нет: во что эти лиды обошлись, не известно.
Чего не знаем, того не считаем: у потерянных без причины не известно, годны ли они; у потерянных без журнала этапов — дошли ли до
квалификации; у закрытых без даты — когда. Такие лиды сосчитаны в «не известно», доли стоят между «не менее» и «не более», а само значение
пусто, если границы расходятся больше чем на 0,5 п. п.; где причин, акций и интересов не загружено вовсе, долей по ним нет; если выигранных больше, чем открытых, а потерянных нет ни одной, потери не выгружены: доли годных, квалифицированных и выигранных пусты."""
about.en = """
Leads: deals created within the period, and what had become of them by the as-of date. Valid: not lost for a reason that the
regulation calls invalid. Qualified: reached the regulation's qualifying stage or a later one, or won. Rates are of all leads, with a 95 %
Wilson interval. Eventual win rate: Aalen–Johansen at the longest horizon, where open is not lost. Price-driven: came on a promotion,
asked for price alone, or lost on price. Spend of the same period; CAC is per new client: the client's first
known purchase fell within the period, whenever the lead came; new clients and CAC are empty where more than one win without a date per 200
of them may have been of the period. Where more than 1 lead of 200 came more than a month before the first known spend
of its source, contractor and campaign, there are no costs: what those leads cost is not known.
What is not known is not counted: of lost leads without a reason, whether they were valid; of lost leads without a stage log, whether they
were qualified; of closings without a date, when they were. Such leads stand under "unknown", the rates lie between "at least" and
"at most", and the value itself is empty where these are more than 0.5 pp apart; where no reasons, promotions or interests are loaded at
all, there are no rates of them; where more deals are won than open and not one is lost, losses are not exported: the valid, qualified and win rates are empty."""

columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "valid", unit = "count", needs = ["deals.lost_reason"], title = { ru = "Годные", en = "Valid" } },
  { name = "qualified", unit = "count", needs = ["journeys.entries"], title = { ru = "Квалифицированные", en = "Qualified" } },
  { name = "won", unit = "count", needs = ["deals.status"], title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "undated", unit = "count", title = { ru = "Закрыты без даты", en = "Closed without a date" } },
  { name = "valid_rate", unit = "share", interval = true, ends = true, unknown = "valid_rate_unknown", needs = ["deals.lost_reason"], missed = "spend", title = { ru = "Доля годных", en = "Valid rate" } },
  { name = "valid_rate_unknown", unit = "count", needs = ["deals.lost_reason"], title = { ru = "Годность не известна", en = "Validity unknown" } },
  { name = "qualified_rate", unit = "share", interval = true, ends = true, unknown = "qualified_rate_unknown", needs = ["journeys.entries"], title = { ru = "Доля квалифицированных", en = "Qualified rate" } },
  { name = "qualified_rate_unknown", unit = "count", needs = ["journeys.entries"], title = { ru = "Квалификация не известна", en = "Qualification unknown" } },
  { name = "win_rate", unit = "share", interval = true, ends = true, needs = ["deals.status"], title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "eventual_rate", unit = "share", of = "leads", interval = true, ends = true, missed = "spend", title = { ru = "Конверсия к сроку", en = "Eventual win rate" } },
  { name = "price_driven", unit = "count", needs = ["deals.promo|deals.interest|deals.lost_reason"], title = { ru = "Движимы ценой", en = "Price-driven" } },
  { name = "price_share", unit = "share", interval = true, ends = true, unknown = "price_share_unknown", needs = ["deals.promo|deals.interest|deals.lost_reason"], missed = "spend", title = { ru = "Доля движимых ценой", en = "Price-driven share" } },
  { name = "price_share_unknown", unit = "count", needs = ["deals.promo|deals.interest|deals.lost_reason"], title = { ru = "Причина не известна", en = "Reason unknown" } },
  { name = "new_clients", unit = "count", title = { ru = "Новые клиенты", en = "New clients" } },
  { name = "spend", unit = "money", needs = ["spend.cost"], spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "cpl", unit = "money", needs = ["spend.cost"], spend = "against", title = { ru = "CPL", en = "CPL" } },
  { name = "cost_per_valid", unit = "money", of = "valid", needs = ["deals.lost_reason"], spend = "against", title = { ru = "За годный лид", en = "Cost per valid lead" } },
  { name = "cost_per_qualified", unit = "money", of = "qualified", needs = ["spend.cost"], spend = "against", title = { ru = "За квалифицированный лид", en = "Cost per qualified lead" } },
  { name = "cac", unit = "money", of = "new_clients", needs = ["spend.cost"], spend = "against", title = { ru = "CAC", en = "CAC" } },
]
*/
WITH longest AS (
    SELECT max(days)::double AS days
    FROM horizons
),

qualifying AS (
    SELECT min(position) AS position FROM stages WHERE qualified
),

-- what the lists of a deal tell is told before the joins, which would copy the lists
known AS (
    SELECT
        grp,
        status,
        is_open,
        undated,
        lost_reason,
        promo,
        interest,
        stage_place(stage) AS standing,
        funnel_path(moves)['furthest'] AS furthest,
        -- between two snapshots a lead may have passed the stage unseen
        coalesce(known_from('stage', manager, branch) <= created_at, FALSE) AND NOT coalesce(moves[-1]['seen'], FALSE) AS is_logged,
        -- the least and the most that may have been won by any day
        least_outcome,
        greatest(minutes_between(created_at, least_until) / 1440.0, 0.0) AS least_days,
        most_outcome,
        greatest(minutes_between(created_at, most_until) / 1440.0, 0.0) AS most_days
    FROM scope
    WHERE created_at >= $from AND created_at < $to
),

-- `undated` leads are closed, and no export tells when: at the earliest when they came, at the latest when one showed them closed
leads AS (
    SELECT
        known.grp,
        known.status,
        known.is_open,
        known.undated,
        coalesce(known.furthest >= qualifying.position, FALSE) AS has_qualified,
        coalesce(known.status = 'lost' AND lost_reasons.invalid, FALSE) AS is_invalid,
        coalesce(known.status = 'lost' AND coalesce(known.lost_reason, '') = '', FALSE) AS is_unexplained,
        coalesce(known.promo, '') <> '' OR coalesce(known.interest, '') <> '' OR coalesce(known.lost_reason, '') <> '' AS tells_price,
        coalesce(known.promo, '') <> ''
        OR coalesce(interests.price, FALSE)
        OR coalesce(known.status = 'lost' AND lost_reasons.price, FALSE) AS is_price_driven,
        -- a stage in which it stands is one that it came to
        coalesce(
            known.standing['position'] >= qualifying.position AND known.standing['terminal'] IS NULL AND NOT known.standing['parking'],
            FALSE
        ) AS stands_qualified,
        known.is_logged OR coalesce(known.standing['terminal'] IS NULL AND NOT known.standing['parking'], FALSE) AS is_placed,
        known.least_outcome,
        known.least_days,
        known.most_outcome,
        known.most_days
    FROM known
    CROSS JOIN qualifying
    LEFT JOIN lost_reasons ON known.lost_reason = lost_reasons.reason
    LEFT JOIN interests ON known.interest = interests.interest
),

faced AS (
    SELECT
        leads.grp,
        leads.status,
        leads.is_open,
        leads.undated,
        leads.is_invalid,
        leads.is_unexplained,
        leads.tells_price,
        leads.is_price_driven,
        -- a won deal was qualified, whatever was logged
        coalesce(leads.status = 'won', FALSE) OR leads.stands_qualified OR leads.has_qualified AS is_qualified,
        leads.is_placed,
        leads.least_outcome,
        leads.least_days,
        leads.most_outcome,
        leads.most_days
    FROM leads
),

counted AS (
    SELECT
        faced.grp,
        count(*) AS leads,
        count(*) FILTER (WHERE faced.status = 'won') AS won,
        count(*) FILTER (WHERE faced.status = 'lost') AS lost,
        count(*) FILTER (WHERE faced.is_open) AS open,
        count(faced.undated) AS undated,
        count(*) FILTER (WHERE faced.undated = 'won' AND faced.status IS NULL) AS perhaps_won,
        count(*) FILTER (WHERE faced.is_invalid) AS invalid,
        count(*) FILTER (WHERE faced.is_unexplained) AS unexplained,
        count(*) FILTER (WHERE faced.tells_price) AS tells_price,
        count(*) FILTER (WHERE faced.is_price_driven) AS price_driven,
        count(*) FILTER (WHERE faced.is_unexplained AND NOT faced.is_price_driven) AS perhaps_price_driven,
        count(*) FILTER (WHERE faced.is_qualified) AS qualified,
        count(*) FILTER (WHERE NOT faced.is_qualified AND NOT faced.is_placed) AS unplaced,
        cuminc(faced.least_days, faced.least_outcome, longest.days) AS eventual_least,
        cuminc(faced.most_days, faced.most_outcome, longest.days) AS eventual_most
    FROM faced
    CROSS JOIN longest
    GROUP BY faced.grp
),

-- whether the store tells at all why deals were lost
loaded AS (
    SELECT
        count(*) FILTER (WHERE coalesce(lost_reason, '') <> '') > 0 AS has_reasons,
        -- where losses are not exported, what is left are the best
        (SELECT any_lost FROM losses) AS any_lost,
        -- without it nobody knows what came of a lead; that it came, and what it cost, is known all the same
        count(*) FILTER (WHERE coalesce(status, '') <> '') > 0 OR count(*) = 0 AS has_status
    FROM scope
),

-- a client's first known win, or a win of nobody in particular: the same in campaign_roi
firsts AS (
    SELECT
        grp,
        won_at,
        coalesce(client_id, '') = ''
        OR row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) = 1 AS is_first
    FROM scope
    WHERE won_at IS NOT NULL
),

new_clients AS (
    SELECT grp, count(*) AS new_clients
    FROM firsts
    WHERE is_first AND won_at >= $from AND won_at < $to
    GROUP BY grp
),

spent AS (
    SELECT grp, sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY grp
),

-- leads that came before any spend of their way is known, or of their group where no spend is of it: the same in campaign_roi
unpaid AS (
    SELECT came.grp, count(*) AS leads
    -- the small side of a join stands first: it is held
    FROM way_began
    RIGHT JOIN (
        SELECT
            scope.grp,
            local_day(scope.created_at)::int AS day,
            coalesce(scope.source, '') AS source,
            coalesce(scope.contractor, '') AS contractor,
            coalesce(scope.campaign, '') AS campaign,
            began.first_day
        FROM (SELECT grp, min(day) AS first_day FROM scope_spend GROUP BY grp) AS began
        INNER JOIN scope ON began.grp = scope.grp
        WHERE scope.created_at >= $from AND scope.created_at < $to
    ) AS came
        ON way_began.source = came.source AND way_began.contractor = came.contractor AND way_began.campaign = came.campaign
    WHERE came.day < coalesce(way_began.first_day, came.first_day)::int - 31
    GROUP BY came.grp
),

together AS (
    SELECT
        coalesce(counted.grp, spent.grp) AS grp,
        coalesce(counted.leads, 0) AS leads,
        coalesce(counted.won, 0) AS won,
        coalesce(counted.lost, 0) AS lost,
        coalesce(counted.open, 0) AS open,
        coalesce(counted.undated, 0) AS undated,
        coalesce(counted.perhaps_won, 0) AS perhaps_won,
        coalesce(counted.invalid, 0) AS invalid,
        coalesce(counted.unexplained, 0) AS unexplained,
        coalesce(counted.qualified, 0) AS qualified,
        coalesce(counted.unplaced, 0) AS unplaced,
        coalesce(counted.tells_price, 0) > 0 AS tells_price,
        coalesce(counted.price_driven, 0) AS price_driven,
        coalesce(counted.perhaps_price_driven, 0) AS perhaps_price_driven,
        CASE
            WHEN 200 * coalesce(undated_wins.won, 0) <= coalesce(new_clients.new_clients, 0) THEN coalesce(new_clients.new_clients, 0)
        END AS new_clients,
        loaded.has_reasons AND loaded.has_status AS has_reasons,
        loaded.any_lost,
        loaded.has_status,
        -- of several groups, leads and spend that name none have nothing in common
        (coalesce(counted.grp, spent.grp) = '' AND count(*) OVER () > 1)
        OR 200 * coalesce(unpaid.leads, 0) > coalesce(counted.leads, 0) AS is_unfilled,
        counted.eventual_least,
        counted.eventual_most,
        spent.spend
    FROM counted
    FULL JOIN spent ON counted.grp = spent.grp
    LEFT JOIN new_clients ON coalesce(counted.grp, spent.grp) = new_clients.grp
    LEFT JOIN unpaid ON counted.grp = unpaid.grp
    LEFT JOIN undated_wins ON coalesce(counted.grp, spent.grp) = undated_wins.grp
    CROSS JOIN loaded
),

bounded AS (
    SELECT
        grp,
        leads,
        won,
        lost,
        open,
        undated,
        invalid,
        unexplained,
        qualified,
        unplaced,
        tells_price,
        price_driven,
        perhaps_won,
        perhaps_price_driven,
        new_clients,
        has_reasons,
        has_status,
        any_lost,
        eventual_least,
        eventual_most,
        spend,
        -- money given back, or not spent, buys nobody
        CASE WHEN spend > 0 AND NOT is_unfilled THEN spend END AS base,
        -- valid is known of all leads but those lost for no stated reason
        CASE WHEN has_reasons THEN (leads - invalid - unexplained)::double / nullif(leads, 0) END AS valid_least,
        CASE WHEN has_reasons THEN (leads - invalid)::double / nullif(leads, 0) END AS valid_most,
        CASE WHEN any_lost THEN qualified::double / nullif(leads, 0) END AS qualified_least,
        CASE WHEN any_lost THEN (qualified + unplaced)::double / nullif(leads, 0) END AS qualified_most,
        CASE WHEN has_status AND any_lost THEN won::double / nullif(leads, 0) END AS won_least,
        CASE WHEN has_status AND any_lost THEN (won + perhaps_won)::double / nullif(leads, 0) END AS won_most,
        CASE WHEN tells_price THEN price_driven::double / nullif(leads, 0) END AS price_least,
        CASE WHEN tells_price THEN (price_driven + CASE WHEN has_reasons THEN perhaps_price_driven ELSE 0 END)::double / nullif(leads, 0) END
            AS price_most,
        CASE WHEN has_status AND any_lost THEN eventual_least['estimate'] END AS eventually_least,
        CASE WHEN has_status AND any_lost THEN eventual_most['estimate'] END AS eventually_most
    FROM together
)

SELECT
    grp,
    leads,
    CASE WHEN valid_most - valid_least <= 0.005 THEN leads - invalid - unexplained END AS valid,
    CASE WHEN qualified_most - qualified_least <= 0.005 OR leads = 0 OR (NOT any_lost AND unplaced = 0) THEN qualified END AS qualified,
    CASE WHEN has_status THEN won END AS won,
    CASE WHEN has_status THEN lost END AS lost,
    CASE WHEN has_status THEN open END AS open,
    CASE WHEN has_status THEN undated END AS undated,
    CASE WHEN valid_most - valid_least <= 0.005 THEN (valid_least + valid_most) / 2.0 END AS valid_rate,
    CASE WHEN has_reasons THEN wilson_low(leads - invalid - unexplained, leads) END AS valid_rate_low,
    CASE WHEN has_reasons THEN wilson_high(leads - invalid, leads) END AS valid_rate_high,
    valid_least AS valid_rate_least,
    valid_most AS valid_rate_most,
    CASE WHEN has_reasons THEN unexplained ELSE leads END AS valid_rate_unknown,
    CASE WHEN qualified_most - qualified_least <= 0.005 THEN (qualified_least + qualified_most) / 2.0 END AS qualified_rate,
    CASE WHEN any_lost THEN wilson_low(qualified, leads) END AS qualified_rate_low,
    CASE WHEN any_lost THEN wilson_high(qualified + unplaced, leads) END AS qualified_rate_high,
    qualified_least AS qualified_rate_least,
    qualified_most AS qualified_rate_most,
    unplaced AS qualified_rate_unknown,
    CASE WHEN won_most - won_least <= 0.005 THEN (won_least + won_most) / 2.0 END AS win_rate,
    CASE WHEN has_status AND any_lost THEN wilson_low(won, leads) END AS win_rate_low,
    CASE WHEN has_status AND any_lost THEN wilson_high(won + perhaps_won, leads) END AS win_rate_high,
    won_least AS win_rate_least,
    won_most AS win_rate_most,
    CASE WHEN eventually_most - eventually_least <= 0.005 THEN (eventually_least + eventually_most) / 2.0 END AS eventual_rate,
    CASE WHEN has_status AND any_lost THEN eventual_least['low'] END AS eventual_rate_low,
    CASE WHEN has_status AND any_lost THEN eventual_most['high'] END AS eventual_rate_high,
    eventually_least AS eventual_rate_least,
    eventually_most AS eventual_rate_most,
    CASE WHEN price_most - price_least <= 0.005 OR leads = 0 THEN price_driven END AS price_driven,
    CASE WHEN price_most - price_least <= 0.005 THEN (price_least + price_most) / 2.0 END AS price_share,
    CASE WHEN tells_price THEN wilson_low(price_driven, leads) END AS price_share_low,
    CASE WHEN tells_price THEN wilson_high(price_driven + CASE WHEN has_reasons THEN perhaps_price_driven ELSE 0 END, leads) END AS price_share_high,
    price_least AS price_share_least,
    price_most AS price_share_most,
    CASE WHEN NOT tells_price THEN leads WHEN has_reasons THEN perhaps_price_driven ELSE 0 END AS price_share_unknown,
    CASE WHEN has_status THEN new_clients END AS new_clients,
    spend,
    base / nullif(leads, 0) AS cpl,
    CASE WHEN valid_most - valid_least <= 0.005 THEN base / nullif(leads - invalid - unexplained, 0) END AS cost_per_valid,
    CASE WHEN qualified_most - qualified_least <= 0.005 THEN base / nullif(qualified, 0) END AS cost_per_qualified,
    CASE WHEN has_status THEN base / nullif(new_clients, 0) END AS cac
FROM bounded
ORDER BY grp
