/* What happened, by group, source and day: leads that came, deals won, their revenue and margin, touches (grp, source, day, leads, won, blank,
   revenue, costless, margin, touches). blank: won without an amount; costless: won without an amount or a cost. Touches are counted where
   anybody planned them. */
WITH asked AS (
    SELECT count(*) AS plans
    FROM scope_plans
    WHERE measure = 'touches'
),

touched AS (
    SELECT scope.grp, scope.source, unnest(scope.touch_at) AS touched_at
    FROM scope
    CROSS JOIN asked
    WHERE asked.plans > 0
),

happened AS (
    SELECT
        grp,
        source,
        local_day(created_at) AS day,
        1 AS leads,
        0 AS won,
        0 AS blank,
        0::decimal(18, 4) AS revenue,
        0 AS costless,
        0::decimal(18, 4) AS margin,
        0 AS touches
    FROM scope
    WHERE created_at IS NOT NULL
    UNION ALL
    SELECT
        grp,
        source,
        local_day(won_at) AS day,
        0 AS leads,
        1 AS won,
        CASE WHEN amount IS NULL THEN 1 ELSE 0 END AS blank,
        coalesce(amount, 0)::decimal(18, 4) AS revenue,
        CASE WHEN amount IS NULL OR cost IS NULL THEN 1 ELSE 0 END AS costless,
        coalesce(amount - cost, 0)::decimal(18, 4) AS margin,
        0 AS touches
    FROM scope
    WHERE won_at IS NOT NULL
    UNION ALL
    SELECT
        grp,
        source,
        local_day(touched_at) AS day,
        0 AS leads,
        0 AS won,
        0 AS blank,
        0::decimal(18, 4) AS revenue,
        0 AS costless,
        0::decimal(18, 4) AS margin,
        1 AS touches
    FROM touched
)

SELECT
    grp,
    coalesce(source, '') AS source,
    day,
    sum(leads) AS leads,
    sum(won) AS won,
    sum(blank) AS blank,
    sum(revenue) AS revenue,
    sum(costless) AS costless,
    sum(margin) AS margin,
    sum(touches) AS touches
FROM happened
GROUP BY grp, coalesce(source, ''), day
