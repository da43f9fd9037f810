//! What is known of how long things took, when some have not ended yet.

/// How an observation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended: all that is known is that it lasted at least this long.
    Censored,
    /// With the event in question.
    Event,
    /// With something that makes the event impossible.
    Competing,
}

/// Durations by how they ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observations {
    /// Durations up to the event.
    pub events: Vec<f64>,
    /// Durations up to a competing event.
    pub competing: Vec<f64>,
    /// Durations up to the end of observation.
    pub censored: Vec<f64>,
    /// How many lasted longer than the time that is asked about, however they ended. They are at risk all along, and
    /// nothing else about them matters, so they cost no memory.
    pub beyond: u64,
}

/// What happened at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The time.
    pub time: f64,
    /// How many had not ended just before it.
    pub at_risk: u64,
    /// Events at it.
    pub events: u64,
    /// Competing events at it.
    pub competing: u64,
}

impl Observations {
    /// Takes in one observation. With a `limit`, longer ones are only counted.
    pub fn add(&mut self, duration: f64, outcome: Outcome, limit: Option<f64>) {
        match outcome {
            _ if limit.is_some_and(|limit| duration > limit) => self.beyond += 1,
            // + 0.0 makes a negative zero positive, so that equal durations are equal bits
            Outcome::Event => self.events.push(duration + 0.0),
            Outcome::Competing => self.competing.push(duration + 0.0),
            Outcome::Censored => self.censored.push(duration + 0.0),
        }
    }

    /// How many observations there are.
    pub fn len(&self) -> u64 {
        (self.events.len() + self.competing.len() + self.censored.len()) as u64 + self.beyond
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were still under observation just before `time`.
    pub fn at_risk(&self, time: f64) -> u64 {
        let later = |of: &[f64]| of.iter().filter(|duration| **duration >= time).count() as u64;
        later(&self.events) + later(&self.competing) + later(&self.censored) + self.beyond
    }

    /// How many are known to have passed `time` without any end.
    pub fn outlasted(&self, time: f64) -> u64 {
        let later = |of: &[f64]| of.iter().filter(|duration| **duration > time).count() as u64;
        // what is censored at a time was still open when that time's events had happened
        let open = self.censored.iter().filter(|duration| **duration >= time).count() as u64;
        later(&self.events) + later(&self.competing) + open + self.beyond
    }

    /// The times at which something happened, ascending. Those censored at a time are at risk at it: whatever happened
    /// at the same time is taken to have happened first.
    pub fn steps(&mut self) -> Vec<Step> {
        let mut at_risk = self.len();
        for durations in [&mut self.events, &mut self.competing, &mut self.censored] {
            durations.sort_unstable_by(f64::total_cmp);
        }
        let (mut events, mut competing) = (Run::of(&self.events), Run::of(&self.competing));
        let mut censored = Run::of(&self.censored);
        let mut steps = Vec::new();
        while let Some(time) = least(events.next(), competing.next()) {
            at_risk -= censored.pass(|duration| duration < time);
            let step = Step {
                time,
                at_risk,
                events: events.pass(|duration| duration == time),
                competing: competing.pass(|duration| duration == time),
            };
            at_risk -= step.events + step.competing;
            steps.push(step);
        }
        steps
    }
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A sorted slice that is walked once.
struct Run<'a> {
    rest: &'a [f64],
}

impl Run<'_> {
    fn of(rest: &[f64]) -> Run<'_> {
        Run { rest }
    }

    fn next(&self) -> Option<f64> {
        self.rest.first().copied()
    }

    /// Goes past the values that `stays` holds for, and says how many those were.
    fn pass(&mut self, stays: impl Fn(f64) -> bool) -> u64 {
        let passed = self.rest.iter().take_while(|value| stays(**value)).count();
        self.rest = &self.rest[passed..];
        passed as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stand_together_and_the_censored_are_still_at_risk() {
        let mut observed = Observations::default();
        for (duration, outcome) in [
            (5.0, Outcome::Event),
            (3.0, Outcome::Censored),
            (3.0, Outcome::Event),
            (3.0, Outcome::Competing),
            (-0.0, Outcome::Event),
            (0.0, Outcome::Event),
            (9.0, Outcome::Event),
        ] {
            observed.add(duration, outcome, Some(7.0));
        }
        let step = |time, at_risk, events, competing| Step { time, at_risk, events, competing };
        assert_eq!(observed.steps(), [step(0.0, 7, 2, 0), step(3.0, 5, 1, 1), step(5.0, 2, 1, 0)]);
        assert_eq!((observed.len(), observed.beyond, observed.at_risk(3.0), observed.at_risk(3.1)), (7, 1, 5, 2));
        assert_eq!((observed.outlasted(2.9), observed.outlasted(3.0), observed.outlasted(3.1)), (5, 3, 2));
        assert_eq!(Observations::default().steps(), []);
    }
}
