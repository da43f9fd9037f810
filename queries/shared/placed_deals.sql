/* Deals that entered the funnel within the period: how each stands, and in which step of the funnel; an end says nothing more than
   the status (deal_id, grp, entries, moves, undated, outcome, present_position, was_seen, has_stayed, closed_at, seen_until, entered_at). */
WITH dated AS (
    SELECT
        deal_id,
        grp,
        entries,
        moves,
        status,
        undated,
        stage,
        -- no join with the stages, which would copy the lists
        stage_place(stage) AS present,
        manager,
        branch,
        closed_at,
        -- a closing without a date was at the latest when an export showed it
        coalesce(closed_at, CASE WHEN undated IS NOT NULL THEN least(closed_by, $as_of) END, seen_until) AS seen_until,
        entered_at
    FROM scope
)

SELECT
    dated.deal_id,
    dated.grp,
    dated.entries,
    dated.moves,
    dated.undated,
    CASE
        WHEN dated.status IN ('won', 'lost') THEN dated.status
        -- its export listed it no longer: it left on that day, neither open nor lost
        WHEN dated.undated = 'gone' THEN 'gone'
        WHEN dated.status IS NULL AND dated.undated IS NOT NULL THEN 'unclear'
        -- where no status is filled the stage is all there is
        WHEN dated.status IS NULL THEN coalesce(dated.present['terminal'], 'open')
        ELSE 'open'
    END AS outcome,
    CASE WHEN dated.present['terminal'] IS NULL AND NOT dated.present['parking'] THEN dated.present['position'] END AS present_position,
    -- a move seen by comparing two snapshots: others may lie between
    coalesce(dated.moves[-1]['seen'], FALSE) AS was_seen,
    -- where all moves since its entry are loaded, a deal without any has not left the first stage
    coalesce(known_from('stage', dated.manager, dated.branch) <= dated.entered_at, FALSE)
    AND NOT coalesce(dated.moves[-1]['seen'], FALSE)
    AND (coalesce(dated.stage, '') = '' OR dated.present['terminal'] IS NOT NULL) AS has_stayed,
    dated.closed_at,
    dated.seen_until,
    dated.entered_at
FROM dated
WHERE dated.entered_at >= $from AND dated.entered_at < $to
