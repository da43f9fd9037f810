/* Whom advertising paid for: each way in which deals came, where money was spent on it; what a spend row leaves empty fits any
   (source, contractor, campaign; nothing is an empty text). */
WITH paid AS (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope_spend
    WHERE cost > 0
),

ways AS (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope
)

SELECT DISTINCT ways.source, ways.contractor, ways.campaign
FROM ways
INNER JOIN paid
    ON (paid.source = '' OR paid.source = ways.source)
    AND (paid.contractor = '' OR paid.contractor = ways.contractor)
    AND (paid.campaign = '' OR paid.campaign = ways.campaign)
