/* Deals as the bridge of the pipeline takes them: how each had ended by the as-of date, if it had, and when (deal_id, grp, entered_at, status,
   ended_at, gone_at, moves, absences, amount_history, amount, expected_close_history, expected_close). Where `status` is neither won nor
   lost, `ended_at` says nothing. */
SELECT
    scope.deal_id,
    scope.grp,
    scope.entered_at,
    -- of a deal that stood in an end, and came back or closed again later, the log knows that it was out
    coalesce(
        CASE
            WHEN
                (scope.status = 'open' OR scope.undated = 'gone')
                AND stood.terminal IS NOT NULL
                AND (stands.terminal IS NULL OR scope.exported_closed_at >= $as_of)
                THEN stood.terminal
        END,
        scope.status
    ) AS status,
    CASE
        WHEN scope.status = 'open' OR scope.undated = 'gone' THEN scope.moves[-1]['at']
        -- a closing without a date is one when an export first showed it
        WHEN scope.undated IN ('won', 'lost') THEN least(scope.closed_by, $as_of - INTERVAL '1 microsecond')
        ELSE scope.closed_at
    END AS ended_at,
    scope.gone_at,
    scope.moves,
    scope.absences,
    scope.amount_history,
    scope.amount,
    scope.expected_close_history,
    scope.expected_close
FROM scope
LEFT JOIN stages AS stood ON scope.moves[-1]['stage'] = stood.stage
LEFT JOIN stages AS stands ON scope.exported_stage = stands.stage
