/*
title = { ru = "Карантин по причинам", en = "Quarantine by reason" }
partly.ru = "показывает, что не принято"
partly.en = "shows what was refused"
grain = "one row per file, column and reason, the most rows first"
needs = ["ingests.ingest"]
dimensions = []
about.ru = """
Строки выгрузок, которые не приняты в хранилище, по причинам, с примером: строка файла и значение. По каждой выгрузке — что отвергла её последняя
загрузка: исправленное уходит отсюда, когда файл с тем же именем загружен снова. От периода не зависит."""
about.en = """
Rows of the exports that were not taken into the store, by reason, with an example: the file's line and the value. For each export, what its newest
ingest refused: what is mended leaves this list when a file of the same name is ingested again. Does not depend on the period."""
columns = [
  { name = "file", unit = "text", title = { ru = "Файл", en = "File" } },
  { name = "in_column", unit = "text", title = { ru = "Столбец", en = "Column" } },
  { name = "reason_{lang}", unit = "text", title = { ru = "Причина", en = "Reason" } },
  { name = "refused", unit = "count", title = { ru = "Строк", en = "Rows" } },
  { name = "example_line", unit = "count", title = { ru = "Пример: строка", en = "Example: line" } },
  { name = "example_value", unit = "text", title = { ru = "Пример: значение", en = "Example: value" } },
]
*/
WITH newest AS (
    -- a store of an early Voronka holds what older ingests of an export refused as well
    SELECT file, coalesce(folder, '') AS folder, max(ingest) AS ingest FROM quarantine GROUP BY file, coalesce(folder, '')
)
SELECT
    '' AS grp,
    quarantine.file,
    quarantine."column" AS in_column,
    coalesce(quarantine.reason_ru, quarantine.reason) AS reason_ru,
    quarantine.reason AS reason_en,
    count(DISTINCT quarantine.line) AS refused,
    min(quarantine.line) AS example_line,
    first_value(quarantine.value ORDER BY quarantine.line) AS example_value
FROM quarantine
INNER JOIN newest
    ON
        quarantine.file = newest.file
        AND coalesce(quarantine.folder, '') = newest.folder
        AND quarantine.ingest = newest.ingest
GROUP BY
    quarantine.file,
    quarantine."column",
    coalesce(quarantine.reason_ru, quarantine.reason),
    quarantine.reason
ORDER BY refused DESC, quarantine.file, in_column, reason_en
