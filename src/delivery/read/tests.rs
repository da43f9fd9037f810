use super::*;

const SOUND: &str = r#"
domains = ["example.ru"]
hosts = ["hooks.example.ru"]

[mail]
from = "Воронка <reports@example.ru>"
server = "smtp.example.ru"
user = "reports"
password_env = "VORONKA_SMTP_PASSWORD"

[telegram]
token_env = "VORONKA_TELEGRAM_TOKEN"

[[recipient]]
name = "head"
mail = "Анна <anna@example.ru>"
telegram = -1001

[[recipient]]
name = "north"
webhook = "https://hooks.example.ru/north"
only = { branch = "Север" }

[[send]]
report = "brief"
to = ["head", "north"]
formats = ["html", "xlsx"]
"#;

fn problems(text: &str) -> String {
    Delivery::parse("delivery.toml", text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

fn swapped(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    problems(&SOUND.replacen(from, to, 1))
}

#[test]
fn a_sound_file_is_read() {
    let read = Delivery::parse("delivery.toml", SOUND).unwrap();
    assert_eq!((read.recipients.len(), read.sends.len()), (2, 1));
    assert_eq!(read.recipients[1].only, [("branch".to_owned(), "Север".to_owned())]);
    assert_eq!(read.sends[0].formats, [Format::Html, Format::Xlsx]);
    assert_eq!((read.sends[0].every, read.sends[0].condition), (Every::Week, Condition::Always));
    assert_eq!(read.mail.unwrap().port, 465);
}

#[test]
fn each_mistake_has_its_line_and_the_way_out() {
    for (from, to, expected) in [
        (
            "anna@example.ru",
            "anna@exampl.ru",
            "delivery.toml:16: the address `anna@exampl.ru` is outside the domains that `domains` names\n    did you mean `example.ru`?",
        ),
        (
            "hooks.example.ru/north",
            "evil.com/north",
            "delivery.toml:21: the host `evil.com` is not among those that `hosts` names",
        ),
        (
            "https://hooks",
            "http://hooks",
            "delivery.toml:21: the address at `hooks.example.ru` is not encrypted\n    write https://",
        ),
        (
            "\"head\", \"north\"",
            "\"head\", \"nort\"",
            "delivery.toml:26: there is no recipient `nort`\n    did you mean `north`?",
        ),
        ("\"xlsx\"", "\"xslx\"", "delivery.toml:27: there is no format `xslx`\n    did you mean `xlsx`?"),
        ("only = { branch = \"Север\" }", "only = {}", "delivery.toml:22: `only` is empty"),
        ("formats", "format", "delivery.toml:27: unknown key `format` in [[send]]\n    did you mean `formats`?"),
        ("name = \"north\"", "name = \"head\"", "delivery.toml:20: there is a recipient `head` already"),
        (
            "\"head\", \"north\"",
            "\"head\", \"head\"",
            "delivery.toml:24: the report `brief` goes to the same address (anna@example.ru)",
        ),
        ("password_env = \"VORONKA_SMTP_PASSWORD\"", "", "delivery.toml:5: `user` and `password_env` stand together"),
        ("[telegram]\ntoken_env = \"VORONKA_TELEGRAM_TOKEN\"", "", "`head` needs the table [telegram]"),
        (
            "server = \"smtp.example.ru\"",
            "server = \"smtp.example.ru\"\nsecurity = \"none\"",
            "delivery.toml:8: without encryption only to this machine, not to `smtp.example.ru`",
        ),
        ("formats = [\"html\", \"xlsx\"]", "only_if = \"new findings\"", "did you mean `new finding`?"),
        ("telegram = -1001", "telegram = \"chat\"", "delivery.toml:17: `telegram` = \"chat\" is no chat"),
    ] {
        let found = swapped(from, to);
        assert!(found.contains(expected), "{to}: {found}");
    }
}

#[test]
fn no_problem_repeats_a_secret() {
    for (from, to) in [
        ("password_env = \"VORONKA_SMTP_PASSWORD\"", "password = \"hunter2\""),
        ("password_env = \"VORONKA_SMTP_PASSWORD\"", "password_env = \"hunter2\""),
        ("password_env = \"VORONKA_SMTP_PASSWORD\"", "password_env = 4711"),
        ("password_env = \"VORONKA_SMTP_PASSWORD\"", "passwort = hunter2"),
        ("https://hooks.example.ru/north", "https://hooks.example.ru/?token=hunter2"),
        ("https://hooks.example.ru/north", "https://a:hunter2@hooks.example.ru/"),
        ("token_env = \"VORONKA_TELEGRAM_TOKEN\"", "token = \"123456:hunter2\""),
    ] {
        let found = swapped(from, to);
        assert!(!found.is_empty() && !found.contains("hunter2") && !found.contains("4711"), "{to}: {found}");
    }
}
