/*
title = { ru = "Жалеют ли о покупке", en = "Do they regret buying" }
grain = "one row per third of the wins by touches before them"
needs = ["deals.closed_at", "deals.status", "journeys.touch_at", "journeys.refunded_at|journeys.complained_at"]
dimensions = "deals"

about.ru = """
Сделки, выигранные за период, с выигрыша которых до даты отчёта прошло не меньше regret_days регламента: сколько из них за эти дни
закончились возвратом или жалобой. По третям числа касаний до выигрыша: целая часть от 3 × доля сделок, у которых касаний строго меньше,
плюс 1; равные попадают в одну треть, поэтому трети бывают неравны, а какой-то может не быть. Деление одно для всех групп. Доля с
интервалом Уилсона 95 %. Если о выигрыше известен только день, касания этого дня считаются бывшими до него, жалобы этого дня — не бывшими после
него, а дни идут с его конца; возврат всегда после выигрыша. Это связь, а не доказанная причина."""
about.en = """
Deals won within the period for which the regulation's regret_days had passed by the as-of date: how many of them ended in a refund or a
complaint within those days. By thirds of the number of touches before the win: the whole part of 3 × the share of deals with strictly
fewer touches, plus 1; equals fall into one third, so that thirds may be unequal and one may be missing. One division for all groups.
Share with a 95 % Wilson interval. Where only the day of a win is known, the touches of that day count as before it, its complaints not as
after it, and the days run from its end; a refund always follows the win. An association, not a proven cause."""

columns = [
  { name = "third", unit = "count", title = { ru = "Треть", en = "Third" } },
  { name = "touches_from", unit = "count", title = { ru = "Касаний от", en = "Touches from" } },
  { name = "touches_to", unit = "count", title = { ru = "Касаний до", en = "Touches to" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "refunds", unit = "count", title = { ru = "С возвратом", en = "With a refund" } },
  { name = "complaints", unit = "count", title = { ru = "С жалобой", en = "With a complaint" } },
  { name = "regretted", unit = "count", title = { ru = "С возвратом или жалобой", en = "With either" } },
  { name = "regret_share", unit = "share", interval = true, title = { ru = "Доля пожалевших", en = "Share regretted" } },
]
*/
WITH wins AS (
    SELECT
        scope.deal_id,
        scope.grp,
        scope.won_at,
        -- of a day, its end: what happened on it came before
        ends_at(scope.won_at) AS surely_won_at,
        scope.touch_at,
        rules.regret_days * 1440.0 AS regret_minutes
    FROM scope
    CROSS JOIN rules
    WHERE
        scope.won_at >= $from
        AND scope.won_at < $to
        AND scope.status = 'won'
        AND minutes_between(ends_at(scope.won_at), scope.seen_until) >= rules.regret_days * 1440.0
),

touches AS (
    SELECT deal_id, surely_won_at, unnest(touch_at) AS touched_at
    FROM wins
    WHERE array_length(touch_at) > 0
),

pressed AS (
    SELECT deal_id, count(*) AS touches
    FROM touches
    WHERE touched_at < surely_won_at
    GROUP BY deal_id
),

regrets AS (
    SELECT
        wins.deal_id,
        max(CASE WHEN scope_events.kind = 'refund' THEN 1 ELSE 0 END) AS has_refund,
        max(CASE WHEN scope_events.kind = 'complaint' THEN 1 ELSE 0 END) AS has_complaint
    FROM wins
    INNER JOIN scope_events ON wins.deal_id = scope_events.deal_id
    WHERE
        scope_events.kind IN ('refund', 'complaint')
        AND scope_events.at >= $from
        AND (
            scope_events.at > wins.surely_won_at
            OR (scope_events.kind = 'refund' AND ends_at(scope_events.at) > wins.won_at)
        )
        AND minutes_between(wins.surely_won_at, scope_events.at) <= wins.regret_minutes
    GROUP BY wins.deal_id
),

-- rank() counts those with strictly fewer touches, and one
placed AS (
    SELECT
        wins.grp,
        coalesce(pressed.touches, 0) AS touches,
        coalesce(regrets.has_refund, 0) AS has_refund,
        coalesce(regrets.has_complaint, 0) AS has_complaint,
        3 * (rank() OVER (ORDER BY coalesce(pressed.touches, 0)) - 1)::bigint / count(*) OVER () + 1 AS third
    FROM wins
    LEFT JOIN pressed ON wins.deal_id = pressed.deal_id
    LEFT JOIN regrets ON wins.deal_id = regrets.deal_id
),

counted AS (
    SELECT
        grp,
        third,
        min(touches) AS touches_from,
        max(touches) AS touches_to,
        count(*) AS deals,
        sum(has_refund) AS refunds,
        sum(has_complaint) AS complaints,
        sum(greatest(has_refund, has_complaint)) AS regretted
    FROM placed
    GROUP BY grp, third
)

SELECT
    grp,
    third,
    touches_from,
    touches_to,
    deals,
    refunds,
    complaints,
    regretted,
    regretted::double / deals AS regret_share,
    wilson_low(regretted, deals) AS regret_share_low,
    wilson_high(regretted, deals) AS regret_share_high
FROM counted
ORDER BY grp, third
