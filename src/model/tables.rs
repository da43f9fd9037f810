//! The canonical tables: names, columns, keys. The only place that lists them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Digits after the decimal point in every money column.
pub const MONEY_SCALE: i8 = 4;
/// Digits in every money column.
pub const MONEY_PRECISION: u8 = 18;

/// What a column holds. Each kind has one Arrow type, so that a value means the same in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text. Ids are text, always: a 19-digit id read as a float merges clients.
    Text,
    /// Exact decimal money, [`MONEY_PRECISION`] digits, [`MONEY_SCALE`] of them after the point.
    Money,
    /// An instant, UTC, microseconds.
    Instant,
    /// A calendar day.
    Day,
    /// A whole number.
    Count,
    /// A real number, such as a score or a share (0.15 for 15 %).
    Real,
    /// `List<Struct<stage: Text, at: Instant, times: Count>>`: first entry into each stage in time order,
    /// and how many times the stage was entered.
    Entries,
    /// `List<Struct<stage: Text, at: Instant, from: Text>>`: every re-entry of a stage entered before, in time order,
    /// with the stage it came from.
    Returns,
    /// `List<Struct<stage: Text, at: Instant, after: Instant, before: Instant>>`: the moves that were seen only by comparing
    /// two snapshots, in time order, each with the snapshots between which it happened.
    Intervals,
    /// `List<Instant>`, ascending.
    Instants,
    /// `List<Struct<value: Money, at: Instant, after: Instant, before: Instant>>`: the amounts of a deal in time order, each from
    /// `at` on. Those that were seen by comparing two snapshots say between which moments the change was.
    Amounts,
    /// The same with values that are days.
    Days,
    /// The same with values that are real numbers.
    Reals,
    /// `List<Struct<at: Instant, until: Instant>>`: when snapshots did not list the deal although earlier and later ones did.
    Absences,
}

impl Kind {
    /// The Arrow type of a column of this kind.
    pub fn arrow(self) -> DataType {
        let instant = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let item = |of: DataType| DataType::List(Arc::new(Field::new("item", of, true)));
        let field = |name: &str, of: DataType| Field::new(name, of, true);
        let known = |value: Kind| {
            let moments = ["at", "after", "before"].map(|name| field(name, instant()));
            item(DataType::Struct(std::iter::once(field("value", value.arrow())).chain(moments).collect()))
        };
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Money => DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE),
            Kind::Instant => instant(),
            Kind::Day => DataType::Date32,
            Kind::Count => DataType::Int64,
            Kind::Real => DataType::Float64,
            Kind::Instants => item(instant()),
            Kind::Amounts => known(Kind::Money),
            Kind::Days => known(Kind::Day),
            Kind::Reals => known(Kind::Real),
            Kind::Absences => {
                item(DataType::Struct(["at", "until"].map(|name| field(name, instant())).into_iter().collect()))
            }
            Kind::Entries => item(DataType::Struct(Fields::from(vec![
                Field::new("stage", DataType::Utf8, true),
                Field::new("at", instant(), true),
                Field::new("times", DataType::Int64, true),
            ]))),
            Kind::Returns => item(DataType::Struct(Fields::from(vec![
                Field::new("stage", DataType::Utf8, true),
                Field::new("at", instant(), true),
                Field::new("from", DataType::Utf8, true),
            ]))),
            Kind::Intervals => item(DataType::Struct(Fields::from(vec![
                Field::new("stage", DataType::Utf8, true),
                Field::new("at", instant(), true),
                Field::new("after", instant(), true),
                Field::new("before", instant(), true),
            ]))),
        }
    }
}

/// One column of a canonical table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name, as SQL and mappings write it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A canonical table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// A deal or lead in its newest known state.
    Deals,
    /// Something that happened.
    Events,
    /// A day's cost of a campaign, and what the advertising cabinet claims for it.
    Spend,
    /// A promotion.
    Promos,
    /// A manager.
    Staff,
    /// A client.
    Clients,
    /// What is planned for a period, as one edition of the plan says it.
    Plans,
    /// A deal's folded history. Made by ingest, never mapped.
    Journeys,
    /// What was loaded. Made by ingest, never mapped.
    Ingests,
    /// What the newest ingest of each export refused, and why. Made by ingest, never mapped.
    Quarantine,
    /// The regulations that were in force at ingests. Made by ingest, never mapped.
    Regulations,
}

const fn c(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const DEALS: &[Column] = &[
    c("deal_id", Kind::Text),
    c("client_id", Kind::Text),
    c("pipeline", Kind::Text),
    c("stage", Kind::Text),
    c("status", Kind::Text),
    c("manager", Kind::Text),
    c("branch", Kind::Text),
    c("source", Kind::Text),
    c("contractor", Kind::Text),
    c("campaign", Kind::Text),
    c("created_at", Kind::Instant),
    c("closed_at", Kind::Instant),
    // the day on which an open deal is planned to close: no closing
    c("expected_close", Kind::Day),
    // how likely the CRM says that it is to be won, as a share
    c("probability", Kind::Real),
    c("amount", Kind::Money),
    c("list_amount", Kind::Money),
    c("cost", Kind::Money),
    c("promo", Kind::Text),
    c("interest", Kind::Text),
    c("lost_reason", Kind::Text),
    // how many times the client was contacted, where the CRM gives a number and no log
    c("touches", Kind::Count),
    // kept by ingest, of won and lost deals without `closed_at`: the last moment at which an export showed the deal open (null:
    // none did), and the first at which one showed it closed
    c("closed_after", Kind::Instant),
    c("closed_by", Kind::Instant),
    // kept by ingest: the first snapshot in which the deal stood and the newest one, which kind of export that was, and the first
    // one after it in which it stood no longer
    c("listed_at", Kind::Instant),
    c("seen_at", Kind::Instant),
    c("seen_in", Kind::Text),
    c("gone_at", Kind::Instant),
];

const EVENTS: &[Column] = &[
    c("event_id", Kind::Text),
    c("at", Kind::Instant),
    c("kind", Kind::Text),
    c("deal_id", Kind::Text),
    c("client_id", Kind::Text),
    c("manager", Kind::Text),
    c("direction", Kind::Text),
    c("outcome", Kind::Text),
    c("duration_s", Kind::Count),
    c("stage", Kind::Text),
    c("campaign", Kind::Text),
    c("score", Kind::Real),
    // of a refund: the money given back; of an event `amount`: that of the deal from now on
    c("amount", Kind::Money),
    // of an event `expected_close`: that of the deal from now on
    c("expected_close", Kind::Day),
    // kept by ingest, of moves that were seen by comparing two snapshots: between which moments the deal moved
    c("after", Kind::Instant),
    c("before", Kind::Instant),
    // kept by ingest, of events that name only their client: the deal of the client to which they belong
    c("joined_deal", Kind::Text),
];

const SPEND: &[Column] = &[
    c("day", Kind::Day),
    c("source", Kind::Text),
    c("contractor", Kind::Text),
    c("campaign", Kind::Text),
    c("cost", Kind::Money),
    c("impressions", Kind::Count),
    c("clicks", Kind::Count),
    c("claimed_leads", Kind::Count),
    c("claimed_orders", Kind::Count),
    c("claimed_revenue", Kind::Money),
];

const PROMOS: &[Column] =
    &[c("promo", Kind::Text), c("starts", Kind::Day), c("ends", Kind::Day), c("discount", Kind::Real)];

const STAFF: &[Column] = &[
    c("manager", Kind::Text),
    c("team", Kind::Text),
    c("supervisor", Kind::Text),
    c("branch", Kind::Text),
    c("hired", Kind::Day),
    c("left", Kind::Day),
];

const CLIENTS: &[Column] =
    &[c("client_id", Kind::Text), c("segment", Kind::Text), c("branch", Kind::Text), c("first_seen", Kind::Day)];

const PLANS: &[Column] = &[
    // a year, a quarter, a month or a week: `2025`, `2025-Q1`, `2025-01`, `2025-W02`
    c("period", Kind::Text),
    // a dimension of deals and its value; null, null: the whole company
    c("dimension", Kind::Text),
    c("name", Kind::Text),
    c("measure", Kind::Text),
    // the day from which this edition is known; null: known always
    c("known_from", Kind::Day),
    c("value", Kind::Money),
];

const JOURNEYS: &[Column] = &[
    c("deal_id", Kind::Text),
    c("client_id", Kind::Text),
    c("pipeline", Kind::Text),
    c("stage", Kind::Text),
    c("status", Kind::Text),
    c("manager", Kind::Text),
    c("branch", Kind::Text),
    c("source", Kind::Text),
    c("contractor", Kind::Text),
    c("campaign", Kind::Text),
    c("created_at", Kind::Instant),
    c("closed_at", Kind::Instant),
    c("expected_close", Kind::Day),
    c("probability", Kind::Real),
    c("amount", Kind::Money),
    c("list_amount", Kind::Money),
    c("cost", Kind::Money),
    c("promo", Kind::Text),
    c("interest", Kind::Text),
    c("lost_reason", Kind::Text),
    c("touches", Kind::Count),
    c("closed_after", Kind::Instant),
    c("closed_by", Kind::Instant),
    c("listed_at", Kind::Instant),
    // folded from events
    c("entries", Kind::Entries),
    c("returns", Kind::Returns),
    c("response_at", Kind::Instant),
    c("touch_at", Kind::Instants),
    c("refused_at", Kind::Instant),
    c("opted_out_at", Kind::Instant),
    c("complained_at", Kind::Instant),
    c("refunded_at", Kind::Instant),
    c("events", Kind::Count),
    c("intervals", Kind::Intervals),
    c("amount_history", Kind::Amounts),
    c("expected_close_history", Kind::Days),
    c("probability_history", Kind::Reals),
    c("absences", Kind::Absences),
];

const INGESTS: &[Column] = &[
    c("ingest", Kind::Count),
    c("at", Kind::Instant),
    c("exports", Kind::Text),
    c("table_name", Kind::Text),
    c("read", Kind::Count),
    c("new", Kind::Count),
    c("changed", Kind::Count),
    c("unchanged", Kind::Count),
    c("quarantined", Kind::Count),
    // up to when the exports reach that filled the table: as was said or their names tell, else when they were ingested; null:
    // nothing says it, and the ingest brought nothing new
    c("taken", Kind::Instant),
];

const QUARANTINE: &[Column] = &[
    c("ingest", Kind::Count),
    c("file", Kind::Text),
    c("line", Kind::Count),
    c("column", Kind::Text),
    c("value", Kind::Text),
    c("reason", Kind::Text),
    c("reason_ru", Kind::Text),
    c("raw", Kind::Text),
    c("header", Kind::Text),
    // the name of the folder in which the export lay; by which keys the row is known, as far as it can be read, as hashes; and
    // the tables to which a good row of such a key came later
    c("folder", Kind::Text),
    c("keys", Kind::Text),
    c("later", Kind::Text),
];

const REGULATIONS: &[Column] = &[c("ingest", Kind::Count), c("valid_from", Kind::Day), c("text", Kind::Text)];

impl Table {
    /// Every table, in the order in which the docs list them.
    pub const ALL: [Table; 11] = [
        Table::Deals,
        Table::Events,
        Table::Spend,
        Table::Promos,
        Table::Staff,
        Table::Clients,
        Table::Plans,
        Table::Journeys,
        Table::Ingests,
        Table::Quarantine,
        Table::Regulations,
    ];

    /// The tables that a mapping may fill.
    pub const MAPPED: [Table; 7] =
        [Table::Deals, Table::Events, Table::Spend, Table::Promos, Table::Staff, Table::Clients, Table::Plans];

    /// The name in SQL, in mappings and as the folder in the store.
    pub fn name(self) -> &'static str {
        match self {
            Table::Deals => "deals",
            Table::Events => "events",
            Table::Spend => "spend",
            Table::Promos => "promos",
            Table::Staff => "staff",
            Table::Clients => "clients",
            Table::Plans => "plans",
            Table::Journeys => "journeys",
            Table::Ingests => "ingests",
            Table::Quarantine => "quarantine",
            Table::Regulations => "regulations",
        }
    }

    /// The table of that name.
    pub fn named(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The canonical columns, in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Table::Deals => DEALS,
            Table::Events => EVENTS,
            Table::Spend => SPEND,
            Table::Promos => PROMOS,
            Table::Staff => STAFF,
            Table::Clients => CLIENTS,
            Table::Plans => PLANS,
            Table::Journeys => JOURNEYS,
            Table::Ingests => INGESTS,
            Table::Quarantine => QUARANTINE,
            Table::Regulations => REGULATIONS,
        }
    }

    /// The canonical column of that name.
    pub fn column(self, name: &str) -> Option<Column> {
        self.columns().iter().copied().find(|c| c.name == name)
    }

    /// The columns that ingest keeps, and no mapping fills.
    pub fn kept_by_ingest(self) -> &'static [&'static str] {
        match self {
            Table::Deals => &["closed_after", "closed_by", "listed_at", "seen_at", "seen_in", "gone_at"],
            Table::Events => &["after", "before", "joined_deal"],
            _ => &[],
        }
    }

    /// The columns that identify a row; two rows with an equal key are one row in two states.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Table::Deals | Table::Journeys => &["deal_id"],
            Table::Events => &["event_id"],
            Table::Spend => &["day", "source", "contractor", "campaign"],
            Table::Promos => &["promo"],
            Table::Staff => &["manager"],
            Table::Clients => &["client_id"],
            Table::Plans => &["period", "dimension", "name", "measure", "known_from"],
            Table::Ingests => &["ingest", "table_name"],
            Table::Quarantine => &["ingest", "file", "line", "column"],
            Table::Regulations => &["ingest"],
        }
    }

    /// The first filled one of these columns decides a row's bucket. Without any, the table is one bucket.
    pub fn bucket_by(self) -> &'static [&'static str] {
        match self {
            Table::Deals | Table::Journeys => &["deal_id"],
            Table::Events => &["deal_id", "client_id", "event_id"],
            Table::Clients => &["client_id"],
            _ => &[],
        }
    }

    /// How the rows of one file are sorted.
    pub fn sorted_by(self) -> &'static [&'static str] {
        match self {
            Table::Deals | Table::Journeys => &["deal_id"],
            Table::Events => &["deal_id", "at", "event_id"],
            other => other.key(),
        }
    }

    /// The Arrow schema: canonical columns first, then the `extra` text columns that mappings named.
    pub fn schema(self, extra: &[String]) -> SchemaRef {
        let canonical = self.columns().iter().map(|c| Field::new(c.name, c.kind.arrow(), true));
        let extra = extra.iter().map(|name| Field::new(name, DataType::Utf8, true));
        Arc::new(Schema::new(canonical.chain(extra).collect::<Vec<_>>()))
    }
}

/// What makes an event without an id the same event in the next export.
pub const EVENT_IDENTITY: [&str; 8] =
    ["at", "kind", "deal_id", "client_id", "manager", "direction", "stage", "campaign"];

/// Whether a row without an id is known by this column.
pub fn is_identity(table: Table, column: &str) -> bool {
    table == Table::Events && EVENT_IDENTITY.contains(&column)
}

/// The values that `deals.status` may hold.
pub const STATUSES: [&str; 3] = ["open", "won", "lost"];

/// The measures of plans that Voronka compares with what happened. Others are kept, and told.
pub const MEASURES: [&str; 5] = ["revenue", "won", "leads", "margin", "touches"];

/// Event kinds that are touches when they are outgoing (meetings are touches always).
pub const TOUCH_KINDS: [&str; 5] = ["call", "email", "sms", "message", "meeting"];

/// Event kinds that Voronka knows the meaning of. Others are kept, and only SQL sees them.
pub const EVENT_KINDS: [&str; 13] = [
    "stage",
    "call",
    "email",
    "sms",
    "message",
    "meeting",
    "mailing",
    "refusal",
    "complaint",
    "opt_out",
    "refund",
    "task",
    "qa_check",
];

/// Event kinds that say a field of the deal anew: the column of deals that has their name. The value is in the column of events that
/// [`value_of_change`] names; an empty one says that the field was emptied.
pub const CHANGE_KINDS: [&str; 3] = ["amount", "expected_close", "probability"];

/// The kind of the events with which ingest keeps that snapshots did not list a deal for a while: from `at` until `before`.
pub const GONE_KIND: &str = "gone";

/// The column of events that holds the value of an event of such a kind.
pub fn value_of_change(kind: &str) -> Option<&'static str> {
    match kind {
        "amount" => Some("amount"),
        "expected_close" => Some("expected_close"),
        "probability" => Some("score"),
        _ => None,
    }
}

/// Whether events of this kind happened to nobody: they only keep what a deal's row said, or that snapshots did not list it.
pub fn is_record(kind: &str) -> bool {
    kind == GONE_KIND || CHANGE_KINDS.contains(&kind)
}
