//! What browsers and scripts are given: pages, reports, metrics, files.

use std::collections::BTreeSet;
use std::fs;
#[cfg(unix)]
use std::process::Command;
use std::time::{Duration, Instant};

use super::server::{AS_OF, COMPANY, EVIL, OUTRUN, Reply, SMALL, Server, encoded, is_sound};
use crate::support::{checkout, voronka};

#[test]
fn all_pages_are_there_in_both_languages_and_hostile_names_stay_names() {
    let server = Server::with_users();
    let mut hostile = 0;
    for lang in ["ru", "en"] {
        for path in SMALL.into_iter().chain(["/reports/brief", "/reports/worklist", "/reports/handbook?for=head"]) {
            let place = format!("{path}{}lang={lang}", if path.contains('?') { '&' } else { '?' });
            let reply = server.report("boss", &place).ok();
            is_sound(&reply, &place);
            let text = reply.text();
            assert!(text.contains(&format!("<html lang=\"{lang}\">")), "{place}");
            assert!(text.contains("name=\"viewport\"") && text.contains("/style.css?of="), "{place}");
            hostile += usize::from(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        }
        // the list of one whose name is hostile
        let own = format!("/reports/worklist?for={}&lang={lang}", encoded(EVIL));
        let reply = server.report("boss", &own).ok();
        is_sound(&reply, &own);
        assert!(reply.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
    assert!(hostile >= 4, "the hostile name was shown on {hostile} pages only");
    let front = server.ask("boss", "/?lang=en").ok().text();
    // a report of the company's own, and what is wrong with a broken one; not where they lie
    assert!(front.contains("Reports of the company") && front.contains("href=\"/reports/ours\""), "{front}");
    assert!(
        front.contains("the file&#39;s name is no name of a report")
            || front.contains("the file's name is no name of a report"),
        "{front}"
    );
    assert!(front.contains("unknown key `foo`") && front.contains("reports/broken.toml:5"), "{front}");
    assert!(!front.contains(COMPANY.at.to_str().unwrap()), "a path of this machine is shown");
    let style = server.get("/style.css", &[]).ok();
    assert!(
        style.header("content-type").starts_with("text/css") && style.header("cache-control").contains("immutable")
    );
    assert!(style.text().contains("@font-face") && style.text().contains(".bar"));
}

#[test]
fn what_is_chosen_in_the_address_is_kept_and_the_browser_is_heard() {
    let server = Server::start(&COMPANY.at, &[]);
    let lang = |headers: &[(&str, &str)]| server.get("/metrics", headers).ok().text().contains("<html lang=\"ru\">");
    assert!(!lang(&[]) && lang(&[("Accept-Language", "ru-RU,en;q=0.5")]));
    assert!(!lang(&[("Accept-Language", "ru"), ("Cookie", "lang=en")]));
    let chosen = server.get("/metrics?lang=ru", &[]).ok();
    assert!(
        chosen.header("set-cookie").starts_with("lang=ru; Path=/; ")
            && chosen.header("set-cookie").contains("SameSite=Strict")
    );
}

#[test]
fn days_after_the_data_are_said_once_and_in_words_of_the_page() {
    let server = Server::with_users();
    for (lang, end) in [("en", "The data end on"), ("ru", "Данные кончаются")] {
        for metric in ["lead_quality", "response", "revenue_weekly", "funnel"] {
            let path = format!("/metrics/{metric}?from=2026-01-01&to=2026-02-28&as_of=2026-03-01&lang={lang}");
            let text = server.ask("boss", &path).ok().text();
            let main = text.split_once("<main>").unwrap().1.split_once("</main>").unwrap().0;
            assert!(main.contains(end) && main.matches("2025").count() == 2, "{path}: {main}");
            assert!(!text.contains("--as-of") && !main.contains("<table"), "{path}: {main}");
        }
        // what is of no days is shown, and nothing is said of its days
        let path = format!("/metrics/control_list?as_of=2026-03-01&lang={lang}");
        let list = server.ask("boss", &path).ok().text();
        assert!(list.contains("<table") && !list.contains(end), "{path}");
        // a report says where the whole is, and not by which argument
        let weekly = server.report("boss", &format!("/reports/weekly?lang={lang}")).ok().text();
        assert!(weekly.contains("class=\"folded\"") && !weekly.contains("--full"), "{lang}");
    }
}

#[test]
fn a_report_is_the_one_that_the_command_makes() {
    let (server, at) = (Server::with_users(), &COMPANY.at);
    let out = tempfile::tempdir().unwrap();
    let made = |args: &[&str], lang: &str| {
        let mut all = vec!["report", args[0], "--as-of", AS_OF, "--lang", lang, "--format", "html,xlsx", "--out"];
        let folder = out.path().join(format!("{}{lang}", args.join("-").replace(['=', '<', '>', '/'], "_")));
        all.push(folder.to_str().unwrap());
        all.extend(&args[1..]);
        voronka(at, &all).ok();
        let of = |ending: &str| {
            let file = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .find(|p| p.extension().is_some_and(|e| e == ending));
            fs::read(file.unwrap()).unwrap()
        };
        (of("html"), of("xlsx"))
    };
    for (who, args, place, lang) in [
        ("boss", &["brief"][..], "brief", "ru"),
        ("boss", &["brief"], "brief", "en"),
        ("boss", &["handbook", "--for", "head"], "handbook", "ru"),
        ("yug", &["brief", "--where", "branch=Юг"], "brief", "ru"),
        ("yug", &["control", "--where", "branch=Юг"], "control", "ru"),
        ("evil", &["worklist", "--for", EVIL], "worklist", "en"),
    ] {
        let whose = if place == "handbook" { "&for=head" } else { "" };
        let (html, xlsx) = made(args, lang);
        let file = |ending: &str| server.report(who, &format!("/reports/{place}/{ending}?lang={lang}{whose}")).ok();
        assert!(file("html").body == html, "{who} {args:?}: another page");
        assert!(file("xlsx").body == xlsx, "{who} {args:?}: another workbook");
        // and the page that is looked at has the same report: what stands between header and foot
        let page = server.report(who, &format!("/reports/{place}?lang={lang}{whose}")).ok().text();
        let main = |text: &str| {
            text.split_once("<main>").and_then(|(_, rest)| rest.split_once("</main>")).unwrap().0.to_owned()
        };
        assert!(
            main(&page) == main(&String::from_utf8(html).unwrap()),
            "{who} {args:?}: the page differs from the file"
        );
    }
    let pdf = server.report("boss", "/reports/brief/pdf").ok();
    assert!(
        pdf.body.starts_with(b"%PDF")
            && pdf.header("content-disposition").contains("filename=\"brief-2025-06-30.pdf\"")
    );
    let tables = server.report("boss", "/reports/brief/csv").ok();
    assert!(tables.body.starts_with(b"PK") && tables.header("content-type") == "application/zip");
}

#[test]
fn a_metric_gives_what_the_command_prints() {
    let (server, at) = (Server::with_users(), &COMPANY.at);
    for (metric, last, to, from, by) in [
        ("lead_quality", "2025-06-29", "2025-06-30", "2025-01-01", "source,branch"),
        ("revenue_weekly", "2025-03-31", "2025-04-01", "2024-01-01", "branch"),
        ("funnel", "2025-06-29", "2025-06-30", "2025-01-01", ""),
        ("adherence", "2025-06-29", "2025-06-30", "2025-06-01", "manager"),
        ("control_list", "2025-06-29", "2025-06-30", "2025-06-01", ""),
    ] {
        let mut args = vec!["query", metric, "--as-of", AS_OF, "--from", from, "--to", to];
        if !by.is_empty() {
            args.extend(["--by", by]);
        }
        let book = tempfile::tempdir().unwrap();
        let file = book.path().join("rows.xlsx");
        let printed = voronka(at, &[&args[..], &["--format", "csv"]].concat()).ok();
        voronka(at, &[&args[..], &["--format", "xlsx", "--out", file.to_str().unwrap()]].concat()).ok();
        let place = |kind: &str| {
            format!(
                "/metrics/{metric}/{kind}?from={from}&to={last}&as_of={AS_OF}&by={}&lang=en",
                encoded(by).replace("%2C", ",")
            )
        };
        let csv = server.ask("boss", &place("csv")).ok();
        assert_eq!(csv.text(), printed, "{metric}");
        assert!(
            csv.header("content-disposition").contains("attachment; filename=\"")
                && csv.header("content-type").starts_with("text/csv")
        );
        assert!(server.ask("boss", &place("xlsx")).ok().body == fs::read(file).unwrap(), "{metric}: another workbook");
    }
    // an older day is judged as it was then
    let args = ["query", "open_deals_none", "--as-of", "2025-01-01"];
    assert_eq!(voronka(at, &args).code, 2);
    let printed = voronka(
        at,
        &[
            "query",
            "velocity",
            "--as-of",
            "2025-01-01",
            "--from",
            "2024-06-01",
            "--to",
            "2025-01-01",
            "--format",
            "csv",
        ],
    )
    .ok();
    let csv = server.ask("boss", "/metrics/velocity/csv?as_of=2025-01-01&from=2024-06-01&to=2024-12-31").ok();
    assert_eq!(csv.text(), printed);
}

#[test]
fn many_who_ask_for_the_same_get_the_same() {
    let server = Server::with_users();
    let bodies: BTreeSet<Vec<u8>> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..16)
            .map(|n| {
                let server = &server;
                scope.spawn(move || {
                    let lang = if n % 2 == 0 { "ru" } else { "en" };
                    let rows = server.ask("boss", "/metrics/funnel/csv?from=2025-01-01&to=2025-06-29").ok().text();
                    assert!(rows.starts_with("stage,"), "{rows}");
                    server.report("boss", &format!("/reports/brief?lang={lang}")).ok().body
                })
            })
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(bodies.len(), 2, "one page in each language");
}

#[test]
fn a_newer_ingest_is_seen_without_a_restart_and_a_stop_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    fs::copy(checkout("sample_data/regulation.toml"), at.join("regulation.toml")).unwrap();
    fs::copy(checkout("sample_data/mapping.toml"), at.join("mapping.toml")).unwrap();
    let all = fs::read_to_string(checkout("sample_data/deals.csv")).unwrap();
    let load = |rows: usize| {
        let part: String = all.lines().take(1 + rows).map(|line| format!("{line}\n")).collect();
        fs::write(at.join("deals.csv"), part).unwrap();
        voronka(at, &["ingest", "--mapping", "mapping.toml", "deals.csv"]).ok();
    };
    load(200);
    let mut server = Server::start(at, &[]);
    let deals = |server: &Server| {
        let csv = server.get("/metrics/data_quality/csv", &[]).ok().text();
        csv.lines().nth(1).unwrap().split(',').next().unwrap().parse::<u32>().unwrap()
    };
    let (before, version) = (deals(&server), server.get("/data?lang=en", &[]).ok().text());
    assert!(version.contains("The newest ingest is 1."), "{version}");
    let made = |is_made: &dyn Fn(&Reply) -> bool| {
        let began = Instant::now();
        loop {
            let reply = server.get("/reports/brief?lang=en", &[]);
            if is_made(&reply) {
                return reply.ok().text();
            }
            assert!(began.elapsed() < Duration::from_secs(600), "{}", reply.text());
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let first = made(&|reply| reply.status != 202);
    assert!(!first.contains(OUTRUN));
    load(700);
    // nobody waits for a report that there is of the state before
    let beside = server.get("/reports/brief?lang=en", &[]).ok().text();
    if let Some((head, rest)) = beside.split_once(&format!("<p {OUTRUN}")) {
        // nor when it is asked for once more
        assert_ne!(server.get("/reports/brief?lang=en", &[]).status, 202);
        let (notice, rest) = rest.split_once("</p>\n").unwrap();
        assert!(notice.contains("This report is of ingest 1. Ingest 2 came after it"), "{notice}");
        assert_eq!(format!("{head}{rest}"), first);
    }
    let second = made(&|reply| reply.status != 202 && !reply.text().contains(OUTRUN));
    assert_ne!(first, second);
    assert!(deals(&server) > before + 400);
    assert!(server.get("/data?lang=en", &[]).ok().text().contains("The newest ingest is 2."));
    #[cfg(unix)]
    {
        let began = Instant::now();
        let mut kill = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).spawn().unwrap();
        kill.wait().unwrap();
        assert!(server.child.wait().unwrap().success(), "a stop is no fault");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
