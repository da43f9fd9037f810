//! The weekly report on the sample company: whole, on deals alone, on nothing; twice the same; every figure with its
//! source; what was planted is found, and where nothing was planted nothing is.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate};
use tokio::runtime::Runtime;
use voronka::export::Mapping;
use voronka::ingest::{IngestOptions, ingest};
use voronka::metrics::Catalog;
use voronka::model::lang::Lang;
use voronka::regulation::Regulation;
use voronka::report::definition::{Definition, shipped};
use voronka::report::document::{Block, Cell, Document, Finding, Plot, Verdict};
use voronka::report::render::{Format, render};
use voronka::report::{ReportError, build};
use voronka::session::{Resources, Session};
use voronka::store::Store;

/// A report of the sample company from some of its exports.
struct Company {
    runtime: Runtime,
    _dir: tempfile::TempDir,
    session: Session,
    catalog: Catalog,
}

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data").join(file)
}

fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 6, 30).unwrap()
}

impl Company {
    fn with(exports: &[&str], as_of: NaiveDate) -> Company {
        let (runtime, dir) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let text = |file: &str| std::fs::read_to_string(sample(file)).unwrap();
        let regulation =
            Regulation::parse("regulation.toml", &text("regulation.toml")).unwrap_or_else(|p| panic!("{p}"));
        let mapping = Mapping::parse("mapping.toml", &text("mapping.toml")).unwrap_or_else(|p| panic!("{p}"));
        let exports: Vec<PathBuf> = exports.iter().map(|file| sample(file)).collect();
        let session = runtime.block_on(async {
            let store = Store::open_or_create(dir.path()).await.unwrap();
            if !exports.is_empty() {
                let at = DateTime::from_timestamp(1_751_241_600, 0).unwrap();
                ingest(&store, &mapping, &exports, IngestOptions::at(at)).await.unwrap_or_else(|e| panic!("{e}"));
            }
            let snapshot = store.snapshot(None).await.unwrap();
            Session::open(&snapshot, &regulation, as_of, None).await.unwrap()
        });
        Company { runtime, _dir: dir, session, catalog: Catalog::shipped() }
    }

    fn report(&self, definition: &Definition, lang: Lang) -> Result<Document, ReportError> {
        self.runtime.block_on(build(&self.session, &self.catalog, definition, self.session.as_of(), lang, &()))
    }

    fn weekly(&self, lang: Lang) -> Document {
        let definition = shipped("weekly", &self.catalog).unwrap_or_else(|p| panic!("{p}"));
        self.report(&definition, lang).unwrap_or_else(|e| panic!("{e}"))
    }
}

static WHOLE: LazyLock<Company> = LazyLock::new(|| {
    let mut exports = vec!["clients.csv", "deals.csv", "promos.csv", "spend.csv", "staff.csv"];
    exports.extend(["events_2023.csv", "events_2024.csv", "events_2025.csv"]);
    Company::with(&exports, as_of())
});
static RUSSIAN: LazyLock<Document> = LazyLock::new(|| WHOLE.weekly(Lang::Ru));
static ENGLISH: LazyLock<Document> = LazyLock::new(|| WHOLE.weekly(Lang::En));

fn blocks(document: &Document) -> impl Iterator<Item = &Block> {
    document.sections.iter().flat_map(|section| &section.blocks)
}

fn findings(document: &Document) -> Vec<&Finding> {
    let parts = blocks(document).filter_map(|block| match block {
        Block::Findings(findings) => Some(findings),
        _ => None,
    });
    parts.flatten().collect()
}

#[test]
fn the_same_report_twice_is_the_same_bytes() {
    let [one, two] = [RUSSIAN.clone(), WHOLE.weekly(Lang::Ru)].map(|document| {
        let dir = tempfile::tempdir().unwrap();
        let mut files = render(&document, dir.path(), &Format::ALL).unwrap();
        files.sort();
        for format in Format::ALL {
            let of = |file: &&PathBuf| file.extension().is_some_and(|e| e == format.name());
            assert!(files.iter().find(of).is_some(), "no {format} was written");
        }
        files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    });
    assert!(one == two, "the same report came out in other bytes");
}

#[test]
fn every_figure_names_its_metric_period_cut_and_version() {
    for (document, cut) in [(&*RUSSIAN, "данные до 30.06.2025"), (&*ENGLISH, "data before 30\u{a0}Jun\u{a0}2025")]
    {
        let mut sources: Vec<&str> = Vec::new();
        for block in blocks(document) {
            match block {
                Block::Tiles(tiles) => sources.extend(tiles.iter().map(|tile| tile.source.as_str())),
                Block::Actions(actions) => sources.extend(actions.items.iter().map(|action| action.source.as_str())),
                Block::Findings(findings) => sources.extend(findings.iter().map(|finding| finding.source.as_str())),
                Block::Table(table) => sources.push(&table.source),
                Block::Chart(chart) => sources.push(&chart.source),
                Block::Text(_) | Block::Notice(_) => {}
            }
        }
        assert!(sources.len() > 40, "only {} figures", sources.len());
        for source in sources {
            let metric = source.split([' ', ',']).next().unwrap();
            assert!(WHOLE.catalog.get(metric).is_ok(), "{source}");
            assert!(source.contains(cut) && source.ends_with(" 1") && source.contains("2025"), "{source}");
        }
    }
}

#[test]
fn what_to_do_comes_by_the_money_at_stake_and_each_figure_once() {
    for document in [&*RUSSIAN, &*ENGLISH] {
        let actions = blocks(document).find_map(|block| match block {
            Block::Actions(actions) => Some(actions),
            _ => None,
        });
        let actions = actions.expect("the weekly opens with what to do");
        let money: Vec<i128> = actions
            .items
            .iter()
            .filter_map(|item| match &item.money {
                Some((_, Cell::Money(money))) => Some(*money),
                _ => None,
            })
            .collect();
        assert_eq!((actions.items.len(), money.len()), (5, 5));
        assert!(money.windows(2).all(|pair| pair[0] >= pair[1]), "{money:?}");
        let mut titles: Vec<&str> = actions.items.iter().map(|item| item.title.as_str()).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), 5, "each figure is one item");
        // the answers of a branch and of the company are one thing to do
        let response = actions.items.iter().find(|item| item.source.starts_with("response,")).unwrap();
        assert_eq!(response.facts.len(), 2, "{response:#?}");
        assert!(actions.items.iter().all(|item| !item.advice.is_empty() && !item.facts.is_empty()));
        // what the limit leaves out is named
        assert!(!actions.more.is_empty());
    }
}

#[test]
fn without_calls_nobody_is_told_to_call() {
    let part = Company::with(&["deals.csv", "clients.csv"], as_of());
    let definition = shipped("brief", &part.catalog).unwrap_or_else(|p| panic!("{p}"));
    let document = part.report(&definition, Lang::En).unwrap_or_else(|e| panic!("{e}"));
    let Some(Block::Actions(actions)) = blocks(&document).find(|block| matches!(block, Block::Actions(_))) else {
        panic!("no actions");
    };
    let of = |metric: &str| actions.items.iter().any(|item| item.source.starts_with(metric));
    assert!(!of("response") && !of("adherence") && !of("client_coverage") && !of("contact_rules"), "{actions:#?}");
    assert!(actions.unjudged.contains("Could not be judged") && actions.unjudged.contains("Export"), "{actions:#?}");
}

#[test]
fn on_the_whole_sample_nothing_is_missing() {
    let notices: Vec<&Block> = blocks(&RUSSIAN).filter(|block| matches!(block, Block::Notice(_))).collect();
    assert!(notices.is_empty(), "{notices:#?}");
    let charts = blocks(&RUSSIAN).filter(|block| matches!(block, Block::Chart(_))).count();
    assert!(charts >= 11, "only {charts} charts");
}

/// The verdict of the finding with that title.
fn verdict(findings: &[&Finding], title: &str) -> Option<Verdict> {
    findings.iter().find(|finding| finding.title == title).map(|finding| finding.verdict)
}

#[test]
fn what_was_planted_is_found_and_the_equal_are_not_told_apart() {
    let findings = findings(&RUSSIAN);
    let alarm = |finding: &&&Finding| matches!(finding.verdict, Verdict::Red | Verdict::Yellow);
    let alarms: Vec<&str> = findings.iter().filter(alarm).map(|finding| finding.title.as_str()).collect();
    for (target, planted) in [
        ("Годные лиды подрядчика", "Вектор Лид"),
        ("Конверсия лидов подрядчика в продажу", "Вектор Лид"),
        ("Пришли за ценой", "Купонаторы"),
        ("Ответили в срок", "Юг"),
        ("ROMI кампании", "Щиты"),
    ] {
        assert_eq!(verdict(&findings, &format!("{target}: {planted}")), Some(Verdict::Red), "{planted}: {target}");
    }
    // its leads are good and answered late, which the longer period below proves; half a year of 58 leads does not prove
    // that they are bought more rarely than the target asks, and open deals are no longer taken for lost
    assert_eq!(verdict(&findings, "Конверсия лидов подрядчика в продажу: Студия Полёт"), None);
    assert_eq!(verdict(&findings, "Сделки, дождавшиеся акции"), Some(Verdict::Red));
    for equal in ["Маяк Медиа", "Орбита Реклама", "Москва", "Север", "Урал"] {
        assert!(!alarms.iter().any(|title| title.contains(equal)), "{equal} is in {alarms:#?}");
    }
    let order: Vec<Verdict> = findings.iter().map(|finding| finding.verdict).collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|verdict| {
        [Verdict::Red, Verdict::Yellow, Verdict::Unknown, Verdict::Green].iter().position(|v| v == verdict)
    });
    assert_eq!(order, sorted, "not worst first");
    assert!(findings.iter().filter(alarm).all(|finding| !finding.advice.is_empty()));
}

/// A quarter of this small company holds too few leads of one contractor for a verdict: a report may ask for more. That one
/// contractor's returns diminish (0.43 by 203 leads, planted 0.4) its two years do not prove: a larger company does, see
/// `truth.rs`.
#[test]
fn over_a_longer_period_late_answers_are_found_and_what_chance_may_explain_is_not() {
    let text = "title = 'T'\n[[section]]\nid = 's'\ntitle = 'S'\n[[section.findings]]\nperiod = 'all'\n\
        metrics = ['response', 'spend_elasticity']\n";
    let definition = Definition::parse("mine.toml", text, &WHOLE.catalog).unwrap();
    let document = WHOLE.report(&definition, Lang::Ru).unwrap();
    let findings = findings(&document);
    let late = "Ответили в срок на лиды подрядчика";
    let planted = format!("{late}: Студия Полёт");
    assert_eq!(verdict(&findings, &planted), Some(Verdict::Red), "{planted} is not in {findings:#?}");
    let returns =
        findings.iter().find(|f| f.title.starts_with("Отдача от роста бюджета") && f.verdict == Verdict::Unknown);
    let told = returns.is_some_and(|f| f.value.contains("не доказано") && f.value.contains("Норд Диджитал — 0,43"));
    assert!(told, "{findings:#?}");
    // no other contractor is answered late, nobody's returns are shown to diminish
    let bad = |finding: &&&Finding| matches!(finding.verdict, Verdict::Red | Verdict::Yellow);
    let by_contractor = [late, "Отдача от роста бюджета"];
    let named = findings.iter().filter(bad).filter(|f| by_contractor.iter().any(|target| f.title.starts_with(target)));
    assert_eq!(named.count(), 1, "{findings:#?}");
}

#[test]
fn from_the_planted_touch_on_harm_is_likelier_than_a_win() {
    let chart = blocks(&RUSSIAN).find_map(|block| match block {
        Block::Chart(chart) if chart.source.starts_with("touch_hazard") => Some(chart),
        _ => None,
    });
    let Some(Plot::Lines(lines)) = chart.map(|chart| &chart.plot) else { panic!("no chart of touches") };
    let series = &lines.series;
    let [(_, win), (_, harm)] = &series.lines[..] else { panic!("two lines: {series:#?}") };
    let harm_is_likelier = |touch: &usize| harm[*touch].zip(win[*touch]).is_some_and(|(harm, win)| harm > win);
    let crossed = (0..win.len()).find(harm_is_likelier);
    assert_eq!(crossed.map(|touch| series.labels[touch].as_str()), Some("6"), "{series:#?}");
}

#[test]
fn revenue_is_split_in_the_order_of_weeks() {
    let chart = blocks(&RUSSIAN).find_map(|block| match block {
        Block::Chart(chart) if chart.id == "revenue-split" => Some(chart),
        _ => None,
    });
    let Some(Plot::Stacked(stacked)) = chart.map(|chart| &chart.plot) else { panic!("no split of revenue") };
    let series = &stacked.0;
    assert_eq!(
        (series.labels.len(), series.labels[0].as_str(), series.labels[25].as_str()),
        (26, "2024-12-30", "2025-06-23")
    );
    assert_eq!(series.lines.len(), 5);
}

#[test]
fn codes_are_shown_by_their_titles_in_both_languages() {
    for (document, stage, kind) in
        [(&*RUSSIAN, "Переговоры", "только по акциям"), (&*ENGLISH, "Negotiation", "on promotions only")]
    {
        let texts: Vec<&str> = blocks(document)
            .filter_map(|block| if let Block::Table(table) = block { Some(&table.rows) } else { None })
            .flatten()
            .flatten()
            .filter_map(|cell| if let Cell::Text(text) = cell { Some(text.as_str()) } else { None })
            .collect();
        assert!(texts.contains(&stage) && texts.contains(&kind), "{texts:?}");
        assert!(!texts.contains(&"negotiation") && !texts.contains(&"promo_only"), "{texts:?}");
    }
}

#[test]
fn deals_alone_still_make_a_report_worth_reading() {
    let company = Company::with(&["deals.csv"], as_of());
    let document = company.weekly(Lang::Ru);
    let charts: Vec<&str> = blocks(&document)
        .filter_map(|block| if let Block::Chart(chart) = block { Some(chart.id.as_str()) } else { None })
        .collect();
    for id in ["revenue-split", "funnel-stages", "conversion-by-week", "contractors", "promo-share"] {
        assert!(charts.contains(&id), "no {id} in {charts:?}");
    }
    assert!(findings(&document).iter().any(|finding| finding.title.contains("Вектор Лид")));
    // a section that cannot be computed at all is one line, and the end lists what is missing
    let pressure = document.sections.iter().find(|section| section.id == "pressure").unwrap();
    assert!(matches!(&pressure.blocks[..], [Block::Notice(_)]), "{pressure:#?}");
    let data = document.sections.last().unwrap();
    let last = format!("{:?}", data.blocks);
    for missing in ["spend.cost", "journeys.response_at", "journeys.touch_at"] {
        assert!(last.contains(missing), "{missing} is not in {last}");
    }
}

#[test]
fn a_question_too_large_for_the_memory_is_told_and_the_others_are_answered() {
    let definition = |metric: &str| {
        format!(
            "[[section.table]]\nid = \"{}\"\ntitle = \"{metric}\"\nmetric = \"{metric}\"\nperiod = \"52w\"\n",
            metric.replace('_', "-")
        )
    };
    let text = format!(
        "title = \"T\"\n[[section]]\nid = \"s\"\ntitle = \"S\"\n{}{}[[section.missing]]\n",
        definition("adherence"),
        definition("loaded")
    );
    let definition = Definition::parse("small.toml", &text, &WHOLE.catalog).unwrap_or_else(|p| panic!("{p}"));
    let document = WHOLE.runtime.block_on(async {
        let (snapshot, regulation) = (WHOLE.session.snapshot(), WHOLE.session.regulation());
        // each part that runs at once gets a share of the memory: a machine of more cores would answer less
        let resources = Resources { memory: Some(2 << 20), partitions: NonZeroUsize::new(2), ..Resources::default() };
        let session = Session::open_with(snapshot, regulation, as_of(), resources).await.unwrap();
        build(&session, &WHOLE.catalog, &definition, as_of(), Lang::En, &()).await.unwrap_or_else(|e| panic!("{e}"))
    });
    let said = format!("{:?}", document.sections[0].blocks);
    assert!(said.contains("«adherence»: not computed, too little memory for adherence — give queries more"), "{said}");
    assert!(
        said.contains("Memory for adherence") && said.contains("Give queries more, such as --memory 6GiB"),
        "{said}"
    );
    assert!(blocks(&document).any(|block| matches!(block, Block::Table(table) if table.id == "loaded")), "{said}");
}

#[test]
fn an_empty_store_makes_a_report_that_says_so() {
    let document = Company::with(&[], as_of()).weekly(Lang::En);
    assert!(findings(&document).is_empty());
    assert!(
        document.sections.iter().all(|section| section.blocks.iter().any(|block| matches!(block, Block::Notice(_))))
    );
}

#[test]
fn a_report_on_a_week_after_the_data_says_where_they_end() {
    let later = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    let document = Company::with(&["deals.csv"], later).weekly(Lang::En);
    let Some(Block::Notice(text)) = document.sections[0].blocks.first() else { panic!("no notice") };
    assert!(text.contains("as of 30\u{a0}Jun\u{a0}2025"), "{text}");
}

#[test]
fn a_limit_says_how_many_rows_it_left() {
    let text = "title = 'T'\n[[section]]\nid = 's'\ntitle = 'S'\n[[section.table]]\nid = 't'\ntitle = 'Managers'\n\
        metric = 'lead_quality'\nby = ['manager']\nperiod = '26w'\ncolumns = ['leads']\nsort = 'leads desc'\nlimit = 3\n";
    let definition = Definition::parse("mine.toml", text, &WHOLE.catalog).unwrap();
    let document = WHOLE.report(&definition, Lang::En).unwrap();
    let [Block::Table(table)] = &document.sections[0].blocks[..] else { panic!("no table") };
    assert_eq!(table.rows.len(), 3);
    assert!(table.title.starts_with("Managers (showing 3 of "), "{}", table.title);
}

#[test]
#[ignore = "writes the report to a folder that stays, to be looked at"]
fn look() {
    let out = std::env::temp_dir().join("voronka-look");
    for (lang, name) in [(Lang::Ru, "ru"), (Lang::En, "en")] {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let document = WHOLE.weekly(lang);
        std::fs::write(dir.join("document.txt"), format!("{document:#?}")).unwrap();
        render(&document, &dir, &[Format::Html, Format::Csv, Format::Svg, Format::Png]).unwrap();
    }
    let dir = out.join("deals");
    std::fs::create_dir_all(&dir).unwrap();
    let document = Company::with(&["deals.csv"], as_of()).weekly(Lang::Ru);
    std::fs::write(dir.join("document.txt"), format!("{document:#?}")).unwrap();
    render(&document, &dir, &[Format::Html]).unwrap();
}
