//! A company with hostile names, the server over it, and a browser that sends what it likes.

use std::collections::BTreeMap;
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

pub const AS_OF: &str = "2025-06-30";
/// A manager, a branch and a source that are commands to a page, a spreadsheet or a log.
pub const EVIL: &str = "<script>alert(1)</script>";
pub const EVIL_BRANCH: &str = "\"><img src=x onerror=alert(2)>";

/// A report whose name is markup, and would end a header's value.
pub const EVIL_REPORT: &str = "\"><img src=x onerror=alert(3)>;a";

/// A company with the sample, a few hostile names, a report of its own and a broken one; made once.
pub struct Company {
    _dir: tempfile::TempDir,
    pub at: PathBuf,
}

pub static COMPANY: LazyLock<Company> = LazyLock::new(|| {
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
    fs::write(at.join("reports/ours.toml"), &brief).unwrap();
    fs::write(at.join(format!("reports/{EVIL_REPORT}.toml")), brief).unwrap();
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

pub fn user(at: &Path, args: &[&str], only: Option<&str>, password: &str) {
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
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    /// Where clients of PostgreSQL come in, if they may.
    pub pg: Option<SocketAddr>,
}

impl Server {
    pub fn start(at: &Path, args: &[&str]) -> Server {
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
        let mut pg = None;
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("the server ended: {said:?}") };
            if let Some((_, address)) = line.split_once("HTTP: listening on ") {
                break address.trim().parse().unwrap();
            }
            if let Some((_, address)) = line.split_once("PostgreSQL: listening on ") {
                pg = Some(address.trim().parse().unwrap());
            }
            said.push(line);
        };
        // nobody may wait for what it says later
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address, pg }
    }

    pub fn with_users() -> Server {
        Server::start(&COMPANY.at, &["--users", "users.toml"])
    }

    pub fn ask(&self, who: &str, path: &str) -> Reply {
        self.get(path, &[("Authorization", &basic(who, &format!("password of {who}")))])
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, "")
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
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
    pub fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        // whoever is refused early may find the connection closed
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        Reply::of(&all)
    }

    /// Asks until the report is made, of the newest state.
    pub fn report(&self, who: &str, path: &str) -> Reply {
        let began = Instant::now();
        loop {
            let reply = self.ask(who, path);
            let is_outrun = reply.status == 200 && reply.text().contains(OUTRUN);
            if reply.status != 202 && !is_outrun {
                return reply;
            }
            assert!(is_outrun || reply.text().contains("http-equiv=\"refresh\""));
            assert!(began.elapsed() < Duration::from_secs(600));
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
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn of(all: &[u8]) -> Reply {
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

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn ok(self) -> Reply {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }
}

pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Stands on the page of a report of an older state, while that of the newest is being made.
pub const OUTRUN: &str = "class=\"outrun\"";

pub const SMALL: [&str; 8] = [
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
pub fn is_sound(reply: &Reply, path: &str) {
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
