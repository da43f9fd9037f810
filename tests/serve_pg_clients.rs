//! What clients of PostgreSQL ask before and beside their users' questions: each question of `clients/queries.sql`, and the commands of psql.

#![cfg(feature = "serve")]

use std::process::Command;

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::serve_pg::{Server, sample};
use crate::support::checkout;

const AS_OF: &str = "2025-06-30";

/// A question of a client, and what answers it.
struct Asked {
    what: String,
    wanted: Wanted,
    sql: String,
}

enum Wanted {
    First(String),
    Exactly(usize),
    MoreThan(usize),
    Any,
}

/// The questions of the file.
fn questions() -> Vec<Asked> {
    let text = std::fs::read_to_string(checkout("tests/clients/queries.sql")).unwrap();
    let mut questions: Vec<Asked> = Vec::new();
    for line in text.lines() {
        let head = line.strip_prefix("-- ").and_then(|line| line.rsplit_once("; "));
        let wanted = head.and_then(|(_, wanted)| {
            let (sign, value) = wanted.split_once(' ')?;
            match sign {
                "first" => value.strip_prefix("= ").map(|value| Wanted::First(value.to_owned())),
                "=" => value.parse().ok().map(Wanted::Exactly),
                ">" => value.parse().ok().map(Wanted::MoreThan),
                ">=" => Some(Wanted::Any),
                _ => None,
            }
        });
        match (head, wanted) {
            (Some((what, _)), Some(wanted)) => {
                questions.push(Asked { what: what.to_owned(), wanted, sql: String::new() });
            }
            _ => {
                if let Some(last) = questions.last_mut() {
                    last.sql.push_str(line);
                    last.sql.push('\n');
                }
            }
        }
    }
    questions
}

/// The rows of a text: the first value of each.
async fn simple(client: &Client, sql: &str) -> Result<Vec<Option<String>>, String> {
    let messages = client.simple_query(sql).await.map_err(|error| format!("{error:?}"))?;
    let first = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(first).collect())
}

impl Asked {
    /// What is wrong with these rows, if anything.
    fn wrong(&self, count: usize, first: Option<&str>) -> Option<String> {
        let is_right = match &self.wanted {
            Wanted::First(value) => first == Some(value.as_str()),
            Wanted::Exactly(rows) => count == *rows,
            Wanted::MoreThan(rows) => count > *rows,
            Wanted::Any => true,
        };
        (!is_right).then(|| format!("{}: {count} rows, the first begins with {first:?}", self.what))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_clients_ask_of_the_catalog_is_answered_in_both_ways_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let server = Server::start(dir.path(), &["--as-of", AS_OF, "--statement-timeout", "2m"]);
    let client = server.client().await;
    let questions = questions();
    assert!(questions.len() > 70, "{} questions", questions.len());
    let mut wrong = Vec::new();
    for asked in &questions {
        match simple(&client, &asked.sql).await {
            Ok(rows) => wrong.extend(asked.wrong(rows.len(), rows.first().and_then(|first| first.as_deref()))),
            Err(error) => wrong.push(format!("{}: {error}", asked.what)),
        }
        // described, bound and executed; the values are in forms that only some clients know, so rows are counted
        match client.query_raw(&asked.sql, Vec::<String>::new()).await {
            Ok(rows) => {
                let rows: Vec<_> = futures::TryStreamExt::try_collect(rows).await.unwrap_or_default();
                let counts = matches!(asked.wanted, Wanted::Exactly(_) | Wanted::MoreThan(_));
                wrong.extend(asked.wrong(rows.len(), None).filter(|_| counts));
            }
            Err(error) => wrong.push(format!("{}, prepared: {error:?}", asked.what)),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), questions.len(), wrong.join("\n"));
}

/// Every command of psql that lists something, and what stands in its answer.
const COMMANDS: [(&str, &str); 134] = [
    (r"\l", "voronka"),
    (r"\l+", "voronka"),
    (r"\l voronka", "voronka"),
    (r"\d", "scope"),
    (r"\d+", "A deal or lead"),
    (r"\dS", "pg_class"),
    (r"\dS+", ""),
    (r"\d deals", "created_at"),
    (r"\d+ deals", "created_at"),
    (r"\d metric.lead_quality", "leads"),
    (r"\d+ metric.lead_quality", "leads"),
    (r"\d metric.*", "lead_quality"),
    (r"\d+ scope", "deal_id"),
    (r"\dS+ pg_class", "relname"),
    (r"\da", ""),
    (r"\daS", ""),
    (r"\da+", ""),
    (r"\dA", ""),
    (r"\dA+", ""),
    (r"\dAc", ""),
    (r"\dAc+", ""),
    (r"\dAf", ""),
    (r"\dAf+", ""),
    (r"\dAo", ""),
    (r"\dAo+", ""),
    (r"\dAp", ""),
    (r"\dAp+", ""),
    (r"\db", ""),
    (r"\db+", ""),
    (r"\dc", ""),
    (r"\dcS", ""),
    (r"\dcS+", ""),
    (r"\dconfig", ""),
    (r"\dconfig+", ""),
    (r"\dC", ""),
    (r"\dC+", ""),
    (r"\dd", ""),
    (r"\ddS", ""),
    (r"\dD", ""),
    (r"\dD+", ""),
    (r"\dDS", ""),
    (r"\ddp", ""),
    (r"\dE", ""),
    (r"\dE+", ""),
    (r"\des", ""),
    (r"\des+", ""),
    (r"\det", ""),
    (r"\det+", ""),
    (r"\deu", ""),
    (r"\deu+", ""),
    (r"\dew", ""),
    (r"\dew+", ""),
    (r"\df", "wilson"),
    (r"\df+", ""),
    (r"\dfS", ""),
    (r"\dfS+", ""),
    (r"\df metric.*", "period_from"),
    (r"\df+ metric.lead_quality", "period_from"),
    (r"\dfa", ""),
    (r"\dfn", ""),
    (r"\dfp", ""),
    (r"\dft", ""),
    (r"\dfw", ""),
    (r"\dF", ""),
    (r"\dF+", ""),
    (r"\dFd", ""),
    (r"\dFd+", ""),
    (r"\dFp", ""),
    (r"\dFp+", ""),
    (r"\dFt", ""),
    (r"\dFt+", ""),
    (r"\dg", "voronka"),
    (r"\dg+", ""),
    (r"\di", ""),
    (r"\di+", ""),
    (r"\dl", ""),
    (r"\dl+", ""),
    (r"\dL", "List of languages"),
    (r"\dL+", ""),
    (r"\dLS", ""),
    (r"\dm", ""),
    (r"\dm+", ""),
    (r"\dn", "metric"),
    (r"\dn+", "Metrics"),
    (r"\dnS", ""),
    (r"\dnS+", ""),
    (r"\do", ""),
    (r"\doS", ""),
    (r"\doS+", ""),
    (r"\dO", ""),
    (r"\dO+", ""),
    (r"\dOS", ""),
    (r"\dp", "deals"),
    (r"\dpS", ""),
    (r"\dp metric.*", "lead_quality"),
    (r"\dP", ""),
    (r"\dP+", ""),
    (r"\dPi", ""),
    (r"\dPt", ""),
    (r"\dPn", ""),
    (r"\drds", ""),
    (r"\dRp", ""),
    (r"\dRs", ""),
    (r"\dRs+", ""),
    (r"\ds", ""),
    (r"\ds+", ""),
    (r"\dt", "deals"),
    (r"\dt+", "deals"),
    (r"\dt metric.*", ""),
    (r"\dtS", "pg_class"),
    (r"\dtS+", ""),
    (r"\dtvs", ""),
    (r"\dT", ""),
    (r"\dT+", ""),
    (r"\dTS", "timestamp with time zone"),
    (r"\dTS+", ""),
    (r"\du", "voronka"),
    (r"\du+", "voronka"),
    (r"\duS", ""),
    (r"\dv", "scope"),
    (r"\dv+", ""),
    (r"\dv metric.*", "lead_quality"),
    (r"\dv+ metric.*", "lead_quality"),
    (r"\dx", ""),
    (r"\dX", ""),
    (r"\dX+", ""),
    (r"\dy", ""),
    (r"\dy+", ""),
    (r"\z", ""),
    (r"\z deals", "deals"),
    (r"\sv metric.lead_quality", "CREATE OR REPLACE VIEW"),
    (r"\lo_list", ""),
    (r"\conninfo", "voronka"),
    (r"\encoding", "UTF8"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_listing_of_psql_is_answered() {
    if Command::new("psql").arg("--version").output().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let server = Server::start(dir.path(), &["--as-of", AS_OF, "--statement-timeout", "2m"]);
    let mut wrong = Vec::new();
    for (command, wanted) in COMMANDS {
        let target = format!("host=127.0.0.1 port={} user=voronka dbname=voronka", server.port);
        let ran = Command::new("psql").args(["-X", "-v", "ON_ERROR_STOP=1", &target, "-c", command]).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        if !ran.status.success() || !out.contains(wanted) {
            wrong.push(format!("{command}: {out}{err}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
