//! The cluster that a reading command computes on.

use std::num::NonZeroUsize;

use anyhow::Result;

#[cfg(not(feature = "cluster"))]
use super::said::said;
#[cfg(feature = "cluster")]
use super::screen::tell;
use crate::model::lang::Lang;
use crate::session::Session;

/// The session, whose questions this cluster computes.
#[cfg(feature = "cluster")]
pub async fn computed(session: Session, address: &str, parts: Option<NonZeroUsize>, lang: Lang) -> Result<Session> {
    let told = move |text: &crate::model::lang::Text| tell(text.get(lang));
    let cluster = crate::cluster::Cluster::connect(address, parts.map(NonZeroUsize::get), told).await?;
    Ok(session.computed(std::sync::Arc::new(cluster)))
}

#[cfg(not(feature = "cluster"))]
pub async fn computed(_: Session, _: &str, _: Option<NonZeroUsize>, _: Lang) -> Result<Session> {
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
