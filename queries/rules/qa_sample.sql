/*
title = { ru = "Выборка для контроля качества", en = "Sample for quality control" }
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per deal drawn"
needs = ["deals.status"]
dimensions = "deals"
about.ru = """
Сделки, которые за период закрылись или вошли на новый этап; из них столько, сколько велит регламент, по слоям «менеджер × нынешний этап».
Внутри слоя порядок случайный, но закреплён зерном регламента: та же выборка получится снова. Первые места — по одной сделке из каждого
слоя, начиная с больших слоёв; остальные места делятся между слоями пропорционально оставшимся сделкам (метод Сент-Лагю). Поэтому большая
выборка целиком содержит меньшую. Разрез только подписывает сделки: выборка тянется сразу по всем. Основание: 1 — было на всех
этапах, где его можно проверить, 0 — нет, пусто — неизвестно. Нарушений — сколько раз сделка нарушила регламент к дате отчёта;
пусто, если судить не о чем. Закрытая без даты входит, если закрылась между двумя выгрузками внутри периода."""
about.en = """
Deals that closed or entered another stage within the period; of them as many as the regulation says, in strata of manager × present stage.
Within a stratum the order is random, and fixed by the regulation's seed: the same sample can be drawn again. The first places go to one
deal of each stratum, larger strata first; the other places are shared among the strata in proportion to the deals left in them (the method of
Sainte-Laguë). So a larger sample holds all of a smaller one. A split only labels the deals: the sample is drawn from all at once. Evidence:
1 if there was some in every stage where that can be judged, 0 if not, empty if unknown. Breaches: how often the deal broke the regulation
by the as-of date; empty if nothing could be judged. A deal closed without a date is in if it closed between two exports within the period."""
columns = [
  { name = "number", unit = "count", title = { ru = "№", en = "No." } },
  { name = "deal_id", unit = "text", title = { ru = "Сделка", en = "Deal" } },
  { name = "client_id", unit = "text", title = { ru = "Клиент", en = "Client" } },
  { name = "manager", unit = "text", title = { ru = "Менеджер", en = "Manager" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "status", unit = "text", title = { ru = "Статус", en = "Status" } },
  { name = "amount", unit = "money", title = { ru = "Сумма", en = "Amount" } },
  { name = "evidence_kept", unit = "count", title = { ru = "Основание есть", en = "Evidence" } },
  { name = "breaches", unit = "count", title = { ru = "Нарушений", en = "Breaches" } },
]
*/
WITH evidence AS (
    SELECT deal_id, min(CASE WHEN kept THEN 1 WHEN NOT kept THEN 0 END) AS kept
    FROM scope_evidence
    GROUP BY deal_id
),

broken AS (
    SELECT deal_id, count(*) FILTER (WHERE NOT kept) AS breaches
    FROM scope_checks
    WHERE kept IS NOT NULL AND deal_id IS NOT NULL
    GROUP BY deal_id
)

SELECT
    drawn.grp,
    drawn.number,
    drawn.deal_id,
    drawn.client_id,
    drawn.manager,
    drawn.stage,
    drawn.status,
    drawn.amount,
    evidence.kept AS evidence_kept,
    -- of a deal that nothing could be judged of: unknown
    broken.breaches
FROM quality_draw AS drawn
LEFT JOIN evidence ON drawn.deal_id = evidence.deal_id
LEFT JOIN broken ON drawn.deal_id = broken.deal_id
ORDER BY drawn.grp, drawn.number
