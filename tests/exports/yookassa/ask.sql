SELECT
    deal_id,
    pipeline,
    stage,
    status,
    CAST(created_at AS VARCHAR) AS created,
    CAST(closed_at AS VARCHAR) AS closed,
    CAST(amount AS VARCHAR) AS amount,
    CAST(cost AS VARCHAR) AS cost,
    replace(title, ', ', ' | ') AS title,
    pay_method,
    currency,
    commission,
    replace(commission_vat, ',', '.') AS commission_vat
FROM deals
ORDER BY deal_id
