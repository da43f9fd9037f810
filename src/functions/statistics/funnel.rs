//! How far a chain of conditions was followed within a window of time.

/// What breaks a chain off, beside the window. All off is the plain funnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strict {
    /// An event that fulfils a condition which the chain has already passed ends the search.
    pub deduplication: bool,
    /// An event out of turn, or one that fulfils no condition, ends the search.
    pub order: bool,
    /// Each event must be later than the one before, not at the same time.
    pub increase: bool,
}

/// An event: when it happened, and which condition (from 1) it fulfils; 0: none. One that fulfils several is several.
pub type Event = (f64, u8);

/// The longest chain condition 1, condition 2, … whose last event is at most `window` after its first.
///
/// As ClickHouse's `windowFunnel`: events of the same time are taken in the order of the conditions, so that one event
/// may carry the chain over two of them; a chain begins anew at each event of condition 1, and longer chains begun
/// before stay in play; events between two of the chain do not matter, unless a strict mode says so. `events` must be
/// sorted.
pub fn longest(events: &[Event], window: f64, conditions: u8, strict: Strict) -> u8 {
    if conditions == 1 && !strict.order {
        return u8::from(!events.is_empty());
    }
    // per condition, where the best chain that ends with it began, and when it got there
    let mut chains: Vec<Option<(f64, f64)>> = vec![None; usize::from(conditions)];
    for &(at, condition) in events {
        let Some(place) = usize::from(condition).checked_sub(1) else {
            if strict.order && chains[0].is_some() {
                break;
            }
            continue;
        };
        if place == 0 {
            chains[0] = Some((at, at));
            continue;
        }
        if strict.deduplication && chains[place].is_some() {
            break;
        }
        let Some((began, previous)) = chains[place - 1] else {
            if strict.order && chains[0].is_some() {
                break;
            }
            continue;
        };
        if at <= began + window && (!strict.increase || previous < at) {
            chains[place] = Some((began, at));
            if place + 1 == chains.len() {
                return conditions;
            }
        }
    }
    // a condition is only ever reached over the one before, so the last that was reached is the length
    chains.iter().rposition(Option::is_some).map_or(0, |place| place as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// Events as the golden file writes them: `time:conditions`, as in `3:12` for an event of conditions 1 and 2.
    fn events(cell: &str, strict: Strict) -> Vec<Event> {
        let mut events = Vec::new();
        for event in cell.split_ascii_whitespace() {
            let (at, conditions) = event.split_once(':').unwrap();
            let at = at.parse().unwrap();
            events.extend(conditions.bytes().map(|digit| (at, digit - b'0')));
            if conditions.is_empty() && strict.order {
                events.push((at, 0));
            }
        }
        events.sort_by(|a, b| a.partial_cmp(b).unwrap());
        events
    }

    #[test]
    fn agrees_with_clickhouse() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/window_funnel.csv")) {
            let [window, conditions] = [0, 1].map(|i| cells[i].parse::<u8>().unwrap());
            for (mode, cell) in cells[3..].iter().enumerate() {
                let strict = Strict { deduplication: mode & 1 > 0, order: mode & 2 > 0, increase: mode & 4 > 0 };
                let ours = longest(&events(cells[2], strict), f64::from(window), conditions, strict);
                assert_eq!(ours, cell.parse::<u8>().unwrap(), "{} in {window}, {conditions}, {strict:?}", cells[2]);
                cases += 1;
            }
        }
        assert!(cases > 4000);
    }

    #[test]
    fn the_window_is_closed_and_ties_follow_the_conditions() {
        let plain = Strict::default();
        assert_eq!(longest(&[(0.0, 1), (10.0, 2)], 10.0, 2, plain), 2);
        assert_eq!(longest(&[(0.0, 1), (10.1, 2)], 10.0, 2, plain), 1);
        assert_eq!(longest(&[(0.0, 1), (0.0, 2), (0.0, 3)], 0.0, 3, plain), 3);
        assert_eq!(longest(&[(0.0, 1), (0.0, 2)], 0.0, 2, Strict { increase: true, ..plain }), 1);
        assert_eq!(longest(&[], 10.0, 3, plain), 0);
    }
}
