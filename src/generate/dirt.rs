//! The dirt that real exports have, put in on purpose and told in the truth.

/// The label of the totals row of the deals and of the spend.
pub const TOTALS: &str = "Итого";
/// Clients whose first deal has a creation date that is none, and what stands there.
pub const BROKEN_DEALS: [(u64, &str); 4] =
    [(40, "31.02.2025 10:00:00"), (411, "2025-03-14"), (903, "00.00.0000 00:00:00"), (1502, "##########")];
/// Clients with an event more whose date is none, and what stands there.
pub const BROKEN_EVENTS: [(u64, &str); 2] = [(300, "32.13.2024 25:61:00"), (1200, "вчера")];
/// The client whose first deal stands in the export twice.
pub const DUPLICATED_DEAL_OF: u64 = 777;
/// The client whose first event stands in the export twice.
pub const DUPLICATED_EVENT_OF: u64 = 650;

/// The invalid creation date of the client's first deal. `None` if it is valid.
pub fn broken_deal(client: u64) -> Option<&'static str> {
    BROKEN_DEALS.iter().find(|(of, _)| *of == client).map(|(_, text)| *text)
}

/// The invalid date of the client's additional event. `None` without such an event.
pub fn broken_event(client: u64) -> Option<&'static str> {
    BROKEN_EVENTS.iter().find(|(of, _)| *of == client).map(|(_, text)| *text)
}
