//! What the log knows of each delivery.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::store::{SentEntry, SentEvent};

/// The last event of a part of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// What happened. An attempt that was begun and has no result is of unknown outcome.
    pub event: SentEvent,
    /// When.
    pub at: DateTime<Utc>,
    /// Attempts so far.
    pub attempts: u32,
}

/// What the log knows of each delivery.
#[derive(Debug, Default)]
pub(super) struct History {
    parts: BTreeMap<(String, String), Last>,
    /// By key: all parts of a delivery whose body was accepted.
    whole: BTreeMap<String, Vec<String>>,
    /// By stream: what was red in what was last sent.
    red: BTreeMap<String, BTreeSet<String>>,
}

impl History {
    /// Reads the events, oldest first.
    pub fn of(entries: &[SentEntry], is_body: impl Fn(&str) -> bool) -> History {
        let mut history = History::default();
        for entry in entries {
            let last = last(entry);
            history.parts.insert((entry.key.clone(), entry.part.clone()), last);
            if entry.event == SentEvent::Sent && is_body(&entry.part) {
                history.whole.insert(entry.key.clone(), entry.parts.clone());
                history.red.insert(entry.stream.clone(), entry.red.iter().cloned().collect());
            }
        }
        history
    }

    /// The last event of a part; `None` if it was never tried.
    pub fn part(&self, key: &str, part: &str) -> Option<Last> {
        self.parts.get(&(key.to_owned(), part.to_owned())).copied()
    }

    /// The parts of a delivery that have any event.
    pub fn parts(&self, key: &str) -> Vec<(&str, Last)> {
        let of_it = self.parts.range((key.to_owned(), String::new())..).take_while(|((known, _), _)| known == key);
        of_it.map(|((_, part), last)| (part.as_str(), *last)).collect()
    }

    /// All parts of a delivery; `None` if its body was not accepted yet.
    pub fn whole(&self, key: &str) -> Option<&[String]> {
        self.whole.get(key).map(Vec::as_slice)
    }

    /// Whether a part was accepted.
    pub fn is_sent(&self, key: &str, part: &str) -> bool {
        self.part(key, part).is_some_and(|last| last.event == SentEvent::Sent)
    }

    /// What was red in what was last sent of a stream.
    pub fn red(&self, stream: &str) -> Option<&BTreeSet<String>> {
        self.red.get(stream)
    }
}

/// What an event says of its part.
fn last(entry: &SentEntry) -> Last {
    let event = match entry.event {
        SentEvent::Begun => SentEvent::Unknown,
        event => event,
    };
    Last { event, at: entry.at, attempts: entry.attempt }
}

/// The last event of every part of every delivery, in the order in which they were first tried: for a list of what was sent.
pub fn newest(entries: &[SentEntry]) -> Vec<(&SentEntry, Last)> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: Vec<(&SentEntry, Last)> = Vec::new();
    for entry in entries {
        let place = *places.entry((&entry.key, &entry.part)).or_insert(found.len());
        match found.get_mut(place) {
            Some(known) => *known = (entry, last(entry)),
            None => found.push((entry, last(entry))),
        }
    }
    found
}
