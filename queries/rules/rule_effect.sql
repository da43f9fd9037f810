/*
title = { ru = "Помогает ли правило", en = "Does the rule help" }
undated.ru = "считаются отдельно; где их больше 5 %, не сравнивается"
undated.en = "are counted apart; where they are more than 5 %, nothing is compared"
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per rule that was judged"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"
about.ru = """
Что бывает после того, как правило соблюли или нарушили. Сделки, созданные за период, сравниваются с одной точки: дожившие до неё открытыми, и у всех
потом одинаковое время — самый длинный срок регламента; доля — выигранные за него. Точка у каждого правила своя (столбец «Что сравнили»): ответ — когда
вышел срок; срок на этапе — переход дальше; основание — вход на этап (из этапов взят тот, где есть что сравнивать, столбец «Этап»); пропуски и возвраты — вход на последний этап; лимит и часы контактов — конец
первых 7 дней. У сделки одна точка, и закрытые до неё не в счёт: иначе долгая сделка успевала бы нарушить больше. Доли — как есть, с интервалом Уилсона;
разность — между похожими: один менеджер, один месяц создания, один этап (Мантель — Хензель, интервал 95 % Сато). helps — разность выше нуля, hurts —
ниже, и в обоих случаях различие остаётся после поправки Бенджамини — Хохберга (5 %) на число правил и групп; иначе no_evidence. not_compared: честно
сравнить нельзя, похожих нет, срок никто не прожил или закрытий без даты больше 5 %. Нелиды не в счёт. Это связь, а не причина. Цена нарушений: сумма
всех потерянных сделок с нарушением; она не вся потеряна из-за него."""
about.en = """
What comes after a rule was kept or broken. Deals created within the period are compared from one point: those still open at it, all of which then have the
same time, the regulation's longest horizon; the share is of those won within it. Each rule has its point (the column "Compared"): the answer, when the
time for it was over; the time in a stage, the move on; evidence, the entry into the stage (of the stages the one with most to compare, the column "Stage"); skipped stages and moves back, the entry into the last stage; cap
and hours of contact, the end of the first 7 days. A deal has one point, and those closed by then are left out: else a long deal would have more time to
break a rule in. Shares are raw, with Wilson intervals; the difference is between alike deals: same manager, same month of creation, same stage
(Mantel–Haenszel, 95 % interval by Sato). helps: the difference is above zero; hurts: below; and either only where it survives the Benjamini–Hochberg
correction (5 %) for the number of rules and groups; else no_evidence. not_compared: no fair comparison is possible, there are no alike deals, nobody has
lived the horizon, or more than 5 % of the closings have no date. What was no lead is left out. It is an association, not a cause. Cost of breaches: the
amount of all lost deals with a breach, not all of it lost because of that."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "kept_deals", unit = "count", title = { ru = "Соблюдено, сделок", en = "Kept, deals" } },
  { name = "kept_won", unit = "count", title = { ru = "Из них выиграны", en = "Of them won" } },
  { name = "kept_rate", unit = "share", interval = true, title = { ru = "Доля выигранных", en = "Win rate when kept" } },
  { name = "kept_revenue", unit = "money", title = { ru = "Выручка, соблюдено", en = "Revenue when kept" } },
  { name = "broken_deals", unit = "count", title = { ru = "Нарушено, сделок", en = "Broken, deals" } },
  { name = "broken_won", unit = "count", title = { ru = "Из них выиграны", en = "Of them won" } },
  { name = "broken_rate", unit = "share", interval = true, title = { ru = "Доля выигранных при нарушении", en = "Win rate when broken" } },
  { name = "broken_revenue", unit = "money", title = { ru = "Выручка, нарушено", en = "Revenue when broken" } },
  { name = "broken_lost_amount", unit = "money", title = { ru = "Потеряно с нарушением", en = "Lost with a breach" } },
  { name = "undated", unit = "count", title = { ru = "Закрыты без даты", en = "Closed, no date" } },
  { name = "difference", unit = "share", interval = true, title = { ru = "Разность между похожими", en = "Difference between alike deals" } },
  { name = "p_adjusted", unit = "ratio", title = { ru = "p с поправкой", en = "Adjusted p" } },
  { name = "compared_{lang}", unit = "text", title = { ru = "Что сравнили", en = "Compared" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
]
*/
-- Every comparison begins at a landmark: a moment that does not depend on how the deal ended, at which it is certain whether the rule was kept,
-- and after which both sides have the same time to be won in. A deal has one landmark per rule. Who is closed by then is left out.
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

working AS (
    SELECT count(*) AS stages
    FROM stages
    WHERE terminal IS NULL AND NOT parking
),

-- what the regulation's evidence names; a column of the deal is known as it is now, not as it was on entering the stage
named AS (
    SELECT stage, unnest(string_to_array(regexp_replace(lower(evidence), '[^a-z0-9_]+', ' ', 'g'), ' ')) AS word
    FROM stages
    WHERE evidence IS NOT NULL
),

undated AS (
    SELECT coalesce(array_agg(DISTINCT named.stage), make_array()) AS stages
    FROM named
    LEFT JOIN (SELECT DISTINCT kind FROM events) AS kinds ON named.word = kinds.kind
    WHERE
        kinds.kind IS NULL
        AND named.word <> ''
        AND NOT regexp_like(named.word, '^[0-9]+$')
        AND named.word NOT IN ('touch', 'talk_s', 'and', 'or', 'not', 'is', 'null', 'between', 'in', 'true', 'false', 'coalesce')
),

dated AS (
    SELECT
        scope.deal_id,
        scope.entries,
        scope.created_at + INTERVAL '7 days' AS week_end,
        CASE
            WHEN rules.response_working THEN working_due(scope.created_at, rules.response_sla_minutes)
            ELSE scope.created_at + arrow_cast((rules.response_sla_minutes * 60000000.0)::bigint, 'Duration(Microsecond)')
        END AS answer_due
    FROM scope
    CROSS JOIN rules
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

-- how far a deal had come by each landmark, and how many stages it had passed on its way to the last
reached AS (
    SELECT
        deal_id,
        week_end,
        answer_due,
        progress['last_at'] AS last_at,
        progress['at_due'] AS at_due,
        progress['at_week'] AS at_week,
        progress['passed'] AS passed
    FROM (
        SELECT deal_id, week_end, answer_due, deal_progress(entries, answer_due, week_end) AS progress
        FROM dated
    ) AS of_deals
),

-- the first stay in a stage, where it ended with a move to another that is no terminal one
stays AS (
    SELECT
        deal_id,
        stay['stage'] AS stage,
        stay['until'] AS until,
        stay['next_position'] AS next_position
    FROM (
        SELECT deal_id, unnest(first_ends(moves)) AS stay
        FROM scope
        WHERE created_at >= $from AND created_at < $to
    ) AS unnested
),

-- what could not be judged was neither kept nor broken
told AS (
    SELECT
        grp,
        rule,
        deal_id,
        CASE WHEN rule IN ('stale', 'evidence') THEN stage ELSE '' END AS stage,
        at,
        at >= created_at AND at < created_at + INTERVAL '7 days' AS is_in_week,
        rule IN ('response', 'stale', 'evidence', 'skipped', 'moved_back', 'over_cap', 'out_of_hours') AS is_compared,
        NOT kept AS is_broken,
        status = 'lost' AND NOT kept AS is_lost,
        amount
    FROM cohort_checks
    WHERE kept IS NOT NULL AND deal_id IS NOT NULL AND created_at >= $from AND created_at < $to
),

-- the first judgement of a rule that is compared, in each stage where it has one; of contacts, those of the first week. Read twice, these are kept:
-- millions of groups do not stand in memory beside the joins
checks AS (
    SELECT
        grp,
        rule,
        deal_id,
        stage,
        min(at) AS at,
        count(*) AS judged,
        count(*) FILTER (WHERE is_in_week) AS in_week,
        max(CASE WHEN is_broken AND is_in_week THEN 1 ELSE 0 END) AS broken_in_week,
        min(CASE WHEN is_broken THEN at END) AS broken_at
    FROM told
    WHERE is_compared
    GROUP BY grp, rule, deal_id, stage
),

-- the smaller side of a join comes first: it is kept in memory
placed AS (
    SELECT
        checks.grp,
        checks.rule,
        checks.deal_id,
        checks.stage,
        checks.at,
        checks.judged,
        checks.in_week,
        checks.broken_in_week,
        checks.broken_at,
        stays.until,
        stays.next_position
    FROM stays
    RIGHT JOIN checks ON stays.deal_id = checks.deal_id AND stays.stage = checks.stage
),

-- the landmark; null: there is none
landmarks AS (
    SELECT
        placed.grp,
        placed.rule,
        placed.stage,
        placed.deal_id,
        CASE
            WHEN placed.rule = 'response' THEN reached.answer_due
            WHEN placed.rule = 'stale' AND placed.at <= placed.until THEN placed.until
            WHEN placed.rule = 'evidence' AND NOT array_has(undated.stages, placed.stage) THEN placed.at
            WHEN placed.rule = 'skipped' AND placed.judged >= working.stages - 1 THEN reached.last_at
            WHEN placed.rule = 'moved_back' THEN reached.last_at
            WHEN placed.rule IN ('over_cap', 'out_of_hours') AND placed.in_week > 0 THEN reached.week_end
        END AS landmark,
        CASE
            WHEN placed.rule = 'response' THEN reached.at_due
            WHEN placed.rule IN ('over_cap', 'out_of_hours') THEN reached.at_week
            WHEN placed.rule = 'stale' THEN coalesce(placed.next_position, 0)
            ELSE 0
        END AS furthest,
        CASE
            WHEN placed.rule IN ('over_cap', 'out_of_hours') THEN placed.broken_in_week
            -- a stage entered only later had been skipped; a later move back was none yet
            WHEN placed.rule = 'skipped' THEN CASE WHEN reached.passed < working.stages THEN 1 ELSE 0 END
            WHEN placed.rule = 'moved_back' THEN CASE WHEN placed.broken_at <= reached.last_at THEN 1 ELSE 0 END
            WHEN placed.broken_at <= placed.at THEN 1
            ELSE 0
        END AS broken
    FROM working
    CROSS JOIN undated
    CROSS JOIN reached
    INNER JOIN placed ON reached.deal_id = placed.deal_id
),

-- nobody had to keep a rule on what was no lead
facts AS (
    SELECT
        scope.deal_id,
        scope.closed_at,
        scope.won_at,
        scope.amount,
        scope.seen_until,
        coalesce(scope.manager, '') AS manager,
        local_month(scope.created_at) AS month,
        coalesce(lost_reasons.invalid, false) AS is_invalid,
        -- nobody knows whether it was closed before the landmark, nor whether it was won in time
        scope.closed_at IS NULL
        AND (
            coalesce(scope.status, '') IN ('won', 'lost')
            OR scope.gone_at IS NOT NULL
            OR (scope.closed_by IS NOT NULL AND coalesce(scope.closed_after, scope.created_at) < $as_of)
        ) AS is_undated
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

followed AS (
    SELECT
        landmarks.grp,
        landmarks.rule,
        landmarks.stage,
        landmarks.furthest,
        facts.manager,
        facts.month,
        CASE
            WHEN facts.is_undated THEN 'undated'
            WHEN landmarks.broken = 0 THEN 'kept'
            ELSE 'broken'
        END AS side,
        CASE WHEN minutes_between(landmarks.landmark, facts.won_at) <= longest.days * 1440 THEN 1 ELSE 0 END AS won,
        facts.amount
    FROM longest
    CROSS JOIN facts
    INNER JOIN landmarks ON facts.deal_id = landmarks.deal_id
    WHERE
        NOT facts.is_invalid
        AND (facts.closed_at IS NULL OR facts.closed_at > landmarks.landmark)
        AND minutes_between(landmarks.landmark, facts.seen_until) >= longest.days * 1440
),

cells AS (
    SELECT
        grp,
        rule,
        stage,
        nullif(count(*) FILTER (WHERE side IN ('kept', 'broken')), 0)::double AS deals,
        count(*) FILTER (WHERE side = 'kept')::double AS kept,
        count(*) FILTER (WHERE side = 'broken')::double AS broken,
        count(*) FILTER (WHERE side = 'kept' AND won = 1)::double AS kept_won,
        count(*) FILTER (WHERE side = 'broken' AND won = 1)::double AS broken_won,
        sum(CASE WHEN side = 'kept' AND won = 1 THEN amount END) AS kept_revenue,
        sum(CASE WHEN side = 'broken' AND won = 1 THEN amount END) AS broken_revenue,
        count(*) FILTER (WHERE side = 'undated') AS undated
    FROM followed
    GROUP BY grp, rule, stage, furthest, manager, month
),

-- Mantel and Haenszel: like with like, each stratum by what it can tell. Decimals, so that no sum depends on the order; Sato's variance of
-- the difference, which holds for many small strata too
of_stages AS (
    SELECT
        grp,
        rule,
        stage,
        sum(kept)::bigint AS kept_deals,
        sum(kept_won)::bigint AS kept_won,
        sum(kept_revenue) AS kept_revenue,
        sum(broken)::bigint AS broken_deals,
        sum(broken_won)::bigint AS broken_won,
        sum(broken_revenue) AS broken_revenue,
        sum(undated)::bigint AS undated,
        nullif(sum((kept * broken / deals)::decimal(30, 10))::double, 0.0) AS weight,
        sum(((kept_won * broken - broken_won * kept) / deals)::decimal(30, 10))::double AS surplus,
        sum(
            (kept * broken * (kept_won + broken_won) * (deals - kept_won - broken_won) / (deals * deals * greatest(deals - 1.0, 1.0)))::decimal(30, 10)
        )::double AS variance,
        -- how far the expected wins are from their bounds
        sum(least(kept * (kept_won + broken_won) / deals - greatest(kept_won + broken_won - broken, 0.0), least(kept_won + broken_won, kept) - kept * (kept_won + broken_won) / deals)::decimal(30, 10))::double AS fewest,
        sum(
            (
                (kept * kept * broken_won - broken * broken * kept_won + kept * broken * (broken - kept) / 2.0) / (deals * deals)
            )::decimal(30, 10)
        )::double AS sato_p,
        sum(
            ((kept_won * (broken - broken_won) + broken_won * (kept - kept_won)) / (2.0 * deals))::decimal(30, 10)
        )::double AS sato_q
    FROM cells
    GROUP BY grp, rule, stage
),

-- the figures go along as one. The correction for continuity keeps the level where there are few deals; below five (Mantel and Fleiss) the normal tail does not hold,
-- and nothing is shown
compared AS (
    SELECT
        grp,
        rule,
        named_struct(
            'stage', stage,
            'kept_deals', kept_deals,
            'kept_won', kept_won,
            'kept_revenue', kept_revenue,
            'broken_deals', broken_deals,
            'broken_won', broken_won,
            'broken_revenue', broken_revenue,
            'undated', undated
        ) AS figures,
        surplus / weight AS difference,
        1.959964 * sqrt(greatest(surplus / weight * sato_p + sato_q, 0.0)) / weight AS reach,
        -- one undated closing in twenty could make another answer
        weight IS NOT NULL AND undated * 20 <= kept_deals + broken_deals + undated AS is_tested,
        CASE WHEN fewest >= 5.0 THEN greatest(abs(surplus) - 0.5, 0.0) / sqrt(variance) ELSE 0.0 END AS z,
        -- of a rule that many stages have, the stage at which there is most to compare: it is chosen by what was kept and broken alone
        row_number() OVER (PARTITION BY grp, rule ORDER BY weight DESC NULLS LAST, kept_deals DESC, stage) AS place
    FROM of_stages
),

tested AS (
    SELECT grp, rule, figures, difference, reach, is_tested, normal_p(z) AS p
    FROM compared
    WHERE place = 1
),

ranked AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        reach,
        is_tested,
        p * count(*) OVER (PARTITION BY is_tested) / row_number() OVER in_order AS scaled,
        row_number() OVER in_order AS place
    FROM tested
    WINDOW in_order AS (PARTITION BY is_tested ORDER BY p, grp, rule)
),

adjusted AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        reach,
        CASE
            WHEN is_tested THEN least(
                min(scaled) OVER (PARTITION BY is_tested ORDER BY place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                1.0
            )
        END AS p_adjusted
    FROM ranked
),

-- every rule that was judged, compared or not; a deal is lost once, however often the rule was broken
judged AS (
    SELECT rules.grp, rules.rule, coalesce(lost.deals, 0) AS broken_lost, lost.amount AS broken_lost_amount
    FROM (
        SELECT grp, rule FROM checks GROUP BY grp, rule
        UNION ALL
        SELECT grp, rule FROM told WHERE NOT is_compared GROUP BY grp, rule
    ) AS rules
    LEFT JOIN (
        SELECT grp, rule, count(*) AS deals, sum(amount) AS amount
        FROM (SELECT grp, rule, deal_id, max(amount) AS amount FROM told WHERE is_lost GROUP BY grp, rule, deal_id) AS of_deals
        GROUP BY grp, rule
    ) AS lost ON rules.grp = lost.grp AND rules.rule = lost.rule
),

-- from when on, and of whom: said beside the figures
ways AS (
    SELECT column1 AS rule, column2 AS compared_ru, column3 AS compared_en
    FROM (
        VALUES
        (
            'response',
            'открытые, когда вышел срок ответа: ответили ли к нему',
            'open when the time to answer was over: answered by then or not'
        ),
        (
            'stale',
            'перешедшие с этапа на другой: первый раз он пройден в срок или нет',
            'moved on from the stage: passed in time the first time or not'
        ),
        ('evidence', 'вошедшие на этап: было ли основание при входе', 'entered a stage: with or without its evidence at that moment'),
        (
            'skipped',
            'дошедшие до последнего этапа: были ли пропуски до него',
            'come to the last stage: with stages skipped before it or none'
        ),
        (
            'moved_back',
            'дошедшие до последнего этапа: были ли возвраты до него',
            'come to the last stage: moved back before it or not'
        ),
        (
            'over_cap',
            'открытые через 7 дней: был ли превышен лимит за эти дни',
            'open after 7 days: the cap exceeded within them or not'
        ),
        (
            'out_of_hours',
            'открытые через 7 дней: были ли за эти дни контакты вне часов',
            'open after 7 days: contacted out of hours within them or not'
        ),
        (
            'required',
            'не сравнить: когда поле заполнено, неизвестно, а чем дольше сделка жила, тем больше в ней заполнено',
            'cannot be compared: when a field was filled is unknown, and the longer a deal lived, the more was filled'
        ),
        (
            'next_step',
            'не сравнить: об открытых сделках известно только сегодня',
            'cannot be compared: of open deals today alone is known'
        ),
        (
            'after_refusal',
            'не сравнить: нарушить может лишь тот, кому отказали',
            'cannot be compared: only after a refusal can it be broken'
        ),
        (
            'after_opt_out',
            'не сравнить: нарушить можно лишь после отписки',
            'cannot be compared: only after an opt-out can it be broken'
        )
    ) AS listed
)

SELECT
    judged.grp,
    judged.rule,
    control.title_ru,
    control.title_en,
    nullif(adjusted.figures['stage'], '') AS stage,
    adjusted.figures['kept_deals'] AS kept_deals,
    adjusted.figures['kept_won'] AS kept_won,
    adjusted.figures['kept_won']::double / nullif(adjusted.figures['kept_deals'], 0) AS kept_rate,
    wilson_low(adjusted.figures['kept_won'], adjusted.figures['kept_deals']) AS kept_rate_low,
    wilson_high(adjusted.figures['kept_won'], adjusted.figures['kept_deals']) AS kept_rate_high,
    CASE WHEN adjusted.figures['kept_won'] = 0 THEN 0 ELSE adjusted.figures['kept_revenue'] END AS kept_revenue,
    -- where nothing was compared, none broken is no figure, nor is what was lost by breaking
    CASE WHEN adjusted.p_adjusted IS NOT NULL OR adjusted.figures['broken_deals'] > 0 THEN adjusted.figures['broken_deals'] END
        AS broken_deals,
    adjusted.figures['broken_won'] AS broken_won,
    adjusted.figures['broken_won']::double / nullif(adjusted.figures['broken_deals'], 0) AS broken_rate,
    wilson_low(adjusted.figures['broken_won'], adjusted.figures['broken_deals']) AS broken_rate_low,
    wilson_high(adjusted.figures['broken_won'], adjusted.figures['broken_deals']) AS broken_rate_high,
    CASE WHEN adjusted.figures['broken_won'] = 0 THEN 0 ELSE adjusted.figures['broken_revenue'] END AS broken_revenue,
    CASE
        WHEN adjusted.p_adjusted IS NULL AND coalesce(adjusted.figures['broken_deals'], 0) = 0 THEN NULL
        WHEN judged.broken_lost = 0 THEN 0
        ELSE judged.broken_lost_amount
    END AS broken_lost_amount,
    coalesce(adjusted.figures['undated'], 0) AS undated,
    adjusted.difference,
    adjusted.difference - adjusted.reach AS difference_low,
    adjusted.difference + adjusted.reach AS difference_high,
    adjusted.p_adjusted,
    coalesce(ways.compared_ru, 'не сравнить') AS compared_ru,
    coalesce(ways.compared_en, 'cannot be compared') AS compared_en,
    CASE
        WHEN adjusted.p_adjusted IS NULL THEN 'not_compared'
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.difference > adjusted.reach THEN 'helps'
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.difference < -adjusted.reach THEN 'hurts'
        ELSE 'no_evidence'
    END AS verdict
FROM judged
CROSS JOIN losses
LEFT JOIN control ON judged.rule = control.rule
LEFT JOIN ways ON judged.rule = ways.rule
-- where no losses are exported there is nothing to compare the won with
LEFT JOIN adjusted ON judged.grp = adjusted.grp AND judged.rule = adjusted.rule AND losses.any_lost
ORDER BY judged.grp, control.position, judged.rule
