/*
title = { ru = "Можно ли верить мосту воронки", en = "Can the bridge of the pipeline be trusted" }
grain = "one row per check"
so_far = true
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Что заставляет мост воронки лгать, проверено до него: по сделкам, открытым в какой-то день периода. verdict: ok; broken — проверка не прошла, cases из checked говорят, сколько; unknown — судить не по чему, и
advice говорит, что выгрузить. Даты не меняются: срезы видели 20 и больше сделок с намеченной датой не меньше 28 дней, у половины и больше она прошла, а изменилась ни у одной: их никто не ведёт. Суммы равны: у 20 и больше
сделок одна и та же сумма. Неизвестные этапы: сделка стоит на этапе, которого нет в регламенте. Пробелы между срезами: недели периода, в которые не снято ни одного среза (их изменения попадут в следующую). Валюты: в столбце currency больше одной.
Без даты: когда сделка появилась, неизвестно, и в мосте её нет. Без суммы: в мосте её деньги — ноль."""
about.en = """
What makes the bridge of the pipeline lie, checked before it: over deals that were open on some day of the period. verdict: ok; broken: the check failed, cases of checked say how often; unknown: there is nothing to judge by, and
the advice says what to export. Dates never change: snapshots saw 20 deals or more with an expected date for 28 days or more, of half or more it went by, and not one changed: nobody keeps them. Equal amounts: 20 deals
or more, and all of one amount. Unknown stages: a deal stands in a stage that the regulation does not have. Gaps: weeks of the period in which no snapshot was taken (what changed in them is counted in the next). Currencies: more than one in the column currency.
Undated: when the deal came nobody knows, and the bridge leaves it out. Without an amount: in the bridge its money is zero."""

columns = [
  { name = "check", unit = "text", title = { ru = "Код", en = "Code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Проверка", en = "Check" } },
  { name = "cases", unit = "count", title = { ru = "Случаев", en = "Cases" } },
  { name = "checked", unit = "count", title = { ru = "Из", en = "Of" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
  { name = "advice_ru", unit = "text", title = { ru = "Что делать", en = "What to do (ru)" } },
  { name = "advice_en", unit = "text", title = { ru = "Что делать (en)", en = "What to do" } },
]
*/
WITH known AS (
    SELECT number, "check", title_ru, title_en, advice_ru, advice_en
    FROM (
        VALUES
        (
            1,
            'dates_never_change',
            'Намеченные даты не меняются',
            'Expected dates never change',
            'Ведите намеченную дату закрытия в CRM (expected_close) и загружайте полные выгрузки (snapshot = true) хотя бы раз в неделю.',
            'Keep the expected closing date in the CRM (expected_close), and ingest full exports (snapshot = true) at least weekly.'
        ),
        (
            2,
            'equal_amounts',
            'Все суммы равны',
            'All amounts are equal',
            'Похоже, сумма ставится по умолчанию: вносите сумму сделки и проверьте столбец amount в маппинге.',
            'The amount looks like a default: enter the money of each deal, and check the column amount in the mapping.'
        ),
        (
            3,
            'unknown_stages',
            'Этапы, которых нет в регламенте',
            'Stages that the regulation lacks',
            'Допишите этап в регламент или переведите его в mapping.toml: иначе неизвестно, конец ли это воронки.',
            'Add the stage to the regulation, or translate it in mapping.toml: else nobody knows whether it is an end of the funnel.'
        ),
        (
            4,
            'gaps',
            'Недели без среза',
            'Weeks without a snapshot',
            'Загружайте полную выгрузку сделок (snapshot = true) каждую неделю: изменения недели без среза попадут в следующую.',
            'Ingest a full export of deals (snapshot = true) each week: what changed in a week without one is counted in the next.'
        ),
        (
            5,
            'currencies',
            'Разные валюты',
            'Several currencies',
            'Деньги в разных валютах не складываются: пересчитайте их в маппинге или выгрузите в одной валюте.',
            'Money in several currencies does not add up: convert it in the mapping, or export one currency.'
        ),
        (
            6,
            'undated',
            'Без даты создания',
            'Without a date of creation',
            'Выгрузите дату создания сделки: created_at.',
            'Export the date of creation: created_at.'
        ),
        (
            7,
            'without_amount',
            'Без суммы',
            'Without an amount',
            'Вносите сумму в открытые сделки: без неё мост считает их за ноль.',
            'Enter the amount of open deals: without it the bridge takes them for zero.'
        )
    ) AS listed (number, "check", title_ru, title_en, advice_ru, advice_en)
),

stood AS (
    SELECT
        deals.grp,
        deals.entered_at,
        deals.amount,
        scope.stated_currency,
        coalesce(scope.stage, '') <> '' AS has_stage,
        stages.stage IS NULL AND coalesce(scope.stage, '') <> '' AS is_unknown_stage,
        scope.listed_at IS NOT NULL AS is_listed,
        coalesce(array_length(deals.expected_close_history), 0) > 1 AS has_moved,
        deals.expected_close < $as_of_day AS is_overdue,
        -- it had a date, and snapshots watched it for four weeks
        deals.expected_close IS NOT NULL
        AND minutes_between(
            scope.expected_close_known_since,
            coalesce(CASE WHEN deals.status IN ('won', 'lost') THEN deals.ended_at END, deals.gone_at, scope.seen_until)
        ) >= 40320.0 AS was_watched
    FROM pipeline_deals AS deals
    INNER JOIN scope ON deals.deal_id = scope.deal_id
    LEFT JOIN stages ON scope.stage = stages.stage
    WHERE
        coalesce(deals.entered_at < $to, TRUE)
        AND coalesce(CASE WHEN deals.status IN ('won', 'lost') THEN deals.ended_at END, deals.gone_at, $as_of) >= $from
),

summed AS (
    SELECT
        grp,
        count(*) AS deals,
        count(*) FILTER (WHERE was_watched) AS watched,
        count(*) FILTER (WHERE was_watched AND has_moved) AS watched_moved,
        count(*) FILTER (WHERE was_watched AND is_overdue) AS watched_overdue,
        count(amount) AS amounts,
        count(DISTINCT amount) AS different_amounts,
        count(*) FILTER (WHERE has_stage) AS staged,
        count(*) FILTER (WHERE is_unknown_stage) AS unknown_stages,
        count(*) FILTER (WHERE is_listed) AS listed,
        count(stated_currency) AS with_currency,
        count(DISTINCT stated_currency) AS currencies,
        count(*) FILTER (WHERE entered_at IS NULL) AS undated
    FROM stood
    GROUP BY grp
),

-- the weeks of the period that the exports of deals reach, and those in which one was taken
weeks AS (
    SELECT unnest(generate_series(local_week($from_day), least($to_day, seen_days.until) - INTERVAL '1 day', INTERVAL '7 days'))::date AS week
    FROM seen_days
),

taken AS (
    SELECT DISTINCT local_week(taken) AS week
    FROM ingests
    WHERE table_name = 'deals' AND taken < $as_of
),

missed AS (
    SELECT count(*) AS weeks, count(*) FILTER (WHERE taken.week IS NULL) AS without
    FROM weeks
    LEFT JOIN taken ON weeks.week = taken.week
),

told AS (
    SELECT
        grp,
        1 AS number,
        CASE WHEN watched_moved = 0 THEN watched_overdue ELSE 0 END AS cases,
        watched AS checked,
        watched >= 20 AS can_be_judged,
        watched_moved = 0 AND 2 * watched_overdue >= watched AS is_broken
    FROM summed
    UNION ALL
    SELECT grp, 2 AS number, CASE WHEN different_amounts = 1 THEN amounts ELSE 0 END, amounts, amounts >= 20, different_amounts = 1
    FROM summed
    UNION ALL
    SELECT grp, 3 AS number, unknown_stages, staged, staged > 0, unknown_stages > 0
    FROM summed
    UNION ALL
    SELECT summed.grp, 4 AS number, missed.without, missed.weeks, summed.listed > 0 AND missed.weeks > 0, missed.without > 0
    FROM summed
    CROSS JOIN missed
    UNION ALL
    SELECT grp, 5 AS number, CASE WHEN currencies > 1 THEN currencies ELSE 0 END, with_currency, TRUE, currencies > 1
    FROM summed
    UNION ALL
    SELECT grp, 6 AS number, undated, deals, TRUE, undated > 0
    FROM summed
    UNION ALL
    SELECT grp, 7 AS number, deals - amounts, deals, amounts > 0, deals > amounts
    FROM summed
)

SELECT
    told.grp,
    known."check",
    known.title_ru,
    known.title_en,
    told.cases,
    told.checked,
    CASE WHEN NOT told.can_be_judged THEN 'unknown' WHEN told.is_broken THEN 'broken' ELSE 'ok' END AS verdict,
    known.advice_ru,
    known.advice_en
FROM told
INNER JOIN known ON told.number = known.number
ORDER BY told.grp, known.number
