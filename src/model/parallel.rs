//! Pieces of work, several at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does all pieces and returns what they gave, in their order. After a failure no further piece is begun. `step` hears
/// how many are done.
pub(crate) fn each<P: Sync, T: Send, E: Send>(
    pieces: &[P],
    work: impl Fn(&P) -> Result<T, E> + Sync,
    step: impl Fn(u64) + Sync,
) -> Result<Vec<T>, E> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let next = AtomicUsize::new(0);
    let finished: Mutex<BTreeMap<usize, Result<T, E>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(pieces.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(piece) = pieces.get(number) else { break };
                    let done = work(piece);
                    if done.is_err() {
                        next.store(pieces.len(), Ordering::Relaxed);
                    }
                    if let Ok(mut finished) = finished.lock() {
                        finished.insert(number, done);
                        step(finished.len() as u64);
                    }
                }
            });
        }
    });
    finished.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pieces_give_comes_in_their_order_and_a_failure_is_told() {
        let pieces: Vec<u64> = (0..100).collect();
        assert_eq!(each(&pieces, |n| Ok::<_, String>(n * 2), |_| ()), Ok((0..100).map(|n| n * 2).collect()));
        assert_eq!(each(&[], |n: &u64| Ok::<_, String>(*n), |_| ()), Ok(vec![]));
        let fails = |n: &u64| match n {
            7 => Err("seven".to_owned()),
            _ => Ok(()),
        };
        assert_eq!(each(&pieces, fails, |_| ()), Err("seven".to_owned()));
    }
}
