/* From when on the spend of each way in which deals came is known, whatever the period; what a spend row leaves empty fits any
   (source, contractor, campaign, first_day). */
SELECT ways.source, ways.contractor, ways.campaign, min(spend.first_day) AS first_day
FROM (
    SELECT DISTINCT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign
    FROM scope
) AS ways
INNER JOIN (
    SELECT
        coalesce(source, '') AS source,
        coalesce(contractor, '') AS contractor,
        coalesce(campaign, '') AS campaign,
        min(day) AS first_day
    FROM scope_spend
    GROUP BY 1, 2, 3
) AS spend
    ON (spend.source = '' OR spend.source = ways.source)
    AND (spend.contractor = '' OR spend.contractor = ways.contractor)
    AND (spend.campaign = '' OR spend.campaign = ways.campaign)
GROUP BY 1, 2, 3
