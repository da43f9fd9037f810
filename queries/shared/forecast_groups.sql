/* The groups of a forecast and the number of each, from 0 (grp, number). */
SELECT named AS grp, row_number() OVER (ORDER BY named) - 1 AS number
-- max of the one value: of a column that a condition makes constant DataFusion 55 drops the order, and later misses it
FROM (SELECT max(grp) AS named FROM scope WHERE entered_at IS NOT NULL GROUP BY grp) AS groups
