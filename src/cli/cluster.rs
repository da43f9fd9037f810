//! `voronka cluster`: the nodes of a cluster.

#[cfg(feature = "cluster")]
use std::num::NonZeroUsize;

use anyhow::Result;

use super::args::Place;
#[cfg(feature = "cluster")]
use super::computed::certificates;
#[cfg(not(feature = "cluster"))]
use super::computed::lacking;
use super::node::Node;
#[cfg(feature = "cluster")]
use super::node::{Executor, Scheduler};
use super::open;
#[cfg(feature = "cluster")]
use super::open::now;
use super::outcome::Outcome;
#[cfg(feature = "cluster")]
use super::screen::tell;
#[cfg(feature = "cluster")]
use crate::model::lang::both;

#[cfg(feature = "cluster")]
pub async fn run(node: Node, place: &Place) -> Result<Outcome> {
    let lang = open::lang(node.speaks().lang, place);
    match node {
        Node::Scheduler(Scheduler { listen, open, .. }) => {
            let (tls, is_plaintext_fine) = (certificates(open.tls.as_deref(), now())?, open.insecure_plaintext);
            let scheduler = crate::cluster::Scheduler { listen, tls, is_plaintext_fine };
            tell(both!("планировщик: {listen}", "the scheduler listens on {listen}").get(lang));
            scheduler.run().await?;
        }
        Node::Executor(Executor { scheduler, listen, advertise, data, work, tasks, memory, open, .. }) => {
            let told = both!(
                "исполнитель: {listen}, планировщик {scheduler}",
                "the executor listens on {listen}, for {scheduler}"
            );
            let (tls, is_plaintext_fine) = (certificates(open.tls.as_deref(), now())?, open.insecure_plaintext);
            let tasks = tasks.map(NonZeroUsize::get);
            tell(told.get(lang));
            let executor = crate::cluster::Executor {
                scheduler,
                listen,
                advertise,
                data,
                work,
                tasks,
                memory,
                tls,
                is_plaintext_fine,
            };
            executor.run().await?;
        }
    }
    Ok(Outcome::Fine)
}

#[cfg(not(feature = "cluster"))]
pub async fn run(node: Node, place: &Place) -> Result<Outcome> {
    let _ = (open::lang(node.speaks().lang, place), node);
    Err(lacking())
}
