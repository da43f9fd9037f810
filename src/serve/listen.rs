//! Listens on an address, and admits connections within limits.
//!
//! A connection that has not logged in waits in a hall of bounded size, for a bounded time: where it is full, the oldest of the
//! address with most goes. So half-open connections harm nobody who logs in.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_rustls::TlsAcceptor;

use super::stop::Stop;
use super::{Limits, ServeError};
use crate::model::lang::both;

/// So many connections wait at once until they have logged in.
const WAITING: usize = 512;
/// How long those who are being answered may go on once it is time to stop.
const GRACE: Duration = Duration::from_secs(10);
/// After the system had no place for a connection.
const PAUSE: Duration = Duration::from_millis(50);

/// A door: where it is and who may come through.
#[derive(Clone)]
pub struct Door {
    /// Where to listen. Beyond loopback only with TLS and users.
    pub address: SocketAddr,
    /// TLS, where there is a certificate. The door itself does the handshake, since PostgreSQL's begins in its own protocol.
    pub tls: Option<TlsAcceptor>,
    /// Whether there is a file of users.
    pub has_users: bool,
    /// How many may come.
    pub limits: Limits,
}

/// An address that is listened on.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    hall: Arc<Hall>,
}

impl Door {
    /// Takes the address.
    ///
    /// # Errors
    /// Others can reach the address, and there is no TLS or no users; it cannot be had.
    pub async fn bind(&self) -> Result<Bound, ServeError> {
        let address = self.address;
        let is_own = address.ip().to_canonical().is_loopback();
        let is_guarded = self.tls.is_some() && self.has_users;
        if !is_own && !is_guarded {
            return Err(ServeError::Address {
                what: both!(
                    "{address} видят другие машины, а это только с --users, --cert и --key вместе\n    добавьте их, или слушайте \
                     127.0.0.1:{}",
                    "other machines can reach {address}, which is for --users, --cert and --key together only\n    add them, or \
                     listen on 127.0.0.1:{}",
                    address.port()
                ),
            });
        }
        let taken = |error: io::Error| ServeError::Address {
            what: both!("не слушать {address}: {error}", "cannot listen on {address}: {error}"),
        };
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Bound { listener, address, hall: Arc::new(Hall { limits: self.limits, places: Mutex::default() }) })
    }
}

/// Takes an address and listens until it is time to stop; then waits a while for those who are being answered. `on` serves one connection
/// to its end.
///
/// # Errors
/// As of [`Door::bind`].
pub async fn listen<F, Served>(door: Door, stop: Stop, on: F) -> Result<(), ServeError>
where
    F: Fn(TcpStream, Seat) -> Served + Send + Sync + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    door.bind().await?.serve(stop, on).await;
    Ok(())
}

impl Bound {
    /// Where it listens: with port 0 the system chose one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens until it is time to stop; then waits a while for those who are being answered.
    pub async fn serve<F, Served>(self, stop: Stop, on: F)
    where
        F: Fn(TcpStream, Seat) -> Served + Send + Sync + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                // those who left are forgotten
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = stop.stopped() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    let seat = Hall::seat(&self.hall, peer, stop.clone());
                    let served = on(stream, seat.clone());
                    connections.spawn(async move {
                        let place = Place(&seat.inner);
                        tokio::select! {
                            () = served => {}
                            () = place.0.overstayed() => {}
                        }
                    });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

/// Who is there.
struct Hall {
    limits: Limits,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    next: u64,
    /// Those who have not logged in, in the order in which they came.
    waiting: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    entered: usize,
    by_user: BTreeMap<String, usize>,
}

impl Hall {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in the hall for one who came; where it is full, another goes.
    fn seat(hall: &Arc<Hall>, peer: SocketAddr, stop: Stop) -> Seat {
        let evicted = Arc::new(Notify::new());
        let mut places = hall.places();
        if places.waiting.len() >= WAITING
            && let Some((_, gone)) = places.most_crowded().and_then(|oldest| places.waiting.remove(&oldest))
        {
            gone.notify_one();
        }
        let id = places.next;
        places.next += 1;
        places.waiting.insert(id, (neighbours(peer.ip()), Arc::clone(&evicted)));
        drop(places);
        let now = Instant::now();
        Seat {
            inner: Arc::new(Inner {
                id,
                peer,
                hall: Arc::clone(hall),
                stop,
                evicted,
                began: now,
                stage: Mutex::new(Stage::Waiting),
                working: AtomicUsize::new(0),
                rested: Mutex::new(now),
                changed: Notify::new(),
            }),
        }
    }
}

impl Places {
    /// The oldest connection of the address that has most.
    fn most_crowded(&self) -> Option<u64> {
        let mut by_address: BTreeMap<IpAddr, (usize, u64)> = BTreeMap::new();
        for (id, (address, _)) in &self.waiting {
            by_address.entry(*address).or_insert((0, *id)).0 += 1;
        }
        by_address.into_values().max_by_key(|(count, oldest)| (*count, u64::MAX - oldest)).map(|(_, oldest)| oldest)
    }
}

/// An address, or all those that one customer has: whoever has one of version 6 has 2⁶⁴ of them.
fn neighbours(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// How far a connection has come.
enum Stage {
    Waiting,
    Entered(Option<String>),
    Gone,
}

struct Inner {
    id: u64,
    peer: SocketAddr,
    hall: Arc<Hall>,
    stop: Stop,
    evicted: Arc<Notify>,
    began: Instant,
    stage: Mutex<Stage>,
    /// How many questions are being answered.
    working: AtomicUsize,
    /// Since when nothing is asked.
    rested: Mutex<Instant>,
    changed: Notify,
}

/// The place of one connection. The connection is closed by dropping its future: when it took too long to log in, when it was idle too
/// long, and a while after [`Stop`].
#[derive(Clone)]
pub struct Seat {
    inner: Arc<Inner>,
}

impl Seat {
    /// Where the connection comes from.
    pub fn peer(&self) -> SocketAddr {
        self.inner.peer
    }

    /// The connection has logged in: takes a place among all and among those of the user. HTTP, where each request says who asks, calls it
    /// once a request of it comes from one who is known, with no user.
    ///
    /// # Errors
    /// There are too many.
    pub fn enter(&self, user: Option<&str>) -> Result<(), ServeError> {
        self.inner.enter(user)
    }

    /// Whether the connection has a place among those who have logged in.
    pub fn has_entered(&self) -> bool {
        matches!(*self.inner.stage(), Stage::Entered(_))
    }

    /// While this is held, a question is being answered, and the connection is not idle. Take one per statement or request.
    pub fn work(&self) -> Working {
        self.inner.working.fetch_add(1, Ordering::Relaxed);
        Working { inner: Arc::clone(&self.inner) }
    }

    /// Waits until the server stops: no new question is taken then.
    pub async fn stopped(&self) {
        self.inner.stop.stopped().await;
    }
}

impl Inner {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, user: Option<&str>) -> Result<(), ServeError> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Waiting) {
            return Ok(());
        }
        let Limits { connections, connections_each, .. } = self.hall.limits;
        let mut places = self.hall.places();
        if places.entered >= connections {
            return Err(ServeError::Full {
                what: both!(
                    "соединений уже {connections}: больше сервер не держит\n    повторите позже; предел — --connections",
                    "there are {connections} connections already, and the server keeps no more\n    try later; --connections sets \
                     the limit"
                ),
            });
        }
        if let Some(user) = user {
            let own = places.by_user.entry(user.to_owned()).or_default();
            if *own >= connections_each {
                return Err(ServeError::Full {
                    what: both!(
                        "соединений пользователя {user} уже {connections_each}\n    закройте лишние; предел — --connections-each",
                        "there are {connections_each} connections of {user} already\n    close some; --connections-each sets the \
                         limit"
                    ),
                });
            }
            *own += 1;
        }
        places.entered += 1;
        places.waiting.remove(&self.id);
        *stage = Stage::Entered(user.map(str::to_owned));
        *self.rested.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        drop((places, stage));
        self.changed.notify_one();
        Ok(())
    }

    /// Gives the place to others.
    fn leave(&self) {
        let before = std::mem::replace(&mut *self.stage(), Stage::Gone);
        let mut places = self.hall.places();
        places.waiting.remove(&self.id);
        if let Stage::Entered(user) = before {
            places.entered -= 1;
            if let Some(user) = user
                && let Some(own) = places.by_user.get_mut(&user)
            {
                *own -= 1;
                if *own == 0 {
                    places.by_user.remove(&user);
                }
            }
        }
    }

    /// Waits until the connection has been there for too long.
    async fn overstayed(&self) {
        let stopped = async {
            self.stop.stopped().await;
            // whoever is asking nothing has nothing to wait for
            let asks_nothing = async {
                while self.working.load(Ordering::Relaxed) > 0 {
                    self.changed.notified().await;
                }
            };
            tokio::select! {
                () = asks_nothing => sleep(PAUSE).await,
                () = sleep(GRACE) => {}
                () = self.stop.at_once() => {}
            }
        };
        tokio::select! {
            () = self.evicted.notified() => {}
            () = self.idled() => {}
            () = stopped => {}
        }
    }

    /// Waits until the connection has not logged in for too long, or has asked nothing for too long.
    async fn idled(&self) {
        let Limits { handshake, idle, .. } = self.hall.limits;
        loop {
            let until = match (&*self.stage(), self.working.load(Ordering::Relaxed)) {
                (Stage::Waiting, _) => Some(self.began + handshake),
                (_, 0) => Some(*self.rested.lock().unwrap_or_else(PoisonError::into_inner) + idle),
                _ => None,
            };
            match until {
                Some(until) if until <= Instant::now() => return,
                Some(until) => sleep_until(until.min(Instant::now() + Duration::from_secs(1))).await,
                None => sleep(Duration::from_secs(1)).await,
            }
        }
    }
}

/// The place of a connection, for as long as it is served.
struct Place<'a>(&'a Inner);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A question is being answered.
pub struct Working {
    inner: Arc<Inner>,
}

impl Drop for Working {
    fn drop(&mut self) {
        *self.inner.rested.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.inner.working.fetch_sub(1, Ordering::Relaxed);
        self.inner.changed.notify_one();
    }
}
