//! The sales regulation: `regulation.toml` → a checked [`Regulation`] → tables for SQL.
//!
//! Everything that would be a literal in a query (thresholds, stage order, what a lost reason means, targets) is
//! written here by the company and reaches SQL as a table. Which metrics a target may name is known above, in
//! `metrics`: see [`Regulation::check_targets`].

mod arms;
mod checked;
mod clients;
mod condition;
mod contacts;
mod control;
mod currency;
mod duration;
mod known;
mod links;
mod read;
mod rules;
mod schedule;
mod stages;
mod tables;
mod targets;
mod template;
mod titles;
mod words;

pub use checked::{Edition, History, Regulation};
pub(crate) use condition::Condition;
pub use known::Known;
pub use links::Link;
pub use rules::{
    Arm, Better, Bucket, Cap, ChecklistItem, ClientKind, Control, CountedFirst, Interest, Load, Look, LostReason,
    MailingRule, Meaning, PromotionRules, Quality, Rules, Stage, Target, Terminal,
};
pub(crate) use tables::NAMES as TABLES;
pub use template::template;
pub(crate) use titles::Titles;
pub(crate) use words::{of_column, of_contact};

#[cfg(test)]
mod tests;
