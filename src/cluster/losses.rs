//! How many executors a scheduler has lost so far. Ballista runs again what a lost one had done, and counts some of it twice: an answer that
//! was computed while one was lost is not believed.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures::{FutureExt as _, Stream, StreamExt as _};

/// What a scheduler tells: whether an executor was lost, or something else happened.
type Told = Pin<Box<dyn Stream<Item = bool> + Send>>;

/// The losses of a scheduler.
#[derive(Default)]
pub(super) struct Losses(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    told: Option<Told>,
    losses: u64,
}

impl fmt::Debug for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Losses")
    }
}

impl Losses {
    /// Of what a scheduler tells.
    pub fn told(told: impl Stream<Item = bool> + Send + 'static) -> Losses {
        Losses(Mutex::new(Counted { told: Some(Box::pin(told)), losses: 0 }))
    }

    /// So many executors were lost up to now. A loss is told before anything is run again for it.
    pub fn count(&self) -> u64 {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { told, losses } = &mut *counted;
        let next = |told: &mut Told| told.next().now_or_never().flatten();
        while let Some(is_lost) = told.as_mut().and_then(next) {
            *losses += u64::from(is_lost);
        }
        *losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_when_somebody_asks() {
        let losses = Losses::told(futures::stream::iter([true, false, true]).chain(futures::stream::pending()));
        assert_eq!((losses.count(), losses.count()), (2, 2));
        assert_eq!(Losses::default().count(), 0);
    }
}
