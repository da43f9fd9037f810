SELECT
    CAST(at AS VARCHAR) AS at_utc,
    CAST(min(at) OVER (PARTITION BY client_id) AS VARCHAR) AS first_of_client,
    kind,
    direction,
    outcome,
    duration_s,
    manager,
    line,
    call_tags
FROM events
ORDER BY at
