//! Five companies, each with one kind of export: what their heads of sales read is no verdict on data that are not there, and what is
//! missing is said in one place. The deals come from a formula, so that the truth is known.

use super::Case;
use super::report::{company, findings, page, plain, tiles};

const AS_OF: &str = "2025-06-30";
const STAGES: [&str; 5] = ["new", "contacted", "qualified", "proposal", "negotiation"];

/// A deal as it went; hours since 6 January 2025.
#[derive(Debug, Clone)]
struct Deal {
    id: u64,
    /// When it entered each stage that it came to.
    entered: Vec<u64>,
    /// When and how it ended.
    ended: Option<(u64, &'static str)>,
}

/// A number below `of` that depends on nothing but its arguments.
fn drawn(deal: u64, what: u64, of: u64) -> u64 {
    let mixed = (deal * 1000 + what + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) % of
}

/// 25 weeks end with the report's day.
const HOURS: u64 = 25 * 7 * 24;

/// 400 deals of half a year: at each stage three of four go on, each after four hours to five days.
fn deals() -> Vec<Deal> {
    (0..400)
        .map(|id| {
            let mut at = id * (HOURS - 24) / 400 / 24 * 24 + 9 + drawn(id, 0, 9);
            let mut deal = Deal { id, entered: vec![at], ended: None };
            for stage in 0..STAGES.len() as u64 {
                at += 4 + drawn(id, 10 + stage, 116);
                if at >= HOURS {
                    break;
                }
                match (drawn(id, 20 + stage, 4) > 0, stage) {
                    (true, 4) => deal.ended = Some((at, "won")),
                    (true, _) => deal.entered.push(at),
                    (false, _) => deal.ended = Some((at, "lost")),
                }
                if deal.ended.is_some() {
                    break;
                }
            }
            deal
        })
        .collect()
}

fn time(hours: u64) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
    let day = start + chrono::Days::new(hours / 24);
    // midnight would say a day, and no time
    format!("{day} {:02}:20:00", hours % 24)
}

/// Who works on it: every fifth deal since May belongs to one who joined then.
fn manager(deal: &Deal) -> &'static str {
    match deal.id % 5 {
        4 if deal.entered[0] > HOURS * 2 / 3 => "joined late",
        n => ["ann", "bob", "cid", "dan", "ann"][n as usize],
    }
}

fn branch(deal: &Deal) -> &'static str {
    ["north", "south"][(deal.id % 2) as usize]
}

/// The deals as an export taken at an hour shows them. `dirty`: some have no closing date, no source, no branch.
fn export(deals: &[Deal], taken: u64, dated: bool, dirty: bool) -> String {
    let mut text = "id,client,owner,source,contractor,campaign,branch,stage,status,created,closed,amount\n".to_owned();
    for deal in deals.iter().filter(|deal| deal.entered[0] < taken) {
        let ended = deal.ended.filter(|(at, _)| *at < taken);
        let reached = deal.entered.iter().filter(|at| **at < taken).count();
        let stage = ended.map_or(STAGES[reached - 1], |(_, how)| how);
        let status = ended.map_or("open", |(_, how)| how);
        let unnamed = dirty && deal.id % 9 == 0;
        let (source, contractor) = match (unnamed, deal.id % 3) {
            (true, _) => ("", ""),
            (_, 0) => ("ads", "alpha"),
            (_, 1) => ("social", "beta"),
            _ => ("site", ""),
        };
        let campaign = if contractor.is_empty() { String::new() } else { format!("campaign {contractor}") };
        let branch = if dirty && deal.id % 31 == 0 { "" } else { branch(deal) };
        let closed =
            ended.filter(|_| dated && !(dirty && deal.id % 12 == 0)).map(|(at, _)| time(at)).unwrap_or_default();
        let amount = if status == "won" { (20_000 + drawn(deal.id, 90, 50) * 1000).to_string() } else { String::new() };
        text += &format!(
            "{},c{},{},{source},{contractor},{campaign},{branch},{stage},{status},{},{closed},{amount}\n",
            deal.id,
            deal.id * 9 / 10,
            manager(deal),
            time(deal.entered[0]),
        );
    }
    text
}

fn mapping(files: &str, more: &str) -> String {
    let columns = "deal_id = \"id\"\nclient_id = \"client\"\nmanager = \"owner\"\nsource = \"source\"\ncontractor = \"contractor\"\n\
         campaign = \"campaign\"\nbranch = \"branch\"\nstage = \"stage\"\nstatus = \"status\"\ncreated_at = \"created\"\n\
         closed_at = \"closed\"\namount = \"amount\"\n";
    format!(
        "zone = \"Europe/London\"\npersonal = \"keep\"\n[[export]]\nname = \"deals\"\nfiles = \"{files}\"\n\
         dates = \"yyyy-mm-dd HH:MM:SS\"\ndecimal = \".\"\n{more}[[export.table]]\nfill = \"deals\"\n[export.table.columns]\n{columns}"
    )
}

fn table(name: &str, fill: &str, dates: &str, columns: &str) -> String {
    format!(
        "[[export]]\nname = \"{name}\"\nfiles = \"{name}.csv\"\ndates = \"{dates}\"\ndecimal = \".\"\n[[export.table]]\n\
         fill = \"{fill}\"\n[export.table.columns]\n{columns}"
    )
}

/// Every verdict of these reports is of one of these metrics; what is missing stands at the end, in words.
fn read(case: &Case, reports: &[(&str, &str)], judged: &[&str], missing: &[(&str, &str)]) {
    for (report, lang) in reports {
        let html = page(case, report, lang, AS_OF);
        for finding in findings(&html).iter().filter(|finding| finding.verdict != "unknown") {
            let of = |metric: &&str| finding.said.contains(&format!(": {metric}"));
            assert!(judged.iter().any(of), "{report} {lang}: judged on nothing: {finding:#?}");
        }
        let text = plain(&html);
        let gathered = ["What could not be judged, and what to export", "О чём судить нельзя и что выгрузить"];
        let at = gathered.iter().filter_map(|head| text.rfind(head)).max().unwrap();
        for (ru, en) in missing {
            let words = if *lang == "ru" { ru } else { en };
            assert!(text[at..].to_lowercase().contains(words), "{report} {lang}: {words}: {}", &text[at..]);
        }
        // codes are no words
        for code in ["Answer:", "Touch:", "Stage:", "Task:", "Email:"] {
            assert!(!text.contains(code), "{report} {lang}: {code}");
        }
        for (label, figure, notes) in tiles(&html) {
            assert!(figure != "—" || !notes.is_empty(), "{report} {lang}: {label} says not why it is empty");
        }
    }
}

/// What a first row of a metric says in a column.
fn first(case: &Case, metric: &str, column: &str) -> String {
    let rows = case.query(&[metric, "--from", "2025-01-06", "--to", AS_OF, "--as-of", AS_OF]);
    rows[0][column].clone()
}

const CALLS: (&str, &str) = ("звонки и переписк", "calls and messages");
const REASONS: (&str, &str) = ("причины проигрыша", "reasons for losing");
const HISTORY: (&str, &str) = ("истори", "stage history");
const SPEND: (&str, &str) = ("расход", "spend");
const CLOSINGS: (&str, &str) = ("закрытия", "closing dates");

#[test]
fn deals_alone_tell_of_sales() {
    for dirty in [false, true] {
        let case = company("en");
        case.put("mapping.toml", mapping("deals.csv", ""));
        case.put("deals.csv", export(&deals(), HOURS, true, dirty));
        case.ingest(&["deals.csv"]);
        let judged = ["revenue_stability", "eventual_conversion", "lead_quality"];
        let reports =
            if dirty { [("weekly", "ru"), ("control", "en")] } else { [("weekly", "en"), ("contractors", "ru")] };
        let missing = [CALLS, REASONS];
        read(&case, &reports[..1], &judged, &[CALLS, REASONS, HISTORY, SPEND]);
        read(&case, &reports[1..], &judged, &missing[..if dirty { 1 } else { 2 }]);
        // no rule was kept, or broken, where nothing of it is loaded
        let ask = ["rule_effect", "--from", "2025-01-06", "--to", AS_OF, "--as-of", AS_OF];
        assert_eq!(case.query(&ask), Vec::new());
        // nobody could be seen to go before a client of January was gone for half a year
        assert_eq!(first(&case, "client_flow", "lapsed"), "");
        // of the lost nobody knows the stage
        assert_eq!(first(&case, "expected_advance", "settled"), "");
        let html = page(&case, "weekly", "en", AS_OF);
        assert!(plain(&html).contains("where they stopped is unknown"), "{}", plain(&html));
    }
}

#[test]
fn calls_that_know_the_client_alone_judge_whom_they_reach() {
    let case = company("en");
    let columns = "at = \"at\"\nclient_id = \"client\"\nmanager = \"owner\"\nkind = { const = \"call\" }\ndirection = \"direction\"\n";
    let calls = table("calls", "events", "yyyy-mm-dd HH:MM:SS", columns);
    case.put("mapping.toml", mapping("deals.csv", "") + &calls);
    let deals = deals();
    let mut made = "at,client,owner,direction\n".to_owned();
    // telephony began on the 50th day, and the south has none
    for deal in deals.iter().filter(|deal| branch(deal) == "north" && deal.entered[0] > 50 * 24) {
        for (nth, at) in deal.entered.iter().enumerate() {
            let minutes = if nth == 0 { 21 + drawn(deal.id, 70, 38) } else { 20 };
            let at = time(*at).replace(":20:00", &format!(":{minutes:02}:00"));
            made += &format!("{at},c{},{},outgoing\n", deal.id * 9 / 10, manager(deal));
        }
    }
    case.put("deals.csv", export(&deals, HOURS, true, true));
    case.put("calls.csv", made);
    case.ingest(&["deals.csv", "calls.csv"]);
    let judged = [
        "revenue_stability",
        "eventual_conversion",
        "lead_quality",
        "response",
        "adherence",
        "contact_rules",
        "contacts",
        "client_coverage",
        "staff_load",
    ];
    read(&case, &[("weekly", "ru"), ("control", "en")], &judged, &[HISTORY]);
    let ask = ["adherence", "--by", "branch", "--from", "2025-01-06", "--to", AS_OF, "--as-of", AS_OF];
    for row in case.query(&ask).iter().filter(|row| row["rule"] == "response") {
        // it stands there, and is not judged
        let of_south = row["branch"] == "south";
        assert_eq!(of_south, row["checked"] == "0", "{row:?}");
        assert_eq!(of_south, row["kept_share_most"].is_empty(), "{row:?}");
        assert!(row["checked"].parse::<usize>().unwrap() <= 200, "{row:?}");
    }
}

#[test]
fn a_second_snapshot_does_not_tell_what_was_before_the_first() {
    for dirty in [false, true] {
        let case = company("en");
        case.put("mapping.toml", mapping("deals_*.csv", "snapshot = true\ntaken = \"yyyy-mm-dd\"\n"));
        let deals = deals();
        for (name, taken) in [("deals_2025-06-22.csv", HOURS - 7 * 24), ("deals_2025-06-29.csv", HOURS)] {
            case.put(name, export(&deals, taken, true, dirty));
            case.ingest(&[name]);
        }
        let judged = ["revenue_stability", "eventual_conversion", "lead_quality", "adherence", "time_in_stage"];
        let lang = if dirty { "ru" } else { "en" };
        read(&case, &[("weekly", lang)], &judged, &[CALLS, REASONS]);
        // the lost of half a year were first seen lost: where, nobody saw
        let ask = |metric| [metric, "--from", "2025-01-06", "--to", "2025-06-16", "--as-of", AS_OF];
        for row in case.query(&ask("expected_advance")).iter().filter(|row| row["stage"] == "new") {
            assert_eq!((row["settled"].as_str(), row["gap"].as_str()), ("", ""), "{row:?}");
        }
        let funnel = case.query(&ask("funnel"));
        let lost: usize = funnel.iter().map(|row| row["lost"].parse::<usize>().unwrap_or_default()).sum();
        let unplaced: usize = funnel.iter().map(|row| row["lost_unplaced"].parse::<usize>().unwrap()).sum();
        assert!(unplaced > 10 * lost, "{funnel:#?}");
        for row in funnel.iter().filter(|row| !["new", "won"].contains(&row["stage"].as_str())) {
            assert_eq!((row["from_previous"].as_str(), row["skipped"].as_str()), ("", ""), "{row:?}");
        }
        assert_eq!(case.query(&ask("lead_quality"))[0]["qualified_rate"], "");
        // a stay that lasted a whole week between two snapshots broke its rule; of the shorter ones nobody knows, and the known breaches are
        // the least there are
        let week = ["adherence", "--from", "2025-06-23", "--to", AS_OF, "--as-of", AS_OF];
        let stale = case.query(&week).into_iter().find(|row| row["rule"] == "stale").unwrap();
        let number = |column: &str| stale[column].parse::<f64>().unwrap();
        assert!(number("unjudged") > 0.0, "{stale:?}");
        assert_eq!((stale["breaches"].as_str(), stale["kept_share"].as_str()), ("", ""));
        assert_eq!(number("breaches_least"), number("checked") - number("kept"));
        assert_eq!(number("breaches_most"), number("breaches_least") + number("unjudged"));
        let by_stage = case.query(&[&["adherence_by_stage"], &week[1..]].concat());
        let of_stages = by_stage.iter().filter(|row| row["rule"] == "stale");
        let sum = |column: &str| of_stages.clone().map(|row| row[column].parse::<f64>().unwrap()).sum::<f64>();
        // no stage is left out because nothing of it could be judged
        assert_eq!((sum("checked"), sum("unjudged")), (number("checked"), number("unjudged")));
        let html = page(&case, "control", lang, AS_OF);
        let maybe = if dirty { "может быть" } else { "may be" };
        let least = format!("{maybe} {}–{}", number("breaches_least"), number("breaches_most"));
        assert!(plain(&html).contains(&least), "{least}");
        // the snapshots are there: the advice is not to export them
        let unjudged = case.query(&["unjudged", "--as-of", AS_OF]);
        for row in unjudged.iter().filter(|row| row["missing"] == "stage") {
            assert!(!row["way_out_en"].contains("or snapshots"), "{row:?}");
        }
    }
}

#[test]
fn spend_beside_leads_tells_of_money() {
    for dirty in [false, true] {
        let case = company("en");
        let columns = "day = \"day\"\nsource = \"source\"\ncontractor = \"contractor\"\ncampaign = \"campaign\"\ncost = \"cost\"\n";
        case.put("mapping.toml", mapping("deals.csv", "") + &table("spend", "spend", "yyyy-mm-dd", columns));
        let mut spend = "day,source,contractor,campaign,cost\n".to_owned();
        for day in 0..HOURS / 24 {
            let date = time(day * 24);
            let date = date.split(' ').next().unwrap();
            for (n, (source, contractor)) in [("ads", "alpha"), ("social", "beta")].iter().enumerate() {
                let campaign = if dirty && day % 10 == 0 { String::new() } else { format!("campaign {contractor}") };
                spend += &format!("{date},{source},{contractor},{campaign},{}\n", 1000 + drawn(day, n as u64, 1000));
            }
        }
        case.put("deals.csv", export(&deals(), HOURS, true, dirty));
        case.put("spend.csv", spend);
        case.ingest(&["deals.csv", "spend.csv"]);
        let judged = ["revenue_stability", "eventual_conversion", "lead_quality", "spend_elasticity", "campaign_roi"];
        let reports =
            if dirty { [("weekly", "en"), ("contractors", "ru")] } else { [("weekly", "ru"), ("contractors", "en")] };
        read(&case, &reports, &judged, &[CALLS, REASONS]);
    }
}

#[test]
fn a_log_without_closings_judges_every_stay_that_a_move_ended() {
    let case = company("en");
    let columns = "at = \"at\"\ndeal_id = \"deal\"\nkind = { const = \"stage\" }\nstage = \"stage\"\n";
    case.put("mapping.toml", mapping("deals.csv", "") + &table("stages", "events", "yyyy-mm-dd HH:MM:SS", columns));
    let deals = deals();
    let mut log = "at,deal,stage\n".to_owned();
    for deal in &deals {
        for (at, stage) in deal.entered.iter().zip(STAGES) {
            log += &format!("{},{},{stage}\n", time(*at), deal.id);
        }
    }
    case.put("deals.csv", export(&deals, HOURS, false, false));
    case.put("stages.csv", log);
    case.ingest(&["deals.csv", "stages.csv"]);
    read(&case, &[("weekly", "ru"), ("control", "en")], &["adherence", "time_in_stage"], &[CALLS]);
    read(&case, &[("contractors", "ru")], &[], &[CALLS, REASONS, CLOSINGS]);
    // of the closed, the last stay is unknown; all before it are not, and of the open those are judged whose time is over
    let moved: usize = deals.iter().map(|deal| deal.entered.len() - 1).sum();
    let open = deals.iter().filter(|deal| deal.ended.is_none()).count();
    let rows = case.query(&["adherence", "--from", "2025-01-06", "--to", AS_OF, "--as-of", AS_OF]);
    let stale = rows.iter().find(|row| row["rule"] == "stale").unwrap();
    let checked: usize = stale["checked"].parse().unwrap();
    // an hour of March is none
    assert!((moved - 3..=moved + open).contains(&checked), "{moved} moves, {open} open: {stale:?}");
}
