-- The view `scope_checks`: a row per judgement of a rule. $as_of is the cut; $seen is the last moment up to which exports show deals.
-- `period_checks` is the same, made for judgements of the asked period alone: $judged_from is its first moment, $judged_to the first
-- after it; both null: of all time. `cohort_checks` is the same for deals that were created in the asked period, `unjudged_checks` without what was kept or broken: $only_unjudged says so. `contacts_to_judge` is `scope_contacts`, without what changes no judgement of the period;
-- `entries_to_judge` is `scope_evidence` and `scope_required` likewise, with the rule (evidence, required) and what is said of the deal.
--
-- What is not due yet gives no row. What cannot be judged has no `kept`: `missing` names the source or column that it would
-- take, and `why`: never (not loaded, or not for this manager or branch), before, after (it begins later, it ends earlier), day (days
-- are known, and no times). `deal` is missing where a working day passed between the
-- export of deals and the day before the cut. What is given stays: `at` is the moment from which the verdict was certain, so that
-- a later cut adds judgements and does not move old ones. (next_step is the exception: it knows today only.)
--
--   response      answered, or the allowed time over: at the first outgoing contact, or when that time ended
--   stale         a stay in a stage: it was left, or the allowed time is over; likewise
--   evidence      on entering a stage; required: likewise, a row per field
--   next_step     of open deals, now
--   skipped       a stage that lies before one which the deal entered: when that was entered
--   moved_back    of deals that moved: at the first move back, else at the last move
--   over_cap, out_of_hours: at the contact; after_refusal, after_opt_out: at the contact or the mailing
--
-- amount, created_at and status are the deal's.
WITH deals_seen AS (
    SELECT
        deal_id,
        client_id,
        manager,
        branch,
        grp,
        stage,
        created_at,
        -- closed by now, if not at the cut for certain, or gone: it is not held against anybody as open
        coalesce(undated, status) AS status,
        coalesce(list_amount, amount) AS whole_amount,
        judge_deal(
            coalesce(undated, status),
            lost_reason,
            created_at,
            response_at,
            closed_at,
            moves,
            arrow_cast($seen, 'Timestamp(Microsecond, Some("UTC"))'),
            known_from('answer', manager, branch),
            known_until('answer', manager, branch),
            known_from('stage', manager, branch),
            arrow_cast($judged_from, 'Timestamp(Microsecond, Some("UTC"))'),
            arrow_cast($judged_to, 'Timestamp(Microsecond, Some("UTC"))'),
            arrow_cast($only_unjudged, 'Boolean')
        ) AS verdicts
    FROM scope
),

deals_judged AS (
    SELECT deal_id, client_id, manager, grp, created_at, status, whole_amount, unnest(verdicts) AS verdict
    FROM deals_seen
),

-- the branches of which any task is planned: of the others, none is loaded
planning AS (
    SELECT coalesce(deals_seen.branch, '') AS branch
    FROM scope_planned
    INNER JOIN deals_seen ON scope_planned.deal_id = deals_seen.deal_id
    GROUP BY coalesce(deals_seen.branch, '')
),

-- whether the export of deals is a whole working day behind, the longest of the last fortnight: who is open now, and what is planned, is unknown. The
-- last day before the cut does not count: by default it is today, and not over
working_day AS (
    SELECT max(working_minutes(days.day::date, (days.day + INTERVAL '1 day')::date)) AS minutes
    FROM (
        SELECT unnest(
            generate_series(
                arrow_cast($as_of_day, 'Date32') - INTERVAL '14 days',
                arrow_cast($as_of_day, 'Date32') - INTERVAL '1 day',
                INTERVAL '1 day'
            )
        ) AS day
    ) AS days
),

behind AS (
    SELECT
        minutes > 0.0
        AND working_minutes(
            arrow_cast($seen, 'Timestamp(Microsecond, Some("UTC"))'),
            (arrow_cast($as_of_day, 'Date32') - INTERVAL '1 day')::date
        ) >= minutes AS is_behind
    FROM working_day
),

-- a client's contacts and mailings in their order; a refusal in the very moment of one came out of it
contacts AS (
    SELECT
        deal_id,
        client_id,
        manager,
        branch,
        grp,
        created_at,
        status,
        amount,
        at,
        is_touch OR kind = 'mailing' AS is_contact,
        judge_contact(kind, is_touch, at) OVER (
            PARTITION BY who
            ORDER BY at, kind IN ('refusal', 'opt_out'), event_id
        ) AS answers
    FROM contacts_to_judge
),

contacts_judged AS (
    SELECT
        deal_id,
        client_id,
        manager,
        grp,
        created_at,
        status,
        amount,
        unnest(
            contact_verdicts(
                answers,
                at,
                known_from('refusal', manager, branch),
                known_until('refusal', manager, branch),
                known_from('opt_out', manager, branch),
                known_until('opt_out', manager, branch),
                arrow_cast($only_unjudged, 'Boolean')
            )
        ) AS verdict
    FROM contacts
    WHERE is_contact AND ($judged_from IS NULL OR at >= $judged_from)
)

SELECT
    verdict['rule'] AS rule,
    deal_id,
    client_id,
    manager,
    verdict['stage'] AS stage,
    verdict['at'] AS at,
    verdict['kept'] AS kept,
    verdict['overdue_hours'] AS overdue_hours,
    whole_amount AS amount,
    created_at,
    status,
    verdict['missing'] AS missing,
    verdict['why'] AS why,
    grp
FROM deals_judged
UNION ALL
SELECT
    verdict['rule'] AS rule,
    deal_id,
    client_id,
    manager,
    NULL AS stage,
    verdict['at'] AS at,
    verdict['kept'] AS kept,
    NULL AS overdue_hours,
    amount,
    created_at,
    status,
    verdict['missing'] AS missing,
    verdict['why'] AS why,
    grp
FROM contacts_judged
UNION ALL
SELECT
    rule,
    deal_id,
    "deal's client" AS client_id,
    "deal's manager" AS manager,
    stage,
    at,
    kept,
    NULL AS overdue_hours,
    "deal's amount" AS amount,
    "deal's creation" AS created_at,
    "deal's status" AS status,
    missing,
    why,
    grp
FROM entries_to_judge
UNION ALL
-- at the last moment that is seen, so that a period which ends with the cut holds it
SELECT
    'next_step' AS rule,
    deals_seen.deal_id,
    deals_seen.client_id,
    deals_seen.manager,
    deals_seen.stage,
    arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))') - INTERVAL '1 microsecond' AS at,
    CASE WHEN tasks.branch IS NOT NULL AND NOT behind.is_behind THEN planned.deal_id IS NOT NULL END AS kept,
    NULL AS overdue_hours,
    deals_seen.whole_amount AS amount,
    deals_seen.created_at,
    deals_seen.status,
    CASE WHEN tasks.branch IS NULL THEN 'task' WHEN behind.is_behind THEN 'deal' END AS missing,
    CASE WHEN tasks.branch IS NULL THEN 'never' WHEN behind.is_behind THEN 'after' END AS why,
    deals_seen.grp
FROM deals_seen
CROSS JOIN behind
LEFT JOIN scope_planned AS planned ON deals_seen.deal_id = planned.deal_id
LEFT JOIN planning AS tasks ON coalesce(deals_seen.branch, '') = tasks.branch
WHERE coalesce(deals_seen.status, 'open') NOT IN ('won', 'lost', 'gone')
