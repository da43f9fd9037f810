//! What contacts and deals are judged by: the regulation, prepared.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use crate::functions::days::Days;
use crate::regulation::{Meaning, Regulation};

/// Microseconds of a minute.
pub(super) const MINUTE: f64 = 60e6;

/// The regulation, and its calendars as tables once somebody has asked for them.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) regulation: Regulation,
    working: OnceLock<Arc<Days>>,
    contact: OnceLock<Arc<Days>>,
}

/// Two judges are the same if they are one: the engine compares functions, and a regulation has only one of each.
impl PartialEq for Judge {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Judge {}

impl Hash for Judge {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl Judge {
    pub(super) fn new(regulation: &Regulation) -> Judge {
        Judge { regulation: regulation.clone(), working: OnceLock::new(), contact: OnceLock::new() }
    }

    pub(super) fn working_days(&self) -> &Days {
        self.working.get_or_init(|| Days::of(self.regulation.calendar()))
    }

    pub(super) fn contact_days(&self) -> &Days {
        self.contact.get_or_init(|| Days::of(self.regulation.contact_hours()))
    }

    /// Whether a deal lost for that reason was no lead.
    pub(super) fn is_invalid(&self, reason: &str) -> bool {
        let mut reasons = self.regulation.lost_reasons().iter();
        reasons.any(|known| known.id == reason && known.means == Some(Meaning::Invalid))
    }

    /// Microseconds of silence after a refusal. `None` if no silence is asked for.
    pub(super) fn silence(&self) -> Option<i64> {
        self.regulation.rules().silence_days.map(|days| days * 1440 * MINUTE as i64)
    }
}
