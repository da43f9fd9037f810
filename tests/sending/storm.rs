//! Two hundred deliveries through servers that fail at random, by a process that is killed and run again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::chance::TIMEOUT;
use super::smtp::Smtp;
use super::web::Web;
use super::{begin, company, log, send, services, write};

/// So many recipients of each channel.
const MAIL: usize = 80;
const HOOKS: usize = 60;
const TELEGRAM: usize = 30;
const MAX: usize = 30;

/// 200 recipients; those of messengers get a file as well.
fn file(mail: &Smtp, web: &Web, timeout: &str) -> String {
    let mut text = services(mail, web, timeout);
    let (mut letters, mut chats) = (Vec::new(), Vec::new());
    let mut add = |name: String, address: String, names: &mut Vec<String>| {
        text += &format!("[[recipient]]\nname = \"{name}\"\n{address}\n\n");
        names.push(format!("\"{name}\""));
    };
    for n in 0..MAIL {
        add(format!("mail {n}"), format!("mail = \"m{n}@example.ru\""), &mut letters);
    }
    for n in 0..HOOKS {
        let url = format!("webhook = \"http://127.0.0.1:{}/hook/{n}\"\ntoken_env = \"VORONKA_HOOK_TOKEN\"", web.port);
        add(format!("hook {n}"), url, &mut letters);
    }
    for n in 0..TELEGRAM {
        add(format!("telegram {n}"), format!("telegram = {}", 1000 + n), &mut chats);
    }
    for n in 0..MAX {
        add(format!("max {n}"), format!("max = {}", 2000 + n), &mut chats);
    }
    let (letters, chats) = (letters.join(", "), chats.join(", "));
    text + &format!(
        "[[send]]\nreport = \"brief\"\nto = [{letters}]\nformats = []\n\n[[send]]\nreport = \"brief\"\nto = [{chats}]\nformats = [\"html\"]\n"
    )
}

/// What arrived, by what the receiver knows it by: a letter by its Message-ID, a post by its key, what came into a chat by the chat
/// and what it is.
fn arrived(mail: &Smtp, web: &Web) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for letter in mail.letters() {
        *found.entry(format!("mail {} {}", letter.to, letter.id)).or_default() += 1;
    }
    for taken in web.all() {
        let path = taken.path.clone();
        let key = if path.starts_with("/hook/") {
            format!("{path} {}", taken.headers["idempotency-key"])
        } else if path.ends_with("/sendMessage") {
            format!("telegram message {}", taken.json()["chat_id"])
        } else if path.ends_with("/sendDocument") {
            let text = taken.text();
            let chat = text.split("name=\"chat_id\"\r\n\r\n").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
            format!("telegram file {chat}")
        } else if path.starts_with("/messages") {
            let chat = path.split("chat_id=").nth(1).unwrap().split('&').next().unwrap().to_owned();
            let is_file = taken.json()["attachments"].as_array().is_some_and(|all| !all.is_empty());
            format!("max {} {chat}", if is_file { "file" } else { "message" })
        } else {
            assert!(path.starts_with("/uploads") || path == "/put", "{path}");
            continue;
        };
        *found.entry(key).or_default() += 1;
    }
    found
}

/// Every part that a receiver is to get: one for a letter or a post, two in a chat.
const PARTS: usize = MAIL + HOOKS + 2 * (TELEGRAM + MAX);

/// How many parts are in each state, and what the log says of them.
fn states(dir: &Path) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    log(dir).into_iter().for_each(|row| *states.entry(row["state"].clone()).or_default() += 1);
    states
}

/// What the log says was sent arrived once, and nothing arrived twice that nobody asked to be sent again.
fn once(dir: &Path, mail: &Smtp, web: &Web) {
    let arrived = arrived(mail, web);
    let twice: Vec<_> = arrived.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let rows = log(dir);
    let of = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    assert!(of("sent") <= arrived.len(), "{} sent, {} arrived", of("sent"), arrived.len());
    assert!(arrived.len() <= of("sent") + of("unknown"), "{} arrived, {:?}", arrived.len(), states(dir));
    for row in rows.iter().filter(|row| row["state"] == "sent") {
        let name = match (row["channel"].as_str(), row["part"].starts_with("file")) {
            ("mail", _) => format!("mail {} <{}@example.ru>", row["address"], row["key"]),
            ("webhook", _) => {
                let path = row["address"].split(&format!(":{}", web.port)).nth(1).unwrap().to_owned();
                format!("{path} {}", row["key"])
            }
            (channel, true) => format!("{channel} file {}", row["address"]),
            (channel, false) => format!("{channel} message {}", row["address"]),
        };
        assert_eq!(arrived.get(&name), Some(&1), "{name} is logged as sent");
    }
}

/// Runs it until so many requests and connections were seen, and kills it.
fn killed_after(dir: &Path, mail: &Smtp, web: &Web, more: usize) -> bool {
    let seen = || mail.connections.load(Ordering::SeqCst) + web.requests.load(Ordering::SeqCst);
    let until = seen() + more;
    let mut child = begin(dir);
    let began = Instant::now();
    while seen() < until && child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().ok();
    !child.wait().unwrap().success()
}

#[test]
fn two_hundred_deliveries_through_failing_servers_arrive_once_each_killed_and_rerun_included() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = (Smtp::new(41, false), Web::new(43, false));
    write(dir, &file(&mail, &web, TIMEOUT));
    let kills = [3, 25, 40, 60].into_iter().filter(|more| killed_after(dir, &mail, &web, *more)).count();
    assert!(kills >= 3, "only {kills} runs were killed");
    once(dir, &mail, &web);

    // run to the end, twice: what failed is tried again, what is unknown is told and left alone
    let ran = send(dir, &[]);
    once(dir, &mail, &web);
    let again = send(dir, &[]);
    once(dir, &mail, &web);
    let before = states(dir);
    let unknown = before.get("unknown").copied().unwrap_or_default();
    assert!(unknown > 10, "{before:?}: the servers left too little unknown for this to prove anything");
    assert_eq!((ran.code, again.code), (1, 1), "{}\n{}", ran.err, again.err);
    let told = again.err.lines().filter(|line| line.contains("nobody knows whether it arrived")).count();
    assert!(told > 10, "{}", again.err);

    // what is unknown is sent again when that is asked for, under the same id
    [&mail.is_calm, &web.is_calm].iter().for_each(|calm| calm.store(true, Ordering::SeqCst));
    let known: BTreeSet<String> = arrived(&mail, &web).into_keys().collect();
    let ran = send(dir, &["--resend-unknown"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let arrived_now = arrived(&mail, &web);
    assert_eq!(arrived_now.len(), PARTS, "each part arrived, and a repeat has the id of the first");
    assert!(known.iter().all(|name| arrived_now.contains_key(name)));
    let repeats: usize = arrived_now.values().map(|times| times - 1).sum();
    assert!(repeats <= unknown, "{repeats} repeats of {unknown} unknown");
    let rows = log(dir);
    assert!(rows.len() == PARTS && rows.iter().all(|row| row["state"] == "sent"), "{:?}", states(dir));

    // and nothing is sent any more
    let ran = send(dir, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(arrived(&mail, &web), arrived_now);
    println!("{PARTS} parts, {kills} kills, {before:?} before the unknown were sent again, {repeats} repeats");
}

#[test]
fn two_runs_at_once_send_once() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = (Smtp::new(1, true), Web::new(1, true));
    write(dir, &file(&mail, &web, "120"));
    let mut children = [begin(dir), begin(dir), begin(dir)];
    let codes = children.each_mut().map(|child| child.wait().unwrap().code());
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 2))), "{codes:?}");
    send(dir, &[]);
    let arrived = arrived(&mail, &web);
    assert_eq!(arrived.len(), PARTS);
    assert!(arrived.values().all(|times| *times == 1));
}
