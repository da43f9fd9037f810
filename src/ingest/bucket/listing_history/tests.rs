use super::*;

const NOON: Span = Span { earliest: 100, latest: 100 };

fn step(at: i64, stage: &str) -> Step<'_> {
    Step { at, id: format!("{stage}{at}"), stage, is_exact: true }
}

fn deal(stage: &str) -> Deal<'_> {
    let of = Owner { deal: "1", client: Cell::Null, manager: Cell::Null };
    Deal { of, stage, created_at: None, closed_at: None, seen_at: None }
}

/// When the move was: `at`, `after`, `before`.
fn found(deal: Deal<'_>, taken: Span, steps: &[Step<'_>]) -> Option<(i64, Option<i64>, i64)> {
    compare(deal, taken, steps).map(|found| (found.at, found.after, found.before))
}

#[test]
fn a_deal_that_is_new_came_to_its_stage_since_it_was_created() {
    let new = deal("offer");
    assert_eq!(found(new, NOON, &[]), Some((100, None, 100)));
    assert_eq!(found(Deal { created_at: Some(40), ..new }, NOON, &[]), Some((100, Some(40), 100)));
    // created after the snapshot: one of the two dates is wrong, and which is not known
    assert_eq!(found(Deal { created_at: Some(140), ..new }, NOON, &[]), Some((100, None, 100)));
}

#[test]
fn a_move_lies_between_the_last_moment_elsewhere_and_the_snapshot() {
    let known = Deal { created_at: Some(10), seen_at: Some(50), ..deal("offer") };
    assert_eq!(found(known, NOON, &[step(50, "new")]), Some((100, Some(50), 100)));
    // the log tells that it stood elsewhere later still
    assert_eq!(found(known, NOON, &[step(50, "new"), step(70, "call")]), Some((100, Some(70), 100)));
    // a snapshot of a day that came before: it was there on that day, and may have left on the same day
    let day = Step { is_exact: false, ..step(70, "call") };
    assert_eq!(found(known, NOON, &[day]), Some((100, Some(50), 100)));
    // nothing to tell: it stood there already, or the log has the move
    assert_eq!(found(known, NOON, &[step(50, "offer")]), None);
    assert_eq!(found(known, NOON, &[step(50, "new"), step(80, "offer")]), None);
    // what the log tells of later times says nothing
    assert_eq!(found(known, NOON, &[step(50, "new"), step(120, "offer")]), Some((100, Some(50), 100)));
}

#[test]
fn a_closed_deal_tells_itself_when_it_came_to_its_end() {
    let closed = |at| Deal { closed_at: Some(at), seen_at: Some(50), ..deal("won") };
    assert_eq!(found(closed(80), NOON, &[step(50, "new")]), Some((80, Some(50), 100)));
    // dated back, or ahead: then only the interval is known
    for at in [40, 50, 120] {
        assert_eq!(found(closed(at), NOON, &[step(50, "new")]), Some((100, Some(50), 100)), "{at}");
    }
    // closed in the moment in which it was created
    let born = Deal { closed_at: Some(50), created_at: Some(50), ..deal("won") };
    assert_eq!(found(born, NOON, &[]), Some((50, Some(50), 100)));
}

#[test]
fn a_day_agrees_with_all_that_the_log_tells_of_it() {
    let day = Span { earliest: 100, latest: 199 };
    let log = [step(50, "new"), step(120, "call"), step(180, "offer")];
    for stage in ["new", "call", "offer"] {
        assert_eq!(found(deal(stage), day, &log), None, "{stage}");
    }
    assert_eq!(found(deal("deal"), day, &log), Some((199, Some(50), 199)));
}

#[test]
fn the_same_move_has_the_same_id_and_is_made_once() {
    let first = compare(deal("offer"), NOON, &[]).unwrap();
    assert_eq!(compare(deal("offer"), NOON, &[]).unwrap().id, first.id);
    assert_ne!(compare(deal("call"), NOON, &[]).unwrap().id, first.id);
    let mut back = vec![Step { at: 100, id: first.id, stage: "offer", is_exact: false }, step(100, "p")];
    back.sort();
    assert_eq!(compare(deal("offer"), NOON, &back), None);
}
