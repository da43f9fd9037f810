//! A regulation that was checked, and what it says. Others of this module add how it is read and turned into tables.

use chrono::NaiveDate;

use super::currency;
use super::links::Link;
use super::rules::{
    Arm, Bucket, Cap, ClientKind, Control, CountedFirst, Interest, Load, LostReason, MailingRule, NameLines,
    PromotionRules, Quality, Rules, Stage, Target,
};
use crate::model::calendar::Calendar;
use crate::model::lang::Lang;

/// A company's sales regulation. Having one means that it was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Regulation {
    pub(super) text: String,
    pub(super) history: History,
    pub(super) before: Option<Box<Edition>>,
    pub(super) company: String,
    pub(super) currency: String,
    pub(super) lang: Lang,
    pub(super) deal_link: Option<Link>,
    pub(super) client_link: Option<Link>,
    pub(super) valid_from: Option<NaiveDate>,
    pub(super) calendar: Calendar,
    pub(super) contact_hours: Calendar,
    pub(super) stages: Vec<Stage>,
    pub(super) client_kinds: Vec<ClientKind>,
    pub(super) mailings: Vec<MailingRule>,
    pub(super) promotions: PromotionRules,
    pub(super) controls: Vec<Control>,
    pub(super) load: Load,
    pub(super) quality: Quality,
    pub(super) lost_reasons: Vec<LostReason>,
    pub(super) interests: Vec<Interest>,
    pub(super) arms: Vec<Arm>,
    pub(super) caps: Vec<Cap>,
    pub(super) rules: Rules,
    pub(super) buckets: Vec<Bucket>,
    pub(super) horizons: Vec<i64>,
    pub(super) counted_first: CountedFirst,
    pub(super) targets: Vec<Target>,
    pub(super) target_lines: Vec<NameLines>,
}

/// How a regulation stands among those before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// From this day on another was in force.
    pub until: Option<NaiveDate>,
    /// It came into force after the days that are judged by it, for none older is known.
    pub too_young: bool,
}

/// An edition of the regulation that an ingest kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Edition {
    /// The ingest.
    pub ingest: i64,
    /// The first day on which it was in force. `None` if it always was.
    pub valid_from: Option<NaiveDate>,
    /// What it says. `None` if this version of the program cannot read it.
    pub regulation: Option<Regulation>,
}

impl Regulation {
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

    /// The edition before it. `None` if the store kept no other.
    pub fn before(&self) -> Option<&Edition> {
        self.before.as_deref()
    }

    /// The same regulation, coming after this edition.
    pub fn after(self, before: Option<Edition>) -> Regulation {
        Regulation { before: before.map(Box::new), ..self }
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

    /// What promotions may be.
    pub fn promotions(&self) -> PromotionRules {
        self.promotions
    }

    /// What the bridge of the pipeline counts first where nothing tells the order.
    pub fn counted_first(&self) -> CountedFirst {
        self.counted_first
    }

    /// What a manager can carry.
    pub fn load(&self) -> Load {
        self.load
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
}
