//! What the rules of a regulation find in the exports, counted from the events as they are written: so what is planted
//! and what comes about by itself are counted alike.

use super::clock::{DAY, Second};
use super::company::{self as planted, CONTACT_HOURS, MAILING_CAP, SILENCE_DAYS};
use super::deal::Deal;
use super::lead::Client;
use super::truth_file::{Listed, Toml};
use super::words::{Item, Kind, Stage};

/// What is counted. Rows that an ingest must quarantine are not in it.
#[derive(Default)]
pub struct Rules {
    entered: u64,
    without_offer: Listed,
    made_up_for: Listed,
    open: u64,
    without_task: Listed,
    checked: Listed,
    items: [(u64, u64); Item::ALL.len()],
    mailed_too_often: Listed,
    mailings_above: u64,
    refusals: u64,
    after_refusal: Listed,
    opt_outs: u64,
    after_opt_out: Listed,
    out_of_hours: u64,
    out_of_hours_deals: Listed,
    skipped: Listed,
    moved_back: Listed,
}

impl Rules {
    /// Counts the mailings of a client.
    pub fn client(&mut self, client: &Client, month: impl Fn(Second) -> i32) {
        let mut above = 0;
        for same in client.mailings.chunk_by(|a, b| month(*a) == month(*b)) {
            above += (same.len() as u64).saturating_sub(MAILING_CAP);
        }
        self.mailings_above += above;
        self.mailed_too_often.add_if(above > 0, client.id);
    }

    /// Counts a deal.
    pub fn deal(&mut self, deal: &Deal, cut: Second) {
        let at_of = |kind: Kind| deal.events.iter().find(|(_, other)| *other == kind).map(|(at, _)| *at);
        if let Some(entered) = deal.entered(Stage::Proposal) {
            let offer = at_of(Kind::Offer);
            self.entered += 1;
            self.without_offer.add_if(offer.is_none_or(|at| at > entered), deal.id);
            self.made_up_for.add_if(offer.is_some_and(|at| at > entered), deal.id);
        }
        if deal.closed.is_none() {
            let planned = deal.events.iter().any(|(at, kind)| *kind == Kind::Task && *at >= cut);
            self.open += 1;
            self.without_task.add_if(!planned, deal.id);
        }
        self.checks(deal);
        self.contacts(deal, at_of(Kind::Refusal), at_of(Kind::OptOut));
        self.moves(deal);
    }

    fn checks(&mut self, deal: &Deal) {
        let mut seen = false;
        for (_, kind) in &deal.events {
            let Kind::Check(item, passed) = kind else { continue };
            let (checked, good) = &mut self.items[*item as usize];
            (*checked, *good) = (*checked + 1, *good + u64::from(*passed));
            seen = true;
        }
        self.checked.add_if(seen, deal.id);
    }

    fn contacts(&mut self, deal: &Deal, refused: Option<Second>, opted_out: Option<Second>) {
        let touches = || deal.events.iter().filter(|(_, kind)| kind.is_touch()).map(|(at, _)| *at);
        let touched = |from: Second, until: Second| touches().any(|at| from < at && at < until);
        self.refusals += u64::from(refused.is_some());
        self.after_refusal.add_if(refused.is_some_and(|at| touched(at, at + SILENCE_DAYS * DAY)), deal.id);
        self.opt_outs += u64::from(opted_out.is_some());
        self.after_opt_out.add_if(opted_out.is_some_and(|at| touched(at, Second::MAX)), deal.id);
        let (opens, closes) = CONTACT_HOURS;
        let outside = touches().filter(|at| !(opens * 3600..closes * 3600).contains(&(at % DAY))).count() as u64;
        self.out_of_hours += outside;
        self.out_of_hours_deals.add_if(outside > 0, deal.id);
    }

    fn moves(&mut self, deal: &Deal) {
        let (mut seen, mut last) = ([false; Stage::Lost as usize + 1], Stage::New);
        let (mut skipped, mut back) = (false, false);
        for (_, kind) in &deal.events {
            let Kind::Stage(stage) = *kind else { continue };
            skipped |= stage != Stage::Lost && seen[..stage as usize].contains(&false);
            back |= stage < last;
            (seen[stage as usize], last) = (true, stage);
        }
        self.skipped.add_if(skipped, deal.id);
        self.moved_back.add_if(back, deal.id);
    }

    /// Writes what was planted and what was counted.
    pub fn write(&self, toml: &mut Toml) {
        toml.line(
            "\n# what the rules of a regulation find: how many deals or clients, the sum of their numbers, and, while",
        );
        toml.line("# they are few, the numbers");
        toml.line("# a deal enters this stage with an event of this kind at or before the entry, but for these");
        toml.section("evidence").text("stage", "proposal").text("kind", "offer");
        toml.key("share_without", planted::NO_OFFER).key("of_them_made_up_for_later", planted::OFFER_LATE);
        toml.key("entered", self.entered).listed("without", &self.without_offer);
        toml.listed("made_up_for", &self.made_up_for);
        toml.line("\n# an open deal has an event of this kind at or after as_of, but for these");
        toml.section("next_step").text("kind", "task").key("share_without", planted::NO_NEXT_STEP);
        toml.key("open", self.open).listed("without", &self.without_task);
        toml.line(
            "\n# quality control's checks of closed deals: one event per item; one item is found in order less often",
        );
        toml.section("quality_checks").text("kind", "qa_check").key("share_of_closed", planted::CHECKED);
        toml.key("share_passed", planted::CHECK_PASSED).text("weak_item", Item::NextStep.id());
        toml.key("weak_item_passed", planted::WEAK_ITEM_PASSED).listed("checked", &self.checked);
        for (item, (checked, passed)) in Item::ALL.into_iter().zip(self.items) {
            toml.section("[quality_checks.item]").text("item", item.id());
            toml.key("checked", checked).key("passed", passed);
        }
        toml.line("\n# mailings above the cap of a calendar month; nobody is mailed after an opt-out");
        toml.section("mailing").key("cap_per_month", MAILING_CAP).key("share_of_clients", planted::MAILED_TOO_OFTEN);
        toml.key("mailings_above", self.mailings_above).listed("clients", &self.mailed_too_often);
        toml.line(
            "\n# touches after a refusal (within the days of silence), after an opt-out (ever), outside the hours",
        );
        toml.section("contact_rules").key("silence_days", SILENCE_DAYS);
        toml.key("share_after_refusal", planted::CALLED_AFTER_REFUSAL).key("refusals", self.refusals);
        toml.listed("after_refusal", &self.after_refusal);
        toml.key("share_after_opt_out", planted::CALLED_AFTER_OPT_OUT).key("opt_outs", self.opt_outs);
        toml.listed("after_opt_out", &self.after_opt_out);
        toml.key("hours", format_args!("[{}, {}]", CONTACT_HOURS.0, CONTACT_HOURS.1));
        toml.key("touches_out_of_hours", self.out_of_hours).listed("out_of_hours", &self.out_of_hours_deals);
        toml.line("\n# deals that entered a stage without each one before it, and deals that went back");
        toml.section("moves").listed("skipped_a_stage", &self.skipped).listed("moved_back", &self.moved_back);
    }
}
