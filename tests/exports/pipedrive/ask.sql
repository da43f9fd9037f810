SELECT
    deal_id,
    min(deal_id) OVER (PARTITION BY client_id) AS first_of_client,
    pipeline,
    stage,
    status,
    manager,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(expected_close AS VARCHAR) AS planned,
    probability,
    CAST(amount AS VARCHAR) AS amount,
    lost_reason,
    replace(title, ', ', ' | ') AS title,
    organization,
    CASE WHEN contact IS NULL THEN 0 ELSE 1 END AS has_contact,
    label,
    currency
FROM deals
ORDER BY deal_id
