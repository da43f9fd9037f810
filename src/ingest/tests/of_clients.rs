//! Events that know only their client: whatever the order of ingests and the number of buckets, they come to the same deals.

use super::*;

const MAPPING: &str = r#"
zone = "Europe/Berlin"
[[export]]
name = "deals"
files = "deals*.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
client_id = "Client"
manager = "Manager"
status = "Status"
created_at = "Created"
closed_at = "Closed"
[[export]]
name = "events"
files = "events*.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "ID"
at = "At"
kind = "Kind"
deal_id = "Deal"
client_id = "Client"
manager = "Manager"
direction = "Way"
stage = "Stage"
"#;

const DEALS: &str = "ID;Client;Manager;Status;Created;Closed\n";
const EVENTS: &str = "ID;At;Kind;Deal;Client;Manager;Way;Stage\n";

fn small() -> Sizes {
    Sizes {
        rows_at_first: 8,
        rows_at_most: 12,
        cold_events: 4,
        spill: 3000,
        ids: 16,
        reading: Division { threads: 3, batch: 1000 },
        always_reads: false,
    }
}

async fn ingest_with(company: &Company, exports: &[PathBuf], sizes: Sizes) -> Summary {
    ingest(&company.store().await, &company.mapping, exports, IngestOptions::at(at()).sizes(sizes)).await.unwrap()
}

/// What comes of a company: its journeys, and the deals of its events.
async fn outcome(company: &Company) -> Vec<String> {
    let told = ["response_at", "events", "refused_at", "opted_out_at", "complained_at", "refunded_at"];
    let mut all = company.rows(Table::Journeys, &[&["deal_id"], told.as_slice()].concat()).await;
    all.extend(company.rows(Table::Events, &["event_id", "deal_id", "joined_deal"]).await);
    all
}

/// Numbers that look random and are always the same.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub(super) fn of<'a>(&mut self, some: &[&'a str]) -> &'a str {
        some[self.below(some.len() as u64) as usize]
    }

    /// A moment or a day of ten days, on a grid so coarse that many coincide.
    fn moment(&mut self) -> String {
        let (day, hour, minute) = (1 + self.below(10), self.below(24), 20 * self.below(3));
        match self.below(4) {
            0 => format!("2025-03-{day:02}"),
            _ => format!("2025-03-{day:02} {hour:02}:{minute:02}"),
        }
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// Rows of deals and of events.
fn world(dice: &mut Dice) -> [Vec<String>; 2] {
    let managers = ["ann", "bob", ""];
    let deal = |number| {
        let (client, manager, status) = (dice.below(7), dice.of(&managers), dice.of(&["open", "won", "lost"]));
        let created = if dice.below(9) == 0 { String::new() } else { dice.moment() };
        let closed = if dice.below(4) == 0 { String::new() } else { dice.moment() };
        format!("{number};c{client};{manager};{status};{created};{closed}\n")
    };
    let deals = (0..25).map(deal).collect();
    let kinds =
        ["call", "call", "email", "meeting", "refusal", "complaint", "refund", "opt_out", "stage", "mailing", "task"];
    let event = |number| {
        let (at, kind, client) = (dice.moment(), dice.of(&kinds), dice.below(9));
        let deal = if dice.below(4) == 0 { dice.below(27).to_string() } else { String::new() };
        let (manager, way) = (dice.of(&managers), dice.of(&["outgoing", "outgoing", "incoming"]));
        let stage = if kind == "stage" { dice.of(&["new", "offer"]) } else { "" };
        format!("e{number};{at};{kind};{deal};c{client};{manager};{way};{stage}\n")
    };
    [deals, (0..80).map(event).collect()]
}

#[tokio::test]
async fn no_order_of_ingests_and_no_number_of_buckets_changes_what_belongs_to_what() {
    for seed in 0..3 {
        let mut dice = Dice(seed * 1000 + 7);
        let [deals, events] = world(&mut dice);
        let whole = Company::new(MAPPING);
        let exports = [
            whole.file("deals.csv", format!("{DEALS}{}", deals.concat())),
            whole.file("events.csv", format!("{EVENTS}{}", events.concat())),
        ];
        ingest_with(&whole, &exports, Sizes::default()).await;
        let expected = outcome(&whole).await;
        assert!(
            expected.iter().filter(|row| row.starts_with('e') && !row.ends_with(" -")).count() > 10,
            "{expected:?}"
        );
        let files = whole.files();
        assert!(ingest_with(&whole, &exports, Sizes::default()).await.nothing_changed());
        assert_eq!(whole.files(), files);

        let parts = Company::new(MAPPING);
        let part = |kind: &str, head: &str, rows: &[String], at: usize| {
            parts.file(&format!("{kind}{at}.csv"), format!("{head}{}", rows.concat()))
        };
        let mut exports: Vec<PathBuf> =
            deals.chunks(7).enumerate().map(|(at, rows)| part("deals", DEALS, rows, at)).collect();
        exports.extend(events.chunks(19).enumerate().map(|(at, rows)| part("events", EVENTS, rows, at)));
        dice.shuffle(&mut exports);
        for export in &exports {
            ingest_with(&parts, std::slice::from_ref(export), small()).await;
        }
        assert!(parts.store().await.snapshot(None).await.unwrap().tables[&Table::Events].buckets > 2);
        assert_eq!(outcome(&parts).await, expected, "seed {seed}: {exports:?}");
        let files = parts.files();
        assert!(ingest_with(&parts, &exports, small()).await.nothing_changed());
        assert_eq!(parts.files(), files);
    }
}

#[tokio::test]
async fn what_changes_later_comes_out_as_if_it_had_been_so_at_once() {
    for seed in 0..3 {
        let mut dice = Dice(seed * 1000 + 13);
        let ([old_deals, old_events], [new_deals, new_events]) = (world(&mut dice), world(&mut dice));
        // some deals and events have other values now: another client, another deal or none, another time
        let (changed_deals, changed_events) = (&new_deals[5..15], &new_events[10..40]);
        let last = |old: &[String], changed: &[String], from: usize| {
            [&old[..from], changed, &old[from + changed.len()..]].concat().concat()
        };
        let changed = Company::new(MAPPING);
        for (name, text) in [
            ("deals1.csv", format!("{DEALS}{}", old_deals.concat())),
            ("events1.csv", format!("{EVENTS}{}", old_events.concat())),
            ("events2.csv", format!("{EVENTS}{}", changed_events.concat())),
            ("deals2.csv", format!("{DEALS}{}", changed_deals.concat())),
        ] {
            ingest_with(&changed, &[changed.file(name, text)], small()).await;
        }
        let at_once = Company::new(MAPPING);
        let exports = [
            at_once.file("deals.csv", format!("{DEALS}{}", last(&old_deals, changed_deals, 5))),
            at_once.file("events.csv", format!("{EVENTS}{}", last(&old_events, changed_events, 10))),
        ];
        ingest_with(&at_once, &exports, small()).await;
        assert_eq!(outcome(&changed).await, outcome(&at_once).await, "seed {seed}");
    }
}

#[tokio::test]
async fn what_became_of_the_events_is_told() {
    let company = Company::new(MAPPING);
    let deals = format!(
        "{DEALS}1;c1;ann;open;2025-03-03 10:00;\n2;c1;bob;open;2025-03-03 10:02;\n\
         3;c2;ann;won;2025-03-03 10:00;2025-03-05\n"
    );
    let events = format!(
        "{EVENTS}a;2025-03-03 10:05;call;;c1;;outgoing;\nb;2025-03-03 10:07;call;;c1;ann;outgoing;\n\
         c;2025-03-05 18:00;call;;c2;;outgoing;\nd;2025-03-06 09:00;call;;c2;;outgoing;\n\
         e;2025-03-03 09:00;call;;c9;;outgoing;\nf;2025-03-03 12:00;mailing;;c1;;;\n"
    );
    let told = "events that name only a client: joined to a deal of the client: 3; the client had no deal then to which \
                they could belong: 1; no deal of the client is known: 1";
    let calls = ingest_with(&company, &[company.file("events.csv", events)], Sizes::default()).await;
    assert!(calls.text(Lang::En).contains("no deal of the client is known: 5"), "{}", calls.text(Lang::En));
    let summary = ingest_with(&company, &[company.file("deals.csv", deals)], Sizes::default()).await;
    assert!(summary.text(Lang::En).contains(told), "{}", summary.text(Lang::En));
    assert!(summary.text(Lang::Ru).contains("отнесены к его сделке: 3"), "{}", summary.text(Lang::Ru));
    assert_eq!(
        company.rows(Table::Events, &["event_id", "deal_id", "joined_deal"]).await,
        ["a - 2", "b - 1", "c - 3", "d - -", "e - -", "f - -"]
    );
    // the first call answers both deals of its client, and is a touch of the newer one alone
    let second = 1_000_000;
    let moment = |minute: i64| (1_740_992_400 + minute * 60) * second;
    assert_eq!(
        company.rows(Table::Journeys, &["deal_id", "response_at", "events"]).await,
        [format!("1 {} 1", moment(5)), format!("2 {} 1", moment(5)), format!("3 {} 1", 1_741_194_000 * second),]
    );
}
