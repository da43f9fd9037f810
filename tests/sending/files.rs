//! What is sent, to whom, and what is not.

use std::fs;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::mime::{header, parts};
use super::smtp::Smtp;
use super::web::Web;
use super::{SECRETS, company, log, send, services, write, written};
use crate::support::{checkout, voronka};

/// One recipient of each channel.
const ALL: &str = "[[recipient]]\nname = \"Анна\"\nmail = \"Анна <anna@example.ru>\"\ntelegram = -100500\nmax_user = 77\nwebhook = \
                   \"http://127.0.0.1:PORT/hook\"\ntoken_env = \"VORONKA_HOOK_TOKEN\"\n\n";

fn servers() -> (Smtp, Web) {
    (Smtp::new(7, true), Web::new(7, true))
}

fn with(mail: &Smtp, web: &Web, rest: &str) -> String {
    format!("{}{rest}", services(mail, web, "120")).replace("PORT", &web.port.to_string())
}

#[test]
fn a_report_goes_by_every_channel_with_its_files() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    let sends = "[[send]]\nreport = \"weekly\"\nto = [\"Анна\"]\nformats = [\"html\", \"xlsx\", \"csv\"]\n";
    write(dir, &with(&mail, &web, &format!("{ALL}{sends}")));
    let ran = send(dir, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);

    let letters = mail.letters();
    assert_eq!(letters.len(), 1);
    let (head, parts) = parts(&letters[0].text);
    let subject = header(&head, "Subject");
    assert!(subject.contains("23.06.2025–29.06.2025"), "{subject}");
    assert!(head.contains("Auto-Submitted: auto-generated") && head.contains("Message-ID: <"), "{head}");
    let kinds: Vec<&str> = parts
        .iter()
        .map(|part| part.head.split("Content-Type: ").nth(1).unwrap().split(['\r', ';']).next().unwrap())
        .collect();
    assert_eq!(&kinds[..2], ["text/plain", "text/html"], "{kinds:?}");
    assert!(
        kinds.ends_with(&[
            "text/html",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/zip"
        ]),
        "{kinds:?}"
    );
    let (text, html) = (parts[0].text(), parts[1].text());
    assert!(text.contains("Выручка за неделю") && html.contains("Выручка за неделю"), "{text}");
    assert!(html.contains("Во вложении") && !html.contains("<svg") && !html.contains("<script"));
    for picture in html.split("src=\"cid:").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(letters[0].text.contains(&format!("Content-ID: <{picture}>")), "{picture}");
    }

    let taken = web.all();
    let of =
        |end: &str| taken.iter().filter(|one| one.path.split('?').next().unwrap().ends_with(end)).collect::<Vec<_>>();
    let post = of("/hook")[0];
    assert_eq!(post.headers["authorization"], format!("Bearer {}", SECRETS[3].1));
    let body = post.json();
    assert_eq!(
        (&body["report"], &body["period"]["from"], &body["language"]),
        (&Value::from("weekly"), &Value::from("2025-06-23"), &Value::from("ru"))
    );
    assert_eq!(body["files"].as_array().unwrap().len(), 3);
    assert!(body["figures"].as_array().unwrap().len() > 3 && !body["actions"].as_array().unwrap().is_empty());
    let message = of("/sendMessage")[0];
    assert!(message.path.starts_with(&format!("/bot{}/", SECRETS[1].1)));
    let body = message.json();
    assert!(body["text"].as_str().unwrap().encode_utf16().count() <= 4096);
    assert_eq!((&body["chat_id"], &body["parse_mode"]), (&Value::from(-100_500), &Value::from("HTML")));
    assert_eq!(
        (of("/sendDocument").len(), of("/uploads").len(), of("/put").len(), of("/messages").len()),
        (3, 3, 3, 4)
    );
    assert!(
        of("/messages")
            .iter()
            .all(|one| one.headers["authorization"] == SECRETS[2].1 && one.path.contains("user_id=77"))
    );
    assert!(
        of("/put").iter().all(|one| !one.headers.contains_key("authorization")),
        "the token of the bot goes to the API alone"
    );
}

#[test]
fn a_recipient_held_to_a_branch_gets_its_rows_and_no_others() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    let deals = voronka(
        dir,
        &["sql", "--format", "csv", "SELECT DISTINCT branch, manager FROM deals WHERE manager IS NOT NULL"],
    )
    .ok();
    let known = crate::support::rows(&deals);
    let branch = known.iter().map(|row| row["branch"].clone()).find(|branch| !branch.is_empty()).unwrap();
    let is_of = |row: &&std::collections::BTreeMap<String, String>| row["branch"] == branch;
    let own: Vec<String> = known.iter().filter(is_of).map(|row| row["manager"].clone()).collect();
    let others: Vec<String> = known
        .iter()
        .filter(|row| !is_of(row))
        .map(|row| row["manager"].clone())
        .filter(|name| !own.contains(name))
        .collect();
    assert!(own.len() > 1 && others.len() > 1, "{known:?}");
    let recipients = format!(
        "[[recipient]]\nname = \"all\"\nwebhook = \"http://127.0.0.1:PORT/all\"\n\n\
         [[recipient]]\nname = \"one\"\nwebhook = \"http://127.0.0.1:PORT/one\"\nmail = \"one@example.ru\"\nonly = {{ branch = \"{branch}\" }}\n\n\
         [[recipient]]\nname = \"none\"\nwebhook = \"http://127.0.0.1:PORT/none\"\nonly = {{ branch = \"Атлантида\" }}\n\n\
         [[recipient]]\nname = \"person\"\nwebhook = \"http://127.0.0.1:PORT/person\"\nonly = {{ manager = \"{}\" }}\n\n",
        own[0]
    );
    let sends = "[[send]]\nreport = \"control\"\nto = [\"all\", \"one\", \"none\"]\nformats = [\"html\", \"csv\"]\n\n\
                 [[send]]\nreport = \"worklist\"\nto = [\"person\"]\nformats = [\"html\"]\n";
    write(dir, &with(&mail, &web, &format!("{recipients}{sends}")));
    // twice, so that the second run finds answers that were kept of the whole
    let ran = send(dir, &["--to", "all"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = send(dir, &[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("none: control, webhook") && ran.err.contains("no deal has the branch `Атлантида`"),
        "{}",
        ran.err
    );

    let taken = web.all();
    let text = |path: &str| {
        let post = taken.iter().find(|one| one.path == path).unwrap().json();
        let mut text = post.to_string();
        for file in post["files"].as_array().unwrap() {
            let bytes =
                base64::Engine::decode(&base64::engine::general_purpose::STANDARD, file["base64"].as_str().unwrap())
                    .unwrap();
            match file["name"].as_str().unwrap().ends_with(".zip") {
                true => {
                    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
                    for at in 0..archive.len() {
                        std::io::Read::read_to_string(&mut archive.by_index(at).unwrap(), &mut text).unwrap();
                    }
                }
                false => text += &String::from_utf8(bytes).unwrap(),
            }
        }
        text
    };
    let named = |text: &str, names: &[String]| names.iter().filter(|name| text.contains(name.as_str())).count();
    assert!(named(&text("/all"), &others) > 0 && named(&text("/all"), &own) > 0);
    assert_eq!(named(&text("/one"), &others), 0);
    assert!(named(&text("/one"), &own) > 0);
    assert_eq!(named(&text("/person"), &others), 0);
    assert!(taken.iter().all(|one| one.path != "/none"));
    let letter = &mail.letters()[0];
    let (head, all) = parts(&letter.text);
    assert!(header(&head, "Subject").contains(&branch));
    for part in all.iter().filter(|part| part.head.contains("text/")) {
        assert_eq!(named(&part.text(), &others), 0);
    }
}

#[test]
fn only_what_is_new_is_told_and_nothing_new_sends_nothing() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    let sends = "[[send]]\nreport = \"brief\"\nto = [\"Анна\"]\nby = [\"mail\"]\nevery = \"day\"\nonly_if = \"new finding\"\nformats = []\n";
    write(dir, &with(&mail, &web, &format!("{ALL}{sends}")));
    let ran = send(dir, &["--as-of", "2025-06-25"]);
    assert_eq!((ran.code, mail.letters().len()), (0, 1), "{}", ran.err);
    let subject = |at: usize| header(&parts(&mail.letters()[at].text).0, "Subject");
    assert!(subject(0).starts_with("Новое вне нормы: "), "{}", subject(0));
    let body = parts(&mail.letters()[0].text).1[0].text();
    assert!(body.lines().take(4).any(|line| line == "Новое вне нормы"), "{body}");

    // the next day nothing else is red
    let ran = send(dir, &["--as-of", "2025-06-26"]);
    assert_eq!((ran.code, mail.letters().len()), (0, 1), "{}", ran.err);
    assert!(ran.err.contains("nothing new is off target, not sent"), "{}", ran.err);

    // a bound that is drawn tighter makes one more thing red, and that alone is new
    let path = dir.join("regulation.toml");
    let regulation = fs::read_to_string(&path).unwrap();
    let target = "\n[[target]]\nmetric = \"lead_quality\"\ncolumn = \"leads\"\ntitle = { ru = \"Лидов мало\", en = \"Few leads\" }\nbetter = \"higher\"\ngreen = 1000000\nred = 900000\nadvice = { ru = \"Ищите.\", en = \"Look.\" }\n";
    fs::write(&path, format!("{regulation}{target}")).unwrap();
    let ran = send(dir, &["--as-of", "2025-06-27"]);
    assert_eq!((ran.code, mail.letters().len()), (0, 2), "{}", ran.err);
    assert!(subject(1).starts_with("Новое вне нормы: Лидов мало · "), "{}", subject(1));
    let ran = send(dir, &["--as-of", "2025-06-27"]);
    assert_eq!((ran.code, mail.letters().len()), (0, 2), "{}", ran.err);
}

#[test]
fn one_who_is_refused_stops_no_other_and_is_not_tried_again() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    let recipients: String = ["a", "b", "c"]
        .iter()
        .map(|name| format!("[[recipient]]\nname = \"{name}\"\nmail = \"{name}@example.ru\"\n\n"))
        .collect();
    write(
        dir,
        &with(
            &mail,
            &web,
            &format!("{recipients}[[send]]\nreport = \"brief\"\nto = [\"a\", \"b\", \"c\"]\nformats = []\n"),
        ),
    );
    *mail.refuses.lock().unwrap() = Some(("b@example.ru".into(), "no such user here".into()));
    let ran = send(dir, &[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("b: brief, mail b@example.ru: not sent: ") && ran.err.contains("no such user here"),
        "{}",
        ran.err
    );
    assert_eq!((mail.letters().len(), mail.connections.load(Ordering::SeqCst)), (2, 3), "one attempt each");
    // it is mended by the next run, which sends nothing twice
    *mail.refuses.lock().unwrap() = None;
    let ran = send(dir, &[]);
    assert_eq!((ran.code, mail.letters().len()), (0, 3), "{}", ran.err);
    let states: Vec<String> =
        log(dir).iter().map(|row| format!("{} {} {}", row["recipient"], row["state"], row["attempts"])).collect();
    assert!(states.contains(&"b sent 2".to_owned()), "{states:?}");
}

#[test]
fn what_others_say_shows_no_secret() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    write(dir, &with(&mail, &web, &format!("{ALL}[[send]]\nreport = \"brief\"\nto = [\"Анна\"]\nformats = []\n")));
    *mail.login.lock().unwrap() = Some(format!("bad password {}", SECRETS[0].1));
    let all: String = SECRETS.iter().map(|(_, secret)| format!("{secret} ")).collect();
    *web.always.lock().unwrap() =
        Some((401, format!("{{\"ok\":false,\"description\":\"you sent {all}\",\"message\":\"you sent {all}\"}}")));
    // `send` itself looks for secrets in all that was said and logged
    let ran = send(dir, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("bad password ***") && ran.err.matches("you sent ***").count() >= 3, "{}", ran.err);
    // an address that nobody listens at holds the token
    let text = fs::read_to_string(dir.join("delivery.toml")).unwrap().replace(&web.port.to_string(), "9");
    write(dir, &text.replace("attempts = 4", "attempts = 1"));
    let ran = send(dir, &[]);
    assert!(ran.code == 1 && ran.err.contains("no connection"), "{}", ran.err);
    // and one that is not set is named, not guessed
    let output = super::command(dir, &[]).env_remove("VORONKA_MAX_TOKEN").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && err.contains("the environment variable is not set: VORONKA_MAX_TOKEN"),
        "{err}"
    );
}

#[test]
fn a_dry_run_writes_what_would_be_sent_and_sends_nothing() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    write(
        dir,
        &with(&mail, &web, &format!("{ALL}[[send]]\nreport = \"brief\"\nto = [\"Анна\"]\nformats = [\"html\"]\n")),
    );
    // a name that would end a header
    let path = dir.join("regulation.toml");
    let regulation = fs::read_to_string(&path).unwrap();
    let line = regulation.lines().find(|line| line.starts_with("name = ")).unwrap().to_owned();
    fs::write(&path, regulation.replacen(&line, "name = \"Окна\\r\\nBcc: evil@example.com\"", 1)).unwrap();
    let run = |to: &str| {
        let output =
            super::command(dir, &["--dry-run", to]).envs(SECRETS.map(|(name, _)| (name, ""))).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run("dry");
    let names: Vec<String> =
        written(dir, "dry").iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(
        names,
        [
            "001-anna-brief.mail.eml",
            "002-anna-brief.webhook.json",
            "003-anna-brief.telegram",
            "003-anna-brief.telegram.json",
            "004-anna-brief.max",
            "004-anna-brief.max.json"
        ]
    );
    let eml = fs::read_to_string(dir.join("dry/001-anna-brief.mail.eml")).unwrap();
    let (head, _) = parts(&eml);
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    assert!(header(&head, "Subject").contains("Окна Bcc: evil@example.com"), "{}", header(&head, "Subject"));
    assert_eq!((mail.letters().len(), web.all().len()), (0, 0));
    assert!(log(dir).is_empty() && !dir.join("store/sent.jsonl").exists());
}

#[test]
fn a_period_that_is_not_loaded_is_not_sent() {
    let dir = company();
    let dir = dir.path();
    let (mail, web) = servers();
    write(
        dir,
        &with(
            &mail,
            &web,
            &format!("{ALL}[[send]]\nreport = \"brief\"\nto = [\"Анна\"]\nby = [\"mail\"]\nformats = []\n"),
        ),
    );
    let ran = send(dir, &["--as-of", "2025-07-28"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("the store has nothing of this period"), "{}", ran.err);
    assert!(mail.letters().is_empty() && log(dir).is_empty());
}

#[test]
fn the_example_is_sound() {
    let dir = company();
    fs::copy(checkout("packaging/examples/delivery.toml"), dir.path().join("delivery.toml")).unwrap();
    let ran = voronka(dir.path(), &["check", "delivery.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    // a report that there is not, and one for one person that goes to somebody who sees all
    let text = fs::read_to_string(dir.path().join("delivery.toml")).unwrap();
    write(dir.path(), &text.replacen("report = \"brief\"", "report = \"breif\"", 1));
    let ran = voronka(dir.path(), &["check", "delivery.toml"]);
    assert!(
        ran.code == 1 && ran.out.contains("there is no report `breif`") && ran.out.contains("did you mean `brief`?"),
        "{}",
        ran.out
    );
    let text = text.replacen("report = \"brief\"", "report = \"handbook\"\nrole = \"specialst\"", 1);
    write(dir.path(), &text);
    let ran = voronka(dir.path(), &["check", "delivery.toml"]);
    let said = "the report `handbook` has no role `specialst`\n    did you mean `specialist`?";
    assert!(ran.code == 1 && ran.out.contains(said), "{}", ran.out);
    write(dir.path(), &text.replace("specialst", "specialist"));
    assert_eq!(voronka(dir.path(), &["check", "delivery.toml"]).code, 0);
}
