/*
title = { ru = "Оценки контроля качества", en = "Quality control scores" }
grain = "one row per checklist item"
needs = ["events.score"]
dimensions = "deals"
about.ru = """
Проверки контроля качества за период (события qa_check; пункт чек-листа — в их исходе, outcome): сколько раз оценён каждый пункт, средний
балл, сколько раз не выполнен (балл 0) и доля выполненных с интервалом Уилсона 95 %. Чаще всего невыполняемые — первыми. Проверки без
балла не считаются. Пункт, которого нет в чек-листе регламента, остаётся без названия."""
about.en = """
Checks of quality control within the period (events of kind qa_check; their outcome is the item of the checklist): how often each item was
scored, the mean score, how often it failed (score 0), and the share passed with a 95 % Wilson interval. Those that fail most come first.
Checks without a score do not count. An item that the regulation's checklist does not know has no title."""
columns = [
  { name = "item", unit = "text", title = { ru = "Пункт", en = "Item" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "checks", unit = "count", title = { ru = "Проверок", en = "Checks" } },
  { name = "mean_score", unit = "ratio", title = { ru = "Средний балл", en = "Mean score" } },
  { name = "failed", unit = "count", title = { ru = "Не выполнен", en = "Failed" } },
  { name = "passed", unit = "count", title = { ru = "Выполнен", en = "Passed" } },
  { name = "passed_share", unit = "share", interval = true, title = { ru = "Доля выполненных", en = "Share passed" } },
]
*/
WITH scored AS (
    SELECT grp, outcome AS item, score
    FROM scope_events
    WHERE kind = 'qa_check' AND score IS NOT NULL AND at >= $from AND at < $to
),

counted AS (
    SELECT
        grp,
        item,
        count(*) AS checks,
        -- exact: the sum of floats would depend on their order
        sum(score::decimal(18, 6))::double / count(*) AS mean_score,
        count(*) FILTER (WHERE score > 0.0) AS passed
    FROM scored
    GROUP BY grp, item
)

SELECT
    counted.grp,
    counted.item,
    checklist.title_ru,
    checklist.title_en,
    counted.checks,
    counted.mean_score,
    counted.checks - counted.passed AS failed,
    counted.passed,
    counted.passed::double / counted.checks AS passed_share,
    wilson_low(counted.passed, counted.checks) AS passed_share_low,
    wilson_high(counted.passed, counted.checks) AS passed_share_high
FROM counted
LEFT JOIN checklist ON counted.item = checklist.item
ORDER BY counted.grp, counted.passed::double / counted.checks, counted.checks DESC, counted.item
