SELECT
    event_id,
    CAST(at AS VARCHAR) AS at_utc,
    kind,
    deal_id,
    CASE WHEN client_id IS NULL THEN 0 ELSE 1 END AS has_client,
    manager,
    direction,
    subject
FROM events
ORDER BY event_id
