//! The arguments of `voronka serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::{Args as Group, Subcommand};

use super::speaks::Language;
use super::typed::{bytes, day, held, span, whole};

#[derive(Debug, Group)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Serve {
    #[command(subcommand)]
    pub about: Option<About>,
    /// Listens here for clients of PostgreSQL, such as 127.0.0.1:5432. Beyond this machine only with --users and --cert.
    #[arg(long, value_name = "ADDR")]
    pub pg: Option<SocketAddr>,
    /// Listens here for browsers, such as 127.0.0.1:8080. Beyond this machine only with --users and --cert.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Who may come in: a file that `voronka serve user add` makes [default: whoever is on this machine, without a password].
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// The certificate of this server, with those above it, as PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Cuts a statement off after so long, such as 30s or 10m.
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "60s")]
    pub statement_timeout: Duration,
    /// How much memory sorting, grouping and joining of one question may take, such as 512MiB; what is more goes to the disk.
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "512MiB")]
    pub memory_each: usize,
    /// How much all questions together may take.
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "2GiB")]
    pub memory: usize,
    /// How many connections may have logged in.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// How many of them may be of one user.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections_each: u32,
    /// Closes a connection that has not logged in after so long.
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "10s")]
    pub handshake_timeout: Duration,
    /// Closes a connection that asks nothing for so long.
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "30m")]
    pub idle_timeout: Duration,
    /// The day of all answers [default: tomorrow, so that today counts; it moves on with the clock].
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<NaiveDate>,
    /// The language of messages and pages [default: the regulation's, or Russian].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
}

#[derive(Debug, Subcommand)]
pub enum About {
    /// Says who may come in.
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a user; makes the file where there is none. The password is read from the terminal, or from standard input.
    Add {
        /// The file of users.
        file: PathBuf,
        /// The name.
        #[arg(value_parser = whole)]
        name: String,
        /// Holds the user to rows that have this value of this dimension, such as branch=Север; several values of one dimension: any of
        /// them, several dimensions: all.
        #[arg(long, value_name = "DIM=VALUE", value_parser = held)]
        only: Vec<(String, String)>,
        /// The language of messages.
        #[arg(long, value_enum, env = "VORONKA_LANG")]
        lang: Option<Language>,
    },
    /// Gives a user another password.
    Passwd {
        /// The file of users.
        file: PathBuf,
        /// The name.
        #[arg(value_parser = whole)]
        name: String,
        /// The language of messages.
        #[arg(long, value_enum, env = "VORONKA_LANG")]
        lang: Option<Language>,
    },
    /// Removes a user.
    Remove {
        /// The file of users.
        file: PathBuf,
        /// The name.
        #[arg(value_parser = whole)]
        name: String,
        /// The language of messages.
        #[arg(long, value_enum, env = "VORONKA_LANG")]
        lang: Option<Language>,
    },
    /// Lists the users, and to what they are held.
    List {
        /// The file of users.
        file: PathBuf,
        /// The language of messages.
        #[arg(long, value_enum, env = "VORONKA_LANG")]
        lang: Option<Language>,
    },
}

impl Serve {
    /// The language that was asked for.
    pub fn lang(&self) -> Option<Language> {
        let Some(About::User(command)) = &self.about else { return self.lang };
        match command {
            UserCommand::Add { lang, .. }
            | UserCommand::Passwd { lang, .. }
            | UserCommand::Remove { lang, .. }
            | UserCommand::List { lang, .. } => *lang,
        }
    }
}
