/*
title = { ru = "Чего хранилище не видит", en = "What the store cannot tell" }
partly.ru = "называет правило, чего ему нет, за какой срок и сколько сделок не судится"
partly.en = "names the rule, what it lacks, for which span, and how many deals are not judged"
undated.ru = "не влияют"
undated.en = "do not matter"
grain = "one row per rule, stage and name that the store has never seen"
needs = ["deals.status"]
dimensions = []
about.ru = """
Что регламент называет, а в хранилище не встречалось ни разу: события, по которым судят об основании этапа (evidence), и обязательные поля
(required). Эти правила на этих этапах не судятся: сделка не нарушает того, чего мы не видим. От периода не зависит."""
about.en = """
What the regulation names and the store has never seen: events by which a stage's evidence is judged, and required fields. These
rules are not judged in these stages: a deal does not break what we cannot see. Does not depend on the period."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "title_ru", unit = "text", title = { ru = "Правило", en = "Rule (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Правило (en)", en = "Rule" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "stage_ru", unit = "text", title = { ru = "Этап", en = "Stage (ru)" } },
  { name = "stage_en", unit = "text", title = { ru = "Этап (en)", en = "Stage" } },
  { name = "missing", unit = "text", title = { ru = "Чего нет в данных", en = "What the data lack" } },
]
*/
SELECT
    unseen.grp AS grp,
    unseen.rule AS rule,
    control.title_ru AS title_ru,
    control.title_en AS title_en,
    unseen.stage AS stage,
    stages.title_ru AS stage_ru,
    stages.title_en AS stage_en,
    unseen.name AS missing
FROM scope_unjudged AS unseen
LEFT JOIN control ON control.rule = unseen.rule
LEFT JOIN stages ON stages.stage = unseen.stage
ORDER BY stages.position, unseen.rule, missing
