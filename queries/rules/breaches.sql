/*
title = { ru = "Нарушения", en = "Breaches" }
undated.ru = "последний этап закрытых без даты не судится: сколько на нём стояли, неизвестно; этапы до него судятся"
undated.en = "the last stage of a closing without a date is not judged: how long it took is not known; the stages before it are"
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per breach"
needs = ["deals.created_at"]
dimensions = "deals"
about.ru = """
Каждое нарушение за период: правило, день, сделка, клиент, менеджер. Просрочка — рабочие часы сверх срока, только для ответа и SLA
этапа. Сумма — по прайсу, а где её нет, сумма сделки. Это те же нарушения, что сосчитаны в «Соблюдении регламента»."""
about.en = """
Every breach of the period: rule, day, deal, client, manager. Overdue: working hours beyond the allowed time, for the response and the
stage's SLA only. Amount: the list price, or else the deal's amount. These are the breaches that "Is the regulation kept" counts."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "at", unit = "date", title = { ru = "День", en = "Day" } },
  { name = "deal_id", unit = "text", title = { ru = "Сделка", en = "Deal" } },
  { name = "client_id", unit = "text", title = { ru = "Клиент", en = "Client" } },
  { name = "manager", unit = "text", title = { ru = "Менеджер", en = "Manager" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "overdue_hours", unit = "hours", title = { ru = "Просрочка, раб. ч", en = "Overdue, working h" } },
  { name = "amount", unit = "money", title = { ru = "Сумма", en = "Amount" } },
  { name = "status", unit = "text", title = { ru = "Статус", en = "Status" } },
]
*/
WITH broken AS (
    SELECT
        grp,
        rule,
        at AS moment,
        local_day(at) AS at,
        deal_id,
        client_id,
        manager,
        stage,
        overdue_hours,
        amount,
        status
    FROM period_checks
    WHERE NOT kept AND at >= $from AND at < $to
)

SELECT
    broken.grp,
    broken.rule,
    control.title_ru,
    control.title_en,
    broken.at,
    broken.deal_id,
    broken.client_id,
    broken.manager,
    broken.stage,
    broken.overdue_hours,
    broken.amount,
    broken.status
FROM broken
LEFT JOIN control ON broken.rule = control.rule
ORDER BY
    broken.grp,
    broken.moment,
    control.position,
    broken.deal_id,
    broken.client_id,
    broken.stage
