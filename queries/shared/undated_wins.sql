/* Known to be won, and on a day that may have been one of the period's: how many, and their revenue (grp, won, revenue). */
SELECT grp, count(*) AS won, sum(amount) AS revenue
FROM scope
WHERE
    status = 'won'
    AND won_at IS NULL
    AND coalesce(created_at < $to, TRUE)
    AND coalesce(closed_after < $to, TRUE)
    AND coalesce(closed_by >= $from, TRUE)
GROUP BY grp
