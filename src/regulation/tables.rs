//! The regulation as SQL sees it.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::Regulation;
use super::rules::{Better, Look, Meaning, Terminal};
use crate::model::lang::{Lang, Text};

/// The names of all tables, as `tables` gives them.
pub const NAMES: [&str; 15] = [
    "company",
    "stages",
    "lost_reasons",
    "interests",
    "arms",
    "caps",
    "required_fields",
    "client_kinds",
    "mailing_rules",
    "control",
    "checklist",
    "rules",
    "horizons",
    "response_buckets",
    "targets",
];

impl Regulation {
    /// The regulation as SQL sees it: table names and their rows. All tables are there, also those without rows.
    pub fn tables(&self) -> Vec<(&'static str, RecordBatch)> {
        tables(self)
    }
}

/// Names and columns are part of what metrics rely on.
fn tables(regulation: &Regulation) -> Vec<(&'static str, RecordBatch)> {
    vec![
        ("company", company(regulation)),
        ("stages", stages(regulation)),
        ("lost_reasons", lost_reasons(regulation)),
        ("interests", interests(regulation)),
        ("arms", arms(regulation)),
        ("caps", caps(regulation)),
        ("required_fields", required_fields(regulation)),
        ("client_kinds", client_kinds(regulation)),
        ("mailing_rules", mailing_rules(regulation)),
        ("control", control(regulation)),
        ("checklist", checklist(regulation)),
        ("rules", rules(regulation)),
        ("horizons", batch([("days", wholes(regulation.horizons.iter().map(|days| Some(*days))))])),
        ("response_buckets", response_buckets(regulation)),
        ("targets", targets(regulation)),
    ]
}

fn company(regulation: &Regulation) -> RecordBatch {
    batch([
        ("name", texts([Some(regulation.company.as_str())])),
        ("currency", texts([Some(regulation.currency.as_str())])),
        ("time_zone", texts([Some(regulation.calendar.zone.name())])),
    ])
}

fn stages(regulation: &Regulation) -> RecordBatch {
    let stages = || regulation.stages.iter();
    let [ru, en] = both(stages().map(|s| &s.title));
    batch([
        ("stage", texts(stages().map(|s| Some(s.id.as_str())))),
        ("position", wholes(stages().map(|s| Some(s.position)))),
        ("title_ru", ru),
        ("title_en", en),
        ("terminal", texts(stages().map(|s| s.terminal.map(Terminal::name)))),
        ("qualified", flags(stages().map(|s| s.qualified))),
        ("parking", flags(stages().map(|s| s.parking))),
        ("sla_hours", numbers(stages().map(|s| s.sla_hours))),
        ("meaning_ru", optional(stages().map(|s| s.meaning.as_ref()), Lang::Ru)),
        ("meaning_en", optional(stages().map(|s| s.meaning.as_ref()), Lang::En)),
        ("evidence", texts(stages().map(|s| s.evidence.as_ref().map(|evidence| evidence.sql.as_str())))),
        ("next_step_ru", optional(stages().map(|s| s.next_step.as_ref()), Lang::Ru)),
        ("next_step_en", optional(stages().map(|s| s.next_step.as_ref()), Lang::En)),
        ("expected_share", numbers(stages().map(|s| s.expected_share))),
        ("advice_ru", optional(stages().map(|s| s.advice.as_ref()), Lang::Ru)),
        ("advice_en", optional(stages().map(|s| s.advice.as_ref()), Lang::En)),
    ])
}

fn required_fields(regulation: &Regulation) -> RecordBatch {
    let fields = || regulation.stages.iter().flat_map(|s| s.required.iter().map(|name| (s.id.as_str(), name.as_str())));
    batch([
        ("stage", texts(fields().map(|(stage, _)| Some(stage)))),
        ("column_name", texts(fields().map(|(_, name)| Some(name)))),
    ])
}

fn client_kinds(regulation: &Regulation) -> RecordBatch {
    let kinds = || regulation.client_kinds.iter();
    let means: Vec<String> = kinds().map(|kind| kind.means.join(",")).collect();
    let [ru, en] = both(kinds().map(|kind| &kind.title));
    batch([
        ("kind", texts(kinds().map(|kind| Some(kind.id.as_str())))),
        ("position", wholes(kinds().zip(1..).map(|(_, position)| Some(position)))),
        ("title_ru", ru),
        ("title_en", en),
        ("contact_days", wholes(kinds().map(|kind| kind.contact_days))),
        ("means", texts(means.iter().map(|means| (!means.is_empty()).then_some(means.as_str())))),
        ("advice_ru", optional(kinds().map(|kind| kind.advice.as_ref()), Lang::Ru)),
        ("advice_en", optional(kinds().map(|kind| kind.advice.as_ref()), Lang::En)),
    ])
}

fn mailing_rules(regulation: &Regulation) -> RecordBatch {
    let rules = || regulation.mailings.iter();
    let templates: Vec<String> = rules().map(|rule| rule.templates.join(", ")).collect();
    batch([
        ("stage", texts(rules().map(|rule| rule.stage.as_deref()))),
        ("per_month", wholes(rules().map(|rule| Some(rule.per_month)))),
        ("templates", texts(templates.iter().map(|names| (!names.is_empty()).then_some(names.as_str())))),
    ])
}

fn control(regulation: &Regulation) -> RecordBatch {
    let rules = || regulation.controls.iter();
    let look = |look| match look {
        Look::Daily => "daily",
        Look::Weekly => "weekly",
    };
    let [ru, en] = both(rules().map(|control| &control.title));
    batch([
        ("rule", texts(rules().map(|control| Some(control.rule.as_str())))),
        ("position", wholes(rules().zip(1..).map(|(_, position)| Some(position)))),
        ("title_ru", ru),
        ("title_en", en),
        ("look", texts(rules().map(|control| control.look.map(look)))),
        ("advice_ru", optional(rules().map(|control| control.advice.as_ref()), Lang::Ru)),
        ("advice_en", optional(rules().map(|control| control.advice.as_ref()), Lang::En)),
    ])
}

fn checklist(regulation: &Regulation) -> RecordBatch {
    let items = || regulation.quality.checklist.iter();
    let [ru, en] = both(items().map(|item| &item.title));
    batch([
        ("item", texts(items().map(|item| Some(item.id.as_str())))),
        ("position", wholes(items().zip(1..).map(|(_, position)| Some(position)))),
        ("title_ru", ru),
        ("title_en", en),
    ])
}

fn lost_reasons(regulation: &Regulation) -> RecordBatch {
    let reasons = || regulation.lost_reasons.iter();
    let [ru, en] = both(reasons().map(|r| &r.title));
    batch([
        ("reason", texts(reasons().map(|r| Some(r.id.as_str())))),
        ("title_ru", ru),
        ("title_en", en),
        ("invalid", flags(reasons().map(|r| r.means == Some(Meaning::Invalid)))),
        ("price", flags(reasons().map(|r| r.means == Some(Meaning::Price)))),
    ])
}

fn interests(regulation: &Regulation) -> RecordBatch {
    let interests = || regulation.interests.iter();
    let [ru, en] = both(interests().map(|i| &i.title));
    batch([
        ("interest", texts(interests().map(|i| Some(i.id.as_str())))),
        ("position", wholes(interests().zip(1..).map(|(_, position)| Some(position)))),
        ("title_ru", ru),
        ("title_en", en),
        ("price", flags(interests().map(|i| i.price))),
    ])
}

fn arms(regulation: &Regulation) -> RecordBatch {
    let arms = || regulation.arms.iter();
    batch([
        ("arm", texts(arms().map(|arm| Some(arm.id.as_str())))),
        ("control", flags(arms().map(|arm| arm.is_control))),
        ("share", numbers(arms().map(|arm| arm.share))),
    ])
}

fn caps(regulation: &Regulation) -> RecordBatch {
    let caps = || regulation.caps.iter();
    batch([
        ("kind", texts(caps().map(|c| Some(c.kind.as_str())))),
        ("per_week", wholes(caps().map(|c| c.per_week))),
        ("per_month", wholes(caps().map(|c| c.per_month))),
    ])
}

fn rules(regulation: &Regulation) -> RecordBatch {
    let rules = &regulation.rules;
    batch([
        ("response_sla_minutes", numbers([Some(rules.response_sla_minutes)])),
        ("response_working", flags([rules.response_working])),
        ("full_price_repeat_days", wholes([Some(rules.full_price_repeat_days)])),
        ("waiting_idle_days", wholes([Some(rules.waiting_idle_days)])),
        ("waiting_first_days", wholes([Some(rules.waiting_first_days)])),
        ("dip_days", wholes([Some(rules.dip_days)])),
        ("promo_months", wholes([Some(rules.promo_months)])),
        ("variability_weeks", wholes([Some(rules.variability_weeks)])),
        ("small_group", wholes([Some(rules.small_group)])),
        ("regret_days", wholes([Some(rules.regret_days)])),
        ("lapsed_days", wholes([Some(rules.lapsed_days)])),
        ("silence_days", wholes([rules.silence_days])),
        ("load_open_deals", wholes([regulation.load.open_deals])),
        ("load_touches", wholes([regulation.load.touches_per_day])),
        ("promo_deepest", numbers([regulation.promotions.deepest])),
        ("promo_revenue_share", numbers([regulation.promotions.revenue_share])),
        ("promo_rest_days", wholes([regulation.promotions.rest_days])),
        ("quality_sample", wholes([regulation.quality.sample])),
        ("quality_seed", wholes([Some(regulation.quality.seed)])),
    ])
}

fn response_buckets(regulation: &Regulation) -> RecordBatch {
    let buckets = || regulation.buckets.iter();
    let [ru, en] = both(buckets().map(|b| &b.label));
    batch([
        ("bucket", wholes(buckets().zip(1..).map(|(_, bucket)| Some(bucket)))),
        ("from_minutes", numbers(buckets().map(|b| Some(b.from)))),
        ("to_minutes", numbers(buckets().map(|b| b.to))),
        ("label_ru", ru),
        ("label_en", en),
    ])
}

fn targets(regulation: &Regulation) -> RecordBatch {
    let targets = || regulation.targets.iter();
    let by: Vec<String> = targets().map(|t| t.by.join(",")).collect();
    let better = |better| match better {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    let [title_ru, title_en] = both(targets().map(|t| &t.title));
    let [advice_ru, advice_en] = both(targets().map(|t| &t.advice));
    batch([
        ("metric", texts(targets().map(|t| Some(t.metric.as_str())))),
        ("column_name", texts(targets().map(|t| Some(t.column.as_str())))),
        ("by_dims", texts(by.iter().map(|by| Some(by.as_str())))),
        ("only_group", texts(targets().map(|t| t.only.as_deref()))),
        ("better", texts(targets().map(|t| Some(better(t.better))))),
        ("green", numbers(targets().map(|t| Some(t.green)))),
        ("red", numbers(targets().map(|t| Some(t.red)))),
        ("title_ru", title_ru),
        ("title_en", title_en),
        ("advice_ru", advice_ru),
        ("advice_en", advice_en),
    ])
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("the columns of one table are made from the same rows")
}

fn both<'a>(all: impl Iterator<Item = &'a Text> + Clone) -> [ArrayRef; 2] {
    [texts(all.clone().map(|text| Some(text.ru.as_str()))), texts(all.map(|text| Some(text.en.as_str())))]
}

fn optional<'a>(all: impl Iterator<Item = Option<&'a Text>>, lang: Lang) -> ArrayRef {
    texts(all.map(|text| text.map(|text| text.get(lang))))
}

fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

fn wholes(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

fn numbers(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

fn flags(values: impl IntoIterator<Item = bool>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<BooleanArray>())
}
