//! Reports to those who read them: `delivery.toml` says who gets which report, for which rows, in which language and formats, by which
//! channel, and [`send()`] hands over what is due: letters, posts to the company's own addresses, messages of Telegram and MAX.
//!
//! Each report of a period goes to a recipient once, however often it is run. The log in the store says what was tried and what became of
//! it; an attempt is written there before it is made. Why: `docs/decisions/delivery.md`.
//!
//! Leaves to others: how reports are made (report), the clock and the environment (cli).

mod begin;
mod chat;
mod due;
mod error;
mod file;
mod hand;
mod history;
mod http;
mod keys;
mod mail;
mod max;
mod message;
mod outcome;
mod package;
mod place;
mod preview;
mod read;
mod reports;
mod run;
mod secret;
mod telegram;
mod told;
mod webhook;
mod world;

pub use error::DeliveryError;
pub use file::Delivery;
pub use history::{Last, newest};
pub use run::{Wanted, send};
pub use told::{State, Told};
pub use world::World;

use crate::company::CompanyError;
use crate::model::problem::Problem;
use crate::report::definition::Definition;

impl Delivery {
    /// What is wrong with the reports that the file names, and with who is to get them.
    pub fn check_reports(&self, of: impl Fn(&str) -> Result<Definition, CompanyError>) -> Vec<Problem> {
        reports::checked(self, of).1
    }
}
