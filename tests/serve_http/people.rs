//! Who is let in, and what each of them sees.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use super::server::{COMPANY, Reply, SMALL, Server, basic, encoded, is_sound, user};
use crate::support::checkout;

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

#[cfg(unix)]
#[test]
fn one_who_is_given_other_rows_sees_those_alone_from_then_on() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.toml");
    let name = file.to_str().unwrap();
    user(&COMPANY.at, &["add", name, "goes"], Some("branch=Юг"), "password of goes");
    let server = Server::start(&COMPANY.at, &["--users", name]);
    let log_in = || {
        let done = server.send("POST", "/login", &[], "name=goes&password=password+of+goes");
        done.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let path = "/metrics/lead_quality/csv?by=branch&from=2024-01-01&to=2025-06-29";
    let branches = |reply: Reply| {
        let text = reply.ok().text();
        text.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect::<BTreeSet<String>>()
    };
    let cookie = log_in();
    let by_cookie = |cookie: &str| server.get(path, &[("Cookie", cookie)]);
    assert_eq!(branches(by_cookie(&cookie)), BTreeSet::from(["Юг".to_owned()]));
    assert_eq!(branches(server.ask("goes", path)), BTreeSet::from(["Юг".to_owned()]));
    let brief = |server: &Server| server.report("goes", "/reports/brief?lang=ru").ok().text();
    assert!(brief(&server).contains("Юг · "));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("Юг", "Урал")).unwrap();
    // the log-in was of one who saw other rows
    assert_eq!(by_cookie(&cookie).status, 401);
    assert_eq!(branches(server.ask("goes", path)), BTreeSet::from(["Урал".to_owned()]));
    assert_eq!(branches(by_cookie(&log_in())), BTreeSet::from(["Урал".to_owned()]));
    let page = brief(&server);
    assert!(page.contains("Урал · ") && !page.contains("Юг"), "what was made for other rows is shown");
    // a file that is not as it must be lets nobody in, and does so again when it is mended
    let cookie = log_in();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!((by_cookie(&cookie).status, server.ask("goes", path).status), (503, 503));
    assert!(!server.ask("goes", path).text().contains(name));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    by_cookie(&cookie).ok();
    // who is held to what the store does not have sees nothing, and learns nothing
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("Урал", "Камчатка")).unwrap();
    let none = server.ask("goes", path);
    assert!(none.status != 200 || branches(none).is_empty());
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
