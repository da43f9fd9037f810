/* The groups of a forecast and the number of each, from 0 (grp, number). */
SELECT grp, row_number() OVER (ORDER BY grp) - 1 AS number
FROM (SELECT DISTINCT grp FROM scope WHERE entered_at IS NOT NULL) AS named
