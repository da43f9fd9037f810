/* What changed the pipeline, by day: of all open deals (covers = 'all'), and of those that are expected to close within the period ('due')
   (covers, grp, day, kind, effect, times, deals, amount, held). `kind` is what happened, `effect` as what it is counted: null where
   it changes neither count nor money. Days are all days up to the as-of date. */
WITH known AS (
    SELECT
        grp,
        unnest(
            pipeline_steps(
                entered_at,
                status,
                ended_at,
                gone_at,
                moves,
                absences,
                amount_history,
                amount,
                expected_close_history,
                expected_close,
                $as_of
            )
        ) AS step
    FROM pipeline_deals
    WHERE entered_at IS NOT NULL
),

steps AS (
    SELECT
        grp,
        local_day(step['at']) AS day,
        step['kind'] AS kind,
        step['kind'] IN ('pushed', 'advanced', 'dated', 'undated', 'slipped') AS is_of_dates,
        step['deals'] AS deals,
        step['amount'] AS amount,
        step['held'] AS held,
        coalesce(step['was_due'] >= $from_day AND step['was_due'] < $to_day, FALSE) AS was_in,
        coalesce(step['due'] >= $from_day AND step['due'] < $to_day, FALSE) AS is_in
    FROM known
),

placed AS (
    SELECT
        'all' AS covers,
        grp,
        day,
        kind,
        CASE WHEN NOT is_of_dates THEN kind END AS effect,
        deals,
        amount,
        held
    FROM steps
    UNION ALL
    SELECT
        'due' AS covers,
        grp,
        day,
        kind,
        CASE
            WHEN NOT is_of_dates THEN kind
            WHEN is_in AND NOT was_in THEN 'moved_in'
            WHEN was_in AND NOT is_in THEN 'moved_out'
        END AS effect,
        CASE WHEN is_of_dates THEN is_in::bigint - was_in::bigint ELSE deals END AS deals,
        CASE WHEN is_of_dates THEN held * (is_in::bigint - was_in::bigint)::decimal(5, 0) ELSE amount END AS amount,
        held
    FROM steps
    WHERE was_in OR is_in
)

SELECT
    covers,
    grp,
    day,
    kind,
    effect,
    count(*) AS times,
    sum(deals) AS deals,
    sum(amount) AS amount,
    sum(held) AS held
FROM placed
GROUP BY covers, grp, day, kind, effect
