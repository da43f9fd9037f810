/*
title = { ru = "Сколько касаний у сделок", en = "Touches per deal, by outcome" }
grain = "one row per outcome: won, lost, open"
needs = ["deals.created_at", "deals.status", "journeys.touch_at|deals.touches"]
dimensions = "deals"

about.ru = """
Сделки, созданные за период, по исходу на дату отчёта, и сколько касаний каждая получила (все касания сделки, и после закрытия). Число — из
журнала звонков и переписки, если касания менеджера и филиала сделки загружены с её создания; если журнала их касаний нет совсем, а в
выгрузке сделок стоит готовое число (deals.touches), — оно. Готовое число — нынешнее: при дате отчёта раньше дня новейшей загрузки сделок
оно не годится и не берётся. Нет ни того ни другого — касания неизвестны, а не ноль. Исход unknown: закрыта, но неизвестно, была ли уже
закрыта на дату отчёта. Выигранные прожили не столько же, сколько потерянные, поэтому разница между ними — связь, а не причина; что даёт
ещё одно касание — в «Пользе и вреде касаний»."""
about.en = """
Deals created within the period by their outcome at the as-of date, and how many touches each received (all of the deal, also after its
closing). The number is from the log of calls and letters where touches of the deal's manager and branch are loaded since it was created;
where no log of theirs is loaded at all, and the export of deals gives a number (deals.touches), it is that. Such a number is a present one:
with an as-of date before the day of the newest ingest of deals it does not hold and is not taken. With neither, touches are unknown, and not
zero. Outcome unknown: closed, and nobody knows whether it was so at the as-of date. Won deals did not live as long as lost ones, so a
difference between the two is an association, not a cause; what one more touch adds stands under the hazards of touches."""

columns = [
  { name = "outcome", unit = "text", title = { ru = "Исход", en = "Outcome" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "by_log", unit = "count", title = { ru = "Касания из журнала", en = "Touches by the log" } },
  { name = "by_number", unit = "count", title = { ru = "Касания числом", en = "Touches as a number" } },
  { name = "unknown", unit = "count", title = { ru = "Касания неизвестны", en = "Touches unknown" } },
  { name = "touches", unit = "count", title = { ru = "Касания", en = "Touches" } },
  { name = "mean_touches", unit = "ratio", title = { ru = "В среднем", en = "Mean" } },
  { name = "median_touches", unit = "ratio", title = { ru = "Медиана", en = "Median" } },
  { name = "without_touches", unit = "count", title = { ru = "Без касаний", en = "Without a touch" } },
]
*/
WITH fresh AS (
    SELECT coalesce(local_day(max(at)) <= $as_of_day, TRUE) AS is_fresh
    FROM ingests
    WHERE table_name = 'deals' AND read > 0
),

known AS (
    SELECT
        scope.grp,
        CASE WHEN scope.is_open THEN 'open' ELSE coalesce(scope.status, 'unknown') END AS outcome,
        coalesce(
            scope.created_at >= known_from('touch', scope.manager, scope.branch)
            AND coalesce(scope.closed_at, scope.created_at) < known_until('touch', scope.manager, scope.branch),
            FALSE
        ) AS is_logged,
        known_from('touch', scope.manager, scope.branch) IS NULL AND fresh.is_fresh AND scope.touches IS NOT NULL AS is_number,
        coalesce(array_length(scope.touch_at)::bigint, 0) AS logged,
        scope.touches
    FROM scope
    CROSS JOIN fresh
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

counted AS (
    SELECT
        grp,
        outcome,
        is_logged,
        is_number,
        CASE WHEN is_logged THEN logged WHEN is_number THEN touches END AS touches
    FROM known
)

SELECT
    grp,
    outcome,
    count(*) AS deals,
    count(*) FILTER (WHERE is_logged) AS by_log,
    count(*) FILTER (WHERE is_number) AS by_number,
    count(*) - count(touches) AS unknown,
    sum(touches) AS touches,
    sum(touches)::double / nullif(count(touches), 0) AS mean_touches,
    median(touches::double) AS median_touches,
    CASE WHEN count(touches) > 0 THEN count(*) FILTER (WHERE touches = 0) END AS without_touches
FROM counted
GROUP BY grp, outcome
ORDER BY grp, CASE outcome WHEN 'won' THEN 1 WHEN 'lost' THEN 2 WHEN 'open' THEN 3 ELSE 4 END
