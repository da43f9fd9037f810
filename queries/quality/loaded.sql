/*
title = { ru = "Что загружено", en = "What was loaded" }
partly.ru = "показывает, что загружено"
partly.en = "shows what was loaded"
undated.ru = "не влияют"
undated.en = "do not matter"
grain = "one row per ingest and table, newest first"
needs = ["ingests.ingest"]
dimensions = []
about.ru = "Загрузки, которые видит эта версия хранилища: сколько строк прочитано, новых, изменённых, прежних и отправленных в карантин. От периода не зависит."
about.en = "The ingests that this version of the store sees: rows read, new, changed, unchanged and quarantined. Does not depend on the period."
columns = [
  { name = "ingest", unit = "count", title = { ru = "Загрузка", en = "Ingest" } },
  { name = "day", unit = "date", title = { ru = "День", en = "Day" } },
  { name = "table_name", unit = "text", title = { ru = "Таблица", en = "Table" } },
  { name = "read", unit = "count", title = { ru = "Прочитано", en = "Read" } },
  { name = "new", unit = "count", title = { ru = "Новых", en = "New" } },
  { name = "changed", unit = "count", title = { ru = "Изменено", en = "Changed" } },
  { name = "unchanged", unit = "count", title = { ru = "Без изменений", en = "Unchanged" } },
  { name = "quarantined", unit = "count", title = { ru = "В карантине", en = "Quarantined" } },
]
*/
SELECT
    '' AS grp,
    ingest,
    local_day(at) AS day,
    table_name,
    read,
    new,
    changed,
    unchanged,
    quarantined
FROM ingests
-- a table that an ingest left as it was has a row without counts
WHERE read > 0
ORDER BY ingest DESC, table_name
