//! A deal: what begins it, how it ends, and what is known of it.

use super::clock::Second;
use super::company::{CAMPAIGNS, PRICE_SOURCE, Quality, REPEAT};
use super::words::{Kind, Reason, Stage, Way};

/// What begins a deal.
pub struct Lead {
    /// The deal's number.
    pub id: u64,
    /// The campaign that brought it; none where the client came back by itself.
    pub campaign: Option<usize>,
    /// Who gets it.
    pub branch: usize,
    /// Who of them.
    pub manager: usize,
    /// Which of the two segments.
    pub segment: usize,
    /// When it came.
    pub created: Second,
    /// Whether the client buys on promotions only.
    pub waits: bool,
}

impl Lead {
    /// What it is worth.
    pub fn quality(&self) -> &'static Quality {
        match self.campaign {
            Some(campaign) => &CAMPAIGNS[campaign].quality,
            None => &REPEAT,
        }
    }

    /// Whether it belongs to the price-driven source.
    pub fn price_driven(&self) -> bool {
        self.campaign == Some(PRICE_SOURCE)
    }
}

/// What became known of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Its sum, in kopecks.
    Amount(u64),
    /// The day on which it is planned to close.
    Expected(i64),
    /// How likely it is to be won, in percent.
    Probability(u8),
}

/// A deal as it stands at as_of.
#[derive(Debug, Clone)]
pub struct Deal {
    /// Its number.
    pub id: u64,
    /// The campaign that brought it.
    pub campaign: Option<usize>,
    /// The branch.
    pub branch: usize,
    /// The manager, among those of the branch.
    pub manager: usize,
    /// Which of the two segments.
    pub segment: usize,
    /// What is sold.
    pub product: usize,
    /// What was asked for.
    pub interest: usize,
    /// When it came.
    pub created: Second,
    /// The stage it stands in.
    pub stage: Stage,
    /// Whether it came as far as to be qualified.
    pub qualified: bool,
    /// When it ended, if it has.
    pub closed: Option<Second>,
    /// When it is won, be it after as_of.
    pub won_at: Option<Second>,
    /// The promotion under which it was won, or for which it came.
    pub promo: Option<usize>,
    /// The promotion for which it came.
    pub came_for: Option<usize>,
    /// Why it was lost, if it was.
    pub reason: Option<Reason>,
    /// Price before discount, after it, and cost, in kopecks; 0 where not known yet.
    pub list: u64,
    /// Price after discount, in kopecks.
    pub amount: u64,
    /// Cost, in kopecks.
    pub cost: u64,
    /// What happened before as_of, in order, and what is planned for later.
    pub events: Vec<(Second, Kind)>,
    /// What became known of its end and its sum, in order.
    pub changes: Vec<(Second, Change)>,
}

/// How a deal ends, if nothing comes between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Won.
    Won,
    /// Lost after the given stage.
    Lost(Stage, Reason),
    /// Forgotten after the given stage: never closed.
    Forgotten(Stage),
}

impl Deal {
    /// Takes away what as_of does not know yet.
    pub fn cut(&mut self, cut: Second) {
        let known = self.events.partition_point(|(at, _)| *at < cut);
        self.events.truncate(known);
        let stages = || {
            self.events.iter().filter_map(|(_, kind)| match kind {
                Kind::Stage(stage) => Some(*stage),
                _ => None,
            })
        };
        self.stage = stages().next_back().unwrap_or(Stage::New);
        self.qualified = stages().any(|s| s > Stage::Contacted && s != Stage::Lost);
        let priced = stages().any(|s| s > Stage::Qualified && s != Stage::Lost);
        if self.closed.is_some_and(|at| at >= cut) {
            self.closed = None;
            self.reason = None;
        }
        if self.stage != Stage::Won {
            // the discount is given at the closing: until then the price is the list price
            (self.promo, self.amount, self.cost) = (self.came_for, self.list, 0);
        }
        if !priced {
            (self.list, self.amount) = (0, 0);
        }
        self.changes.truncate(self.changes.partition_point(|(at, _)| *at < cut));
        let said = self.changes.iter().rev().find_map(|(_, change)| match change {
            Change::Amount(amount) => Some(*amount),
            _ => None,
        });
        if let Some(said) = said.filter(|_| self.stage != Stage::Won) {
            (self.list, self.amount) = (said, said);
        }
    }

    /// The day on which it is planned to close, and how likely the CRM says that it is to be won, in percent.
    pub fn outlook(&self) -> (Option<i64>, Option<u8>) {
        let (mut expected, mut probability) = (None, None);
        for (_, change) in &self.changes {
            match change {
                Change::Expected(day) => expected = Some(*day),
                Change::Probability(percent) => probability = Some(*percent),
                Change::Amount(_) => (),
            }
        }
        (expected, probability)
    }

    /// When the deal first entered a stage.
    pub fn entered(&self, stage: Stage) -> Option<Second> {
        self.events.iter().find(|(_, kind)| *kind == Kind::Stage(stage)).map(|(at, _)| *at)
    }

    /// The time of the first outgoing call or message, where there was one.
    pub fn answered_at(&self) -> Option<Second> {
        let first = self.events.iter().find(|(_, kind)| kind.way() == Some(Way::Out));
        first.map(|(at, _)| *at)
    }
}
