/*
title = { ru = "Соблюдение регламента по этапам", en = "Is the regulation kept, by stage" }
undated.ru = "последний этап закрытых без даты не судится: сколько на нём стояли, неизвестно; этапы до него судятся"
undated.en = "the last stage of a closing without a date is not judged: how long it took is not known; the stages before it are"
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per stage and rule that was judged in it"
needs = ["journeys.entries"]
dimensions = "deals"
about.ru = """
То же, что «Соблюдение регламента», но отдельно по каждому этапу и только для правил, у которых этап есть: SLA этапа, основание,
обязательные поля, следующий шаг, пропуск этапа. Что судить нельзя, не считается: см. «О чём судить нельзя». Доля с интервалом Уилсона 95 %. Когда судить нельзя так часто, что доля
между «не менее» (все такие случаи — нарушения) и «не более» (все соблюдены) расходится больше чем на 0,5 п. п., сама доля пуста, а
с ней и нарушения: известно лишь, от скольких и до скольких."""
about.en = """
The same as "Is the regulation kept", stage by stage, for the rules that belong to a stage: its SLA, evidence, required fields, the next
step, skipping it. What cannot be judged does not count: see "What cannot be judged". The share with a 95 % Wilson interval. "At least" and "at most" are the shares were all that
cannot be judged broken, or kept; where they differ by more than 0.5 points, the share is empty, and so is
the number of breaches: it is known only between least and most."""
columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "stage_ru", unit = "text", title = { ru = "Название этапа", en = "Stage (ru)" } },
  { name = "stage_en", unit = "text", title = { ru = "Название этапа (en)", en = "Stage title" } },
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено", en = "Checked" } },
  { name = "kept", unit = "count", title = { ru = "Соблюдено", en = "Kept" } },
  { name = "breaches", unit = "count", ends = true, title = { ru = "Нарушено", en = "Broken" } },
  { name = "kept_share", unit = "share", of = "checked", interval = true, ends = true, unknown = "unjudged", title = { ru = "Доля соблюдения", en = "Share kept" } },
  { name = "unjudged", unit = "count", title = { ru = "Судить нельзя", en = "Not judged" } },
]
*/
WITH counted AS (
    SELECT
        grp,
        stage,
        rule,
        count(*) AS cases,
        count(kept) AS checked,
        -- for want of data: it may be either
        count(*) - count(kept) AS unjudged,
        sum(CASE WHEN kept THEN 1 ELSE 0 END) AS kept
    FROM period_checks
    WHERE (kept IS NOT NULL OR missing IS NOT NULL) AND at >= $from AND at < $to AND stage IS NOT NULL
    GROUP BY grp, stage, rule
),

-- a stage or group of which nothing could be judged stands beside those of which something could
beside AS (
    SELECT grp, stage, rule, cases, checked, unjudged, kept, max(checked) OVER (PARTITION BY rule) AS checked_anywhere
    FROM counted
)

SELECT
    beside.grp,
    stages.stage,
    stages.title_ru AS stage_ru,
    stages.title_en AS stage_en,
    beside.rule,
    control.title_ru,
    control.title_en,
    beside.checked,
    beside.kept,
    -- where some could not be judged, the known breaches are the least
    CASE WHEN 200 * beside.unjudged <= beside.cases THEN beside.checked - beside.kept END AS breaches,
    CASE WHEN beside.checked > 0 THEN beside.checked - beside.kept END AS breaches_least,
    CASE WHEN beside.checked > 0 THEN beside.checked - beside.kept + beside.unjudged END AS breaches_most,
    CASE
        WHEN 200 * beside.unjudged <= beside.cases
            THEN (beside.kept + beside.unjudged / 2.0) / beside.cases
    END AS kept_share,
    CASE WHEN beside.checked > 0 THEN wilson_low(beside.kept, beside.cases) END AS kept_share_low,
    CASE WHEN beside.checked > 0 THEN wilson_high(beside.kept + beside.unjudged, beside.cases) END AS kept_share_high,
    CASE WHEN beside.checked > 0 THEN beside.kept::double / beside.cases END AS kept_share_least,
    CASE WHEN beside.checked > 0 THEN (beside.kept + beside.unjudged)::double / beside.cases END AS kept_share_most,
    beside.unjudged
FROM beside
INNER JOIN stages ON beside.stage = stages.stage
LEFT JOIN control ON beside.rule = control.rule
WHERE beside.checked_anywhere > 0
ORDER BY beside.grp, stages.position, control.position, beside.rule
