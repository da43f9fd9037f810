//! How clients may be contacted: hours, caps, silence, mailings.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::rules::{Cap, MailingRule, Stage};
use super::{schedule, stages};
use crate::model::calendar::Calendar;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::tables::TOUCH_KINDS;
use crate::model::written::{Section, Wrong};

/// `[contact]`: the hours in which a client may be contacted, as a calendar of its own.
///
/// A weekday that it does not name is as in `[schedule]`, dates with hours of their own included. Holidays are days without contact unless
/// it allows them.
pub fn hours(root: &Section<'_>, working: &Calendar) -> Calendar {
    let Some(section) = root.optional_table("contact") else { return working.clone() };
    let mut calendar = working.clone();
    for (day, name) in schedule::DAYS.into_iter().enumerate() {
        if let Some(hours) = schedule::hours(&section, name, None) {
            calendar.week[day] = hours;
            calendar.dates.retain(|date, _| date.weekday().num_days_from_monday() as usize != day);
        }
    }
    if section.boolean("on_holidays") {
        calendar.holidays.clear();
    }
    schedule::dates(&section, &mut calendar, &BTreeMap::new());
    if calendar != *working {
        schedule::overlaps(&section, &calendar);
    }
    calendar
}

/// `[contact] silence_after_refusal_days`. `None` if a refusal asks for no silence.
pub fn silence_days(root: &Section<'_>) -> Option<i64> {
    root.optional_table("contact").and_then(|section| section.optional_positive("silence_after_refusal_days"))
}

/// Every `[[cap]]`.
pub fn caps(root: &Section<'_>) -> Vec<Cap> {
    let sections = root.tables("cap");
    let kinds: Vec<&str> = TOUCH_KINDS.into_iter().chain(["mailing", "any"]).collect();
    let read = |section: &Section<'_>| {
        let kind = section.checked("kind", |kind| contact_kind(kind, &kinds));
        let cap = Cap {
            kind: kind.unwrap_or_default(),
            per_week: section.optional_positive("per_week"),
            per_month: section.optional_positive("per_month"),
        };
        if !section.has("per_week") && !section.has("per_month") {
            let what = both!("предел для `{}` ничего не ограничивает", "the cap for `{}` sets no limit", cap.kind);
            section.problem(
                section.line(),
                what,
                Text::new("добавьте per_week или per_month", "add per_week or per_month"),
            );
        }
        if let (Some(week), Some(month)) = (cap.per_week, cap.per_month)
            && month < week
        {
            let what = both!(
                "per_month = {month} меньше, чем per_week = {week}",
                "per_month = {month} is less than per_week = {week}"
            );
            section.wrong(
                "per_month",
                what,
                Text::new(
                    "месяц больше недели: исправьте одно из двух",
                    "a month holds more than a week: correct one of the two",
                ),
            );
        }
        cap
    };
    let caps: Vec<_> = sections.iter().map(read).collect();
    stages::unique(&sections, "kind", caps.iter().map(|c| c.kind.as_str()), ("предел для", "the cap for"));
    caps
}

/// A kind of contact that is one of `kinds`.
pub fn contact_kind(kind: &str, kinds: &[&str]) -> Result<String, Wrong> {
    match kinds.contains(&kind) {
        true => Ok(kind.to_owned()),
        false => Err(Wrong::new(
            both!("нет вида контакта `{kind}`", "there is no kind of contact `{kind}`"),
            hint(kind, kinds.iter().copied()),
        )),
    }
}

/// Every `[[mailing]]`: how often, in which stage, and what may be sent.
pub fn mailings(root: &Section<'_>, known: &[Stage]) -> Vec<MailingRule> {
    let sections = root.tables("mailing");
    let read = |section: &Section<'_>| MailingRule {
        stage: section.optional_checked("stage", |stage| stages::known(stage, known)),
        per_month: match section.whole("per_month") {
            number if number < 0 => {
                section.wrong(
                    "per_month",
                    both!("`per_month` = {number} меньше 0", "`per_month` = {number} is below 0"),
                    Text::new("0: ни одной", "0: none at all"),
                );
                0
            }
            number => number,
        },
        templates: section.texts("templates").into_iter().map(|template| template.value).collect(),
    };
    let rules: Vec<_> = sections.iter().map(read).collect();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.stage.as_deref().unwrap_or("*")).collect();
    stages::unique(&sections, "stage", ids.into_iter(), ("правило рассылок для", "the mailing rule for"));
    rules
}
