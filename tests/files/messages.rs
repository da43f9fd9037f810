//! What a person reads when something is wrong: each message names the place, the cause and the way out. Each is a test of its own,
//! `message::<language>::<name>`.
//!
//! The expected texts lie in `tests/messages/*.txt`, ugly ones too, until they are mended. After a wanted change, run with `BLESS=1` and
//! read the difference before committing it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;

use crate::case;
use crate::support::voronka;

const REGULATION: &str = include_str!("../../sample_data/regulation.toml");

const MAPPING: &str = r#"zone = "Europe/Moscow"

[[export]]
name = "deals"
files = "deals*.csv"
delimiter = ";"
dates = "dd.mm.yyyy"
decimal = ","

[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
client_id = "Клиент"
source = "Источник"
status = { from = "Статус", values = { "Успех" = "won", "Отказ" = "lost", "В работе" = "open" } }
created_at = "Создана"
closed_at = "Закрыта"
amount = "Сумма"
"#;

const DEALS: &str = "ID;Клиент;Источник;Статус;Создана;Закрыта;Сумма\r\n\
    1;К1;Сайт;Успех;01.04.2025;15.04.2025;1200,50\r\n\
    2;К2;Сайт;В работе;02.04.2025;;\r\n";

const DELIVERY: &str = include_str!("../../packaging/examples/delivery.toml");

const WEEKLY: &str = include_str!("../../reports/weekly.toml");

/// A metric that somebody wrote.
const OWN_METRIC: &str = r#"/*
title = { ru = "Лиды", en = "Leads" }
grain = "one row"
needs = ["deals.created_at"]
dimensions = ["source"]
about = { ru = "Лиды периода.", en = "Leads of the period." }
columns = [{ name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } }]
*/
SELECT grp, count(*) AS leads
FROM scope
WHERE created_at >= $from AND created_at < $to
GROUP BY grp
ORDER BY grp
"#;

/// A report on it.
const OWN_REPORT: &str = r#"title = { ru = "Свой", en = "Own" }
period = "13w"
[[section]]
id = "leads"
title = { ru = "Лиды", en = "Leads" }
[[section.tile]]
label = { ru = "Лиды", en = "Leads" }
metric = "own"
column = "leads"
"#;

/// A plan with months in its columns.
const PLAN: &str = r#"[[export]]
name = "plan"
files = "plan.csv"
delimiter = ";"
decimal = ","
[export.unpivot]
keep = "Менеджер"
headers = "Месяц"
[[export.table]]
fill = "plans"
[export.table.columns]
period = "Месяц"
dimension = { const = "manager" }
name = "Менеджер"
measure = { const = "revenue" }
value = "value"
"#;

const INGEST_PLAN: &[&str] = &["ingest", "--mapping", "plan.toml", "--store", "new", "plan.csv"];

/// A file's name, and what makes its content.
type BrokenFile = (&'static str, fn() -> Vec<u8>);

/// One broken input: the files beside the sound ones, and the command that meets them.
struct Case {
    name: &'static str,
    files: &'static [BrokenFile],
    args: &'static [&'static str],
}

fn swapped(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "the sound text has no `{from}` any more");
    text.replacen(from, to, 1).into_bytes()
}

const INGEST: &[&str] = &["ingest", "--mapping", "mapping.toml", "--store", "new", "deals.csv"];

const CASES: &[Case] = &[
    Case { name: "metric_typo", files: &[], args: &["query", "lead_qualty"] },
    Case {
        name: "plan_with_a_column_that_is_no_period",
        files: &[
            ("plan.toml", || PLAN.into()),
            ("plan.csv", || "План;;\nМенеджер;Март 2025;Примечание\nКрылова;100;новая\n".into()),
        ],
        args: INGEST_PLAN,
    },
    Case {
        name: "plan_without_its_year",
        files: &[("plan.toml", || PLAN.into()), ("plan.csv", || "Менеджер;Март;Апрель\nКрылова;100;200\n".into())],
        args: INGEST_PLAN,
    },
    Case {
        name: "plan_without_its_column",
        files: &[("plan.toml", || PLAN.into()), ("plan.csv", || "Менеджеры;Март 2025\nКрылова;100\n".into())],
        args: INGEST_PLAN,
    },
    Case {
        name: "plan_whose_totals_differ",
        files: &[
            ("plan.toml", || PLAN.into()),
            ("plan.csv", || {
                "Менеджер;Март 2025;Итого\nКрылова;100,50;100,50\nЛагутин;50;70\nИтого;160;170,50\n".into()
            }),
        ],
        args: INGEST_PLAN,
    },
    Case {
        name: "plan_period_of_another_unit",
        files: &[
            ("plan.toml", || {
                swapped(PLAN, "period = \"Месяц\"", "period = { from = \"Месяц\", unit = \"weak\", year = 25 }")
            }),
            ("plan.csv", || "Менеджер;Март 2025\nКрылова;100\n".into()),
        ],
        args: &["check", "plan.toml"],
    },
    Case { name: "metric_without_a_plan", files: &[], args: &["query", "plan_fact"] },
    Case { name: "dimension_typo", files: &[], args: &["query", "lead_quality", "--by", "contracter"] },
    Case { name: "metric_without_its_data", files: &[], args: &["query", "campaign_roi"] },
    Case { name: "rows_of_a_column_typo", files: &[], args: &["rows", "lead_quality", "--column", "lead"] },
    Case { name: "rows_of_what_counts_nothing", files: &[], args: &["rows", "loaded", "--column", "read"] },
    Case { name: "rows_of_what_is_not_known", files: &[], args: &["rows", "lead_quality", "--column", "price_driven"] },
    Case {
        name: "rows_of_no_such_value",
        files: &[],
        args: &["rows", "lead_quality", "--by", "source", "--only", "source=Сайтт"],
    },
    Case { name: "rows_of_no_such_column", files: &[], args: &["rows", "lead_quality", "--only", "source=Сайт"] },
    Case { name: "day_typo", files: &[], args: &["query", "lead_quality", "--as-of", "30.06.2025"] },
    Case {
        name: "empty_period",
        files: &[],
        args: &["query", "lead_quality", "--from", "2025-05-01", "--to", "2025-04-01"],
    },
    Case { name: "no_store", files: &[], args: &["query", "lead_quality", "--store", "elsewhere"] },
    Case {
        name: "store_with_an_empty_commit",
        files: &[("store/deals/_delta_log/00000000000000000000.json", Vec::new)],
        args: &["query", "lead_quality"],
    },
    Case {
        name: "store_with_an_empty_commit_of_the_record",
        files: &[("store/ingests/_delta_log/00000000000000000000.json", Vec::new)],
        args: &["log"],
    },
    Case {
        name: "store_whose_marker_is_cut",
        files: &[("store/voronka-store.toml", || "format =".into())],
        args: &["query", "lead_quality"],
    },
    Case {
        name: "store_of_a_newer_voronka",
        files: &[("store/voronka-store.toml", || "format = 99\nnewest = 1\n".into())],
        args: &["query", "lead_quality"],
    },
    Case {
        name: "ingest_into_a_folder_that_is_no_store",
        files: &[("new/letter.txt", || "dear".into())],
        args: INGEST,
    },
    Case { name: "check_of_a_folder_with_nothing_to_check", files: &[], args: &["check", "deals.csv"] },
    Case { name: "preset_typo", files: &[], args: &["presets", "amocmr"] },
    Case { name: "person_typo", files: &[], args: &["report", "weekly", "--where", "source=Сайтт"] },
    Case { name: "several_statements", files: &[], args: &["sql", "SELECT 1; SELECT 2"] },
    Case {
        name: "regulation_of_wrong_values",
        files: &[("regulation.toml", || {
            let text = String::from_utf8(swapped(REGULATION, "currency = \"RUB\"", "currency = \"руб\"")).unwrap();
            swapped(&text, "\n[[stage]]\n", "\n[[stage]]\nid = \"x\"\nparking = 3\nsla = \"five\"\n[[stage]]\n")
        })],
        args: &["check", "regulation.toml"],
    },
    Case {
        name: "mapping_of_wrong_values",
        files: &[("mapping.toml", || {
            let text = String::from_utf8(swapped(MAPPING, "dates = \"dd.mm.yyyy\"", "dates = \"DD.mm.yyyy\"")).unwrap();
            swapped(&text, "amount = \"Сумма\"", "amount = { from = \"Сумма\", const = 1, nth = 0 }\nmanager = \"?\"")
        })],
        args: INGEST,
    },
    Case {
        name: "web_page_without_a_table",
        files: &[("deals.csv", || "<html><body><p>Нет доступа</p></body></html>".into())],
        args: INGEST,
    },
    Case {
        name: "delivery_typos",
        files: &[("delivery.toml", || {
            let text = String::from_utf8(swapped(DELIVERY, "anna@example.ru", "anna@exampel.ru")).unwrap();
            let text =
                String::from_utf8(swapped(&text, "https://hooks.example.ru", "http://hooks.example.ru")).unwrap();
            let text = String::from_utf8(swapped(&text, "report = \"worklist\"", "report = \"worklists\"")).unwrap();
            swapped(&text, "to = [\"Акимов\"]\nevery = \"day\"", "to = [\"Акимв\"]\nevery = \"dayly\"")
        })],
        args: &["check", "delivery.toml"],
    },
    Case {
        name: "delivery_of_what_there_is_not",
        files: &[("delivery.toml", || {
            let text = String::from_utf8(swapped(DELIVERY, "report = \"brief\"", "report = \"breif\"")).unwrap();
            swapped(&text, "only = { manager = \"Акимов П.\" }", "")
        })],
        args: &["check", "delivery.toml"],
    },
    Case {
        name: "delivery_with_a_secret",
        files: &[("delivery.toml", || {
            swapped(DELIVERY, "password_env = \"VORONKA_SMTP_PASSWORD\"", "password = \"hunter2\"")
        })],
        args: &["send"],
    },
    Case { name: "no_delivery", files: &[], args: &["send"] },
    Case {
        name: "delivery_to_nobody_of_that_name",
        files: &[("delivery.toml", || DELIVERY.into())],
        args: &["send", "--to", "РОПП"],
    },
    Case {
        name: "delivery_without_its_variables",
        files: &[("delivery.toml", || DELIVERY.into())],
        args: &["send", "--as-of", "2025-04-21"],
    },
    Case { name: "no_such_version", files: &[], args: &["query", "lead_quality", "--version", "7"] },
    Case { name: "no_regulation", files: &[], args: &["query", "lead_quality", "--regulation", "regulations.toml"] },
    Case {
        name: "ingest_without_the_regulation_named",
        files: &[],
        args: &["ingest", "--mapping", "mapping.toml", "--regulation", "regulations.toml", "deals.csv"],
    },
    Case {
        name: "ingest_with_a_broken_regulation",
        files: &[("regulation.toml", || swapped(REGULATION, "currency =", "curency ="))],
        args: INGEST,
    },
    Case { name: "sql_typo", files: &[], args: &["sql", "SELECT amuont FROM deals"] },
    Case { name: "sql_that_writes", files: &[], args: &["sql", "DROP TABLE deals"] },
    Case { name: "report_typo", files: &[], args: &["report", "weakly"] },
    Case { name: "format_typo", files: &[], args: &["report", "weekly", "--format", "htm"] },
    Case {
        name: "regulation_typos",
        files: &[("regulation.toml", || {
            let text = String::from_utf8(swapped(
                REGULATION,
                "time_zone = \"Europe/Moscow\"",
                "time_zone = \"Europe/Moskow\"",
            ))
            .unwrap();
            swapped(&text, "currency =", "curency =")
        })],
        args: &["check", "regulation.toml"],
    },
    Case {
        name: "mapping_typos",
        files: &[("mapping.toml", || {
            let text = String::from_utf8(swapped(MAPPING, "amount =", "amuont =")).unwrap();
            swapped(&text, "decimal =", "decimals =")
        })],
        args: INGEST,
    },
    Case {
        name: "report_definition_typo",
        files: &[("reports/own.toml", || {
            swapped(WEEKLY, "metric = \"revenue_weekly\"", "metric = \"revenue_weakly\"")
        })],
        args: &["report", "own"],
    },
    Case {
        name: "own_metric_of_an_unknown_table",
        files: &[("queries/own.sql", || swapped(OWN_METRIC, "FROM scope", "FROM scop"))],
        args: &["check", "queries/own.sql"],
    },
    Case {
        name: "own_metric_of_an_unknown_column",
        files: &[("queries/own.sql", || swapped(OWN_METRIC, "WHERE created_at", "WHERE creatd_at"))],
        args: &["check", "queries/own.sql"],
    },
    Case {
        name: "own_metric_with_typos_and_its_report",
        files: &[
            ("queries/own.sql", || {
                let text = String::from_utf8(swapped(OWN_METRIC, "\"count\"", "\"cuont\"")).unwrap();
                swapped(&text, "$to", "$til")
            }),
            ("reports/own.toml", || OWN_REPORT.replace("13w", "13x").into()),
        ],
        args: &["check", "queries/own.sql", "reports/own.toml"],
    },
    Case {
        name: "own_report_of_an_unknown_column",
        files: &[
            ("queries/own.sql", || OWN_METRIC.into()),
            ("reports/own.toml", || swapped(OWN_REPORT, "column = \"leads\"", "column = \"laeds\"")),
        ],
        args: &["check", "queries/own.sql", "reports/own.toml"],
    },
    Case {
        name: "no_export",
        files: &[],
        args: &["ingest", "--mapping", "mapping.toml", "--store", "new", "sales.csv"],
    },
    Case {
        name: "export_that_no_section_fits",
        files: &[("orders.csv", || DEALS.into())],
        args: &["ingest", "--mapping", "mapping.toml", "--store", "new", "orders.csv"],
    },
    Case { name: "empty_file", files: &[("deals.csv", Vec::new)], args: INGEST },
    Case {
        name: "header_alone",
        files: &[("deals.csv", || DEALS.lines().next().unwrap_or_default().into())],
        args: INGEST,
    },
    Case {
        name: "missing_column", files: &[("deals.csv", || swapped(DEALS, "Источник", "Источники"))], args: INGEST
    },
    Case {
        name: "cp1251_unstated",
        files: &[("deals.csv", || encoding_rs::WINDOWS_1251.encode(DEALS).0.into_owned())],
        args: INGEST,
    },
    Case {
        name: "dates_with_two_readings",
        files: &[
            ("mapping.toml", || swapped(MAPPING, "dates = \"dd.mm.yyyy\"\n", "")),
            ("deals.csv", || {
                "ID;Клиент;Источник;Статус;Создана;Закрыта;Сумма\r\n1;К1;Сайт;Успех;03/04/2025;05/04/2025;10\r\n".into()
            }),
        ],
        args: INGEST,
    },
    Case {
        name: "an_amount_with_a_currency_among_bare_ones",
        files: &[("deals.csv", || format!("{DEALS}3;К3;Сайт;Успех;01.04.2025;;12 р\r\n").into())],
        args: INGEST,
    },
    Case {
        name: "a_web_page_with_other_tables",
        files: &[("deals.csv", || {
            let row = |line: &str| format!("<tr><td>{}</td></tr>", line.replace(';', "</td><td>"));
            let rows: String = DEALS.lines().map(row).collect();
            let other: String = ["Менеджер;План", "Анна;100", "Борис;200"].map(row).concat();
            format!("<html><body><table>{rows}</table><table>{other}</table></body></html>").into()
        })],
        args: INGEST,
    },
    Case {
        name: "rows_that_cannot_be_read",
        files: &[("deals.csv", || {
            let rows = "3;К3;Сайт;Успех;31.02.2025;;\r\n4;К4;Сайт;Успех;01.04.2025;;12 шт\r\n5;К5\r\n6;К6;Сайт;Сделано;01.04.2025;;\r\n";
            format!("{DEALS}{rows}").into()
        })],
        args: INGEST,
    },
];

fn put(dir: &Path, name: &str, content: &[u8]) {
    let file = dir.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// A company without fault, which each case gets a copy of.
type Sound = Arc<LazyLock<TempDir>>;

/// Where the messages of each language stand.
const FOLDERS: [(&str, &str); 2] = [("en", "tests/messages"), ("ru", "tests/messages/ru")];

/// A test for each broken input, in each language.
pub fn cases() -> Vec<case::Case> {
    // removed when the last test is done, which a static would not be
    let sound: Sound = Arc::new(LazyLock::new(sound));
    let test = |(case, (lang, folder)): (&'static Case, (&'static str, &str))| {
        let sound = Arc::clone(&sound);
        let golden = format!("{folder}/{}.txt", case.name);
        case::Case::golden(format!("message::{lang}::{}", case.name), golden, move || {
            Ok(said(case, lang, sound.path()))
        })
    };
    CASES.iter().flat_map(|case| FOLDERS.map(|folder| (case, folder))).map(test).collect()
}

/// Mapping, regulation, an export, and the store that was made of it.
fn sound() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "regulation.toml", REGULATION.as_bytes());
    put(dir.path(), "mapping.toml", MAPPING.as_bytes());
    put(dir.path(), "deals.csv", DEALS.as_bytes());
    voronka(dir.path(), &["ingest", "--mapping", "mapping.toml", "deals.csv"]).ok();
    dir
}

/// What the command says where the case's files take the place of the sound ones.
fn said(case: &Case, lang: &str, sound: &Path) -> String {
    let dir = tempfile::tempdir().unwrap();
    for file in case::files_of(sound) {
        put(dir.path(), file.strip_prefix(sound).unwrap().to_str().unwrap(), &fs::read(&file).unwrap());
    }
    for (name, content) in case.files {
        put(dir.path(), name, &content());
    }
    let ran = voronka(dir.path(), &[case.args, &["--lang", lang]].concat());
    let said = format!("$ voronka {}\nexit {}\n{}{}", case.args.join(" "), ran.code, ran.out, ran.err);
    // a temporary folder has another name each time
    said.replace(&format!("{}/", dir.path().display()), "")
}
