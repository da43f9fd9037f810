-- The view `scope_coverage`: a row per client: when it was touched, and whether it may be. $as_of is the cut.
--
-- `known_day` is the day up to which touches of its manager and branch are loaded, the cut at the latest; `is_known` says that they are loaded of all the
-- days within which it was to be touched, and up to the last week at least.
WITH happened AS (
    SELECT
        -- a client has many columns, and what happened few: this side of the join is held
        client_id AS "key of the held side",
        max(CASE WHEN is_touch THEN at END) AS touch_at,
        max(CASE WHEN is_touch AND kind = 'call' THEN at END) AS call_at,
        max(CASE WHEN is_touch AND kind = 'email' THEN at END) AS email_at,
        max(CASE WHEN is_touch AND kind = 'sms' THEN at END) AS sms_at,
        max(CASE WHEN is_touch AND kind = 'message' THEN at END) AS message_at,
        max(CASE WHEN is_touch AND kind = 'meeting' THEN at END) AS meeting_at,
        -- what a client said without naming a deal counts too
        min(CASE WHEN kind = 'opt_out' THEN at END) AS opted_out_at,
        max(CASE WHEN kind = 'refusal' THEN at END) AS refused_at
    FROM scope_events
    WHERE client_id <> '' AND (is_touch OR kind IN ('opt_out', 'refusal'))
    GROUP BY client_id
),

known AS (
    SELECT
        scope_clients.grp,
        scope_clients.client_id,
        scope_clients.deal_id,
        scope_clients.kind,
        scope_clients.first_at,
        known_from('touch', scope_clients.manager, scope_clients.branch) AS touches_from,
        least(
            local_day(known_until('touch', scope_clients.manager, scope_clients.branch)),
            arrow_cast($as_of_day, 'Date32')
        ) AS known_day,
        scope_clients.won,
        scope_clients.revenue,
        client_kinds.contact_days,
        client_kinds.advice_ru,
        client_kinds.advice_en,
        greatest(scope_clients.last_touch_at, happened.touch_at) AS last_touch_at,
        -- by a means that its kind asks for: any, where it names none
        CASE
            WHEN client_kinds.means IS NULL THEN greatest(scope_clients.last_touch_at, happened.touch_at)
            ELSE greatest(
                CASE WHEN strpos(client_kinds.means, 'call') > 0 THEN happened.call_at END,
                CASE WHEN strpos(client_kinds.means, 'email') > 0 THEN happened.email_at END,
                CASE WHEN strpos(client_kinds.means, 'sms') > 0 THEN happened.sms_at END,
                CASE WHEN strpos(client_kinds.means, 'message') > 0 THEN happened.message_at END,
                CASE WHEN strpos(client_kinds.means, 'meeting') > 0 THEN happened.meeting_at END
            )
        END AS meaningful_at,
        least(scope_clients.opted_out_at, happened.opted_out_at) AS opted_out_at,
        greatest(scope_clients.refused_at, happened.refused_at) AS refused_at,
        rules.silence_days * 1440.0 AS silence_minutes
    FROM scope_clients
    CROSS JOIN rules
    LEFT JOIN client_kinds ON scope_clients.kind = client_kinds.kind
    LEFT JOIN happened ON scope_clients.client_id = happened."key of the held side"
)

SELECT
    grp,
    client_id,
    deal_id,
    kind,
    first_at,
    won,
    revenue,
    contact_days,
    advice_ru,
    advice_en,
    last_touch_at,
    meaningful_at,
    opted_out_at,
    refused_at,
    known_day,
    touches_from,
    coalesce(
        known_day::int >= arrow_cast($as_of_day, 'Date32')::int - 7
        AND (first_at >= touches_from OR local_day(touches_from)::int <= known_day::int - coalesce(contact_days, 0)),
        FALSE
    ) AS is_known,
    coalesce(
        opted_out_at IS NOT NULL
        OR minutes_between(refused_at, arrow_cast($as_of, 'Timestamp(Microsecond, Some("UTC"))')) < silence_minutes,
        FALSE
    ) AS is_forbidden
FROM known
