//! `regulation.toml` → [`Regulation`]: all problems at once.

use std::collections::BTreeSet;

use super::duration::{self, Lengths};
use super::rules::{Bucket, CountedFirst, Interest, LostReason, Meaning, PromotionRules, Rules};
use super::{History, Regulation, arms, clients, contacts, control, currency, links, schedule, stages, targets};
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::Problems;
use crate::model::written::{Document, Section, Wrong};

impl Regulation {
    /// Reads and checks a regulation; fails with all its problems.
    pub fn parse(file: &str, text: &str) -> Result<Regulation, Problems> {
        let doc = Document::read(file, text)?;
        let regulation = regulation(&doc, text);
        doc.finish()?;
        Ok(regulation)
    }

    /// The dotted paths of all keys that the tables of a file may hold, written or not: `stage.sla`.
    pub fn keys(file: &str, text: &str) -> Result<BTreeSet<String>, Problems> {
        let doc = Document::read(file, text)?;
        regulation(&doc, text);
        doc.finish()?;
        Ok(doc.asked())
    }
}

/// Reads a document; where it has problems, stand-ins are in their places.
fn regulation(doc: &Document, text: &str) -> Regulation {
    let root = doc.root();
    let company = root.table("company");
    let zone = company.checked("time_zone", schedule::zone).unwrap_or(chrono_tz::UTC);
    let calendar = schedule::calendar(&root, zone);
    let working = Lengths::working(&calendar);
    let (targets, target_lines) = targets::targets(&root);
    let (buckets, response_sla_minutes, response_working) = response(&root, working);
    let stages = stages::stages(&root, working);
    let silence_days = contacts::silence_days(&root);
    Regulation {
        text: text.to_owned(),
        history: History::default(),
        before: None,
        company: company.text("name"),
        currency: company.checked("currency", currency::code).unwrap_or_default(),
        lang: company.one_of("language", &[("ru", Lang::Ru), ("en", Lang::En)]).unwrap_or_default(),
        deal_link: company.optional_checked("deal_url", links::of_deals),
        client_link: company.optional_checked("client_url", links::of_clients),
        valid_from: root.optional_day("valid_from"),
        contact_hours: contacts::hours(&root, &calendar),
        calendar,
        lost_reasons: lost_reasons(&root),
        interests: interests(&root),
        client_kinds: clients::kinds(&root),
        arms: arms::arms(&root),
        caps: contacts::caps(&root),
        mailings: contacts::mailings(&root, &stages),
        promotions: promotions(&root),
        controls: control::controls(&root),
        load: control::load(&root),
        quality: control::quality(&root),
        stages,
        rules: Rules { response_sla_minutes, response_working, silence_days, ..thresholds(&root) },
        buckets,
        horizons: horizons(&root),
        counted_first: counted_first(&root),
        targets,
        target_lines,
    }
}

/// `[response]`: buckets, the SLA in minutes, and whether these are working minutes.
fn response(root: &Section<'_>, working: Lengths) -> (Vec<Bucket>, f64, bool) {
    let response = root.table("response");
    let counted = response.optional_one_of("counted", &[("working", working), ("calendar", Lengths::CALENDAR)]);
    let is_working = counted.is_none_or(|lengths| lengths == working);
    let lengths = counted.unwrap_or(working);
    let sla = response.checked("sla", |sla| duration::minutes(sla, lengths)).unwrap_or_default();
    let mut bounds = vec![0.0];
    for text in response.texts("buckets") {
        match duration::minutes(&text, lengths) {
            Err(Wrong { what, hint }) => response.problem(text.line, what, hint),
            Ok(minutes) if bounds.last().is_some_and(|last| minutes <= *last) => {
                let what = both!(
                    "промежуток `{}` не длиннее предыдущего",
                    "the bucket `{}` is not longer than the one before it",
                    text.value
                );
                response.problem(
                    text.line,
                    what,
                    Text::new(
                        "пишите промежутки от короткого к длинному",
                        "write buckets from the shortest to the longest",
                    ),
                );
            }
            Ok(minutes) => bounds.push(minutes),
        }
    }
    if !response.has("buckets") {
        bounds.extend([5.0, 15.0, 30.0, 60.0, 240.0]);
    }
    let uppers = bounds.iter().skip(1).copied().map(Some).chain([None]);
    let bucket = |(from, to)| Bucket { from, to, label: duration::label(from, to, lengths) };
    let buckets = bounds.iter().copied().zip(uppers).map(bucket).collect();
    (buckets, sla, is_working)
}

fn lost_reasons(root: &Section<'_>) -> Vec<LostReason> {
    let sections = root.tables("lost_reason");
    let read = |section: &Section<'_>| LostReason {
        id: section.text("reason"),
        title: section.bilingual("title"),
        means: section.optional_one_of("means", &[("invalid", Meaning::Invalid), ("price", Meaning::Price)]),
    };
    let reasons: Vec<_> = sections.iter().map(read).collect();
    stages::unique(&sections, "reason", reasons.iter().map(|r| r.id.as_str()), ("причина отказа", "lost reason"));
    reasons
}

fn interests(root: &Section<'_>) -> Vec<Interest> {
    let sections = root.tables("interest");
    let read = |section: &Section<'_>| Interest {
        id: section.text("interest"),
        title: section.bilingual("title"),
        price: section.boolean("price"),
    };
    let interests: Vec<_> = sections.iter().map(read).collect();
    stages::unique(&sections, "interest", interests.iter().map(|i| i.id.as_str()), ("интерес", "interest"));
    interests
}

/// `[thresholds]`, each with its default. The response's ones are filled in by the caller.
fn thresholds(root: &Section<'_>) -> Rules {
    let section = root.optional_table("thresholds");
    let or =
        |key: &str, default| section.as_ref().and_then(|section| section.optional_positive(key)).unwrap_or(default);
    Rules {
        response_sla_minutes: 0.0,
        response_working: true,
        full_price_repeat_days: or("full_price_repeat_days", 180),
        waiting_idle_days: or("waiting_idle_days", 14),
        waiting_first_days: or("waiting_first_days", 7),
        dip_days: or("dip_days", 14),
        promo_months: or("promo_months", 12),
        variability_weeks: or("variability_weeks", 26),
        small_group: or("small_group", 30),
        regret_days: or("regret_days", 30),
        lapsed_days: or("lapsed_days", 180),
        silence_days: None,
    }
}

fn promotions(root: &Section<'_>) -> PromotionRules {
    let Some(section) = root.optional_table("promotions") else { return PromotionRules::default() };
    PromotionRules {
        deepest: stages::share(&section, "deepest"),
        revenue_share: stages::share(&section, "revenue_share"),
        rest_days: section.optional_positive("rest_days"),
    }
}

/// What the bridge of the pipeline counts first where an amount changed and the deal left, and nothing tells in which order.
fn counted_first(root: &Section<'_>) -> CountedFirst {
    let funnel = root.optional_table("funnel");
    let words = [("changes", CountedFirst::Changes), ("closing", CountedFirst::Closing)];
    funnel.and_then(|funnel| funnel.optional_one_of("counted_first", &words)).unwrap_or_default()
}

fn horizons(root: &Section<'_>) -> Vec<i64> {
    let default = vec![30, 60, 90];
    let Some(funnel) = root.optional_table("funnel") else { return default };
    let mut horizons: Vec<i64> = Vec::new();
    for days in funnel.wholes("horizons_days") {
        if days.value < 1 || horizons.last().is_some_and(|last| days.value <= *last) {
            let what = both!(
                "горизонт {} не больше предыдущего",
                "the horizon {} does not come after the one before it",
                days.value
            );
            funnel.problem(
                days.line,
                what,
                Text::new(
                    "пишите дни по возрастанию: [30, 60, 90]",
                    "write days from the shortest to the longest: [30, 60, 90]",
                ),
            );
        } else {
            horizons.push(days.value);
        }
    }
    if funnel.has("horizons_days") && horizons.is_empty() {
        funnel.wrong(
            "horizons_days",
            Text::new("нет ни одного горизонта", "there is no horizon"),
            Text::new("напишите хотя бы один: [30, 60, 90]", "write at least one: [30, 60, 90]"),
        );
    }
    match horizons.is_empty() {
        true => default,
        false => horizons,
    }
}
