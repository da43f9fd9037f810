//! The deals as they were known at the cut, and views that cost much, computed once for many questions.
//!
//! Each column of `scope` is an expression over the journeys. On little data a question is mostly planning, and most of the planning is
//! these expressions; so a session that many questions are asked of holds their rows. On much data it is the judging that costs: the
//! judgements of a period, and how clients were worked with, are held without their groups. Why: `docs/decisions/session.md`.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::TableProvider;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use tokio::sync::OnceCell;

use super::held_rows::{Held, hold, is_short};
use super::hold::Hold;
use super::room::Room;
use super::scope::Scope;

/// The rows of one session, or of several that look from the same day at the same day.
#[derive(Debug)]
pub(super) struct AtCut {
    /// Deals are held after so many questions: for fewer they would cost more than they save.
    holds_deals_after: usize,
    questions: AtomicUsize,
    /// What all cuts of a report hold in memory.
    room: Arc<Room>,
    /// `None`: neither memory nor disk allows it.
    rows: OnceCell<Option<Held>>,
    views: Mutex<BTreeMap<ViewKey, Arc<OnceCell<Option<Held>>>>>,
}

/// A view: its name or its SQL, by what it is split, the period that it is made for, and what its rows are held to.
pub(super) type ViewKey = (String, Vec<String>, Option<[i64; 2]>, Vec<Hold>);

impl AtCut {
    /// Without rows yet. The deals are held beside the views after so many questions; what is in memory takes no more than the room.
    pub(super) fn new(holds_deals_after: usize, room: Arc<Room>) -> Arc<AtCut> {
        let (questions, rows, views) = (AtomicUsize::default(), OnceCell::new(), Mutex::default());
        Arc::new(AtCut { holds_deals_after, questions, room, rows, views })
    }

    /// The same for another cut.
    pub(super) fn begun_anew(&self) -> Arc<AtCut> {
        AtCut::new(self.holds_deals_after, Arc::clone(&self.room))
    }

    /// The rows, where so many questions were asked that they are held.
    pub(super) async fn rows(
        &self,
        scope: &Scope<'_>,
        dimensions: &[String],
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.questions.fetch_add(1, Ordering::Relaxed) < self.holds_deals_after {
            return Ok(None);
        }
        let make = || async { held_if_possible("deals", scope.to_hold(dimensions).await?, false, &self.room).await };
        let held = self.rows.get_or_try_init(make).await?;
        Ok(held.as_ref().map(|held| Arc::clone(&held.rows)))
    }

    /// The rows of a view, which `make` plans if it is asked for the first time. `packs`: texts that are no keys are held as dictionaries.
    /// What `make` gives beside the plan is kept until it has run.
    pub(super) async fn view<E: From<DataFusionError>, B, F: Future<Output = Result<(DataFrame, B), E>>>(
        &self,
        key: ViewKey,
        packs: bool,
        make: impl FnOnce() -> F,
    ) -> Result<Option<Arc<dyn TableProvider>>, E> {
        let name = key.0.clone();
        let cell = Arc::clone(self.views.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let make = || async {
            let (frame, _beside) = make().await?;
            Ok::<_, E>(held_if_possible(&name, frame, packs, &self.room).await?)
        };
        let held = cell.get_or_try_init(make).await?;
        Ok(held.as_ref().map(|held| Arc::clone(&held.rows)))
    }
}

/// `None` where neither memory nor disk allows it: each question then computes the rows that it needs.
async fn held_if_possible(what: &str, frame: DataFrame, packs: bool, room: &Arc<Room>) -> Result<Option<Held>> {
    match hold(what, frame, packs, room).await {
        Err(error) if is_short(&error) => Ok(None),
        held => held.map(Some),
    }
}
