//! Events of deals that the store does not know: they count for no deal, and nothing shows them.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::ingest::rows::Rows;
use crate::model::lang::Text;
use crate::model::layout::{Layout, NoColumn};

/// So many deals are named.
const SHOWN: usize = 3;

/// The events of an ingest whose deal is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrphanEvents {
    events: u64,
    /// The first of the deals, in the order of their ids.
    deals: Vec<String>,
}

type Table<'t> = (&'t Rows<'t>, &'t Layout);

impl OrphanEvents {
    /// Looks for the deals of these rows of events. A bucket of events has the deals that they are of.
    pub(crate) fn find(
        (events, events_layout): Table<'_>,
        touched: &[usize],
        (deals, layout): Table<'_>,
    ) -> Result<OrphanEvents, NoColumn> {
        let (of, id) = (events_layout.slot("deal_id")?, layout.slot("deal_id")?);
        let mut strays = OrphanEvents::default();
        if touched.iter().all(|row| events.cell(*row, of).is_null()) {
            return Ok(strays);
        }
        let mark = |id: &str| xxh3_64(id.as_bytes());
        let mut known = HashTable::with_capacity(deals.len());
        for deal in (0..deals.len()).filter_map(|row| deals.cell(row, id).text().map(mark)) {
            known.insert_unique(deal, deal, |deal| *deal);
        }
        let mut ids: Vec<&str> = Vec::new();
        for deal in touched.iter().filter_map(|row| events.cell(*row, of).text()) {
            let mark = mark(deal);
            if known.find(mark, |known| *known == mark).is_none() {
                strays.events += 1;
                ids.push(deal);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        strays.deals = ids.into_iter().take(SHOWN).map(str::to_owned).collect();
        Ok(strays)
    }

    /// Adds those of another bucket.
    pub(crate) fn add(&mut self, other: OrphanEvents) {
        self.events += other.events;
        self.deals.extend(other.deals);
        self.deals.sort();
        self.deals.truncate(SHOWN);
    }

    pub(crate) fn note(&self) -> Option<Text> {
        let OrphanEvents { events, deals } = self;
        let deals = deals.join(", ");
        (*events > 0).then(|| {
            Text::new(
                format!(
                    "событий сделок, которых нет в хранилище: {events} (сделка {deals}); ни к одной сделке они не относятся. Загрузите и эти \
                     сделки, или проверьте, так ли пишутся их номера"
                ),
                format!(
                    "events of deals that the store does not know: {events} (deal {deals}); they count for no deal. Ingest those deals as \
                     well, or see whether their ids are written alike"
                ),
            )
        })
    }
}

/// Whether any event tells of a stage.
pub(crate) fn has_stages(events: &Rows<'_>, layout: &Layout) -> Result<bool, NoColumn> {
    let kind = layout.slot("kind")?;
    Ok((0..events.len()).any(|row| events.cell(row, kind).text() == Some("stage")))
}
