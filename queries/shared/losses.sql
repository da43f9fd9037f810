/* Whether losses are exported (one row: any_lost): a deal is lost, or as many are open as are won. More wins than open deals and not one
   loss are what is left if lost deals are not exported; the won would make 100 %. */
SELECT
    count(*) FILTER (WHERE exported_status = 'lost') > 0
    OR count(*) FILTER (WHERE exported_status = 'won') <= count(*) FILTER (WHERE coalesce(exported_status, '') <> 'won') AS any_lost
FROM scope
