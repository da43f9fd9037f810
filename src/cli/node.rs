//! The arguments of `voronka cluster` as typed.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

use super::speaks::Speaks;
use super::typed::bytes;

#[derive(Debug, Subcommand)]
pub enum Node {
    /// Cuts queries into tasks and gives them to executors. It reads no data.
    Scheduler(Scheduler),
    /// Runs tasks. It reads the stores within --data: folders under the same path on all nodes, or paths of buckets.
    Executor(Executor),
}

#[derive(Debug, Group)]
pub struct Scheduler {
    /// Where to listen.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:50050")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub open: Open,
    #[command(flatten)]
    pub speaks: Speaks,
}

#[derive(Debug, Group)]
pub struct Executor {
    /// The scheduler.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub scheduler: String,
    /// Where the other nodes, and whoever asks, fetch the rows that it computed. Tasks it fetches itself.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:50051")]
    pub listen: SocketAddr,
    /// The name or address under which the other nodes find this one [default: that of --listen].
    #[arg(long, value_name = "HOST")]
    pub advertise: Option<String>,
    /// A folder whose stores may be read, or s3://BUCKET/PATH; may stand several times.
    #[arg(long, value_name = "DIR", required = true)]
    pub data: Vec<PathBuf>,
    /// Where to put rows on their way [default: the system's folder of temporary files].
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// How many tasks run at once [default: as many as there are cores].
    #[arg(long, value_name = "N")]
    pub tasks: Option<NonZeroUsize>,
    /// How much memory sorting, grouping and joining may take, all tasks together [default: 70 % of the machine's].
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub memory: Option<usize>,
    #[command(flatten)]
    pub open: Open,
    #[command(flatten)]
    pub speaks: Speaks,
}

#[derive(Debug, Group)]
pub struct Open {
    /// A folder with the certificates by which the nodes know each other, as PEM: ca.pem (the cluster's own authority), cert.pem and
    /// key.pem (this node). Nobody without a certificate of that authority is answered.
    #[arg(long, value_name = "DIR", env = "VORONKA_CLUSTER_TLS")]
    pub tls: Option<PathBuf>,
    /// Listens where other machines can hear, without --tls: nodes talk without encryption and ask nobody who he is, so the network
    /// must be yours alone.
    #[arg(long, conflicts_with = "tls")]
    pub insecure_plaintext: bool,
}

impl Node {
    pub fn speaks(&self) -> &Speaks {
        match self {
            Node::Scheduler(scheduler) => &scheduler.speaks,
            Node::Executor(executor) => &executor.speaks,
        }
    }
}
