//! That a forecast sees nothing that was not known on its day.

use super::answer::Desk;
use super::book::{Book, Day, Deal, End, NEVER, Past};
use super::ledger::Ledger;
use super::score::{Ahead, Measure, origins, scores};
use super::view::View;

/// A number from 0 to below 1 that looks random.
fn drawn(seed: u64) -> f64 {
    crate::functions::seeded::seeded(7, &seed.to_string())
}

/// A company of two groups: three deals a day of 900 days, fewer on Sundays, which move on within weeks.
fn company() -> Vec<Deal> {
    let mut deals = Vec::new();
    for number in 0..2700_u64 {
        let day = (number / 3) as i32;
        if day.rem_euclid(7) == 2 && drawn(number * 11) < 0.7 {
            continue;
        }
        let days = |at: u64, mean: f64| (-(1.0 - drawn(number * 11 + at)).ln() * mean) as i32;
        let offered = day + days(1, 6.0);
        let ended = offered + days(2, 12.0);
        let end = [End::Lost, End::Won, End::Open][[0.5, 0.95].iter().filter(|p| drawn(number * 11 + 3) > **p).count()];
        let amount = 50.0 + 100.0 * drawn(number * 11 + 4);
        deals.push(Deal {
            key: number as f64,
            group: usize::from(drawn(number * 11 + 5) < 0.3),
            end,
            ended: if end == End::Open { NEVER } else { ended },
            amount: Some(amount),
            planned: Some(ended),
            entries: vec![(1, day), (2, offered)],
            past: Some(Box::new(Past { amounts: vec![(day, amount * 1.2), (offered, amount)], ..Past::default() })),
            ..Deal::begun(day)
        });
    }
    deals
}

/// The same deals as they were known before a day; what has no history is as now known.
fn known(deals: &[Deal], day: i32) -> Vec<Deal> {
    let begun = deals.iter().filter(|deal| deal.entered < day).cloned();
    begun
        .map(|mut deal| {
            deal.entries.retain(|entry| entry.1 < day);
            let past = deal.past.as_mut().unwrap();
            past.amounts.retain(|amount| amount.0 < day);
            if deal.ended >= day {
                (deal.end, deal.ended) = (End::Open, NEVER);
                deal.amount = past.amounts.last().map(|amount| amount.1);
            }
            deal
        })
        .collect()
}

fn calendar() -> Vec<Day> {
    (0..1010).map(|day| Day { day, month: day / 30, working: f64::from(day.rem_euclid(7) != 2) }).collect()
}

#[test]
fn an_origin_is_the_forecast_of_that_day() {
    let all = Book::new(company(), calendar()).unwrap();
    let ledger = Ledger::of(&all);
    let origins = origins(&all, &ledger, 900);
    assert!(origins.len() > 80);
    for origin in origins.iter().step_by(17) {
        let then = Book::new(known(&company(), origin.day), calendar()).unwrap();
        let then_ledger = Ledger::of(&then);
        let ahead = usize::try_from(origin.period[1] - origin.day).unwrap();
        let mut now = View::of(&all, &ledger, origin.day, ahead);
        let mut before = View::of(&then, &then_ledger, origin.day, ahead);
        let [parts, parts_then] = [&mut now, &mut before].map(|view| view.until(origin.period[0], origin.period[1]));
        assert_eq!(parts, parts_then, "{:?} {}", origin.ahead, origin.day);
        for (now, of) in origin.baselines.iter().zip(super::baseline::Baseline::ALL) {
            assert_eq!(*now, of.of(&then, &then_ledger, &before, origin.period), "{of:?}");
        }
    }
    // and all answers of a day
    let day = 800;
    let [late, early] =
        [company(), known(&company(), day)].map(|deals| Desk::new(Book::new(deals, calendar()).unwrap(), day));
    assert_eq!(late.horizons(), early.horizons());
    assert_eq!(late.scores(), early.scores());
    assert_eq!(late.path(), early.path());
    assert_eq!(late.coverage(), early.coverage());
}

#[test]
fn groups_add_up_and_the_band_covers() {
    let book = Book::new(company(), calendar()).unwrap();
    let origins = origins(&book, &Ledger::of(&book), 900);
    let (mut banded, mut within) = (0, 0);
    for origin in &origins {
        let [first, second, all] = [0, 1, 2].map(|of: usize| origin.parts[of].mean());
        for measure in Measure::ALL {
            let sum = measure.of(first) + measure.of(second);
            assert!((sum - measure.of(all)).abs() < 1e-6 * measure.of(all).max(1.0));
        }
    }
    for ahead in Ahead::ALL {
        let score = scores(&origins, ahead, 2, Measure::Wins)[0];
        // nothing changes in this world: what is left is chance
        assert!(score.wape.unwrap() < 0.2, "{ahead:?} {score:?}");
        (banded, within) = (banded + score.banded, within + score.within);
    }
    let covered = within as f64 / banded as f64;
    assert!((0.70..=0.98).contains(&covered), "{within} of {banded}");
}

#[test]
fn few_wins_are_told_and_not_forecast() {
    let deals = (0..400).map(|day| match day % 40 {
        0 => Deal { end: End::Won, ended: day, amount: Some(5.0), ..Deal::begun(day) },
        _ => Deal { end: End::Lost, ended: day, ..Deal::begun(day) },
    });
    let desk = Desk::new(Book::new(deals, calendar()).unwrap(), 400);
    for line in desk.horizons() {
        // won so far is a fact; the rest is not told
        assert!(line[5].is_some());
        assert!(line[6..12].iter().all(Option::is_none), "{line:?}");
        assert_eq!((line[15], line[25]), (None, Some(1.0)));
    }
}
