//! A store in a bucket of an object store: `--store s3://bucket/path`.
//!
//! Each process sees it through a *view*: a folder of its own, in the user's cache, that holds the marker, the logs and the record
//! of ingests as they are in the bucket, so that all code of a store in a folder reads it as it is. Data files are fetched when
//! they are first read. An ingest commits within its view, and [`View::push`] repeats that in the bucket, in an order in which
//! every step may be the last one. Why, and what holds if several write: `docs/decisions/object-store.md`.

mod address;
#[cfg(feature = "cluster")]
mod beneath;
mod cache;
mod client;
mod fault;
mod fetch;
mod objects;
mod pull;
mod push;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub(super) use self::address::Address;
pub(crate) use self::address::is_remote;
#[cfg(feature = "cluster")]
pub(crate) use self::beneath::Beneath;
pub(super) use self::client::Put;
pub(crate) use self::objects::Objects;
pub(super) use self::view::{View, Writing};
pub(super) use self::write::marker;
