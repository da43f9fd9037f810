//! How deals go on: the chance to leave a state on each day of age, and where to.

use super::book::{Book, Way};
use super::ledger::Ledger;

/// Ages beyond are one.
pub const AGES: usize = 180;
/// Where bands of age begin: hazards are taken as even within a band.
const BANDS: [usize; 18] = [0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 37, 49, 65, 86, 114, 150];
/// Events that the hazard of the whole state is worth beside those of a band.
const PRIOR_EVENTS: f64 = 3.0;
/// Exits that the ways of the whole state are worth beside those of a band.
const PRIOR_EXITS: f64 = 6.0;
/// What happened so many days ago counts half.
const HALF_LIFE: f64 = 270.0;

/// The band of an age.
fn band(age: usize) -> usize {
    BANDS.partition_point(|from| *from <= age) - 1
}

/// Where exits lead: each later state, won, lost.
#[derive(Debug, Clone, PartialEq)]
struct Exits {
    hazard: f64,
    /// Shares by state, then that of the won; the rest are lost.
    states: Vec<f64>,
    won: f64,
}

/// Discrete hazards by state and band of age, and the cumulative chance to win from each state's beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazards {
    exits: Vec<Vec<Exits>>,
    /// By state: the chance to be won within 1, 2, … steps of the clock from the entry on.
    wins: Vec<Vec<f64>>,
}

/// What was seen of one state and age: exposure, exits by state, won, all exits.
#[derive(Debug, Clone)]
struct Seen {
    exposed: f64,
    states: Vec<f64>,
    won: f64,
    all: f64,
}

impl Seen {
    fn none(states: usize) -> Seen {
        Seen { exposed: 0.0, states: vec![0.0; states], won: 0.0, all: 0.0 }
    }

    fn add(&mut self, other: &Seen) {
        self.exposed += other.exposed;
        self.won += other.won;
        self.all += other.all;
        self.states.iter_mut().zip(&other.states).for_each(|(sum, more)| *sum += more);
    }
}

/// The age of a stay in whole steps of the clock.
pub fn age(clock: &[f64], from: usize, to: usize) -> usize {
    ((clock[to] - clock[from]).floor().max(0.0) as usize).min(AGES - 1)
}

impl Hazards {
    /// From all stays as they were known before the day at place `until`, with the chances to win within `steps` steps.
    ///
    /// Occurrence over exposure within bands of age (the discrete form of Aalen and Johansen's estimator for a semi-Markov
    /// process; J. D. Kalbfleisch, R. L. Prentice (2002), "The Statistical Analysis of Failure Time Data", 2nd ed., §8), shrunk towards
    /// the whole state as by a gamma prior; what is open counts as exposed until then.
    pub fn of(book: &Book, ledger: &Ledger, clock: &[f64], until: usize, steps: usize) -> Hazards {
        let seen = observe(book, ledger, clock, until);
        let exits: Vec<Vec<Exits>> = seen.iter().map(|ages| smooth(ages, book.states)).collect();
        let mut hazards = Hazards { exits, wins: vec![Vec::new(); book.states] };
        for state in (0..book.states).rev() {
            let wins = (1..=steps).map(|steps| hazards.walk(state, 0, steps)).collect();
            hazards.wins[state] = wins;
        }
        hazards
    }

    /// The chance that what has come to an age in a state is won within so many further steps.
    pub fn walk(&self, state: usize, age: usize, steps: usize) -> f64 {
        let (mut staying, mut won) = (1.0, 0.0);
        for step in 0..steps {
            let exits = &self.exits[state][band((age + step).min(AGES - 1))];
            if exits.hazard <= 0.0 {
                continue;
            }
            let left = steps - step;
            let later = exits.states.iter().enumerate().skip(state + 1).filter(|(_, share)| **share > 0.0);
            let through: f64 = later.map(|(next, share)| share * self.wins[next][left - 1]).sum();
            won += staying * exits.hazard * (exits.won + through);
            staying *= 1.0 - exits.hazard;
        }
        won
    }

    /// [`Hazards::walk`] for a span of the clock that is no whole number: between its neighbours. `least` is the number of steps
    /// below which none goes.
    pub fn win(&self, state: usize, age: usize, span: f64, least: f64) -> f64 {
        let span = span.max(least);
        let (whole, part) = (span.floor() as usize, span.fract());
        let low = if whole > 0 { self.walk(state, age, whole) } else { 0.0 };
        if part > 0.0 { low + part * (self.walk(state, age, whole + 1) - low) } else { low }
    }

    /// The chance that a new deal is won within a span of the clock, its first step being whole.
    pub fn new_deal(&self, span: f64) -> f64 {
        let span = span.max(1.0).min(self.wins[0].len() as f64);
        let (whole, part) = (span.floor() as usize, span.fract());
        let low = self.wins[0][whole - 1];
        if part > 0.0 { low + part * (self.wins[0][whole] - low) } else { low }
    }
}

fn observe(book: &Book, ledger: &Ledger, clock: &[f64], until: usize) -> Vec<Vec<Seen>> {
    let mut seen = vec![vec![Seen::none(book.states); AGES]; book.states];
    let forgotten: Vec<f64> = (0..=until).map(|at| (-((until - at) as f64) / HALF_LIFE).exp2()).collect();
    let mut steps = vec![vec![0.0; AGES + 1]; book.states];
    // what stands there on the day: whole numbers, which add up alike in any order
    let mut present = vec![vec![0_u64; AGES]; book.states];
    for stays in &ledger.stays {
        let (state, from, to) = (usize::from(stays.state), stays.from as usize, stays.to as usize);
        if from >= until {
            continue;
        }
        let age = age(clock, from, to.min(until));
        if to >= until {
            present[state][age] += u64::from(stays.count);
            continue;
        }
        let weight = forgotten[to] * f64::from(stays.count);
        if stays.way == Way::Unknown {
            steps[state][age] += weight;
            continue;
        }
        steps[state][age + 1] += weight;
        let here = &mut seen[state][age];
        here.all += weight;
        match stays.way {
            Way::State(next) => here.states[usize::from(next)] += weight,
            Way::Won => here.won += weight,
            Way::Lost | Way::Unknown => {}
        }
    }
    // steps[n]: stays that were exposed for n steps
    for ((ages, steps), present) in seen.iter_mut().zip(&mut steps).zip(&present) {
        steps.iter_mut().zip(present).for_each(|(steps, more)| *steps += *more as f64);
        let mut exposed = 0.0;
        for at in (0..AGES).rev() {
            exposed += steps[at + 1];
            ages[at].exposed = exposed;
        }
    }
    seen
}

fn smooth(ages: &[Seen], states: usize) -> Vec<Exits> {
    let mut whole = Seen::none(states);
    let mut bands = vec![Seen::none(states); BANDS.len()];
    for (age, seen) in ages.iter().enumerate() {
        bands[band(age)].add(seen);
        whole.add(seen);
    }
    let rate = |seen: &Seen| if seen.exposed > 0.0 { seen.all / seen.exposed } else { 0.0 };
    let overall = rate(&whole);
    let exits = bands.into_iter().map(|seen| {
        if overall <= 0.0 {
            return Exits { hazard: 0.0, states: seen.states, won: 0.0 };
        }
        let hazard = (seen.all + PRIOR_EVENTS) / (seen.exposed + PRIOR_EVENTS / overall);
        let share = |part: f64, of_all: f64| (part + PRIOR_EXITS * of_all / whole.all) / (seen.all + PRIOR_EXITS);
        let states = seen.states.iter().zip(&whole.states).map(|(part, of_all)| share(*part, *of_all)).collect();
        Exits { hazard: hazard.min(1.0), states, won: share(seen.won, whole.won) }
    });
    exits.collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::golden;
    use super::super::book::{Day, Deal, End, NEVER};
    use super::*;

    fn deal(cells: &[&str]) -> Deal {
        let end = [End::Open, End::Won, End::Lost][cells[1].parse::<usize>().unwrap()];
        let entry = |text: &str| {
            let (stage, day) = text.split_once(':').unwrap();
            (stage.parse().unwrap(), day.parse().unwrap())
        };
        Deal {
            end,
            ended: golden::number(cells[2]).map_or(NEVER, |day| day as i32),
            entries: cells[3].split_ascii_whitespace().map(entry).collect(),
            ..Deal::begun(cells[0].parse().unwrap())
        }
    }

    #[test]
    fn agrees_with_a_cohort_that_is_pushed_forward() {
        let rows = golden::rows(include_str!("../../../../tests/oracles/forecast_deals.csv"));
        let deals: Vec<Deal> = rows.map(|cells| deal(&cells)).collect();
        let days = (0..600).map(|day| Day { day, month: day / 30, working: 1.0 }).collect();
        let book = Book::new(deals, days).unwrap();
        let clock: Vec<f64> = (0..=600).map(f64::from).collect();
        let hazards = Hazards::of(&book, &Ledger::of(&book), &clock, 400, 95);
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../../tests/oracles/forecast_chances.csv")) {
            let [state, age, steps] = [0, 1, 2].map(|at: usize| cells[at].parse().unwrap());
            golden::same(hazards.walk(state, age, steps), cells[3].parse().unwrap(), 1e-9, &format!("{cells:?}"));
            cases += 1;
        }
        assert_eq!(cases, 100);
    }

    #[test]
    fn what_is_sold_at_once_is_won_at_once() {
        let deals = (0..300).map(|day| Deal { end: End::Won, ended: day, ..Deal::begun(day) });
        let days = (0..400).map(|day| Day { day, month: day / 30, working: 1.0 }).collect();
        let book = Book::new(deals, days).unwrap();
        let clock: Vec<f64> = (0..=400).map(f64::from).collect();
        let hazards = Hazards::of(&book, &Ledger::of(&book), &clock, 300, 30);
        assert_eq!((hazards.new_deal(1.0), hazards.new_deal(0.2), hazards.new_deal(9.5)), (1.0, 1.0, 1.0));
        // of no deal nothing is expected
        let none = Book::new(Vec::new(), (0..9).map(|day| Day { day, month: 0, working: 1.0 }).collect()).unwrap();
        assert_eq!(Hazards::of(&none, &Ledger::of(&none), &clock, 5, 3).walk(0, 0, 3), 0.0);
    }
}
