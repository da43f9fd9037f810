//! What is being answered, so that it can be cut off: by its client, on another connection, or by the clock.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pgwire::api::cancel::CancelHandler;
use pgwire::error::PgWireResult;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::error::{code, error};

/// What cuts off a connection, by the key that it was given.
type Places = BTreeMap<(i32, Vec<u8>), Arc<Switch>>;

/// The connections by the key that each was given.
#[derive(Debug, Default)]
pub struct Running {
    by_key: Mutex<Places>,
}

/// Cuts off what a connection asks at the moment.
#[derive(Debug, Default)]
pub struct Switch {
    asked: Mutex<Option<watch::Sender<bool>>>,
}

/// The place of a connection among those that can be cut off.
#[derive(Debug)]
pub struct Place {
    key: (i32, Vec<u8>),
    running: Arc<Running>,
    /// Cuts off what it asks.
    pub switch: Arc<Switch>,
}

impl Running {
    /// Takes a place.
    pub fn enter(self: &Arc<Running>, pid: i32, secret: &SecretKey) -> Place {
        let (key, switch) = ((pid, secret.to_bytes().to_vec()), Arc::new(Switch::default()));
        self.places().insert(key.clone(), Arc::clone(&switch));
        Place { key, running: Arc::clone(self), switch }
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.places().remove(&self.key);
    }
}

#[async_trait]
impl CancelHandler for Running {
    async fn on_cancel_request(&self, request: CancelRequest) {
        let key = (request.pid, request.secret_key.to_bytes().to_vec());
        let switch = self.places().get(&key).cloned();
        if let Some(switch) = switch {
            switch.cut();
        }
    }
}

impl Switch {
    /// Begins to answer: from now on a request to cancel means this.
    pub fn begin(&self, limit: Duration) -> Run {
        let (send, cut) = watch::channel(false);
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(send);
        Run { cut, until: Instant::now() + limit, limit }
    }

    fn cut(&self) {
        if let Some(asked) = self.asked.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // nobody listens where the answer is over
            let _ = asked.send(true);
        }
    }
}

/// One statement that is being answered.
#[derive(Debug)]
pub struct Run {
    cut: watch::Receiver<bool>,
    until: Instant,
    limit: Duration,
}

impl Run {
    /// Does a part of the work, unless it is cut off: what is dropped stops, and what it began with it.
    pub async fn within<T>(&mut self, work: impl Future<Output = PgWireResult<T>>) -> PgWireResult<T> {
        if *self.cut.borrow() {
            return Err(error(code::CANCELED, "canceling statement due to user request"));
        }
        let Run { cut, until, limit } = self;
        let asked = async {
            // where the sender is gone nobody can cancel any more
            if cut.wait_for(|cut| *cut).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            done = work => done,
            () = asked => Err(error(code::CANCELED, "canceling statement due to user request")),
            () = sleep_until(*until) => Err(too_long(*limit)),
        }
    }

    /// Fails where the time is over: what always has a next row ready would not be asked otherwise.
    pub fn check(&self) -> PgWireResult<()> {
        match Instant::now() < self.until {
            true => Ok(()),
            false => Err(too_long(self.limit)),
        }
    }
}

fn too_long(limit: Duration) -> pgwire::error::PgWireError {
    error(
        code::CANCELED,
        format!(
            "canceling statement due to statement timeout\nno statement may run longer than {} ms",
            limit.as_millis()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_statement_is_cut_off_by_key_and_by_time() {
        let running = Arc::new(Running::default());
        let place = running.enter(7, &SecretKey::I32(1));
        let mut run = place.switch.begin(Duration::from_secs(60));
        running.on_cancel_request(CancelRequest::new(7, SecretKey::I32(2))).await;
        assert!(run.within(async { Ok(()) }).await.is_ok(), "another key cuts nothing off");
        running.on_cancel_request(CancelRequest::new(7, SecretKey::I32(1))).await;
        let cut = run.within(std::future::pending::<PgWireResult<()>>()).await.unwrap_err();
        assert!(cut.to_string().contains("user request"), "{cut}");
        let mut run = place.switch.begin(Duration::from_millis(5));
        let late = run.within(std::future::pending::<PgWireResult<()>>()).await.unwrap_err();
        assert!(late.to_string().contains("timeout") && run.check().is_err(), "{late}");
        drop(place);
        assert!(running.places().is_empty());
    }
}
