/*
title = { ru = "Бланк проверки", en = "Form of quality control" }
partly.ru = "показывает отобранные сделки, какие есть"
partly.en = "shows the deals drawn, as they are"
grain = "one row per deal drawn and item of the checklist"
needs = ["deals.status"]
dimensions = "deals"
about.ru = """
Сделки «Выборки для контроля качества» за период, каждая со всеми пунктами чек-листа из регламента. Колонка «Балл» пуста: в файле CSV
впишите 1 (выполнено) или 0 (нет) и загрузите файл командой ingest, см. маппинг, раздел «Бланк контроля качества». Строки без балла при
загрузке пропускаются. Номер записи один на сделку, пункт и период: исправленный бланк заменяет прежние баллы, а не добавляет вторые. День
проверки — последний день, который отчёт видит. Нет чек-листа — нет строк."""
about.en = """
The deals of "Sample for quality control" of the period, each with all items of the regulation's checklist. The column "Score" is empty: in
the CSV file write 1 (done) or 0 (not) and load it with ingest; see the guide to the mapping, "The form of quality control". Rows without a
score are passed over when loaded. The record's id is one per deal, item and period: a corrected form replaces the earlier scores and adds
no second ones. The day of the check is the last day that the report sees. No checklist, no rows."""
columns = [
  { name = "number", unit = "count", title = { ru = "№", en = "No." } },
  { name = "deal_id", unit = "text", title = { ru = "Сделка", en = "Deal" } },
  { name = "manager", unit = "text", title = { ru = "Менеджер", en = "Manager" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Пункт проверки", en = "Check" } },
  { name = "score", unit = "ratio", title = { ru = "Балл", en = "Score" } },
  { name = "outcome", unit = "text", title = { ru = "Код пункта", en = "Item" } },
  { name = "day", unit = "date", title = { ru = "День", en = "Day" } },
  { name = "event_id", unit = "text", title = { ru = "Номер записи", en = "Record" } },
]
*/
SELECT
    drawn.grp,
    drawn.number,
    drawn.deal_id,
    drawn.manager,
    checklist.title_ru,
    checklist.title_en,
    NULL::double AS score,
    -- the event's outcome is the item's id; a column named item would be shown by its title
    checklist.item AS outcome,
    $as_of_day - INTERVAL '1 day' AS day,
    concat('qa-', $from_day::text, '-', drawn.deal_id, '-', checklist.item) AS event_id
FROM quality_draw AS drawn
CROSS JOIN checklist
ORDER BY drawn.grp, drawn.number, checklist.position
