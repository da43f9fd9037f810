//! What a report says where something is not known, failed, or costs most.

use super::Case;
use crate::support::{checkout, rows, voronka};

/// A finding as the page shows it.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub verdict: String,
    pub title: String,
    pub said: String,
}

/// Makes a report that must go well: its page.
#[track_caller]
pub(super) fn page(case: &Case, report: &str, lang: &str, as_of: &str) -> String {
    let out = format!("out-{report}-{lang}");
    case.run(&["report", report, "--as-of", as_of, "--lang", lang, "--out", &out, "--format", "html,csv"]);
    std::fs::read_to_string(case.dir().join(out).join(format!("{report}.html"))).unwrap()
}

/// A page's text without its markup, without the marks that lead to sources, and without its foot, where the words of all definitions
/// stand.
pub(super) fn plain(html: &str) -> String {
    let html = html.split("<footer").next().unwrap_or_default();
    let mut parts = html.split("<a class=\"mark\"");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once("</a>").map_or("", |(_, rest)| rest));
    let html: String = std::iter::once(first).chain(rest).collect();
    let mut text = String::new();
    for part in html.split('<') {
        text += part.split_once('>').map_or(part, |(_, rest)| rest);
        text.push(' ');
    }
    let text = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&").replace('\u{a0}', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn findings(html: &str) -> Vec<Finding> {
    let cards = html.split("<li class=\"finding ").skip(1).map(|card| card.split("</li>").next().unwrap());
    // a mark leads to its source at the foot of the page
    let source = |card: &str| {
        let number =
            card.split_once("href=\"#source-").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
        let line = html.split_once(&format!("<li id=\"source-{number}\">")).map_or("", |(_, rest)| rest);
        plain(line.split("</li>").next().unwrap_or_default())
    };
    let one = |card: &str| {
        let within = |from: &str, to: &str| plain(card.split_once(from).unwrap().1.split(to).next().unwrap());
        Finding {
            verdict: card.split(' ').next().unwrap().to_owned(),
            title: within("<h3>", "</h3>"),
            said: format!("{} Source: {}", within("</h3>", "\u{0}"), source(card)),
        }
    };
    cards.map(one).collect()
}

/// The tiles of a page: what each is, its figure and what stands beneath.
pub(super) fn tiles(html: &str) -> Vec<(String, String, String)> {
    let tiles = html.split("<li><p class=\"label\">").skip(1).map(|tile| tile.split("</li>").next().unwrap());
    let one = |tile: &str| {
        let (label, rest) = tile.split_once("</p>").unwrap();
        let (figure, notes) = rest.split_once("</p>").unwrap();
        (plain(label), plain(figure), plain(notes))
    };
    tiles.map(one).collect()
}

#[track_caller]
fn tile(html: &str, label: &str) -> (String, String) {
    let found = tiles(html).into_iter().find(|(name, ..)| name == label);
    let (_, figure, notes) = found.unwrap_or_else(|| panic!("no tile {label}"));
    (figure, notes)
}

/// A company with the regulation that `init` gives.
pub(super) fn company(lang: &str) -> Case {
    let case = Case::new();
    case.run(&["init", "made", "--lang", lang]);
    let made = std::fs::read_to_string(case.dir().join("made/regulation.toml")).unwrap();
    case.put("regulation.toml", made);
    case
}

const DEALS: &str = r#"zone = "Europe/London"
personal = "keep"
[[export]]
name = "deals"
files = "deals.csv"
dates = "yyyy-mm-dd HH:MM:SS"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
client_id = "client"
manager = "owner"
source = "source"
contractor = "contractor"
campaign = "campaign"
branch = "branch"
status = "status"
created_at = "created"
closed_at = "closed"
amount = "amount"
"#;

const SPEND: &str = r#"[[export]]
name = "spend"
files = "spend.csv"
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "spend"
[export.table.columns]
day = "day"
source = "source"
contractor = "contractor"
campaign = "campaign"
cost = "cost"
"#;

const HEAD: &str = "id,client,owner,source,contractor,campaign,branch,status,created,closed,amount\n";

/// n10, and a campaign that nobody came from: what lost most money stands first, whatever its name.
#[test]
fn the_campaign_that_lost_most_money_stands_first() {
    let case = company("en");
    case.put("mapping.toml", format!("{DEALS}{SPEND}"));
    let (mut deals, mut spend, mut id) = (HEAD.to_owned(), "day,source,contractor,campaign,cost\n".to_owned(), 0);
    let mut came = |campaign: &str, status: &str, amount: &str| {
        for n in 0..31 {
            id += 1;
            let (day, closed) = (1 + n % 9, 10 + n % 9);
            deals += &format!(
                "{id},c{id},ann,ads,,{campaign},,{status},2024-05-{day:02} 10:00:00,2024-05-{closed} 10:00:00,{amount}\n"
            );
        }
    };
    for n in 1..=15 {
        came(&format!("a{n:02}"), "lost", "");
        spend += &format!("2024-05-02,ads,,a{n:02},10\n");
    }
    came("zzz", "lost", "");
    came("good", "won", "1000");
    came("", "won", "1000");
    spend +=
        "2024-05-02,ads,,zzz,34000\n2024-05-02,ads,,good,1000\n2024-05-02,ads,,nobody,5000\n2024-05-02,ads,,,100\n";
    case.put("deals.csv", deals);
    case.put("spend.csv", spend);
    case.ingest(&["deals.csv", "spend.csv"]);
    let html = page(&case, "weekly", "en", "2024-05-20");
    let romi: Vec<Finding> =
        findings(&html).into_iter().filter(|finding| finding.title.starts_with("ROMI of the campaign")).collect();
    assert_eq!(romi[0].title, "ROMI of the campaign: zzz", "{romi:#?}");
    assert!(romi[0].said.contains("Spent €34K, revenue €0."), "{romi:#?}");
    assert_eq!(romi[1].title, "ROMI of the campaign: nobody", "{romi:#?}");
    assert!(romi[1].said.contains("No lead bears this name"), "{romi:#?}");
    assert_eq!(findings(&html)[0].title, romi[0].title, "money lost stands before all else");
    // sales that name no campaign beside spend that names none are no campaign: no return, no verdict, but told
    let judged = |finding: &&Finding| finding.verdict != "unknown" && finding.said.contains("not filled");
    assert!(!findings(&html).iter().any(|finding| judged(&finding)), "{romi:#?}");
    assert!(plain(&html).contains("Campaign: not filled in 31 of"), "{}", plain(&html));
    let table = std::fs::read_to_string(case.dir().join("out-weekly-en/weekly-tables/campaigns-table.csv")).unwrap();
    let table = rows(table.trim_start_matches('\u{feff}'));
    let names: Vec<&str> = table.iter().map(|row| row["campaign"].as_str()).collect();
    assert_eq!(names[..2], ["zzz", "nobody"], "{names:?}");
    let unnamed = table.iter().find(|row| row["campaign"] == "not filled").unwrap();
    assert!(unnamed["romi"].is_empty() && unnamed["cpl"].is_empty() && !unnamed["revenue"].is_empty(), "{unnamed:?}");
}

/// n11: whatever may have several rows names each, and other rules are no peers.
#[test]
fn a_finding_about_the_only_rule_names_it_and_rules_are_no_peers() {
    let case = company("en");
    let calls = r#"[[export]]
name = "calls"
files = "calls.csv"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "id"
at = "at"
deal_id = "deal"
kind = { const = "call" }
direction = "dir"
"#;
    case.put("mapping.toml", format!("{DEALS}{calls}"));
    let (mut deals, mut made, mut id) = (HEAD.to_owned(), "id,at,deal,dir\n".to_owned(), 0);
    for deal in 1..=40 {
        deals += &format!("{deal},c{deal},ann,,,,,open,2024-05-06 10:00:00,,\n");
        for n in 0..6 {
            id += 1;
            made += &format!("a{id},2024-05-{:02} {}:05:00,{deal},outgoing\n", 6 + n % 3, 10 + n);
        }
    }
    case.put("deals.csv", deals);
    case.put("calls.csv", made);
    case.ingest(&["deals.csv", "calls.csv"]);
    let html = page(&case, "weekly", "en", "2024-05-13");
    let rules: Vec<Finding> =
        findings(&html).into_iter().filter(|finding| finding.said.contains("Source: adherence")).collect();
    assert!(!rules.is_empty());
    for rule in &rules {
        assert!(rule.title.starts_with("The regulation is kept: "), "{rule:#?}");
        assert!(!rule.said.contains("the others"), "a rule is not compared with other rules: {rule:#?}");
    }
}

const WEEKS: &str = "id,client,owner,source,contractor,campaign,branch,status,created,closed,amount\n\
    x0,c0,,,,,,won,2025-01-27 10:00:00,2025-01-27 15:00:00,100\n\
    x1,c1,,,,,,won,2025-02-03 10:00:00,2025-02-03 15:00:00,100\n\
    x2,c2,,,,,,won,2025-02-10 10:00:00,2025-02-10 15:00:00,100\n";

/// A company whose weeks before the last two are alike, and of these the revenue is as given; none: leads alone.
fn two_weeks(before: Option<&str>, last: Option<&str>) -> Case {
    let case = company("en");
    case.put("mapping.toml", DEALS);
    let mut deals = WEEKS.to_owned();
    for (week, (monday, amount)) in [("2025-02-17", before), ("2025-02-24", last)].into_iter().enumerate() {
        deals += &match amount {
            Some(amount) => format!("y{week},d{week},,,,,,won,{monday} 10:00:00,{monday} 15:00:00,{amount}\n"),
            None => format!("y{week},d{week},,,,,,open,{monday} 10:00:00,,\n"),
        };
    }
    case.put("deals.csv", deals);
    case.ingest(&["deals.csv"]);
    case
}

/// f25 (and f24): no percentage from nothing or from below nothing, no infinity, no minus zero.
#[test]
fn a_change_from_nothing_or_below_is_told_in_money() {
    for (before, last, change) in [
        (Some("-100"), Some("-50"), "+€50 on the week before (was −€100)"),
        (Some("-100"), Some("50"), "+€150 on the week before (was −€100)"),
        (Some("100"), Some("-500"), "−600.0% on the week before (was €100)"),
        (Some("0"), Some("-5"), "−€5 on the week before (was €0)"),
        (Some("100"), Some("100.04"), "0.0% on the week before (was €100)"),
        (Some("100"), Some("0"), "−100.0% on the week before (was €100)"),
        (Some("0"), Some("100"), "+€100 on the week before (was €0)"),
    ] {
        let html = page(&two_weeks(before, last), "weekly", "en", "2025-03-03");
        let (_, notes) = tile(&html, "Revenue of the week");
        assert!(notes.contains(change), "{before:?} {last:?}: {notes}");
        let text = plain(&html);
        for nonsense in ["NaN", "inf%", "∞", "−0%", "-0%", "−€0 "] {
            assert!(!text.contains(nonsense), "{before:?} {last:?}: {nonsense}");
        }
    }
}

/// A3: a week with leads and no win sold nothing, once selling has begun; before it nobody knows.
#[test]
fn a_week_without_a_win_is_zero_once_selling_has_begun() {
    let case = two_weeks(Some("100"), None);
    let html = page(&case, "weekly", "en", "2025-03-03");
    let (figure, notes) = tile(&html, "Revenue of the week");
    assert_eq!(figure, "€0", "{notes}");
    assert!(notes.contains("−100.0% on the week before (was €100)"), "{notes}");
    assert_eq!(tile(&html, "Deals won").0, "0");
    let html = page(&case, "weekly", "en", "2025-01-27");
    let (figure, notes) = tile(&html, "Revenue of the week");
    assert_eq!(figure, "—");
    assert!(notes.starts_with("the data have none yet") || notes.starts_with("the data have the first on"), "{notes}");
}

/// E: an error of one metric, or of one target, is told in its place; all else stands; the exit code says that it is not whole.
#[test]
fn one_error_leaves_the_rest_of_the_report() {
    let case = two_weeks(Some("100"), Some("100"));
    std::fs::create_dir(case.dir().join("queries")).unwrap();
    let funnel = std::fs::read_to_string(checkout("queries/funnel/funnel.sql")).unwrap();
    let broken = funnel.replacen("count(*) AS deals", "count(*) + CAST('seven' AS BIGINT) AS deals", 1);
    assert_ne!(funnel, broken);
    case.put("queries/funnel.sql", broken);
    let regulation = std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap();
    case.put("regulation.toml", regulation.replacen("column = \"cv_adjusted\"", "column = \"cv_adjustd\"", 1));
    for (lang, place, target) in [
        ("en", "not computed, an error in funnel", "Targets not checked, an error: «Swing of weekly revenue"),
        ("ru", "не посчитано, ошибка в funnel", "Не проверены цели, ошибка: «Разброс недельной выручки"),
    ] {
        let out = format!("out-{lang}");
        let args = ["report", "weekly", "--as-of", "2025-03-03", "--lang", lang, "--out", &out];
        let ran = voronka(case.dir(), &args);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.out.contains("weekly.html"), "{}", ran.out);
        assert!(ran.err.contains("funnel") && ran.err.contains("seven"), "{}", ran.err);
        assert!(ran.err.contains("cv_adjustd"), "{}", ran.err);
        let html = std::fs::read_to_string(case.dir().join(out).join("weekly.html")).unwrap();
        let text = plain(&html);
        assert!(text.contains(place) && text.contains("seven"), "{text}");
        assert!(text.contains(target) && text.contains("cv_adjusted"), "{text}");
        assert!(html.contains("chart-revenue-split") && tiles(&html).len() >= 4, "the rest does not stand");
    }
}

/// A5: a week of which the exports show a part is not compared with a whole one.
#[test]
fn a_week_that_the_exports_cover_in_part_is_not_compared() {
    let case = company("en");
    case.put("mapping.toml", DEALS);
    let week = |id: &str, monday: &str| format!("{id},d{id},,,,,,won,{monday} 10:00:00,{monday} 15:00:00,100\n");
    case.put("deals.csv", format!("{WEEKS}{}{}", week("y0", "2025-02-17"), week("y1", "2025-02-24")));
    case.run(&["ingest", "--mapping", "mapping.toml", "--taken", "2025-02-27", "deals.csv"]);
    let html = page(&case, "weekly", "en", "2025-03-03");
    let (figure, notes) = tile(&html, "Revenue of the week");
    assert_eq!(figure, "€100");
    assert!(notes.contains("data until 27 Feb 2025: part of the week"), "{notes}");
    assert!(!notes.contains("on the week before"), "{notes}");
    assert!(plain(&html).contains("Deals: data until 27 Feb 2025"), "{}", plain(&html));
    let stability = findings(&html).into_iter().find(|finding| finding.title.starts_with("Swing of weekly revenue"));
    assert!(stability.is_none_or(|finding| finding.verdict == "unknown"));
    // the week that they cover wholly is compared as ever
    let (_, notes) = tile(&page(&case, "weekly", "ru", "2025-02-24"), "Выручка за неделю");
    assert!(notes.contains("к предыдущей неделе") && !notes.contains("данные по"), "{notes}");
}

/// The last day is covered to its end or not: a Sunday of which the evening is not exported makes no whole week, and a week of which nothing
/// is exported is no week without sales.
#[test]
fn a_day_that_the_exports_cover_in_part_makes_no_whole_week() {
    let week = |id: &str, monday: &str| format!("{id},d{id},,,,,,won,{monday} 10:00:00,{monday} 15:00:00,100\n");
    let deals = format!("{WEEKS}{}{}", week("y0", "2025-02-17"), week("y1", "2025-02-24"));
    for (taken, last_week, as_of, weeks) in [
        ("2025-03-02", "100.0000", "2025-03-03", "2025-02-24"),
        ("2025-03-02T12:00", "", "2025-03-03", "2025-02-24"),
        ("2025-03-02", "", "2025-03-17", "2025-02-24"),
    ] {
        let case = company("en");
        case.put("mapping.toml", DEALS);
        case.put("deals.csv", &deals);
        case.run(&["ingest", "--mapping", "mapping.toml", "--taken", taken, "deals.csv"]);
        let ask = |metric: &str| case.query(&[metric, "--from", "2025-01-06", "--as-of", as_of]);
        assert_eq!(ask("revenue_stability")[0]["last_week"], last_week, "{taken} {as_of}");
        assert_eq!(ask("revenue_weekly").last().unwrap()["week"], weeks, "{taken} {as_of}");
    }
}

/// Every target that ships, on deals alone: nothing is on target, or off it, for want of data; and what is missing is said in one
/// place with what to export.
#[test]
fn on_deals_alone_no_target_is_judged_by_what_is_not_there() {
    let sample = std::fs::read_to_string(checkout("sample_data/regulation.toml")).unwrap();
    // what deals, their closings and amounts can tell
    const TOLD: [(&str, &str); 3] = [("revenue_stability", ""), ("eventual_conversion", ""), ("lead_quality", "sales")];
    const EN: (&str, &str, &str) = ("en", "What could not be judged, and what to export", "export calls and messages");
    const RU: (&str, &str, &str) = ("ru", "О чём судить нельзя и что выгрузить", "выгрузите звонки и переписку");
    for regulation in [None, Some(sample)] {
        let case = company("en");
        let by_template = regulation.is_none();
        if let Some(regulation) = regulation {
            case.put("regulation.toml", regulation);
        }
        case.put("mapping.toml", DEALS);
        case.put("deals.csv", deals_alone());
        case.ingest(&["deals.csv"]);
        // each report, and each language, once with each regulation or the other: a report takes its time
        let asked = match by_template {
            true => vec![("weekly", RU), ("control", EN), ("contractors", EN)],
            false => vec![("weekly", EN), ("control", RU), ("contractors", RU)],
        };
        for (report, (lang, gathered, way)) in asked {
            let html = page(&case, report, lang, "2025-06-30");
            for finding in findings(&html).iter().filter(|finding| finding.verdict != "unknown") {
                let of = |(metric, _): &&(&str, &str)| finding.said.contains(&format!(": {metric}"));
                let told = TOLD.iter().find(of);
                assert!(told.is_some(), "{report} {lang}: judged on nothing: {finding:#?}");
                let by_sales = finding.title.contains("into sales") || finding.title.contains("в продажу");
                assert!(told.is_some_and(|(_, of)| of.is_empty()) || by_sales, "{report} {lang}: {finding:#?}");
            }
            let text = plain(&html);
            let (_, last) = text.rsplit_once(gathered).unwrap();
            assert!(last.to_lowercase().contains(way), "{report} {lang}: {last}");
        }
    }
}

/// 400 deals of half a year with two contractors and branches, closed or open, and nothing else.
fn deals_alone() -> String {
    let mut deals = HEAD.to_owned();
    for n in 0..400u32 {
        let (month, day) = (1 + n % 6, 1 + n * 7 % 28);
        let (contractor, branch) = (["north", "south"][(n % 2) as usize], ["a", "b", ""][(n % 3) as usize]);
        let (status, amount) = [("won", "1000"), ("lost", ""), ("lost", ""), ("open", "")][(n * 13 / 7 % 4) as usize];
        let closed = if status == "open" { String::new() } else { format!("2025-{month:02}-{day:02} 18:00:00") };
        deals += &format!(
            "{n},c{n},ann,web,{contractor},,{branch},{status},2025-{month:02}-{day:02} 10:00:00,{closed},{amount}\n"
        );
    }
    deals
}
