SELECT
    event_id,
    CAST(at AS VARCHAR) AS at_utc,
    min(event_id) OVER (PARTITION BY client_id) AS first_of_client,
    kind,
    direction,
    outcome,
    duration_s,
    manager,
    campaign,
    line,
    call_source,
    unique_call,
    target_call,
    town
FROM events
ORDER BY event_id
