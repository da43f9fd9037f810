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
    CAST(amount AS VARCHAR) AS amount,
    lost_reason,
    title,
    company,
    CASE WHEN email IS NULL THEN 0 ELSE 1 END AS has_email,
    town,
    crm_source,
    source_details,
    utm_medium,
    utm_content
FROM deals
ORDER BY deal_id
