//! When to stop: all doors of a server share one.

use tokio::sync::watch;

use super::ServeError;
use crate::model::lang::both;

/// Says when to stop.
#[derive(Debug, Clone)]
pub struct Stop {
    level: watch::Sender<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Level {
    #[default]
    Runs,
    /// No new question is taken; running ones may end.
    Stops,
    /// What still runs is cut off.
    AtOnce,
}

impl Default for Stop {
    fn default() -> Stop {
        Stop { level: watch::Sender::new(Level::Runs) }
    }
}

impl Stop {
    /// Stops on SIGINT and SIGTERM; on the second one at once.
    ///
    /// # Errors
    /// The system gives no signals.
    pub fn on_signals() -> Result<Stop, ServeError> {
        let stop = Stop::default();
        let own = stop.clone();
        let failed = |error: std::io::Error| ServeError::Protocol {
            what: both!("система не сообщает о сигналах: {error}", "the system tells of no signals: {error}"),
        };
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        Some(()) = interrupt.recv() => own.stop(),
                        Some(()) = terminate.recv() => own.stop(),
                        else => break,
                    }
                }
            });
        }
        #[cfg(not(unix))]
        {
            let _ = failed;
            tokio::spawn(async move {
                while tokio::signal::ctrl_c().await.is_ok() {
                    own.stop();
                }
            });
        }
        Ok(stop)
    }

    /// It is time to stop; said again, at once.
    pub fn stop(&self) {
        self.level.send_modify(|level| {
            *level = match level {
                Level::Runs => Level::Stops,
                Level::Stops | Level::AtOnce => Level::AtOnce,
            }
        });
    }

    /// Waits until it is time to stop: no new question is taken then, running ones may end.
    pub async fn stopped(&self) {
        self.reached(Level::Stops).await;
    }

    /// Waits until nothing may go on.
    pub async fn at_once(&self) {
        self.reached(Level::AtOnce).await;
    }

    async fn reached(&self, wanted: Level) {
        // the sender is our own, and stays
        let _ = self.level.subscribe().wait_for(|level| *level >= wanted).await;
    }
}
