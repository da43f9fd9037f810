-- of each cell of the plan the newest edition that was known; one that says nothing withdraws it
WITH ranked AS (
    SELECT
        dimension,
        name,
        grp,
        period,
        measure,
        value,
        known_from,
        row_number() OVER (
            PARTITION BY dimension, name, period, measure
            ORDER BY known_from DESC NULLS LAST
        ) AS nth
    FROM plans_in_scope
)

SELECT
    dimension,
    name,
    grp,
    period,
    period_starts(period) AS starts,
    period_until(period) AS until,
    measure,
    value,
    known_from
FROM ranked
WHERE nth = 1 AND value IS NOT NULL
