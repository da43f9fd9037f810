//! What a forecast is made from: deals by their dates, and the calendar.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The day of what has not happened.
pub const NEVER: i32 = i32::MAX;

/// How a deal ended, as far as its dates tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It is open.
    Open,
    /// Won.
    Won,
    /// Lost, or gone from its export.
    Lost,
    /// It ended on an unknown day: nothing is known of it from a day on.
    Unknown,
}

/// A deal as it is told. Days are counted since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// Any number of its own: sums go by it, so that what becomes of deals later changes no last digit.
    pub key: f64,
    /// The group it belongs to, from 0.
    pub group: usize,
    /// The day on which it entered the funnel.
    pub entered: i32,
    /// What became of it.
    pub end: End,
    /// On which day: [`NEVER`] if it is open.
    pub ended: i32,
    /// What it brings.
    pub amount: Option<f64>,
    /// What it was to bring before a discount.
    pub list: Option<f64>,
    /// The chance that the CRM gives it.
    pub probability: Option<f64>,
    /// The day on which it is planned to close.
    pub planned: Option<i32>,
    /// First entries into stages, 65,535 at most: position and day. A book keeps them as stays.
    pub entries: Vec<(u16, i32)>,
    /// What its fields were; none where no history is kept.
    pub past: Option<Box<Past>>,
}

/// What the fields of a deal were, from which day on. A field without a history has an empty one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Amounts.
    pub amounts: Vec<(i32, f64)>,
    /// Planned days.
    pub plans: Vec<(i32, f64)>,
    /// The CRM's chances.
    pub chances: Vec<(i32, f64)>,
}

/// The last value from before a day. None if there is none, or it was emptied.
fn before(history: &[(i32, f64)], day: i32) -> Option<f64> {
    let known = history.partition_point(|(since, _)| *since < day);
    known.checked_sub(1).map(|at| history[at].1).filter(|value| value.is_finite())
}

impl Deal {
    /// A deal of the first group that began on a day, of which nothing else is known.
    pub fn begun(entered: i32) -> Deal {
        Deal {
            key: 0.0,
            group: 0,
            entered,
            end: End::Open,
            ended: NEVER,
            amount: None,
            list: None,
            probability: None,
            planned: None,
            entries: Vec::new(),
            past: None,
        }
    }
}

/// A deal of a book, in little room: a company may have ten million. What is not known is no number.
#[derive(Debug, Clone)]
pub struct Kept {
    key: f64,
    amount: f64,
    list: f64,
    probability: f64,
    /// The day on which it entered the funnel.
    pub entered: i32,
    /// On which day it ended: [`NEVER`] if it is open.
    pub ended: i32,
    /// [`NEVER`] where no plan is known.
    planned: i32,
    group: u32,
    /// Where its entries begin, and how many they are, until they are stays.
    first_entry: u32,
    entries: u16,
    /// What became of it.
    pub end: End,
    past: Option<Box<Past>>,
}

const _: () = assert!(size_of::<Kept>() <= 64, "ten million of them fit beside their stays");

fn known(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

impl Kept {
    /// Keeps a deal; its entries go to those of all.
    fn of(deal: Deal, entries: &mut Entries) -> Kept {
        let (first_entry, count) = entries.add(deal.entries);
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let past = deal.past.map(|mut past| {
            for history in [&mut past.amounts, &mut past.plans, &mut past.chances] {
                history.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            }
            past
        });
        Kept {
            key: deal.key,
            amount: number(deal.amount),
            list: number(deal.list),
            probability: number(deal.probability),
            entered: deal.entered,
            ended: deal.ended,
            planned: deal.planned.unwrap_or(NEVER),
            group: u32::try_from(deal.group).unwrap_or(u32::MAX),
            first_entry,
            entries: count,
            end: deal.end,
            past,
        }
    }

    /// The group it belongs to, from 0.
    pub fn group(&self) -> usize {
        self.group as usize
    }

    /// What it brings.
    pub fn amount(&self) -> Option<f64> {
        known(self.amount)
    }

    /// What it was to bring before a discount.
    pub fn list(&self) -> Option<f64> {
        known(self.list)
    }

    fn planned(&self) -> Option<i32> {
        Some(self.planned).filter(|day| *day != NEVER)
    }

    fn history(&self, of: impl Fn(&Past) -> &Vec<(i32, f64)>) -> Option<&[(i32, f64)]> {
        self.past.as_ref().map(|past| of(past).as_slice()).filter(|history| !history.is_empty())
    }

    /// The first day before which a plan was known; none where it never was.
    pub fn plan_known_from(&self) -> Option<i32> {
        match self.history(|past| &past.plans) {
            None => self.planned().map(|_| self.entered),
            Some(history) => {
                history.iter().find(|(_, value)| value.is_finite()).map(|(since, _)| (*since).max(self.entered))
            }
        }
    }

    /// What it was to bring as known before a day, `kept` being what is left after the usual discount; as now known where no history is kept.
    pub fn amount_at(&self, day: i32, kept: f64) -> Option<f64> {
        match self.history(|past| &past.amounts) {
            None => self.list().map(|list| list * kept).or(self.amount()),
            Some(history) => before(history, day),
        }
    }

    /// When it was planned to close, as known before a day; as now known where no history is kept.
    pub fn planned_at(&self, day: i32) -> Option<i32> {
        match self.history(|past| &past.plans) {
            None => self.planned(),
            Some(history) => before(history, day).map(|planned| planned as i32),
        }
    }

    /// The CRM's chance, as known before a day; as now known where no history is kept.
    pub fn chance_at(&self, day: i32) -> Option<f64> {
        match self.history(|past| &past.chances) {
            None => known(self.probability),
            Some(history) => before(history, day),
        }
    }
}

/// Entries of many deals, one deal after the other.
#[derive(Debug, Default)]
struct Entries {
    positions: Vec<u16>,
    days: Vec<i32>,
}

impl Entries {
    /// Adds those of a deal, in their order. Where they begin, and how many they are.
    fn add(&mut self, mut entries: Vec<(u16, i32)>) -> (u32, u16) {
        entries.sort_unstable();
        entries.truncate(usize::from(u16::MAX));
        let from = self.days.len() as u32;
        self.positions.extend(entries.iter().map(|entry| entry.0));
        self.days.extend(entries.iter().map(|entry| entry.1));
        (from, entries.len() as u16)
    }

    fn of(&self, deal: &Kept) -> impl Iterator<Item = (u16, i32)> {
        let (from, count) = (deal.first_entry as usize, usize::from(deal.entries));
        let (positions, days) = (&self.positions[from..from + count], &self.days[from..from + count]);
        positions.iter().copied().zip(days.iter().copied())
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its number since the epoch, one more each day.
    pub day: i32,
    /// Its month: 12 × year + month, or any number that is one more each month.
    pub month: i32,
    /// Working time on it, in any unit.
    pub working: f64,
}

/// Where a stay leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Into a later state.
    State(u16),
    /// Won.
    Won,
    /// Lost.
    Lost,
    /// Nowhere that is known.
    Unknown,
}

/// The time of a deal in one state: 0 from its beginning, then the furthest stage that it had entered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// Which deal.
    pub deal: u32,
    /// In which state.
    pub state: u16,
    /// The day of the entry.
    pub from: i32,
    /// The day on which it left: [`NEVER`] if it stands there.
    pub to: i32,
}

/// All that is known, in the order of which nothing depends.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// The deals.
    pub deals: Vec<Kept>,
    /// Every day from the first to beyond the last that is asked about, without gaps.
    pub days: Vec<Day>,
    /// The stays of all deals, those of a deal one after the other.
    pub stays: Vec<Stay>,
    /// How many states there are.
    pub states: usize,
    /// How many groups there are.
    pub groups: usize,
    /// Of each day: its weekday from 0 to 6, or 7 where it is free and its weekday is not.
    pub kinds: Vec<usize>,
}

impl Book {
    /// Puts deals and days in order. None if the days have gaps, or there are none.
    pub fn new(told: impl IntoIterator<Item = Deal>, mut days: Vec<Day>) -> Option<Book> {
        days.sort_unstable_by_key(|day| day.day);
        days.dedup_by_key(|day| day.day);
        let (first, last) = (days.first()?.day, days.last()?.day);
        if days.windows(2).any(|pair| pair[1].day != pair[0].day + 1) {
            return None;
        }
        let told = told.into_iter();
        let (least, most) = told.size_hint();
        let (mut deals, mut entries) = (Vec::with_capacity(most.unwrap_or(least)), Entries::default());
        let in_time = told.filter(|deal| (first..=last).contains(&deal.entered));
        deals.extend(in_time.map(|deal| Kept::of(deal, &mut entries)));
        deals.sort_unstable_by(|a, b| order(a, b, &entries));
        let groups = deals.iter().map(|deal| deal.group() + 1).max().unwrap_or(0);
        let mut is_position = vec![false; usize::from(u16::MAX) + 1];
        entries.positions.iter().for_each(|position| is_position[usize::from(*position)] = true);
        let positions: Vec<u16> = (0..=u16::MAX).filter(|position| is_position[usize::from(*position)]).collect();
        let mut stays = Vec::with_capacity(deals.len() + entries.days.len());
        let mut own = Vec::new();
        for (at, deal) in (0..).zip(&mut deals) {
            deal.ended = if deal.end == End::Open { NEVER } else { deal.ended.max(deal.entered) };
            own.clear();
            own.extend(entries.of(deal));
            stays_of(at, deal, &mut own, &positions, &mut stays);
        }
        stays.shrink_to_fit();
        let kinds = kinds(&days);
        Some(Book { deals, days, stays, states: positions.len() + 1, groups, kinds })
    }

    /// Where the stay at a place leads.
    pub fn way(&self, place: usize) -> Way {
        let stay = &self.stays[place];
        match self.stays.get(place + 1).filter(|next| next.deal == stay.deal) {
            Some(next) => Way::State(next.state),
            None => match self.deals[stay.deal as usize].end {
                End::Won => Way::Won,
                End::Lost => Way::Lost,
                End::Open | End::Unknown => Way::Unknown,
            },
        }
    }

    /// The place of a day among the days; the last one for a later day.
    pub fn at(&self, day: i32) -> usize {
        let first = self.days.first().map_or(0, |day| day.day);
        usize::try_from(day.saturating_sub(first)).unwrap_or(0).min(self.days.len().saturating_sub(1))
    }

    /// The first day of the month of a day, and the first of the next one, as far as the calendar reaches.
    pub fn month(&self, day: i32) -> [i32; 2] {
        let month = self.days[self.at(day)].month;
        let from = self.days.partition_point(|day| day.month < month);
        let to = self.days.partition_point(|day| day.month <= month);
        [self.days[from].day, self.days[to - 1].day + 1]
    }

    /// Working time in `[from, to)`.
    pub fn working(&self, from: i32, to: i32) -> f64 {
        let (from, to) = (self.at(from), self.at(to));
        self.days[from..to.max(from)].iter().map(|day| day.working).sum()
    }
}

/// Any order that is the same whatever the order of the rows was.
fn order(a: &Kept, b: &Kept, entries: &Entries) -> Ordering {
    let number = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let key = |deal: &Kept| (deal.ended, deal.group, deal.end as u8, deal.planned());
    let begun = a.entered.cmp(&b.entered).then_with(|| a.key.total_cmp(&b.key));
    begun
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| number(a.amount()).total_cmp(&number(b.amount())))
        .then_with(|| number(a.list()).total_cmp(&number(b.list())))
        .then_with(|| number(known(a.probability)).total_cmp(&number(known(b.probability))))
        .then_with(|| entries.of(a).cmp(entries.of(b)))
        .then_with(|| histories(a).total_cmp(&histories(b)))
}

/// A number that tells histories apart.
fn histories(deal: &Kept) -> f64 {
    let all = deal.past.iter().flat_map(|past| past.amounts.iter().chain(&past.plans).chain(&past.chances));
    all.enumerate().map(|(at, (day, value))| (at + 1) as f64 * (f64::from(*day) + value)).sum()
}

fn stays_of(at: u32, deal: &Kept, entries: &mut [(u16, i32)], positions: &[u16], stays: &mut Vec<Stay>) {
    entries.sort_unstable_by_key(|(position, day)| (*day, *position));
    let (mut state, mut from) = (0, deal.entered);
    for (position, day) in entries {
        let next = positions.partition_point(|known| *known < *position) as u16 + 1;
        let day = (*day).max(deal.entered);
        if next > state && day <= deal.ended {
            stays.push(Stay { deal: at, state, from, to: day });
            (state, from) = (next, day);
        }
    }
    stays.push(Stay { deal: at, state, from, to: deal.ended.max(from) });
}

/// A weekday is free where most of its days are.
fn kinds(days: &[Day]) -> Vec<usize> {
    let mut free = [[0_u32; 2]; 7];
    for day in days {
        free[day.day.rem_euclid(7) as usize][usize::from(day.working > 0.0)] += 1;
    }
    let kind = |day: &Day| {
        let weekday = day.day.rem_euclid(7) as usize;
        let [is_free, is_working] = free[weekday];
        if day.working <= 0.0 && is_working >= is_free { 7 } else { weekday }
    };
    days.iter().map(kind).collect()
}
