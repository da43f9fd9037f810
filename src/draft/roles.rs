//! What the columns of an export are, and what one of its rows is.

use std::collections::BTreeSet;

use super::event_words::{self, direction};
use super::names::{FILES, NAMES, Name};
use super::profile::is_phone;
use super::source_column::Column;
use super::words::ideas;
use crate::model::tables::{Kind, Table};

/// A column of the export that has a role: its place, the role, and how well its name says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) at: usize,
    pub(super) role: &'static str,
    pub(super) fit: Fit,
}

/// How well a name says what a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It says nothing else.
    Whole,
    /// It says beside it only what a row is: `Deal amount`.
    Nearly,
    /// It says more.
    Part,
    /// It says little, and no other says more.
    Bare,
}

/// What a row of an export is.
pub(super) struct Taken {
    /// None: nothing that Voronka knows.
    pub(super) table: Option<Table>,
    /// Whether there is little doubt.
    pub(super) is_sure: bool,
    /// Whether it is a log of stages, or of calls.
    pub(super) log: Option<Log>,
    pub(super) given: Vec<Given>,
}

/// A log of one kind of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    Stages,
    Calls,
}

/// Determines what a row is, and assigns each column the role that its name suggests.
pub(super) fn take(columns: &[Column], rows: u64, file: &str) -> Taken {
    let of_file = of_file(file);
    let given = |table| assigned(table, columns, rows);
    let (spend, events, deals) = (given(Table::Spend), given(Table::Events), given(Table::Deals));
    let has = |given: &[Given], role: &str| given.iter().any(|one| one.role == role);
    let any = |idea: &str| columns.iter().any(|column| column.says(idea));
    let taken = |table, is_sure, log, given| Taken { table: Some(table), is_sure, log, given };
    let of_deals = for_deals(&deals, columns, rows);
    let knows_deal = deals.iter().any(|one| one.role == "deal_id" && one.fit < Fit::Bare);

    let costs = has(&spend, "cost") && (any("cost") || any("impression") || any("click")) && has(&spend, "day");
    let shown =
        has(&spend, "clicks") || has(&spend, "impressions") || (has(&spend, "day") && has(&spend, "claimed_leads"));
    let placed = has(&spend, "campaign") || has(&spend, "source") || of_file == Some(Table::Spend);
    let is_staged = has(&deals, "stage") && knows_deal;
    if ((costs && placed) || (shown && has(&spend, "day"))) && !is_staged {
        return taken(Table::Spend, true, None, spend);
    }

    let phone = columns.iter().any(|column| column.says("phone") || column.says("caller") || column.seen.is_phone());
    let lasts = has(&events, "duration_s");
    let directed = events.iter().any(|one| one.role == "direction" && is_directed(&columns[one.at]));
    let calls = any("call") || ideas(file).iter().any(|idea| idea == "call");
    let is_call = (lasts && (directed || phone || calls)) || (any("call") && (directed || (phone && of_deals < 4)));
    if has(&events, "at") && is_call && !has(&deals, "amount") && of_deals < 6 {
        return taken(Table::Events, true, Some(Log::Calls), events);
    }

    let moved = columns.iter().any(|column| column.says("history") || column.says("change"))
        || events
            .iter()
            .any(|one| one.role == "at" && (columns[one.at].says("stage") || columns[one.at].says("change")))
        || ideas(file).iter().any(|idea| idea == "history");
    let id = events.iter().find(|one| one.role == "deal_id" && one.fit < Fit::Bare);
    let again = id.is_some_and(|one| columns[one.at].seen.repeats == Some(true));
    let is_log = has(&events, "stage") && has(&events, "at") && id.is_some() && (moved || again);
    if is_log && !has(&deals, "amount") && !has(&deals, "closed_at") {
        return taken(Table::Events, moved || again, Some(Log::Stages), events);
    }

    let kinds = events.iter().filter(|one| one.role == "kind").any(|one| is_kinds(&columns[one.at]));
    if kinds && has(&events, "at") && (has(&events, "deal_id") || has(&events, "client_id")) && !has(&deals, "amount") {
        return taken(Table::Events, true, None, events);
    }

    if of_file == Some(Table::Events) && has(&events, "at") && !has(&deals, "amount") && of_deals < 4 {
        let log = (moved && has(&events, "stage")).then_some(Log::Stages);
        return taken(Table::Events, true, log, events);
    }

    let promos = given(Table::Promos);
    if ["promo", "starts", "ends"].iter().all(|role| has(&promos, role)) {
        return taken(Table::Promos, true, None, promos);
    }
    let staff = given(Table::Staff);
    let person =
        staff.iter().find(|one| one.role == "manager").is_some_and(|one| columns[one.at].seen.tells_apart(rows));
    let placed = ["supervisor", "team", "hired", "left"].iter().any(|role| has(&staff, role));
    if person && placed && of_deals < 2 && !any("client") && !any("contact") {
        return taken(Table::Staff, true, None, staff);
    }

    deals_or_clients(columns, rows, of_file, deals)
}

/// What an export is that nothing else fits: deals or clients, whichever its columns speak for.
fn deals_or_clients(columns: &[Column], rows: u64, of_file: Option<Table>, deals: Vec<Given>) -> Taken {
    let has = |given: &[Given], role: &str| given.iter().any(|one| one.role == role);
    let taken = |table, is_sure, given| Taken { table: Some(table), is_sure, log: None, given };
    let clients = assigned(Table::Clients, columns, rows);
    let mut of_clients = for_clients(&clients, columns, rows);
    let mut of_deals = for_deals(&deals, columns, rows);
    match of_file {
        Some(Table::Deals) => of_deals += 3,
        Some(Table::Clients) => of_clients += 3,
        _ => {}
    }
    let (best, other) = (of_deals.max(of_clients), of_deals.min(of_clients));
    let is_sure = best >= 2 && best - other >= 2;
    match (best, of_deals >= of_clients) {
        (0, _) => Taken { table: None, is_sure: false, log: None, given: Vec::new() },
        (_, true) => taken(Table::Deals, is_sure, deals),
        (_, false) if !has(&clients, "client_id") => {
            Taken { table: None, is_sure: false, log: None, given: Vec::new() }
        }
        (_, false) => taken(Table::Clients, is_sure, clients),
    }
}

/// What the name of a file suggests.
fn of_file(file: &str) -> Option<Table> {
    let ideas = ideas(file);
    FILES.iter().find(|(idea, _)| ideas.iter().any(|of| of == idea)).map(|(_, table)| *table)
}

/// How much speaks for rows that are deals.
fn for_deals(given: &[Given], columns: &[Column], rows: u64) -> u32 {
    let of_role = |one: &Given| match (one.role, one.fit) {
        ("deal_id", Fit::Bare) => 0,
        ("deal_id", _) => 3,
        // a stranger's money is not yet a deal's
        ("amount", Fit::Part) => 1,
        // a list of goods has prices, too
        ("amount", _) if columns[one.at].says("price") => 0,
        ("stage" | "amount" | "closed_at" | "expected_close", _) => 2,
        ("lost_reason" | "pipeline" | "list_amount" | "promo" | "touches", _) => 1,
        _ => 0,
    };
    let mut roles = BTreeSet::new();
    let points: u32 = given.iter().filter(|one| roles.insert(one.role)).map(of_role).sum();
    // one client in several rows: each is something that the client did
    let id_again = |one: &&Given| {
        one.role == "client_id" && columns[one.at].says("id") && columns[one.at].seen.repeats == Some(true)
    };
    points + u32::from(rows > 0 && given.iter().any(|one| id_again(&one)))
}

/// How much speaks for rows that are clients.
fn for_clients(given: &[Given], columns: &[Column], rows: u64) -> u32 {
    let any = |ideas: &[&str]| columns.iter().any(|column| ideas.iter().any(|idea| column.says(idea)));
    // where rows have an id of their own, that of a client is whose they are
    let own = columns.iter().any(|column| column.ideas == ["id"]);
    let is_id = |one: &Given| !own || columns[one.at].ideas == ["id"];
    let id = given.iter().any(|one| {
        one.role == "client_id" && one.fit < Fit::Part && is_id(one) && columns[one.at].seen.tells_apart(rows)
    });
    let is_name = |column: &Column| {
        column.says("name") && column.ideas.iter().all(|idea| ["first", "last", "name"].contains(&idea.as_str()))
    };
    let personal = [any(&["phone"]), any(&["email"]), columns.iter().any(is_name), any(&["birth", "address"])];
    let segment = given.iter().any(|one| one.role == "segment");
    let name = given.iter().any(|one| {
        one.role == "client_id" && columns[one.at].says("company") && columns[one.at].seen.tells_apart(rows)
    });
    u32::from(id) * 3
        + u32::from(name) * 2
        + u32::from(any(&["client", "contact"]))
        + personal.into_iter().map(u32::from).sum::<u32>().min(3)
        + u32::from(segment)
}

/// The columns that have a role in a table. Of one role there are several where they are named alike.
fn assigned(table: Table, columns: &[Column], rows: u64) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    let mut rivals: Vec<Given> = Vec::new();
    for name in NAMES.iter().filter(|name| name.table == table) {
        let kind = table.column(name.role).map(|column| column.kind);
        let free = |at: usize| !given.iter().any(|other| other.at == at);
        let fits = |at: &usize| free(*at) && suits(&columns[*at], name, kind, rows);
        let found = match name.role {
            "deal_id" if table == Table::Deals => ids(name, columns, rows, fits),
            "amount" | "cost" if kind == Some(Kind::Money) && (table, name.role) != (Table::Deals, "cost") => {
                money(name, columns, fits)
            }
            _ => called(name, columns, fits),
        };
        if let Some((first, others)) = found.split_first() {
            given.push(*first);
            // of several phones or names of one client the first that is filled is the client's
            rivals.extend(others);
        }
    }
    rivals.retain(|rival| !given.iter().any(|one| one.at == rival.at));
    given.extend(rivals);
    given
}

/// How well a column's name fits a pattern. `None` if not at all.
fn fit(column: &Column, pattern: &str, table: Table) -> Option<Fit> {
    let entity: &[&str] = match table {
        Table::Deals => &["deal", "lead", "order", "request", "sale"],
        Table::Events => &["call", "event"],
        Table::Clients => &["client", "contact"],
        Table::Spend => &["campaign"],
        Table::Staff => &["sale"],
        _ => &[],
    };
    if !pattern.split(' ').all(|idea| column.says(idea)) {
        return None;
    }
    let rest: Vec<&String> = column.ideas.iter().filter(|idea| !pattern.split(' ').any(|of| of == *idea)).collect();
    Some(match rest.is_empty() {
        true => Fit::Whole,
        false if rest.iter().all(|idea| entity.contains(&idea.as_str())) => Fit::Nearly,
        false => Fit::Part,
    })
}

/// The columns with the likeliest name of a role.
fn called(name: &Name, columns: &[Column], fits: impl Fn(&usize) -> bool) -> Vec<Given> {
    for tier in [Fit::Nearly, Fit::Part, Fit::Bare] {
        let patterns = if tier == Fit::Bare { name.bare } else { name.sure };
        for pattern in patterns {
            let fit_of = |at: &usize| match (fit(&columns[*at], pattern, name.table), tier) {
                (Some(Fit::Whole | Fit::Nearly), Fit::Nearly | Fit::Bare) => true,
                (found, tier) => found == Some(tier),
            };
            let bars = |at: &usize| is_barred(&columns[*at], name, pattern);
            let mut found: Vec<usize> = (0..columns.len()).filter(|at| fit_of(at) && fits(at) && !bars(at)).collect();
            let is_whole = |at: &usize| fit(&columns[*at], pattern, name.table) == Some(Fit::Whole);
            if found.iter().any(is_whole) {
                found.retain(is_whole);
            }
            if !found.is_empty() {
                return found.into_iter().map(|at| Given { at, role: name.role, fit: tier }).collect();
            }
        }
    }
    Vec::new()
}

/// The columns by which deals may be known: one that says so; else that of all rows' own ids, unless another is filled in all
/// rows, too.
fn ids(name: &Name, columns: &[Column], rows: u64, fits: impl Fn(&usize) -> bool) -> Vec<Given> {
    let found = called(name, columns, &fits);
    let is_other = |one: &Given| !columns[one.at].says("deal") && columns[one.at].seen.filled > 0;
    let own = (0..columns.len()).find(|at| columns[*at].ideas == ["id"] && fits(at) && columns[*at].seen.filled > 0);
    match (found.as_slice(), own) {
        ([one], Some(own)) if is_other(one) && one.at != own => {
            let own = Given { at: own, role: name.role, fit: Fit::Nearly };
            if columns[one.at].seen.filled < rows { vec![own] } else { vec![*one, own] }
        }
        _ => found,
    }
}

/// The columns that may hold the money of a role: where their sums differ, a person says which it is.
fn money(name: &Name, columns: &[Column], fits: impl Fn(&usize) -> bool) -> Vec<Given> {
    let best = |at: usize| {
        let open = name.sure.iter().filter(|pattern| !is_barred(&columns[at], name, pattern));
        open.filter_map(|pattern| fit(&columns[at], pattern, name.table)).min()
    };
    let found: Vec<(usize, Fit)> =
        (0..columns.len()).filter(|at| fits(at)).filter_map(|at| Some((at, best(at)?))).collect();
    let mut whole: Vec<(usize, Fit)> = found.iter().copied().filter(|(_, fit)| *fit < Fit::Part).collect();
    // a price is of one piece where a sum stands beside it, and a budget is what was hoped for
    for lesser in ["price", "budget"] {
        if whole.iter().any(|(at, _)| !columns[*at].says(lesser)) {
            whole.retain(|(at, _)| !columns[*at].says(lesser));
        }
    }
    let chosen = match (whole.is_empty(), found.is_empty()) {
        (false, _) => whole,
        (true, false) => found,
        (true, true) => return called(&Name { sure: &[], ..*name }, columns, fits),
    };
    chosen.into_iter().map(|(at, fit)| Given { at, role: name.role, fit }).collect()
}

/// Whether a column's name says what makes it something else.
fn is_barred(column: &Column, name: &Name, pattern: &str) -> bool {
    let of_pattern = |idea: &str| pattern.split(' ').any(|of| of == idea);
    name.barred.split_whitespace().any(|idea| column.says(idea) && !of_pattern(idea))
}

/// Whether a column may have a role by its values.
fn suits(column: &Column, name: &Name, kind: Option<Kind>, rows: u64) -> bool {
    let seen = &column.seen;
    let dated = seen.is_date() && seen.days.is_marked();
    let planned =
        matches!(kind, Some(Kind::Instant | Kind::Day)) && column.says("planned") && name.role != "expected_close";
    let nested = seen.mostly(|value| value.starts_with(['{', '[']));
    let of_kind = seen.filled == 0
        || match kind {
            Some(Kind::Instant | Kind::Day) => seen.is_date(),
            Some(Kind::Money | Kind::Count | Kind::Real) if name.role == "duration_s" => {
                seen.is_number() || seen.is_clock() || seen.mostly(|value| value.contains(|c: char| c.is_ascii_digit()))
            }
            Some(Kind::Money | Kind::Count | Kind::Real) => seen.is_number() && !dated,
            _ => !dated,
        };
    let directed = is_directed(column);
    let of_role = match (name.table, name.role) {
        // an id of a deal may look like a phone, its name then says what it is
        (Table::Deals, "deal_id") => {
            !seen.is_phone() || ["deal", "lead", "order", "request", "id"].iter().any(|idea| column.says(idea))
        }
        (_, "client_id" | "deal_id" | "manager") if seen.is_flag() => false,
        (Table::Events, "kind") => !directed,
        (Table::Events, "direction") => directed || column.says("direction"),
        (Table::Deals, "pipeline") => !directed,
        (_, "client_id") if name.table == Table::Clients => {
            seen.repeats != Some(true) || column.says("id") || rows == 0
        }
        _ => true,
    };
    !planned && !nested && of_role && of_kind
}

/// Whether some values say which way a call went.
fn is_directed(column: &Column) -> bool {
    column.seen.sample.iter().any(|value| direction(value).is_some())
}

/// Whether some values are kinds of events.
fn is_kinds(column: &Column) -> bool {
    column.seen.sample.iter().any(|value| event_words::kind(value).is_some())
}

/// Whether a column holds phones, by its name or by its values.
pub(super) fn holds_phones(column: &Column) -> bool {
    ((column.says("phone") || column.says("caller")) && column.seen.sample.iter().all(|value| !value.contains('@')))
        || column.seen.mostly(is_phone)
}
