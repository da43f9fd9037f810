/* All that a forecast answers (one row: answer), made once for all who ask at one cut and split: the table of horizons, the scores of past
   forecasts, the month day by day, the coverage of past months; a line each per group by its number in forecast_groups.
   once = true */
SELECT forecast(today, is_calendar, a, b, c, d, e, f, g, h, i, facts) AS answer
-- a limit that none reaches makes one stream of the rows, and so one copy of what is kept of them
FROM (SELECT today, is_calendar, a, b, c, d, e, f, g, h, i, facts FROM forecast_rows LIMIT 9223372036854775807) AS in_one_stream
