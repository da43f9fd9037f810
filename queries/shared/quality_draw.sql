/* The deals drawn for quality control out of those that closed or moved within the period (grp, number, deal_id, client_id, manager,
   stage, status, amount). The draw is over all groups, and fixed by the regulation's seed. */
WITH moved AS (
    SELECT DISTINCT deal_id
    FROM scope_entries
    WHERE at >= $from AND at < $to
),

eligible AS (
    SELECT
        scope.grp,
        scope.deal_id,
        scope.client_id,
        scope.manager,
        scope.stage,
        scope.status,
        coalesce(scope.list_amount, scope.amount) AS amount,
        seeded(rules.quality_seed, scope.deal_id) AS draw
    FROM scope
    CROSS JOIN rules
    LEFT JOIN moved ON scope.deal_id = moved.deal_id
    WHERE
        moved.deal_id IS NOT NULL
        OR (scope.closed_at >= $from AND scope.closed_at < $to)
        -- closed nobody knows when, but within the period
        OR (scope.undated IS NOT NULL AND scope.closed_after >= $from AND scope.closed_by < $to)
),

shuffled AS (
    SELECT
        grp,
        deal_id,
        client_id,
        manager,
        stage,
        status,
        amount,
        draw,
        row_number() OVER (PARTITION BY manager, stage ORDER BY draw, deal_id) AS turn,
        count(*) OVER (PARTITION BY manager, stage) AS size
    FROM eligible
),

-- the second deal of a stratum has the claim 0.5 / (size - 1), the third 1.5 / (size - 1), …: the smaller comes first
numbered AS (
    SELECT
        grp,
        deal_id,
        client_id,
        manager,
        stage,
        status,
        amount,
        row_number() OVER (
            ORDER BY
                CASE WHEN turn = 1 THEN 0 ELSE 1 END,
                CASE WHEN turn = 1 THEN -size::double ELSE (turn - 1.5) / (size - 1) END,
                draw,
                deal_id
        ) AS number
    FROM shuffled
)

SELECT
    numbered.grp,
    numbered.number,
    numbered.deal_id,
    numbered.client_id,
    numbered.manager,
    numbered.stage,
    numbered.status,
    numbered.amount
FROM numbered
CROSS JOIN rules
WHERE numbered.number <= rules.quality_sample
