//! What will be won: by the hazards of open deals, by the deals that are still to come, and by how wrong that was before.

pub mod answer;
pub mod band;
pub mod baseline;
pub mod book;
pub mod clock;
pub mod hazards;
pub mod leads;
pub mod ledger;
pub mod pair;
pub mod score;
pub mod view;

#[cfg(test)]
mod known;
