SELECT
    deal_id,
    min(deal_id) OVER (PARTITION BY client_id) AS first_of_client,
    pipeline,
    stage,
    status,
    manager,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(amount AS VARCHAR) AS amount,
    lost_reason,
    replace(title, ', ', ' | ') AS title,
    CASE WHEN contact IS NULL THEN 0 ELSE 1 END AS has_contact,
    currency
FROM deals
ORDER BY deal_id
