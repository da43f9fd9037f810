//! How people and programs write single values: dates, numbers, amounts, lengths of time, phones and e-mails.

pub(crate) mod amounts;
mod date_numbers;
pub(crate) mod dates;
pub(crate) mod durations;
pub(crate) mod lookalikes;
pub(crate) mod moment;
pub(crate) mod money;
pub(crate) mod multiples;
pub(crate) mod numbers;
pub(crate) mod periods;
pub(crate) mod personal;
pub(crate) mod scrub;
