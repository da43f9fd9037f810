/* All that a forecast answers (one row: answer), made once for all who ask at one cut and split: the table of horizons, the scores of past
   forecasts, the month day by day, the coverage of past months; a line each per group by its number in forecast_groups.
   once = true */
SELECT forecast(today, is_calendar, a, b, c, d, e, f, g, h, i, facts) AS answer
FROM forecast_rows
