SELECT
    deal_id,
    client_id,
    pipeline,
    stage,
    status,
    manager,
    source,
    campaign,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(expected_close AS VARCHAR) AS planned,
    probability,
    CAST(amount AS VARCHAR) AS amount,
    lost_reason,
    replace(title, ', ', ' | ') AS title,
    deal_type,
    contact_ids,
    company_ids
FROM deals
ORDER BY deal_id
