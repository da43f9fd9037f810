//! The truth: what was planted, with names and sizes, and what was counted while writing.

use super::clock::Clock;
use super::company::{self as planted, BRANCHES, CAMPAIGNS, Promo, Quality};
use super::deal::Deal;
use super::dirt;
use super::exports::events_file;
use super::lead::Client;
use super::outlook::{self, Moves};
use super::plan::Plan;
use super::rules::Rules;
use super::sales_plan::MonthPlan;
use super::truth_file::Toml;
use super::words::{Reason, Stage};

/// Working minutes within which a first response is counted as prompt.
const PROMPT_WITHIN: i64 = 30;

/// What is counted of some deals. Rows that an ingest must quarantine are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    leads: u64,
    valid: u64,
    qualified: u64,
    won: u64,
    lost: u64,
    open: u64,
    won_under_promo: u64,
    answered: u64,
    prompt: u64,
    revenue: u64,
}

impl Counts {
    fn add(&mut self, deal: &Deal, clock: &Clock) {
        let invalid = matches!(deal.reason, Some(Reason::Duplicate | Reason::Spam | Reason::WrongNumber));
        let won = deal.stage == Stage::Won;
        let answered = deal.answered_at().map(|at| clock.work(at) - clock.work(deal.created));
        self.leads += 1;
        self.valid += u64::from(!invalid);
        self.qualified += u64::from(deal.qualified);
        self.won += u64::from(won);
        self.lost += u64::from(deal.stage == Stage::Lost);
        self.open += u64::from(deal.closed.is_none());
        self.won_under_promo += u64::from(won && deal.promo.is_some());
        self.answered += u64::from(answered.is_some());
        self.prompt += u64::from(answered.is_some_and(|seconds| seconds <= PROMPT_WITHIN * 60));
        self.revenue += if won { deal.amount } else { 0 };
    }

    fn plus(&self, other: &Counts) -> Counts {
        Counts {
            leads: self.leads + other.leads,
            valid: self.valid + other.valid,
            qualified: self.qualified + other.qualified,
            won: self.won + other.won,
            lost: self.lost + other.lost,
            open: self.open + other.open,
            won_under_promo: self.won_under_promo + other.won_under_promo,
            answered: self.answered + other.answered,
            prompt: self.prompt + other.prompt,
            revenue: self.revenue + other.revenue,
        }
    }
}

/// Counts by campaign and by branch, and of the rules.
pub struct Tally {
    campaigns: Vec<Counts>,
    repeat: Counts,
    branches: Vec<Counts>,
    rules: Rules,
    moves: Moves,
    expected_open: u64,
    overdue_open: u64,
    broken: Vec<u64>,
    duplicated_deal: Option<u64>,
    duplicated_event: Option<u64>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new() -> Tally {
        Tally {
            campaigns: vec![Counts::default(); CAMPAIGNS.len()],
            repeat: Counts::default(),
            branches: vec![Counts::default(); BRANCHES.len()],
            rules: Rules::default(),
            moves: Moves::default(),
            expected_open: 0,
            overdue_open: 0,
            broken: vec![],
            duplicated_deal: None,
            duplicated_event: None,
        }
    }

    /// What was won in all, in kopecks.
    pub fn revenue(&self) -> u64 {
        self.branches.iter().map(|counts| counts.revenue).sum()
    }

    fn outlook(&mut self, deal: &Deal, clock: &Clock) {
        let Moves { pushed, advanced, expanded, contracted } = outlook::moves(deal);
        self.moves.pushed += pushed;
        self.moves.advanced += advanced;
        self.moves.expanded += expanded;
        self.moves.contracted += contracted;
        let planned = deal.outlook().0.filter(|_| deal.closed.is_none());
        self.expected_open += u64::from(planned.is_some());
        self.overdue_open += u64::from(planned.is_some_and(|day| day < clock.days as i64));
    }

    /// Counts a client's deals.
    pub fn add(&mut self, client: &Client, clock: &Clock) {
        if let Some(first) = client.deals.first() {
            let of = |id| (id == client.id).then_some(first.id);
            self.duplicated_deal = self.duplicated_deal.or(of(dirt::DUPLICATED_DEAL_OF));
            self.duplicated_event = self.duplicated_event.or(of(dirt::DUPLICATED_EVENT_OF));
        }
        for (index, deal) in client.deals.iter().enumerate() {
            if index == 0 && dirt::broken_deal(client.id).is_some() {
                self.broken.push(deal.id);
                continue;
            }
            match deal.campaign {
                Some(campaign) => self.campaigns[campaign].add(deal, clock),
                None => self.repeat.add(deal, clock),
            }
            self.branches[deal.branch].add(deal, clock);
            self.rules.deal(deal, clock.cut());
            self.outlook(deal, clock);
        }
        self.rules.client(client, |at| clock.month(at));
    }
}

/// What was written beside the deals.
pub struct Planted<'a> {
    /// The plans of the sheet.
    pub plans: &'a [MonthPlan],
    /// The listings: name, open deals, their sums.
    pub listings: &'a [(String, u64, u64)],
    /// What was spent by campaign.
    pub spent: &'a [u64],
    /// Name, rows, bytes of every file.
    pub files: &'a [(String, u64, u64)],
}

/// `truth.toml`.
pub fn text(plan: &Plan, clock: &Clock, promos: &[Promo], tally: &Tally, planted: &Planted<'_>) -> String {
    let Planted { spent, files, .. } = planted;
    let mut toml = Toml::new();
    toml.line("# What was planted in these exports, and what was counted while they were written.");
    toml.line("# Sums are in roubles. Counts leave out the deals whose row an ingest must quarantine.");
    toml.section("plan").key("clients", plan.clients).key("seed", plan.seed);
    toml.text("from", &clock.start.to_string()).text("as_of", &plan.as_of.to_string());
    toml.section("rows");
    for (name, rows, _) in *files {
        toml.key(&format!("\"{name}\""), rows);
    }
    planted_in_leads(&mut toml);
    planted_in_work(&mut toml);
    tally.rules.write(&mut toml);
    future(&mut toml, plan, tally, planted);
    dirty(&mut toml, plan, clock, tally);

    let all = tally.branches.iter().fold(Counts::default(), |sum, c| sum.plus(c));
    toml.section("counted.all").counts(&all, None);
    let mut contractors: Vec<(&str, Counts, u64)> = Vec::new();
    for (index, (campaign, counts)) in CAMPAIGNS.iter().zip(&tally.campaigns).take(planted::OLD_CLIENTS).enumerate() {
        toml.section("[counted.campaign]").text("source", campaign.source).text("contractor", campaign.contractor);
        toml.text("campaign", campaign.name).counts(counts, Some(spent[index]));
        match contractors.iter_mut().find(|(name, ..)| *name == campaign.contractor) {
            Some((_, sum, spend)) => (*sum, *spend) = (sum.plus(counts), *spend + spent[index]),
            None => contractors.push((campaign.contractor, counts.clone(), spent[index])),
        }
    }
    toml.section("[counted.campaign]").text("source", planted::REPEAT_SOURCE).text("contractor", "");
    toml.text("campaign", "").counts(&tally.repeat, None);
    for (name, counts, spend) in contractors.iter().filter(|(name, ..)| !name.is_empty()) {
        toml.section("[counted.contractor]").text("contractor", name).counts(counts, Some(*spend));
    }
    for (branch, counts) in BRANCHES.iter().zip(&tally.branches) {
        toml.section("[counted.branch]").text("branch", branch.name).counts(counts, None);
    }
    for promo in promos.iter().filter(|p| p.starts() < clock.cut()) {
        let last = clock.date(promo.first + planted::PROMO_DAYS - 1);
        toml.section("[promo]").text("promo", &promo.name).text("starts", &clock.date(promo.first).to_string());
        toml.text("last_day", &last.to_string()).key("discount", promo.discount);
    }
    toml.finish()
}

fn planted_in_leads(toml: &mut Toml) {
    let (poor, late) = (&CAMPAIGNS[planted::POOR_LEADS], &CAMPAIGNS[planted::ANSWERED_LATE]);
    let (price, losing) = (&CAMPAIGNS[planted::PRICE_SOURCE], &CAMPAIGNS[planted::LOSING]);
    let diminishing = &CAMPAIGNS[planted::DIMINISHING];
    let [one, other] = planted::EQUAL.map(|index| &CAMPAIGNS[index]);

    toml.line("\n# leads of one contractor are poor, however fast they are answered");
    toml.section("poor_leads").text("contractor", poor.contractor).quality("", &poor.quality);
    toml.quality("others_", &one.quality);
    toml.line("\n# leads of one contractor are as good as the best, but are answered late");
    toml.section("answered_late").text("contractor", late.contractor);
    toml.key("median_working_minutes", planted::LATE_MINUTES).key("others", planted::PROMPT_MINUTES);
    toml.line("\n# the chance of a win falls with the first response for everyone alike:");
    toml.line("# 1 / (1 + (working minutes / half) ^ power)");
    toml.section("cooling").key("half_working_minutes", planted::COOLING_HALF_MINUTES);
    toml.key("power", planted::COOLING_POWER);
    toml.line("\n# leads of one source ask for the price, are lost on it and come on promotions");
    toml.section("price_driven").text("source", price.source).text("contractor", price.contractor);
    toml.quality("", &price.quality).quality("others_", &one.quality).key("leads_on_promo_days", price.promo_pull);
    toml.line("\n# one campaign loses money, all others pay back");
    toml.section("losing_campaign").text("campaign", losing.name).text("contractor", losing.contractor);
    toml.key("cost_per_lead", losing.cost_per_lead).key("others_at_most", dearest_but(planted::LOSING));
    toml.line("\n# leads of one contractor grow slower than its budget: leads ~ spend ^ elasticity");
    toml.section("diminishing_returns").text("contractor", diminishing.contractor);
    toml.key("elasticity", diminishing.elasticity).key("others", one.elasticity);
    toml.line("\n# nothing is planted between these");
    toml.section("equal").list("contractors", [one.contractor, other.contractor]);
    toml.list("branches", planted::EQUAL_BRANCHES.map(|index| BRANCHES[index].name));
    toml.key("managers_of_a_branch", true);
}

fn planted_in_work(toml: &mut Toml) {
    let slow = &BRANCHES[planted::SLOW_BRANCH];
    toml.line("\n# clients wait for promotions, which come regularly");
    toml.section("promotions").key("every_days", planted::PROMO_EVERY).key("days", planted::PROMO_DAYS);
    toml.key("waiting_clients", CAMPAIGNS[0].quality.waits).key("closed_in_first_days", planted::RUSH_DAYS);
    toml.key("dip_days_before_and_after", planted::DIP_DAYS).key("dip_share_of_wins", planted::DIP_SHARE);
    toml.key("taught_to_wait_by_a_discount", planted::TRAINED_BY_DISCOUNT);
    toml.line("\n# from one touch on, refusals, opt-outs and complaints follow more often than wins");
    toml.section("pressure").key("harm_from_touch", planted::HARM_FROM).key("harm_before", planted::HARM_BEFORE);
    toml.key("harm_from", planted::HARM_AFTER);
    toml.line("\n# one branch breaks its response SLA");
    toml.section("slow_branch").text("branch", slow.name);
    toml.key("median_working_minutes", slow.response_minutes).key("others", planted::PROMPT_MINUTES);
    toml.key("spread_of_logarithm", planted::RESPONSE_SPREAD);
}

fn future(toml: &mut Toml, plan: &Plan, tally: &Tally, planted: &Planted<'_>) {
    toml.line("\n# what is planned of deals: the day comes too soon and is moved later as it comes near, some sums were others at first");
    toml.section("outlook").key("planned_by_what_it_takes", planted::OPTIMISM).key("pushed_share", planted::PUSHED);
    toml.key("push_days", format_args!("[{}, {}]", planted::PUSH_DAYS.0, planted::PUSH_DAYS.1));
    toml.key("amount_changed_share", planted::AMOUNT_CHANGED);
    toml.key("amount_factor", format_args!("[{}, {}]", planted::AMOUNT_FACTOR.0, planted::AMOUNT_FACTOR.1));
    let Moves { pushed, advanced, expanded, contracted } = tally.moves;
    toml.key("pushed", pushed).key("advanced", advanced).key("expanded", expanded).key("contracted", contracted);
    toml.key("open_with_planned_day", tally.expected_open).key("open_beyond_planned_day", tally.overdue_open);
    for (percent, stage) in
        [Stage::Qualified, Stage::Proposal, Stage::Negotiation].map(|s| (outlook::probability(s), s))
    {
        if let Some(percent) = percent {
            toml.key(&format!("probability_{}", format!("{stage:?}").to_lowercase()), f64::from(percent) / 100.0);
        }
    }
    toml.line("\n# how demand swings; the plan knows it");
    toml.section("season").key("strength", plan.season.strength);
    if let Some((month, part)) = plan.season.slow {
        toml.text("slow_month", &month.format("%Y-%m").to_string()).key("slow_part", part);
    }
    toml.line("\n# the plan: by ambition above what is sold on average; changed in mid-month; one branch has more than its managers");
    toml.section("sales_plan")
        .key("ambition", planted::AMBITION)
        .text("lowered_branch", BRANCHES[planted::SLOW_BRANCH].name);
    toml.key("lowered_to", planted::PLAN_LOWERED).key("lowered_from_day", planted::PLAN_LOWERED_ON);
    toml.text("reserve_branch", BRANCHES[planted::RESERVE_BRANCH].name).key("reserve", roubles(planted::PLAN_RESERVE));
    for month in planted.plans {
        toml.section("[sales_plan.month]").text("month", &month.month.format("%Y-%m").to_string());
        toml.key("revenue", roubles(month.company));
        if let Some(before) = month.before {
            toml.key("revenue_before_the_change", roubles(before));
        }
    }
    for (name, open, amount) in planted.listings {
        toml.section("[listing]").text("file", name).key("open", open).key("open_amount", roubles(*amount));
    }
}

fn dirty(toml: &mut Toml, plan: &Plan, clock: &Clock, tally: &Tally) {
    toml.line("\n# dirt, as real exports have it: what must be quarantined, ignored, or taken once");
    toml.section("dirt").list("footers", ["deals.csv", "spend.csv"]).text("footer", dirt::TOTALS);
    toml.text("not_closed", "не закрыта");
    if let Some(id) = tally.duplicated_deal {
        toml.text("duplicated_deal", &id.to_string());
    }
    if let Some(id) = tally.duplicated_event {
        toml.text("duplicated_event_of_deal", &id.to_string());
    }
    for (id, (_, value)) in tally.broken.iter().zip(dirt::BROKEN_DEALS) {
        toml.section("[dirt.quarantine]").text("file", "deals.csv").text("id", &id.to_string());
        toml.text("column", "Дата создания").text("value", value);
    }
    for (client, value) in dirt::BROKEN_EVENTS.iter().filter(|(client, _)| *client <= plan.clients) {
        let file = events_file(clock.year(clock.cut() - 1));
        toml.section("[dirt.quarantine]").text("file", &file).text("id", &format!("X{client}"));
        toml.text("column", "Дата").text("value", value);
    }
}

/// The highest cost per lead but one campaign's.
fn dearest_but(index: usize) -> f64 {
    let others = CAMPAIGNS.iter().enumerate().filter(|(other, _)| *other != index);
    others.map(|(_, campaign)| campaign.cost_per_lead).fold(0.0, f64::max)
}

impl Toml {
    fn quality(&mut self, prefix: &str, quality: &Quality) -> &mut Toml {
        self.key(&format!("{prefix}valid"), quality.valid).key(&format!("{prefix}qualified"), quality.qualified);
        self.key(&format!("{prefix}won_of_qualified"), quality.won);
        self.key(&format!("{prefix}asks_price"), quality.asks_price);
        self.key(&format!("{prefix}lost_on_price"), quality.lost_on_price);
        self.key(&format!("{prefix}waits_for_promotions"), quality.waits)
    }

    fn counts(&mut self, counts: &Counts, spent: Option<u64>) -> &mut Toml {
        self.key("leads", counts.leads).key("valid", counts.valid).key("qualified", counts.qualified);
        self.key("won", counts.won).key("lost", counts.lost).key("open", counts.open);
        self.key("won_under_promo", counts.won_under_promo).key("answered", counts.answered);
        self.key(&format!("answered_within_{PROMPT_WITHIN}_working_minutes"), counts.prompt);
        self.key("revenue", roubles(counts.revenue));
        match spent {
            Some(spent) => self.key("spend", roubles(spent)),
            None => self,
        }
    }
}

fn roubles(kopecks: u64) -> String {
    format!("\"{}.{:02}\"", kopecks / 100, kopecks % 100)
}
