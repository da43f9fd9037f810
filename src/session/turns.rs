//! Whose turn it is: on much data the questions of a report are planned side by side, and run one after the other.
//!
//! Planning uses one core; running one question keeps the cores busy, and two would share the memory.

use std::sync::Arc;

use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::context::SessionContext;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turn of a plan among those of a report.
#[derive(Debug)]
pub(super) struct Turns(Arc<Semaphore>);

impl Turns {
    /// One plan runs at a time.
    pub(super) fn of_one() -> Arc<Turns> {
        Arc::new(Turns(Arc::new(Semaphore::new(1))))
    }

    /// Lets the plans of a context wait for each other and for those of the others that share this.
    pub(super) fn are_taken_by(self: &Arc<Turns>, context: &SessionContext) {
        context.state_ref().write().config_mut().set_extension(Arc::clone(self));
    }

    /// Waits until a plan of this session may run; it is its turn as long as what is returned is held. `None` where plans do not wait.
    pub(super) async fn next(state: &SessionState) -> Result<Option<OwnedSemaphorePermit>> {
        let Some(turns) = state.config().get_extension::<Turns>() else { return Ok(None) };
        let turn = Arc::clone(&turns.0).acquire_owned().await;
        turn.map(Some).map_err(|closed| exec_datafusion_err!("no plan has its turn any more: {closed}"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::engine::{self, Resources};
    use super::super::running::run;
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn plans_that_take_turns_run_one_after_the_other() {
        for (takes_turns, most_at_once) in [(true, 1), (false, 4)] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let turns = Turns::of_one();
            let ask = async || {
                let resources = Resources::default();
                let context = engine::context(resources, engine::runtime(resources).unwrap()).unwrap();
                if takes_turns {
                    turns.are_taken_by(&context);
                }
                let frame = context.sql("SELECT 1").await.unwrap();
                run(frame, |_, _| async {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
                .await
                .unwrap();
            };
            tokio::join!(ask(), ask(), ask(), ask());
            assert_eq!(most.load(Ordering::SeqCst), most_at_once);
        }
    }
}
