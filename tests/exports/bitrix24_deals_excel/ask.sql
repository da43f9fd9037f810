SELECT
    deal_id,
    min(deal_id) OVER (PARTITION BY client_id) AS first_of_client,
    stage,
    status,
    manager,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(amount AS VARCHAR) AS amount,
    title,
    replace(company, '"', '*') AS company
FROM deals
ORDER BY deal_id
