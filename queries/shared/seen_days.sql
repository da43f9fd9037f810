/* Up to which day the exports of deals tell what happened (one row: until): the first local day that they do not cover to its end, or
   the as-of date. */
SELECT least($as_of_day, local_day(max(seen_until) + INTERVAL '1 microsecond')) AS until
FROM scope
