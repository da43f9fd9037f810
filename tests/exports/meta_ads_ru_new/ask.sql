SELECT
    CAST(day AS VARCHAR) AS day,
    source,
    replace(campaign, ', ', ' | ') AS campaign,
    CAST(cost AS VARCHAR) AS cost,
    impressions,
    clicks,
    claimed_leads,
    claimed_orders,
    CAST(claimed_revenue AS VARCHAR) AS claimed_revenue
FROM spend
ORDER BY day, campaign
