//! Reports are made once for all who see the same rows, a few at a time, and kept until there is something newer.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use chrono::NaiveDate;
use futures::FutureExt as _;
use tokio::sync::{Semaphore, watch};

use super::refusal::Refusal;
use crate::model::lang::{Text, both};
use crate::model::progress::Progress;
use crate::report::document::Document;

/// So many are made at once: each takes all cores at times.
const AT_ONCE: usize = 2;
/// So many may wait or be made.
const MOST_WAITING: usize = 24;
/// So many of them may be one user's.
const MOST_OF_ONE: usize = 6;
/// So many are kept.
const MOST_KEPT: usize = 64;
/// What could not be made is told for so long before it is tried again.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// What a report is made of: whoever asks for the same gets the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The version of the store.
    pub version: u64,
    /// The regulation, the metrics and the definition, as one digest.
    pub judged_by: String,
    /// The day.
    pub as_of: NaiveDate,
    /// To what it is held.
    pub only: Vec<(String, String)>,
    /// The language.
    pub lang: &'static str,
    /// The report's name.
    pub name: String,
    /// The one whom it is for: a person or a role.
    pub whose: Option<String>,
}

impl Key {
    /// Whether it is the same report, of a state before the other's.
    fn is_before(&self, other: &Key) -> bool {
        let Key { version, judged_by, as_of, only, lang, name, whose } = self;
        *version < other.version
            && *judged_by == other.judged_by
            && *as_of == other.as_of
            && *only == other.only
            && *lang == other.lang
            && *name == other.name
            && *whose == other.whose
    }
}

/// A report that is made.
#[derive(Debug)]
pub struct Made {
    /// The document.
    pub document: Document,
    /// Its page, in which [`BAR`] stands where the bar is to be.
    pub page: String,
}

/// Stands in a page for the bar of who looks at it. No text of a report can be it: `<` would be escaped.
pub const BAR: &str = "<!--bar-->";

/// The step that a making is at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub what: String,
    /// How much of it is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// How far a making is.
#[derive(Debug, Clone)]
pub enum State {
    /// Others are before it.
    Waits,
    /// It is being made.
    Runs,
    /// It is made.
    Done(Arc<Made>),
    /// It could not be made.
    Failed(Refusal),
}

/// The making of one report.
#[derive(Debug)]
pub struct Making {
    state: watch::Receiver<State>,
    step: Arc<Mutex<Step>>,
    user: String,
}

impl Making {
    /// How far it is, once it has ended or so long has passed.
    pub async fn within(&self, patience: Duration) -> State {
        let mut state = self.state.clone();
        let is_over = |state: &State| matches!(state, State::Done(_) | State::Failed(_));
        // an error: time is over, or the making is gone
        let _ = tokio::time::timeout(patience, state.wait_for(is_over)).await;
        state.borrow().clone()
    }

    /// The step that it is at.
    pub fn step(&self) -> Step {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn has_ended(&self) -> bool {
        matches!(*self.state.borrow(), State::Done(_) | State::Failed(_))
    }
}

/// Hears how far a report is, and ends it in time.
#[derive(Debug, Clone)]
pub struct Heard {
    step: Arc<Mutex<Step>>,
    ends: Instant,
    /// Set when the server stops: then nothing is begun any more.
    stops: Arc<AtomicBool>,
}

impl Heard {
    /// Nobody hears of it, but it ends in time.
    pub fn until(ends: Instant) -> Heard {
        Heard { step: Arc::default(), ends, stops: Arc::default() }
    }
}

impl Progress for Heard {
    fn step(&self, what: &str, done: u64, total: u64) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Step { what: what.to_owned(), done, total };
    }

    fn left(&self) -> Option<Duration> {
        match self.stops.load(Ordering::Relaxed) {
            true => Some(Duration::ZERO),
            false => Some(self.ends.saturating_duration_since(Instant::now())),
        }
    }
}

#[derive(Debug)]
struct Kept {
    making: Arc<Making>,
    used: Instant,
}

/// The makings.
#[derive(Debug)]
pub struct Makings {
    all: Mutex<BTreeMap<Key, Kept>>,
    turns: Arc<Semaphore>,
    stops: Arc<AtomicBool>,
}

impl Default for Makings {
    fn default() -> Makings {
        Makings { all: Mutex::default(), turns: Arc::new(Semaphore::new(AT_ONCE)), stops: Arc::default() }
    }
}

impl Makings {
    /// The making of a report: the one that there is, or a new one, which may take so long once it has begun.
    ///
    /// # Errors
    /// Too many are being made.
    pub fn begin<F>(
        &self,
        key: Key,
        user: &str,
        limit: Duration,
        make: impl FnOnce(Heard) -> F + Send + 'static,
    ) -> Result<Arc<Making>, Refusal>
    where
        F: Future<Output = Result<Made, Refusal>> + Send + 'static,
    {
        let now = Instant::now();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let is_done = |kept: &Kept| matches!(*kept.making.state.borrow(), State::Done(_));
        let made: Vec<Key> = all.iter().filter(|(_, kept)| is_done(kept)).map(|(known, _)| known.clone()).collect();
        all.retain(|known, kept| match &*kept.making.state.borrow() {
            State::Failed(_) => now.duration_since(kept.used) < FAILED_FOR,
            // shown until the same is there of a newer state
            State::Done(_) => !made.iter().any(|newer| known.is_before(newer)),
            // what has not begun is made of the newer state alone
            State::Waits => !known.is_before(&key),
            State::Runs => true,
        });
        if let Some(kept) = all.get_mut(&key) {
            if !matches!(*kept.making.state.borrow(), State::Failed(_)) {
                kept.used = now;
            }
            return Ok(Arc::clone(&kept.making));
        }
        let waiting: Vec<&Kept> = all.values().filter(|kept| !kept.making.has_ended()).collect();
        if waiting.len() >= MOST_WAITING {
            let what = Text::new("сейчас делается слишком много отчётов", "too many reports are being made");
            return Err(Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, Duration::from_secs(20)));
        }
        let own = waiting.iter().filter(|kept| kept.making.user == user).count();
        if own >= MOST_OF_ONE {
            let what = both!("ваших отчётов делается уже {own}", "{own} reports are being made for you already");
            return Err(Refusal::busy(StatusCode::TOO_MANY_REQUESTS, what, Duration::from_secs(10)));
        }
        while all.len() >= MOST_KEPT + MOST_WAITING
            || all.values().filter(|kept| kept.making.has_ended()).count() >= MOST_KEPT
        {
            let ended = all.iter().filter(|(_, kept)| kept.making.has_ended());
            let Some(oldest) = ended.min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone()) else { break };
            all.remove(&oldest);
        }
        let (tell, state) = watch::channel(State::Waits);
        let step = Arc::<Mutex<Step>>::default();
        let making = Arc::new(Making { state, step: Arc::clone(&step), user: user.to_owned() });
        all.insert(key, Kept { making: Arc::clone(&making), used: now });
        let (turns, stops) = (Arc::clone(&self.turns), Arc::clone(&self.stops));
        tokio::spawn(async move {
            let Ok(_turn) = turns.acquire().await else { return };
            // nobody waits for it any more
            if tell.is_closed() {
                return;
            }
            tell.send_replace(State::Runs);
            let made = make(Heard { step, ends: Instant::now() + limit, stops });
            let made = tokio::time::timeout(limit, AssertUnwindSafe(made).catch_unwind()).await;
            tell.send_replace(match made {
                Ok(Ok(Ok(made))) => State::Done(Arc::new(made)),
                Ok(Ok(Err(refusal))) => State::Failed(refusal),
                Ok(Err(_)) => State::Failed(panicked()),
                Err(_) => State::Failed(too_long(limit)),
            });
        });
        Ok(making)
    }

    /// The same report of the newest state before, where it is made: with the version of that state.
    pub fn before(&self, key: &Key) -> Option<(u64, Arc<Made>)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let made = |(known, kept): (&Key, &Kept)| match &*kept.making.state.borrow() {
            State::Done(made) if known.is_before(key) => Some((known.version, Arc::clone(made))),
            _ => None,
        };
        all.iter().filter_map(made).max_by_key(|(version, _)| *version)
    }

    /// The server stops: what is being made begins no further question.
    pub fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
        self.turns.close();
    }

    /// A turn to make something of a report that is made, such as its workbook.
    ///
    /// # Errors
    /// Too many wait for one.
    pub async fn turn(&self, patience: Duration) -> Result<tokio::sync::OwnedSemaphorePermit, Refusal> {
        match tokio::time::timeout(patience, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => {
                let what = Text::new("сервер делает отчёты другим", "the server makes reports for others");
                Err(Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, patience))
            }
        }
    }
}

fn too_long(limit: Duration) -> Refusal {
    let seconds = limit.as_secs();
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        both!(
            "отчёт не сделан за {seconds} с, дольше сервер не даёт",
            "the report was not made within {seconds} s, and the server gives no more"
        ),
        Text::new(
            "дольше считать может тот, кто ведёт сервер: --statement-timeout; или сделайте отчёт командой voronka report",
            "whoever runs the server can allow more: --statement-timeout; or make the report with voronka report",
        ),
    )
}

fn panicked() -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        Text::new("отчёт не сделан: ошибка Voronka", "the report was not made: a fault of Voronka"),
        Text::new(
            "сделайте его командой voronka report: она скажет, что сообщить разработчикам",
            "make it with voronka report: that says what to tell the developers",
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::model::lang::Lang;
    use crate::report::render::sample;

    fn key(name: &str) -> Key {
        let as_of = NaiveDate::default();
        Key {
            version: 1,
            judged_by: String::new(),
            as_of,
            only: Vec::new(),
            lang: "ru",
            name: name.into(),
            whose: None,
        }
    }

    fn made() -> Made {
        Made { document: sample::document(Lang::En), page: "page".into() }
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_who_ask_share_one_making_and_few_are_made_at_once() {
        let (makings, begun, running, most) =
            (Makings::default(), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let counts = Arc::new((begun, running, most));
        let ask = |name: &str| {
            let counts = Arc::clone(&counts);
            makings.begin(key(name), &format!("user of {name}"), LONG, move |heard| async move {
                let (begun, running, most) = &*counts;
                begun.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                heard.step("half", 1, 2);
                tokio::time::sleep(Duration::from_millis(30)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(made())
            })
        };
        let all: Vec<Arc<Making>> = (0..40).map(|n| ask(&format!("r{}", n % 10)).unwrap()).collect();
        for making in &all {
            assert!(matches!(making.within(LONG).await, State::Done(made) if made.page == "page"));
            assert_eq!(making.step(), Step { what: "half".into(), done: 1, total: 2 });
        }
        let (begun, _, most) = &*counts;
        assert_eq!((begun.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (10, AT_ONCE));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_cannot_take_all_places_and_what_takes_too_long_ends() {
        let makings = Makings::default();
        let forever = |name: String, user: &str, limit| {
            makings.begin(key(&name), user, limit, |_| futures::future::pending::<Result<Made, Refusal>>())
        };
        let first = forever("short".into(), "anna", Duration::from_millis(20)).unwrap();
        assert!(matches!(first.within(LONG).await, State::Failed(refusal) if refusal.status == 503));
        let of_one: Vec<_> = (0..8).map(|n| forever(format!("a{n}"), "anna", LONG)).collect();
        assert_eq!(of_one.iter().filter(|begun| begun.is_ok()).count(), MOST_OF_ONE);
        assert_eq!(of_one[7].as_ref().unwrap_err().status, 429);
        let of_many: Vec<_> = (0..30).map(|n| forever(format!("b{n}"), &format!("user {n}"), LONG)).collect();
        assert_eq!(of_many.iter().filter(|begun| begun.is_ok()).count(), MOST_WAITING - MOST_OF_ONE);
        assert_eq!(of_many[29].as_ref().unwrap_err().status, 503);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_made_of_an_older_state_is_shown_until_the_newer_is_made() {
        let makings = Makings::default();
        let of = |version: u64, name: &str| Key { version, ..key(name) };
        for name in ["a", "b"] {
            let making = makings.begin(of(1, name), "u", LONG, |_| async { Ok(made()) }).unwrap();
            assert!(matches!(making.within(LONG).await, State::Done(_)));
            assert!(makings.before(&of(1, name)).is_none());
        }
        let (go, waits) = tokio::sync::oneshot::channel::<()>();
        let making = makings
            .begin(of(2, "a"), "u", LONG, |_| async {
                waits.await.ok();
                Ok(made())
            })
            .unwrap();
        assert_eq!(makings.before(&of(2, "a")).map(|(version, _)| version), Some(1));
        // another day, another regulation: another report
        let other = Key { judged_by: "other".into(), ..of(2, "a") };
        assert!(makings.before(&other).is_none());
        go.send(()).unwrap();
        assert!(matches!(making.within(LONG).await, State::Done(_)));
        makings.begin(of(3, "b"), "u", LONG, |_| async { Ok(made()) }).unwrap().within(LONG).await;
        makings.begin(of(3, "b"), "u", LONG, |_| async { Ok(made()) }).unwrap();
        let kept: Vec<(String, u64)> =
            makings.all.lock().unwrap().keys().map(|key| (key.name.clone(), key.version)).collect();
        assert_eq!(kept, [("a".to_owned(), 2), ("b".to_owned(), 3)]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_has_not_begun_is_not_made_of_an_older_state() {
        let makings = Makings::default();
        let (go, waits) = watch::channel(false);
        for n in 0..AT_ONCE {
            let mut waits = waits.clone();
            let busy = makings.begin(key(&format!("busy{n}")), "u", LONG, |_| async move {
                waits.wait_for(|go| *go).await.ok();
                Ok(made())
            });
            let busy = busy.unwrap();
            while matches!(*busy.state.borrow(), State::Waits) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let begun = Arc::new(Mutex::new(Vec::new()));
        let ask = |version: u64| {
            let begun = Arc::clone(&begun);
            let make = move |_| async move {
                begun.lock().unwrap().push(version);
                Ok(made())
            };
            makings.begin(Key { version, ..key("a") }, "u", LONG, make).unwrap()
        };
        for version in 1..5 {
            // whoever asked has seen the page that says how far it is
            drop(ask(version));
        }
        let newest = ask(5);
        go.send_replace(true);
        assert!(matches!(newest.within(LONG).await, State::Done(_)));
        assert_eq!(*begun.lock().unwrap(), [5]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_panic_is_told_and_the_next_one_is_made() {
        let makings = Makings::default();
        let broken = makings.begin(key("a"), "u", LONG, |_| async { panic!("on purpose") }).unwrap();
        assert!(matches!(broken.within(LONG).await, State::Failed(refusal) if refusal.status == 500));
        let sound = makings.begin(key("b"), "u", LONG, |_| async { Ok(made()) }).unwrap();
        assert!(matches!(sound.within(LONG).await, State::Done(_)));
    }
}
