//! The CRM's export files: deals, events by year, clients, promotions, staff.

use std::path::Path;

use super::clock::{Clock, DAY, Second};
use super::company::{BRANCHES, CAMPAIGNS, PROMO_DAYS, Promo, REPEAT_SOURCE};
use super::deal::{Change, Deal};
use super::dirt;
use super::error::GenerateError;
use super::file::Aside;
use super::lead::Client;
use super::row::{Quotes, Row};
use super::words::{INTERESTS, Kind, PIPELINES, PRODUCTS, SEGMENTS, Way};

pub const DEALS: &str = "\"ID\";\"Название сделки\";\"Воронка\";\"Стадия сделки\";\"Сумма\";\"Сумма до скидки\";\
    \"Себестоимость\";\"ID контакта\";\"Ответственный\";\"Филиал\";\"Источник\";\"Подрядчик\";\"Кампания\";\
    \"Дата создания\";\"Дата закрытия\";\"Сделка закрыта\";\"Акция\";\"Интерес\";\"Причина отказа\";\
    \"Плановая дата закрытия\";\"Вероятность, %\"";
const EVENTS: &str = "ID;Дата;Тип;Сделка;Контакт;Сотрудник;Куда;Итог;Секунд;Стадия;Балл";
const CHANGES: &str = "ID;Дата;Сделка;Поле;Сумма;Плановая дата;Вероятность, %";
const CLIENTS: &str = "ID;Тип;Филиал;Первое обращение";
const PROMOS: &str = "Акция;Начало;Последний день;Скидка, %";
const STAFF: &str = "Сотрудник;Отдел;Руководитель;Филиал;Принят;Уволен";
/// Numbers of events per deal: more than any deal has.
const EVENTS_PER_DEAL: u64 = 64;
/// Numbers of mailings per client: more than any client gets.
const MAILINGS_PER_CLIENT: u64 = 16;
/// Columns of deals between the sum and the end, which a footer leaves blank.
const AFTER_SUM: usize = 16;

/// The name of a year's events.
pub fn events_file(year: i32) -> String {
    format!("events_{year}.csv")
}

/// The files that grow with the number of clients.
pub struct Exports {
    /// Deals.
    pub deals: Aside,
    /// Events, a file per year.
    pub events: Vec<(i32, Aside)>,
    /// Clients.
    pub clients: Aside,
    /// What was changed of deals.
    pub changes: Aside,
    total: u64,
    quoted: Row,
    plain: Row,
}

impl Exports {
    /// Begins the files.
    pub fn new(folder: &Path, clock: &Clock) -> Result<Exports, GenerateError> {
        let years = clock.year(0)..=clock.year(clock.cut() - 1);
        let events = years.map(|year| Ok((year, Aside::export(folder, &events_file(year), EVENTS)?)));
        Ok(Exports {
            deals: Aside::export(folder, "deals.csv", DEALS)?,
            events: events.collect::<Result<_, GenerateError>>()?,
            clients: Aside::export(folder, "clients.csv", CLIENTS)?,
            changes: Aside::export(folder, "changes.csv", CHANGES)?,
            total: 0,
            quoted: Row::new(Quotes::Always),
            plain: Row::new(Quotes::Needed),
        })
    }

    /// Writes a client, its deals and their events, dirt included.
    pub fn client(&mut self, client: &Client, clock: &Clock, promos: &[Promo]) -> Result<(), GenerateError> {
        let row = self.plain.clear();
        row.number(client.id).text(SEGMENTS[client.segment]).text(BRANCHES[client.branch].name);
        self.clients.row(row.day(clock, (client.first_seen / DAY) as usize).finish())?;
        for (index, deal) in client.deals.iter().enumerate() {
            let broken = (index == 0).then(|| dirt::broken_deal(client.id)).flatten();
            self.deal(deal, client.id, clock, promos, broken)?;
            if index == 0 && dirt::DUPLICATED_DEAL_OF == client.id {
                self.deal(deal, client.id, clock, promos, broken)?;
            }
            debug_assert!((deal.events.len().max(deal.changes.len()) as u64) < EVENTS_PER_DEAL, "deal {}", deal.id);
            self.changes(deal, clock)?;
            for (number, (at, kind)) in (0..).zip(&deal.events) {
                let id = deal.id * EVENTS_PER_DEAL + number;
                self.event(id, *at, *kind, deal, clock)?;
                if index == 0 && number == 0 && dirt::DUPLICATED_EVENT_OF == client.id {
                    self.event(id, *at, *kind, deal, clock)?;
                }
            }
        }
        for (number, at) in (0..).zip(&client.mailings) {
            let row = self.plain.clear();
            row.lettered('R', client.id * MAILINGS_PER_CLIENT + number)
                .at(clock, *at)
                .text(Kind::Mailing.title())
                .blank();
            row.number(client.id).blank().text(Way::Out.title()).blank().blank().blank().blank();
            write_event(&mut self.events, clock.year(*at), row)?;
        }
        if let Some(text) = dirt::broken_event(client.id) {
            let row = self.plain.clear();
            row.lettered('X', client.id).text(text).text(Kind::Task.title()).blank();
            row.number(client.id).blank().blank().blank().blank().blank().blank();
            write_event(&mut self.events, clock.year(clock.cut() - 1), row)?;
        }
        Ok(())
    }

    fn deal(
        &mut self,
        deal: &Deal,
        client: u64,
        clock: &Clock,
        promos: &[Promo],
        broken: Option<&str>,
    ) -> Result<(), GenerateError> {
        self.total += deal.amount;
        self.deals.row(deal_row(&mut self.quoted, deal, client, clock, promos, broken))
    }

    /// What the CRM's log of fields tells of a deal.
    fn changes(&mut self, deal: &Deal, clock: &Clock) -> Result<(), GenerateError> {
        for (number, (at, change)) in (0..).zip(&deal.changes) {
            let row =
                self.plain.clear().lettered('C', deal.id * EVENTS_PER_DEAL + number).at(clock, *at).number(deal.id);
            match change {
                Change::Amount(sum) => row.text("Сумма").money(*sum).blank().blank(),
                Change::Expected(day) => row.text("Плановая дата").blank().day(clock, clock.within(*day)).blank(),
                Change::Probability(percent) => row.text("Вероятность").blank().blank().number(u64::from(*percent)),
            };
            self.changes.row(row.finish())?;
        }
        Ok(())
    }

    fn event(&mut self, id: u64, at: Second, kind: Kind, deal: &Deal, clock: &Clock) -> Result<(), GenerateError> {
        let row = self.plain.clear();
        row.number(id).at(clock, at).text(kind.title()).number(deal.id).blank();
        match kind {
            // the CRM moves a deal by itself when somebody presses a button: it does not say who; and quality control
            // is nobody of the branch
            Kind::Stage(_) | Kind::Refund | Kind::Check(..) => row.blank(),
            _ => row.text(BRANCHES[deal.branch].managers[deal.manager]),
        };
        row.text(kind.way().map_or("", Way::title));
        match kind {
            Kind::Call(_, 0) => row.text("нет").number(0),
            Kind::Call(_, seconds) => row.blank().number(seconds.into()),
            Kind::Check(item, _) => row.text(item.title()).blank(),
            _ => row.blank().blank(),
        };
        match kind {
            Kind::Stage(stage) => row.text(stage.title()).blank(),
            Kind::Check(_, passed) => row.blank().text(if passed { "1,0" } else { "0,0" }),
            _ => row.blank().blank(),
        };
        write_event(&mut self.events, clock.year(at), row)
    }

    /// The footer of the deals, and the finished files.
    pub fn finish(mut self) -> Result<Vec<Aside>, GenerateError> {
        self.deals.bytes(totals_row(&mut self.quoted, self.total))?;
        let mut files = vec![self.deals, self.clients, self.changes];
        files.extend(self.events.into_iter().map(|(_, file)| file));
        Ok(files)
    }
}

/// A deal as a row of the deals.
pub fn deal_row<'r>(
    row: &'r mut Row,
    deal: &Deal,
    client: u64,
    clock: &Clock,
    promos: &[Promo],
    broken: Option<&str>,
) -> &'r [u8] {
    let row = row.clear();
    row.number(deal.id).text(PRODUCTS[deal.product]).text(PIPELINES[deal.segment]).text(deal.stage.title());
    for sum in [deal.amount, deal.list, deal.cost] {
        if sum == 0 {
            row.blank()
        } else {
            row.money(sum)
        };
    }
    let branch = &BRANCHES[deal.branch];
    row.number(client).text(branch.managers[deal.manager]).text(branch.name);
    match deal.campaign.map(|c| &CAMPAIGNS[c]) {
        Some(campaign) => row.text(campaign.source).text(campaign.contractor).text(campaign.name),
        None => row.text(REPEAT_SOURCE).blank().blank(),
    };
    match broken {
        Some(text) => row.text(text),
        None => row.at(clock, deal.created),
    };
    match deal.closed {
        Some(at) => row.at(clock, at).text("Да"),
        None => row.text("не закрыта").text("Нет"),
    };
    row.text(deal.promo.map_or("", |p| &promos[p].name)).text(INTERESTS[deal.interest]);
    row.text(deal.reason.map_or("", |r| r.title()));
    let (expected, probability) = deal.outlook();
    match expected {
        Some(day) => row.day(clock, clock.within(day)),
        None => row.blank(),
    };
    match probability {
        Some(percent) => row.number(u64::from(percent)),
        None => row.blank(),
    };
    row.finish()
}

/// The footer of the deals.
pub fn totals_row(row: &mut Row, total: u64) -> &[u8] {
    let row = row.clear();
    row.blank().text(dirt::TOTALS).blank().blank().money(total);
    for _ in 0..AFTER_SUM {
        row.blank();
    }
    row.finish()
}

/// Writes a finished event into the file of its year; there is one for every year of the history. What is planned for
/// the year after stands in the last one.
fn write_event(events: &mut [(i32, Aside)], year: i32, row: &mut Row) -> Result<(), GenerateError> {
    let (first, last) = (events[0].0, events.len() - 1);
    events[last.min((year - first) as usize)].1.row(row.finish())
}

/// The promotions that had begun by as_of.
pub fn promos(folder: &Path, clock: &Clock, promos: &[Promo]) -> Result<Aside, GenerateError> {
    let mut file = Aside::export(folder, "promos.csv", PROMOS)?;
    let mut row = Row::new(Quotes::Needed);
    for promo in promos.iter().filter(|p| p.starts() < clock.cut()) {
        let first = promo.first as usize;
        row.clear().text(&promo.name).day(clock, first).day(clock, first + PROMO_DAYS as usize - 1);
        file.row(row.money((promo.discount * 10_000.0).round() as u64).finish())?;
    }
    Ok(file)
}

/// The managers, and one who left before the history began.
pub fn staff(folder: &Path) -> Result<Aside, GenerateError> {
    let mut file = Aside::export(folder, "staff.csv", STAFF)?;
    let mut row = Row::new(Quotes::Needed);
    for branch in &BRANCHES {
        for (number, manager) in (1..).zip(branch.managers) {
            row.clear().text(manager).text(&format!("Отдел {}", branch.name)).text(branch.supervisor);
            file.row(row.text(branch.name).text(&format!("0{number}.02.2022")).blank().finish())?;
        }
    }
    let branch = &BRANCHES[0];
    row.clear().text("Яшин В.").text(&format!("Отдел {}", branch.name)).text(branch.supervisor);
    file.row(row.text(branch.name).text("10.01.2020").text("28.02.2023").finish())?;
    Ok(file)
}
