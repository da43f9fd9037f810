//! Which regulation judges a day, and which was in force before it.

use chrono::{Days, NaiveDate};

use super::CompanyError;
use crate::regulation::{Edition, History, Regulation};
use crate::store::{Kept, Snapshot, regulations};

/// The regulation by which the days before `as_of` are judged: today's, or an older one that the store kept.
pub(super) fn in_force(today: &Regulation, snapshot: &Snapshot, as_of: NaiveDate) -> Result<Regulation, CompanyError> {
    let last = as_of - Days::new(1);
    let kept = regulations(snapshot)?;
    let holds = |from: Option<NaiveDate>| from.is_none_or(|from| from <= last);
    if holds(today.valid_from()) {
        return Ok(today.clone().after(before(today, &kept)));
    }
    let older = kept.iter().filter(|kept| holds(kept.valid_from)).max_by_key(|kept| (kept.valid_from, kept.ingest));
    let Some(older) = older else {
        return Ok(today.clone().among(History { until: None, too_young: true }));
    };
    let later = kept.iter().map(|kept| kept.valid_from).chain([today.valid_from()]).flatten();
    let until = later.filter(|from| Some(*from) > older.valid_from && *from > last).min();
    let regulation = parsed(older)?.among(History { until, too_young: false });
    let before = before(&regulation, &kept);
    Ok(regulation.after(before))
}

fn parsed(kept: &Kept) -> Result<Regulation, CompanyError> {
    let file = format!("the regulation that ingest {} kept", kept.ingest);
    Ok(Regulation::parse(&file, &kept.text)?)
}

/// The edition that was in force before this one; where all have one date, the text that was kept before it.
fn before(regulation: &Regulation, kept: &[Kept]) -> Option<Edition> {
    let others = || kept.iter().filter(|kept| kept.text != regulation.text());
    let older = others().filter(|kept| kept.valid_from < regulation.valid_from());
    let alike = others().filter(|kept| kept.valid_from == regulation.valid_from()).max_by_key(|kept| kept.ingest);
    let last = older.max_by_key(|kept| (kept.valid_from, kept.ingest)).or(alike)?;
    Some(Edition { ingest: last.ingest, valid_from: last.valid_from, regulation: parsed(last).ok() })
}
