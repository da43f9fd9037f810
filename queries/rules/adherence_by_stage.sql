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
обязательные поля, следующий шаг, пропуск этапа. Что судить нельзя, не считается: см. «О чём судить нельзя». Доля с интервалом Уилсона 95 %."""
about.en = """
The same as "Is the regulation kept", stage by stage, for the rules that belong to a stage: its SLA, evidence, required fields, the next
step, skipping it. What cannot be judged does not count: see "What cannot be judged". The share with a 95 % Wilson interval."""
columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "stage_ru", unit = "text", title = { ru = "Название этапа", en = "Stage (ru)" } },
  { name = "stage_en", unit = "text", title = { ru = "Название этапа (en)", en = "Stage title" } },
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено", en = "Checked" } },
  { name = "kept", unit = "count", title = { ru = "Соблюдено", en = "Kept" } },
  { name = "breaches", unit = "count", title = { ru = "Нарушено", en = "Broken" } },
  { name = "kept_share", unit = "share", of = "checked", interval = true, title = { ru = "Доля соблюдения", en = "Share kept" } },
]
*/
WITH counted AS (
    SELECT
        grp,
        stage,
        rule,
        count(*) AS checked,
        sum(CASE WHEN kept THEN 1 ELSE 0 END) AS kept
    FROM scope_checks
    WHERE kept IS NOT NULL AND at >= $from AND at < $to AND stage IS NOT NULL
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
    counted.checked - counted.kept AS breaches,
    counted.kept::double / counted.checked AS kept_share,
    wilson_low(counted.kept, counted.checked) AS kept_share_low,
    wilson_high(counted.kept, counted.checked) AS kept_share_high
FROM counted
INNER JOIN stages ON counted.stage = stages.stage
LEFT JOIN control ON counted.rule = control.rule
ORDER BY counted.grp, stages.position, control.position, counted.rule
