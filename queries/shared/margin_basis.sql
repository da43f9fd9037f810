/* What stands for the margin of a deal: 'margin', or 'revenue' where the cost of no win is known (basis; one row). */
SELECT CASE WHEN count(cost) > 0 THEN 'margin' ELSE 'revenue' END AS basis
FROM scope
WHERE status = 'won'
