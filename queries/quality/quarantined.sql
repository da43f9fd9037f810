/*
title = { ru = "Карантин по причинам", en = "Quarantine by reason" }
grain = "one row per file, column and reason, the most rows first"
needs = ["ingests.ingest"]
dimensions = []
about.ru = "Строки выгрузок, которые не приняты в хранилище, по причинам, с примером: строка файла и значение. От периода не зависит."
about.en = "Rows of the exports that were not taken into the store, by reason, with an example: the file's line and the value. Does not depend on the period."
columns = [
  { name = "file", unit = "text", title = { ru = "Файл", en = "File" } },
  { name = "in_column", unit = "text", title = { ru = "Столбец", en = "Column" } },
  { name = "reason", unit = "text", title = { ru = "Причина", en = "Reason" } },
  { name = "refused", unit = "count", title = { ru = "Строк", en = "Rows" } },
  { name = "example_line", unit = "count", title = { ru = "Пример: строка", en = "Example: line" } },
  { name = "example_value", unit = "text", title = { ru = "Пример: значение", en = "Example: value" } },
]
*/
SELECT
    '' AS grp,
    -- the same export may be given by different paths
    regexp_replace(file, '^.*[/\\]', '') AS file,
    "column" AS in_column,
    reason,
    count(DISTINCT line) AS refused,
    min(line) AS example_line,
    first_value(value ORDER BY line, ingest) AS example_value
FROM quarantine
GROUP BY regexp_replace(file, '^.*[/\\]', ''), "column", reason
ORDER BY refused DESC, file, in_column, reason
