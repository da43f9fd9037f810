//! The ingest up to where rows go to the store, and what must hold of it whatever it reads.

#[path = "../../src/ingest/alike.rs"]
mod alike;
#[path = "../../src/ingest/amounts.rs"]
mod amounts;
#[path = "../../src/ingest/choose.rs"]
mod choose;
#[path = "../../src/ingest/counted.rs"]
mod counted;
#[path = "../../src/ingest/dates.rs"]
mod dates;
#[path = "../../src/ingest/draft/mod.rs"]
mod draft;
#[path = "../../src/ingest/durations.rs"]
mod durations;
#[path = "../../src/ingest/error.rs"]
mod error;
#[path = "../../src/ingest/export/mod.rs"]
mod export;
#[path = "../../src/ingest/files/mod.rs"]
mod files;
/// Once more, to be looked into: `export` shows it to nobody.
#[path = "../../src/ingest/export/header.rs"]
mod header;
#[path = "../../src/ingest/layout.rs"]
mod layout;
#[path = "../../src/ingest/mapping/mod.rs"]
mod mapping;
#[path = "../../src/ingest/mended.rs"]
mod mended;
#[path = "../../src/ingest/numbers.rs"]
mod numbers;
#[path = "../../src/ingest/personal.rs"]
mod personal;
#[path = "../../src/ingest/records/mod.rs"]
mod records;

pub mod readers;
pub mod values;

use error::IngestError;
use mapping::Mapping;
