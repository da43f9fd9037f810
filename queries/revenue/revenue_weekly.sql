/*
title = { ru = "Выручка по неделям: откуда она", en = "Weekly revenue: where it came from" }
partly.ru = "история — с первой продажи группы: до неё нулей нет, после неё неделя без продаж — ноль; «под давлением» пусто без касаний"
partly.en = "history begins with the group's first win: no zeros before it, and after it a week without a win is zero; pressured is empty without touches"
zero = ["won", "revenue"]
grain = "one row per week of the period, from the week of the group's first win"
needs = ["deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Выручка выигранных за неделю сделок, разложенная без остатка: под давлением — касаний до выигрыша за неделю или месяц больше лимита регламента
«any»; иначе по акции; иначе первая покупка клиента по полной цене; иначе повторная; чего сказать нельзя, то неизвестно: клиент не назван, у него
есть выигрыш без даты, акции не выгружены вовсе (нет ни сделок с акцией, ни таблицы акций: тогда доли по полной цене и по акциям пусты) или
касания этих сделок выгружены не от начала до выигрыша (тогда «под давлением» пусто). История начинается с недели первого выигрыша группы (у
ничего не продавшей — с первого её лида после первого выигрыша компании); дальше неделя без продаж — ноль, и группы, у которых в периоде или за
четыре недели до него была хоть одна сделка, стоят с нулями. Первая неделя может быть неполной. Отрицательные суммы складываются как есть.
Выигрыш без даты не попадает ни в одну неделю: сколько их, говорят revenue_change и revenue_stability. Выручка пуста, если суммы неизвестны у
всех, и всюду, если сумм не загружено вовсе."""
about.en = """
Revenue of the deals won in the week, split without remainder: pressured — more touches before the win, in a week or a month, than the
regulation's cap `any`; else under a promotion; else the client's first purchase at full price; else a repeat one; what cannot be told is
unknown: no client is named, the client has a win without a date, promotions were not exported at all (no deal names one, and there is no table
of them: then the parts at full price and under promotion are empty), or the touches of these deals are not loaded from their beginning to their
win (then pressured is empty). History begins with the week of the group's first win (of a group that never sold: with its first lead after the
company's first win); from there a week without sales is zero, and groups that had any deal in the period or the four weeks before it stand with
zeros. The first week may be a part of one. Negative amounts are added as they are. A win without a date is in no week: revenue_change and
revenue_stability count them. Revenue is empty where no win of the week has an amount, and everywhere where
no amounts are loaded at all."""
columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "revenue", unit = "money", needs = ["deals.amount"], title = { ru = "Выручка", en = "Revenue" } },
  { name = "repeat_full", unit = "money", needs = ["deals.amount"], title = { ru = "Повторные по полной цене", en = "Repeat at full price" } },
  { name = "new_full", unit = "money", needs = ["deals.amount"], title = { ru = "Новые по полной цене", en = "New at full price" } },
  { name = "promo", unit = "money", needs = ["deals.amount"], title = { ru = "По акции", en = "Under promotion" } },
  { name = "pressured", unit = "money", needs = ["deals.amount"], title = { ru = "Под давлением", en = "Pressured" } },
  { name = "won_without_client", unit = "count", title = { ru = "Без клиента", en = "Without a client" } },
  { name = "unknown", unit = "money", needs = ["deals.amount"], title = { ru = "Неизвестно, откуда", en = "Unknown" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Без суммы", en = "Without an amount" } },
]
*/
WITH wins AS (
    SELECT
        deal_id,
        client_id,
        grp,
        manager,
        branch,
        created_at,
        won_at,
        amount,
        coalesce(promo, '') <> '' AS is_promo,
        coalesce(client_id, '') = '' AS is_clientless,
        row_number() OVER (PARTITION BY client_id ORDER BY won_at NULLS LAST, deal_id) = 1 AS is_first
    FROM scope
    WHERE status = 'won'
),

-- a win without a date may have been before each of its client's
undated_clients AS (
    SELECT DISTINCT client_id
    FROM wins
    WHERE won_at IS NULL
),

-- only deals with enough touches to break a cap at all
touches AS (
    SELECT scope.deal_id, scope.won_at, caps.per_week, caps.per_month, unnest(scope.touch_at) AS touched_at
    FROM scope
    CROSS JOIN caps
    WHERE
        caps.kind = 'any'
        AND array_length(scope.touch_at) > least(caps.per_week, caps.per_month)
        AND scope.status = 'won'
        AND scope.won_at >= $from
        AND scope.won_at < $to
),

-- where no win has an amount, a week without a win has no revenue that anybody knows
amounts AS (
    SELECT count(amount) > 0 AS are_known
    FROM wins
),

-- touches of a deal before it was won, by week and by month, beside the cap of each; a closing that is a day may be after all of them
paces AS (
    SELECT deal_id, local_week(touched_at) AS since, per_week AS cap, count(*) AS touches
    FROM touches
    WHERE touched_at < ends_at(won_at)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT deal_id, local_month(touched_at) AS since, per_month AS cap, count(*) AS touches
    FROM touches
    WHERE touched_at < ends_at(won_at)
    GROUP BY 1, 2, 3
),

pressured AS (
    SELECT DISTINCT deal_id
    FROM paces
    WHERE touches > cap
),

-- without touches, or without a cap on them, nobody can say who was pressed
pressure AS (
    SELECT
        sum(coalesce(array_length(scope.touch_at), 0)) > 0 AND count(caps.kind) > 0 AS is_known
    FROM scope
    LEFT JOIN caps ON caps.kind = 'any'
),

-- where nobody ever named a promotion, a deal without one is not known to be at full price
promoted AS (
    SELECT sum(named.named) > 0 AS is_known
    FROM (
        SELECT count(*) FILTER (WHERE promo <> '') AS named
        FROM scope
        UNION ALL
        SELECT count(*) AS named
        FROM promos
    ) AS named
),

sorted AS (
    SELECT
        wins.grp,
        local_week(wins.won_at) AS week,
        wins.amount,
        wins.is_clientless,
        -- who is seen to be pressed is, whatever else was
        pressured.deal_id IS NOT NULL
        OR coalesce(
            known_from('touch', wins.manager, wins.branch) <= wins.created_at
            AND known_until('touch', wins.manager, wins.branch) >= wins.won_at,
            FALSE
        ) AS is_covered,
        CASE
            WHEN pressured.deal_id IS NOT NULL THEN 'pressured'
            WHEN wins.is_promo THEN 'promo'
            WHEN NOT promoted.is_known OR wins.is_clientless THEN 'unknown'
            WHEN NOT wins.is_first THEN 'repeat_full'
            WHEN undated_clients.client_id IS NOT NULL THEN 'unknown'
            ELSE 'new_full'
        END AS origin
    FROM wins
    CROSS JOIN promoted
    LEFT JOIN pressured ON wins.deal_id = pressured.deal_id
    LEFT JOIN undated_clients ON wins.client_id = undated_clients.client_id
    WHERE wins.won_at >= $from AND wins.won_at < $to
),

by_week AS (
    SELECT
        weeks.grp,
        weeks.week,
        count(sorted.week) AS won,
        count(sorted.amount) AS won_with_amount,
        coalesce(sum(sorted.amount), 0) AS revenue,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'repeat_full'), 0) AS repeat_full,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'new_full'), 0) AS new_full,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'promo'), 0) AS promo,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'pressured'), 0) AS pressured,
        coalesce(sum(sorted.amount) FILTER (WHERE sorted.origin = 'unknown'), 0) AS unknown,
        count(*) FILTER (WHERE sorted.is_clientless) AS won_without_client,
        count(*) FILTER (WHERE NOT sorted.is_covered) AS won_without_touches
    FROM begun_weeks AS weeks
    LEFT JOIN sorted ON weeks.grp = sorted.grp AND weeks.week = sorted.week
    GROUP BY weeks.grp, weeks.week
),

told AS (
    SELECT
        by_week.grp,
        by_week.week,
        by_week.won,
        by_week.won_with_amount,
        by_week.revenue,
        by_week.repeat_full,
        by_week.new_full,
        by_week.promo,
        by_week.pressured,
        by_week.unknown,
        by_week.won_without_client,
        amounts.are_known AND (by_week.won = 0 OR by_week.won_with_amount > 0) AS has_amounts,
        promoted.is_known AS has_promos,
        pressure.is_known AND by_week.won_without_touches = 0 AS has_touches
    FROM by_week
    CROSS JOIN amounts
    CROSS JOIN pressure
    CROSS JOIN promoted
)

SELECT
    grp,
    week,
    won,
    CASE WHEN has_amounts THEN revenue END AS revenue,
    CASE WHEN has_amounts AND has_promos THEN repeat_full END AS repeat_full,
    CASE WHEN has_amounts AND has_promos THEN new_full END AS new_full,
    CASE WHEN has_amounts AND has_promos THEN promo END AS promo,
    CASE WHEN has_amounts AND has_touches THEN pressured END AS pressured,
    won_without_client,
    -- what of the pressured is known while the rest is not, is part of this
    CASE WHEN has_amounts THEN unknown + CASE WHEN has_touches THEN 0 ELSE pressured END END AS unknown,
    won - won_with_amount AS won_without_amount
FROM told
ORDER BY grp, week
