/* The groups at work in the period or the four weeks before, and the day on which their wins begin (grp, day): with the first; a
   group that never sold could since its first lead, once the company had begun to. */
WITH histories AS (
    SELECT
        grp,
        local_day(min(won_at)) AS first_win,
        local_day(min(closed_at)) AS first_closing,
        local_day(min(created_at)) AS first_lead,
        bool_or(
            coalesce(created_at, closed_at) < $to AND coalesce(closed_at, closed_by, $to) >= $from - INTERVAL '28 days'
        ) AS is_at_work
    FROM scope
    GROUP BY grp
),

company AS (
    SELECT coalesce(min(first_win), min(first_closing)) AS day
    FROM histories
)

SELECT histories.grp, coalesce(histories.first_win, greatest(company.day, histories.first_lead)) AS day
FROM histories
CROSS JOIN company
WHERE histories.is_at_work AND company.day IS NOT NULL
