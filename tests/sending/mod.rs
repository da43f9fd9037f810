//! `voronka send`: each report of a period goes to each recipient once, whatever the servers do, however often it is run, and
//! wherever it is killed.

mod chance;
mod files;
mod mime;
mod smtp;
mod storm;
mod web;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use self::smtp::Smtp;
use self::web::Web;
use crate::support::{Ran, checkout, rows, voronka};

/// The secrets, which nobody may show.
const SECRETS: [(&str, &str); 4] = [
    ("VORONKA_SMTP_PASSWORD", "pass-hunter2-word"),
    ("VORONKA_TELEGRAM_TOKEN", "123456789:AAhunter2hunter2hunter2hunter2hunter2"),
    ("VORONKA_MAX_TOKEN", "max-hunter2-token"),
    ("VORONKA_HOOK_TOKEN", "hook-hunter2-token"),
];

/// The company, loaded once: the other tests copy it.
fn loaded() -> &'static Path {
    static LOADED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = LOADED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(checkout("sample_data")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
        let exports =
            ["deals.csv", "events_2024.csv", "events_2025.csv", "clients.csv", "staff.csv", "spend.csv", "promos.csv"];
        voronka(dir.path(), &[&["ingest", "--mapping", "mapping.toml"][..], &exports[..]].concat()).ok();
        dir
    });
    dir.path()
}

/// A folder with the company.
fn company() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(loaded(), dir.path());
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).unwrap()),
        }
    }
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
    command.arg("send").args(args).current_dir(dir).env_remove("VORONKA_STORE").env("VORONKA_LANG", "en");
    if !args.contains(&"--as-of") {
        command.args(["--as-of", "2025-06-30"]);
    }
    command.envs(SECRETS).env("NO_COLOR", "1");
    command
}

fn send(dir: &Path, args: &[&str]) -> Ran {
    let output = command(dir, args).output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    let log = fs::read_to_string(dir.join("store/sent.jsonl")).unwrap_or_default();
    for (_, secret) in SECRETS {
        assert!(![&ran.out, &ran.err, &log].iter().any(|text| text.contains(secret)), "a secret is shown");
    }
    ran
}

fn begin(dir: &Path) -> Child {
    command(dir, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The head of a file: where the servers are.
fn services(mail: &Smtp, web: &Web, timeout: &str) -> String {
    let (smtp, web) = (mail.port, web.port);
    format!(
        "domains = [\"example.ru\"]\nhosts = [\"127.0.0.1\"]\n\n\
         [mail]\nfrom = \"Воронка <reports@example.ru>\"\nserver = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\n\
         user = \"reports\"\npassword_env = \"VORONKA_SMTP_PASSWORD\"\n\n\
         [telegram]\ntoken_env = \"VORONKA_TELEGRAM_TOKEN\"\nendpoint = \"http://127.0.0.1:{web}\"\n\n\
         [max]\ntoken_env = \"VORONKA_MAX_TOKEN\"\nendpoint = \"http://127.0.0.1:{web}\"\n\n\
         [retry]\nattempts = 4\nwait_seconds = 0.05\ntimeout_seconds = {timeout}\n\n"
    )
}

fn write(dir: &Path, text: &str) {
    fs::write(dir.join("delivery.toml"), text).unwrap();
}

/// The rows of `voronka log --sent`.
fn log(dir: &Path) -> Vec<std::collections::BTreeMap<String, String>> {
    rows(&voronka(dir, &["log", "--sent", "--format", "csv"]).ok())
}

/// The files that a dry run wrote.
fn written(dir: &Path, name: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
