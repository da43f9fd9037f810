use super::*;

fn said<T>(at: i64, after: Option<i64>, value: T) -> Said<T> {
    Said { at, after, value: Some(value) }
}

/// A day of ten moments.
fn midnight(day: i32) -> Option<i64> {
    Some(i64::from(day) * 10)
}

fn told(course: &Course, first: CountedFirst) -> Vec<(i64, &'static str, i64, i128)> {
    steps(course, first, &midnight).iter().map(|step| (step.at, step.kind.name(), step.deals, step.amount)).collect()
}

fn open() -> Course {
    Course { entered_at: 5, until: 1000, amounts: vec![said(20, None, 100)], ..Course::default() }
}

#[test]
fn a_deal_comes_grows_and_is_won() {
    let grown = vec![said(20, None, 100), said(29, Some(20), 130), said(39, Some(30), 110)];
    let course = Course { amounts: grown, closed: Some((50, Exit::Won)), ..open() };
    let expected = [(5, "created", 1, 100), (29, "expanded", 0, 30), (39, "contracted", 0, -20), (50, "won", -1, -110)];
    assert_eq!(told(&course, CountedFirst::Changes), expected);
    assert_eq!(told(&course, CountedFirst::Closing), expected);
    // by an earlier cut it is open
    assert_eq!(told(&Course { until: 39, ..course }, CountedFirst::Changes), expected[..2]);
}

#[test]
fn what_a_snapshot_shows_with_the_closing_is_counted_before_it_or_not_at_all() {
    let grown = vec![said(20, None, 100), said(39, Some(30), 130)];
    for closed in [35, 39] {
        let course = Course { amounts: grown.clone(), closed: Some((closed, Exit::Won)), ..open() };
        let expected = [(5, "created", 1, 100), (closed, "expanded", 0, 30), (closed, "won", -1, -130)];
        assert_eq!(told(&course, CountedFirst::Changes), expected);
        assert_eq!(told(&course, CountedFirst::Closing), [(5, "created", 1, 100), (closed, "won", -1, -100)]);
    }
    // a change that is known to be later is no change of the pipeline
    let course = Course { amounts: grown, closed: Some((30, Exit::Lost)), ..open() };
    assert_eq!(told(&course, CountedFirst::Changes), [(5, "created", 1, 100), (30, "lost", -1, -100)]);
}

#[test]
fn it_may_leave_and_come_back() {
    let out = |from, to, exit| Out { from, to: Some(to), exit };
    let grown = vec![said(20, None, 100), said(45, Some(40), 70)];
    let course = Course { outs: vec![out(30, 50, Exit::Lost)], amounts: grown, ..open() };
    let expected = [(5, "created", 1, 100), (30, "lost", -1, -100), (50, "reopened", 1, 70)];
    assert_eq!(told(&course, CountedFirst::Closing), expected);
    // gone, and won meanwhile; a return that the status contradicts is none
    let outs = vec![out(30, 60, Exit::Gone), out(70, 80, Exit::Lost)];
    let course = Course { outs, closed: Some((40, Exit::Won)), ..open() };
    let expected = [(5, "created", 1, 100), (30, "gone", -1, -100), (40, "reopened", 1, 100), (40, "won", -1, -100)];
    assert_eq!(told(&course, CountedFirst::Changes), expected);
    let course = Course { gone_at: Some(30), ..open() };
    assert_eq!(told(&course, CountedFirst::Changes)[1], (30, "gone", -1, -100));
}

#[test]
fn the_expected_day_is_put_off_or_goes_by() {
    let dues = vec![said(20, None, 3), said(35, Some(29), 6), said(45, Some(39), 5), said(80, Some(70), 9)];
    let all = steps(&Course { dues, ..open() }, CountedFirst::Changes, &midnight);
    let told: Vec<_> = all.iter().map(|step| (step.at, step.kind.name(), step.was_due, step.due)).collect();
    let expected = [
        (5, "created", Some(3), Some(3)),
        (35, "pushed", Some(3), Some(6)),
        (45, "advanced", Some(6), Some(5)),
        (60, "slipped", Some(5), Some(5)),
        (80, "pushed", Some(5), Some(9)),
        (100, "slipped", Some(9), Some(9)),
    ];
    assert_eq!(told, expected);
    assert!(all.iter().all(|step| step.held == 100));
}

/// A stream of numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end.unsigned_abs()).cast_signed()
    }

    fn maybe<T>(&mut self, of: impl FnOnce(&mut Random) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| of(self))
    }

    fn course(&mut self) -> Course {
        let exits = [Exit::Won, Exit::Lost, Exit::Gone];
        let outs = (0..self.below(4)).map(|_| {
            let from = self.below(100);
            Out { from, to: Some(from + self.below(30)), exit: exits[self.below(3) as usize] }
        });
        let outs = outs.collect();
        let history = |random: &mut Random| -> Vec<(i64, Option<i64>)> {
            let mut at: Vec<i64> = (0..1 + random.below(5)).map(|_| random.below(110)).collect();
            at.sort_unstable();
            let mut after = None;
            at.into_iter().map(|at| (at, after.replace(at))).collect()
        };
        let (amounts, dues) = (history(self), history(self));
        Course {
            entered_at: self.below(60),
            until: 40 + self.below(80),
            outs,
            closed: self.maybe(|random| (random.below(110), exits[random.below(2) as usize])),
            gone_at: self.maybe(|random| random.below(110)),
            amounts: amounts
                .into_iter()
                .map(|(at, after)| Said { at, after, value: self.maybe(|random| i128::from(random.below(9))) })
                .collect(),
            dues: dues
                .into_iter()
                .map(|(at, after)| Said { at, after, value: self.maybe(|random| random.below(12) as i32) })
                .collect(),
        }
    }
}

#[test]
fn whatever_happened_the_steps_add_up_to_what_stands_open() {
    let mut random = Random(7);
    let mut kinds = std::collections::BTreeSet::new();
    for _ in 0..20_000 {
        let course = random.course();
        for first in [CountedFirst::Changes, CountedFirst::Closing] {
            let all = steps(&course, first, &midnight);
            kinds.extend(all.iter().map(|step| step.kind));
            assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at), "{course:?} {all:?}");
            assert!(all.iter().all(|step| step.at < course.until), "{course:?} {all:?}");
            // within each prefix the deal is in or out, with what it is then worth
            let (mut deals, mut amount) = (0, 0);
            for step in &all {
                deals += step.deals;
                amount += step.amount;
                assert!((0..=1).contains(&deals), "{course:?} {all:?}");
                assert_eq!(amount, if deals == 1 { step.held } else { 0 }, "{course:?} {all:?}");
            }
            // it stands open at the end unless it is closed or gone by then
            let is_closed = course.closed.is_some_and(|(at, _)| at.max(course.entered_at) < course.until);
            let is_gone =
                course.closed.is_none() && course.gone_at.is_some_and(|at| at.max(course.entered_at) < course.until);
            if is_closed || is_gone {
                assert_eq!(deals, 0, "{course:?} {all:?}");
            }
            let is_plain = course.closed.is_none() && course.gone_at.is_none();
            if is_plain && course.entered_at < course.until && course.outs.is_empty() {
                let last = course.amounts.iter().rev().find(|said| said.at < course.until);
                let last = last.or(course.amounts.first()).and_then(|said| said.value).unwrap_or_default();
                assert_eq!((deals, amount), (1, last), "{course:?} {all:?}");
            }
        }
    }
    assert_eq!(kinds.len(), 12);
}
