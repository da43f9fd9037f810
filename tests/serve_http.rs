//! `voronka serve --http` as browsers, scripts and attackers meet it: the binary is started, and asked over plain sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::{checkout, voronka};

const AS_OF: &str = "2025-06-30";
/// A manager, a branch and a source that are commands to a page, a spreadsheet or a log.
const EVIL: &str = "<script>alert(1)</script>";
const EVIL_BRANCH: &str = "\"><img src=x onerror=alert(2)>";

/// A company with the sample, a few hostile names, a report of its own and a broken one; made once.
struct Company {
    _dir: tempfile::TempDir,
    at: PathBuf,
}

static COMPANY: LazyLock<Company> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    voronka(dir.path(), &["demo", "--out", "d", "--lang", "ru"]).ok();
    let at = dir.path().join("d");
    let header = fs::read_to_string(checkout("sample_data/deals.csv")).unwrap().lines().next().unwrap().to_owned();
    let row = |id: usize| {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let cells = [
            &id.to_string(),
            "Стул",
            "Розница",
            "Контакт",
            "100000,00",
            "",
            "",
            "1",
            EVIL,
            EVIL_BRANCH,
            "=1+1",
            "",
            "",
            "20.06.2025 09:00:00",
            "",
            "Нет",
            "",
            "Товар",
            "",
            "",
            "",
        ];
        cells.map(quoted).join(";")
    };
    let text: String = (900_001..900_006).map(|id| format!("{}\n", row(id))).collect();
    fs::create_dir(at.join("evil")).unwrap();
    fs::write(at.join("evil/deals.csv"), format!("{header}\n{text}")).unwrap();
    let mapping =
        ["mapping.toml", "exports/mapping.toml"].map(|name| at.join(name)).into_iter().find(|file| file.is_file());
    let mapping = mapping.unwrap_or_else(|| checkout("sample_data/mapping.toml"));
    voronka(&at, &["ingest", "--mapping", mapping.to_str().unwrap(), "evil/deals.csv"]).ok();
    fs::create_dir_all(at.join("reports")).unwrap();
    let brief = fs::read_to_string(checkout("reports/brief.toml")).unwrap();
    fs::write(at.join("reports/наш.toml"), brief).unwrap();
    fs::write(at.join("reports/broken.toml"), "title = 'Broken <b>'\n[[section]]\nid = 'a'\ntitle = 'A'\nfoo = 1\n")
        .unwrap();
    fs::write(at.join("secret.txt"), "the secret of the company").unwrap();
    for (name, only) in [
        ("boss", None),
        ("yug", Some("branch=Юг")),
        ("evil", Some("manager=<script>alert(1)</script>")),
        ("goes", None),
    ] {
        user(&at, &["add", "users.toml", name], only, &format!("password of {name}"));
    }
    Company { _dir: dir, at }
});

fn user(at: &Path, args: &[&str], only: Option<&str>, password: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
    command.args(["serve", "user"]).args(args).current_dir(at).stdin(Stdio::piped()).stdout(Stdio::null());
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{args:?}");
}

/// A running server.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(at: &Path, args: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_voronka"))
            .args(["serve", "--http", "127.0.0.1:0", "--as-of", AS_OF, "--lang", "en"])
            .args(args)
            .current_dir(at)
            .env_remove("VORONKA_STORE")
            .env_remove("VORONKA_LANG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("the server ended: {said:?}") };
            if let Some((_, address)) = line.split_once("HTTP: listening on ") {
                break address.trim().parse().unwrap();
            }
            said.push(line);
        };
        // nobody may wait for what it says later
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    fn with_users() -> Server {
        Server::start(&COMPANY.at, &["--users", "users.toml"])
    }

    fn ask(&self, who: &str, path: &str) -> Reply {
        self.get(path, &[("Authorization", &basic(who, &format!("password of {who}")))])
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, "")
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.address);
        }
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        if !body.is_empty() {
            head += &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
        }
        self.raw(format!("{head}\r\n{body}").as_bytes())
    }

    /// What comes back for these bytes; an empty reply if the connection is closed without one.
    fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        // whoever is refused early may find the connection closed
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        Reply::of(&all)
    }

    /// Asks until the report is made.
    fn report(&self, who: &str, path: &str) -> Reply {
        let began = Instant::now();
        loop {
            let reply = self.ask(who, path);
            if reply.status != 202 {
                return reply;
            }
            assert!(reply.text().contains("http-equiv=\"refresh\"") && began.elapsed() < Duration::from_secs(600));
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
    body: Vec<u8>,
}

impl Reply {
    fn of(all: &[u8]) -> Reply {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(all.len());
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.to_owned());
        }
        Reply { status, headers, body: all.get(end + 4..).unwrap_or_default().to_vec() }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    fn ok(self) -> Reply {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

const SMALL: [&str; 8] = [
    "/",
    "/metrics",
    "/metrics/lead_quality?from=2025-01-01&to=2025-06-29&by=source",
    "/metrics/revenue_weekly?by=branch&draw=won",
    "/metrics/funnel",
    "/metrics/adherence?by=manager&by=branch",
    "/data",
    "/today",
];

/// No page has anything that runs, and each says what browsers are to keep to.
fn is_sound(reply: &Reply, path: &str) {
    let text = reply.text();
    assert!(
        !text.contains("<script") && !text.contains("<img") && !text.contains("onerror=alert(2)>"),
        "{path}: markup came through"
    );
    assert!(!text.contains(" style=\"") && !text.contains("<style"), "{path}: a style that the policy refuses");
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}: {policy}");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("x-frame-options", "DENY")]
    {
        assert_eq!(reply.header(name), value, "{path}");
    }
    assert!(reply.header("cache-control").starts_with("private"), "{path}");
}

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
    assert!(front.contains("Reports of the company") && front.contains(&encoded("наш")), "{front}");
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

/// The managers and branches of the sample's deals that have this branch, and all others.
fn names() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = fs::read_to_string(checkout("sample_data/deals.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    for record in reader.records().map(Result::unwrap) {
        let (Some(manager), Some(branch)) = (record.get(8), record.get(9)) else { continue };
        let names = if branch == "Юг" { &mut own } else { &mut others };
        names.extend([manager, branch].iter().filter(|name| name.len() > 3).map(|name| (*name).to_owned()));
    }
    others.retain(|name| !own.contains(name));
    (own, others)
}

#[test]
fn who_is_held_to_a_branch_sees_no_other_by_any_road() {
    let server = Server::with_users();
    let (own, others) = names();
    assert!(own.len() > 1 && others.len() > 5, "{own:?} {others:?}");
    let leaks = |text: &str, path: &str| {
        let found: Vec<&String> = others.iter().filter(|name| text.contains(name.as_str())).collect();
        assert!(found.is_empty(), "{path} shows {found:?}");
        assert!(!text.contains("alert(1)"), "{path} shows the hostile manager");
    };
    let mut seen = 0;
    let catalogue = server.ask("yug", "/metrics?lang=en").ok().text();
    let metrics: Vec<&str> =
        catalogue.split("href=\"/metrics/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(metrics.len() > 50, "{metrics:?}");
    for metric in &metrics {
        for by in ["", "&by=manager", "&by=branch", "&by=manager,branch"] {
            let path = format!("/metrics/{metric}/csv?from=2024-01-01&to=2025-06-29{by}");
            let reply = server.ask("yug", &path);
            assert!([200, 400, 404].contains(&reply.status), "{path}: {} {}", reply.status, reply.text());
            seen += usize::from(reply.status == 200 && own.iter().any(|name| reply.text().contains(name.as_str())));
            leaks(&reply.text(), &path);
        }
    }
    assert!(seen > 30, "own rows were seen in {seen} answers only");
    for path in SMALL.into_iter().chain([
        "/reports/brief",
        "/reports/weekly",
        "/reports/control",
        "/reports/contractors",
        "/reports/worklist",
        "/reports/handbook",
    ]) {
        let reply = server.report("yug", path).ok();
        leaks(&reply.text(), path);
    }
    // another's list, by name: the answer does not tell that there is such a one
    let other = others.iter().find(|name| name.contains(' ')).unwrap();
    let asked = server.ask("yug", &format!("/reports/worklist?for={}", encoded(other)));
    let nobody = server.ask("yug", &format!("/reports/worklist?for={}", encoded("Никто Н.")));
    assert_eq!((asked.status, nobody.status), (404, 404));
    let hint = |reply: &Reply, name: &str| {
        reply.text().replace(name, "X").split_once("allowed").map(|(_, rest)| rest.to_owned())
    };
    if let (Some(one), Some(two)) = (hint(&asked, other), hint(&nobody, "Никто Н.")) {
        assert_eq!(one, two);
    }
    // the boss's pages are not given to another from what is kept
    let boss = server.report("boss", "/reports/brief?lang=ru").ok().text();
    let yug = server.report("yug", "/reports/brief?lang=ru").ok().text();
    assert!(boss != yug && yug.contains("Юг · "));
    // figures add up: the branch's wins by the boss's split are all that the held one sees
    let column = |text: &str| text.lines().nth(1).and_then(|line| line.rsplit(',').next().map(str::to_owned));
    let of = |who: &str, by: &str| {
        server.ask(who, &format!("/metrics/wins_without_date/csv?from=2024-01-01&to=2025-06-29{by}"))
    };
    let (whole, part) = (of("boss", "&by=branch").ok().text(), of("yug", "").ok().text());
    let line = whole.lines().find(|line| line.starts_with("Юг"));
    assert_eq!(
        line.and_then(|line| line.rsplit(',').next().map(str::to_owned)),
        column(&part).filter(|_| line.is_some())
    );
}

#[test]
fn what_is_asked_wrongly_is_refused_in_words_and_nothing_else_is_told() {
    let server = Server::with_users();
    let long = "a".repeat(5_000);
    for (path, status, says) in [
        ("/reports/../../../etc/passwd", 404, "no page"),
        ("/reports/..%2f..%2f..%2fetc%2fpasswd", 404, "there is no report `../../../etc/passwd`"),
        ("/reports/%2e%2e%2fsecret.txt", 404, "there is no report `../secret.txt`"),
        ("/reports/%2e%2e/%2e%2e", 404, "not made as `..`"),
        ("/reports/%2Fetc%2Fpasswd", 404, "no report"),
        ("/reports/weekly%00", 404, "there is no report `weekly\\u{0}`"),
        ("/reports/weekly.toml", 404, "no report `weekly.toml`"),
        ("/reports/%ff", 400, "not UTF-8"),
        ("/reports/%D0%BD%D0%B5%D1%82", 404, "there is no report `нет`"),
        ("/reports/weekly/exe", 404, "not made as `exe`"),
        ("/reports/weekly/..%2f..", 404, "not made as `../..`"),
        ("/reports/weekly?as_of=yesterday", 400, "`as_of` is no day: `yesterday`"),
        ("/reports/weekly?as_of=9999-01-01", 400, "may be from 1970-01-01 to 2035-06-30"),
        ("/reports/weekly?where=branch", 400, "there is no parameter `where`"),
        ("/reports/weekly?for=x", 400, "for everyone"),
        ("/reports/handbook?for=%3Cb%3E", 404, "has no role"),
        ("/reports/worklist?for=%27%20OR%201=1%20--", 404, "`' OR 1=1 --`"),
        ("/reports/broken", 503, "has problems"),
        ("/metrics/nope", 404, "there is no metric `nope`"),
        ("/metrics/lead_qality", 404, "did you mean `lead_quality`?"),
        ("/metrics/..%2fshared", 404, "no metric `../shared`"),
        ("/metrics/lead_quality?by=source;drop%20table", 400, "cannot be split by `source;drop table`"),
        ("/metrics/lead_quality?by=1)%20UNION%20SELECT%20*%20FROM%20deals--", 400, "cannot be split by"),
        ("/metrics/lead_quality?by=source&by=source", 400, "twice"),
        ("/metrics/lead_quality?by=source,branch,manager,team", 400, "no more than 3"),
        ("/metrics/lead_quality?from=2025-06-01&to=2025-05-01", 400, "the period is empty"),
        ("/metrics/lead_quality?from=2025-13-01", 400, "`from` is no day"),
        ("/metrics/lead_quality?from=2025-01-01&from=2025-02-01", 400, "stands twice"),
        ("/metrics/lead_quality?draw=leads%27", 400, "no column of numbers `leads'`"),
        ("/metrics/lead_quality?limit=1", 400, "there is no parameter `limit`"),
        ("/metrics/lead_quality?from=%", 400, "not written as addresses are"),
        ("/metrics/lead_quality?from=%00", 400, "not written as addresses are"),
        ("/metrics?by=source", 400, "there is no parameter `by`"),
        ("/today?as_of=", 200, ""),
        ("/secret.txt", 404, "there is no page"),
        ("/users.toml", 404, "there is no page"),
        ("/store", 404, "there is no page"),
        ("/%2e%2e%2f", 404, "there is no page"),
        ("//evil.example/", 404, "there is no page"),
        (&format!("/reports/{long}"), 414, "at most 4096"),
    ] {
        let reply = server.ask("boss", path);
        let text = reply.text();
        assert_eq!(reply.status, status, "{path}: {text}");
        assert!(text.contains(says), "{path}: {text}");
        for secret in ["the secret of", "root:", COMPANY.at.to_str().unwrap(), "SCRAM"] {
            assert!(!text.contains(secret), "{path} tells {secret}");
        }
        // the same to a person, as a page in which nothing runs
        let page = server.get(path, &[("Authorization", &basic("boss", "password of boss")), ("Accept", "text/html")]);
        assert_eq!(page.status, status, "{path}");
        is_sound(&page, path);
    }
    for (method, path, status) in
        [("POST", "/", 405), ("PUT", "/reports/weekly", 405), ("DELETE", "/metrics", 405), ("GET", "/logout", 405)]
    {
        let reply = server.send(method, path, &[("Authorization", &basic("boss", "password of boss"))], "");
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
    }
    let head = server.send("HEAD", "/metrics", &[("Authorization", &basic("boss", "password of boss"))], "");
    assert!(head.status == 200 && head.body.is_empty());
}

#[test]
fn whoever_is_not_known_sees_nothing_and_does_not_learn_who_is() {
    let server = Server::with_users();
    for path in SMALL.into_iter().chain(["/reports/weekly", "/nothing", "/metrics/nope"]) {
        let script = server.get(path, &[]);
        assert_eq!((script.status, script.header("www-authenticate").starts_with("Basic ")), (401, true), "{path}");
        let person = server.get(path, &[("Accept", "text/html,*/*")]);
        assert_eq!(person.status, 303, "{path}");
        assert!(person.header("location").starts_with("/login?next=%2F"), "{}", person.header("location"));
        assert!(person.body.is_empty());
    }
    let form = server.get("/login?next=%2Fmetrics&lang=ru", &[("Accept", "text/html")]).ok();
    assert!(form.text().contains("type=\"password\"") && form.text().contains("value=\"/metrics\""));
    assert!(!form.text().contains("Кухни") && !form.text().contains("class=\"bar\""), "the form tells of the company");
    // wrong name, wrong password: the same words and about the same time
    let mut took = BTreeMap::<&str, Vec<Duration>>::new();
    let mut said = BTreeSet::new();
    for _ in 0..4 {
        for name in ["boss", "nobody"] {
            let began = Instant::now();
            let reply = server.get("/", &[("Authorization", &basic(name, "wrong"))]);
            took.entry(name).or_default().push(began.elapsed());
            assert_eq!(reply.status, 401);
            said.insert(reply.text());
        }
    }
    assert_eq!(said.len(), 1, "{said:?}");
    let least = |name: &str| *took[name].iter().min().unwrap();
    let (one, other) = (least("boss").max(least("nobody")), least("boss").min(least("nobody")));
    assert!(one < other * 3 + Duration::from_millis(20), "{took:?}");
    // too many: wait, whoever it is, and whether the password is right now or not
    let tried: Vec<Reply> = (0..6).map(|_| server.get("/", &[("Authorization", &basic("nobody", "wrong"))])).collect();
    let last = &tried[5];
    assert_eq!((last.status, last.header("retry-after").is_empty()), (429, false), "{}", last.text());
    (0..6).for_each(|_| drop(server.get("/", &[("Authorization", &basic("boss", "wrong"))])));
    assert_eq!(server.ask("boss", "/").status, 429);
    // others of the same address come in
    server.ask("yug", "/").ok();
    assert_eq!(server.get("/", &[("Authorization", "Basic ???")]).status, 400);
    assert_eq!(server.get("/healthz", &[]).ok().text(), "ok\n");
}

#[test]
fn a_log_in_is_a_cookie_that_the_log_out_ends() {
    let server = Server::with_users();
    let log_in = |name: &str, password: &str, headers: &[(&str, &str)]| {
        let body = format!("name={}&password={}&next=%2Fmetrics", encoded(name), encoded(password));
        server.send("POST", "/login", headers, &body)
    };
    let done = log_in("boss", "password of boss", &[("Accept", "text/html")]);
    assert_eq!((done.status, done.header("location")), (303, "/metrics"));
    let set = done.header("set-cookie").to_owned();
    assert!(
        set.contains("; HttpOnly")
            && set.contains("; SameSite=Strict")
            && set.contains("; Path=/")
            && set.contains("Max-Age=43200"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap().to_owned();
    assert!(cookie.len() > 50, "{cookie}");
    let page = server.get("/metrics", &[("Cookie", &cookie)]).ok().text();
    assert!(page.contains("boss") && page.contains("action=\"/logout\""));
    assert_eq!(server.get("/metrics", &[("Cookie", &cookie[..cookie.len() - 1])]).status, 401);
    // a page of another site can neither log in nor out
    for headers in
        [&[("Origin", "https://evil.example")][..], &[("Origin", "null")], &[("Sec-Fetch-Site", "cross-site")]]
    {
        assert_eq!(log_in("boss", "password of boss", headers).status, 403);
        let out = server.send("POST", "/logout", &[&[("Cookie", cookie.as_str())], headers].concat(), "");
        assert_eq!(out.status, 403);
    }
    let own = format!("http://{}", server.address);
    assert_eq!(log_in("boss", "password of boss", &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).status, 303);
    let foreign = [
        ("Cookie", cookie.as_str()),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Dest", "image"),
    ];
    assert_eq!(server.get("/metrics", &foreign).status, 403);
    server.get("/metrics", &[("Cookie", &cookie)]).ok();
    let out = server.send("POST", "/logout", &[("Cookie", &cookie)], "");
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(server.get("/metrics", &[("Cookie", &cookie)]).status, 401);
    let wrong = log_in("<script>alert(1)</script>", "nothing", &[("Accept", "text/html")]);
    assert_eq!(wrong.status, 401);
    is_sound(&wrong, "/login");
    assert!(
        wrong.text().contains("no such user, or another password")
            || wrong.text().contains("No such user, or another password")
    );
    // a form that is no form, or too long
    assert_eq!(server.send("POST", "/login", &[], &format!("name=a&password={}", "b".repeat(20_000))).status, 413);
    assert_eq!(server.send("POST", "/login", &[], "name=a&password=b&admin=1").status, 400);
    let json = format!(
        "POST /login HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        server.address
    );
    assert_eq!(server.raw(json.as_bytes()).status, 415);
}

#[test]
fn one_who_is_removed_is_out_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.toml");
    fs::copy(COMPANY.at.join("users.toml"), &file).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let name = file.to_str().unwrap();
    let server = Server::start(&COMPANY.at, &["--users", name]);
    let done = server.send("POST", "/login", &[], "name=goes&password=password+of+goes");
    let cookie = done.header("set-cookie").split(';').next().unwrap().to_owned();
    server.get("/metrics", &[("Cookie", &cookie)]).ok();
    server.ask("goes", "/metrics").ok();
    user(&COMPANY.at, &["remove", name, "goes"], None, "");
    assert_eq!(server.get("/metrics", &[("Cookie", &cookie)]).status, 401);
    assert_eq!(server.ask("goes", "/metrics").status, 401);
    // another password ends what the old one began
    server.ask("yug", "/metrics").ok();
    user(&COMPANY.at, &["passwd", name, "yug"], None, "quite another one");
    assert_eq!(server.ask("yug", "/metrics").status, 401);
    server.get("/metrics", &[("Authorization", &basic("yug", "quite another one"))]).ok();
}

#[test]
fn without_users_only_this_machine_by_its_own_name_is_answered() {
    let server = Server::start(&COMPANY.at, &[]);
    let port = server.address.port();
    for host in
        [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}"), "LOCALHOST".to_owned()]
    {
        server.get("/metrics", &[("Host", &host)]).ok();
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1"] {
        let reply = server.get("/metrics", &[("Host", host)]);
        assert_eq!(reply.status, 403, "{host}");
        assert!(reply.text().contains(host.split(':').next().unwrap()), "{}", reply.text());
    }
    let none = server.raw(b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(none.status, 400);
    let two =
        server.raw(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert_eq!(two.status, 400);
    let whole = server.raw(b"GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(whole.status == 400 || whole.status == 403, "{}", whole.status);
    // beyond this machine only with users and TLS
    let ran = voronka(&COMPANY.at, &["serve", "--http", "0.0.0.0:0", "--lang", "en"]);
    assert!(ran.code == 2 && ran.err.contains("--users, --cert and --key together only"), "{}", ran.err);
}

#[test]
fn slow_and_oversized_requests_harm_nobody() {
    let server = Server::start(&COMPANY.at, &["--users", "users.toml", "--handshake-timeout", "2s"]);
    let began = Instant::now();
    let slow: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            if n % 2 == 0 {
                stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            }
            stream
        })
        .collect();
    server.ask("boss", "/metrics").ok();
    assert!(began.elapsed() < Duration::from_secs(20));
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let reply = Reply::of(&rest);
        assert!(matches!(reply.status, 0 | 408), "{}", reply.status);
    }
    let headers = format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n", "X-Many: y\r\n".repeat(500));
    assert_eq!(server.raw(headers.as_bytes()).status, 431);
    let long = format!("GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "y".repeat(200_000));
    assert!(matches!(server.raw(long.as_bytes()).status, 0 | 431));
    for junk in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let status = server.raw(junk).status;
        assert!(matches!(status, 0 | 400), "{status}");
    }
    server.ask("boss", "/metrics").ok();
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
    load(700);
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

#[test]
fn over_tls_browsers_are_told_to_stay_there() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};

    let dir = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    fs::write(&cert, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let server = Server::start(&COMPANY.at, &["--users", "users.toml", "--cert", files[0], "--key", files[1]]);
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(std::sync::Arc::new(config));
    let ask = |request: String| {
        let (connector, address) = (connector.clone(), server.address);
        tokio::runtime::Runtime::new().unwrap().block_on(async move {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all).await;
            Reply::of(&all)
        })
    };
    let head = |line: &str| format!("{line} HTTP/1.1\r\nHost: sales.example\r\nConnection: close\r\n");
    let page =
        ask(format!("{}Authorization: {}\r\n\r\n", head("GET /metrics"), basic("boss", "password of boss"))).ok();
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    is_sound(&page, "/metrics");
    let form = "name=boss&password=password+of+boss";
    let typed = "Content-Type: application/x-www-form-urlencoded\r\nOrigin: https://sales.example";
    let done = ask(format!("{}{typed}\r\nContent-Length: {}\r\n\r\n{form}", head("POST /login"), form.len()));
    let set = done.header("set-cookie");
    assert!(
        set.starts_with("__Host-voronka=") && set.contains("; Secure") && set.contains("; HttpOnly"),
        "{} {set}",
        done.status
    );
    // in the clear nothing is answered
    let clear = server.get("/metrics", &[]);
    assert_eq!((clear.status, clear.body.len()), (0, clear.body.len()));
    assert!(!String::from_utf8_lossy(&clear.body).contains("HTTP/"));
}
