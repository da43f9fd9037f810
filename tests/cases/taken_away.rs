//! Taking away a source never turns a verdict from unknown or green to red, or from red to green: it makes it unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use voronka::metrics::Catalog;
use voronka::model::lang::Lang;
use voronka::regulation::Regulation;
use voronka::report::build;
use voronka::report::definition::Definition;
use voronka::report::document::{Block, Verdict};
use voronka::session::Session;
use voronka::store::Store;

use super::Case;
use crate::support::checkout;

const AS_OF: &str = "2025-06-30";

/// All targets, all groups, as the weekly report asks them.
const REPORT: &str = r#"
title = { ru = "Цели", en = "Targets" }
audience = { ru = "Всем", en = "For all" }
period = "last_week"
[[section]]
id = "all"
title = { ru = "Всё", en = "All" }
[[section.findings]]
period = "13w"
compare = ["previous"]
limit = 500
[section.findings.periods]
revenue_stability = "26w"
eventual_conversion = "26w"
lead_quality = "26w"
campaign_roi = "52w"
spend_elasticity = "26w"
promo_dependency = "52w"
[[section]]
id = "missing"
title = { ru = "О чём судить нельзя", en = "What could not be judged" }
[[section.missing]]
"#;

/// What the rows of an export become: those for which `None` is given are left out.
type Change<'c> = &'c dyn Fn(&str, &[String]) -> Option<Vec<String>>;

/// The company of the sample as its exports look after a change of their rows.
fn company(change: Change<'_>, taken: &[&str]) -> Case {
    let case = Case::new();
    for name in ["mapping.toml", "regulation.toml"] {
        std::fs::copy(checkout("sample_data").join(name), case.dir().join(name)).unwrap();
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(checkout("sample_data")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".csv") {
            std::fs::write(case.dir().join(&name), changed(&path, &name, change)).unwrap();
            names.push(name);
        }
    }
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(taken.iter().copied()).collect();
    case.ingest(&names);
    case
}

fn changed(path: &Path, name: &str, change: Change<'_>) -> Vec<u8> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').flexible(true).has_headers(false).from_path(path).unwrap();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(Vec::new());
    for (line, record) in reader.records().enumerate() {
        let cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        let kept = if line == 0 { Some(cells) } else { change(name, &cells) };
        if let Some(cells) = kept {
            writer.write_record(&cells).unwrap();
        }
    }
    writer.into_inner().unwrap()
}

/// The verdict of each finding, and all that the report says besides.
fn verdicts(case: &Case) -> (BTreeMap<String, Verdict>, String) {
    let text = std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap();
    let run = async {
        let regulation = Regulation::parse("regulation.toml", &text).unwrap();
        let store = Store::open(&case.dir().join("store")).await.unwrap();
        let snapshot = store.snapshot(None).await.unwrap();
        let as_of = AS_OF.parse().unwrap();
        let session = Session::open(&snapshot, &regulation, as_of, None).await.unwrap();
        let catalog = Catalog::shipped();
        let definition = Definition::parse("targets.toml", REPORT, &catalog).unwrap();
        build(&session, &catalog, &definition, as_of, Lang::En, &()).await.unwrap()
    };
    // planning needs more than the stack of a test
    let document = std::thread::scope(|scope| {
        let big = std::thread::Builder::new().stack_size(32 << 20);
        let ask = big.spawn_scoped(scope, || {
            let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(32 << 20).enable_all().build();
            runtime.unwrap().block_on(run)
        });
        ask.unwrap().join().unwrap()
    });
    assert_eq!(document.failed, Vec::<String>::new());
    let (mut verdicts, mut said) = (BTreeMap::new(), String::new());
    for block in document.sections.iter().flat_map(|section| &section.blocks) {
        match block {
            Block::Findings(findings) => {
                for finding in findings {
                    // two targets of one title are told apart by what they are about
                    verdicts.insert(format!("{} · {}", finding.title, finding.source), finding.verdict);
                }
            }
            Block::Notice(text) | Block::Text(text) => said += text,
            Block::Table(table) => said += &format!("{:?}", table.rows),
            _ => {}
        }
    }
    (verdicts, said)
}

/// Verdicts that a loss of data turned.
fn turned(before: &BTreeMap<String, Verdict>, after: &BTreeMap<String, Verdict>) -> Vec<String> {
    let is_turned = |name: &str, now: Verdict| {
        matches!(
            (before.get(name), now),
            (None | Some(Verdict::Unknown | Verdict::Green), Verdict::Red) | (Some(Verdict::Red), Verdict::Green)
        )
    };
    let turned = after.iter().filter(|(name, now)| is_turned(name, **now));
    turned.map(|(name, now)| format!("{name}: {:?} → {now:?}", before.get(name))).collect()
}

/// The branch of each deal of the sample, by its id.
fn deals_of(branch: &str) -> BTreeSet<String> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_path(checkout("sample_data/deals.csv")).unwrap();
    let records = reader.records().map(Result::unwrap);
    records
        .filter(|record| record.get(9) == Some(branch))
        .filter_map(|record| record.get(0).map(str::to_owned))
        .collect()
}

fn without(name: &str, change: Change<'_>, taken: &[&str]) {
    static WHOLE: OnceLock<BTreeMap<String, Verdict>> = OnceLock::new();
    let before = WHOLE.get_or_init(|| verdicts(&company(&|_, cells| Some(cells.to_vec()), &[])).0);
    assert!(before.values().any(|v| *v == Verdict::Red) && before.values().any(|v| *v == Verdict::Green), "{before:?}");
    let (after, said) = verdicts(&company(change, taken));
    assert_eq!(turned(before, &after), Vec::<String>::new(), "without {name}; what is said:\n{said}");
    let lost = |verdict: Verdict| before.iter().any(|(name, was)| *was == verdict && !after.contains_key(name));
    let unknown = after.values().filter(|v| **v == Verdict::Unknown).count();
    let more = unknown > before.values().filter(|v| **v == Verdict::Unknown).count()
        || lost(Verdict::Red)
        || lost(Verdict::Green);
    assert!(!more || !said.is_empty(), "without {name} less is judged, and nothing says so");
}

#[test]
fn without_any_call_or_message_nobody_is_late() {
    without(
        "contacts",
        &|file, cells| {
            let contacts = ["Звонок", "Письмо", "Чат", "Встреча"];
            (!file.starts_with("events") || !contacts.contains(&cells[2].as_str())).then(|| cells.to_vec())
        },
        &[],
    );
}

#[test]
fn without_reasons_no_lead_is_called_valid() {
    without(
        "reasons",
        &|file, cells| {
            let mut cells = cells.to_vec();
            if file == "deals.csv" && cells.len() == 19 {
                cells[18].clear();
            }
            Some(cells)
        },
        &[],
    );
}

#[test]
fn without_dates_of_closings_nothing_is_won_in_any_week() {
    without(
        "dates of closings",
        &|file, cells| {
            let mut cells = cells.to_vec();
            if file == "deals.csv" && cells.len() == 19 {
                cells[14].clear();
            }
            Some(cells)
        },
        &[],
    );
}

#[test]
fn without_the_events_of_a_branch_it_is_not_judged() {
    let of_branch = deals_of("Юг");
    without(
        "events of a branch",
        &|file, cells| (!file.starts_with("events") || !of_branch.contains(&cells[3])).then(|| cells.to_vec()),
        &[],
    );
}

#[test]
fn without_the_last_three_days_the_week_is_not_judged() {
    // what happened from 27 June on is in no export
    let late =
        |cell: &str| ["27.06.2025", "28.06.2025", "29.06.2025", "30.06.2025"].iter().any(|day| cell.starts_with(day));
    without(
        "the last three days",
        &|file, cells| {
            let mut cells = cells.to_vec();
            let day = match file {
                "deals.csv" if cells.len() == 19 => cells[13].clone(),
                "spend.csv" => cells[0].clone(),
                _ if file.starts_with("events") => cells[1].clone(),
                _ => String::new(),
            };
            if file == "deals.csv" && cells.len() == 19 && late(&cells[14]) {
                cells[3] = "Переговоры".into();
                cells[14] = "не закрыта".into();
            }
            (!late(&day)).then_some(cells)
        },
        &["--taken", "2025-06-26"],
    );
}
