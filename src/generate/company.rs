//! The company: who works there, who brings its leads, and every parameter that is planted.

use super::clock::{Clock, DAY};
use crate::model::calendar::month_ru;

/// A branch and its people.
pub struct Branch {
    /// Its name.
    pub name: &'static str,
    /// Share of the clients.
    pub share: f64,
    /// Median first response, in working minutes.
    pub response_minutes: f64,
    /// Who leads the team.
    pub supervisor: &'static str,
    /// The managers; all of them work alike.
    pub managers: [&'static str; MANAGERS],
}

/// Managers per branch.
pub const MANAGERS: usize = 4;
/// Median first response of a branch that keeps its SLA.
pub const PROMPT_MINUTES: f64 = 7.0;
/// Median first response of the branch that breaks its SLA.
pub const SLOW_BRANCH_MINUTES: f64 = 75.0;
/// Median first response to the leads of the contractor that are answered late.
pub const LATE_MINUTES: f64 = 480.0;
/// Spread of the logarithm of the first response.
pub const RESPONSE_SPREAD: f64 = 0.75;

/// The branches. All but `Юг` are alike.
pub const BRANCHES: [Branch; 4] = [
    Branch {
        name: "Москва",
        share: 0.31,
        response_minutes: PROMPT_MINUTES,
        supervisor: "Белова Н.",
        managers: ["Акимов П.", "Быков С.", "Волкова А.", "Громов И."],
    },
    Branch {
        name: "Север",
        share: 0.23,
        response_minutes: PROMPT_MINUTES,
        supervisor: "Титов А.",
        managers: ["Дёмина О.", "Ершов К.", "Жукова Е.", "Зимин Р."],
    },
    Branch {
        name: "Урал",
        share: 0.23,
        response_minutes: PROMPT_MINUTES,
        supervisor: "Фомина Т.",
        managers: ["Ильина В.", "Котов Д.", "Лапина М.", "Мухин Г."],
    },
    Branch {
        name: "Юг",
        share: 0.23,
        response_minutes: SLOW_BRANCH_MINUTES,
        supervisor: "Шубин Л.",
        managers: ["Носова Ю.", "Осин Ф.", "Панова Л.", "Рябов Т."],
    },
];
/// The branch that breaks its response SLA.
pub const SLOW_BRANCH: usize = 3;
/// Branches between which nothing is planted.
pub const EQUAL_BRANCHES: [usize; 3] = [0, 1, 2];

/// What a lead is worth, whoever answers it and however fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Share that is no duplicate, spam or wrong number.
    pub valid: f64,
    /// Share of the valid that qualifies.
    pub qualified: f64,
    /// Share of the qualified that would be won if answered at once.
    pub won: f64,
    /// Share that asks for the price alone.
    pub asks_price: f64,
    /// Share of the losses that are lost on price.
    pub lost_on_price: f64,
    /// Share of the clients who buy on promotions only.
    pub waits: f64,
}

const GOOD: Quality =
    Quality { valid: 0.94, qualified: 0.68, won: 0.58, asks_price: 0.10, lost_on_price: 0.10, waits: 0.10 };
const POOR: Quality = Quality { valid: 0.66, qualified: 0.34, won: 0.28, ..GOOD };
const PRICE_DRIVEN: Quality =
    Quality { valid: 0.93, qualified: 0.60, won: 0.50, asks_price: 0.68, lost_on_price: 0.66, waits: 0.60 };
/// Clients who come back by themselves.
pub const REPEAT: Quality = Quality { valid: 1.0, qualified: 0.90, won: 0.74, ..GOOD };

/// Where leads come from.
pub struct Campaign {
    /// The source.
    pub source: &'static str,
    /// The contractor; empty where nobody is paid.
    pub contractor: &'static str,
    /// The campaign; empty where nobody is paid.
    pub name: &'static str,
    /// Share of the new clients.
    pub share: f64,
    /// Roubles per lead over the whole history; 0 where nobody is paid.
    pub cost_per_lead: f64,
    /// How leads follow spend: leads ~ spend to this power.
    pub elasticity: f64,
    /// Median first response in working minutes, where it is not the branch's own.
    pub response_minutes: Option<f64>,
    /// What its leads are worth.
    pub quality: Quality,
    /// Leads per day while a promotion runs, against other days.
    pub promo_pull: f64,
    /// Days after which leads are a third of what they were; none where they do not run dry.
    pub fades_days: Option<f64>,
}

const ORDINARY: Campaign = Campaign {
    source: "",
    contractor: "",
    name: "",
    share: 0.0,
    cost_per_lead: 0.0,
    elasticity: 1.0,
    response_minutes: None,
    quality: GOOD,
    promo_pull: 1.0,
    fades_days: None,
};

/// The campaigns, and where else clients come from. The first two differ in nothing but their names.
pub const CAMPAIGNS: [Campaign; 11] = [
    Campaign {
        source: "Яндекс Директ",
        contractor: "Маяк Медиа",
        name: "Поиск: кухни",
        share: 0.17,
        cost_per_lead: 1_800.0,
        ..ORDINARY
    },
    Campaign {
        source: "Яндекс Директ",
        contractor: "Орбита Реклама",
        name: "Поиск: шкафы",
        share: 0.17,
        cost_per_lead: 1_800.0,
        ..ORDINARY
    },
    Campaign {
        source: "VK Реклама",
        contractor: "Вектор Лид",
        name: "Лид-формы",
        share: 0.16,
        cost_per_lead: 500.0,
        quality: POOR,
        ..ORDINARY
    },
    Campaign {
        source: "Яндекс Директ",
        contractor: "Студия Полёт",
        name: "РСЯ: интерьер",
        share: 0.12,
        cost_per_lead: 1_800.0,
        response_minutes: Some(LATE_MINUTES),
        ..ORDINARY
    },
    Campaign {
        source: "Купонаторы",
        contractor: "Купон Сервис",
        name: "Скидки недели",
        share: 0.12,
        cost_per_lead: 700.0,
        quality: PRICE_DRIVEN,
        promo_pull: 4.0,
        ..ORDINARY
    },
    Campaign {
        source: "VK Реклама",
        contractor: "Норд Диджитал",
        name: "Ретаргетинг",
        share: 0.10,
        cost_per_lead: 2_000.0,
        elasticity: 0.4,
        ..ORDINARY
    },
    Campaign {
        source: "Наружная реклама",
        contractor: "Гамма Промо",
        name: "Щиты",
        share: 0.05,
        cost_per_lead: 55_000.0,
        ..ORDINARY
    },
    Campaign {
        source: "Карты",
        contractor: "Гамма Промо",
        name: "Карты: салоны",
        share: 0.04,
        cost_per_lead: 1_500.0,
        ..ORDINARY
    },
    Campaign { source: "Сайт", share: 0.04, ..ORDINARY },
    Campaign { source: "Рекомендации", share: 0.03, ..ORDINARY },
    // clients from before the history: without them revenue would climb for a year, as nobody could come back yet
    Campaign { source: REPEAT_SOURCE, share: 0.07, quality: REPEAT, fades_days: Some(150.0), ..ORDINARY },
];
/// The contractors between whom nothing is planted, as campaigns.
pub const EQUAL: [usize; 2] = [0, 1];
/// The contractor with poor leads.
pub const POOR_LEADS: usize = 2;
/// The contractor whose good leads are answered late.
pub const ANSWERED_LATE: usize = 3;
/// The price-driven source.
pub const PRICE_SOURCE: usize = 4;
/// The contractor whose next rouble brings less.
pub const DIMINISHING: usize = 5;
/// The campaign that loses money.
pub const LOSING: usize = 6;
/// Clients from before the history.
pub const OLD_CLIENTS: usize = 10;
/// The source of deals that clients begin by themselves after the first.
pub const REPEAT_SOURCE: &str = "Повторные";

/// Working minutes after which the chance of a win is halved.
pub const COOLING_HALF_MINUTES: f64 = 150.0;
/// How steeply the chance falls around that.
pub const COOLING_POWER: f64 = 0.9;

/// Factor on the chance of a win after a wait, from 0 to 1: the same curve for everyone.
pub fn cooled(working_minutes: f64) -> f64 {
    1.0 / (1.0 + (working_minutes / COOLING_HALF_MINUTES).powf(COOLING_POWER))
}

/// The first touch that does more harm than good.
pub const HARM_FROM: usize = 6;
/// Chance of a refusal, opt-out or complaint after each touch before that.
pub const HARM_BEFORE: f64 = 0.006;
/// And from that touch on.
pub const HARM_AFTER: f64 = 0.24;

/// Days from one promotion's first day to the next's.
pub const PROMO_EVERY: i64 = 63;
/// Days that a promotion runs.
pub const PROMO_DAYS: i64 = 10;
/// Days before and after a promotion in which wins dip.
pub const DIP_DAYS: i64 = 14;
/// Share of the wins due in the dip that move into the promotion.
pub const DIP_SHARE: f64 = 0.4;
/// Days at a promotion's beginning in which the waiting close.
pub const RUSH_DAYS: i64 = 7;
/// Share of the other wins due while a promotion runs that take its price.
pub const TAKES_PROMO: f64 = 0.7;
/// Days from the first day of the last promotion to as_of, before it is moved back to a Monday.
const PROMO_BEFORE_AS_OF: i64 = 28;

/// A promotion.
pub struct Promo {
    /// Its name.
    pub name: String,
    /// Its first day, as a number of the clock.
    pub first: i64,
    /// Share taken off the list price.
    pub discount: f64,
}

impl Promo {
    /// The second at which it begins.
    pub fn starts(&self) -> i64 {
        self.first * DAY
    }

    /// The second at which it has ended.
    pub fn ends(&self) -> i64 {
        (self.first + PROMO_DAYS) * DAY
    }
}

/// The promotions in order, those planned after as_of too; what of them is written ends at as_of.
pub fn promos(clock: &Clock) -> Vec<Promo> {
    use chrono::Datelike;
    let last = clock.days as i64 - PROMO_BEFORE_AS_OF;
    let last = last - last.rem_euclid(7);
    let first = last.rem_euclid(PROMO_EVERY);
    (first..clock.days as i64 + 4 * PROMO_EVERY)
        .step_by(PROMO_EVERY as usize)
        .zip([0.20, 0.15].into_iter().cycle())
        .map(|(first, discount)| {
            let day = clock.date(first);
            Promo { name: format!("Скидки {} {}", month_ru(day), day.year()), first, discount }
        })
        .collect()
}

/// Share of the deals that enter the stage Предложение without the commercial offer that it asks for.
pub const NO_OFFER: f64 = 0.04;
/// Share of those for which the offer is made up for, a day or more later.
pub const OFFER_LATE: f64 = 0.5;
/// Share of the open deals for which nothing is planned.
pub const NO_NEXT_STEP: f64 = 0.12;
/// Share of the closed deals that quality control looks at.
pub const CHECKED: f64 = 0.03;
/// Chance that an item of its checklist is found in order.
pub const CHECK_PASSED: f64 = 0.8;
/// The same of the one item that is often not.
pub const WEAK_ITEM_PASSED: f64 = 0.55;
/// Share of the clients that are mailed too often in one month.
pub const MAILED_TOO_OFTEN: f64 = 0.02;
/// Mailings that they get in that month, above those that they get anyway.
pub const MAILINGS_TOO_MANY: i64 = 6;
/// Mailings a month that marketing allows.
pub const MAILING_CAP: u64 = 4;
/// Share of the refusals after which the client is called all the same.
pub const CALLED_AFTER_REFUSAL: f64 = 0.10;
/// Days of silence that a refusal asks for.
pub const SILENCE_DAYS: i64 = 14;
/// Share of the opt-outs after which the client is called all the same.
pub const CALLED_AFTER_OPT_OUT: f64 = 0.05;
/// Share of the calls after a deal's first touch that are made in the evening, where the order of events allows it.
pub const CALLED_LATE: f64 = 0.02;
/// The hours between which a client may be called.
pub const CONTACT_HOURS: (i64, i64) = (9, 20);
/// When the calls in the evening begin, in seconds of the day.
pub const EVENING: i64 = 20 * 3600 + 1800;

/// How what is planned of a deal's end compares with what it takes: the day is set too early.
pub const OPTIMISM: f64 = 0.85;
/// Chance that the planned day of a deal is moved later when it comes near and the deal is still open; else it just passes.
pub const PUSHED: f64 = 0.85;
/// By how many days, from and to.
pub const PUSH_DAYS: (f64, f64) = (5.0, 20.0);
/// Share of the deals won whose planned day is moved to an earlier one shortly before, where it lay later.
pub const ADVANCED: f64 = 0.3;
/// Share of the priced deals whose sum was another one at first.
pub const AMOUNT_CHANGED: f64 = 0.25;
/// By what of the sum at last, from and to.
pub const AMOUNT_FACTOR: (f64, f64) = (0.7, 1.4);

/// The plan, by what the company sold on average over its history in such a season: it has grown since.
pub const AMBITION: f64 = 1.35;
/// The day of the last month from which a lower plan of one branch is in force.
pub const PLAN_LOWERED_ON: u32 = 16;
/// The lower plan, by the one before.
pub const PLAN_LOWERED: f64 = 0.8;
/// The branch whose plan two months before is more than the sum of its managers' plans.
pub const RESERVE_BRANCH: usize = 2;
/// By how much, in kopecks.
pub const PLAN_RESERVE: u64 = 30_000_000;

/// How demand swings over the year, by month.
pub const SEASON: [f64; 12] = [0.84, 0.94, 1.08, 1.10, 1.00, 0.94, 0.88, 0.92, 1.10, 1.14, 1.08, 0.98];
/// Growth of demand per day.
pub const DEMAND_GROWTH: f64 = 0.000_15;
/// Growth of prices per day.
pub const PRICE_GROWTH: f64 = 0.000_12;
/// Leads by weekday, against the mean day.
pub const WEEKDAYS: [f64; 7] = [1.15, 1.15, 1.10, 1.10, 1.05, 0.75, 0.70];

/// Median list price of a deal, in roubles, at the beginning of the history.
pub const MEDIAN_PRICE: f64 = 68_000.0;
/// Spread of its logarithm.
pub const PRICE_SPREAD: f64 = 0.5;
/// Cost as a share of the list price: from, to.
pub const COST_SHARE: (f64, f64) = (0.57, 0.65);
/// Chance that a client won once comes back.
pub const COMES_BACK: f64 = 0.75;
/// Deals of one client at most.
pub const DEALS_PER_CLIENT: u64 = 4;
/// Chance that a client won under a promotion buys on promotions only from then on.
pub const TRAINED_BY_DISCOUNT: f64 = 0.35;
