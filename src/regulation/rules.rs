//! What a regulation consists of.

use super::condition::Condition;
use crate::model::lang::Text;

/// How a deal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// With a sale.
    Won,
    /// Without one.
    Lost,
}

impl Terminal {
    /// As the table `stages` and the status of a deal call it.
    pub fn name(self) -> &'static str {
        match self {
            Terminal::Won => "won",
            Terminal::Lost => "lost",
        }
    }
}

/// A stage of the funnel.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The id that mappings translate to.
    pub id: String,
    /// The title that is shown.
    pub title: Text,
    /// Its place, from 1.
    pub position: i64,
    /// How a deal in this stage has ended. `None` if it has not.
    pub terminal: Option<Terminal>,
    /// Whether this is the one stage from which on a lead counts as qualified.
    pub qualified: bool,
    /// Whether deals wait in it, wherever they have come to: a place, and no step of the funnel.
    pub parking: bool,
    /// How many working hours a deal may stand in it.
    pub sla_hours: Option<f64>,
    /// What it means: what the specialist reads.
    pub meaning: Option<Text>,
    /// What must have happened before a deal may stand in it.
    pub evidence: Option<Condition>,
    /// The columns of a deal that must be filled in it.
    pub required: Vec<String>,
    /// What is to be done next.
    pub next_step: Option<Text>,
    /// The share of deals expected to advance from it.
    pub expected_share: Option<f64>,
    /// What to do when it is not as it should be.
    pub advice: Option<Text>,
}

/// A kind of client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKind {
    /// The id.
    pub id: String,
    /// The title that is shown.
    pub title: Text,
    /// Which clients are of it; none only while problems are being noted.
    pub when: Option<Condition>,
    /// Days within which it is to be contacted again. `None` if not judged.
    pub contact_days: Option<i64>,
    /// The kinds of touches that count. Empty for any.
    pub means: Vec<String>,
    /// What to do when it is not contacted.
    pub advice: Option<Text>,
}

/// How often marketing may mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailingRule {
    /// To clients with a deal in this stage. `None` for anyone.
    pub stage: Option<String>,
    /// Mailings per client and month at most.
    pub per_month: i64,
    /// What may be sent, by name.
    pub templates: Vec<String>,
}

/// What promotions may be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PromotionRules {
    /// The deepest discount, as a share.
    pub deepest: Option<f64>,
    /// The largest share of revenue under promotions.
    pub revenue_share: Option<f64>,
    /// Days of rest between two.
    pub rest_days: Option<i64>,
}

/// How often the supervisor looks at a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
}

/// A rule that the work is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The id.
    pub rule: String,
    /// The title that is shown.
    pub title: Text,
    /// How often the supervisor looks at it. `None` if never.
    pub look: Option<Look>,
    /// What to do where it is broken.
    pub advice: Option<Text>,
}

/// What the bridge of the pipeline counts first where an amount changed and the deal left, and nothing tells in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountedFirst {
    /// The change: a deal leaves with the amount with which it was won or lost.
    #[default]
    Changes,
    /// The closing: a deal leaves with the amount that the pipeline had of it.
    Closing,
}

/// What a manager can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Open deals at most.
    pub open_deals: Option<i64>,
    /// Touches per day at most.
    pub touches_per_day: Option<i64>,
}

/// An item of the quality checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// The id, which the check's event names as its outcome.
    pub id: String,
    /// The title that is shown.
    pub title: Text,
}

/// Quality control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// How many deals are drawn. `None` for no sample.
    pub sample: Option<i64>,
    /// By which the sample is drawn: the same seed draws the same deals.
    pub seed: i64,
    /// What is checked.
    pub checklist: Vec<ChecklistItem>,
}

impl Default for Quality {
    fn default() -> Quality {
        Quality { sample: None, seed: 1, checklist: Vec::new() }
    }
}

/// What a lost reason says about the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It never was a lead: duplicate, spam, wrong number.
    Invalid,
    /// It was lost on price.
    Price,
}

/// A reason for which deals are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostReason {
    /// The id that mappings translate to.
    pub id: String,
    /// The title that is shown.
    pub title: Text,
    /// What the reason implies about the lead. `None` if nothing.
    pub means: Option<Meaning>,
}

/// What a lead asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// The id that mappings translate to.
    pub id: String,
    /// The title that is shown.
    pub title: Text,
    /// Whether it means that the lead asks for price alone.
    pub price: bool,
}

/// An arm of a controlled test.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The value of the column by which deals were dealt out.
    pub id: String,
    /// Whether the other arms are compared with it.
    pub is_control: bool,
    /// The intended share of deals. `None` for as many as the others.
    pub share: Option<f64>,
}

/// How often a client may be contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// The event kind, or `any`.
    pub kind: String,
    /// Contacts per week at most.
    pub per_week: Option<i64>,
    /// Contacts per month at most.
    pub per_month: Option<i64>,
}

/// A span of response times, for the cooling curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// From how many minutes on.
    pub from: f64,
    /// Upper bound in minutes, exclusive. `None` if open-ended.
    pub to: Option<f64>,
    /// The label that is shown.
    pub label: Text,
}

/// Thresholds that queries read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The first response is due within so many minutes.
    pub response_sla_minutes: f64,
    /// Whether these minutes are working ones.
    pub response_working: bool,
    /// Within how many days a client should buy again at full price.
    pub full_price_repeat_days: i64,
    /// A deal idle for so many days before a promotion was waiting for it.
    pub waiting_idle_days: i64,
    /// A waiting deal is won within so many first days of the promotion.
    pub waiting_first_days: i64,
    /// How many days before and after a promotion a dip is looked for.
    pub dip_days: i64,
    /// Over how many last months promotions are counted.
    pub promo_months: i64,
    /// Over how many last weeks the variability of revenue is taken.
    pub variability_weeks: i64,
    /// A group of fewer deals is too small to judge.
    pub small_group: i64,
    /// Within how many days of a win a refund or complaint is regret.
    pub regret_days: i64,
    /// A client without a win for so many days has lapsed.
    pub lapsed_days: i64,
    /// Days without contact after a refusal. `None` if the regulation asks for no silence.
    pub silence_days: Option<i64>,
}

/// Which direction of a figure is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The higher the better.
    Higher,
    /// The lower the better.
    Lower,
}

/// What the company wants a figure to be, and what to do when it is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The metric.
    pub metric: String,
    /// Its column.
    pub column: String,
    /// The dimensions by which it is judged. Empty for the company as a whole.
    pub by: Vec<String>,
    /// The one group that it is for. `None` for every group without a target of its own.
    pub only: Option<String>,
    /// Rows of the metric that are not judged by it, such as rules that another target judges.
    pub except: Vec<String>,
    /// Which direction is good.
    pub better: Better,
    /// From here on it is green.
    pub green: f64,
    /// From here on it is red; between the two, yellow.
    pub red: f64,
    /// What it is, in words.
    pub title: Text,
    /// What to do when it is not green.
    pub advice: Text,
}

/// The lines of a target's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NameLines {
    pub(super) metric: usize,
    pub(super) column: usize,
    pub(super) by: usize,
}
