/* Whether the store knows of any loss (one row: any_lost). If it knows of wins alone, losses are not exported, and the won would make
   100 %. */
SELECT
    count(*) FILTER (WHERE exported_status = 'lost') > 0
    OR count(*) FILTER (WHERE exported_status = 'won') = 0 AS any_lost
FROM scope
