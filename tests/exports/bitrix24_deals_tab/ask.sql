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
    replace(title, '"', '*') AS title
FROM deals
ORDER BY deal_id
