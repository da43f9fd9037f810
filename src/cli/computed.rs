//! The cluster that a reading command computes on.

#[cfg(feature = "cluster")]
use std::num::NonZeroUsize;

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::args::Reading;
#[cfg(not(feature = "cluster"))]
use super::said::said;
#[cfg(feature = "cluster")]
use super::screen::tell;
use crate::model::lang::Lang;
use crate::session::Session;

/// The session, whose questions this cluster computes.
#[cfg(feature = "cluster")]
pub async fn computed(
    session: Session,
    address: &str,
    reading: &Reading,
    now: DateTime<Utc>,
    lang: Lang,
) -> Result<Session> {
    let told = move |text: &crate::model::lang::Text| tell(text.get(lang));
    let (parts, tls) = (reading.parts.map(NonZeroUsize::get), certificates(reading.cluster_tls.as_deref(), now)?);
    let cluster = crate::cluster::Cluster::connect(address, parts, tls, told).await?;
    Ok(session.computed(std::sync::Arc::new(cluster)))
}

/// The certificates in a folder, if one is named.
#[cfg(feature = "cluster")]
pub fn certificates(folder: Option<&std::path::Path>, now: DateTime<Utc>) -> Result<Option<crate::cluster::Tls>> {
    Ok(folder.map(|folder| crate::cluster::Tls::read(folder, now)).transpose()?)
}

#[cfg(not(feature = "cluster"))]
pub async fn computed(_: Session, _: &str, _: &Reading, _: DateTime<Utc>, _: Lang) -> Result<Session> {
    Err(lacking())
}

/// What a build without the feature says.
#[cfg(not(feature = "cluster"))]
pub fn lacking() -> anyhow::Error {
    said!(
        "эта Voronka собрана без кластера\n    соберите её так: cargo install --features cluster",
        "this Voronka was built without clusters\n    build it so: cargo install --features cluster"
    )
}
