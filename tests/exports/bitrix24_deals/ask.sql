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
    title,
    replace(company, '"', '*') AS company,
    CASE WHEN contact IS NULL THEN 0 ELSE 1 END AS has_contact,
    inn,
    lead_id,
    crm_source,
    utm_medium,
    utm_content,
    utm_term,
    repeat_deal
FROM deals
ORDER BY deal_id
