//! Which regulation judges a day.

use chrono::{Days, NaiveDate};

use super::CompanyError;
use crate::regulation::{History, Regulation};
use crate::store::{Snapshot, regulations};

/// The regulation by which the days before `as_of` are judged: today's, or an older one that the store kept.
pub(super) fn in_force(today: &Regulation, snapshot: &Snapshot, as_of: NaiveDate) -> Result<Regulation, CompanyError> {
    let last = as_of - Days::new(1);
    let kept = regulations(snapshot)?;
    let holds = |from: Option<NaiveDate>| from.is_none_or(|from| from <= last);
    if holds(today.valid_from()) {
        return Ok(today.clone());
    }
    let older = kept.iter().filter(|kept| holds(kept.valid_from)).max_by_key(|kept| (kept.valid_from, kept.ingest));
    let Some(older) = older else {
        return Ok(today.clone().among(History { until: None, too_young: true }));
    };
    let later = kept.iter().map(|kept| kept.valid_from).chain([today.valid_from()]).flatten();
    let until = later.filter(|from| Some(*from) > older.valid_from && *from > last).min();
    let file = format!("the regulation that ingest {} kept", older.ingest);
    Ok(Regulation::parse(&file, &older.text)?.among(History { until, too_young: false }))
}
