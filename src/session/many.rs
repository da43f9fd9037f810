//! Sessions that many questions are asked of: what several of them would compute is held.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;

use super::at_cut::AtCut;
use super::engine::Resources;
use super::error::SessionError;
use super::of_report::OfReport;
use super::room::Room;
use super::scope::Columns;
use super::turns::Turns;
use super::{Session, tables, views};
use crate::model::tables::Table;

impl Session {
    /// The same session, made for many questions side by side: each runs in one partition, over deals that are cut once and held in memory.
    /// `are_small`: the questions take longer to plan than to compute.
    pub async fn for_many_questions(&self, are_small: bool) -> Result<Session, SessionError> {
        // rows that are held here would have to be sent with every question
        if self.elsewhere.is_some() {
            return self.at(self.as_of).await;
        }
        let resources = Resources { partitions: Some(NonZeroUsize::MIN), are_small, ..self.resources };
        let mut other = self.opened_again(self.as_of, resources).await?.beginning(None);
        other.at_cut = Some(AtCut::new(if are_small { 1 } else { 3 }, Room::of_part(2)));
        Ok(other)
    }

    /// The same session, made for many questions that are planned side by side and run one after the other: what several of them judge is
    /// judged once and held in memory.
    pub async fn for_questions_in_turn(&self) -> Result<Session, SessionError> {
        let other = self.at(self.as_of).await?;
        if self.elsewhere.is_some() {
            return Ok(other);
        }
        let mut other = other.beginning(Some(Turns::of_one()));
        other.at_cut = Some(AtCut::new(usize::MAX, Room::of_part(8)));
        Ok(other)
    }

    /// The same session, which shares this with others, and the columns of deals as they were decoded, if all lists fit into their room.
    fn beginning(self, turns: Option<Arc<Turns>>) -> Session {
        // what cannot be read fails where it is asked for
        let lists = self.footers_of(Table::Journeys).map_or(u64::MAX, |known| known.bytes_of_lists());
        let of_report = OfReport::begun(lists, &self.context.runtime_env().memory_pool, turns);
        self.sharing(of_report)
    }

    /// The same session, one more of those that share this.
    pub(super) fn sharing(mut self, of_report: OfReport) -> Session {
        self.context = of_report.joined_by(self.context);
        self.of_report = of_report;
        self
    }

    /// Whether its questions run one after the other, however many are asked at once.
    pub fn takes_turns(&self) -> bool {
        self.of_report.takes_turns()
    }

    /// A view without groups, where this session holds such.
    pub(super) async fn view_at_cut(
        &self,
        name: &'static str,
        period: Option<[i64; 2]>,
    ) -> Result<Option<Arc<dyn TableProvider>>, SessionError> {
        let Some(at_cut) = &self.at_cut else { return Ok(None) };
        let period = period.filter(|_| views::is_of_period(name));
        let make = || async {
            let names = BTreeSet::from([name.to_owned()]);
            let context = tables::beside(&self.context, |name| !views::is_view(name)).await?;
            let mut views = self.scope_of(&[]);
            views.columns = Columns::Of(views::columns_read(&names));
            views.held = self.deals_at_cut().await?;
            views.register(&context).await?;
            let mut loaded = self.loaded(&context, &names).await?;
            loaded.period = period;
            views.register_named(&context, &names, &loaded).await?;
            Ok::<_, SessionError>((context.table(name).await?, ()))
        };
        at_cut.view((name.to_owned(), Vec::new(), period, self.only.clone()), true, make).await
    }

    /// The rows of a query that is the same for all questions with this split at this cut: `make` plans it for the first who asks, and they are held
    /// for the others; what it gives beside the plan is kept until that has run. `None` where this session holds nothing, or the memory limit does not allow it.
    pub async fn once<B, F: Future<Output = Result<(DataFrame, B), DataFusionError>>>(
        &self,
        sql: &str,
        by: &[String],
        make: impl FnOnce() -> F,
    ) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        match &self.at_cut {
            Some(at_cut) => at_cut.view((sql.to_owned(), by.to_vec(), None, self.only.clone()), false, make).await,
            None => Ok(None),
        }
    }

    /// The deals as known at the cut, where this session holds them.
    pub(super) async fn deals_at_cut(&self) -> Result<Option<Arc<dyn TableProvider>>, SessionError> {
        let Some(at_cut) = &self.at_cut else { return Ok(None) };
        Ok(at_cut.rows(&self.scope_of(&[]), &self.dimensions()).await?)
    }
}
