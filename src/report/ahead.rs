//! Computes several questions at once, each on a thread of its own.
//!
//! On little data most of a question is planning, which uses one core; so the questions of a section run side by side. On much
//! data one question uses all cores already, and two at once would only share the memory: one runs, and the next is planned meanwhile.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::session::{Session, SessionError};

/// Of a store of more rows each further question takes a second.
const MUCH: u64 = 1_500_000;
/// Of a store of so many rows the deals at several cuts would take too much of the memory.
const TOO_MUCH_TO_HOLD: u64 = 4_000_000;
/// Of a store of fewer rows a question takes longer to plan than to compute.
const FEW: u64 = 300_000;
/// The engine plans by recursion.
const STACK: usize = 32 << 20;
/// More threads only wait for each other.
const MOST: usize = 8;
/// Where questions run one after the other: one that runs, and the next.
const IN_TURN: usize = 2;

/// Whether a report asks no more of the store than it must.
pub(super) fn is_large(session: &Session) -> bool {
    rows(session) > MUCH
}

fn rows(session: &Session) -> u64 {
    session.snapshot().tables.values().map(crate::store::TableState::rows).sum()
}

/// How many questions to a session are best asked at once; 1 where the runtime has one thread.
pub(super) fn at_once(session: &Session) -> usize {
    let has_threads = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    match rows(session) <= TOO_MUCH_TO_HOLD {
        _ if !has_threads => 1,
        true => thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST),
        false if session.takes_turns() => IN_TURN,
        false => 1,
    }
}

/// The session as the questions of a report are best asked of it.
pub(crate) async fn for_report(session: &Session) -> Result<Session, SessionError> {
    match rows(session) > TOO_MUCH_TO_HOLD || at_once(session) == 1 {
        true => session.for_questions_in_turn().await,
        false => session.for_many_questions(rows(session) <= FEW).await,
    }
}

/// The answers in the order of the questions, so many computed at once; `None` for one whose thread the system did not give.
pub(super) fn side_by_side<Q: Sync, A: Send>(
    questions: &[Q],
    threads: usize,
    answer: impl Fn(&Handle, &Q) -> A + Sync,
) -> Vec<Option<A>> {
    let handle = Handle::current();
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(questions.iter().map(|_| None).collect::<Vec<_>>()));
    let work = || {
        while let Some((at, question)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, questions.get(at)?)))
        {
            let answer = answer(&handle, question);
            if let Ok(mut answers) = answers.lock() {
                answers[at] = Some(answer);
            }
        }
    };
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            for _ in 0..threads.min(questions.len()) {
                // fewer threads than asked for do all of it as well, only later
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            }
        });
    });
    answers.into_inner().unwrap_or_default()
}
