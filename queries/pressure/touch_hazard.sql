/*
title = { ru = "Что добавляет ещё одно касание", en = "What one more touch adds" }
partly.ru = "вред пуст, пока не загружены отказы, жалобы или отписки"
partly.en = "harm is empty until refusals, complaints or opt-outs are loaded"
grain = "one row per touch number"
needs = ["deals.created_at", "deals.status", "deals.closed_at", "journeys.touch_at"]
dimensions = "deals"
about.ru = """
Сделки, созданные за период и получившие k-е касание до закрытия и до первого отказа, отписки или жалобы: сколько выиграно до следующего
касания и скольким оно принесло отказ, отписку или жалобу. Доли с интервалом Уилсона 95 %. Выжившие до длинных цепочек не льстят: у каждого k
свой знаменатель. Если о закрытии, отказе, отписке или жалобе известен только день, касания этого дня считаются бывшими до них. Вред неизвестен и не
показан, если ни одного отказа, отписки или жалобы в группе не загружено. Это связь, а не доказанная причина."""
about.en = """
Deals created within the period that received touch k before closing and before the first refusal, opt-out or complaint: how many were won
before the next touch, and for how many a refusal, opt-out or complaint followed. Shares with 95 % Wilson intervals. Survivors do not flatter
long chases: each k has a denominator of its own. Where only the day of a closing, refusal, opt-out or complaint is known, the touches of that
day count as before it. The harm is not known, and not shown, where not one refusal, opt-out or complaint of the group was loaded. An
association, not a proven cause."""
columns = [
  { name = "touch", unit = "count", title = { ru = "Касание", en = "Touch" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "won_next", unit = "count", title = { ru = "Выиграны до следующего", en = "Won before the next" } },
  { name = "win_hazard", unit = "share", interval = true, title = { ru = "Доля выигранных", en = "Win hazard" } },
  { name = "harm_next", unit = "count", title = { ru = "Отказ, отписка или жалоба", en = "Refused, opted out or complained" } },
  { name = "harm_hazard", unit = "share", interval = true, title = { ru = "Доля вреда", en = "Harm hazard" } },
]
*/
-- where a day is all that is known, the last moment of it: the touches of the day came before
WITH chased AS (
    SELECT
        grp,
        touch_at,
        array_length(touch_at)::bigint AS touches,
        ends_at(won_at) AS won_at,
        ends_at(closed_at) AS closed_at,
        least(ends_at(refused_at), ends_at(opted_out_at), ends_at(complained_at)) AS harmed_at
    FROM scope
    WHERE created_at >= $from AND created_at < $to AND array_length(touch_at) > 0
),

-- each touch beside the next one of its deal, if there is one
numbered AS (
    SELECT
        grp,
        won_at,
        closed_at,
        harmed_at,
        unnest(range(1, touches + 1)) AS touch,
        unnest(touch_at) AS touched_at,
        unnest(array_slice(touch_at, 2, touches)) AS next_at
    FROM chased
),

-- at risk: not closed and not harmed before the touch
at_risk AS (
    SELECT
        grp,
        touch,
        coalesce(won_at >= touched_at AND (next_at IS NULL OR won_at < next_at), FALSE) AS has_won,
        coalesce(harmed_at >= touched_at AND (next_at IS NULL OR harmed_at < next_at), FALSE) AS has_harmed
    FROM numbered
    WHERE (closed_at IS NULL OR closed_at >= touched_at) AND (harmed_at IS NULL OR harmed_at >= touched_at)
),

-- groups of which some harm was ever loaded: of the others nothing is known of it
harm AS (
    SELECT grp, count(coalesce(refused_at, opted_out_at, complained_at)) > 0 AS is_known
    FROM scope
    GROUP BY grp
),

counted AS (
    SELECT
        at_risk.grp,
        at_risk.touch,
        count(*) AS deals,
        count(*) FILTER (WHERE at_risk.has_won) AS won_next,
        CASE WHEN harm.is_known THEN count(*) FILTER (WHERE at_risk.has_harmed) END AS harm_next
    FROM at_risk
    INNER JOIN harm ON at_risk.grp = harm.grp
    GROUP BY at_risk.grp, at_risk.touch, harm.is_known
)

SELECT
    grp,
    touch,
    deals,
    won_next,
    CASE WHEN losses.any_lost THEN won_next::double / deals END AS win_hazard,
    CASE WHEN losses.any_lost THEN wilson_low(won_next, deals) END AS win_hazard_low,
    CASE WHEN losses.any_lost THEN wilson_high(won_next, deals) END AS win_hazard_high,
    harm_next,
    harm_next::double / deals AS harm_hazard,
    wilson_low(harm_next, deals) AS harm_hazard_low,
    wilson_high(harm_next, deals) AS harm_hazard_high
FROM counted
CROSS JOIN losses
ORDER BY grp, touch
