//! A company: its store, its regulation, its own metrics and reports, as they lie in one folder. What a program needs that
//! uses Voronka as a library, and what the command line is made of.
//!
//! ```no_run
//! use std::path::PathBuf;
//! use voronka::company::{Company, CompanyError};
//!
//! # async fn example() -> Result<(), CompanyError> {
//! let company = Company::open("my-company")?;
//! let now = chrono::DateTime::UNIX_EPOCH; // the caller's clock
//! let summary = company.ingest(&[PathBuf::from("my-company/exports/deals.csv")], now).await?;
//! eprintln!("{}", summary.text(company.regulation()?.lang()));
//!
//! let as_of = chrono::NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default();
//! let funnel = company.query("funnel", as_of, &["source"]).await?;
//! assert!(funnel.batch.num_columns() > 1);
//! let weekly = company.report("weekly", as_of).await?;
//! println!("{}: {} sections", weekly.title, weekly.sections.len());
//! # Ok(())
//! # }
//! ```
//!
//! Leaves to others: arguments, the terminal and the clock (cli).

mod absent;
mod error;
mod file;
mod held;
mod in_force;

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

pub use self::absent::Absent;
pub use self::error::CompanyError;
pub use self::file::read;
pub(crate) use self::held::held;
use crate::export::Mapping;
use crate::ingest::{IngestOptions, Summary, ingest};
use crate::metrics::{Ask, Catalog, Listed, MetricResult, Picked};
use crate::model::lang::Lang;
use crate::regulation::Regulation;
use crate::report::build;
use crate::report::definition::{Definition, shipped};
use crate::report::document::Document;
use crate::session::Session;
use crate::store::{IngestRecord, Snapshot, Store, currencies, is_remote};

/// The file of the regulation, in the company's folder.
const REGULATION: &str = "regulation.toml";
/// The file of the mapping, in the company's folder.
const MAPPING: &str = "mapping.toml";
/// The folder of the store, in the company's folder.
const STORE: &str = "store";

/// Where the parts of a company lie. Nothing is read before it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    store: PathBuf,
    /// The regulation that the caller named.
    named: Option<PathBuf>,
    /// Where a regulation is looked for otherwise, in this order.
    nearby: Vec<PathBuf>,
}

/// How a store is opened to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening {
    /// The ingest as of which it is seen. `None` for the newest.
    pub version: Option<u64>,
    /// Bytes of memory for sorting, grouping and joining, before they spill to the disk. `None` for no limit.
    pub memory: Option<usize>,
    /// Whether answers are kept in a folder beside the store, and looked for there first.
    pub answers: bool,
}

impl Company {
    /// The company of a folder as `voronka init` makes it: `store`, `regulation.toml`, `mapping.toml`, `queries`, `reports`.
    ///
    /// # Errors
    /// The folder is none.
    pub fn open(folder: impl AsRef<Path>) -> Result<Company, CompanyError> {
        let folder = folder.as_ref();
        match folder.is_dir() {
            true => Ok(Company { store: folder.join(STORE), named: None, nearby: vec![folder.join(REGULATION)] }),
            false => Err(CompanyError::NoFolder { folder: folder.to_owned() }),
        }
    }

    /// The company of a store. Without a named regulation, `regulation.toml` of the working folder is taken, or else the one
    /// beside the store.
    pub fn of_store(store: &Path, regulation: Option<&Path>) -> Company {
        let nearby = vec![PathBuf::from(REGULATION), beside(store, REGULATION)];
        Company { store: store.to_owned(), named: regulation.map(Path::to_owned), nearby }
    }

    /// The folder of the store, or its address in a bucket.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// A file or folder of that name beside the store.
    pub fn beside(&self, name: &str) -> PathBuf {
        beside(&self.store, name)
    }

    /// The regulation as the file states it now.
    ///
    /// # Errors
    /// There is none, or it cannot be read, or it has problems.
    pub fn regulation(&self) -> Result<Regulation, CompanyError> {
        self.regulation_if_any()?.ok_or_else(|| CompanyError::NoRegulation { store: self.store.clone() })
    }

    /// As [`Company::regulation`]; `None` if no file was named and none lies nearby.
    ///
    /// # Errors
    /// A named file does not exist; a file cannot be read, or has problems.
    pub fn regulation_if_any(&self) -> Result<Option<Regulation>, CompanyError> {
        let nearby = || self.nearby.iter().find(|file| file.is_file());
        let Some(file) = self.named.as_ref().or_else(nearby) else { return Ok(None) };
        Ok(Some(Regulation::parse(&file.display().to_string(), &read(file)?)?))
    }

    /// The language that the regulation's file states, whatever else is wrong with it.
    pub fn regulation_language(&self) -> Option<Lang> {
        let nearby = || self.nearby.iter().find(|file| file.is_file());
        let text = read(self.named.as_ref().or_else(nearby)?).ok()?;
        let values =
            text.lines().filter_map(|line| line.trim_start().strip_prefix("language")?.trim_start().strip_prefix('='));
        let mut stated = values.filter_map(|value| match value.trim_start().get(..4) {
            Some("\"ru\"") => Some(Lang::Ru),
            Some("\"en\"") => Some(Lang::En),
            _ => None,
        });
        stated.next()
    }

    /// The shipped metrics, and the company's own in `queries/`, which take the place of shipped ones of the same name.
    ///
    /// # Errors
    /// A metric has problems.
    pub fn catalog(&self) -> Result<Catalog, CompanyError> {
        Ok(Catalog::load(self.own_metrics().as_deref())?)
    }

    /// The folder of the company's own metrics, where there is one.
    pub fn own_metrics(&self) -> Option<PathBuf> {
        Some(self.beside("queries")).filter(|folder| folder.is_dir())
    }

    /// A report definition: a file if the name ends in `.toml`, or else `reports/NAME.toml` of the company, or a shipped one.
    ///
    /// # Errors
    /// There is none of that name, or it has problems.
    pub fn definition(&self, name: &str, catalog: &Catalog) -> Result<Definition, CompanyError> {
        let own = self.beside("reports").join(format!("{name}.toml"));
        let file = if name.ends_with(".toml") { Path::new(name).to_owned() } else { own };
        if name.ends_with(".toml") || file.is_file() {
            return Ok(Definition::parse(&file.display().to_string(), &read(&file)?, catalog)?);
        }
        Ok(shipped(name, catalog)?)
    }

    /// The mapping of the company's folder, or the presets where there is none, in the regulation's time zone.
    ///
    /// # Errors
    /// The mapping or the regulation has problems; or there is neither, and nothing says the time zone.
    pub fn mapping(&self) -> Result<Mapping, CompanyError> {
        let file = self.beside(MAPPING);
        match file.is_file() {
            true => Ok(Mapping::parse(&file.display().to_string(), &read(&file)?)?),
            false => Ok(Mapping::presets(self.regulation()?.calendar().zone)?),
        }
    }

    /// Loads exports into the store, all of them or nothing, and makes the store if there is none. `at` is when this happens.
    ///
    /// # Errors
    /// The mapping or the regulation has problems; an export cannot be read as the mapping states; the store cannot be written.
    pub async fn ingest(&self, exports: &[PathBuf], at: DateTime<Utc>) -> Result<Summary, CompanyError> {
        let (mapping, regulation) = (self.mapping()?, self.regulation_if_any()?);
        let store = Store::open_or_create(&self.store).await?;
        Ok(ingest(&store, &mapping, exports, IngestOptions::at(at).regulation(regulation.as_ref())).await?)
    }

    /// The newest state of the store as one saw it on a day: nothing that happened on or after it is seen, and the regulation
    /// that was in force on the day before judges it.
    ///
    /// # Errors
    /// There is no regulation or no store, or one of them has problems.
    pub async fn session(&self, as_of: NaiveDate) -> Result<Session, CompanyError> {
        self.session_of(&self.regulation()?, as_of, &Opening::default()).await
    }

    /// As [`Company::session`]: under this regulation, opened so.
    ///
    /// # Errors
    /// There is no store or no such version, or the store has problems.
    pub async fn session_of(
        &self,
        regulation: &Regulation,
        as_of: NaiveDate,
        opening: &Opening,
    ) -> Result<Session, CompanyError> {
        let store = Store::open(&self.store).await?;
        let snapshot = store.snapshot(opening.version).await?;
        session_over(&store, &snapshot, regulation, as_of, opening).await
    }

    /// As [`Company::session_of`], for figures in the regulation's currency.
    ///
    /// # Errors
    /// Also where an export of the store, up to that version, states another currency than the regulation.
    pub async fn session_in_currency(
        &self,
        regulation: &Regulation,
        as_of: NaiveDate,
        opening: &Opening,
    ) -> Result<Session, CompanyError> {
        let store = Store::open(&self.store).await?;
        let (snapshot, records) = store.snapshot_and_log(opening.version).await?;
        check_currency(&records, regulation)?;
        session_over(&store, &snapshot, regulation, as_of, opening).await
    }

    /// The regulation by which the days before a day are judged: today's, or an older one that the store kept.
    ///
    /// # Errors
    /// One that the store kept cannot be read.
    pub fn in_force(
        &self,
        today: &Regulation,
        snapshot: &Snapshot,
        as_of: NaiveDate,
    ) -> Result<Regulation, CompanyError> {
        in_force::in_force(today, snapshot, as_of)
    }

    /// The newest complete ingest, and what tells it from any other of that number; `None` if nothing does. Cheap: reads no data.
    ///
    /// # Errors
    /// There is no store.
    pub async fn newest(&self) -> Result<Option<(u64, String)>, CompanyError> {
        Ok(Store::newest(&self.store).await?)
    }

    /// The state that a session sees, for the same rows and with the same memory, as one saw it on another day. `today` is the regulation as
    /// its file states it now.
    ///
    /// # Errors
    /// A regulation that the store kept has problems.
    pub async fn session_beside(
        &self,
        session: &Session,
        today: &Regulation,
        as_of: NaiveDate,
    ) -> Result<Session, CompanyError> {
        let in_force = in_force::in_force(today, session.snapshot(), as_of)?;
        Ok(session.at_under(&in_force, as_of).await?)
    }

    /// One metric over the whole history before a day, split by dimensions.
    ///
    /// # Errors
    /// There is no such metric or dimension; the data that it needs are not in the store; the store cannot be read.
    pub async fn query(&self, metric: &str, as_of: NaiveDate, by: &[&str]) -> Result<MetricResult, CompanyError> {
        let (regulation, catalog) = (self.regulation()?, self.catalog()?);
        let metric = catalog.get(metric)?;
        let session = self.session_in_currency(&regulation, as_of, &Opening::default()).await?;
        let by = by.iter().map(|dimension| (*dimension).to_owned()).collect();
        let from = DateTime::UNIX_EPOCH.date_naive();
        Ok(metric.run(&session, &Ask { from, to: as_of, as_of, by }).await?)
    }

    /// What figures of a metric count, over the whole history before a day: deals, clients or events.
    ///
    /// # Errors
    /// As of [`Company::query`]; the column cannot be listed, or no figure was picked.
    pub async fn rows(
        &self,
        metric: &str,
        as_of: NaiveDate,
        by: &[&str],
        picked: &Picked,
    ) -> Result<Listed, CompanyError> {
        let (regulation, catalog) = (self.regulation()?, self.catalog()?);
        let metric = catalog.get(metric)?;
        let session = self.session_in_currency(&regulation, as_of, &Opening::default()).await?;
        let by = by.iter().map(|dimension| (*dimension).to_owned()).collect();
        let from = DateTime::UNIX_EPOCH.date_naive();
        Ok(metric.rows(&session, &Ask { from, to: as_of, as_of, by }, picked).await?)
    }

    /// A report as of a day, in its own language or else the regulation's. Of a report for one person it is the whole company's.
    ///
    /// # Errors
    /// There is no such report; the store cannot be read. What fails within the report is told in its place.
    pub async fn report(&self, name: &str, as_of: NaiveDate) -> Result<Document, CompanyError> {
        let (regulation, catalog) = (self.regulation()?, self.catalog()?);
        let definition = self.definition(name, &catalog)?;
        let mut session = self.session_in_currency(&regulation, as_of, &Opening::default()).await?;
        for (dimension, value) in definition.only() {
            session = session.only(dimension, value).await?;
        }
        let lang = definition.lang().unwrap_or(regulation.lang());
        Ok(build(&session, &catalog, &definition, as_of, lang, &()).await?)
    }
}

async fn session_over(
    store: &Store,
    snapshot: &Snapshot,
    regulation: &Regulation,
    as_of: NaiveDate,
    opening: &Opening,
) -> Result<Session, CompanyError> {
    let in_force = in_force::in_force(regulation, snapshot, as_of)?;
    let answers = opening.answers.then(|| store.answers(snapshot)).flatten();
    Ok(Session::open(snapshot, &in_force, as_of, opening.memory).await?.with_answers(answers))
}

/// Refuses to show amounts in a currency that they are not in: an export of these ingests states another one than the regulation.
fn check_currency(records: &[IngestRecord], regulation: &Regulation) -> Result<(), CompanyError> {
    let other = |(_, code, _): &(&str, Option<&str>, u64)| code.is_some_and(|code| code != regulation.currency());
    match currencies(records).find(other) {
        Some((place, Some(code), ingest)) => Err(CompanyError::Currency {
            place: place.to_owned(),
            ingest,
            code: code.to_owned(),
            stated: regulation.currency().to_owned(),
            lang: regulation.lang(),
        }),
        _ => Ok(()),
    }
}

/// A file or folder of that name in the folder that holds the store; for a store in a bucket, in the working folder.
fn beside(store: &Path, name: &str) -> PathBuf {
    if is_remote(store) {
        return PathBuf::from(name);
    }
    store.parent().unwrap_or_else(|| Path::new("")).join(name)
}
