SELECT
    CAST(day AS VARCHAR) AS day,
    source,
    campaign,
    CAST(cost AS VARCHAR) AS cost,
    impressions,
    clicks
FROM spend
ORDER BY day, source, campaign
