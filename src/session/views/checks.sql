-- The view `scope_checks`: a row per judgement of a rule. $as_of is the cut.
--
-- What cannot be judged gives no row. What is given stays: `at` is the moment from which the verdict was certain, so that
-- a later cut adds judgements and does not move old ones. (next_step is the exception: it knows today only.)
--
--   response      answered, or the allowed time over: at the first outgoing contact, or when that time ended
--   stale         left the stage, or the allowed time over: likewise
--   evidence      on entering a stage; required: likewise, a row per field
--   next_step     of open deals, now
--   skipped       a stage that lies before one which the deal entered: when that was entered
--   moved_back    of deals that moved: at the first move back, else at the last move
--   over_cap, out_of_hours, after_refusal, after_opt_out: at the contact
WITH deals_seen AS (
    SELECT
        scope.deal_id,
        scope.client_id,
        scope.manager,
        scope.grp,
        scope.stage,
        scope.status,
        coalesce(scope.list_amount, scope.amount) AS amount,
        scope.created_at,
        scope.closed_at,
        scope.response_at,
        CASE WHEN scope.status IN ('won', 'lost') THEN 1 ELSE 0 END AS closed,
        CASE WHEN scope.status = 'lost' AND lost_reasons.invalid THEN 1 ELSE 0 END AS invalid
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
),

-- every first entry into a stage, with the entry into another stage that came next
entered AS (
    SELECT
        deal_id,
        stage,
        position,
        terminal,
        at,
        lead(at) OVER (PARTITION BY deal_id ORDER BY at, position) AS left_at
    FROM scope_entries
),

-- what must be over within a time: from when, until when, and whether that was the end of it; an empty stage is no stage
waits AS (
    SELECT
        'response' AS rule,
        deals_seen.deal_id,
        '' AS stage,
        deals_seen.created_at AS since,
        coalesce(deals_seen.response_at, deals_seen.closed_at, arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))')) AS until,
        CASE WHEN deals_seen.response_at IS NOT NULL THEN 1 ELSE 0 END AS done,
        rules.response_sla_minutes AS allowed,
        CASE WHEN rules.response_working THEN 1 ELSE 0 END AS working
    FROM deals_seen
    CROSS JOIN rules
    WHERE
        deals_seen.created_at IS NOT NULL
        AND (
            deals_seen.response_at IS NOT NULL
            -- closed on an unknown day: how long it waited is unknown too
            OR (deals_seen.invalid = 0 AND NOT (deals_seen.closed = 1 AND deals_seen.closed_at IS NULL))
        )
    UNION ALL
    SELECT
        'stale' AS rule,
        entered.deal_id,
        entered.stage,
        entered.at AS since,
        greatest(
            entered.at,
            least(entered.left_at, CASE WHEN deals_seen.closed = 1 THEN deals_seen.closed_at ELSE arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))') END)
        ) AS until,
        CASE WHEN deals_seen.closed = 1 OR entered.left_at IS NOT NULL THEN 1 ELSE 0 END AS done,
        stages.sla_hours * 60.0 AS allowed,
        1 AS working
    FROM entered
    INNER JOIN stages ON entered.stage = stages.stage
    INNER JOIN deals_seen ON entered.deal_id = deals_seen.deal_id
    WHERE
        stages.sla_hours IS NOT NULL
        AND entered.terminal IS NULL
        AND NOT (deals_seen.closed = 1 AND deals_seen.closed_at IS NULL)
),

timed AS (
    SELECT
        rule,
        deal_id,
        stage,
        since,
        until,
        done,
        allowed,
        working,
        CASE WHEN working = 1 THEN working_minutes(since, until) ELSE minutes_between(since, until) END AS minutes
    FROM waits
),

-- not yet answered or left, and not yet over: nobody can say
judged AS (
    SELECT
        rule,
        deal_id,
        stage,
        since,
        greatest(since, until) AS until,
        allowed,
        working,
        CASE WHEN minutes > allowed THEN 0 ELSE 1 END AS kept
    FROM timed
    WHERE done = 1 OR minutes > allowed
),

-- a broken rule was broken when the allowed time ended, a kept one was kept when the wait ended
on_time AS (
    SELECT
        rule,
        deal_id,
        stage,
        kept,
        until,
        CASE
            WHEN kept = 1 THEN until
            WHEN working = 1 THEN working_due(since, allowed)
            ELSE arrow_cast(
                arrow_cast(since, 'Int64') + round(allowed * 60000000.0)::bigint, 'Timestamp(Microsecond, Some("UTC"))'
            )
        END AS at
    FROM judged
),

-- how far a deal came, whatever it skipped; a won one passed every stage. A deal without a logged move says nothing.
furthest AS (
    SELECT
        entered.deal_id,
        max(CASE WHEN entered.terminal IS DISTINCT FROM 'lost' THEN entered.position END) AS position
    FROM entered
    GROUP BY entered.deal_id
),

passed AS (
    SELECT
        furthest.deal_id,
        stages.stage,
        stages.position,
        deals_seen.closed_at
    FROM furthest
    INNER JOIN deals_seen ON furthest.deal_id = deals_seen.deal_id
    CROSS JOIN stages
    WHERE stages.terminal IS NULL AND (stages.position < furthest.position OR deals_seen.status = 'won')
),

skips AS (
    SELECT
        passed.deal_id,
        passed.stage,
        max(CASE WHEN entered.position = passed.position THEN 1 ELSE 0 END) AS kept,
        coalesce(min(CASE WHEN entered.position > passed.position THEN entered.at END), min(passed.closed_at)) AS at
    FROM passed
    INNER JOIN entered ON passed.deal_id = entered.deal_id
    WHERE entered.terminal IS DISTINCT FROM 'lost'
    GROUP BY passed.deal_id, passed.stage
),

-- every move; being lost is none, for a deal may be lost from anywhere
steps AS (
    SELECT deal_id, unnest(moves) AS step
    FROM scope
),

moves AS (
    SELECT
        steps.deal_id,
        steps.step['at'] AS at,
        stages.position,
        lag(stages.position) OVER (PARTITION BY steps.deal_id ORDER BY steps.step['at'], stages.position) AS left_position
    FROM steps
    INNER JOIN stages ON steps.step['stage'] = stages.stage
    WHERE stages.terminal IS DISTINCT FROM 'lost'
),

moved AS (
    SELECT
        deal_id,
        CASE WHEN min(CASE WHEN position < left_position THEN at END) IS NULL THEN 1 ELSE 0 END AS kept,
        coalesce(min(CASE WHEN position < left_position THEN at END), max(at)) AS at
    FROM moves
    WHERE position <> left_position
    GROUP BY deal_id
),

-- what was done to a client, or to a deal that names none; a refusal in the very moment of a contact came out of it
client_events AS (
    SELECT
        event_id,
        at,
        kind,
        deal_id,
        client_id,
        manager,
        grp,
        CASE WHEN is_touch THEN 1 ELSE 0 END AS touch,
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who
    FROM scope_events
    WHERE
        (is_touch OR kind IN ('refusal', 'opt_out'))
        AND (nullif(client_id, '') IS NOT NULL OR nullif(deal_id, '') IS NOT NULL)
),

told AS (
    SELECT
        event_id,
        at,
        kind,
        deal_id,
        client_id,
        manager,
        grp,
        touch,
        who,
        max(CASE WHEN kind = 'refusal' THEN at END) OVER so_far AS refused_at,
        max(CASE WHEN kind = 'opt_out' THEN at END) OVER so_far AS opted_out_at
    FROM client_events
    WINDOW so_far AS (
        PARTITION BY who
        ORDER BY at, touch DESC, event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

contacts AS (
    SELECT
        at,
        kind,
        deal_id,
        client_id,
        manager,
        grp,
        refused_at,
        opted_out_at,
        row_number() OVER (PARTITION BY who, local_week(at) ORDER BY at, event_id) AS in_week,
        row_number() OVER (PARTITION BY who, local_month(at) ORDER BY at, event_id) AS in_month,
        row_number() OVER (PARTITION BY who, kind, local_week(at) ORDER BY at, event_id) AS of_kind_in_week,
        row_number() OVER (PARTITION BY who, kind, local_month(at) ORDER BY at, event_id) AS of_kind_in_month
    FROM told
    WHERE touch = 1
),

contact_checks AS (
    SELECT
        'over_cap' AS rule,
        contacts.deal_id,
        contacts.client_id,
        contacts.manager,
        contacts.grp,
        contacts.at,
        CASE
            WHEN
                contacts.in_week > every_kind.per_week
                OR contacts.in_month > every_kind.per_month
                OR contacts.of_kind_in_week > own_kind.per_week
                OR contacts.of_kind_in_month > own_kind.per_month
                THEN 0
            ELSE 1
        END AS kept
    FROM contacts
    LEFT JOIN (SELECT per_week, per_month FROM caps WHERE kind = 'any') AS every_kind ON TRUE
    LEFT JOIN caps AS own_kind ON contacts.kind = own_kind.kind
    WHERE coalesce(every_kind.per_week, every_kind.per_month, own_kind.per_week, own_kind.per_month) IS NOT NULL
    UNION ALL
    SELECT
        'out_of_hours' AS rule,
        deal_id,
        client_id,
        manager,
        grp,
        at,
        CASE WHEN in_contact_hours(at) THEN 1 ELSE 0 END AS kept
    FROM contacts
    UNION ALL
    SELECT
        'after_refusal' AS rule,
        contacts.deal_id,
        contacts.client_id,
        contacts.manager,
        contacts.grp,
        contacts.at,
        CASE WHEN minutes_between(contacts.refused_at, contacts.at) < rules.silence_days * 1440.0 THEN 0 ELSE 1 END AS kept
    FROM contacts
    CROSS JOIN rules
    WHERE rules.silence_days IS NOT NULL
    UNION ALL
    SELECT
        'after_opt_out' AS rule,
        deal_id,
        client_id,
        manager,
        grp,
        at,
        CASE WHEN opted_out_at IS NOT NULL THEN 0 ELSE 1 END AS kept
    FROM contacts
),

deal_checks AS (
    SELECT
        rule,
        deal_id,
        nullif(stage, '') AS stage,
        at,
        kept,
        CASE WHEN kept = 0 THEN working_minutes(at, until) / 60.0 END AS overdue_hours
    FROM on_time
    UNION ALL
    SELECT 'evidence' AS rule, deal_id, stage, at, CASE WHEN kept THEN 1 ELSE 0 END AS kept, NULL AS overdue_hours
    FROM scope_evidence
    UNION ALL
    SELECT 'required' AS rule, deal_id, stage, at, CASE WHEN filled THEN 1 ELSE 0 END AS kept, NULL AS overdue_hours
    FROM scope_required
    UNION ALL
    -- the last moment that is seen, so that a period which ends with the cut holds it
    SELECT
        'next_step' AS rule,
        deals_seen.deal_id,
        deals_seen.stage,
        arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))') - INTERVAL '1 microsecond' AS at,
        CASE WHEN planned.deal_id IS NOT NULL THEN 1 ELSE 0 END AS kept,
        NULL AS overdue_hours
    FROM deals_seen
    LEFT JOIN scope_planned AS planned ON deals_seen.deal_id = planned.deal_id
    CROSS JOIN (SELECT count(*) AS tasks FROM scope_planned) AS known
    WHERE deals_seen.closed = 0 AND known.tasks > 0
    UNION ALL
    SELECT 'skipped' AS rule, deal_id, stage, at, kept, NULL AS overdue_hours
    FROM skips
    UNION ALL
    SELECT 'moved_back' AS rule, deal_id, NULL AS stage, at, kept, NULL AS overdue_hours
    FROM moved
)

SELECT
    checks.rule,
    checks.deal_id,
    deals_seen.client_id,
    deals_seen.manager,
    checks.stage,
    checks.at,
    checks.kept = 1 AS kept,
    checks.overdue_hours,
    deals_seen.amount,
    deals_seen.status,
    deals_seen.grp
FROM deal_checks AS checks
INNER JOIN deals_seen ON checks.deal_id = deals_seen.deal_id
UNION ALL
SELECT
    checks.rule,
    checks.deal_id,
    checks.client_id,
    checks.manager,
    NULL AS stage,
    checks.at,
    checks.kept = 1 AS kept,
    NULL AS overdue_hours,
    deals_seen.amount,
    deals_seen.status,
    checks.grp
FROM contact_checks AS checks
LEFT JOIN deals_seen ON checks.deal_id = deals_seen.deal_id
