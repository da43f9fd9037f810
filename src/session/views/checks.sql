-- The view `scope_checks`: a row per judgement of a rule. $as_of is the cut.
--
-- What cannot be judged gives no row. What is given stays: `at` is the moment from which the verdict was certain, so that
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
        grp,
        stage,
        created_at,
        status,
        coalesce(list_amount, amount) AS whole_amount,
        judge_deal(
            status,
            lost_reason,
            created_at,
            response_at,
            closed_at,
            moves,
            arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))')
        ) AS verdicts
    FROM scope
),

deals_judged AS (
    SELECT deal_id, client_id, manager, grp, created_at, status, whole_amount, unnest(verdicts) AS verdict
    FROM deals_seen
),

-- a client's contacts and mailings in their order; a refusal in the very moment of one came out of it
contacts AS (
    SELECT
        deal_id,
        client_id,
        manager,
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
    FROM scope_contacts
),

contacts_judged AS (
    SELECT deal_id, client_id, manager, grp, created_at, status, amount, unnest(contact_verdicts(answers, at)) AS verdict
    FROM contacts
    WHERE is_contact
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
    grp
FROM contacts_judged
UNION ALL
SELECT
    'evidence' AS rule,
    deals_seen.deal_id,
    deals_seen.client_id,
    deals_seen.manager,
    scope_evidence.stage,
    scope_evidence.at,
    scope_evidence.kept,
    NULL AS overdue_hours,
    deals_seen.whole_amount AS amount,
    deals_seen.created_at,
    deals_seen.status,
    deals_seen.grp
FROM scope_evidence
INNER JOIN deals_seen ON scope_evidence.deal_id = deals_seen.deal_id
UNION ALL
SELECT
    'required' AS rule,
    deals_seen.deal_id,
    deals_seen.client_id,
    deals_seen.manager,
    scope_required.stage,
    scope_required.at,
    scope_required.filled AS kept,
    NULL AS overdue_hours,
    deals_seen.whole_amount AS amount,
    deals_seen.created_at,
    deals_seen.status,
    deals_seen.grp
FROM scope_required
INNER JOIN deals_seen ON scope_required.deal_id = deals_seen.deal_id
UNION ALL
-- at the last moment that is seen, so that a period which ends with the cut holds it
SELECT
    'next_step' AS rule,
    deals_seen.deal_id,
    deals_seen.client_id,
    deals_seen.manager,
    deals_seen.stage,
    arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))') - INTERVAL '1 microsecond' AS at,
    planned.deal_id IS NOT NULL AS kept,
    NULL AS overdue_hours,
    deals_seen.whole_amount AS amount,
    deals_seen.created_at,
    deals_seen.status,
    deals_seen.grp
FROM deals_seen
LEFT JOIN scope_planned AS planned ON deals_seen.deal_id = planned.deal_id
CROSS JOIN (SELECT count(*) AS tasks FROM scope_planned) AS known
WHERE coalesce(deals_seen.status, 'open') NOT IN ('won', 'lost') AND known.tasks > 0
