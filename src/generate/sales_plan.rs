//! The plan sheet of the sales department: what each manager is to sell in each month, summed up for branches and the company, with an edition that was
//! changed in mid-month.

use std::path::Path;

use chrono::{Datelike, Months, NaiveDate};

use super::clock::Clock;
use super::company::{
    AMBITION, BRANCHES, DEMAND_GROWTH, MANAGERS, PLAN_LOWERED, PLAN_LOWERED_ON, PLAN_RESERVE, RESERVE_BRANCH,
    SLOW_BRANCH,
};
use super::demand::Season;
use super::error::GenerateError;
use super::file::Aside;
use super::row::{Quotes, Row};

const PLANS: &str = "Период;Разрез;Кто;Показатель;План;Действует с";
/// Months planned before that of the last day and after it.
const MONTHS: (u32, u32) = (14, 2);
/// Days before a month on which its plan is known.
const KNOWN_DAYS: i64 = 5;
/// Plans are rounded to so many kopecks.
const ROUND: f64 = 100_000.0;

/// A plan for a month.
pub struct MonthPlan {
    /// Its first day.
    pub month: NaiveDate,
    /// The company's, in kopecks, as it stands at last.
    pub company: u64,
    /// The company's before the edition was changed, where it was.
    pub before: Option<u64>,
}

/// The sheet under construction.
struct Sheet {
    file: Aside,
    row: Row,
}

impl Sheet {
    fn write(&mut self, month: NaiveDate, who: (&str, &str), value: u64, from: NaiveDate) -> Result<(), GenerateError> {
        let row = self.row.clear().text(&month.format("%Y-%m").to_string()).text(who.0).text(who.1).text("Выручка");
        self.file.row(row.money(value).text(&from.format("%d.%m.%Y").to_string()).finish())
    }
}

/// Writes the sheet of a company that won so much in all.
pub fn sales_plan(
    folder: &Path,
    revenue: u64,
    clock: &Clock,
    season: &Season,
) -> Result<(Aside, Vec<MonthPlan>), GenerateError> {
    let mut sheet = Sheet { file: Aside::export(folder, "plans.csv", PLANS)?, row: Row::new(Quotes::Needed) };
    let last = clock.date(clock.days as i64 - 1).with_day(1).unwrap_or(clock.start);
    let per_weight = revenue as f64 / (0..clock.days as i64).map(|day| weight(clock, season, day)).sum::<f64>();
    let mut plans = Vec::new();
    let first = last.checked_sub_months(Months::new(MONTHS.0)).unwrap_or(clock.start).max(clock.start);
    let months = (0..=MONTHS.0 + MONTHS.1).filter_map(|month| first.checked_add_months(Months::new(month)));
    for month in months.filter(|month| month.day() == 1) {
        let to = month.checked_add_months(Months::new(1)).unwrap_or(month);
        let days = (month - clock.start).num_days()..(to - clock.start).num_days();
        let company = per_weight * AMBITION * days.map(|day| weight(clock, season, day)).sum::<f64>();
        let known = month - chrono::Duration::days(KNOWN_DAYS);
        let edition = Edition { month, company, known, lowered: None };
        let total = edition.write(&mut sheet, last)?;
        let mut plan = MonthPlan { month, company: total, before: None };
        if month == last {
            let from = month + chrono::Duration::days(i64::from(PLAN_LOWERED_ON) - 1);
            if from < clock.date(clock.days as i64) {
                let lowered = Edition { known: from, lowered: Some(SLOW_BRANCH), ..edition };
                plan = MonthPlan { month, company: lowered.write(&mut sheet, last)?, before: Some(total) };
            }
        }
        plans.push(plan);
    }
    Ok((sheet.file, plans))
}

/// What is planned for a month, from a day on.
struct Edition {
    month: NaiveDate,
    company: f64,
    known: NaiveDate,
    /// The branch whose plan is lowered; then only that branch and the company are written.
    lowered: Option<usize>,
}

impl Edition {
    /// Writes it, and gives the company's plan.
    fn write(&self, sheet: &mut Sheet, last: NaiveDate) -> Result<u64, GenerateError> {
        let mut total = 0;
        for (index, branch) in BRANCHES.iter().enumerate() {
            let times = if self.lowered == Some(index) { PLAN_LOWERED } else { 1.0 };
            let each = (self.company * branch.share * times / MANAGERS as f64 / ROUND).round() as u64 * ROUND as u64;
            // one branch keeps a reserve that none of its managers has
            let reserve = index == RESERVE_BRANCH && last.checked_sub_months(Months::new(2)) == Some(self.month);
            let of_branch = each * MANAGERS as u64 + if reserve { PLAN_RESERVE } else { 0 };
            total += of_branch;
            if self.lowered.is_some_and(|lowered| lowered != index) {
                continue;
            }
            for manager in branch.managers {
                sheet.write(self.month, ("Менеджер", manager), each, self.known)?;
            }
            sheet.write(self.month, ("Филиал", branch.name), of_branch, self.known)?;
        }
        sheet.write(self.month, ("", ""), total, self.known)?;
        Ok(total)
    }
}

fn weight(clock: &Clock, season: &Season, day: i64) -> f64 {
    season.of(clock.date(day)) * (1.0 + DEMAND_GROWTH * day as f64)
}
