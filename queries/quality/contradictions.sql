/*
title = { ru = "Что противоречит само себе", en = "What contradicts itself" }
grain = "one row per contradiction that occurs"
needs = ["deals.deal_id"]
dimensions = "deals"
about.ru = """
Сделки, известные на дату отчёта, независимо от периода, о которых выгрузка говорит две разные вещи, и как это понято. Дни без времени
сравниваются как дни: «закрыта раньше, чем создана» — только если день закрытия раньше дня создания. Примеры — первые три номера."""
about.en = """
Deals known at the as-of date, whatever the period, of which the export says two different things, and how that is understood. Days without
a time are compared as days: "closed before created" only where the day of closing is before that of creation. Examples are the first three
ids."""
columns = [
  { name = "contradiction", unit = "text", title = { ru = "Код", en = "Code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Противоречие", en = "Contradiction" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "of_deals", unit = "count", title = { ru = "Из", en = "Of" } },
  { name = "example_1", unit = "text", title = { ru = "Например", en = "Such as" } },
  { name = "example_2", unit = "text", title = { ru = "и", en = "and" } },
  { name = "example_3", unit = "text", title = { ru = "и", en = "and" } },
  { name = "advice_ru", unit = "text", title = { ru = "Как понято и что делать", en = "How it is understood (ru)" } },
  { name = "advice_en", unit = "text", title = { ru = "Как понято и что делать (en)", en = "How it is understood, what to do" } },
]
*/
WITH known AS (
    SELECT
        number,
        contradiction,
        title_ru,
        title_en,
        advice_ru,
        advice_en
    FROM (
        VALUES
        (
            1,
            'open_in_end',
            'Открыта, а этап — завершающий',
            'Open, and in a terminal stage',
            'Решает статус: сделка открыта, где стоит, неизвестно. Закройте её в CRM или переведите статус из этапа в mapping.toml.',
            'The status decides: the deal is open, in an unknown stage. Close it in the CRM, or take the status from the stage in mapping.toml.'
        ),
        (
            2,
            'won_in_lost',
            'Выиграна, а этап — проигрыш',
            'Won, and in a lost stage',
            'Решает статус: сделка выиграна. Проверьте перевод статусов и этапов в mapping.toml.',
            'The status decides: the deal is won. Check how statuses and stages are translated in mapping.toml.'
        ),
        (
            3,
            'lost_in_won',
            'Потеряна, а этап — успешный',
            'Lost, and in the won stage',
            'Решает статус: сделка потеряна неизвестно откуда. Проверьте перевод статусов и этапов в mapping.toml.',
            'The status decides: the deal is lost, from an unknown stage. Check how statuses and stages are translated in mapping.toml.'
        ),
        (
            4,
            'end_without_status',
            'Этап завершающий, а статус пуст',
            'In a terminal stage, and without a status',
            'Статус виден только из этапа. Заполните status из этапа в mapping.toml: values = { … = "won", … = "lost" }.',
            'Only the stage tells the status. Fill status from the stage in mapping.toml: values = { … = "won", … = "lost" }.'
        ),
        (
            5,
            'log_beyond_stage',
            'По журналу закончена, а открыта не на этом этапе',
            'Ended by the log, and open in another stage',
            'Понято как возвращённая в работу; когда, неизвестно. Проверьте, полон ли журнал переходов.',
            'Understood as reopened, nobody knows when. Check whether the log of stages is complete.'
        ),
        (
            6,
            'log_against_stage',
            'Последний переход журнала — не на нынешний этап',
            'The last logged move led elsewhere than the present stage',
            'Дошла до более позднего из двух; стоит там, куда привёл журнал. Выгружайте сделки и журнал в один день.',
            'It has come to the later of the two, and stands where the log led. Export deals and log on one day.'
        ),
        (
            7,
            'closed_before_created',
            'Закрыта раньше, чем создана',
            'Closed before created',
            'Время от создания до закрытия считается нулевым. Проверьте столбцы дат в mapping.toml.',
            'The time from creation to closing counts as none. Check the columns of dates in mapping.toml.'
        ),
        (
            8,
            'open_with_closing',
            'Открыта, а дата закрытия в прошлом',
            'Open, and closed by its date',
            'Решает статус: сделка открыта. Плановой дате место в столбце expected_close.',
            'The status decides: the deal is open. A planned date belongs into the column expected_close.'
        ),
        (
            9,
            'closed_without_date',
            'Закрыта, а когда — неизвестно',
            'Closed, and nothing says when',
            'Конверсии к сроку и выручка по неделям её не знают или дают границы. Выгрузите дату закрытия: closed_at.',
            'Eventual conversions and weekly revenue do not know it, or give bounds. Export the date of closing: closed_at.'
        )
    ) AS listed (number, contradiction, title_ru, title_en, advice_ru, advice_en)
),

faced AS (
    SELECT
        scope.deal_id,
        scope.grp,
        scope.status,
        scope.is_open,
        scope.undated,
        scope.created_at,
        scope.closed_at,
        scope.exported_status,
        scope.exported_closed_at,
        scope.stage,
        present.terminal,
        scope.moves[-1]['stage'] AS last_stage,
        arrived.terminal AS last_terminal,
        arrived.stage IS NOT NULL AS has_arrived
    FROM scope
    LEFT JOIN stages AS present ON scope.stage = present.stage
    LEFT JOIN stages AS arrived ON scope.moves[-1]['stage'] = arrived.stage
),

found AS (
    SELECT grp, deal_id, 1 AS number FROM faced WHERE status = 'open' AND terminal IS NOT NULL
    UNION ALL
    SELECT grp, deal_id, 2 AS number FROM faced WHERE status = 'won' AND terminal = 'lost'
    UNION ALL
    SELECT grp, deal_id, 3 AS number FROM faced WHERE status = 'lost' AND terminal = 'won'
    UNION ALL
    SELECT grp, deal_id, 4 AS number FROM faced WHERE coalesce(exported_status, '') = '' AND terminal IS NOT NULL
    UNION ALL
    SELECT grp, deal_id, 5 AS number FROM faced WHERE is_open AND last_terminal IS NOT NULL AND terminal IS NULL
    UNION ALL
    SELECT grp, deal_id, 6 AS number
    FROM faced
    WHERE is_open AND has_arrived AND last_terminal IS NULL AND terminal IS NULL AND stage <> '' AND stage <> last_stage
    UNION ALL
    SELECT grp, deal_id, 7 AS number FROM faced WHERE NOT is_open AND local_day(closed_at) < local_day(created_at)
    UNION ALL
    SELECT grp, deal_id, 8 AS number FROM faced WHERE exported_status = 'open' AND exported_closed_at < $as_of
    UNION ALL
    SELECT grp, deal_id, 9 AS number FROM faced WHERE undated IN ('won', 'lost')
),

ranked AS (
    SELECT grp, number, deal_id, row_number() OVER (PARTITION BY grp, number ORDER BY deal_id) AS turn
    FROM found
),

counted AS (
    SELECT
        grp,
        number,
        count(*) AS deals,
        max(CASE WHEN turn = 1 THEN deal_id END) AS example_1,
        max(CASE WHEN turn = 2 THEN deal_id END) AS example_2,
        max(CASE WHEN turn = 3 THEN deal_id END) AS example_3
    FROM ranked
    GROUP BY grp, number
),

everybody AS (
    SELECT grp, count(*) AS of_deals
    FROM scope
    GROUP BY grp
)

SELECT
    counted.grp,
    known.contradiction,
    known.title_ru,
    known.title_en,
    counted.deals,
    everybody.of_deals,
    counted.example_1,
    counted.example_2,
    counted.example_3,
    known.advice_ru,
    known.advice_en
FROM counted
INNER JOIN known ON counted.number = known.number
INNER JOIN everybody ON counted.grp = everybody.grp
ORDER BY counted.grp, known.number
