SELECT
    deal_id,
    client_id,
    stage,
    status,
    manager,
    source,
    campaign,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(expected_close AS VARCHAR) AS planned,
    CAST(amount AS VARCHAR) AS amount,
    replace(title, ', ', ' | ') AS title,
    probability,
    deal_type
FROM deals
ORDER BY deal_id
