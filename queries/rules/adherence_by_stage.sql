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
между «не менее» (все такие случаи — нарушения) и «не более» (все соблюдены) расходится больше чем на 0,5 п. п., сама доля пуста; нет нарушений, но
судить можно не всё, — пусты и нарушения."""
about.en = """
The same as "Is the regulation kept", stage by stage, for the rules that belong to a stage: its SLA, evidence, required fields, the next
step, skipping it. What cannot be judged does not count: see "What cannot be judged". The share with a 95 % Wilson interval. "At least" and "at most" are the shares were all that
cannot be judged broken, or kept; where they differ by more than 0.5 points, the share is empty; and where no breach is known, though not all could
be judged, so is the number of breaches."""
columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "stage_ru", unit = "text", title = { ru = "Название этапа", en = "Stage (ru)" } },
  { name = "stage_en", unit = "text", title = { ru = "Название этапа (en)", en = "Stage title" } },
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено", en = "Checked" } },
  { name = "kept", unit = "count", title = { ru = "Соблюдено", en = "Kept" } },
  { name = "breaches", unit = "count", title = { ru = "Нарушено", en = "Broken" } },
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
)

SELECT
    counted.grp,
    stages.stage,
    stages.title_ru AS stage_ru,
    stages.title_en AS stage_en,
    counted.rule,
    control.title_ru,
    control.title_en,
    counted.checked,
    counted.kept,
    -- none known is not none, where some could not be judged
    CASE
        WHEN counted.kept < counted.checked OR 200 * counted.unjudged <= counted.cases
            THEN counted.checked - counted.kept
    END AS breaches,
    CASE
        WHEN 200 * counted.unjudged <= counted.cases
            THEN (counted.kept + counted.unjudged / 2.0) / counted.cases
    END AS kept_share,
    wilson_low(counted.kept, counted.cases) AS kept_share_low,
    wilson_high(counted.kept + counted.unjudged, counted.cases) AS kept_share_high,
    counted.kept::double / counted.cases AS kept_share_least,
    (counted.kept + counted.unjudged)::double / counted.cases AS kept_share_most,
    counted.unjudged
FROM counted
INNER JOIN stages ON counted.stage = stages.stage
LEFT JOIN control ON counted.rule = control.rule
WHERE counted.checked > 0
ORDER BY counted.grp, stages.position, control.position, counted.rule
