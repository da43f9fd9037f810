/* Whom advertising paid for: each way in which deals came, where money was spent on it; what a spend row leaves empty fits any
   (source, contractor, campaign; nothing is an empty text), and since which day
   (first_day). */
WITH paid AS (
    SELECT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign,
        min(day) AS first_day
    FROM scope_spend
    WHERE cost > 0
    GROUP BY 1, 2, 3
),

ways AS (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope
)

SELECT ways.source, ways.contractor, ways.campaign, min(paid.first_day) AS first_day
FROM ways
INNER JOIN paid
    ON (paid.source = '' OR paid.source = ways.source)
    AND (paid.contractor = '' OR paid.contractor = ways.contractor)
    AND (paid.campaign = '' OR paid.campaign = ways.campaign)
GROUP BY 1, 2, 3
