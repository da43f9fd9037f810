/*
title = { ru = "Качество лидов при равной обработке", en = "Lead quality under equal handling" }
grain = "one row for all leads of the group"
needs = ["deals.created_at", "deals.status", "journeys.response_at"]
dimensions = ["source", "contractor", "campaign", "pipeline", "promo", "interest", "extra"]

about.ru = """
Доля выигранных: как есть и прямо стандартизованная — какой она была бы, если бы лидам группы отвечали так же быстро и те же менеджеры, как
всем лидам вместе. Так подрядчик не отвечает за медленную обработку. Клетки: срок ответа (корзины регламента и «без ответа») × менеджер; веса —
все лиды периода. Клетки группы меньше 5 лидов слиты: сначала в одном сроке ответа, потом все; «Охвачено» — доля весов, о которой группа
вообще что-то говорит, доля приведена к ней. В счёт идут лиды, прожившие самый длинный срок регламента, и продажи не позже него: открытые не
считаются потерянными. Интервалы 95 % — Уилсона, стандартизованный — по числу лидов, столько же
говорящих о доле. Лиды без значения разреза весов не дают. Связь, а не доказанная причина. Группа, где больше
чем у 1 лида из 200 продажа без даты, долей не имеет: в срок она или нет, не известно. Где в базе есть выигрыши и ни одной потери, потери не выгружены: доли пусты."""
about.en = """
The share won, raw and directly standardised: what it would be if the group's leads were answered as fast, and handled by the same managers,
as all leads together. So a contractor is not blamed for slow processing. Cells: response bucket of the regulation (and not answered) ×
manager; weights: all leads of the period. Cells of a group with fewer than 5 leads are merged, first within a bucket, then all; covered: the
share of the weights that the group says anything about, to which the rate is scaled. Counted are leads that have lived the regulation's
longest horizon, and wins within it: open is not lost. 95 % intervals: Wilson's, the standardised one by the number of leads that would
say as much of the rate. Leads without a value of the split weigh nothing. An association, not a proven cause. A group of
which more than 1 lead in 200 was won on an unknown day, in time or not, has no rates. Where the store has wins and not one loss, losses are not exported: shares are empty."""

columns = [
  { name = "leads", unit = "count", title = { ru = "Дозревшие лиды", en = "Ripe leads" } },
  { name = "young", unit = "count", title = { ru = "Ещё не дозрели", en = "Too young yet" } },
  { name = "won", unit = "count", title = { ru = "Выиграны в срок", en = "Won in time" } },
  { name = "raw_rate", unit = "share", interval = true, title = { ru = "Доля выигранных как есть", en = "Win rate, raw" } },
  { name = "standardised_rate", unit = "share", interval = true, title = { ru = "При равной обработке", en = "Win rate, standardised" } },
  { name = "covered", unit = "share", title = { ru = "Охвачено", en = "Covered" } },
  { name = "undated", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

-- fewer leads say too little of a cell by themselves
smallest AS (
    SELECT 5 AS leads
),

leads AS (
    SELECT
        scope.grp,
        coalesce(scope.manager, '') AS manager,
        scope.response_at,
        scope.created_at,
        minutes_between(scope.created_at, scope.seen_until) >= longest.days * 1440 AS is_ripe,
        CASE WHEN minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440 THEN 1 ELSE 0 END AS won,
        CASE WHEN scope.undated = 'won' THEN 1 ELSE 0 END AS undated
    FROM scope
    CROSS JOIN longest
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

answered AS (
    SELECT
        leads.grp,
        leads.manager,
        leads.won,
        leads.response_at IS NULL AS is_unanswered,
        CASE
            WHEN leads.response_at < leads.created_at THEN 0.0
            WHEN rules.response_working THEN working_minutes(leads.created_at, leads.response_at)
            ELSE minutes_between(leads.created_at, leads.response_at)
        END AS minutes
    FROM leads
    CROSS JOIN rules
    WHERE leads.is_ripe
),

-- bucket 0: not answered
bucketed AS (
    SELECT answered.grp, answered.manager, answered.won, coalesce(response_buckets.bucket, 0) AS bucket
    FROM answered
    LEFT JOIN response_buckets
        ON answered.minutes >= response_buckets.from_minutes
        AND (response_buckets.to_minutes IS NULL OR answered.minutes < response_buckets.to_minutes)
        AND NOT answered.is_unanswered
),

cells AS (
    SELECT grp, bucket, manager, count(*) AS leads, sum(won) AS won
    FROM bucketed
    GROUP BY grp, bucket, manager
),

-- the crowd without a value of the split is nobody's standard
pooled AS (
    SELECT bucket, manager, sum(leads) AS weight
    FROM cells
    WHERE
        strpos(concat(chr(31), grp, chr(31)), concat(chr(31), chr(31))) = 0
        OR (SELECT max(grp) FROM cells) = ''
    GROUP BY bucket, manager
),

groups AS (
    SELECT
        grp,
        count(*) FILTER (WHERE is_ripe) AS leads,
        count(*) FILTER (WHERE NOT is_ripe) AS young,
        coalesce(sum(won) FILTER (WHERE is_ripe), 0) AS won,
        coalesce(sum(undated) FILTER (WHERE is_ripe), 0) AS undated
    FROM leads
    GROUP BY grp
),

-- every kind of lead for every group: what it has of it, and how much of it there is in all
kinds AS (
    SELECT
        groups.grp,
        pooled.bucket,
        pooled.weight,
        coalesce(cells.leads, 0) AS leads,
        coalesce(cells.won, 0) AS won,
        CASE WHEN cells.leads >= smallest.leads THEN 1 ELSE 0 END AS is_own
    FROM groups
    CROSS JOIN pooled
    CROSS JOIN smallest
    LEFT JOIN cells
        ON groups.grp = cells.grp
        AND pooled.bucket = cells.bucket
        AND pooled.manager = cells.manager
),

by_bucket AS (
    SELECT
        kinds.grp,
        sum(kinds.weight) AS weight,
        sum(kinds.leads) AS leads,
        sum(kinds.won) AS won,
        CASE WHEN sum(kinds.leads) >= min(smallest.leads) THEN 1 ELSE 0 END AS is_own
    FROM kinds
    CROSS JOIN smallest
    WHERE kinds.is_own = 0
    GROUP BY kinds.grp, kinds.bucket
),

the_rest AS (
    SELECT grp, sum(weight) AS weight, sum(leads) AS leads, sum(won) AS won
    FROM by_bucket
    WHERE is_own = 0
    GROUP BY grp
),

merged AS (
    SELECT grp, weight, leads, won
    FROM kinds
    WHERE is_own = 1
    UNION ALL
    SELECT grp, weight, leads, won
    FROM by_bucket
    WHERE is_own = 1
    UNION ALL
    SELECT the_rest.grp, the_rest.weight, the_rest.leads, the_rest.won
    FROM the_rest
    CROSS JOIN smallest
    WHERE the_rest.leads >= smallest.leads
),

-- as many leads, mixed as all are, would say as much: Wilson's interval of so many misses the rate in one group of 20. The delta method, which takes
-- the variance from the cells' own few wins, missed it in up to one of 7
standard AS (
    SELECT
        merged.grp,
        standardised(merged.weight, merged.won, merged.leads)['rate'] AS rate,
        sum(merged.weight) AS weight,
        power(sum(merged.weight)::double, 2.0)
        / sum((power(merged.weight::double, 2.0) / merged.leads)::decimal(30, 6))::double AS worth
    FROM merged
    GROUP BY merged.grp
),

bounded AS (
    SELECT
        grp,
        rate,
        weight,
        (rate + 3.841459 / (2.0 * worth)) / (1.0 + 3.841459 / worth) AS middle,
        1.959964 * sqrt(rate * (1.0 - rate) / worth + 3.841459 / (4.0 * worth * worth)) / (1.0 + 3.841459 / worth) AS reach
    FROM standard
),

everything AS (
    SELECT sum(weight) AS weight
    FROM pooled
),

-- whether the rate of a group can be told: losses are exported, and of nearly all its wins it is known whether they came in time
told AS (
    SELECT groups.grp, losses.any_lost AND groups.undated * 200 <= groups.leads AS is_known
    FROM groups
    CROSS JOIN losses
)

SELECT
    groups.grp,
    groups.leads,
    groups.young,
    CASE WHEN groups.undated = 0 OR told.is_known THEN groups.won END AS won,
    CASE WHEN told.is_known THEN groups.won::double / nullif(groups.leads, 0) END AS raw_rate,
    CASE WHEN told.is_known THEN wilson_low(groups.won, groups.leads) END AS raw_rate_low,
    CASE WHEN told.is_known THEN wilson_high(groups.won, groups.leads) END AS raw_rate_high,
    bounded.rate AS standardised_rate,
    CASE WHEN bounded.rate IS NOT NULL THEN greatest(bounded.middle - bounded.reach, 0.0) END AS standardised_rate_low,
    CASE WHEN bounded.rate IS NOT NULL THEN least(bounded.middle + bounded.reach, 1.0) END AS standardised_rate_high,
    coalesce(bounded.weight, 0)::double / nullif(everything.weight, 0) AS covered,
    groups.undated
FROM groups
CROSS JOIN everything
INNER JOIN told ON groups.grp = told.grp
LEFT JOIN bounded ON groups.grp = bounded.grp AND told.is_known
ORDER BY groups.grp
