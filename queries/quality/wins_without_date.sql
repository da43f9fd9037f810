/*
title = { ru = "Продажи без даты", en = "Wins without a date" }
partly.ru = "считает сделки, у которых даты нет"
partly.en = "counts the deals that have no date"
undated.ru = "считает их"
undated.en = "counts them"
grain = "one row for the group"
needs = ["deals.status"]
dimensions = "deals"
about.ru = """
Выигранные сделки без даты закрытия, которые могли быть выиграны в днях периода: созданы до его конца, а первая выгрузка, в которой они закрыты, снята
не раньше его начала. Ни в выручке, ни в продажах, ни в окупаемости за период их нет; во всех периодах вместе одна и та же сделка считается в каждом,
в котором могла быть."""
about.en = """
Won deals without a closing date that may have been won within the period: created before its end, and first shown as closed by an export taken no
earlier than its beginning. No revenue, wins or return of the period has them. Of several periods, a deal counts in each in which it may lie."""
columns = [
  { name = "wins", unit = "count", title = { ru = "Продажи без даты", en = "Wins without a date" } },
  { name = "amount", unit = "money", title = { ru = "Их сумма", en = "Their amount" } },
]
*/
SELECT
    grp,
    count(*) AS wins,
    sum(amount) AS amount
FROM scope
WHERE
    undated = 'won'
    AND coalesce(closed_after, created_at, $from) < $to
    AND coalesce(closed_by, $as_of) >= $from
GROUP BY grp
ORDER BY grp
