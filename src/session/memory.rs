//! The memory of many questions at once: each has a bound of its own, and all of them one together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionContext;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::{
    GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_optimizer::PhysicalOptimizerRule as _;

use super::bounded;
use super::counted::CountWindows;
use super::engine::KEPT;
use super::giving_way::GiveWay;
use super::pool::SpillPool;
use super::room::Room;
use super::{Session, SessionError};

/// A question may put so many times its memory onto the disk.
const ON_DISK: u64 = 16;

/// What a sort keeps for merging what it spilled is no more than this part of the question's memory: a question has many sorts, and the
/// engine's 10 MB for each would be all there is.
const SORTS: usize = 128;

/// What questions may hold.
#[derive(Debug, Clone)]
pub struct Memory {
    all: Arc<dyn MemoryPool>,
    each: usize,
    /// How long a question may run.
    statement: Duration,
}

impl Memory {
    /// So many bytes for all questions together, and for each.
    pub fn of(all: usize, each: usize) -> Memory {
        Memory { all: Arc::new(GreedyMemoryPool::new(all)), each: each.min(all), statement: Duration::MAX }
    }

    /// The same, for questions that may run for so long: what they compute ends by then, though nobody waits for it any more.
    #[must_use]
    pub fn with_time(self, statement: Duration) -> Memory {
        Memory { statement, ..self }
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.all.reserved()
    }

    fn of_one(&self) -> Share {
        Share { own: SpillPool::new(self.each), all: Arc::clone(&self.all) }
    }
}

/// The memory of one question: a pool of its own, under the one of all.
#[derive(Debug)]
struct Share {
    own: SpillPool,
    all: Arc<dyn MemoryPool>,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.own, self.all)
    }
}

impl MemoryPool for Share {
    fn name(&self) -> &str {
        "share"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
        self.all.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.unregister(consumer);
        self.all.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.all.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        self.all.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.own.try_grow(reservation, additional)?;
        self.all.try_grow(reservation, additional).inspect_err(|_| self.own.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

impl Session {
    /// The same session for one question, with memory of its own. Cheap once somebody has asked: tables and views are shared.
    pub async fn for_question(&self, memory: &Memory) -> Result<Session, SessionError> {
        match self.needs_wall() {
            true => drop(self.behind_wall().await?),
            false => self.with_all_views().await?,
        }
        let mut runtime = self.context.runtime_env().as_ref().clone();
        runtime.memory_pool = Arc::new(memory.of_one());
        let most = ON_DISK.saturating_mul(u64::try_from(memory.each).unwrap_or(u64::MAX));
        let disk = DiskManagerBuilder::default().with_max_temp_directory_size(most).build()?;
        runtime.disk_manager = Arc::new(disk);
        Ok(self.in_runtime(&Arc::new(runtime), memory)?)
    }

    fn in_runtime(&self, runtime: &Arc<RuntimeEnv>, memory: &Memory) -> Result<Session> {
        let state = self.context.state();
        let mut config = state.config().clone();
        let sorts = &mut config.options_mut().execution.sort_spill_reservation_bytes;
        *sorts = (*sorts).min(memory.each / SORTS);
        config.set_extension(Room::of_part(KEPT));
        let state =
            SessionStateBuilder::new_from_existing(state).with_config(config).with_runtime_env(Arc::clone(runtime));
        let rules = self.context.state().physical_optimizers().iter().any(|rule| rule.name() == CountWindows.name());
        let state = match rules {
            true => state,
            false => state
                .with_physical_optimizer_rule(Arc::new(CountWindows))
                .with_physical_optimizer_rule(Arc::new(GiveWay { limit: memory.statement })),
        };
        let mut state = state.build();
        bounded::within(&mut state, memory.each)?;
        let walled = self.walled.get().map(|walled| walled.in_runtime(runtime, memory)).transpose()?.map(Arc::new);
        Ok(Session {
            context: SessionContext::new_with_state(state),
            snapshot: self.snapshot.clone(),
            regulation: self.regulation.clone(),
            as_of: self.as_of,
            seen_from: self.seen_from,
            resources: self.resources,
            staff: Arc::clone(&self.staff),
            deals_until: self.deals_until,
            only: self.only.clone(),
            held: self.held.clone(),
            footers: Arc::clone(&self.footers),
            sources: Arc::clone(&self.sources),
            answers: self.answers.clone(),
            judged_by: Arc::clone(&self.judged_by),
            at_cut: self.at_cut.clone(),
            of_report: self.of_report.clone(),
            elsewhere: self.elsewhere.clone(),
            views: Arc::clone(&self.views),
            walled: Arc::new(tokio::sync::OnceCell::new_with(walled)),
            is_walled: self.is_walled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_refused_above_its_own_bound_and_above_that_of_all() {
        let memory = Memory::of(100, 60);
        let shares: [Arc<dyn MemoryPool>; 2] = [Arc::new(memory.of_one()), Arc::new(memory.of_one())];
        let [one, other] = shares.each_ref().map(|pool| MemoryConsumer::new("test").register(pool));
        assert!(one.try_grow(61).is_err());
        one.try_grow(60).unwrap();
        // what all refused is not counted as the question's own
        assert!(other.try_grow(41).is_err());
        assert_eq!((shares[1].reserved(), memory.held()), (0, 60));
        other.try_grow(40).unwrap();
        assert_eq!(memory.held(), 100);
        drop((one, other));
        assert_eq!((memory.held(), shares[0].reserved()), (0, 0));
    }
}
