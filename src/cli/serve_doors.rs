//! The doors of `voronka serve`: what they need is looked at before anything is read, and they stay open until a signal comes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::args::Place;
use super::open;
use super::outcome::Outcome;
use super::said::said;
use super::screen::tell;
use super::serve_args::Serve;
use crate::model::lang::{Lang, both};
use crate::serve::{Bound, Door, Limits, Roll, Settings, States, Stop, http, pg, tls};

/// Protocols that a client may name in its TLS handshake.
const PG: &[&[u8]] = &[b"postgresql"];
const HTTP: &[&[u8]] = &[b"http/1.1"];

/// Opens the doors and keeps them open until a signal comes.
pub async fn run(args: &Serve, place: &Place, lang: Lang) -> Result<Outcome> {
    if args.pg.is_none() && args.http.is_none() {
        return Err(said!(
            "не сказано, где слушать\n    назовите адрес: --pg 127.0.0.1:5432, --http 127.0.0.1:8080 или оба",
            "nothing says where to listen\n    name an address: --pg 127.0.0.1:5432, --http 127.0.0.1:8080, or both"
        ));
    }
    let limits = limits(args);
    // what is wrong with an address, the users or the certificate is said before anything is read
    let roll = args.users.as_deref().map(Roll::open).transpose()?;
    let bound = Addresses {
        pg: bind(args, args.pg, PG, &roll, limits).await?,
        http: bind(args, args.http, HTTP, &roll, limits).await?,
    };
    let stop = Stop::on_signals()?;
    let states = States::open(open::company(place), Settings { as_of: args.as_of, limits, clock: open::now }).await?;
    if let Some(roll) = &roll {
        states.check(roll.users()?.as_ref())?;
    }
    let states = Arc::new(states);
    for (name, door) in [("PostgreSQL", &bound.pg), ("HTTP", &bound.http)] {
        if let Some((door, _)) = door {
            let address = door.address();
            tell(both!("{name}: слушаю {address}", "{name}: listening on {address}").get(lang));
        }
    }
    serve(bound, roll, states, stop, lang).await
}

/// The addresses that are listened on.
struct Addresses {
    pg: Option<(Bound, Door)>,
    http: Option<(Bound, Door)>,
}

async fn bind(
    args: &Serve,
    address: Option<SocketAddr>,
    alpn: &[&[u8]],
    roll: &Option<Roll>,
    limits: Limits,
) -> Result<Option<(Bound, Door)>> {
    let Some(address) = address else { return Ok(None) };
    let files: Option<(&Path, &Path)> = args.cert.as_deref().zip(args.key.as_deref());
    let tls = files.map(|(cert, key)| tls::acceptor(cert, key, alpn, open::now())).transpose()?;
    let door = Door { address, tls, has_users: roll.is_some(), limits };
    Ok(Some((door.bind().await?, door)))
}

/// Serves both doors until they are closed.
async fn serve(bound: Addresses, roll: Option<Roll>, states: Arc<States>, stop: Stop, lang: Lang) -> Result<Outcome> {
    let Addresses { pg, http } = bound;
    let pg = async {
        if let Some((bound, door)) = pg {
            pg::serve(bound, door, roll.clone(), Arc::clone(&states), stop.clone(), lang).await;
        }
    };
    let http = async {
        if let Some((bound, door)) = http {
            http::serve(bound, &door, Arc::clone(&states), roll.clone(), stop.clone(), lang).await;
        }
    };
    tokio::join!(pg, http);
    Ok(Outcome::Fine)
}

fn limits(args: &Serve) -> Limits {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Limits {
        statement: args.statement_timeout,
        memory_each: args.memory_each,
        memory_all: args.memory,
        connections: count(args.connections),
        connections_each: count(args.connections_each),
        handshake: args.handshake_timeout,
        idle: args.idle_timeout,
    }
}
