//! The handbook leaves nothing of a regulation out: each value of the file stands on the page of at least one role, in both languages.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use tokio::runtime::Runtime;
use toml::Value;
use voronka::metrics::Catalog;
use voronka::model::lang::Lang;
use voronka::regulation::{Regulation, template};
use voronka::report::build;
use voronka::report::definition::shipped;
use voronka::report::render::{Format, render};
use voronka::session::Session;
use voronka::store::Store;

const FULL: &str = include_str!("handbook/full.toml");

const LANGS: [Lang; 2] = [Lang::Ru, Lang::En];

/// A value of the file: the dotted path of its key, and where its text stands in one language alone, which.
struct Leaf {
    path: String,
    lang: Option<Lang>,
    value: Value,
}

/// All values of a table.
fn leaves(table: &toml::Table, at: &str, into: &mut Vec<Leaf>) {
    for (key, value) in table {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match value {
            Value::Table(of) if of.len() == 2 && of.contains_key("ru") && of.contains_key("en") => {
                for (lang, code) in [(Lang::Ru, "ru"), (Lang::En, "en")] {
                    into.push(Leaf { path: path.clone(), lang: Some(lang), value: of[code].clone() });
                }
            }
            Value::Table(of) => leaves(of, &path, into),
            Value::Array(items) if items.iter().all(|item| matches!(item, Value::Table(_))) => {
                for item in items {
                    leaves(item.as_table().unwrap(), &path, into);
                }
            }
            Value::Array(items) => {
                into.extend(items.iter().map(|item| Leaf { path: path.clone(), lang: None, value: item.clone() }));
            }
            _ => into.push(Leaf { path, lang: None, value: value.clone() }),
        }
    }
}

fn leaves_of(text: &str) -> Vec<Leaf> {
    let mut all = Vec::new();
    leaves(&text.parse().unwrap(), "", &mut all);
    all
}

/// A number as the pages write it.
fn decimal(number: f64, digits: usize, lang: Lang) -> String {
    let text = format!("{number:.digits$}");
    if lang == Lang::Ru { text.replace('.', ",") } else { text }
}

/// With the digits that it has.
fn percent(share: f64, lang: Lang) -> String {
    let is_whole = (share * 1000.0).round() % 10.0 == 0.0;
    let digits = if is_whole { 0 } else { 1 };
    format!("{}{}", decimal(share * 100.0, digits, lang), if lang == Lang::Ru { " %" } else { "%" })
}

/// `dd.mm` or `d Mon`, with the year if asked for.
fn date(text: &str, year: bool, lang: Lang) -> String {
    let day: NaiveDate = text.trim().parse().unwrap();
    match (lang, year) {
        (Lang::Ru, true) => day.format("%d.%m.%Y").to_string(),
        (Lang::Ru, false) => day.format("%d.%m").to_string(),
        (Lang::En, true) => format!("{} {}", day.day(), day.format("%b %Y")),
        (Lang::En, false) => format!("{} {}", day.day(), day.format("%b")),
    }
}

/// A day or several in a row, without the year; of days that the calendar joins with their neighbours, an end of the row.
fn holiday(text: &str, lang: Lang) -> Vec<String> {
    match text.split_once("..") {
        Some((first, last)) => {
            vec![format!("{}–{}", date(first, false, lang), date(last, false, lang))]
        }
        None => vec![date(text, false, lang)],
    }
}

/// The hours of a day: each stretch.
fn hours(text: &str, lang: Lang) -> Vec<String> {
    match text {
        "off" if lang == Lang::Ru => vec!["выходной".to_owned()],
        "off" => vec!["off".to_owned()],
        _ => text.split(',').map(|span| span.trim().replace(['-', '—'], "–")).collect(),
    }
}

/// The number of a duration, and the unit: minutes, hours or days.
fn durations(text: &str) -> (f64, usize) {
    let units = [["m", "мин"], ["h", "ч"], ["d", "д"]];
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text[digits.len()..].trim();
    let at = units.iter().position(|words| words.iter().any(|word| unit.starts_with(word)));
    (digits.parse().unwrap(), at.unwrap_or_else(|| panic!("no unit in `{text}`")))
}

/// A duration in words: the number and how the word after it may begin.
fn duration(text: &str, working: bool, lang: Lang) -> Vec<String> {
    let (number, unit) = durations(text);
    let (ru, en) = [("минут", "minute"), ("час", "hour"), ("д", "day")][unit];
    match (lang, working) {
        (Lang::Ru, false) => vec![format!("{number} {ru}")],
        (Lang::En, false) => vec![format!("{number} {en}")],
        (Lang::Ru, true) => {
            ["рабочих", "рабочий", "рабочая", "рабочие"].map(|word| format!("{number} {word} {ru}")).into()
        }
        (Lang::En, true) => vec![format!("{number} working {en}")],
    }
}

/// How a span of the cooling curve names its bound.
fn bound(text: &str, lang: Lang) -> Vec<String> {
    let (number, unit) = durations(text);
    let (ru, en) = [("мин", "min"), ("ч", "h"), ("д", "d")][unit];
    vec![format!("{number} {}", if lang == Lang::Ru { ru } else { en })]
}

fn said(ru: &str, en: &str, lang: Lang) -> Vec<String> {
    vec![if lang == Lang::Ru { ru } else { en }.to_owned()]
}

/// A number of days, weeks or months.
fn so_many(number: i64, ru: &str, en: &str, lang: Lang) -> Vec<String> {
    said(&format!("{number} {ru}"), &format!("{number} {en}"), lang)
}

fn contact_kind(kind: &str, lang: Lang) -> Vec<String> {
    let (ru, en) = match kind {
        "any" => ("все касания вместе", "all touches together"),
        "call" => ("звонки", "calls"),
        "email" => ("письма", "letters"),
        "sms" => ("SMS", "SMS"),
        "message" => ("сообщения", "messages"),
        "meeting" => ("встречи", "meetings"),
        "mailing" => ("рассылки", "mailings"),
        other => panic!("no words for {other}"),
    };
    said(ru, en, lang)
}

fn dimension(name: &str, lang: Lang) -> Vec<String> {
    let (ru, en) = match name {
        "branch" => ("филиал", "branch"),
        "contractor" => ("подрядчик", "contractor"),
        "source" => ("источник", "source"),
        "campaign" => ("кампания", "campaign"),
        "manager" => ("менеджер", "manager"),
        other => panic!("no words for {other}"),
    };
    said(ru, en, lang)
}

/// The texts of which one must stand on a page for this value. A key of which this knows nothing fails: say here how it is shown.
fn expected(leaf: &Leaf, is_working: bool, lang: Lang) -> Vec<String> {
    let text = || leaf.value.as_str().unwrap_or_else(|| panic!("{} is no text", leaf.path)).to_owned();
    let whole = || leaf.value.as_integer().unwrap_or_else(|| panic!("{} is no whole number", leaf.path));
    let number = || leaf.value.as_float().unwrap_or_else(|| leaf.value.as_integer().unwrap() as f64);
    let flag = || leaf.value.as_bool().unwrap();
    let path = leaf.path.as_str();
    let day_of = |path: &str, part: &str| path.strip_prefix(part).is_some_and(|day| day.len() == 3);
    match path {
        "valid_from" => vec![date(&leaf.value.to_string(), true, lang)],
        "company.language" if text() == "ru" => said("русский", "Russian", lang),
        "company.language" => said("английский", "English", lang),
        path if path.starts_with("company.") => vec![text()],
        path if day_of(path, "schedule.") || day_of(path, "contact.") => hours(&text(), lang),
        "schedule.holidays" => {
            let written = leaf.value.as_str().map_or_else(|| leaf.value.to_string(), str::to_owned);
            holiday(&written, lang)
        }
        path if path.starts_with("schedule.dates.") || path.starts_with("contact.dates.") => {
            let day = path.rsplit('.').take_while(|part| *part != "dates").collect::<Vec<_>>();
            let day = day.into_iter().rev().collect::<Vec<_>>().join(".");
            match text().as_str() {
                "off" => holiday(&day, lang),
                hours_of_day => vec![format!("{} {}", date(&day, true, lang), hours(hours_of_day, lang).join(", "))],
            }
        }
        "contact.on_holidays" if flag() => said("можно", "allowed", lang),
        "contact.on_holidays" => said("нельзя", "not allowed", lang),
        "stage.qualified" => said("с этого этапа лид квалифицирован", "from here on a lead is qualified", lang),
        "stage.parking" => said("стоянка: не шаг воронки", "a place to wait: no step of the funnel", lang),
        "stage.terminal" if text() == "won" => said("конец: сделка успешна", "the end: the deal is won", lang),
        "stage.terminal" => said("конец: сделка проиграна", "the end: the deal is lost", lang),
        "stage.sla" => duration(&text(), true, lang),
        "response.sla" => duration(&text(), is_working, lang),
        "response.counted" if text() == "working" => said("в рабочем: ночь", "working time: nights", lang),
        "response.counted" => said("в обычном, с ночами", "calendar time, with nights", lang),
        "response.buckets" => bound(&text(), lang),
        "cap.kind" | "client_kind.means" => contact_kind(&text(), lang),
        "mailing.per_month" if whole() == 0 => said("ни одной", "none", lang),
        "cap.per_week"
        | "cap.per_month"
        | "mailing.per_month"
        | "load.open_deals"
        | "load.touches_per_day"
        | "quality.sample"
        | "quality.seed"
        | "thresholds.small_group"
        | "funnel.horizons_days" => {
            vec![whole().to_string()]
        }
        "client_kind.contact_every_days" | "contact.silence_after_refusal_days" | "promotions.rest_days" => {
            so_many(whole(), "д", "day", lang)
        }
        "funnel.counted_first" if text() == "closing" => said("закрытие, потом изменение", "the closing, then", lang),
        "funnel.counted_first" => said("изменение суммы, потом закрытие", "the change of an amount, then", lang),
        "thresholds.promo_months" => so_many(whole(), "месяц", "month", lang),
        "thresholds.variability_weeks" => so_many(whole(), "недел", "week", lang),
        path if path.starts_with("thresholds.") => so_many(whole(), "д", "day", lang),
        "stage.expected_share" | "promotions.deepest" | "promotions.revenue_share" | "arm.share" => {
            vec![percent(number(), lang)]
        }
        "control.look" if text() == "daily" => said("каждый день", "every day", lang),
        "control.look" => said("раз в неделю", "once a week", lang),
        "lost_reason.means" if text() == "invalid" => said("это был не лид", "it never was a lead", lang),
        "lost_reason.means" => said("проиграли из-за цены", "lost on price", lang),
        "interest.price" if flag() => said("важна одна цена", "price alone matters", lang),
        "interest.price" => said("важна не одна цена", "more than price matters", lang),
        "arm.control" => said("контрольная: с ней сравнивают", "control: the others are compared", lang),
        "target.better" => said("не меньше", "at least", lang),
        "target.by" => dimension(&text(), lang),
        "target.green" | "target.red" => {
            let number = number();
            // a share in per cent, another figure with the digits that it has
            let plain = if lang == Lang::Ru { number.to_string().replace('.', ",") } else { number.to_string() };
            vec![percent(number, lang), plain]
        }
        "target.metric" => vec![format!("{}.", text())],
        "target.column" => vec![format!(".{}", text())],
        "stage.id" | "stage.evidence" | "stage.required" | "client_kind.kind" | "client_kind.when"
        | "mailing.stage" | "mailing.templates" | "control.rule" | "quality.item.id" | "lost_reason.reason"
        | "interest.interest" | "arm.arm" | "target.only" | "target.except" => vec![text()],
        path if [".title", ".meaning", ".next_step", ".advice"].iter().any(|end| path.ends_with(end)) => vec![text()],
        path => panic!("how is `{path}` shown? say it in tests/handbook.rs"),
    }
}

/// The pages of all roles, as a reader sees them, in one language.
fn pages(regulation: &Regulation, lang: Lang) -> BTreeMap<String, String> {
    let (runtime, dir) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let catalog = Catalog::shipped();
    let handbook = shipped("handbook", &catalog).unwrap_or_else(|p| panic!("{p}"));
    let roles: Vec<String> = handbook.roles().iter().map(|role| role.id.clone()).collect();
    assert_eq!(roles, ["specialist", "supervisor", "head", "marketing", "quality"]);
    runtime.block_on(async {
        let store = Store::open_or_create(&dir.path().join("store")).await.unwrap();
        let snapshot = store.snapshot(None).await.unwrap();
        let as_of = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        let session = Session::open(&snapshot, regulation, as_of, None).await.unwrap();
        let mut pages = BTreeMap::new();
        for role in roles {
            let own = handbook.for_role(&role).unwrap();
            let document = build(&session, &catalog, &own, as_of, lang, &()).await.unwrap_or_else(|e| panic!("{e}"));
            assert!(document.failed.is_empty(), "{:?}", document.failed);
            let files = render(&document, dir.path(), &[Format::Html]).unwrap();
            pages.insert(role, shown(&std::fs::read_to_string(&files[0]).unwrap()));
        }
        pages
    })
}

/// The text of a page without its marks, spaces all alike.
fn shown(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let text: Vec<&str> = body.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    let text = text.join(" ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    spaced(&text)
}

fn spaced(text: &str) -> String {
    text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text stands on a page, and no number of it is a piece of a larger one: `21` does not stand in `213`, nor in `21,1`.
fn stands(page: &str, text: &str) -> bool {
    let text = spaced(text);
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let goes_on = |mut rest: Box<dyn Iterator<Item = char> + '_>| match rest.next() {
        Some(',' | '.') => digit(rest.next()),
        first => digit(first),
    };
    page.match_indices(&text).any(|(at, _)| {
        let before = digit(text.chars().next()) && goes_on(Box::new(page[..at].chars().rev()));
        let after = digit(text.chars().next_back()) && goes_on(Box::new(page[at + text.len()..].chars()));
        !before && !after
    })
}

/// The values of a regulation that stand on no page of these roles; of all, where none is named.
fn unshown(text: &str, roles: &[&str]) -> Vec<String> {
    let regulation = Regulation::parse("regulation.toml", text).unwrap_or_else(|p| panic!("{p}"));
    let leaves = leaves_of(text);
    let mut unshown = Vec::new();
    for lang in LANGS {
        let mut pages = pages(&regulation, lang);
        pages.retain(|role, _| roles.is_empty() || roles.contains(&role.as_str()));
        for leaf in leaves.iter().filter(|leaf| leaf.lang.is_none_or(|of| of == lang)) {
            let expected = expected(leaf, regulation.rules().response_working, lang);
            if !pages.values().any(|page| expected.iter().any(|text| stands(page, text))) {
                unshown.push(format!("{lang:?} {} = {}: none of {expected:?}", leaf.path, leaf.value));
            }
        }
    }
    unshown
}

#[test]
fn the_full_regulation_has_every_key_that_there_is_and_no_number_twice() {
    let known = Regulation::keys("full.toml", FULL).unwrap_or_else(|p| panic!("{p}"));
    let written: BTreeSet<String> = written(&FULL.parse().unwrap(), "");
    let lacking: Vec<&String> = known.difference(&written).collect();
    assert!(lacking.is_empty(), "fill these keys in tests/handbook/full.toml: {lacking:?}");
    assert!(written.len() > 90, "only {} keys", written.len());
    let numbers: Vec<String> = leaves_of(FULL)
        .into_iter()
        .filter(|leaf| matches!(leaf.value, Value::Integer(1..) | Value::Float(_)))
        .map(|leaf| leaf.value.to_string())
        .collect();
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "{numbers:?}");
}

/// The dotted paths of all keys that are written.
fn written(table: &toml::Table, at: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (key, value) in table {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        let tables: Vec<&toml::Table> = match value {
            Value::Table(of) => vec![of],
            Value::Array(items) => items.iter().filter_map(Value::as_table).collect(),
            _ => Vec::new(),
        };
        keys.extend(tables.into_iter().flat_map(|of| written(of, &path)));
        keys.insert(path);
    }
    keys
}

#[test]
fn each_value_of_the_full_regulation_stands_on_the_page_of_a_role() {
    let unshown = unshown(FULL, &[]);
    assert!(unshown.is_empty(), "on no page of the handbook:\n{}", unshown.join("\n"));
}

#[test]
fn each_value_of_the_regulations_that_ship_stands_on_the_page_of_a_role() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let mut all = vec![template(Lang::Ru).to_owned(), template(Lang::En).to_owned()];
    all.push(read("sample_data/regulation.toml"));
    for example in ["complete_journey", "digital_marketing_308", "maven_crm", "olist"] {
        all.push(read(&format!("examples/{example}/regulation.toml")));
    }
    for text in all {
        let unshown = unshown(&text, &[]);
        assert!(unshown.is_empty(), "on no page of the handbook:\n{}", unshown.join("\n"));
    }
}

#[test]
fn a_value_that_is_not_shown_is_found_out() {
    // of what the head alone reads, the page of the specialist has nothing
    let unshown = unshown(FULL, &["specialist"]);
    for key in
        ["company.currency", "stage.evidence", "thresholds.dip_days", "target.green", "quality.seed", "arm.share"]
    {
        assert!(unshown.iter().any(|line| line.contains(&format!(" {key} = "))), "{key} in {unshown:?}");
    }
    assert!(!unshown.iter().any(|line| line.contains("stage.next_step")), "{unshown:?}");
    // the search finds nothing that does not stand there, and no number within another
    assert!(stands("В неделю 21, в месяц 43", "21") && !stands("В неделю 213", "21"));
    assert!(!stands("0,741", "41") && !stands("21,1 %", "21") && !stands("0,21", "21") && stands("28, 56", "28"));
    let page = shown("<html><body><td>Terms &amp;&nbsp;delivery</td></body>").replace("&nbsp;", " ");
    assert!(stands(&page, "Terms & delivery") && !stands(&page, "Reviews"));
}
