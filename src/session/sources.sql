-- The local days on which there are events of a source, by who called, whose deal it is and in which branch. A move that two
-- snapshots show tells of the day of the later one, whatever its own date: before the first snapshot no move is loaded.
WITH named AS (
    SELECT
        events.kind,
        events.direction,
        events.manager AS caller,
        journeys.manager,
        journeys.branch,
        local_day(coalesce(events."before", events.at)) AS day
    -- the left side is held in memory: a deal has many events
    FROM journeys
    RIGHT JOIN events ON journeys.deal_id = coalesce(events.deal_id, events.joined_deal)
    -- what a row of a deal said is no work of anybody
    WHERE events.at IS NOT NULL
        AND events.kind NOT IN ('amount', 'expected_close', 'probability', 'gone')
)

SELECT
    kind,
    caller,
    manager,
    branch,
    day,
    bool_or(kind = 'meeting' OR direction = 'outgoing') AS reaches_out
FROM named
GROUP BY kind, caller, manager, branch, day
