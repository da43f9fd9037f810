//! What is asked wrongly, from elsewhere, too slowly or too much.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::server::{COMPANY, EVIL_REPORT, Reply, Server, basic, encoded, is_sound};
use crate::support::voronka;

#[test]
fn what_is_asked_wrongly_is_refused_in_words_and_nothing_else_is_told() {
    let server = Server::with_users();
    let long = "a".repeat(5_000);
    for (path, status, says) in [
        ("/reports/../../../etc/passwd", 404, "no page"),
        ("/metrics?lang=ru%0d%0aX-Evil:%201", 200, ""),
        ("/metrics?x%0d%0aX-Evil:%201=1", 400, "there is no parameter"),
        ("/reports/a%0d%0aX-Evil:%201", 404, "there is no report"),
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
        assert!(!reply.headers.contains_key("x-evil"), "{path}: {:?}", reply.headers);
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
fn who_asks_without_a_password_takes_nobodys_place() {
    let server = Server::start(&COMPANY.at, &["--users", "users.toml", "--connections", "8"]);
    // each would stay for the next question, as browsers do
    let mut open: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let path = ["/login", "/style.css", "/healthz", "/metrics"][number % 4];
            stream
                .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").as_bytes())
                .unwrap();
            stream
        })
        .collect();
    for _ in 0..4 {
        server.ask("boss", "/metrics").ok();
    }
    for stream in &mut open {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let reply = Reply::of(&all);
        assert!([200, 401].contains(&reply.status) && reply.header("connection") == "close", "{reply:?}");
    }
    // of those who are known no more come in than may
    let known =
        format!("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n", basic("boss", "password of boss"));
    let mut inside: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(known.as_bytes()).unwrap();
            let mut some = [0; 12];
            stream.read_exact(&mut some).unwrap();
            assert_eq!(&some, b"HTTP/1.1 200");
            stream
        })
        .collect();
    let refused = server.ask("boss", "/metrics");
    assert!(refused.status == 503 && refused.text().contains("8 connections already"), "{}", refused.text());
    inside.pop();
    std::thread::sleep(Duration::from_millis(300));
    server.ask("boss", "/metrics").ok();
}

#[test]
fn what_others_name_ends_up_in_no_header_and_in_no_markup() {
    let server = Server::with_users();
    // where to go after the log-in
    for next in [
        "%2F%0d%0aX-Evil:%201",
        "//evil.example",
        "https:%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%2Fevil.example",
    ] {
        let form = server.get(&format!("/login?next={next}"), &[("Accept", "text/html")]);
        assert!(form.status == 400 || form.text().contains("name=\"next\" value=\"/\""), "{next}: {}", form.text());
        let body = format!("name=boss&password=password+of+boss&next={next}");
        let done = server.send("POST", "/login", &[], &body);
        assert!(done.status == 400 || done.header("location") == "/", "{next}: {:?}", done.headers);
        assert!(!done.headers.contains_key("x-evil") && !form.headers.contains_key("x-evil"), "{next}");
    }
    // a page that asks for the log-in leads back to itself alone
    let away = server.get("//evil.example/%0d%0aX-Evil:%201", &[("Accept", "text/html")]);
    assert!(
        away.status == 303 && away.header("location").starts_with("/login?next=%2F%2Fevil.example"),
        "{:?}",
        away.headers
    );
    // a host that somebody else chose is in no answer
    for path in ["/", "/metrics", "/login", "/nothing"] {
        let reply = server
            .get(path, &[("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("Accept", "text/html")]);
        assert!(!reply.text().contains("evil.example") && !reply.header("location").contains("evil.example"), "{path}");
    }
    // a report of the company's own, whose name is markup
    let place = format!("/reports/{}", encoded(EVIL_REPORT));
    for path in [place.as_str(), &format!("{place}/csv"), "/"] {
        let page = server.get(path, &[("Authorization", &basic("boss", "password of boss")), ("Accept", "text/html")]);
        assert_eq!(page.status, if path == "/" { 200 } else { 503 }, "{path}: {}", page.text());
        is_sound(&page, path);
    }
    let file = server.report("boss", "/reports/ours/csv").ok();
    let name = file.header("content-disposition");
    let plain = name.split('"').collect::<Vec<_>>();
    assert!(plain.len() == 3 && plain[0] == "attachment; filename=" && !name.contains(['<', '>']), "{name}");
    // nothing that is sent along is read
    let large = "a".repeat(3 << 20);
    let boss = basic("boss", "password of boss");
    for (method, path) in [("POST", "/metrics"), ("POST", "/logout"), ("PUT", "/reports/weekly")] {
        let reply = server.send(method, path, &[("Authorization", &boss)], &large);
        assert!([0, 303, 405].contains(&reply.status), "{method} {path}: {}", reply.status);
    }
    server.ask("boss", "/metrics").ok();
}
