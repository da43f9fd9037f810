//! The sales regulation: `regulation.toml` → a checked [`Regulation`] → tables for SQL.
//!
//! Everything that would be a literal in a query (thresholds, stage order, what a lost reason means, targets) is
//! written here by the company and reaches SQL as a table. Which metrics a target may name is known above, in
//! `metrics`: see [`Regulation::check_targets`].

mod arms;
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

pub use condition::{CLIENT_FACTS, COUNTED, Condition};
pub use known::Known;
pub use links::Link;
pub use rules::{
    Arm, Better, Bucket, Cap, ChecklistItem, ClientKind, Control, Interest, Load, Look, LostReason, MailingRule,
    Meaning, PromotionRules, Quality, Rules, Stage, Target, Terminal,
};
pub use tables::NAMES as TABLES;
pub use template::template;
pub use titles::Titles;

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use chrono::NaiveDate;

use crate::model::calendar::Calendar;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::Problems;
use crate::model::written::Section;

/// A company's sales regulation. Having one means that it was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Regulation {
    text: String,
    history: History,
    company: String,
    currency: String,
    lang: Lang,
    deal_link: Option<Link>,
    client_link: Option<Link>,
    valid_from: Option<NaiveDate>,
    calendar: Calendar,
    contact_hours: Calendar,
    stages: Vec<Stage>,
    client_kinds: Vec<ClientKind>,
    mailings: Vec<MailingRule>,
    promotions: PromotionRules,
    controls: Vec<Control>,
    load: Load,
    quality: Quality,
    lost_reasons: Vec<LostReason>,
    interests: Vec<Interest>,
    arms: Vec<Arm>,
    caps: Vec<Cap>,
    rules: Rules,
    buckets: Vec<Bucket>,
    horizons: Vec<i64>,
    targets: Vec<Target>,
    target_lines: Vec<known::Lines>,
}

/// How a regulation stands among those before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// From this day on another was in force.
    pub until: Option<NaiveDate>,
    /// It came into force after the days that are judged by it, for none older is known.
    pub too_young: bool,
}

impl Regulation {
    /// Reads and checks a regulation; fails with all its problems.
    pub fn parse(file: &str, text: &str) -> Result<Regulation, Problems> {
        read::regulation(file, text)
    }

    /// The company's name.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// The ISO code of its currency, such as `RUB`.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The sign of its currency, such as `₽`; the code where it has none.
    pub fn currency_sign(&self) -> &str {
        currency::sign(&self.currency)
    }

    /// The address of a deal in the CRM. `None` where none is stated.
    pub fn deal_link(&self) -> Option<&Link> {
        self.deal_link.as_ref()
    }

    /// The address of a client in the CRM. `None` where none is stated.
    pub fn client_link(&self) -> Option<&Link> {
        self.client_link.as_ref()
    }

    /// The language of its reports, unless another is asked for.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Time zone, working hours, holidays.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The file as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it stands among those before and after it.
    pub fn history(&self) -> History {
        self.history
    }

    /// The same regulation, standing so among others.
    pub fn among(self, history: History) -> Regulation {
        Regulation { history, ..self }
    }

    /// The first day on which it is in force. `None` if it always was.
    pub fn valid_from(&self) -> Option<NaiveDate> {
        self.valid_from
    }

    /// When clients may be contacted.
    pub fn contact_hours(&self) -> &Calendar {
        &self.contact_hours
    }

    /// The kinds of clients, in the order in which their conditions are tried.
    pub fn client_kinds(&self) -> &[ClientKind] {
        &self.client_kinds
    }

    /// How often marketing may mail.
    pub fn mailings(&self) -> &[MailingRule] {
        &self.mailings
    }

    /// Every rule that the work can be held against, and what the regulation says of it.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// Quality control.
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// The stages, in order; terminal ones last.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The reasons for which deals are lost.
    pub fn lost_reasons(&self) -> &[LostReason] {
        &self.lost_reasons
    }

    /// What leads ask for.
    pub fn interests(&self) -> &[Interest] {
        &self.interests
    }

    /// The arms of a controlled test, if there is one.
    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// How often a client may be contacted.
    pub fn caps(&self) -> &[Cap] {
        &self.caps
    }

    /// The thresholds.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The spans of response time, from the shortest.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// By how many days conversion is told, ascending.
    pub fn horizons(&self) -> &[i64] {
        &self.horizons
    }

    /// The targets, in the order of the file.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Checks the names in the targets against the metrics that there are; fails with all that are not `known`.
    pub fn check_targets(&self, file: &str, known: &[Known<'_>]) -> Result<(), Problems> {
        known::unknown(self, file, known)
    }

    /// What ids are called, by the columns of metrics that hold them, such as `stage`.
    pub fn titles(&self) -> BTreeMap<&'static str, Titles> {
        titles::titles(self)
    }

    /// The regulation as SQL sees it: table names and their rows. All tables are there, also those without rows.
    pub fn tables(&self) -> Vec<(&'static str, RecordBatch)> {
        tables::tables(self)
    }
}

/// A whole number above 0 that may be absent.
fn positive(section: &Section<'_>, key: &str) -> Option<i64> {
    let number = section.optional_whole(key)?;
    if number < 1 {
        section.wrong(
            key,
            both!("`{key}` = {number} — не больше нуля", "`{key}` = {number} is not positive"),
            Text::new("напишите целое число от 1", "write a whole number from 1 up"),
        );
        return None;
    }
    Some(number)
}

#[cfg(test)]
mod tests;
