/*
title = { ru = "Охват клиентской базы", en = "Coverage of the client base" }
partly.ru = "судит клиентов, чьи менеджер и филиал выгружают касания; остальные — «судить нельзя»"
partly.en = "judges clients whose manager and branch have touches loaded; the others “cannot be judged”"
grain = "one row per client kind of the regulation, and one for clients of no kind"
needs = ["deals.client_id", "journeys.touch_at"]
dimensions = "clients"

about.ru = """
Вся база на дату отчёта, по видам клиентов из регламента; у клиента без вида столбец пуст. Охвачен: последнее содержательное касание (тем
способом, который регламент называет для вида, а если не называет — любое) не раньше чем за положенное число дней до даты отчёта. Судим
тех, кого положено касаться и можно: без отписавшихся и замолчавших после отказа на срок регламента (столбец «Нельзя»), без новых, чей
срок ещё не вышел; и без тех, о ком не известно: касания их менеджера и филиала загружены не за все дни срока или кончаются
больше чем за неделю до даты отчёта. Охвачены + просрочены = судим. Продвинулись: сделка клиента за период вошла в этап дальше прежних или выиграна. Группа
клиента — по его новейшей сделке."""
about.en = """
The whole base at the as-of date, by the regulation's client kinds; the column is empty for a client of no kind. Contacted: the last
meaningful touch (by a means that the regulation names for the kind, by any where it names none) lies no more than the kind's days before
the as-of date. Judged are those who are to be contacted and may be: without the opted-out and those left in silence after a refusal
(column "Forbidden"), without new ones whose days have not yet passed, and without those of whom it is not known: the touches of
their manager and branch are not loaded of all those days, or end more than a week before the as-of date. Contacted + overdue = judged. Moved forward: within the period
a deal of the client entered a stage beyond its earlier ones, or was won. A client belongs to the group of the newest deal."""

columns = [
  { name = "kind", unit = "text", title = { ru = "Вид клиента", en = "Client kind" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "contact_days", unit = "days", title = { ru = "Касаться раз в, дней", en = "Contact every, days" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "forbidden", unit = "count", title = { ru = "Нельзя", en = "Forbidden" } },
  { name = "unknown", unit = "count", title = { ru = "Не известно", en = "Unknown" } },
  { name = "judged", unit = "count", title = { ru = "Судим", en = "Judged" } },
  { name = "contacted", unit = "count", title = { ru = "Охвачены", en = "Contacted" } },
  { name = "contacted_share", unit = "share", of = "judged", interval = true, ends = true, unknown = "unknown", list = "overdue", at_stake = "overdue_revenue", title = { ru = "Охват", en = "Coverage" } },
  { name = "overdue", unit = "count", title = { ru = "Просрочены", en = "Overdue" } },
  { name = "overdue_revenue", unit = "money", title = { ru = "Просроченные купили за год", en = "Bought within a year by the overdue" } },
  { name = "never_touched", unit = "count", ends = true, title = { ru = "Без единого касания", en = "Never touched" } },
  { name = "moved_forward", unit = "count", title = { ru = "Продвинулись", en = "Moved forward" } },
]
*/
-- clients of whom a deal came further within the period, or was won
WITH moved AS (
    SELECT DISTINCT client_id
    FROM scope
    WHERE client_id <> '' AND (deal_advances(entries, $from, $to) OR (won_at >= $from AND won_at < $to))
),

bought AS (
    SELECT client_id, sum(amount) AS revenue
    FROM scope
    WHERE status = 'won' AND client_id <> '' AND local_day(won_at)::int > $as_of_day::int - 366
    GROUP BY client_id
),

faced AS (
    SELECT
        scope_coverage.grp,
        scope_coverage.kind,
        -- whoever bought nothing has no row there
        CASE WHEN bought.client_id IS NULL THEN 0 ELSE bought.revenue END AS revenue,
        scope_coverage.contact_days,
        -- without any touch that is loaded: known to be without any where touches are loaded from before it came to now
        CASE WHEN scope_coverage.last_touch_at IS NULL THEN 1 ELSE 0 END AS is_perhaps_untouched,
        CASE
            WHEN
                scope_coverage.last_touch_at IS NULL
                AND scope_coverage.first_at >= scope_coverage.touches_from
                AND scope_coverage.known_day::int >= $as_of_day::int - 1
                THEN 1
            ELSE 0
        END AS is_untouched,
        CASE WHEN scope_coverage.is_known THEN 0 ELSE 1 END AS is_unknown,
        CASE WHEN moved.client_id IS NOT NULL THEN 1 ELSE 0 END AS is_moved,
        CASE WHEN scope_coverage.is_forbidden THEN 1 ELSE 0 END AS is_forbidden,
        CASE WHEN local_day(scope_coverage.meaningful_at)::int >= scope_coverage.known_day::int - scope_coverage.contact_days THEN 1 ELSE 0 END
            AS is_contacted,
        CASE WHEN local_day(scope_coverage.first_at)::int >= scope_coverage.known_day::int - scope_coverage.contact_days THEN 1 ELSE 0 END AS is_fresh
    FROM scope_coverage
    LEFT JOIN moved ON scope_coverage.client_id = moved.client_id
    LEFT JOIN bought ON scope_coverage.client_id = bought.client_id
),

judged AS (
    SELECT
        grp,
        kind,
        revenue,
        is_perhaps_untouched,
        is_untouched,
        is_moved,
        is_forbidden,
        is_contacted,
        CASE WHEN contact_days IS NOT NULL AND is_forbidden = 0 THEN is_unknown ELSE 0 END AS is_unknown,
        CASE
            WHEN contact_days IS NULL OR is_forbidden = 1 OR is_unknown = 1 THEN 0
            WHEN is_contacted = 0 AND is_fresh = 1 THEN 0
            ELSE 1
        END AS is_judged
    FROM faced
),

counted AS (
    SELECT
        grp,
        kind,
        count(*) AS clients,
        sum(is_forbidden) AS forbidden,
        sum(is_unknown) AS unknown,
        sum(is_judged) AS judged,
        sum(is_judged * is_contacted) AS contacted,
        sum(CASE WHEN is_judged * (1 - is_contacted) = 1 THEN revenue END) AS overdue_revenue,
        sum(is_untouched) AS never_touched_least,
        sum(greatest(is_untouched, is_perhaps_untouched)) AS never_touched_most,
        sum(is_moved) AS moved_forward
    FROM judged
    GROUP BY grp, kind
)

SELECT
    counted.grp,
    counted.kind,
    client_kinds.title_ru,
    client_kinds.title_en,
    client_kinds.contact_days,
    counted.clients,
    counted.forbidden,
    counted.unknown,
    counted.judged,
    counted.contacted,
    CASE
        WHEN counted.judged > 0 AND 200 * counted.unknown <= counted.judged + counted.unknown
            THEN (counted.contacted + counted.unknown / 2.0) / (counted.judged + counted.unknown)
    END AS contacted_share,
    -- those of whom it is unknown may all have been contacted, or none
    CASE WHEN counted.judged > 0 THEN wilson_low(counted.contacted, counted.judged + counted.unknown) END AS contacted_share_low,
    CASE WHEN counted.judged > 0 THEN wilson_high(counted.contacted + counted.unknown, counted.judged + counted.unknown) END
        AS contacted_share_high,
    CASE WHEN counted.judged > 0 THEN counted.contacted::double / (counted.judged + counted.unknown) END AS contacted_share_least,
    CASE WHEN counted.judged > 0 THEN (counted.contacted + counted.unknown)::double / (counted.judged + counted.unknown) END
        AS contacted_share_most,
    counted.judged - counted.contacted AS overdue,
    counted.overdue_revenue,
    -- those of whom it is unknown may all be among them
    CASE WHEN counted.never_touched_least = counted.never_touched_most THEN counted.never_touched_least END AS never_touched,
    counted.never_touched_least,
    counted.never_touched_most,
    counted.moved_forward
FROM counted
LEFT JOIN client_kinds ON counted.kind = client_kinds.kind
ORDER BY counted.grp, client_kinds.position NULLS LAST, counted.kind NULLS LAST
