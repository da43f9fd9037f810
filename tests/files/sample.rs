//! The sample company, asked for all that ships. `golden::report::<name>`: each report, in Russian, the language of its regulation.
//! `workbook::<name>`: its workbook says what it says. `print::<name>::<language>`: its pages hold together. `answer::<metric>`: each metric has rows.
//! `held::<metric>`: it answers the same from deals that are cut once, from views that are held, and where memory is short.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::csv::WriterBuilder;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate};
use tokio::runtime::{Builder, Runtime};
use voronka::export::Mapping;
use voronka::ingest::{IngestOptions, ingest};
use voronka::metrics::{Ask, Catalog, Picked};
use voronka::model::lang::Lang;
use voronka::regulation::Regulation;
use voronka::report::build;
use voronka::report::definition::{names, shipped};
use voronka::report::document::Document;
use voronka::session::{Resources, Session};
use voronka::store::Store;

use crate::STACK;
use crate::case::Case;
use crate::golden::listing;
#[cfg(feature = "pdf")]
use crate::print;
use crate::support::checkout;
use crate::support::lists::lists_fit;
use crate::workbook;

/// Metrics that have no rows on the sample: nothing in it contradicts itself, every win of it has a date, and its plan is of revenue alone.
const EMPTY: [&str; 3] = ["contradictions", "plan_counts", "wins_without_date"];

/// Lists that a plain query gives as well: metric, column, key, query over all time.
const SAME: [(&str, &str, &str, &str); 8] = [
    ("lead_quality", "lost", "deal_id", "SELECT deal_id FROM scope WHERE status = 'lost'"),
    ("revenue_weekly", "won", "deal_id", "SELECT deal_id FROM scope WHERE won_at IS NOT NULL"),
    ("response", "answered", "deal_id", "SELECT deal_id FROM scope WHERE response_at IS NOT NULL"),
    (
        "adherence",
        "breaches_least",
        "deal_id",
        "SELECT deal_id FROM (SELECT rule, deal_id, kept, at FROM scope_checks) AS checks WHERE NOT kept",
    ),
    (
        "contact_rules",
        "broken",
        "client_id",
        "SELECT client_id FROM scope_checks WHERE NOT kept AND rule IN ('out_of_hours', 'after_refusal', 'after_opt_out')",
    ),
    ("client_coverage", "forbidden", "client_id", "SELECT client_id FROM scope_coverage WHERE is_forbidden"),
    (
        "client_flow",
        "new",
        "client_id",
        "SELECT DISTINCT client_id FROM scope WHERE won_at IS NOT NULL AND client_id <> ''",
    ),
    ("refunds", "refunds", "event_id", "SELECT event_id FROM scope_events WHERE kind = 'refund'"),
];

/// The sample company, ingested once.
pub struct Sample {
    runtime: Runtime,
    session: Session,
    catalog: Catalog,
    /// Each shipped report, made once for all tests of it.
    documents: BTreeMap<&'static str, OnceLock<Result<Document, String>>>,
    _store: tempfile::TempDir,
}

/// One for all tests. The store is removed when the last of them is done, which that of a static would not be.
pub type Shared = Arc<LazyLock<Sample>>;

/// The sample company, not ingested yet.
pub fn shared() -> Shared {
    Arc::new(LazyLock::new(Sample::ingested as fn() -> Sample))
}

/// A test for each shipped report.
pub fn reports(sample: &Shared) -> Vec<Case> {
    let test = |name: &'static str| {
        let sample = Arc::clone(sample);
        Case::golden(format!("golden::report::{name}"), format!("tests/golden/report/{name}.ru.txt"), move || {
            Ok(listing(&sample.document(name)?))
        })
    };
    names().into_iter().map(test).collect()
}

/// A test of the workbook of each shipped report.
pub fn workbooks(sample: &Shared) -> Vec<Case> {
    let test = |name: &'static str| {
        let sample = Arc::clone(sample);
        Case::new(format!("workbook::{name}"), move || workbook::says_what_the_report_says(&sample.document(name)?))
    };
    names().into_iter().map(test).collect()
}

/// A test of the pages of each shipped report, in both languages.
#[cfg(feature = "pdf")]
pub fn prints(sample: &Shared) -> Vec<Case> {
    let test = |name: &'static str, lang| {
        let sample = Arc::clone(sample);
        Case::new(format!("print::{name}::{lang:?}").to_lowercase(), move || match lang {
            Lang::Ru => print::holds_together(&sample.document(name)?),
            Lang::En => print::holds_together(&sample.report(name, lang)?),
        })
    };
    names().into_iter().flat_map(|name| [Lang::Ru, Lang::En].map(|lang| test(name, lang))).collect()
}

/// A test for each shipped metric.
pub fn answers(sample: &Shared) -> Vec<Case> {
    let test = |name: &str| {
        let (sample, metric) = (Arc::clone(sample), name.to_owned());
        Case::new(format!("answer::{name}"), move || sample.answers(&metric))
    };
    Catalog::shipped().names().map(test).collect()
}

/// A test for each shipped metric: the answers of a session that holds the deals cut once are those of one that does not.
pub fn held(sample: &Shared) -> Vec<Case> {
    let test = |name: &str| {
        let (sample, metric) = (Arc::clone(sample), name.to_owned());
        Case::new(format!("held::{name}"), move || sample.answers_alike(&metric))
    };
    Catalog::shipped().names().map(test).collect()
}

/// A test for each shipped metric: a list for each of its figures, as long as the figure; and which columns have none, and why.
pub fn lists(sample: &Shared) -> Vec<Case> {
    let test = |name: &str| {
        let (sample, metric) = (Arc::clone(sample), name.to_owned());
        Case::new(format!("rows::{name}"), move || sample.lists(&metric))
    };
    let mut cases: Vec<Case> = Catalog::shipped().names().map(test).collect();
    for (metric, column, key, sql) in SAME {
        let sample = Arc::clone(sample);
        let same = move || sample.lists_same(metric, column, key, sql);
        cases.push(Case::new(format!("rows::{metric}::{column}"), same));
    }
    let sample = Arc::clone(sample);
    cases.push(Case::golden("rows::not_listed", "tests/golden/not_listed.txt", move || sample.not_listed()));
    cases
}

impl Sample {
    fn ingested() -> Sample {
        let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build().unwrap();
        let store = tempfile::tempdir().unwrap();
        let text = |file: &str| std::fs::read_to_string(checkout("sample_data").join(file)).unwrap();
        let regulation =
            Regulation::parse("regulation.toml", &text("regulation.toml")).unwrap_or_else(|p| panic!("{p}"));
        let mapping = Mapping::parse("mapping.toml", &text("mapping.toml")).unwrap_or_else(|p| panic!("{p}"));
        let as_of = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        let session = runtime.block_on(async {
            let store = Store::open_or_create(store.path()).await.unwrap();
            let at = DateTime::from_timestamp(1_751_241_600, 0).unwrap();
            let exports = exports(&checkout("sample_data"));
            ingest(&store, &mapping, &exports, IngestOptions::at(at)).await.unwrap_or_else(|e| panic!("{e}"));
            Session::open(&store.snapshot(None).await.unwrap(), &regulation, as_of, None).await.unwrap()
        });
        let documents = names().into_iter().map(|name| (name, OnceLock::new())).collect();
        Sample { runtime, session, catalog: Catalog::shipped(), documents, _store: store }
    }

    fn document(&self, name: &str) -> Result<Document, String> {
        self.documents[name].get_or_init(|| self.report(name, Lang::Ru)).clone()
    }

    /// The report; one that is made for one person, for the one of most deals.
    fn report(&self, name: &str, lang: Lang) -> Result<Document, String> {
        let definition = shipped(name, &self.catalog).map_err(|problems| problems.to_string())?;
        self.runtime.block_on(async {
            let mut held: Vec<(String, String)> = definition.only().to_vec();
            if let Some(dimension) = definition.person() {
                let people = self.session.values(dimension).await.map_err(|e| e.to_string())?;
                let person = people.first().ok_or_else(|| format!("the sample has no {dimension}"))?;
                held.push((dimension.to_owned(), person.clone()));
            }
            let as_of = self.session.as_of();
            let mut session = self.session.at(as_of).await.map_err(|e| e.to_string())?;
            for (dimension, value) in held {
                session = session.only(&dimension, &value).await.map_err(|e| e.to_string())?;
            }
            build(&session, &self.catalog, &definition, as_of, lang, &()).await.map_err(|e| e.to_string())
        })
    }

    /// The metric over the whole history has rows, but where the sample has nothing to say; and they can be written as CSV.
    fn answers(&self, name: &str) -> Result<(), String> {
        let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
        let (from, as_of) = (DateTime::UNIX_EPOCH.date_naive(), self.session.as_of());
        let ask = Ask { from, to: as_of, as_of, by: Vec::new() };
        match self.runtime.block_on(metric.run(&self.session, &ask)) {
            Ok(result) if EMPTY.contains(&name) != (result.batch.num_rows() == 0) => {
                Err(format!("has {} rows", result.batch.num_rows()))
            }
            // as `voronka query --format csv` writes it, which takes no lists
            Ok(result) => WriterBuilder::new().build(io::sink()).write(&result.batch).map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The metric, split and not, as of two days, of all deals and of one branch: the same from rows that are cut once and held, and with joins
    /// that sort and what is kept on the disk.
    fn answers_alike(&self, name: &str) -> Result<(), String> {
        let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
        let splits: Vec<Vec<String>> =
            std::iter::once(Vec::new()).chain(metric.dimensions.iter().map(|by| vec![by.clone()]).take(4)).collect();
        let days = [self.session.as_of(), NaiveDate::from_ymd_opt(2025, 2, 3).unwrap()];
        let of = |error: &dyn std::error::Error| error.to_string();
        self.runtime.block_on(async {
            let branch = self.session.values("branch").await.map_err(|e| of(&e))?.swap_remove(0);
            let (snapshot, regulation) = (self.session.snapshot(), self.session.regulation());
            let tight = Resources { is_tight: true, ..Resources::default() };
            let tight = Session::open_with(snapshot, regulation, days[0], tight).await.map_err(|e| of(&e))?;
            for day in days {
                let plain = self.session.at(day).await.map_err(|e| of(&e))?;
                let many = plain.for_many_questions(true).await.map_err(|e| of(&e))?;
                let one = async |session: Session| session.only("branch", &branch).await.map_err(|e| of(&e));
                let held = one(many.at(day).await.map_err(|e| of(&e))?).await?;
                let not_held = one(plain.at(day).await.map_err(|e| of(&e))?).await?;
                let tight = tight.at(day).await.map_err(|e| of(&e))?;
                let in_turn = plain.for_questions_in_turn().await.map_err(|e| of(&e))?;
                let from = day - chrono::Days::new(365);
                let ask = |by: &[String]| Ask { from, to: day, as_of: day, by: by.to_vec() };
                // the first question is answered from the journeys, the others from what is held
                let _ = metric.run(&many, &ask(&[])).await;
                for by in &splits {
                    for (many, plain) in [(&many, &plain), (&held, &not_held), (&in_turn, &plain), (&tight, &plain)] {
                        let told = async |session: &Session| match metric.run(session, &ask(by)).await {
                            Ok(result) => Ok(result.batch),
                            Err(error) => Err(error.to_string()),
                        };
                        let (many, plain) = (told(many).await, told(plain).await);
                        if many != plain {
                            return Err(format!("as of {day}, by {by:?}:\n{many:?}\n{plain:?}"));
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// Every figure of the metric is as long as its list: not split, and split by what most metrics can be split by.
    fn lists(&self, name: &str) -> Result<(), String> {
        let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
        let from = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
        self.runtime.block_on(lists_fit(metric, &self.session, from)).map(|_| ())
    }

    /// The list of a column has the keys that a query gives.
    fn lists_same(&self, metric: &str, column: &str, key: &str, sql: &str) -> Result<(), String> {
        let metric = self.catalog.get(metric).map_err(|e| e.to_string())?;
        let (from, as_of) = (DateTime::UNIX_EPOCH.date_naive(), self.session.as_of());
        let ask = Ask { from, to: as_of, as_of, by: Vec::new() };
        let picked = Picked { column: Some(column.to_owned()), ..Picked::default() };
        let keys = |batches: &[RecordBatch], column: &str| {
            let mut keys = Vec::new();
            for batch in batches {
                let column = cast(batch.column_by_name(column).unwrap(), &DataType::Utf8).unwrap();
                keys.extend(column.as_string::<i32>().iter().map(|key| key.unwrap_or_default().to_owned()));
            }
            keys.sort();
            keys
        };
        self.runtime.block_on(async {
            let list = metric.rows(&self.session, &ask, &picked).await.map_err(|e| e.to_string())?;
            let asked = self.session.sql(sql).await.map_err(|e| e.to_string())?;
            let asked = keys(&asked.collect().await.map_err(|e| e.to_string())?, key);
            let listed = keys(&[list.batch], key);
            match listed == asked && !listed.is_empty() {
                true => Ok(()),
                false => {
                    Err(format!("the list has {} rows, the query {}: {listed:?} {asked:?}", listed.len(), asked.len()))
                }
            }
        })
    }

    /// The columns that count and cannot be listed, and why.
    fn not_listed(&self) -> Result<String, String> {
        let mut told = String::new();
        for name in self.catalog.names() {
            let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
            for (column, listed) in self.runtime.block_on(metric.listable(&self.session)).map_err(|e| e.to_string())? {
                if let Err(why) = listed {
                    told += &format!("{name}.{}: {}\n", column.name, why.en);
                }
            }
        }
        Ok(told)
    }
}

/// The exports of a folder.
fn exports(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut exports: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "csv")).collect();
    exports.sort();
    exports
}
