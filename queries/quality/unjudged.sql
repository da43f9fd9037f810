/*
title = { ru = "О чём судить нельзя", en = "What cannot be judged" }
partly.ru = "называет правило, чего ему нет, за какой срок и сколько сделок не судится"
partly.en = "names the rule, what it lacks, for which span, and how many deals are not judged"
undated.ru = "не влияют"
undated.en = "do not matter"
grain = "one row per rule, stage, missing source or column, and reason"
needs = ["deals.deal_id"]
dimensions = "deals"
about.ru = """
Правила регламента, о которых на дату отчёта судить нельзя, потому что данных нет: их никогда не загружали (never), не загружали для этого
менеджера или филиала (never), загруженное начинается позже (before) или кончается раньше (after), известны лишь дни без времени (day).
Случаи: сколько раз правило из-за этого не судилось; пусто, если судить не о чем вовсе. Нарушения здесь нет, и соблюдения тоже. Правило conversion: выигранных сделок больше, чем открытых, и ни одной потерянной, значит,
потери не выгружены, и долей выигранных нет. От периода не
зависит."""
about.en = """
Rules of the regulation that cannot be judged at the as-of date for want of data: never loaded, or never for this manager or branch
(never); what is loaded begins later (before) or ends earlier (after); days are known, and no times (day). Cases: how often the rule
was not judged for that reason; empty where there is nothing to judge at all. It is no breach, and it is not kept either. The rule conversion: there are won
deals and not one lost, so losses are not exported, and there are no shares of the won. Does not depend on
the period."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "stage_{lang}", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "missing", unit = "text", title = { ru = "Чего нет в данных", en = "What the data lack" } },
  { name = "why", unit = "text", title = { ru = "Почему", en = "Why" } },
  { name = "cases", unit = "count", title = { ru = "Случаи", en = "Cases" } },
  { name = "since", unit = "date", title = { ru = "С", en = "From" } },
  { name = "until", unit = "date", title = { ru = "По", en = "To" } },
  { name = "span_{lang}", unit = "text", title = { ru = "Что известно", en = "What is known" } },
  { name = "way_out_{lang}", unit = "text", title = { ru = "Что выгрузить", en = "What to export" } },
]
*/
-- the sources in words, as the subject of a sentence and as what to export
WITH sources AS (
    SELECT column1 AS source, column2 AS title_ru, column3 AS title_en, column4 AS way_out_ru, column5 AS way_out_en
    FROM (
        VALUES
        ('answer', 'исходящие звонки и сообщения', 'outgoing calls and messages', 'звонки и переписку с клиентами', 'calls and messages with clients'),
        ('touch', 'звонки, сообщения и встречи', 'calls, messages and meetings', 'звонки, переписку и встречи', 'calls, messages and meetings'),
        ('stage', 'переходы по этапам', 'moves between stages', 'историю этапов или срезы сделок (snapshot)', 'the stage history, or snapshots of deals'),
        ('refusal', 'отказы', 'refusals', 'отказы клиентов (события refusal)', 'refusals of clients (events of kind refusal)'),
        ('opt_out', 'отписки', 'opt-outs', 'отписки (события opt_out)', 'opt-outs (events of kind opt_out)'),
        ('complaint', 'жалобы', 'complaints', 'жалобы (события complaint)', 'complaints (events of kind complaint)'),
        ('task', 'назначенные дела', 'planned tasks', 'дела с их сроками (события task)', 'tasks with their due dates (events of kind task)'),
        ('closed_at', 'даты закрытия', 'closing dates', 'дату закрытия и её столбец в маппинге (closed_at)', 'the closing date, and its column in the mapping (closed_at)'),
        ('lost', 'потерянные сделки', 'lost deals', 'проигранные сделки вместе с выигранными и открытыми', 'lost deals along with the won and the open ones'),
        ('deal', 'выгрузка сделок', 'the export of deals', 'свежую выгрузку сделок и дел', 'deals and tasks as of the day of the report'),
        ('call', 'звонки', 'calls', 'звонки', 'calls'),
        ('meeting', 'встречи', 'meetings', 'встречи', 'meetings'),
        ('email', 'письма', 'letters', 'письма клиентам и от них (события email)', 'letters to clients and from them (events of kind email)'),
        ('sms', 'SMS', 'SMS', 'SMS (события sms)', 'SMS (events of kind sms)'),
        ('message', 'сообщения', 'messages', 'переписку в мессенджерах (события message)', 'messages (events of kind message)'),
        ('mailing', 'рассылки', 'mailings', 'рассылки (события mailing)', 'mailings (events of kind mailing)'),
        ('refund', 'возвраты', 'refunds', 'возвраты (события refund)', 'refunds (events of kind refund)'),
        ('qa_check', 'проверки качества', 'quality checks', 'оценки проверок (события qa_check)', 'scores of checks (events of kind qa_check)'),
        -- what is folded out of events is no column of an export
        ('refused_at', 'отказы', 'refusals', 'отказы клиентов (события refusal)', 'refusals of clients (events of kind refusal)'),
        ('opted_out_at', 'отписки', 'opt-outs', 'отписки (события opt_out)', 'opt-outs (events of kind opt_out)'),
        ('complained_at', 'жалобы', 'complaints', 'жалобы (события complaint)', 'complaints (events of kind complaint)'),
        ('refunded_at', 'возвраты', 'refunds', 'возвраты (события refund)', 'refunds (events of kind refund)'),
        ('response_at', 'исходящие звонки и сообщения', 'outgoing calls and messages', 'звонки и переписку с клиентами', 'calls and messages with clients'),
        ('touch_at', 'звонки, сообщения и встречи', 'calls, messages and meetings', 'звонки, переписку и встречи', 'calls, messages and meetings'),
        ('entries', 'переходы по этапам', 'moves between stages', 'историю этапов или срезы сделок (snapshot)', 'the stage history, or snapshots of deals')
    ) AS listed
),

-- what a rule cannot do without
needed AS (
    SELECT column1 AS rule, column2 AS missing
    FROM (
        VALUES
        ('response', 'answer'),
        ('stale', 'stage'),
        ('skipped', 'stage'),
        ('moved_back', 'stage'),
        ('over_cap', 'touch'),
        ('out_of_hours', 'touch'),
        ('after_refusal', 'touch'),
        ('after_opt_out', 'touch')
    ) AS listed
),

unjudged AS (
    SELECT
        grp,
        rule,
        -- that nothing is planned is not a matter of the stage
        CASE WHEN rule <> 'next_step' THEN stage END AS stage,
        missing,
        why,
        count(*) AS cases,
        local_day(min(at)) AS since,
        local_day(max(at)) AS until
    FROM unjudged_checks
    GROUP BY 1, 2, 3, 4, 5
),

-- the managers and branches of whom nothing of a source is loaded, while something of others is; five are named
lacking AS (
    SELECT
        missing,
        array_to_string(array_slice(array_agg(name ORDER BY place, name), 1, 5), ', ') AS names,
        count(*) - 5 AS more
    FROM (
        SELECT sources_asked.missing, 1 AS place, of_branches.branch AS name
        FROM (SELECT DISTINCT missing FROM unjudged WHERE why = 'never') AS sources_asked
        CROSS JOIN (SELECT DISTINCT branch FROM scope WHERE branch <> '') AS of_branches
        WHERE known_from(sources_asked.missing, NULL, of_branches.branch) IS NULL
        UNION ALL
        SELECT sources_asked.missing, 2 AS place, of_managers.manager AS name
        FROM (SELECT DISTINCT missing FROM unjudged WHERE why = 'never') AS sources_asked
        CROSS JOIN (SELECT DISTINCT manager FROM scope WHERE manager <> '') AS of_managers
        WHERE known_from(sources_asked.missing, of_managers.manager, NULL) IS NULL
    ) AS each_one
    GROUP BY missing
),

-- where nothing of the source is loaded there may be nothing to judge: that is said all the same
together AS (
    SELECT grp, rule, stage, missing, why, cases, since, until
    FROM unjudged
    UNION ALL
    SELECT
        '' AS grp,
        needed.rule,
        NULL AS stage,
        needed.missing,
        'never' AS why,
        NULL AS cases,
        NULL AS since,
        NULL AS until
    FROM needed
    LEFT ANTI JOIN unjudged ON needed.rule = unjudged.rule
    WHERE known_from(needed.missing, NULL, NULL) IS NULL
    UNION ALL
    -- caps on mailings of which none is loaded: a report without mailings is no report without too many of them
    SELECT
        '' AS grp,
        'mailing_caps' AS rule,
        NULL AS stage,
        'mailing' AS missing,
        'never' AS why,
        NULL AS cases,
        NULL AS since,
        NULL AS until
    FROM (
        SELECT count(*) AS number
        FROM (SELECT kind FROM caps WHERE kind = 'mailing' UNION ALL SELECT stage AS kind FROM mailing_rules) AS set_by
    ) AS norms
    WHERE norms.number > 0 AND known_from('mailing', NULL, NULL) IS NULL
    UNION ALL
    -- losses are not exported, and of what is left no share of the won is told
    SELECT
        '' AS grp,
        'conversion' AS rule,
        NULL AS stage,
        'lost' AS missing,
        'never' AS why,
        wins.won AS cases,
        NULL AS since,
        NULL AS until
    FROM (SELECT count(*) AS won FROM scope WHERE exported_status = 'won') AS wins
    CROSS JOIN losses
    WHERE NOT losses.any_lost
)

SELECT
    together.grp,
    together.rule,
    CASE together.rule WHEN 'conversion' THEN 'Конверсия' WHEN 'mailing_caps' THEN 'Рассылки сверх нормы' ELSE control.title_ru END AS title_ru,
    CASE together.rule WHEN 'conversion' THEN 'Conversion' WHEN 'mailing_caps' THEN 'Mailings over the cap' ELSE control.title_en END AS title_en,
    together.stage,
    stages.title_ru AS stage_ru,
    stages.title_en AS stage_en,
    together.missing,
    together.why,
    together.cases,
    together.since,
    together.until,
    concat(
        coalesce(sources.title_ru, concat('столбец или событие ', together.missing)),
        CASE
            WHEN together.missing = 'lost' THEN ': ни одной, хотя выигранные есть'
            WHEN together.missing = 'deal' THEN ': старше дня отчёта на рабочий день или больше'
            WHEN together.why = 'before' THEN concat(': загружены только с ', to_char(local_day(known_from(together.missing, NULL, NULL)), '%d.%m.%Y'), ' или, для части менеджеров и филиалов, позже')
            WHEN together.why = 'after' THEN concat(': загружены только по ', to_char(local_day(known_until(together.missing, NULL, NULL) - INTERVAL '1 microsecond'), '%d.%m.%Y'), ' или, для части менеджеров и филиалов, раньше')
            WHEN together.why = 'day' THEN ': известны дни, но не время'
            WHEN together.why = 'between' THEN ': известно лишь, между какими выгрузками'
            WHEN known_from(together.missing, NULL, NULL) IS NULL THEN ': не загружены'
            WHEN lacking.more > 0 THEN concat(': не загружены для части менеджеров или филиалов: ', lacking.names, ' и ещё ', lacking.more)
            WHEN lacking.names IS NOT NULL THEN concat(': не загружены для части менеджеров или филиалов: ', lacking.names)
            ELSE ': не загружены для части менеджеров или филиалов'
        END
    ) AS span_ru,
    concat(
        coalesce(sources.title_en, concat('column or event ', together.missing)),
        CASE
            WHEN together.missing = 'lost' THEN ': not one, though there are won ones'
            WHEN together.missing = 'deal' THEN ': older than the day of the report by a working day or more'
            WHEN together.why = 'before' THEN concat(': loaded only from ', to_char(local_day(known_from(together.missing, NULL, NULL)), '%Y-%m-%d'), ' on, or later for some managers and branches')
            WHEN together.why = 'after' THEN concat(': loaded only until ', to_char(local_day(known_until(together.missing, NULL, NULL) - INTERVAL '1 microsecond'), '%Y-%m-%d'), ', or less for some managers and branches')
            WHEN together.why = 'day' THEN ': the days are known, and no times'
            WHEN together.why = 'between' THEN ': known only between which exports'
            WHEN known_from(together.missing, NULL, NULL) IS NULL THEN ': not loaded'
            WHEN lacking.more > 0 THEN concat(': not loaded for some managers or branches: ', lacking.names, ' and another ', lacking.more)
            WHEN lacking.names IS NOT NULL THEN concat(': not loaded for some managers or branches: ', lacking.names)
            ELSE ': not loaded for some managers or branches'
        END
    ) AS span_en,
    CASE
        WHEN together.missing IN ('stage', 'entries') AND together.why = 'between' THEN 'историю этапов со временем переходов: загруженное говорит лишь, между какими выгрузками или в какой день сделка перешла'
        WHEN together.missing IN ('stage', 'entries') AND together.why = 'before' THEN 'историю этапов за более раннее время: срезы его уже не покажут'
        ELSE coalesce(sources.way_out_ru, concat('столбец или событие ', together.missing, ': назовите его в маппинге'))
    END AS way_out_ru,
    CASE
        WHEN together.missing IN ('stage', 'entries') AND together.why = 'between' THEN 'the stage history with the time of each move: what is loaded tells only between which exports, or on which day, a deal moved'
        WHEN together.missing IN ('stage', 'entries') AND together.why = 'before' THEN 'the stage history of the time before: snapshots cannot show it any more'
        ELSE coalesce(sources.way_out_en, concat('the column or event ', together.missing, ': name it in the mapping'))
    END AS way_out_en
FROM together
LEFT JOIN sources ON together.missing = sources.source
LEFT JOIN lacking ON together.missing = lacking.missing
LEFT JOIN control ON together.rule = control.rule
LEFT JOIN stages ON together.stage = stages.stage
ORDER BY
    together.grp,
    control.position,
    together.rule,
    stages.position,
    together.missing,
    together.why
