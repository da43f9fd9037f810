SELECT
    event_id,
    CAST(at AS VARCHAR) AS at_utc,
    kind,
    deal_id,
    stage,
    manager,
    stage_code,
    move_type,
    pipeline_code
FROM events
ORDER BY event_id
