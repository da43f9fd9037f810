/* Money spent within the period, by month (grp, month, spend). */
SELECT grp, local_month(day) AS month, sum(cost) AS spend
FROM scope_spend
WHERE day >= $from_day AND day < $to_day
GROUP BY 1, 2
