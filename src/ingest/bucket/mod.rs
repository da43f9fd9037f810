//! From staged rows to the new content of each bucket of the store, and what that does to the deals in it.

pub(crate) mod client_events;
pub(crate) mod closing_dates;
pub(crate) mod cold;
pub(crate) mod context;
pub(crate) mod event_owner;
pub(crate) mod field_history;
mod journeys;
pub(crate) mod listing_history;
pub(crate) mod near_duplicates;
pub(crate) mod orphan_events;
pub(crate) mod reassigned;
pub(crate) mod seen;
pub(crate) mod upsert;
pub(crate) mod work;
