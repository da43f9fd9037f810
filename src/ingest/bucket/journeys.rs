//! The journeys of a bucket: its deals, its events, and the events of other buckets that belong to them.

use crate::export::datum::{Cell, unpack};
use crate::ingest::rows::Rows;
use crate::ingest::stage::shape::encode_cells;
use crate::ingest::stage::spill::next;
use crate::journey::day::DayOf;
use crate::journey::{Between, Happening, Journey, Share, Value, fold};
use crate::model::layout::{Layout, NoColumn};

/// An event that names no deal and belongs to one: it lies in the bucket of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Guest<'a> {
    pub(crate) deal: &'a str,
    pub(crate) at: i64,
    pub(crate) event_id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) stage: Option<&'a str>,
    pub(crate) outgoing: bool,
    /// Whether it belongs to another deal, and only answers this one.
    pub(crate) only_answers: bool,
}

impl<'a> Guest<'a> {
    /// Appends it to a row of a spill.
    pub(crate) fn encode(&self, row: &mut Vec<u8>) {
        let flag = |of: bool| Cell::Whole(i64::from(of));
        let stage = self.stage.map_or(Cell::Null, Cell::Text);
        let texts = [self.deal, self.event_id, self.kind].map(Cell::Text);
        encode_cells(&texts, row);
        encode_cells(&[stage, Cell::Whole(self.at), flag(self.outgoing), flag(self.only_answers)], row);
    }

    fn decode(mut row: &'a [u8]) -> Option<Guest<'a>> {
        let mut cell = || unpack(&mut row);
        let [deal, event_id, kind] = [cell()?.text()?, cell()?.text()?, cell()?.text()?];
        let stage = cell()?.text();
        let [at, outgoing, only_answers] = [cell()?.whole()?, cell()?.whole()?, cell()?.whole()?];
        Some(Guest { deal, at, event_id, kind, stage, outgoing: outgoing != 0, only_answers: only_answers != 0 })
    }
}

/// The guests in a part of a spill, by deal and time.
pub(crate) fn guests(part: &[u8]) -> Vec<Guest<'_>> {
    let mut rest = part;
    let mut guests: Vec<Guest<'_>> =
        std::iter::from_fn(|| next(&mut rest)).filter_map(|(_, row)| Guest::decode(row)).collect();
    // they came in the order in which threads were done
    guests.sort_unstable();
    guests
}

pub(crate) type Sorted<'r, 'a> = (&'r Rows<'a>, &'r Layout, &'r [u32]);

/// The journeys of all deals of a bucket, in the deals' order. All sides are sorted by deal.
pub(crate) fn fold_all<'a>(
    deals: Sorted<'_, '_>,
    events: Sorted<'_, 'a>,
    guests: &[Guest<'a>],
    days: &DayOf,
) -> Result<Vec<Journey<'a>>, NoColumn> {
    let (deal_rows, deals_layout, deal_order) = deals;
    let (rows, layout, order) = events;
    let [deal_id, created_at] = deals_layout.places(["deal_id", "created_at"])?;
    let [of, at, kind, event_id] = layout.places(["deal_id", "at", "kind", "event_id"])?;
    let [direction, stage, after, before] = layout.places(["direction", "stage", "after", "before"])?;
    let [amount, expected_close, score] = layout.places(["amount", "expected_close", "score"])?;
    let value = |row: usize, kind: &str| match kind {
        "amount" => rows.cell(row, amount).into(),
        "expected_close" => rows.cell(row, expected_close).into(),
        "probability" => rows.cell(row, score).into(),
        _ => Value::Empty,
    };
    let happening = |row: &u32| {
        let cell = |slot: usize| rows.cell(*row as usize, slot);
        let at = cell(at).whole()?;
        Some(Happening {
            at,
            ends_at: days.ends_at(at),
            kind: cell(kind).text()?,
            outgoing: cell(direction).text() == Some("outgoing"),
            stage: cell(stage).text(),
            between: cell(before).whole().map(|before| Between { after: cell(after).whole(), before }),
            share: Share::Whole,
            value: value(*row as usize, cell(kind).text()?),
        })
    };
    let (mut next, mut next_guest) = (0, 0);
    let journey = |deal: &u32| {
        let deal = *deal as usize;
        let id = deal_rows.cell(deal, deal_id).text();
        // events of no deal, or of deals that are not known yet
        let own = run(&mut next, |place| order.get(place).map(|row| rows.cell(*row as usize, of).text()), id);
        let visiting = run(&mut next_guest, |place| guests.get(place).map(|guest| Some(guest.deal)), id);
        let created_at = deal_rows.cell(deal, created_at).whole();
        if visiting.is_empty() {
            return fold(created_at, order[own].iter().filter_map(happening));
        }
        let own = order[own]
            .iter()
            .filter_map(|row| Some((happening(row)?, rows.cell(*row as usize, event_id).text().unwrap_or_default())));
        let visiting = guests[visiting].iter().map(|guest| (of_guest(guest, days), guest.event_id));
        let mut all: Vec<(Happening<'a>, &str)> = own.chain(visiting).collect();
        all.sort_by_key(|(happening, id)| (happening.at, *id));
        fold(created_at, all.iter().map(|(happening, _)| *happening))
    };
    Ok(deal_order.iter().map(journey).collect())
}

/// The places of a deal's own in what is sorted by deal, from `next` on.
fn run<'o>(
    next: &mut usize,
    owner: impl Fn(usize) -> Option<Option<&'o str>>,
    deal: Option<&str>,
) -> std::ops::Range<usize> {
    while owner(*next).is_some_and(|owner| owner < deal) {
        *next += 1;
    }
    let from = *next;
    while owner(*next).is_some_and(|owner| owner == deal) {
        *next += 1;
    }
    from..*next
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Value {
        match cell {
            Cell::Whole(whole) => Value::Whole(whole),
            Cell::Real(real) => Value::Real(real),
            Cell::Null | Cell::Text(_) => Value::Empty,
        }
    }
}

fn of_guest<'a>(guest: &Guest<'a>, days: &DayOf) -> Happening<'a> {
    Happening {
        at: guest.at,
        ends_at: days.ends_at(guest.at),
        kind: guest.kind,
        outgoing: guest.outgoing,
        stage: guest.stage,
        between: None,
        share: if guest.only_answers { Share::Answer } else { Share::Whole },
        value: Value::Empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_come_back_as_they_went_in_the_order_of_deal_and_time() {
        let one =
            Guest { deal: "7", at: -5, event_id: "a", kind: "call", stage: None, outgoing: true, only_answers: false };
        let two = Guest { deal: "12", stage: Some("Новая"), outgoing: false, only_answers: true, ..one };
        let mut part = Vec::new();
        for guest in [one, two] {
            let mut row = Vec::new();
            guest.encode(&mut row);
            part.extend_from_slice(&0_u32.to_le_bytes());
            part.extend_from_slice(&u32::try_from(row.len()).unwrap().to_le_bytes());
            part.extend_from_slice(&row);
        }
        assert_eq!(guests(&part), [two, one]);
        assert_eq!(guests(&[]), []);
    }
}
