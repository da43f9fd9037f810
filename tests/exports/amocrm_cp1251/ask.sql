SELECT
    deal_id,
    CASE WHEN client_id IS NULL THEN NULL ELSE min(deal_id) OVER (PARTITION BY client_id) END AS first_of_client,
    pipeline,
    stage,
    status,
    manager,
    source,
    campaign,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(amount AS VARCHAR) AS amount,
    replace(title, ', ', ' | ') AS title,
    replace(tags, ', ', ' | ') AS tags
FROM deals
ORDER BY deal_id
