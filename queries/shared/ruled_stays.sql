/* The stays of deals in stages of which a mailing rule speaks, whosever the deal is: a client, or a deal that names none
   (who, stage, per_month, entered_at, left_at). `left_at` is null while it stands there. */
-- each move, and being created; nothing where no rule names a stage
WITH moves AS (
    SELECT scope_entries.deal_id, scope_entries.stage, scope_entries.position, scope_entries.at
    FROM scope_entries
    CROSS JOIN (SELECT count(stage) AS stages FROM mailing_rules) AS named
    WHERE named.stages > 0
    UNION ALL
    SELECT scope.deal_id, stages.stage, stages.position, scope.created_at AS at
    FROM scope
    CROSS JOIN (SELECT count(stage) AS stages FROM mailing_rules) AS named
    INNER JOIN stages ON stages.position = (SELECT min(position) FROM stages)
    -- of a deal without moves that stands in a later stage nobody knows when it came there
    WHERE
        named.stages > 0
        AND scope.created_at IS NOT NULL
        AND (coalesce(array_length(scope.entries), 0) > 0 OR coalesce(scope.stage, stages.stage) = stages.stage OR NOT scope.is_open)
),

stays AS (
    SELECT
        deal_id,
        stage,
        at AS entered_at,
        lead(at) OVER (PARTITION BY deal_id ORDER BY at, position) AS left_at
    FROM moves
)

SELECT
    coalesce('client ' || nullif(scope.client_id, ''), 'deal ' || scope.deal_id) AS who,
    stays.stage,
    mailing_rules.per_month,
    stays.entered_at,
    -- a day on which an open deal is planned to close ends nothing
    CASE WHEN scope.is_open THEN stays.left_at ELSE least(stays.left_at, scope.closed_at) END AS left_at
FROM stays
INNER JOIN mailing_rules ON stays.stage = mailing_rules.stage
INNER JOIN scope ON stays.deal_id = scope.deal_id
WHERE scope.closed_at IS NOT NULL OR scope.is_open
