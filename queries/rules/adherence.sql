/*
title = { ru = "Соблюдение регламента", en = "Is the regulation kept" }
undated.ru = "последний этап закрытых без даты не судится: сколько на нём стояли, неизвестно; этапы до него судятся"
undated.en = "the last stage of a closing without a date is not judged: how long it took is not known; the stages before it are"
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per rule that was judged"
needs = ["deals.created_at"]
dimensions = "deals"
about.ru = """
По каждому правилу: сколько раз его можно было проверить за период, сколько раз оно соблюдено и сколько нарушено; доля с интервалом Уилсона
95 %. Проверка относится ко дню, когда исход стал ясен: лид отвечен или срок истёк, этап покинут или SLA вышел, сделка вошла на этап,
сделан звонок. Что судить нельзя (срок ещё не вышел, данных нет за это время, по этому
менеджеру или филиалу), не считается — см. «О чём судить нельзя»; правила без проверок в таблице нет. Под угрозой: сумма
открытых сделок с нарушением этого правила за период, каждая сделка один раз; пусто, если ни одной суммы не известно. Когда судить нельзя так часто, что доля
между «не менее» (все такие случаи — нарушения) и «не более» (все соблюдены) расходится больше чем на 0,5 п. п., сама доля пуста, а
с ней и нарушения: известно лишь, от скольких и до скольких."""
about.en = """
For each rule: how often it could be judged within the period, how often it was kept and how often broken; the share with a 95 % Wilson
interval. A judgement belongs to the day on which its outcome was certain: the lead was answered or its time was over, the stage was left or
its SLA was over, the deal entered the stage, the call was made. What cannot be judged (not yet due, no data of that time, manager or
branch) does not count: see "What cannot be judged"; a rule never judged has no row. At stake: the amount of open deals with a breach of this rule within the period, each deal once; empty where no amount is
known. "At least" and "at most" are the shares were all that
cannot be judged broken, or kept; where they differ by more than 0.5 points, the share is empty, and so is
the number of breaches: it is known only between least and most."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено", en = "Checked" } },
  { name = "kept", unit = "count", title = { ru = "Соблюдено", en = "Kept" } },
  { name = "breaches", unit = "count", ends = true, title = { ru = "Нарушено", en = "Broken" } },
  { name = "kept_share", unit = "share", of = "checked", interval = true, ends = true, unknown = "unjudged", list = "breaches", at_stake = "open_at_stake", title = { ru = "Доля соблюдения", en = "Share kept" } },
  { name = "unjudged", unit = "count", title = { ru = "Судить нельзя", en = "Not judged" } },
  { name = "open_at_stake", unit = "money", overlaps = true, title = { ru = "Под угрозой", en = "Open amount at stake" } },
]
*/
-- broken rules of open deals stand alone, so that a deal's amount counts once however often it broke the rule
WITH judged AS (
    SELECT
        grp,
        rule,
        kept,
        amount,
        CASE WHEN NOT kept AND coalesce(status, 'open') NOT IN ('won', 'lost', 'gone') THEN deal_id END AS broken_deal
    FROM period_checks
    -- what could not be judged for want of data counts by itself: it may be either
    WHERE (kept IS NOT NULL OR missing IS NOT NULL) AND at >= $from AND at < $to
),

by_deal AS (
    SELECT
        grp,
        rule,
        broken_deal,
        count(kept) AS checked,
        count(*) - count(kept) AS unjudged,
        count(*) FILTER (WHERE kept) AS kept,
        max(amount) AS amount
    FROM judged
    GROUP BY grp, rule, broken_deal
),

counted AS (
    SELECT
        grp,
        rule,
        sum(checked) AS checked,
        sum(unjudged) AS unjudged,
        sum(kept) AS kept,
        count(broken_deal) AS open_broken,
        sum(CASE WHEN broken_deal IS NOT NULL THEN amount END) AS open_amount
    FROM by_deal
    GROUP BY grp, rule
),

-- a group of which nothing could be judged stands beside those of which something could
beside AS (
    SELECT grp, rule, checked, unjudged, kept, open_broken, open_amount, max(checked) OVER (PARTITION BY rule) AS checked_anywhere
    FROM counted
)

SELECT
    beside.grp,
    beside.rule,
    control.title_ru,
    control.title_en,
    beside.checked,
    beside.kept,
    -- where some could not be judged, the known breaches are the least
    CASE WHEN 200 * beside.unjudged <= beside.checked + beside.unjudged THEN beside.checked - beside.kept END AS breaches,
    CASE WHEN beside.checked > 0 THEN beside.checked - beside.kept END AS breaches_least,
    CASE WHEN beside.checked > 0 THEN beside.checked - beside.kept + beside.unjudged END AS breaches_most,
    CASE
        WHEN 200 * beside.unjudged <= beside.checked + beside.unjudged
            THEN (beside.kept + beside.unjudged / 2.0) / (beside.checked + beside.unjudged)
    END AS kept_share,
    CASE WHEN beside.checked > 0 THEN wilson_low(beside.kept, beside.checked + beside.unjudged) END AS kept_share_low,
    CASE WHEN beside.checked > 0 THEN wilson_high(beside.kept + beside.unjudged, beside.checked + beside.unjudged) END AS kept_share_high,
    CASE WHEN beside.checked > 0 THEN beside.kept::double / (beside.checked + beside.unjudged) END AS kept_share_least,
    CASE WHEN beside.checked > 0 THEN (beside.kept + beside.unjudged)::double / (beside.checked + beside.unjudged) END AS kept_share_most,
    beside.unjudged,
    -- nothing open is nothing at stake; an unknown amount is not nothing
    CASE
        WHEN beside.open_broken > 0 THEN beside.open_amount
        WHEN 200 * beside.unjudged <= beside.checked + beside.unjudged THEN 0
    END AS open_at_stake
FROM beside
LEFT JOIN control ON beside.rule = control.rule
WHERE beside.checked_anywhere > 0
ORDER BY beside.grp, control.position, beside.rule
